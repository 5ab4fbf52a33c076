"""A script is acted out, and everything that the rules ask about is written down."""

from __future__ import annotations

import json
import shutil
import tempfile
import traceback
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Literal
from unittest.mock import patch

import anyio
import httpx
import trio

from skyflow import digest
from skyflow.backends.paid import Fetched, Intended
from skyflow.backends.runware.account import Account, Key
from skyflow.backends.runware.backend import Runware
from skyflow.errors import SkyflowError
from skyflow.running.journal import SqliteJournal
from skyflow.running.lock import Lock
from skyflow.running.options import Options
from skyflow.running.runner import recover_all, run
from skyflow.sandbox.media import form, named
from skyflow.store.hold import hold
from skyflow.store.objects import Objects
from skyflow.store.project import Project
from tests.fakes import IN_MEMORY, Seen, in_virtual_time
from tests.simulation.plug import Plug, plugged
from tests.simulation.provider import Looking, Provider
from tests.simulation.scripts import CANARY, Life, Script

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from skyflow.backends.paid import Record, Stage
    from skyflow.running.outcome import Result
    from skyflow.sandbox.records import Bought
    from skyflow.sandbox.records import Take as Row

KEY = f"rw-{CANARY}"
URL = "http://127.0.0.1:7777/v1"
PRICE = Decimal("0.33")
"""USD for a take of these boards."""
DEADLINE = 86_400.0
"""Virtual seconds that no run may last."""
QUIET_RUNS = 4
"""So many runs without faults must be enough."""
FORGOTTEN = "does not know it any more"
"""What a run says of a task that only a person can write off."""


@dataclass(frozen=True, slots=True)
class Post:
    """A task as it was sent, and what was known at that moment.

    Attributes:
        life: from 0.
        body: the task.
        content: the request's bytes.
        record: what the journal on the disk holds of it; None where it does not know it.
        home: the prompts of which a take had come home.
    """

    life: int
    at: float
    body: dict[str, Any]
    content: bytes
    record: Record | None
    home: frozenset[str]


@dataclass(frozen=True, slots=True)
class Ending:
    """How one life ended.

    Attributes:
        said: an error's words, or the traceback of what nobody expected.
        limit: USD that the run could spend.
        carried: USD for what the provider had taken before and the journal had in flight when it began, where there
            is a limit that it could break.
        bought: USD that the provider charged meanwhile.
        posts, downloads: requests.
        ahead: takes that the lock on the disk names and the store does not have.
    """

    life: Life
    how: Literal["ended", "refused", "died", "stopped", "too late", "broke"]
    code: int | None
    said: str
    limit: Decimal | None
    carried: Decimal
    bought: Decimal
    seconds: float
    steps: int
    posts: int
    downloads: int
    ahead: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Charge:
    """A task that the provider took, as the rules see it at the end.

    Attributes:
        what: everything that is asked for but for the number of takes, media by their content.
        behind: the prompts of all that it is made of, its own among them.
        clips: of each take that came to something, its name and the hash of its content.
        home: the names of those that the client has.
        forgotten: the client lost its journal after this was taken.
        attempt: at the same work.
    """

    uuid: str
    what: str
    prompt: str
    behind: frozenset[str]
    clips: dict[str, str]
    home: frozenset[str]
    forgotten: bool
    attempt: int


@dataclass
class Story:
    """Everything that happened."""

    script: Script
    posts: list[Post] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    unstored: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    requests: Counter[str] = field(default_factory=Counter)
    asked_for: dict[str, int] = field(default_factory=dict)

    def tell(self, line: str) -> None:
        """One line more of what happened."""
        self.trace.append(f"{anyio.current_time():12.3f} {line}")

    @property
    def hash(self) -> str:
        """Of all that happened."""
        return digest.of_bytes("\n".join(self.trace).encode())


def play(script: Script) -> Story:
    """Act a script out."""
    story = Story(script)
    folder = Path(tempfile.mkdtemp(prefix="simulation-", dir=IN_MEMORY))
    try:
        with _scheduled(script.seed):
            in_virtual_time(_Acting(script, folder, story).all_of_it)
    finally:
        shutil.rmtree(folder)
    return story


@contextmanager
def _scheduled(seed: int) -> Iterator[None]:
    """Have the seed decide which of several tasks goes first; otherwise nothing does, and nothing can be replayed."""
    inner = trio._core._run
    before = inner._r.getstate()
    inner._r.seed(seed)
    try:
        with patch.object(inner, "_ALLOW_DETERMINISTIC_SCHEDULING", new=True):
            yield
    finally:
        inner._r.setstate(before)


class _Acting(httpx.AsyncBaseTransport):
    """The stage: a folder, a provider, and the wire between them."""

    def __init__(self, script: Script, folder: Path, story: Story) -> None:
        self.script, self.story = script, story
        self.folder = folder / "project"
        self.folder.mkdir()
        (self.folder / ".git").mkdir()
        self.project = Project.of(self.folder / "board.yaml")
        self.provider = Provider(folder / "provider", script.behaviour, script.faults)
        self.plug = Plug(None, range(0), self.heard)
        self.number = 0
        self.life = script.lives[0]
        self.requests = self.downloads = 0
        self.prompts: dict[str, str] = {}
        self.home: set[str] = set()
        self.kept: Counter[str] = Counter()
        self.forgotten = 0

    async def all_of_it(self) -> None:
        """Every life, then quiet ones until everything is there, then one that finds nothing to do.

        Before the last, what the board no longer asks for and never arrived is written off: every run asks about it.
        """
        *lives, last = self.script.lives
        for life in lives:
            await self.live(life)
        self.provider.restart(quiet=True)
        for _ in range(QUIET_RUNS):
            ending = await self.live(last)
            if ending.code == 0:
                break
            if FORGOTTEN in ending.said:
                await self.give_up()
        await self.give_up()
        await self.live(last)
        self.conclude()
        self.provider.close()

    async def give_up(self) -> None:
        """Write off what the provider does not know, as the run's words advise."""
        with hold(self.project, "recover") as held:
            found = await recover_all(self.runware(), held, give_up=True)
        self.story.tell(f"given up: {', '.join(one.uuid for one in found)}")

    async def live(self, life: Life) -> Ending:
        """One life of the client."""
        story, self.life, self.requests, self.downloads = self.story, life, 0, 0
        self.lose(life)
        for scene in life.scenes:
            story.asked_for[scene.prompt] = max(scene.takes, story.asked_for.get(scene.prompt, 0))
        limit = self.limit(life)
        carried = Decimal(0) if limit is None else self.carried()
        before, began = self.provider.sandbox.house.book.spent(), anyio.current_time()
        self.plug = Plug(life.dies_at, life.full, self.heard)
        story.tell(f"life {self.number} begins: {life}, limit {limit}")
        how, code, said = await self.run(life, limit)
        story.tell(f"life {self.number} {how} with {code}: {said}")
        ending = Ending(
            life=life,
            how=how,
            code=code,
            said=said,
            limit=limit,
            carried=carried,
            bought=self.provider.sandbox.house.book.spent() - before,
            seconds=anyio.current_time() - began,
            steps=self.plug.steps,
            posts=self.requests - self.downloads,
            downloads=self.downloads,
            ahead=self.ahead(),
        )
        story.endings.append(ending)
        self.number += 1
        return ending

    def limit(self, life: Life) -> Decimal | None:
        """The budget: so many times what is not home yet."""
        if life.spare is None:
            return None
        missing = sum(max(0, scene.takes - self.kept[scene.prompt]) for scene in life.scenes)
        return (PRICE * missing * life.spare).quantize(Decimal("0.01")) + Decimal("0.01")

    def carried(self) -> Decimal:
        """What is under way already and counts against the budget of whoever comes next."""
        taken = {task.uuid for task in self.provider.sandbox.house.book.tasks()}
        with SqliteJournal.read(self.project.journal) as journal:
            flying = [record.task for record in journal.records() if record.in_flight]
        return sum((task.estimate for task in flying if task.uuid in taken), Decimal(0))

    async def run(self, life: Life, limit: Decimal | None) -> tuple[Any, int | None, str]:
        """Run the board for as long as this life lasts; how it ended, with which exit code, and what was said."""
        seen = Seen()
        result: Result | None = None
        try:
            with plugged(self.plug), anyio.fail_after(DEADLINE):
                async with anyio.create_task_group() as group:
                    if life.killed_after is not None:
                        group.start_soon(self.plug.pull_after, life.killed_after)
                    with anyio.move_on_after(life.stopped_after):
                        result = await self.held(life, limit, seen)
                    group.cancel_scope.cancel()
        except BaseException as error:  # noqa: BLE001 - a dead process raises nothing, so whatever comes is looked at
            return self.failed(error, seen)
        self.show(repr(seen.events), repr(result))
        if result is None:
            return "stopped", None, ""
        said = ", ".join(f"{one.shot}: {type(one).__name__} {getattr(one, 'error', '')}" for one in result.outcomes)
        return "ended", int(result.exit_code), said

    async def held(self, life: Life, limit: Decimal | None, seen: Seen) -> Result:
        """The run itself, as the command line would start it."""
        board = replace(life.board(self.folder), budget=limit)
        options = Options(yes=True, jobs=life.jobs, fail_fast=life.fail_fast)
        with hold(self.project, "run") as held:
            return await run(board, self.runware(), held, options=options, watcher=seen, aside=Looking())

    def runware(self) -> Runware:
        """The backend of one run."""
        random = Random(f"{self.script.seed} {self.number}")  # noqa: S311 - no secret
        return Runware(transport=self, account=Account(Key(KEY), URL), random=random)

    def failed(self, error: BaseException, seen: Seen) -> tuple[str, int | None, str]:
        """What a run came to that raised something."""
        self.show(repr(seen.events))
        if self.plug.out:
            return "died", None, ""
        if isinstance(error, TimeoutError):
            return "too late", None, ""
        alone = error
        while isinstance(alone, BaseExceptionGroup) and len(alone.exceptions) == 1:
            alone = alone.exceptions[0]
        if isinstance(alone, SkyflowError):
            self.show(alone.message, alone.remedy)
            return "refused", int(alone.exit_code), f"{type(alone).__name__}: {alone.message}"
        return "broke", None, "".join(traceback.format_exception(error))

    def lose(self, life: Life) -> None:
        """Delete what this life does not find any more."""
        project = self.project
        if "journal" in life.loses or life.loses == "everything":
            for path in project.journal.parent.glob(f"{project.journal.name}*"):  # its log among them
                path.unlink()
            self.forgotten = len(self.provider.sandbox.house.book.tasks())
        if "lock" in life.loses or life.loses == "everything":
            project.lock("runware", repeatable=False).unlink(missing_ok=True)
        if life.loses == "everything":
            shutil.rmtree(project.state, ignore_errors=True)
            self.home.clear()
            self.kept.clear()

    # What is seen on the way

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        content = await request.aread()
        self.plug.step()
        self.requests += 1
        if self.requests in self.life.restarts:
            self.provider.restart()
        self.saw(request, content)
        answer = await self.provider.answer(request, content)
        if self.requests in self.life.restarts:
            self.provider.restart()
        self.plug.step()
        self.story.tell(f"{request.method} {request.url} answered with {answer.status_code}")
        return answer

    def saw(self, request: httpx.Request, content: bytes) -> None:
        """A request is on its way."""
        tasks = json.loads(content) if request.method == "POST" else []
        self.downloads += not tasks
        said = " ".join(f"{task['taskType']} {task['taskUUID']}" for task in tasks)
        self.story.tell(f"{request.method} {request.url} {digest.of_bytes(content):.12} {said}")
        self.story.requests.update([tasks[0]["taskType"] if tasks else "download"])
        for body in tasks:
            if body["taskType"] == "videoInference":
                record = self.plug.journal.find(body["taskUUID"]) if self.plug.journal else None
                now = anyio.current_time()
                self.story.posts.append(Post(self.number, now, body, content, record, frozenset(self.home)))

    def heard(self, stage: Stage) -> None:
        """A stage is on the disk."""
        self.story.tell(f"journal: {stage}")
        match stage:
            case Intended(task=task):
                self.prompts[task.uuid] = str(task.body["positivePrompt"])
            case Fetched(uuid=uuid, take=take):
                if not Objects(self.project.objects).intact(take.sha256):
                    self.story.unstored.append(f"take {take.take} of {take.label}")
                prompt = self.prompts[uuid]
                self.home.add(prompt)
                self.kept[prompt] += 1
            case _:
                pass

    def show(self, *texts: str) -> None:
        """Look for secrets in what people see and in what stays on the disk."""
        project = self.project
        beside = [project.journal, project.lock("runware", repeatable=False), project.hold]
        held = {path.name: path.read_bytes().decode("latin-1") for path in beside if path.exists()}
        names = " ".join(str(path) for path in self.folder.rglob("*"))
        for where, text in {**held, "names of files": names, "words": "\n".join(texts)}.items():
            if CANARY in text:
                at = text.index(CANARY)
                self.story.shown.append(f"{where}: …{text[max(0, at - 60) : at + 40]}…")

    def ahead(self) -> tuple[str, ...]:
        """Takes that the lock names and the store has not."""
        if self.life.loses == "everything":
            return ()
        objects = Objects(self.project.objects)
        lock = Lock.load(self.project.lock("runware", repeatable=False), "runware")
        takes = [take for shot in lock.shots() for version in lock.versions(shot) for take in version.takes.values()]
        return tuple(f"take {take.take} of {take.label}" for take in takes if not objects.held(take.sha256))

    # What is true at the end

    def conclude(self) -> None:
        """Write down what the provider charged, and what of it is home."""
        book = self.provider.sandbox.house.book
        shelf = self.provider.sandbox.house.shelf
        content = {str(one["uuid"]): str(one["sha256"]) for one in book.uploads()}
        tasks = book.tasks()
        rows: dict[str, list[Row]] = {task.uuid: book.takes(task.uuid) for task in tasks}
        for row in (row for those in rows.values() for row in those):
            path = shelf.clip(row)
            content[row.video] = digest.of_file(path) if path.exists() else f"never drawn {row.video}"
        home = self.at_home()
        attempts = {post.body["taskUUID"]: post.record.task.attempt for post in self.story.posts if post.record}
        lives = {post.body["taskUUID"]: self.story.endings[post.life].life for post in self.story.posts}
        for number, task in enumerate(tasks):
            clips = {row.video: content[row.video] for row in rows[task.uuid] if row.error is None}
            there = frozenset(video for video, sha256 in clips.items() if home.get(video) == sha256)
            charge = Charge(
                task.uuid,
                asked(task, content),
                task.body["positivePrompt"],
                lives[task.uuid].behind(task.body["positivePrompt"]),
                clips,
                there,
                number < self.forgotten,
                attempts.get(task.uuid, 1),
            )
            self.story.charges.append(charge)
            self.story.tell(f"charged: {charge.uuid} for {charge.prompt}: {charge.clips}, home {sorted(there)}")

    def at_home(self) -> dict[str, str]:
        """The clips that lock or journal name and the store holds intact: the hash of each by its name."""
        objects = Objects(self.project.objects)
        lock = Lock.load(self.project.lock("runware", repeatable=False), "runware")
        takes = [take for shot in lock.shots() for version in lock.versions(shot) for take in version.takes.values()]
        with SqliteJournal.read(self.project.journal) as journal:
            takes += [take for record in journal.records() for take in record.kept.values()]
        return {
            take.receipt.video_uuid: take.sha256 for take in takes if take.receipt and objects.intact(take.sha256)
        }


def asked(task: Bought, content: Mapping[str, str]) -> str:
    """What a task asks for, whatever its name, its number of takes and the names of its media."""
    leave = {"taskUUID", "numberResults", "webhookURL"}
    text = json.dumps({name: value for name, value in task.body.items() if name not in leave}, sort_keys=True)
    for medium, _ in named(task.body):
        if form(medium) == "uuid":
            text = text.replace(medium, content.get(medium.lower(), medium))
    return digest.of_bytes(text.encode())
