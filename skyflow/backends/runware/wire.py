"""Requests to the provider, and the connections that everything of a session goes through.

A deadline is told by the event loop's clock. A connection pool slows down once more than eight of its connections
are busy, so there are as many clients as that takes.
"""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import TYPE_CHECKING

import anyio
import httpx

from skyflow import digest
from skyflow._version import __version__
from skyflow.backends.runware.answers import Answer, Unreadable, read
from skyflow.backends.runware.errors import Fault, kind_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
    from types import TracebackType
    from typing import Any, Self

    from skyflow.backends.runware.account import Account
    from skyflow.backends.runware.scrub import Scrubber

ANSWER_SECONDS = 30.0
"""How long an answer may take: the time that the provider's own clients allow."""
ANSWER_MAX = 8 * 2**20
"""Bytes of an answer; fifty finished tasks of four takes need a fiftieth of it."""
BUSY_MAX = 8
"""Connections of one client."""
WAIT_MAX = 300.0
"""Seconds for which a Retry-After is believed."""

_TELLING = frozenset({401, 402, 403, 404, 405, 408, 413, 429})
"""Statuses that say enough without a body that can be read; besides those from 500."""


class Unclear(Exception):
    """No answer came that says what became of a request.

    Attributes:
        why: for people.
        status: of the HTTP answer that could not be read; None where none came.
    """

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.status = status


class Quiet(logging.Filter):
    """Keeps httpx's own log from writing down addresses that open what they lead to, while a session is open."""

    LOGS = ("httpx", *(f"httpcore.{name}" for name in ("connection", "http11", "http2", "proxy", "socks")))

    def filter(self, record: logging.LogRecord) -> bool:
        """Let through what is no trace of a request."""
        return record.levelno >= logging.WARNING

    def __enter__(self) -> Self:
        for name in self.LOGS:
            logging.getLogger(name).addFilter(self)
        return self

    def __exit__(self, *_: object) -> None:
        for name in self.LOGS:
            logging.getLogger(name).removeFilter(self)


class Clients:
    """HTTP clients, each lent to few at a time."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None, *, local: bool) -> None:
        self._transport = transport
        self._local = local
        self._busy: dict[httpx.AsyncClient, int] = {}
        self._trust = None if transport or local else httpx.create_ssl_context()

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[httpx.AsyncClient]:
        """One of them that has a connection to spare."""
        client = next((one for one, busy in self._busy.items() if busy < BUSY_MAX), None) or self._another()
        self._busy[client] += 1
        try:
            yield client
        finally:
            self._busy[client] -= 1

    def _another(self) -> httpx.AsyncClient:
        client = httpx.AsyncClient(
            transport=self._transport,
            verify=self._trust or not self._local,
            trust_env=not self._local,  # a proxy would see the key in clear on its way here
            timeout=None,  # noqa: S113 - deadlines are anyio's, by a clock that a test may turn
            limits=httpx.Limits(max_connections=BUSY_MAX, max_keepalive_connections=BUSY_MAX),
            headers={"User-Agent": f"skyflow/{__version__}"},
            follow_redirects=False,
        )
        self._busy[client] = 0
        return client

    async def aclose(self) -> None:
        for client in self._busy:
            await client.aclose()


class Wire:
    """Posts tasks, and reads what is answered."""

    def __init__(
        self, account: Account, scrubber: Scrubber, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.clients = Clients(transport, local=account.local)
        self.scrubber = scrubber
        self.account = account

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with anyio.CancelScope(shield=True):
            await self.clients.aclose()

    async def post(self, tasks: Sequence[Mapping[str, Any]]) -> Answer:
        """Send tasks in one request.

        The same tasks are the same bytes, whenever and from wherever they are sent.

        Raises:
            Unclear: no answer, or none that can be read.
        """
        content = digest.canonical(list(tasks))
        return await self.stream(content, len(content), ANSWER_SECONDS)

    async def stream(self, content: bytes | AsyncIterable[bytes], length: int, seconds: float) -> Answer:
        """Send a body that may be too large to be held at once.

        Raises:
            Unclear: as ``post``.
        """
        headers = {
            "Authorization": self.account.key.bearer,
            "Content-Type": "application/json",
            "Content-Length": str(length),
        }
        try:
            with anyio.fail_after(seconds):
                async with (
                    self.clients.lent() as client,
                    client.stream("POST", self.account.url, content=content, headers=headers) as response,
                ):
                    return self._answer(response, await _bounded(response))
        except TimeoutError:
            raise Unclear(f"no answer within {seconds:.0f} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            raise Unclear(self.scrubber.clean(f"{type(error).__name__}: {error}".rstrip(": "))) from None

    def _answer(self, response: httpx.Response, content: bytes) -> Answer:
        """The body before the status: it says more."""
        status, wait = response.status_code, retry_after(response.headers)
        if 300 <= status < 400:  # it is not followed: the key would go along
            content = b'{"data":[]}'
        try:
            answer = read(content, status, self.scrubber, wait)
        except Unreadable:
            if status not in _TELLING and status < 500:
                raise Unclear(f"HTTP {status} with a body that is no answer", status) from None
            answer = Answer(status, retry_after=wait)
        if status >= 300 and not answer.rows and not answer.faults:
            words = f"HTTP {status} {response.reason_phrase}".strip()
            return Answer(status, (), (Fault("", self.scrubber.clean(words), kind_of("", status)),), wait)
        return answer


async def _bounded(response: httpx.Response) -> bytes:
    content = bytearray()
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) > ANSWER_MAX:
            raise httpx.DecodingError(f"an answer of more than {ANSWER_MAX} bytes")
    return bytes(content)


def retry_after(headers: httpx.Headers) -> float | None:
    """Seconds to wait, told as a number or as a time; a time is held against the answer's own Date, or the clock."""
    said = headers.get("Retry-After", "").strip()
    if not said:
        return None
    try:
        seconds = float(said)
    except ValueError:
        try:
            at, now = _time(said), _time(headers["Date"]) if headers.get("Date") else datetime.now(UTC)
            seconds = (at - now).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(seconds, WAIT_MAX) if isfinite(seconds) and seconds >= 0 else None


def _time(said: str) -> datetime:
    time = parsedate_to_datetime(said)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
