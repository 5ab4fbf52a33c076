"""The provider's side: the sandbox, which may be restarted at any request, and the wire to it."""

from __future__ import annotations

import json
import sqlite3
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import httpx

from skyflow import digest
from skyflow.errors import MediaError
from skyflow.facts import ClipFacts, ImageFacts
from skyflow.sandbox import app
from skyflow.sandbox.render import stand_in
from skyflow.sandbox.trouble import Dropped
from tests.fakes import FakeAside

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from skyflow.sandbox.app import Sandbox
    from skyflow.sandbox.render import Order


class Provider:
    """A sandbox that outlives its own restarts."""

    def __init__(
        self,
        folder: Path,
        behaviour: dict[str, Any],
        faults: Sequence[dict[str, Any]] = (),
        *,
        padding: int = 0,
    ) -> None:
        self._folder = folder
        self._padding = b" " * padding
        self._written = behaviour | {"faults": list(faults)}
        self.sandbox = self._opened()

    def _opened(self) -> Sandbox:
        return app.create(self._folder, faults=self._written, render=self._drawn, look=looked)

    async def _drawn(self, order: Order) -> bytes:
        """A clip's stand-in that knows whether it is whole: its last line is the hash of the first."""
        line = json.dumps({**json.loads(await stand_in(order)), "seed": order.seed}).encode() + self._padding
        return line + b"\n" + digest.of_bytes(line).encode()

    def restart(self, *, quiet: bool = False) -> None:
        """Stop it where it stands, and start it again; ``quiet`` from now on without faults."""
        self.sandbox.close()
        if quiet:
            self._written = self._written | {"faults": []}
        self.sandbox = self._opened()

    async def answer(self, request: httpx.Request, content: bytes) -> httpx.Response:
        """What a client gets for a request.

        Raises:
            httpx.RemoteProtocolError: nothing, since the connection broke.
        """
        sandbox, said = self.sandbox, Said()
        try:
            await sandbox(scope(request), said.receiver(content), said.send)
        except Dropped:
            said.cut = True
        except sqlite3.ProgrammingError:  # it was restarted meanwhile
            if sandbox is self.sandbox:
                raise
            said.cut = True
        return said.response(request)

    def close(self) -> None:
        """Stop it."""
        self.sandbox.close()


class Said(httpx.AsyncByteStream):
    """What an application answered, up to where the connection broke."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.pieces: list[bytes] = []
        self.cut = False

    def receiver(self, content: bytes) -> Any:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content, "more_body": False}

        return receive

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], message["headers"]
        else:
            self.pieces.append(message.get("body", b""))

    def response(self, request: httpx.Request) -> httpx.Response:
        if not self.status:
            raise httpx.RemoteProtocolError("the server closed the connection", request=request)
        return httpx.Response(self.status, headers=self.headers, stream=self, request=request)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece
        if self.cut:
            raise httpx.RemoteProtocolError("the server closed the connection before all was sent")


def scope(request: httpx.Request) -> dict[str, Any]:
    """A request as an application gets it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "server": (request.url.host, request.url.port),
        "client": ("127.0.0.1", 123),
        "root_path": "",
    }


def measures(content: bytes) -> list[Any] | None:
    """Of a stand-in; None where it is damaged or something else."""
    line, _, end = content.partition(b"\n")
    if end != digest.of_bytes(line).encode():
        return None
    found: list[Any] = json.loads(line)["measures"]
    return found


def looked(path: Path) -> ImageFacts | ClipFacts:
    """What an upload is: a picture where it is no clip."""
    said = measures(path.read_bytes())
    return ImageFacts(848, 480) if said is None else _facts(said)


def _facts(said: list[Any]) -> ClipFacts:
    width, height, frames, rate, sound = said
    return ClipFacts(width, height, frames, Fraction(rate), sound)


class Looking(FakeAside):
    """The client's side of it: a clip that is damaged is none."""

    async def probe(self, clip: Path) -> ClipFacts:
        said = measures(await self.call(clip.read_bytes))
        if said is None:
            raise MediaError("it does not decode", "fetch it again")
        return _facts(said)
