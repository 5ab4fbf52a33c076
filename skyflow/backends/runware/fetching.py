"""A take that is finished at the provider comes home, and is believed once it has been looked at."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import anyio

from skyflow.backends.base import Made
from skyflow.backends.runware.downloads import Cut, Partial, Stale
from skyflow.backends.runware.wire import Unclear
from skyflow.backends.runware.wording import not_fetched
from skyflow.errors import MakeError, MediaError
from skyflow.planning.takes import Receipt

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from skyflow.backends.paid import Arrival, Keep, Purse, Task
    from skyflow.backends.runware.downloads import Downloads
    from skyflow.backends.runware.polls import Polls

DELAYS = (2.0, 5.0, 10.0, 15.0, 20.0)
"""Seconds between tries: a file may not be there yet when it is announced."""
TURNS_MAX = 50
"""Tries in all; each may bring a piece more."""
BAD_MAX = 4
"""How often a file that turns out to be no clip is fetched."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One finished take.

    Attributes:
        number: which row of its task it was.
        url: where it is, as far as that is known; never shown.
    """

    task: Task
    arrival: Arrival
    number: int
    url: str | None


@dataclass(frozen=True, slots=True)
class Fetching:
    """Brings finished takes into a run."""

    downloads: Downloads
    polls: Polls
    purse: Purse
    random: Random

    async def fetch(self, wanted: Wanted, folder: Path, keep: Keep) -> None:
        """Download a take and hand it over.

        Raises:
            MakeError: it does not come; it stays in the journal as ready.
            AccountRefused, StoreError: as they are.
        """
        try:
            await self._fetch(wanted, folder, keep)
        except (MakeError, MediaError, OSError):
            self.purse.not_fetched()
            raise
        self.purse.fetched()

    async def _fetch(self, wanted: Wanted, folder: Path, keep: Keep) -> None:
        suffix = str(wanted.task.body.get("outputFormat", "mp4")).lower()
        partial = Partial(
            folder / f"{wanted.arrival.take}-{wanted.task.uuid}.{suffix if suffix.isalnum() else 'mp4'}"
        )
        url, why, tried, bad = wanted.url, "", 0, 0
        for turn in count(1):
            before = partial.there
            try:
                url = url or await self._fresh(wanted)
                await self.downloads.get(url, partial)
                await keep(self._made(wanted, partial.path))
            except Cut as cut:
                why, told = cut.why, cut.told
                url = None if isinstance(cut, Stale) else url
                tried = 0 if partial.there > before else tried + 1
            except MediaError as error:
                why, told, url, bad = error.message, None, None, bad + 1
                partial.drop()
            else:
                return
            if bad >= BAD_MAX or tried > len(DELAYS) or turn == TURNS_MAX:
                raise not_fetched(wanted.task.shot, wanted.arrival.take, why)
            await anyio.sleep(told or DELAYS[max(0, tried - 1)] + self.random.random())

    async def _fresh(self, wanted: Wanted) -> str:
        """The take's address, asked for anew."""
        try:
            answer = await self.polls.ask(wanted.task.uuid)
        except Unclear as error:
            raise Stale(error.why) from None
        done = [row for row in answer.rows if row.state == "done"]
        named = wanted.arrival.video_uuid
        row = next((row for row in done if row.video_uuid == named), None)
        if row is None and ":" in named and wanted.number < len(done):
            row = done[wanted.number]
        if row is None or row.url is None:
            raise Stale("the provider has no address of it now")
        return row.url

    @staticmethod
    def _made(wanted: Wanted, path: Path) -> Made:
        arrival = wanted.arrival
        what = f"take {arrival.take} of {wanted.task.shot}"
        notes = (f"the provider flagged {what} as NSFW; it was paid for and is kept",) if arrival.nsfw else ()
        receipt = Receipt(wanted.task.uuid, arrival.video_uuid, arrival.cost, arrival.nsfw)
        return Made(arrival.take, str(path), arrival.seed, notes, receipt)
