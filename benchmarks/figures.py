"""What a bench has measured, and its form on the disk."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.goals import GOALS
from benchmarks.samples import Spread, ratios

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of skyflow beside one of somebody else.

    Attributes:
        key: names the measure, such as ``plan-1000``; several figures may share it, each beside another peer.
        beside: who stands beside it; empty where the figure stands alone.
        ours, theirs: in ``unit``.
        ratio: ours over theirs, pair by pair; None where it stands alone.
        missing: why there is no figure.
    """

    key: str
    beside: str = ""
    unit: str = "s"
    ours: Spread | None = None
    theirs: Spread | None = None
    ratio: Spread | None = None
    missing: str = ""
    note: str = ""

    @property
    def name(self) -> str:
        return f"{self.key} beside {self.beside}" if self.beside else self.key

    @property
    def counts(self) -> float | None:
        """What is held against the goal."""
        spread = self.ratio or self.ours
        return None if self.missing or spread is None else spread.middle

    @property
    def verdict(self) -> str:
        """Whether the goal is reached, in a word; empty for a peer that no goal names."""
        goal = GOALS.get(self.key)
        if goal is None or self.beside != goal.beside:
            return ""
        return "not measured" if self.counts is None else goal.reached(self.counts)


def beside(  # noqa: PLR0913 - the columns of a row
    key: str, peer: str, ours: Sequence[float], theirs: Sequence[float], *, unit: str = "s", note: str = ""
) -> Figure:
    """A figure beside a peer's that was taken in turn with it."""
    return Figure(key, peer, unit, Spread.of(ours), Spread.of(theirs), ratios(ours, theirs), note=note)


def alone(key: str, ours: Sequence[float], *, unit: str = "s", note: str = "") -> Figure:
    return Figure(key, "", unit, Spread.of(ours), note=note)


def missing(key: str, why: str, peer: str = "") -> Figure:
    """The place of a figure that could not be taken, with the reason."""
    return Figure(key, peer, missing=why)


@dataclass(frozen=True, slots=True)
class Figures:
    """A whole bench.

    Attributes:
        about: the machine in general terms, and the versions of all that took part.
        curves: for the plots: seconds by measure, by who, by the number of shots.
    """

    rows: tuple[Figure, ...]
    about: dict[str, str] = field(default_factory=dict)
    curves: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)

    def over(self, older: Figures) -> Figures:
        """These, and of an earlier bench what these have not measured again."""
        fresh = {row.name for row in self.rows}
        curves = {
            measure: {
                who: older.curves.get(measure, {}).get(who, {}) | self.curves.get(measure, {}).get(who, {})
                for who in older.curves.get(measure, {}).keys() | self.curves.get(measure, {}).keys()
            }
            for measure in older.curves.keys() | self.curves.keys()
        }
        kept = (row for row in older.rows if row.name not in fresh)
        return Figures((*kept, *self.rows), self.about, curves)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")

    @classmethod
    def load(cls, path: Path) -> Figures:
        """What ``save`` wrote.

        Raises:
            OSError, ValueError, KeyError, TypeError: there is none, or it is something else.
        """
        written = json.loads(path.read_text("utf-8"))
        return cls(tuple(_figure(row) for row in written["rows"]), written["about"], written["curves"])


def _figure(written: Mapping[str, Any]) -> Figure:
    spreads = {
        name: Spread.read(value) if value is not None else None
        for name, value in written.items()
        if name in ("ours", "theirs", "ratio")
    }
    return Figure(**{**written, **spreads})
