"""How long to wait before asking again: twice as long each time, and never the same as everybody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random


@dataclass(slots=True)
class Backoff:
    """The waits of one thing that is tried again and again.

    Attributes:
        seconds: the next one, before jitter.
        most: the longest, unless the provider names a longer one.
    """

    random: Random
    seconds: float = 1.0
    most: float = 30.0

    def next(self, told: float | None = None) -> float:
        """Seconds to wait now.

        Args:
            told: what the provider asks for; it is never undercut, and nothing at once asks for nothing.
        """
        wait = min(self.seconds, self.most)
        self.seconds = min(self.seconds * 2, self.most)
        jitter = self.random.random()
        return max(told, 1.0) + jitter if told else wait * (0.5 + jitter / 2) + jitter / 10
