"""The sandbox's WebSocket, as the provider's SDKs use it, in process and in virtual time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from skyflow.sandbox.trouble import Dropped
from tests.sandboxing import Here, asked, sandboxed, stored, task

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from pathlib import Path

KEY = {"taskType": "authentication", "apiKey": "any"}


class Socket:
    """The client's end of a WebSocket that never leaves the process."""

    def __init__(self, here: Here, query: str = "", path: str = "/v1") -> None:
        self._app = here.sandbox
        self._to, self._inbox = anyio.create_memory_object_stream[Any](100)
        self._outbox, self._from = anyio.create_memory_object_stream[Any](100)
        self._scope = {
            "type": "websocket",
            "path": path,
            "query_string": query.encode(),
            "headers": [(b"host", b"sandbox")],
            "scheme": "ws",
        }
        self.gone = False
        self.ended = anyio.Event()
        self.dropped = False

    async def serve(self) -> None:
        try:
            await self._app(self._scope, self._inbox.receive, self._send)
        except Dropped:
            self.dropped = True
        self.ended.set()

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        if self.gone:
            raise OSError("nobody there")
        await self._outbox.send(message)

    async def open(self) -> None:
        await self._to.send({"type": "websocket.connect"})
        assert (await self._from.receive())["type"] == "websocket.accept"

    async def say(self, *tasks: Any) -> None:
        await self._to.send({"type": "websocket.receive", "text": json.dumps(tasks)})

    async def text(self, text: str) -> None:
        await self._to.send({"type": "websocket.receive", "text": text})

    async def raw(self) -> MutableMapping[str, Any]:
        with anyio.fail_after(1000):
            message: MutableMapping[str, Any] = await self._from.receive()
        return message

    async def hear(self) -> dict[str, Any]:
        message = await self.raw()
        assert message["type"] == "websocket.send"
        frame: dict[str, Any] = json.loads(message["text"])
        return frame

    async def close(self) -> None:
        await self._to.send({"type": "websocket.disconnect", "code": 1006})
        await self.ended.wait()


def talking(inside: Any, tmp_path: Path, faults: Any = None) -> None:
    """Run the inside of a test with a way to open sockets; each that is open at the end is closed."""

    async def client(here: Here):
        async with anyio.create_task_group() as group:

            async def opened(query: str = "", *, authenticated: bool = True) -> Socket:
                socket = Socket(here, query)
                group.start_soon(socket.serve)
                await socket.open()
                if authenticated:
                    await socket.say(KEY)
                    await socket.hear()
                return socket

            await inside(here, opened)
            group.cancel_scope.cancel()

    sandboxed(client, tmp_path, faults)


def test_authentication_comes_first_and_gives_a_session(tmp_path):
    async def client(_here, opened):
        socket = await opened("sdk=js&version=1.3.2", authenticated=False)
        await socket.say(task())
        frame = await socket.hear()
        assert frame["errors"][0]["code"] == frame["error"]["code"] == "invalidApiKey"
        await socket.say(KEY | {"apiKey": "wrong"})
        frame = await socket.hear()
        assert frame["errors"][0]["taskType"] == frame["error"]["taskType"] == "authentication"
        await socket.say(KEY | {"apiKey": "right"})
        (row,) = (await socket.hear())["data"]
        assert row["taskType"] == "authentication"
        assert row["connectionSessionUUID"]

    talking(client, tmp_path, {"key": "right"})


def test_a_task_goes_its_whole_way_with_one_frame_for_each(tmp_path):
    async def client(here, opened):
        socket = await opened()
        one, two = task(numberResults=2), task()
        await socket.say(one, two)
        for body in (one, two):
            assert await socket.hear() == {"data": [{"taskType": "videoInference", "taskUUID": body["taskUUID"]}]}
        await socket.say({"taskType": "ping", "ping": True}, asked(one))
        assert await socket.hear() == {"data": [{"taskType": "ping", "pong": True}]}
        waiting = (await socket.hear())["data"]
        assert [row["status"] for row in waiting] == ["processing"] * 2
        assert all(row["videoUUID"] for row in waiting)
        await anyio.sleep(2)
        await socket.say(asked(one))
        done = (await socket.hear())["data"]
        assert [row["status"] for row in done] == ["success"] * 2
        assert (await here.client.get(done[0]["videoURL"])).status_code == 200
        await socket.say(one)
        frame = await socket.hear()
        assert set(frame) == {"errors"}
        assert frame["errors"][0]["code"] == "conflictTaskUUID"

    talking(client, tmp_path)


def test_what_is_wrong_is_an_error_frame_and_the_socket_lives_on(tmp_path):
    async def client(_here, opened):
        socket = await opened()
        for text in ("", "nonsense", "{}", "[]", "[NaN]", "[1]", '[{"taskType": "x"}]'):
            await socket.text(text)
            frame = await socket.hear()
            assert frame["errors"][0]["code"]
            assert "data" not in frame
        await socket.say(stored("nothing"))
        assert (await socket.hear())["errors"][0]["code"] == "invalidMedia"
        await socket.say({"taskType": "ping", "ping": True})
        assert (await socket.hear())["data"][0]["pong"]

    talking(client, tmp_path)


def test_a_dry_run_is_asked_for_in_the_query(tmp_path):
    async def client(here, opened):
        socket = await opened("sdk=js&dryRun=1")
        await socket.say(task())
        assert (await socket.hear())["data"][0]["cost"] == 0.33
        assert (await here.page("ledger"))["tasks"] == []

    talking(client, tmp_path)


def test_a_lost_session_is_resumed_with_what_it_missed(tmp_path):
    async def client(_here, opened):
        socket = await opened(authenticated=False)
        await socket.say(KEY)
        session = (await socket.hear())["data"][0]["connectionSessionUUID"]
        socket.gone = True
        one = task()
        await socket.say(one)
        await socket.close()
        await anyio.sleep(60)
        again = await opened(authenticated=False)
        await again.say(KEY | {"connectionSessionUUID": session})
        assert (await again.hear())["data"][0]["connectionSessionUUID"] == session
        assert (await again.hear())["data"][0]["taskUUID"] == one["taskUUID"]
        await again.close()
        await anyio.sleep(121)
        late = await opened(authenticated=False)
        await late.say(KEY | {"connectionSessionUUID": session})
        assert (await late.hear())["data"][0]["connectionSessionUUID"] != session

    talking(client, tmp_path)


def test_an_idle_socket_is_closed(tmp_path):
    async def client(_here, opened):
        socket = await opened()
        await anyio.sleep(119)
        await socket.say({"taskType": "ping", "ping": True})
        await socket.hear()
        began = anyio.current_time()
        assert (await socket.raw())["type"] == "websocket.close"
        assert anyio.current_time() - began == 120

    talking(client, tmp_path)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_may_be_dropped_before_or_after_the_task_was_taken(tmp_path, when):
    async def client(here, opened):
        socket = await opened()
        one = task()
        await socket.say(one)
        await socket.ended.wait()
        assert socket.dropped
        assert len((await here.page("ledger"))["tasks"]) == (when == "after")
        again = await opened()
        await again.say(one)
        frame = await again.hear()
        assert ("errors" in frame) == (when == "after")

    talking(client, tmp_path, {"faults": [{"do": "drop", "at": 1, "on": "submit", "when": when}]})


def test_statuses_become_errors_and_polls_are_never_answered_with_nothing_but_on_purpose(tmp_path):
    async def client(_here, opened):
        socket = await opened()
        one = task()
        await socket.say(one)
        assert (await socket.hear())["errors"][0]["code"] == "rateLimitExceeded"
        await socket.say(one)
        await socket.hear()
        await socket.say(asked(one))
        assert (await socket.hear())["data"] == []
        await socket.say(asked(one))
        assert (await socket.hear())["data"][0]["status"] == "processing"
        await anyio.sleep(2)
        await socket.say(asked(one))
        frame = await socket.hear()
        assert set(frame) == {"errors"}
        assert frame["errors"][0]["status"] == "error"

    faults = [{"do": "queue full", "at": 1}, {"do": "fail"}, {"do": "empty", "at": 1}]
    talking(client, tmp_path, {"faults": faults})


def test_another_path_is_closed_at_once(tmp_path):
    async def client(here: Here):
        socket = Socket(here, path="/other")
        async with anyio.create_task_group() as group:
            group.start_soon(socket.serve)
            await socket._to.send({"type": "websocket.connect"})
            assert (await socket.raw())["type"] == "websocket.close"

    sandboxed(client, tmp_path)
