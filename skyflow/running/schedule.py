"""Which shot is next. Pure: it is told what ended and how, and never looks.

A shot is ready when all that it depends on has ended well. Of the ready ones, the one with the longest path of
work still behind it goes first, since that path is what the run's end waits for; ties go in file order. A failure
is passed on as data: each shot after the failed one is skipped and knows which one failed.
"""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from fractions import Fraction


class Schedule:
    """The order of a run as it unfolds."""

    def __init__(self, depends_on: Mapping[str, Sequence[str]], weights: Mapping[str, int | Fraction]) -> None:
        """Start with nothing done.

        Args:
            depends_on: for every shot, in file order, those that must end well before it.
            weights: how much work each shot is, in any one unit, at least 0.
        """
        self._waits: dict[str, set[str]] = {shot: set(before) for shot, before in depends_on.items()}
        self._after: dict[str, list[str]] = {shot: [] for shot in depends_on}
        for shot, before in self._waits.items():
            for earlier in before:
                self._after[earlier].append(shot)
        path = remaining(self._after, weights)
        self._priority = {shot: place for place, shot in enumerate(sorted(depends_on, key=lambda shot: -path[shot]))}
        self._ready = sorted((shot for shot, before in self._waits.items() if not before), key=self.priority)
        self._skipped: dict[str, str] = {}

    def priority(self, shot: str) -> int:
        """What ready shots are sorted by, the first first."""
        return self._priority[shot]

    def pop(self) -> str | None:
        """The next ready shot, which is given out once; None where none is ready now."""
        return self._ready.pop(0) if self._ready else None

    def finish(self, shot: str) -> None:
        """A shot has ended well; those that waited only for it are ready."""
        for later in self._after[shot]:
            self._waits[later].discard(shot)
            if not self._waits[later] and later not in self._skipped:
                insort(self._ready, later, key=self.priority)

    def fail(self, shot: str) -> tuple[str, ...]:
        """A shot has failed; gives those that are skipped because of it, in file order, each only once."""
        found: set[str] = set()
        edge = [shot]
        while edge:
            later = [name for name in self._after[edge.pop()] if name not in found and name not in self._skipped]
            found.update(later)
            edge.extend(later)
        self._skipped |= dict.fromkeys(found, shot)
        return tuple(name for name in self._waits if name in found)


def remaining(after: Mapping[str, Iterable[str]], weights: Mapping[str, int | Fraction]) -> dict[str, int | Fraction]:
    """For each shot the weight of the heaviest path that starts with it, itself included."""
    path: dict[str, int | Fraction] = {}
    for start in after:
        stack = [start]
        while stack:  # a stack of our own: a chain of shots may be longer than Python's
            shot = stack[-1]
            unknown = [later for later in after[shot] if later not in path]
            if unknown:
                stack.extend(unknown)
            else:
                stack.pop()
                path[shot] = weights[shot] + max((path[later] for later in after[shot]), default=0)
    return path
