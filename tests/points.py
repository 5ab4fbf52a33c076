"""Places where a process can be killed: before and after each thing that leaves a trace on a disk or on the wire.

They are put around the product from outside, in a process of a test's own. A place has a name, and is counted by
it, so that ``("Sent is on the disk", 3)`` is one moment in the life of a run.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from skyflow.running.aside import Aside
from skyflow.running.journal import SqliteJournal
from skyflow.running.known import LockKnown
from skyflow.running.out import Out
from skyflow.sandbox import app, downloads
from skyflow.sandbox.book import Book
from skyflow.store import database, files
from skyflow.store.objects import Objects

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

ANY = "any"
"""Instead of a name: the place is counted among all."""


class Points:
    """Counts the places that a process comes by, and kills it at one of them.

    Args:
        kill: name and number of the place; None lives on.
    """

    def __init__(self, kill: Sequence[Any] | None) -> None:
        self._kill = tuple(kill) if kill else None
        self._alone = threading.Lock()
        self.passed: Counter[str] = Counter()

    def __call__(self, name: str) -> None:
        """Come by a place."""
        with self._alone:
            for one in (name, ANY):
                self.passed[one] += 1
                if (one, self.passed[one]) == self._kill:
                    os.kill(os.getpid(), signal.SIGKILL)


def around(points: Points, owner: Any, method: str, name: str) -> None:
    """Put a place before a function and one after it."""
    plain = getattr(owner, method)

    def wrapped(*given: Any, **options: Any) -> Any:
        points(f"{name}: before")
        result = plain(*given, **options)
        points(f"{name}: after")
        return result

    setattr(owner, method, wrapped)


def around_task(points: Points, owner: Any, method: str, name: Callable[..., str]) -> None:
    """As ``around``, for what is awaited; ``name`` is told what the function is called with."""
    plain = getattr(owner, method)

    async def wrapped(*given: Any, **options: Any) -> Any:
        called = name(*given)
        points(f"{called}: before")
        result = await plain(*given, **options)
        points(f"{called}: after")
        return result

    setattr(owner, method, wrapped)


def of_a_run(points: Points) -> None:
    """Places in a run: its journal, its store, its lock, its requests."""
    _around_stages(points)
    _around_names(points)
    around(points, SqliteJournal, "keep_upload", "upload noted")
    around(points, SqliteJournal, "took", "duration noted")
    around(points, Objects, "move", "clip stored")
    around(points, LockKnown, "keep_identity", "identity stored")
    around(points, Out, "refresh", "out")
    around(points, database, "_name", "journal created")
    around_task(points, Aside, "assemble", lambda *_: "cut")
    _around_requests(points)


def of_a_sandbox(points: Points) -> None:
    """Places in a sandbox: its charges and its answers."""
    around(points, Book, "accept", "charge")
    around_task(points, app, "serve", lambda _house, tasks, _call: str(tasks[0]["taskType"]))
    plain = downloads.video

    async def video(house: Any, clips: Any, request: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            points("clip served: before")
            if body := message.get("body"):
                await send(message | {"body": body[: len(body) // 2], "more_body": True})
                points("clip served: half")
                message = message | {"body": body[len(body) // 2 :]}
            await send(message)

        await plain(house, clips, request, sending)

    downloads.video = video


def _around_stages(points: Points) -> None:
    plain, insert = SqliteJournal.record, (SqliteJournal._insert_task, SqliteJournal._insert_event)

    def record(self: SqliteJournal, stage: Any) -> None:
        points(f"{type(stage).__name__}: before")
        plain(self, stage)
        points(f"{type(stage).__name__}: after")

    def inside(inserting: Any) -> Any:
        def written(self: SqliteJournal, stage: Any, *values: Any) -> None:
            inserting(self, stage, *values)
            points(f"{type(stage).__name__}: within")

        return written

    SqliteJournal.record = record  # type: ignore[method-assign]
    SqliteJournal._insert_task, SqliteJournal._insert_event = map(inside, insert)  # type: ignore[method-assign]


def _around_names(points: Points) -> None:
    """Where a finished file gets its name, ``within`` is between the flush and the rename."""
    plain, replace = files.settle, Path.replace

    def settle(finished: Path, path: Path, *, durable: bool = True) -> None:
        points(f"{_kind(path)} named: before")
        plain(finished, path, durable=durable)
        points(f"{_kind(path)} named: after")

    def renamed(self: Path, target: Any) -> Path:
        points(f"{_kind(Path(target))} named: within")
        return replace(self, target)

    files.settle = settle
    Path.replace = renamed  # type: ignore[method-assign, assignment]


def _kind(path: Path) -> str:
    """What a file is."""
    if "objects" in path.parts:
        return "object"
    kinds = {".lock": "lock", ".mp4": "cut" if path.stem == "cut" else "copy"}
    return kinds.get(path.suffix, "other file")


def _around_requests(points: Points) -> None:
    plain = httpx.AsyncHTTPTransport.handle_async_request

    async def handle(self: Any, request: httpx.Request) -> httpx.Response:
        kind = _asked(request)
        points(f"{kind}: leaves")
        request.stream = Passing(points, request.stream, {"last": f"{kind}: has left"})
        response = await plain(self, request)
        points(f"{kind}: is answered")
        names = {"first": f"{kind}: a part has come", "last": f"{kind}: all has come"}
        response.stream = Passing(points, response.stream, names)
        return response

    httpx.AsyncHTTPTransport.handle_async_request = handle  # type: ignore[method-assign]


def _asked(request: httpx.Request) -> str:
    """What a request is for."""
    if request.method == "GET":
        return "download"
    try:
        return str(json.loads(request.content)[0]["taskType"])
    except httpx.RequestNotRead:
        return "mediaStorage"


class Passing(httpx.AsyncByteStream):
    """A body with places after its first piece and after its last."""

    def __init__(self, points: Points, inner: Any, names: dict[str, str]) -> None:
        self._points, self._inner, self._names = points, inner, names

    async def __aiter__(self) -> AsyncIterator[bytes]:
        first = self._names.get("first")
        async for piece in self._inner:
            yield piece
            if first:
                self._points(first)
            first = None
        self._points(self._names["last"])

    async def aclose(self) -> None:
        if hasattr(self._inner, "aclose"):
            await self._inner.aclose()
