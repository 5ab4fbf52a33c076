"""The sandbox on a socket of this machine."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import anyio
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from skyflow.errors import Refused
from skyflow.sandbox.app import BODY_MAX
from skyflow.sandbox.trouble import Dropped

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

    from starlette.types import Message, Receive, Scope, Send

    from skyflow.sandbox.app import Sandbox

HOST = "127.0.0.1"
GOODBYE_SECONDS = 1


@contextmanager
def listening(port: int) -> Iterator[tuple[socket.socket, str]]:
    """A socket that takes connections already, and the URL of it.

    Args:
        port: 0 takes any that is free.

    Raises:
        Refused: somebody else has the port.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            message = f"port {port} cannot be had: {(error.strerror or str(error)).lower()}"
            raise Refused(message, "leave --port out to take any that is free") from error
        listener.listen(128)
        yield listener, f"http://{HOST}:{listener.getsockname()[1]}"


def serve(sandbox: Sandbox, listener: socket.socket) -> None:
    """Serve until Ctrl-C."""
    anyio.run(_serve, sandbox, listener)


async def _serve(sandbox: Sandbox, listener: socket.socket) -> None:
    cutting = Cutting(sandbox)
    server = uvicorn.Server(
        uvicorn.Config(
            cutting,
            http=cutting.protocol(),
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            ws_max_size=BODY_MAX,
            timeout_graceful_shutdown=GOODBYE_SECONDS,
        )
    )
    async with anyio.create_task_group() as group:
        group.start_soon(sandbox.tend)
        await server.serve(sockets=[listener])
        group.cancel_scope.cancel()


class Cutting:
    """The application in front of the server: a connection that the sandbox drops is cut on the socket itself.

    A server of its own accord would say 500, which is an answer.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[H11Protocol]:
        """The server's own protocol, which in addition shows the socket of each client."""
        transports = self._transports

        class Shown(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                if self.client:
                    transports[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client:
                    transports.pop(self.client, None)
                super().connection_lost(exc)

        return Shown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on."""
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        client = tuple(scope["client"])
        try:
            await self._sandbox(scope, receive, sending)
        except Dropped:
            transport = self._transports.get(client)
            if transport is None:
                return
            if begun and scope["type"] == "http":
                transport.close()  # what was sent so far arrives
            else:
                transport.abort()
        finally:
            if scope["type"] == "websocket":
                self._transports.pop(client, None)
