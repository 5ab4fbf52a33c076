"""Holds a fresh bench against the committed figures, and says what moved by more than its spread.

    make bench-check                            after make bench or make bench-quick
    python -m benchmarks.compare OLD NEW

Ends with 1 where something became worse, so that a person looks; no test asks it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from benchmarks.environments import BENCH, ROOT
from benchmarks.figures import Figures
from benchmarks.goals import GOALS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.figures import Figure

MARGIN = 0.1
"""Ranges that come this close to each other have not moved: three or five rounds do not show all of a spread."""


@dataclass(frozen=True, slots=True)
class Move:
    """A figure that is no longer where it was.

    Attributes:
        old, new: the ratio, or the figure itself where it stands alone.
    """

    name: str
    old: float
    new: float
    way: Literal["better", "worse", "gone"]


def moved(old: Figures, new: Figures) -> Iterator[Move]:
    """Every figure whose range left the committed one's; figures that only one of the two has do not count,
    unless it was there and now fails.
    """
    fresh = {row.name: row for row in new.rows}
    for row in old.rows:
        now = fresh.get(row.name)
        if row.missing or now is None:
            continue
        move = _move(row, now)
        if move:
            yield move


def _move(old: Figure, new: Figure) -> Move | None:
    before, after = old.ratio or old.ours, new.ratio or new.ours
    assert before
    if new.missing or after is None:
        return Move(old.name, before.middle, float("nan"), "gone")
    if before.overlaps(after, MARGIN):
        return None
    more = old.key in GOALS and GOALS[old.key].more
    rose = after.middle > before.middle
    return Move(old.name, before.middle, after.middle, "better" if rose == more else "worse")


def main() -> int:
    files = [Path(name) for name in sys.argv[1:3]] or [ROOT / "benchmarks" / "figures.json", BENCH / "figures.json"]
    try:
        old, new = map(Figures.load, files)
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"there are no figures to compare: {error}", file=sys.stderr)
        return 2
    moves = list(moved(old, new))
    for move in moves:
        print(f"{move.way:7} {move.name:44} {move.old:8.3g} -> {move.new:.3g}")
    print(f"{len(moves)} of {len(old.rows)} figures moved beyond their spread")
    return int(any(move.way != "better" for move in moves))


if __name__ == "__main__":
    sys.exit(main())
