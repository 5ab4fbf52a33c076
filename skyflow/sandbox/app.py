"""The sandbox as one ASGI application.

::

    sandbox = app.create(Path("state"), faults={"seed": 7, "faults": [{"do": "queue full", "at": [1]}]})
    client = httpx.AsyncClient(transport=httpx.ASGITransport(sandbox), base_url="http://sandbox")

All its time is its clock's, and a take is finished when its moment has come and not because something ran: nothing
has to be started for it to make progress. What it sends by itself, webhooks and PUTs, goes out while ``tend`` runs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio
from starlette.requests import ClientDisconnect, Request

from skyflow.sandbox import downloads, ledger
from skyflow.sandbox import faults as faulty
from skyflow.sandbox.book import Book
from skyflow.sandbox.clips import Clips
from skyflow.sandbox.house import Call, House
from skyflow.sandbox.key import authenticated, without_authentication
from skyflow.sandbox.media import Shelf
from skyflow.sandbox.media import look as looked
from skyflow.sandbox.outward import Outward
from skyflow.sandbox.parsing import asks_dry, parsed
from skyflow.sandbox.provider import Envelope, dumped, serve
from skyflow.sandbox.render import stand_in
from skyflow.sandbox.trouble import Dropped
from skyflow.sandbox.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import httpx
    from starlette.types import Receive, Scope, Send

    from skyflow.sandbox.media import Look
    from skyflow.sandbox.render import Render
    from skyflow.sandbox.settings import Settings

BODY_MAX = 256 * 1024 * 1024
"""Bytes of a request; a clip comes as base64."""


def create(  # noqa: PLR0913 - one argument for each thing that a test may want another of
    folder: Path,
    *,
    faults: Mapping[str, Any] | Path | None = None,
    render: Render = stand_in,
    clock: Callable[[], float] = anyio.current_time,
    look: Look = looked,
    ahead: bool = False,
    outward: httpx.AsyncBaseTransport | None = None,
    latency: float | None = None,
    alone: bool = False,
) -> Sandbox:
    """A sandbox with its state in a folder.

    Args:
        folder: created where it is not there; one that another sandbox has left goes on where that one ended.
        faults: how it behaves and what goes wrong; a file or a mapping, see docs/sandbox.md.
        render: draws the clips.
        clock: seconds, never backwards. Over a restart with an earlier clock, time goes on from where it was.
        look: says what an upload is; None for what it does not know, MediaError for what is refused.
        ahead: draw each clip while ``tend`` runs and not when it is fetched; a take is then not finished before.
        outward: carries webhooks and PUTs; None opens connections, and only to this machine.
        latency: seconds, in place of the base that the faults say.
        alone: keep every other sandbox from this folder until this one ends.

    Raises:
        UsageError: the faults say what nobody understands.
        Refused: another sandbox has the folder for itself.
    """
    plan = faulty.load(faults)
    settings = plan.settings
    if latency is not None:
        settings = replace(settings, latency=replace(settings.latency, base=latency))
    folder.mkdir(parents=True, exist_ok=True)
    book = Book(folder / "sandbox.db", alone=alone)
    shelf = Shelf(folder, book, look)
    time = Forward(book, clock)
    house = House(book, shelf, settings, faulty.Faults(plan, book, time), time, ahead)
    return Sandbox(house, Clips(house, render), outward)


class Forward:
    """A clock that never shows an earlier time than the book knows of."""

    def __init__(self, book: Book, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._latest = book.latest()
        self._offset: float | None = None

    def __call__(self) -> float:
        """Seconds; the zero is the given clock's own."""
        now = self._clock()
        if self._offset is None:
            self._offset = max(0.0, self._latest - now)
        return now + self._offset


class Sandbox:
    """The application. ``create`` makes it."""

    def __init__(self, house: House, clips: Clips, outward: httpx.AsyncBaseTransport | None) -> None:
        self.house = house
        self._clips = clips
        self._outward = Outward(house, clips, outward)
        self._wire = Wire(house)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or speak over one WebSocket.

        Raises:
            Dropped: the connection is to end without another word.
        """
        if scope["type"] == "http":
            await self._http(Request(scope, receive), send)
        elif scope["type"] == "websocket":
            await self._wire.talk(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)

    @property
    def settings(self) -> Settings:
        """How it behaves."""
        return self.house.settings

    async def tend(self) -> None:
        """Send what is due and, where clips are drawn ahead, draw them; until it is cancelled."""
        await self._outward.tend()

    async def deliver(self) -> None:
        """Send and draw all that is due now, once."""
        await self._outward.deliver()

    def close(self) -> None:
        """Close the book. Nothing is lost where this is never called."""
        self.house.book.close()

    async def _http(self, request: Request, send: Send) -> None:
        path = request.url.path.rstrip("/") or "/"
        if path == "/v1":
            envelope = await self._tasks(request)
            kind = "application/json" if isinstance(envelope.body, dict) else "text/html"
            headers = {"Content-Type": kind} | envelope.headers
            await downloads.answer(send, envelope.status, dumped(envelope.body), headers)
        elif path.startswith("/video/") and request.method in {"GET", "HEAD"}:
            await downloads.video(self.house, self._clips, request, send)
        elif path.startswith("/media/") and request.method in {"GET", "HEAD"}:
            await downloads.upload(self.house, request, send)
        else:
            status, kind, body = ledger.page(self.house, request)
            await downloads.answer(send, status, body, {"Content-Type": kind}, head=request.method == "HEAD")

    async def _tasks(self, request: Request) -> Envelope:
        """Answer a POST of tasks."""
        if request.method != "POST":
            return _refused(405, "invalidRequest", "Only POST is allowed here.")
        try:
            tasks = parsed(await _body(request))
        except ClientDisconnect:
            raise Dropped from None
        except (ValueError, RecursionError):
            return _refused(400, "invalidRequest", "The body must be a JSON array of objects.")
        wrong = authenticated(self.house, request.headers.get("authorization", ""), tasks)
        if wrong is not None:
            return Envelope(wrong.http, {"errors": [wrong.row({"taskType": "authentication"})]})
        rest, row = without_authentication(self.house, tasks)
        dry = request.headers.get("x-runware-dry-run", "") not in {"", "0"} or asks_dry(request.url.query)
        polls = sum(isinstance(task, dict) and task.get("taskType") == "getResponse" for task in rest)
        envelope = await serve(self.house, rest, Call(_base(request), dry, polls))
        if row and isinstance(envelope.body, dict) and "data" in envelope.body:
            envelope.body["data"].insert(0, row)
        return envelope


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _refused(status: int, code: str, message: str) -> Envelope:
    return Envelope(status, {"errors": [{"code": code, "message": message}]})


async def _body(request: Request) -> bytes:
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > BODY_MAX:
            raise ValueError("too large")
        pieces.append(piece)
    return b"".join(pieces)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
