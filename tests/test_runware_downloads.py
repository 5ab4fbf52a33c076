"""Results come home whole: cut, corrupt, late, moved or expired, they are fetched again and never paid for again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest

from skyflow.errors import MakeError
from tests.paying import KEY, PRICE, folder_in_memory, order, shopping

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.paying import Sent

FAULTS = {
    "cut off": [{"do": "truncate", "at": [1]}],
    "cut off three times": [{"do": "truncate", "at": [1, 2, 3]}],
    "cut off without a word": [{"do": "truncate", "at": [1], "quietly": True}],
    "corrupt": [{"do": "corrupt", "at": [1]}],
    "corrupt three times": [{"do": "corrupt", "at": [1, 2, 3]}],
    "expired": [{"do": "expire", "at": [1]}],
    "expired with another status": [{"do": "expire", "at": [1], "status": 403}],
    "gone": [{"do": "expire", "at": [1], "status": 410}],
    "not there yet": [{"do": "status", "on": "download", "status": 422, "at": [1, 2, 3]}],
    "a bad gateway": [{"do": "status", "on": "download", "status": 502, "at": [1, 2]}],
    "a queue": [{"do": "status", "on": "download", "status": 429, "at": [1], "retry_after": 30}],
    "dropped": [{"do": "drop", "on": "download", "at": [1]}],
    "hanging": [{"do": "hang", "on": "download", "at": [1]}],
    "slow": [{"do": "slow", "on": "download", "at": [1], "seconds": 10}],
    "an error page that says it is a clip": [
        {"do": "status", "on": "download", "status": 503, "body": "html", "at": [1]}
    ],
}

__all__ = ("folder_in_memory",)


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_a_result_that_does_not_come_well_is_fetched_again(tmp_path, faults):
    async def inside(shop):
        await shop.make(order(folder=tmp_path))
        assert len(shop.charged) == 1
        assert len(shop.line.of("videoInference")) == 1
        assert shop.spent == shop.purse.spent == PRICE
        assert b"opening" in shop.content["opening", 1]

    shopping(inside, tmp_path, {"faults": faults})


def test_a_result_that_never_comes_is_said_to_be_paid_for_and_comes_with_the_next_run(tmp_path):
    async def inside(shop):
        with pytest.raises(
            MakeError, match="opening: take 1 is paid for and could not be fetched: HTTP 502"
        ) as caught:
            await shop.make(order(folder=tmp_path))
        assert "without paying again" in caught.value.remedy
        (record,) = shop.records()
        assert record.in_flight

    shopping(inside, tmp_path, {"faults": [{"do": "status", "on": "download", "status": 502}]})

    async def again(shop):
        await shop.make(order(folder=tmp_path))
        assert len(shop.kept) == len(shop.charged) == 1

    shopping(again, tmp_path, {})


def test_a_clip_that_is_damaged_at_its_source_is_given_up(tmp_path):
    async def inside(shop):
        with pytest.raises(
            MakeError, match="take 1 is paid for and could not be fetched: take 1 of opening is damaged"
        ):
            await shop.make(order(folder=tmp_path))
        assert len(shop.line.of("download")) == 4

    shopping(inside, tmp_path, {"faults": [{"do": "corrupt"}]})


def test_several_results_in_a_row_that_never_come_stop_the_buying(tmp_path):
    async def inside(shop):
        for name in "abcd":
            with pytest.raises(MakeError):
                await shop.make(order(name, tmp_path))
        assert shop.purse.stopped

    shopping(inside, tmp_path, {"faults": [{"do": "status", "on": "download", "status": 502}]})


def test_one_take_that_does_not_come_keeps_no_other(tmp_path):
    async def inside(shop):
        async def instead(sent):
            if sent.kind == "download" and videos()[1] in sent.url:
                return httpx.Response(502)
            return None

        def videos() -> list[str]:
            (bought,) = shop.sandbox.house.book.tasks()
            return [take.video for take in shop.sandbox.house.book.takes(bought.uuid)]

        shop.line.instead = instead
        with pytest.raises(MakeError, match="take 2 is paid for"):
            await shop.make(order(folder=tmp_path, takes=(1, 2, 3)))
        assert [take for _, take in sorted(shop.kept)] == [1, 3]
        shop.line.instead = None
        await shop.make(order(folder=tmp_path, takes=(2,)))
        assert len(shop.kept) == 3
        assert len(shop.charged) == 1

    shopping(inside, tmp_path)


class Server:
    """One file, served in pieces by a server with habits of its own."""

    def __init__(self, content: bytes, **habits: Any) -> None:
        self.content = content
        self.habits = habits
        self.ranges: list[Any] = []
        self.headers: list[Any] = []

    async def __call__(self, sent: Sent) -> httpx.Response | None:
        if sent.kind != "download":
            return None
        asked = sent.headers.get("range")
        self.ranges.append(asked)
        self.headers.append(sent.headers)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.habits.get("goes_on", True) else 0
        headers = {"ETag": self.habits.get("tags", ['"one"'] * 99)[len(self.ranges) - 1]}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
        body = self.content[start:]
        headers["Content-Length"] = str(len(body))
        cut = len(self.ranges) <= self.habits.get("cuts", 1)
        stream = Pieces(body[: len(body) // 2] if cut else body, broken=cut, pause=self.habits.get("pause", 0))
        return httpx.Response(206 if start else 200, headers=headers, stream=stream)


class Pieces(httpx.AsyncByteStream):
    def __init__(self, content: bytes, *, broken: bool, pause: float) -> None:
        self.content, self.broken, self.pause = content, broken, pause

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self.content), 1000):
            await anyio.sleep(self.pause)
            yield self.content[at : at + 1000]
        if self.broken:
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


def fetched(tmp_path: Path, server: Server) -> None:
    """Have a take's file come from a server, and see that it is what the server had."""
    found: dict[str, bytes] = {}

    async def inside(shop):
        await shop.make(order(folder=tmp_path))
        server.content = shop.content.pop(("opening", 1))
        shop.line.instead = server
        await shop.make(order(folder=tmp_path))
        found["kept"] = shop.content["opening", 1]

    shopping(inside, tmp_path)
    assert found["kept"] == server.content


def test_a_download_goes_on_where_it_was_cut(tmp_path):
    server = Server(b"", cuts=2)
    fetched(tmp_path, server)
    half = len(server.content) // 2
    assert server.ranges[0] is None
    assert server.ranges[1] == f"bytes={half}-"
    assert int(server.ranges[2].removeprefix("bytes=").rstrip("-")) > half
    assert server.headers[1]["if-range"] == '"one"'


def test_a_download_begins_anew_where_the_server_does_not_go_on(tmp_path):
    fetched(tmp_path, Server(b"", goes_on=False))


def test_a_download_begins_anew_where_the_file_has_changed(tmp_path):
    server = Server(b"", cuts=1, tags=['"one"', '"two"', '"two"'])
    fetched(tmp_path, server)
    assert server.ranges[2] is None


def test_a_download_that_stalls_is_cut_and_goes_on(tmp_path):
    class Stalling(Server):
        async def __call__(self, sent: Sent) -> httpx.Response | None:
            response = await super().__call__(sent)
            if response is not None and len(self.ranges) == 1:
                assert isinstance(response.stream, Pieces)
                response.stream.pause = 31
            return response

    server = Stalling(b"", cuts=0)
    fetched(tmp_path, server)
    assert len(server.ranges) == 2


def test_a_download_carries_no_key(tmp_path):
    async def inside(shop):
        await shop.make(order(folder=tmp_path))
        (download,) = shop.line.of("download")
        assert KEY not in str(download.headers)
        assert "authorization" not in download.headers

    shopping(inside, tmp_path)


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/a.mp4",
        "file:///etc/passwd",
        "http://169.254.169.254/latest",
        "http://user:secret@127.0.0.1/a.mp4",
        "//x",
        "http://[",
    ],
)
def test_a_result_is_not_fetched_from_where_it_should_not_be(tmp_path, address):
    async def inside(shop):
        async def instead(sent):
            if sent.kind == "download" and "7777" in sent.url:
                return httpx.Response(302, headers={"Location": address})
            assert sent.kind != "download", sent.url
            return None

        shop.line.instead = instead
        with pytest.raises(MakeError, match="paid for"):
            await shop.make(order(folder=tmp_path))

    shopping(inside, tmp_path)


def test_redirects_on_this_machine_are_followed_a_few_times(tmp_path):
    async def inside(shop):
        async def instead(sent):
            if sent.kind != "download" or "moved" in sent.url:
                return None
            return httpx.Response(302, headers={"Location": f"{sent.url}&moved=1"})

        shop.line.instead = instead
        await shop.make(order(folder=tmp_path))

        async def always(sent):
            return httpx.Response(302, headers={"Location": sent.url}) if sent.kind == "download" else None

        shop.line.instead = always
        with pytest.raises(MakeError, match="more than 5 redirects"):
            await shop.make(order("second", tmp_path))

    shopping(inside, tmp_path)
