"""How many tasks may be at the provider at once.

It publishes no number: latency grows first, then it answers 429. So this starts small, grows while tasks come back
as fast as before, and halves when told off, once for all that were told off together.
"""

from __future__ import annotations

from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

START = 4
SLOWER = 2.0
"""By which factor tasks may become slower before no more are sent at once."""
_SMOOTH = 0.3


@dataclass(slots=True)
class Pace:
    """How fast something goes now against how fast it went at its best, both smoothed."""

    now: float | None = None
    best: float | None = None

    def holds(self, seconds: float) -> bool:
        """Take in one more; say whether it still goes about as fast as at its best."""
        self.now = seconds if self.now is None else self.now + _SMOOTH * (seconds - self.now)
        self.best = self.now if self.best is None else min(self.best, self.now)
        return self.now <= SLOWER * self.best


@dataclass(slots=True)
class Places:
    """The places at the provider. Who waits longest gets the next one.

    Attributes:
        most: never more than this.
        size: how many there are now.
        busy: how many are taken; what was sent by an earlier run counts too and may exceed ``size``.
    """

    most: int
    size: float = 0
    busy: int = 0
    _steady: bool = False
    _halved: float = float("-inf")
    _waiting: deque[anyio.Event] = field(default_factory=deque)
    _plain: Pace = field(default_factory=Pace)
    _for_its_size: Pace = field(default_factory=Pace)

    def __post_init__(self) -> None:
        self.most = max(1, self.most)
        self.size = min(START, self.most)

    @asynccontextmanager
    async def one(self, *, there: bool = False) -> AsyncIterator[None]:
        """Hold a place.

        Args:
            there: the task is at the provider already: it takes a place and waits for none.
        """
        if not there and (self._waiting or self.busy >= int(self.size)):
            await self._turn()
        else:
            self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1
            self._admit()

    async def _turn(self) -> None:
        """Wait in the queue. Who wakes one has taken the place for it."""
        mine = anyio.Event()
        self._waiting.append(mine)
        try:
            await mine.wait()
        except BaseException:
            if mine.is_set():
                self.busy -= 1
                self._admit()
            else:
                self._waiting.remove(mine)
            raise

    def _admit(self) -> None:
        while self._waiting and self.busy < int(self.size):
            self.busy += 1
            self._waiting.popleft().set()

    def came_back(self, seconds: float, weight: float = 1.0) -> None:
        """A task came back well.

        Args:
            seconds: how long it took.
            weight: how much there was to do. A long shot takes long anywhere, so only what is slow both for itself
                and for its weight says that the queue has grown.
        """
        plain, sized = self._plain.holds(seconds), self._for_its_size.holds(seconds / max(weight, 1e-9))
        if plain or sized:
            self.size = min(self.most, self.size + (1 / self.size if self._steady else 1))
            self._admit()

    def told_off(self, sent: float) -> None:
        """The provider's queue is full.

        Args:
            sent: when the request was sent, by the event loop's clock; what was sent before the last halving is
                answered by it.
        """
        if sent >= self._halved:
            self.size = max(1.0, self.size / 2)
            self._steady = True
            self._halved = anyio.current_time()
