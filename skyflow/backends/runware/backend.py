"""Runware as a backend: takes are bought, and come home."""

from __future__ import annotations

import secrets
from contextlib import AsyncExitStack, asynccontextmanager
from random import SystemRandom
from typing import TYPE_CHECKING

import anyio

from skyflow.backends.runware import webhook
from skyflow.backends.runware.account import Account, on_this_machine
from skyflow.backends.runware.buying import Buying
from skyflow.backends.runware.downloads import Downloads
from skyflow.backends.runware.fetching import Fetching
from skyflow.backends.runware.following import Following
from skyflow.backends.runware.places import Places
from skyflow.backends.runware.polls import Polls, Typical
from skyflow.backends.runware.scrub import Scrubber
from skyflow.backends.runware.sending import Sending
from skyflow.backends.runware.session import RunwareSession
from skyflow.backends.runware.uploads import Uploads
from skyflow.backends.runware.wire import Quiet, Wire
from skyflow.errors import MakeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from random import Random

    import httpx

    from skyflow.backends.base import Assignment, Made, Progress
    from skyflow.backends.paid import Desk
    from skyflow.board.model import Output

VERSION = "1"

JOBS = 16
"""Tasks at once at most; how many it really are is found out on the way."""


class Runware:
    """Buys takes of the provider.

    Args:
        transport: what requests go through, in place of the network.
        account: who pays, in place of what environment and ``.env`` say.
        random: for waits and names of uploads.
    """

    name = "runware"
    version: str
    repeatable = False

    def __init__(
        self,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        account: Account | None = None,
        random: Random | None = None,
    ) -> None:
        # A provider on this machine makes no real film, so its takes have keys of their own.
        self.version = f"{VERSION}, on this machine" if on_this_machine() else VERSION
        self._transport = transport
        self._account = account
        self._random = random or SystemRandom()

    def default_jobs(self) -> int:
        """As many as may be at the provider at once."""
        return JOBS

    def output(self, planned: Output) -> Output:
        """What the board asks for: the model's own sizes and rate."""
        return planned

    async def make(self, assignment: Assignment, progress: Progress) -> list[Made]:  # noqa: ARG002 - the contract's
        """Not the way to buy: without a journal and a purse nothing is bought."""
        raise MakeError(f"{assignment.shot}: a paid backend works through its session", "report this")

    @asynccontextmanager
    async def session(self, desk: Desk) -> AsyncIterator[RunwareSession]:
        """Open it; see ``backends.paid.PaidBackend``.

        What is raised inside comes out as it is, and not in a group with what the session itself was doing.
        """
        account = self._account or Account.of(desk.folder)
        token = secrets.token_urlsafe(24)
        scrubber = Scrubber(account.key.text, token)
        failed: Exception | None = None
        async with AsyncExitStack() as stack:
            stack.enter_context(Quiet())
            wire = await stack.enter_async_context(Wire(account, scrubber, self._transport))
            polls = Polls(wire, self._random, Typical(desk.journal.seconds()))
            hears = None
            if desk.listen is not None:
                hears = webhook.address(desk.webhook_url or f"http://{desk.listen}", token)
                await stack.enter_async_context(webhook.receiver(desk.listen, token, polls.hint))
            group = await stack.enter_async_context(anyio.create_task_group())
            group.start_soon(polls.run)
            try:
                yield self._open(desk, wire, polls, hears)
            except Exception as error:  # noqa: BLE001 - it is raised again outside of the group
                failed = error
            group.cancel_scope.cancel()
        if failed is not None:
            raise failed

    def _open(self, desk: Desk, wire: Wire, polls: Polls, hears: str | None) -> RunwareSession:
        """Put a session together."""
        journal, purse, random = desk.journal, desk.purse, self._random
        places = Places(desk.jobs or JOBS)
        downloads = Downloads(wire.clients, wire.scrubber, local=wire.account.local)
        fetching = Fetching(downloads, polls, purse, random)
        buying = Buying(
            name=self.name,
            version=self.version,
            desk=desk,
            random=random,
            polls=polls,
            places=places,
            uploads=Uploads(wire, journal, random),
            sending=Sending(wire, polls, places, journal, purse, random),
            following=Following(wire, polls, places, fetching, journal, purse, polls.typical),
            webhook=hears,
        )
        return RunwareSession(buying, wire.scrubber)
