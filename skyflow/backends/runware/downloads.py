"""A file comes over HTTP, a piece at a time, and goes on where a cut connection left off."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
import httpx

from skyflow import disk
from skyflow.backends.runware.account import is_loopback
from skyflow.backends.runware.wire import retry_after
from skyflow.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from typing import BinaryIO

    from skyflow.backends.runware.scrub import Scrubber
    from skyflow.backends.runware.wire import Clients

STALL_SECONDS = 30.0
"""How long nothing may come."""
WHOLE_SECONDS = 1800.0
"""How long one try may take, so that a trickle does not hold a run for ever."""
BYTES_MAX = 2 * 2**30
"""Fifteen seconds at 1080p are a fiftieth of it."""
REDIRECTS_MAX = 5
_OPENED = frozenset({301, 302, 303, 307, 308})
_STALE = frozenset({401, 403, 404, 410, 451})
"""A URL that was good once may answer so when it is not any more, or when the file is not there yet."""


class Cut(Exception):
    """It did not come whole; another try may go on from there. ``told`` is in seconds."""

    def __init__(self, why: str, told: float | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.told = told


class Stale(Cut):
    """The address leads nowhere now; ask for another."""


@dataclass(slots=True)
class Partial:
    """What is there of a file.

    Attributes:
        etag: of the file on the server, if it is one that promises the same bytes.
        whole: its length there, where it is known.
    """

    path: Path
    etag: str | None = None
    whole: int | None = None

    @property
    def there(self) -> int:
        """Bytes that are there."""
        return self.path.stat().st_size if self.path.exists() else 0

    def drop(self) -> None:
        """Begin anew."""
        self.path.unlink(missing_ok=True)
        self.etag = self.whole = None

    def open(self) -> BinaryIO:
        """For what comes next."""
        return self.path.open("ab")


@dataclass(frozen=True, slots=True)
class Downloads:
    """Fetches files.

    Attributes:
        local: whether the provider is a sandbox on this machine; then its files may come without TLS.
    """

    clients: Clients
    scrubber: Scrubber
    local: bool

    async def get(self, url: str, partial: Partial) -> None:
        """Bring the rest of a file.

        Raises:
            Stale: the address leads nowhere.
            Cut: the connection broke, the server is in trouble, or the length is not what it said.
            StoreError: the disk refused.
        """
        try:
            with anyio.fail_after(WHOLE_SECONDS):
                await self._get(url, partial)
        except TimeoutError:
            raise Cut(f"nothing came for {STALL_SECONDS:.0f} s, or it came too slowly") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise Cut(self.scrubber.clean(f"{type(error).__name__}: {error}".rstrip(": "))) from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise StoreError(f"a clip cannot be written: {reason}", disk.remedy(error.errno)) from error

    async def _get(self, url: str, partial: Partial) -> None:
        for _ in range(REDIRECTS_MAX + 1):
            self._see_allowed(url)
            headers = {"Accept-Encoding": "identity", "Accept": "*/*"}
            if there := partial.there:
                headers |= {"Range": f"bytes={there}-"} | ({"If-Range": partial.etag} if partial.etag else {})
            async with self.clients.lent() as client:
                request = client.build_request("GET", url, headers=headers)
                with anyio.fail_after(STALL_SECONDS):
                    response = await client.send(request, stream=True)
                try:
                    if response.status_code not in _OPENED:
                        await self._take(response, partial)
                        return
                    url = str(response.url.join(response.headers.get("Location", "")))
                finally:
                    with anyio.CancelScope(shield=True):
                        await response.aclose()
        raise Cut(f"more than {REDIRECTS_MAX} redirects")

    def _see_allowed(self, url: str) -> None:
        """An address from outside may not lead a run to where the outside cannot look, nor show what is fetched."""
        parts = httpx.URL(url)
        loopback = is_loopback(parts.host)
        if loopback != self.local and (loopback or parts.scheme != "https"):
            raise Cut(f"an address that is not followed: {self.scrubber.clean(url)}")
        if parts.scheme not in ({"http", "https"} if loopback else {"https"}) or parts.userinfo:
            raise Cut(f"an address that is not followed: {self.scrubber.clean(url)}")

    async def _take(self, response: httpx.Response, partial: Partial) -> None:
        status = response.status_code
        if status == 416:
            partial.drop()
            raise Cut("the server does not go on where it stopped")
        if status in _STALE:
            raise Stale(f"HTTP {status}", retry_after(response.headers))
        if status not in {200, 206}:
            raise Cut(f"HTTP {status}", retry_after(response.headers))
        self._begin(response, partial)
        with partial.open() as file:
            async for piece in _pieces(response):
                file.write(piece)
                if file.tell() > min(BYTES_MAX, partial.whole or BYTES_MAX):
                    break
        there, whole = partial.there, partial.whole
        if there > BYTES_MAX or (whole is not None and there > whole):
            partial.drop()
            raise Cut("more came than was announced")
        if not there or (whole is not None and there < whole):
            raise Cut(f"{there} of {whole if whole is not None else 'its'} bytes came")

    @staticmethod
    def _begin(response: httpx.Response, partial: Partial) -> None:
        """Decide whether what comes is the rest of what is there, or the whole."""
        headers, there = response.headers, partial.there
        length = int(said) if (said := headers.get("Content-Length", "")).isdecimal() else None
        etag = None if (tag := headers.get("ETag")) is None or tag.startswith("W/") else tag
        if response.status_code == 206:
            span = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", headers.get("Content-Range", ""))
            same = span and int(span[1]) == there and partial.whole in {None, int(span[2])} and etag == partial.etag
            if not span or not same:
                partial.drop()
                raise Cut("the server went on with another file")
            partial.whole = int(span[2])
        else:
            partial.drop()
            partial.etag, partial.whole = etag, length
        if partial.whole is not None and partial.whole > BYTES_MAX:
            raise Cut(f"a clip of {partial.whole} bytes is more than is fetched")


async def _pieces(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body as it comes, as long as it comes."""
    pieces = response.aiter_raw().__aiter__()
    while True:
        with anyio.fail_after(STALL_SECONDS):
            try:
                piece = await pieces.__anext__()
            except StopAsyncIteration:
                return
        yield piece
