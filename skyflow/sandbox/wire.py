"""The WebSocket: one session that is authenticated first, then tasks in any number, each answered in a frame."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio

from skyflow.sandbox import dice
from skyflow.sandbox.house import Call
from skyflow.sandbox.key import INVALID, is_authentication, right
from skyflow.sandbox.parsing import asks_dry, parsed
from skyflow.sandbox.provider import dumped, serve
from skyflow.sandbox.trouble import Dropped, Trouble

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from skyflow.sandbox.house import House

IDLE_SECONDS = 120
"""After so long without a message a socket is closed, and a lost session's frames are forgotten."""

NORMAL, GOING_AWAY = 1000, 1001


@dataclass(slots=True)
class Session:
    """One authenticated client, whose socket may be replaced by another.

    Attributes:
        unsent: frames that found no socket.
        lost: when the socket went; None while there is one.
    """

    uuid: str
    unsent: list[str] = field(default_factory=list)
    lost: float | None = None


class Wire:
    """All WebSockets of one sandbox."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._sessions: dict[str, Session] = {}

    async def talk(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket until it ends.

        Raises:
            Dropped: it is to be cut.
        """
        if (await receive())["type"] != "websocket.connect":
            return
        if scope["path"].rstrip("/") != "/v1":
            await send({"type": "websocket.close", "code": NORMAL})
            return
        await send({"type": "websocket.accept"})
        talk = _Talk(self._house, self._sessions, scope, receive, send)
        try:
            await talk.run()
        finally:
            talk.end()


class _Talk:
    """One socket."""

    def __init__(
        self, house: House, sessions: dict[str, Session], scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._house = house
        self._sessions = sessions
        self._receive = receive
        self._send = send
        self._session: Session | None = None
        self._dry = asks_dry(scope.get("query_string", b"").decode("latin-1"))
        host = dict(scope.get("headers", ())).get(b"host", b"localhost").decode("latin-1")
        self._base = f"{'https' if scope.get('scheme') == 'wss' else 'http'}://{host}"

    async def run(self) -> None:
        """Answer until the client goes, or says nothing for too long."""
        while True:
            with anyio.move_on_after(IDLE_SECONDS) as waiting:
                message = await self._receive()
            if waiting.cancelled_caught:
                await self._send({"type": "websocket.close", "code": GOING_AWAY})
                return
            if message["type"] == "websocket.disconnect":
                return
            await self._message(message.get("text") or (message.get("bytes") or b"").decode("utf-8", "replace"))

    def end(self) -> None:
        """The socket is gone; its session waits for another."""
        if self._session:
            self._session.lost = self._house.clock()

    async def _message(self, text: str) -> None:
        try:
            tasks = parsed(text.encode("utf-8", "surrogatepass"))
        except (ValueError, RecursionError):
            await self._refuse(Trouble("invalidRequest", "The message must be a JSON array of objects."))
            return
        polls = sum(isinstance(task, dict) and task.get("taskType") == "getResponse" for task in tasks)
        for task in tasks:
            if is_authentication(task):
                await self._authenticate(task)
            elif self._session is None:
                await self._refuse(INVALID)
            else:
                await self._answer(task, polls)

    async def _authenticate(self, task: dict[str, Any]) -> None:
        if not right(self._house, task.get("apiKey")):
            await self._refuse(INVALID)
            return
        known = self._sessions.get(str(task.get("connectionSessionUUID")))
        if known is None or (known.lost is not None and self._house.clock() - known.lost > IDLE_SECONDS):
            known = Session(dice.name("session", self._house.settings.seed, len(self._sessions)))
            self._sessions[known.uuid] = known
        known.lost = None
        self._session = known
        row = {"taskType": "authentication", "connectionSessionUUID": known.uuid}
        await self._say(json.dumps({"data": [row]}))
        unsent, known.unsent = known.unsent, []
        for frame in unsent:
            await self._say(frame)

    async def _answer(self, task: object, polls: int) -> None:
        """One task, one frame."""
        envelope = await serve(self._house, [task], Call(self._base, self._dry, polls))
        body = envelope.body
        if not isinstance(body, dict):
            raise Dropped  # what is a page of HTML over HTTP has no form here
        if body.get("errors") and not body.get("data"):
            body.pop("data", None)
        if isinstance(task, dict) and task.get("taskUUID"):  # an error without one would be everybody's
            for error in [*body.get("errors", ()), *([body["error"]] if "error" in body else [])]:
                error.setdefault("taskUUID", task["taskUUID"])
        await self._say(dumped(body).decode())

    async def _refuse(self, trouble: Trouble) -> None:
        """An error of no task, under both names: some clients read one, some the other."""
        error = trouble.row({"taskType": "authentication"} if trouble is INVALID else {})
        await self._say(json.dumps({"errors": [error], "error": error}))

    async def _say(self, frame: str) -> None:
        try:
            await self._send({"type": "websocket.send", "text": frame})
        except OSError:  # the socket is gone: the frame waits for the session's next
            if self._session:
                self._session.unsent.append(frame)
