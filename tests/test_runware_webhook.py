"""The receiver of webhooks: a hint to ask now, and nothing that anybody says there is believed."""

from __future__ import annotations

import json

import anyio
import anyio.abc
import pytest
import trio

from skyflow.backends.runware import webhook
from skyflow.errors import UsageError
from tests.paying import folder_in_memory, order, request, shopping

__all__ = ("folder_in_memory",)

TOKEN = "t0ken-t0ken-t0ken"  # noqa: S105 - opens nothing
UUID = "2f1d8e0a-6b1c-4c7e-9a3f-51d0a7c4e201"


def call(*pieces: bytes) -> tuple[bytes, set[str]]:
    """What the receiver answers to a call that comes in these pieces, and what it passes on."""
    told: set[str] = set()

    class Stream(anyio.abc.ByteStream):
        def __init__(self) -> None:
            self.left = list(pieces)
            self.answered = b""

        async def receive(self, max_bytes: int = 65536) -> bytes:
            if not self.left:
                raise anyio.EndOfStream
            piece = self.left.pop(0)
            if len(piece) > max_bytes:
                self.left.insert(0, piece[max_bytes:])
            return piece[:max_bytes]

        async def send(self, item: bytes) -> None:
            self.answered += item

        async def send_eof(self) -> None: ...

        async def aclose(self) -> None: ...

    stream = Stream()
    trio.run(webhook.answer, stream, TOKEN, told.update)
    return stream.answered.partition(b"\r\n")[0], told


def post(body: object, path: str = f"/hook/{TOKEN}", method: str = "POST", **headers: str) -> bytes:
    """A call as the provider makes it."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {"Host": "x", "Content-Length": str(len(content))} | headers
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return head.encode() + b"\r\n" + content


FORMS = {
    "a flat object": {"taskType": "videoInference", "taskUUID": UUID, "videoURL": "https://x"},
    "an envelope": {"data": [{"taskUUID": UUID}]},
    "errors": {"errors": [{"code": "x", "taskUUID": UUID}]},
    "one error": {"error": {"taskUUID": UUID}},
    "an array": [{"taskUUID": UUID.upper()}],
    "an object in data": {"data": {"taskUUID": UUID}},
}


@pytest.mark.parametrize("form", FORMS)
def test_a_call_in_any_form_is_a_hint(form):
    assert call(post(FORMS[form])) == (b"HTTP/1.1 200 OK", {UUID})


def test_a_call_in_small_pieces_is_understood():
    whole = post(FORMS["an envelope"])
    assert call(*[whole[at : at + 1] for at in range(len(whole))]) == (b"HTTP/1.1 200 OK", {UUID})


REFUSED = {
    "another token": (post({"taskUUID": UUID}, "/hook/guess"), b"404"),
    "no token": (post({"taskUUID": UUID}, "/"), b"404"),
    "the token in front": (post({"taskUUID": UUID}, f"/{TOKEN}/x"), b"404"),
    "a GET": (post(b"", method="GET"), b"405"),
    "no JSON": (post(b"<html>"), b"400"),
    "deep JSON": (post(b"[" * 100_000), b"400"),
    "half of UTF-8": (post(b'{"a":"\xff"}'), b"400"),
    "too much": (post(b" " * (webhook.BODY_MAX + 1)), b"413"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_call_that_is_none_is_refused_and_passes_nothing_on(what):
    sent, status = REFUSED[what]
    answered, told = call(sent)
    assert answered.split()[1] == status
    assert told == set()


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01hello", b"POST / HTTP/1.1\r\n", post({})[:-1], b"x" * 200_000])
def test_who_speaks_another_language_or_goes_away_is_let_go(sent):
    assert call(sent)[1] == set()


@pytest.mark.parametrize("listen", ["", "8000", "host:", "host:http", "host:70000"])
def test_an_address_to_listen_on_is_a_host_and_a_port(listen):
    with pytest.raises(UsageError):
        webhook.place(listen)


@pytest.mark.parametrize("url", ["ftp://x/y", "host/path", "", "http://["])
def test_an_address_to_be_called_at_is_one(url):
    with pytest.raises(UsageError):
        webhook.address(url, TOKEN)


def test_the_secret_stands_at_the_end_of_the_path():
    assert webhook.address("https://x.example/hook/?a=1#f", TOKEN) == f"https://x.example/hook/{TOKEN}?a=1"


def test_a_real_call_over_a_socket_reaches_who_waits():
    told: list[str] = []

    async def calling() -> bytes:
        async with webhook.receiver("127.0.0.1:0", TOKEN, told.extend) as port:
            stream = await anyio.connect_tcp("127.0.0.1", port)
            async with stream:
                await stream.send(post({"taskUUID": UUID}))
                return await stream.receive()

    assert anyio.run(calling).startswith(b"HTTP/1.1 200")
    assert told == [UUID]


def test_an_address_that_is_taken_is_said():
    async def twice() -> None:
        async with webhook.receiver("127.0.0.1:0", TOKEN, print) as port:
            with pytest.raises(UsageError, match="cannot listen on"):
                async with webhook.receiver(f"127.0.0.1:{port}", TOKEN, print):
                    pass

    anyio.run(twice)


def test_a_hint_brings_the_question_forward(tmp_path):
    async def inside(shop):
        shop.session.buying.polls.typical.seconds = 500
        async with anyio.create_task_group() as group:
            group.start_soon(shop.make, order(folder=tmp_path))
            await anyio.sleep(30)
            assert shop.kept == {}
            shop.session.buying.polls.hint({UUID})
            await anyio.sleep(5)
            assert shop.kept == {}
            shop.session.buying.polls.hint({shop.records()[0].task.uuid})
            await anyio.sleep(15)
            assert len(shop.kept) == 1

    shopping(inside, tmp_path)


def test_a_hint_that_lies_changes_nothing(tmp_path):
    async def inside(shop):
        async with anyio.create_task_group() as group:
            group.start_soon(shop.make, order(folder=tmp_path))
            for _ in range(200):
                await anyio.sleep(0.1)
                shop.session.buying.polls.hint({record.task.uuid for record in shop.records()})
        assert len(shop.kept) == len(shop.charged) == 1
        assert len(shop.line.of("getResponse")) < 25

    shopping(inside, tmp_path, {"latency": {"base": 15}})


def test_the_provider_is_told_where_to_call_and_a_boards_own_webhook_goes_before(tmp_path):
    async def inside(shop):
        shop.session.buying.webhook = f"https://me.example/{TOKEN}"
        await shop.make(order("plain", tmp_path))
        await shop.make(order("own", tmp_path, request=request("own", webhookURL="https://board.example/x")))
        first, second = (sent.tasks[0]["webhookURL"] for sent in shop.line.of("videoInference"))
        assert first == f"https://me.example/{TOKEN}"
        assert second == "https://board.example/x"
        assert TOKEN not in repr(shop.records("plain")[0].task.body)

    shopping(inside, tmp_path)
