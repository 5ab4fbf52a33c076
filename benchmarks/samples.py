"""Figures that were taken in turn, and what two columns of them say about each other."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Spread:
    """Where the middle of some figures lies, and between what they range."""

    middle: float
    least: float
    most: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Spread:
        """Of at least one figure.

        Raises:
            ValueError: there is none.
        """
        if not figures:
            raise ValueError("nothing was measured")
        return cls(median(figures), min(figures), max(figures))

    @classmethod
    def read(cls, written: Mapping[str, float]) -> Spread:
        return cls(written["middle"], written["least"], written["most"])

    def overlaps(self, other: Spread, margin: float = 0.0) -> bool:
        """Whether the two ranges meet when each is widened by ``margin`` of itself at either end."""
        return self.least * (1 - margin) <= other.most * (1 + margin) and other.least * (1 - margin) <= self.most * (
            1 + margin
        )


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Each of our figures over that of theirs which was taken right beside it.

    Pairs and not medians: what else the machine does meets both of a pair alike.
    """
    return Spread.of([mine / other for mine, other in zip(ours, theirs, strict=True)])
