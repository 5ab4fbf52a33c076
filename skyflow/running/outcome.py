"""What became of each shot, and of the run: a closed set of cases, each with all that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from skyflow.errors import ExitCode

if TYPE_CHECKING:
    from decimal import Decimal
    from pathlib import Path

    from skyflow.errors import SkyflowError
    from skyflow.media.cut import CutFacts


@dataclass(frozen=True, slots=True)
class Made:
    """At least one take was made.

    Attributes:
        takes: the numbers of those.
        clip: SHA-256 of the picked take, made now or before.
        seconds: how long that took, by the event loop's clock.
        notes: what the backend has to say about it, for people.
        cost: USD that the provider reported for those takes; None where it reported nothing, or nothing was bought.
    """

    shot: str
    takes: tuple[int, ...]
    clip: str
    seconds: float
    notes: tuple[str, ...] = ()
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Reused:
    """Every take that is wanted was there."""

    shot: str
    clip: str


@dataclass(frozen=True, slots=True)
class Footage:
    """The shot is an existing clip."""

    shot: str
    clip: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The shot could not be made; ``error`` has message and remedy."""

    shot: str
    error: SkyflowError


@dataclass(frozen=True, slots=True)
class Skipped:
    """Never tried, because an earlier shot failed: the one that did, not one that was itself skipped."""

    shot: str
    because: str


@dataclass(frozen=True, slots=True)
class NotSelected:
    """Something is to be made, but not in this run. ``clip`` is the picked take where that is there all the same."""

    shot: str
    reason: str
    clip: str | None = None


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The run stopped before this shot was begun or finished."""

    shot: str


Outcome: TypeAlias = Made | Reused | Footage | Failed | Skipped | NotSelected | Interrupted


@dataclass(frozen=True, slots=True)
class Cut:
    """The final edit is there and shows what the board says.

    Attributes:
        made: whether this run put it together.
        facts: what it came to, where this run put it together.
    """

    path: Path
    made: bool
    facts: CutFacts | None = None


@dataclass(frozen=True, slots=True)
class NoCut:
    """The final edit could not be put together.

    Attributes:
        reason: why, in a few words.
        old: the cut of an earlier run where one stands; it is kept, and it does not show this board.
        error: where assembling was tried and failed.
    """

    reason: str
    old: Path | None = None
    error: SkyflowError | None = None


@dataclass(frozen=True, slots=True)
class Bill:
    """What a run spent.

    Attributes:
        spent: USD, as the provider reported it; a task without a report counts with its estimate.
        estimated: what the same tasks were to cost.
        stopped: why submission was stopped before the end, or None.
    """

    spent: Decimal
    estimated: Decimal
    stopped: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A whole run.

    Attributes:
        outcomes: one per shot, in file order.
        out: the folder with the clips under names for people.
        seconds: how long it took, by the event loop's clock.
        bill: what was spent; None for a backend that costs nothing, or where nothing was bought.
        fetched: of each task of an earlier run that this board no longer asks for, what came of it.
        unfetched: why those of them that could not be fetched could not.
    """

    board: str
    backend: str
    outcomes: tuple[Outcome, ...]
    cut: Cut | NoCut
    out: Path
    seconds: float
    bill: Bill | None = None
    fetched: tuple[str, ...] = ()
    unfetched: tuple[SkyflowError, ...] = ()

    @property
    def made(self) -> tuple[Made, ...]:
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, Made))

    @property
    def failed(self) -> tuple[Failed, ...]:
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, Failed))

    @property
    def idle(self) -> bool:
        """Whether all was there and nothing was done, bought or left out."""
        there = all(isinstance(outcome, Reused | Footage) for outcome in self.outcomes)
        return there and isinstance(self.cut, Cut) and not self.cut.made and not self.bill and not self.fetched

    @property
    def exit_code(self) -> ExitCode:
        """DONE, unless a shot or the cut was tried and failed; what all failures share decides how."""
        codes = {error.exit_code for error in (*(failure.error for failure in self.failed), *self.unfetched)}
        if isinstance(self.cut, NoCut) and self.cut.error is not None:
            codes.add(ExitCode.SHOT_FAILED)
        if ExitCode.ACCOUNT_REFUSED in codes:
            return ExitCode.ACCOUNT_REFUSED
        if codes == {ExitCode.REFUSED} or (self.bill and self.bill.stopped and not codes):
            return ExitCode.REFUSED
        return ExitCode.SHOT_FAILED if codes else ExitCode.DONE
