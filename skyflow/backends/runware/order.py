"""One assignment under way: what was handed over, what there is to say, what went wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVarTuple

from skyflow.backends.runware.wording import Misdirected
from skyflow.errors import AccountRefused, MakeError, Refused, SkyflowError, StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    from skyflow.backends.base import Assignment, Made, Progress
    from skyflow.backends.paid import Keep

Ts = TypeVarTuple("Ts")

TAKES_MAX = 4
"""Takes of one task."""

_WORST = (AccountRefused, Misdirected, StoreError, Refused, MakeError, SkyflowError)


@dataclass(slots=True)
class Order:
    """An assignment and what came of it so far.

    Attributes:
        stop: told why nothing more can be bought, as soon as the account is refused.
        kept: the takes that were handed over.
        notes: what there is to say about it, for people.
    """

    assignment: Assignment
    progress: Progress
    keep: Keep
    stop: Callable[[str], None]
    kept: set[int] = field(default_factory=set)
    errors: list[SkyflowError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    async def hand_over(self, made: Made) -> None:
        """Give a take to the run."""
        await self.keep(made)
        self.kept.add(made.take)
        self.progress(len(self.kept) / len(self.assignment.takes))

    async def guarded(self, work: Callable[[Order, *Ts], Awaitable[None]], *args: *Ts) -> None:
        """Do a part of it; what fails there stops no other part."""
        try:
            await work(self, *args)
        except SkyflowError as error:
            self.failed(error)

    def failed(self, error: SkyflowError) -> None:
        """Take note of what went wrong."""
        self.errors.append(error)
        if isinstance(error, AccountRefused | Misdirected):
            self.stop(error.message)

    def raise_worst(self) -> None:
        """Raise what matters most of all that went wrong."""
        for kind in _WORST:
            for error in self.errors:
                if isinstance(error, kind):
                    raise error


def groups(takes: Iterable[int]) -> Iterator[tuple[int, ...]]:
    """Takes as tasks can bring them: numbers in a row, and no more than one task brings."""
    group: list[int] = []
    for take in sorted(takes):
        if group and (take != group[-1] + 1 or len(group) == TAKES_MAX):
            yield tuple(group)
            group = []
        group.append(take)
    if group:
        yield tuple(group)
