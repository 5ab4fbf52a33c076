"""A paid backend against the sandbox, in process and in virtual time, with a real journal and a real purse.

Between the two stands a ``Line``, which remembers all that goes over the wire and may answer in the sandbox's place.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from skyflow import digest
from skyflow.backends.base import Assignment, Made
from skyflow.backends.paid import Desk, Fetched
from skyflow.backends.runware.account import Account, Key
from skyflow.backends.runware.backend import Runware
from skyflow.board.model import Output, Size
from skyflow.errors import MediaError
from skyflow.planning.takes import Take
from skyflow.running.journal import SqliteJournal
from skyflow.running.purse import Purse
from skyflow.sandbox import app
from tests.fakes import IN_MEMORY, in_virtual_time
from tests.sandboxing import InProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

    from skyflow.backends.paid import Record, Stage
    from skyflow.backends.runware.session import RunwareSession
    from skyflow.sandbox.app import Sandbox
    from skyflow.sandbox.render import Order

    Instead = Callable[["Sent"], Awaitable[httpx.Response | None]]

KEY = "rw-canary-KEY-4711-do-not-show"
URL = "http://127.0.0.1:7777/v1"
OUTPUT = Output(Size(848, 480), 96, Fraction(32), sound=False)
PRICE = Decimal("0.33")


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it went over the wire.

    Attributes:
        tasks: of a POST.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes
    tasks: tuple[dict[str, Any], ...] = ()

    @property
    def kind(self) -> str:
        """What a POST is for; a GET is a download."""
        return str(self.tasks[0]["taskType"]) if self.tasks else "download"


class Line(httpx.AsyncBaseTransport):
    """The wire between a client and a sandbox.

    Attributes:
        instead: asked before the sandbox; what it gives is the answer, and what it raises is what the client meets.
    """

    def __init__(self, sandbox: Sandbox, instead: Instead | None = None) -> None:
        self._inner = InProcess(sandbox)
        self.instead = instead
        self.sent: list[Sent] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        content = await request.aread()
        tasks = tuple(json.loads(content)) if request.method == "POST" else ()
        sent = Sent(request.method, str(request.url), dict(request.headers), content, tasks)
        self.sent.append(sent)
        if self.instead is not None and (answer := await self.instead(sent)) is not None:
            answer.request = request
            return answer
        again = httpx.Request(request.method, request.url, headers=request.headers, content=content)
        return await self._inner.handle_async_request(again)

    def of(self, kind: str) -> list[Sent]:
        """The requests of one kind, in order."""
        return [sent for sent in self.sent if sent.kind == kind]


class Watched(SqliteJournal):
    """A journal that also tells of each stage; a test may look at the world at that moment, or end it there."""

    told: list[Stage]
    stops: Callable[[Stage], None] | None = None

    def record(self, stage: Stage) -> None:
        super().record(stage)
        if "told" not in self.__dict__:
            self.told = []
        self.told.append(stage)
        if self.stops is not None:
            self.stops(stage)


@dataclass
class Shop:
    """A session and all that is around it.

    Attributes:
        kept: what was handed over, by shot and take.
        notes: what came with it.
    """

    folder: Path
    sandbox: Sandbox
    line: Line
    journal: Watched
    purse: Purse
    session: RunwareSession
    kept: dict[tuple[str, int], Made] = field(default_factory=dict)
    content: dict[tuple[str, int], bytes] = field(default_factory=dict)
    progress: list[float] = field(default_factory=list)

    async def make(self, assignment: Assignment) -> tuple[str, ...]:
        """Have an assignment made, and keep what comes."""
        _emptied(assignment.folder)
        return await self.session.make(assignment, self.progress.append, self.keep(assignment.shot))

    def keep(self, shot: str) -> Callable[[Made], Awaitable[None]]:
        """What a run does with a take, in short: look at it, store it, record it."""

        async def keep(made: Made) -> None:
            content = _read(made.path)
            if not _whole(content):
                raise MediaError(f"take {made.take} of {shot} is damaged", "fetch it again")
            assert made.receipt is not None
            self.kept[shot, made.take] = made
            self.content[shot, made.take] = content
            _gone(made.path)
            self.journal.record(Fetched(made.receipt.task_uuid, _take(made, shot, content)))

        return keep

    async def recover(self, record: Record) -> str:
        """Fetch what is left of a task."""
        folder = _emptied(str(self.folder / f"recover-{record.task.shot}-{record.task.attempt}"))
        return await self.session.recover(record, folder, self.keep(record.task.shot))

    @property
    def charged(self) -> list[dict[str, Any]]:
        """The sandbox's ledger: every task that it took."""
        return [dict(bought.body) for bought in self.sandbox.house.book.tasks()]

    @property
    def spent(self) -> Decimal:
        """What the sandbox charged in all."""
        return self.sandbox.house.book.spent()

    def records(self, shot: str = "opening") -> list[Record]:
        """The tasks of a shot."""
        return [record for record in self.journal.records() if record.task.shot == shot]


def _emptied(folder: str) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    Path(folder).mkdir(parents=True)
    return Path(folder)


def _gone(path: str) -> None:
    Path(path).unlink()


def _read(path: str) -> bytes:
    return Path(path).read_bytes()


def _take(made: Made, shot: str, content: bytes) -> Take:
    return Take(
        take=made.take,
        label=shot,
        sha256=digest.of_bytes(content),
        bytes=len(content),
        width=848,
        height=480,
        frames=96,
        rate=Fraction(32),
        sound=False,
        seed=made.seed,
        receipt=made.receipt,
    )


def _whole(content: bytes) -> bool:
    """Whether a stand-in is as the sandbox made it: it carries its own sum."""
    line, _, rest = content.partition(b"\n")
    try:
        said = json.loads(line)
    except ValueError:
        return False
    return bool(said["sum"] == digest.of_bytes(rest)) and len(rest) == said["bytes"]


async def drawn(order: Order) -> bytes:
    """No clip, but bytes that say whether they are whole."""
    rest = json.dumps([order.body["positivePrompt"], order.take]).encode() + b" " * 20_000
    return json.dumps({"sum": digest.of_bytes(rest), "bytes": len(rest)}).encode() + b"\n" + rest


@asynccontextmanager
async def opened(
    folder: Path,
    faults: Any = None,
    *,
    instead: Instead | None = None,
    limit: Decimal | None = None,
    **more: Any,
) -> AsyncIterator[Shop]:
    """A shop in a folder. What an earlier one left there, journal and sandbox, goes on.

    Args:
        limit: USD that may be spent.
        more: for the desk, such as ``jobs``.
    """
    sandbox = app.create(folder / "sandbox", faults=faults, render=drawn)
    line = Line(sandbox, instead)
    purse = Purse(limit)
    with Watched.open(folder / "journal.sqlite") as journal:
        for record in journal.records():
            purse.carry(record)
        backend = Runware(transport=line, account=Account(Key(KEY), URL), random=Random(7))  # noqa: S311 - the same waits every time
        desk = Desk(board="board", folder=folder, journal=journal, purse=purse, **more)
        async with backend.session(desk) as session:
            yield Shop(folder, sandbox, line, journal, purse, session)
    sandbox.close()


@pytest.fixture(name="tmp_path")
def folder_in_memory() -> Iterator[Path]:
    """A folder whose disk is flushed at once: a journal flushes at each stage."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        yield Path(folder)


def shopping(function: Callable[[Shop], Awaitable[None]], folder: Path, faults: Any = None, **more: Any) -> None:
    """Run the inside of a test with a shop, in virtual time."""

    async def running() -> None:
        async with opened(folder, faults, **more) as shop:
            await function(shop)

    in_virtual_time(running)


def order(shot: str = "opening", folder: Path | None = None, **more: Any) -> Assignment:
    """An assignment for a shot of its own; its key follows from its name."""
    fields: dict[str, Any] = {
        "shot": shot,
        "key": digest.of_bytes(shot.encode()),
        "request": request(shot),
        "inputs": {},
        "takes": (1,),
        "output": OUTPUT,
        "folder": str((folder or Path()) / f"work-{shot}"),
        "identity": digest.of_bytes(b"identity"),
        "estimate": PRICE,
    }
    return Assignment(**fields | more)


def request(prompt: str = "a lamp in the rain", **more: Any) -> dict[str, Any]:
    """A request as a plan binds it."""
    body: dict[str, Any] = {
        "taskType": "videoInference",
        "model": "skywork:skyreels@v4",
        "positivePrompt": prompt,
        "width": 848,
        "height": 480,
        "duration": 3,
        "numberResults": 1,
        "settings": {"promptExtend": False},
        "outputType": "URL",
        "outputFormat": "MP4",
        "deliveryMethod": "async",
        "includeCost": True,
    }
    return body | more
