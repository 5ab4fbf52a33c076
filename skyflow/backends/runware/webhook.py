"""Hearing the provider: it tells when a task ends, and that is only a hint to ask.

Whoever knows the address can tell anything, so nothing that is told is believed. The address holds a secret, and
what comes is bounded in length, time and number.
"""

from __future__ import annotations

import hmac
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import anyio
import h11

from skyflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterator

    from anyio.abc import ByteStream

BODY_MAX = 2**20
"""Bytes of a call; a finished task of four takes needs a thousandth of it."""
CALL_SECONDS = 10.0
CALLS_MAX = 32
"""Calls at once; more wait."""
_PIECE = 64 * 1024
_REASON = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 413: "Content Too Large"}


def address(url: str, token: str) -> str:
    """Where the provider is to call, the secret at the end of the path.

    Raises:
        UsageError: the URL is none that it could call.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError("the webhook's URL is no http or https address", "give --webhook-url https://HOST/PATH")
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{token}", fragment=""))


def place(listen: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``.

    Raises:
        UsageError: it is not of this form.
    """
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise UsageError(f"'{listen}' is no address to listen on", "give --webhook-listen HOST:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)


@asynccontextmanager
async def receiver(listen: str, token: str, hint: Callable[[Collection[str]], None]) -> AsyncIterator[int]:
    """Listen for as long as this is entered; gives the port.

    Args:
        hint: told the UUIDs that a call names.

    Raises:
        UsageError: nothing can listen there.
    """
    host, port = place(listen)
    try:
        listener = await anyio.create_tcp_listener(local_host=host, local_port=port)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"cannot listen on {listen}: {reason}", "choose another --webhook-listen") from error
    limit = anyio.CapacityLimiter(CALLS_MAX)

    async def call(stream: ByteStream) -> None:
        async with stream, limit:
            try:
                with anyio.move_on_after(CALL_SECONDS):
                    await answer(stream, token, hint)
            except Exception:  # noqa: BLE001 - nobody who calls may end a run
                return

    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, call)
        yield int(listener.extra(anyio.abc.SocketAttribute.local_port))  # noqa: S610 - not a database's
        group.cancel_scope.cancel()


async def answer(stream: ByteStream, token: str, hint: Callable[[Collection[str]], None]) -> None:
    """Read one call, answer it at once, and pass on which tasks it names."""
    connection = h11.Connection(h11.SERVER)
    try:
        status, uuids = await _call(connection, stream, token)
        headers = [("Content-Length", "0"), ("Connection", "close")]
        reply = h11.Response(status_code=status, headers=headers, reason=_REASON[status].encode())
        await stream.send((connection.send(reply) or b"") + (connection.send(h11.EndOfMessage()) or b""))
    except (h11.ProtocolError, anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream):
        return  # who calls and goes away is not answered
    if uuids:
        hint(uuids)


async def _call(connection: h11.Connection, stream: ByteStream, token: str) -> tuple[int, Collection[str]]:
    """The status that a call deserves, and the tasks it names."""
    request = await _event(connection, stream)
    if not isinstance(request, h11.Request):
        raise h11.RemoteProtocolError("no request")
    path = urlsplit(request.target.decode("ascii", "replace")).path
    if not hmac.compare_digest(path.rpartition("/")[2].encode(), token.encode()):
        return 404, ()
    if request.method != b"POST":
        return 405, ()
    body = bytearray()
    while isinstance(event := await _event(connection, stream), h11.Data):
        body += event.data
        if len(body) > BODY_MAX:
            return 413, ()
    try:
        return 200, frozenset(_named(json.loads(bytes(body))))
    except (ValueError, RecursionError):
        return 400, ()


async def _event(connection: h11.Connection, stream: ByteStream) -> h11.Event:
    while (event := connection.next_event()) is h11.NEED_DATA:
        if connection.they_are_waiting_for_100_continue:
            go_on = h11.InformationalResponse(status_code=100, headers=[])
            await stream.send(connection.send(go_on) or b"")
        try:
            connection.receive_data(await stream.receive(_PIECE))
        except anyio.EndOfStream:
            connection.receive_data(b"")
    return event  # type: ignore[return-value]  # what is left are events


def _named(body: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    """Every ``taskUUID`` of a call: one flat object, an array, or the envelope that answers have."""
    for item in body if isinstance(body, list) else [body]:
        if isinstance(item, dict):
            if isinstance(uuid := item.get("taskUUID"), str):
                yield uuid.lower()
            for name in ("data", "errors", "error"):
                if isinstance(inner := item.get(name), list | dict):
                    yield from _named(inner)
