"""Keys and addresses that open something are seen by nobody but the provider."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyflow.backends.base import Input
from skyflow.backends.runware.account import Account, Key
from skyflow.backends.runware.scrub import WORDS_MAX, Scrubber
from skyflow.errors import MakeError, UsageError
from tests.paying import KEY, folder_in_memory, order, request, shopping

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from skyflow.backends.base import Assignment
    from tests.paying import Sent, Shop

HOOK = "https://hooks.example.com/services/T000/B000/canary-hook?auth=canary-hook-query"
PUT = "https://bucket.example.com/clip.mp4?X-Amz-Signature=canary-signature&X-Amz-Credential=canary-credential"
FACE = "https://cdn.example.com/face.png?token=canary-face"
CANARIES = ("canary", KEY)

__all__ = ("folder_in_memory",)


def secretive(tmp_path: Path, shot: str = "opening") -> Assignment:
    """An assignment with a secret in each place that can hold one."""
    face = tmp_path / "face.png"
    face.write_bytes(b"placeholder")
    handle = "sha256:" + "1" * 64
    body = request(
        shot, webhookURL=HOOK, uploadEndpoint=PUT, inputs={"frameImages": [{"image": handle, "frame": "first"}]}
    )
    inputs = {handle: Input(str(face), "image", sha256="1" * 64, address=FACE)}
    return order(shot, tmp_path, request=body, inputs=inputs)


def seen(shop: Shop, folder: Path) -> Iterator[str]:
    """All that a run leaves where somebody can read it."""
    for file in folder.glob("journal*"):
        yield file.read_bytes().decode("utf-8", "replace")
    for made in shop.kept.values():
        yield repr(made)
    for record in shop.journal.records():
        yield repr(record)
    yield repr(shop.session)
    yield repr(shop.session.buying)


def clean(text: str) -> bool:
    return not any(canary in text for canary in CANARIES)


def test_the_provider_sees_secrets_and_nobody_else_does(tmp_path, caplog):
    caplog.set_level("DEBUG", "httpx")
    caplog.set_level("DEBUG")

    async def inside(shop):
        await shop.make(secretive(tmp_path))
        (sent,) = shop.line.of("videoInference")
        (task,) = sent.tasks
        assert (task["webhookURL"], task["uploadEndpoint"]) == (HOOK, PUT)
        assert task["inputs"]["frameImages"][0]["image"] == FACE
        assert sent.headers["authorization"] == f"Bearer {KEY}"
        assert all(map(clean, seen(shop, tmp_path)))
        assert clean(caplog.text)
        assert "link=" not in caplog.text
        (record,) = shop.records()
        assert record.task.body["webhookURL"] == {"secret": "webhookURL"}
        assert record.task.body["inputs"]["frameImages"][0]["image"] == {"secret": "input:sha256:" + "1" * 64}

    shopping(inside, tmp_path)


def quoting(sent: Sent) -> list[dict[str, Any]]:
    """A provider that quotes all that it was given."""
    said = f"{sent.content.decode()} {sent.headers} {HOOK} {PUT} {FACE} {quote(KEY, safe='')}"
    return [
        {"code": "invalidPositivePrompt", "message": said, "parameter": [PUT, KEY], "taskUUID": task["taskUUID"]}
        for task in sent.tasks
    ]


@pytest.mark.parametrize("kind", ["videoInference", "getResponse"])
def test_a_provider_that_quotes_secrets_is_not_quoted(tmp_path, kind):
    async def inside(shop):
        async def instead(sent):
            return httpx.Response(400, json={"errors": quoting(sent)}) if sent.kind == kind else None

        shop.line.instead = instead
        with pytest.raises(MakeError) as caught:
            await shop.make(secretive(tmp_path))
        assert clean(caught.value.message)
        assert all(map(clean, seen(shop, tmp_path)))

    shopping(inside, tmp_path)


def test_an_error_of_the_network_that_quotes_secrets_is_not_quoted(tmp_path):
    async def inside(shop):
        async def instead(_):
            raise httpx.ConnectError(f"cannot reach {PUT} with Bearer {KEY}")

        shop.line.instead = instead
        with pytest.raises(MakeError) as caught:
            await shop.make(order(folder=tmp_path))
        assert "ConnectError" in caught.value.message
        assert clean(caught.value.message)

    shopping(inside, tmp_path)


def test_the_address_of_a_result_is_not_shown(tmp_path):
    async def inside(shop):
        async def instead(sent):
            if sent.kind == "getResponse":
                row = {"taskUUID": sent.tasks[0]["taskUUID"], "status": "success", "videoUUID": "v1"}
                url = "http://127.0.0.1:7777/video/x.mp4?sig=canary-result"
                return httpx.Response(200, json={"data": [row | {"videoURL": url}]})
            if sent.kind == "download":
                raise httpx.ReadError(f"cannot read {sent.url}")
            return None

        shop.line.instead = instead
        with pytest.raises(MakeError) as caught:
            await shop.make(order(folder=tmp_path))
        assert clean(caught.value.message)
        assert all(map(clean, seen(shop, tmp_path)))

    shopping(inside, tmp_path)


def never_arrives(folder: Path, wanted: Assignment) -> None:
    """A run that ends while nobody takes what it sends."""

    async def inside(shop):
        async def instead(sent):
            if sent.kind == "videoInference":
                raise httpx.ConnectError("no")

        shop.line.instead = instead
        with anyio.move_on_after(20):
            await shop.make(wanted)

    shopping(inside, folder)


def test_secrets_are_filled_in_again_when_a_task_is_sent_by_a_later_run(tmp_path):
    never_arrives(tmp_path, secretive(tmp_path))

    async def second(shop):
        await shop.make(secretive(tmp_path))
        (sent,) = shop.line.of("videoInference")
        assert sent.tasks[0]["webhookURL"] == HOOK
        assert sent.tasks[0]["inputs"]["frameImages"][0]["image"] == FACE

    shopping(second, tmp_path)


def test_a_secret_that_the_board_no_longer_has_is_left_out(tmp_path):
    never_arrives(tmp_path, order(folder=tmp_path, request=request(webhookURL=HOOK)))

    async def second(shop):
        await shop.make(order(folder=tmp_path))
        (sent,) = shop.line.of("videoInference")
        assert "webhookURL" not in sent.tasks[0]

    shopping(second, tmp_path)


def test_a_key_never_shows_itself():
    account = Account(Key(KEY))
    assert all(clean(text) for text in (repr(account), str(account), f"{account.key}", repr(Scrubber(KEY))))
    assert account.key.bearer.endswith(KEY)


@given(st.text(max_size=200), st.text(max_size=200), st.sampled_from([KEY, quote(KEY, safe=""), PUT, HOOK]))
def test_whatever_stands_around_a_secret_it_is_removed(before, after, secret):
    scrubber = Scrubber(KEY)
    scrubber.know(PUT)
    scrubber.know(HOOK)
    said = scrubber.clean(f"{before} {secret} {after}")
    assert clean(said)
    assert len(said) <= WORDS_MAX
    assert said.isprintable()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("see https://u:pw@host.example/a/b.mp4?sig=1&x=2#f now", "see https://host.example/… now"),
        ("(https://hooks.example/services/T0/B0/XYZ)", "(https://hooks.example/…"),
        ("wss://u:pw@hooks.example:8443, then", "wss://hooks.example:8443 then"),
        (r"to https:\/\/hooks.example\/services\/XYZ now", "to https://hooks.example/… now"),
        ("https%3A%2F%2Fhooks.example%2Fservices%2FXYZ", "https://hooks.example/…"),
        ("http://user:12/34@hooks.example/x", "http://***/…"),
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer ***"),
        ('{"token":"abcdef123456"}', '{"token":***"}'),
        ("api_key=abcdefgh rest", "api_key=*** rest"),
        ("a\x1b[31mred\x07 \u202etxt", "a [31mred txt"),
        ("what is 2+2? four", "what is 2+2? four"),
        ("data:image/png;base64,AAAABBBB end", "data:*** end"),
    ],
)
def test_what_looks_like_a_secret_is_removed_though_nobody_knew_it(said, shown):
    assert Scrubber().clean(said) == shown


def test_a_secret_of_a_board_that_is_not_read_is_not_quoted_by_recover(tmp_path):
    async def first(shop):
        with anyio.move_on_after(3):
            await shop.make(secretive(tmp_path))

    shopping(first, tmp_path, {"latency": {"base": 50}})

    async def second(shop):
        async def instead(sent):
            said = f"cannot call {HOOK.partition('?')[0]} nor put to {PUT} what came of {FACE}"
            error = {"code": "providerError", "message": said, "taskUUID": sent.tasks[0]["taskUUID"]}
            return httpx.Response(400, json={"errors": [error]})

        shop.line.instead = instead
        (record,) = shop.records()
        said = await shop.recover(record)
        assert "cannot call https://hooks.example.com/…" in said
        assert clean(said)
        assert all(map(clean, seen(shop, tmp_path)))

    shopping(second, tmp_path)


ENV = {
    "RUNWARE_API_KEY=abc123": "abc123",
    "export RUNWARE_API_KEY='abc 123'": None,
    'RUNWARE_API_KEY="abc123" # mine': "abc123",
    "RUNWARE_API_KEY = abc123 # mine": "abc123",
    "RUNWARE_API_KEY=abc#123": "abc#123",
    "# RUNWARE_API_KEY=no\r\nRUNWARE_API_KEY=abc123\r\n": "abc123",
    "\ufeffRUNWARE_API_KEY=abc123": "abc123",
    "OTHER=1\n  RUNWARE_API_KEY=abc123": "abc123",
    "RUNWARE_API_KEY=": None,
    "RUNWARE_API_KEY=''": None,
    "XRUNWARE_API_KEY=abc123": None,
    "RUNWARE_API_KEY=schlüssel": None,
    "": None,
}


@pytest.mark.parametrize("text", ENV)
def test_the_key_stands_in_a_file_beside_the_board(tmp_path, text):
    (tmp_path / ".env").write_bytes(text.encode())
    if ENV[text] is not None:
        assert Account.of(tmp_path, {}).key.text == ENV[text]
    else:
        with pytest.raises(UsageError) as caught:
            Account.of(tmp_path, {})
        assert "RUNWARE_API_KEY" in caught.value.remedy
        assert "abc" not in caught.value.message


def test_the_environment_goes_before_the_file(tmp_path):
    (tmp_path / ".env").write_text("RUNWARE_API_KEY=file\nRUNWARE_BASE_URL=http://localhost:1/v1")
    assert Account.of(tmp_path, {}).url == "http://localhost:1/v1"
    account = Account.of(tmp_path, {"RUNWARE_API_KEY": "shell", "RUNWARE_BASE_URL": "https://a.example/v1"})
    assert (account.key.text, account.url, account.local) == ("shell", "https://a.example/v1", False)


@given(st.binary(max_size=300))
def test_any_file_beside_the_board_gives_a_key_or_words(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("env")
    (folder / ".env").write_bytes(content)
    with suppress(UsageError):
        assert Account.of(folder, {}).key.text.isascii()


@pytest.mark.parametrize(
    "url",
    [
        *["http://api.runware.ai/v1", "ftp://x", "runware", "http://127.0.0.1.evil.example/v1", "http://[::1"],
        *["//host/v1", "https://user:pw@host/v1", "https://host/v1?key=1", "http://localhost.example/v1"],
        *["http://0.0.0.0/v1", "http:///"],
    ],
)
def test_a_key_is_sent_nowhere_where_others_can_read_it(tmp_path, url):
    with pytest.raises(UsageError) as caught:
        Account.of(tmp_path, {"RUNWARE_API_KEY": KEY, "RUNWARE_BASE_URL": url})
    assert clean(caught.value.message)
    assert "pw" not in caught.value.message


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/v1", "http://localhost/v1", "http://[::1]:9/v1", "https://a.b/v1"]
)
def test_a_sandbox_on_this_machine_needs_no_tls(tmp_path, url):
    assert Account.of(tmp_path, {"RUNWARE_API_KEY": KEY, "RUNWARE_BASE_URL": url}).url == url


def test_without_a_key_a_session_does_not_open(tmp_path):
    with pytest.raises(UsageError, match="there is no Runware API key"):
        Account.of(tmp_path, {})
