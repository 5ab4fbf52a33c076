"""How a board is to be run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from skyflow.errors import UsageError
from skyflow.problems import did_you_mean

if TYPE_CHECKING:
    from decimal import Decimal

    from skyflow.board.model import Board


@dataclass(frozen=True, slots=True)
class Retake:
    """More takes of a shot as it stands, beside those that are there; the pick stays."""

    shot: str
    takes: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a board is to be run.

    Attributes:
        jobs: how many shots are made at once; None leaves it to the backend.
        select: the only shots that may be made; others are used where they are there. None selects all, an empty
            set makes nothing and only puts the cut together.
        fail_fast: stop everything at the first failure.
        locked: make nothing; restore what the lock names, or refuse.
        retake: selects its shot, and nothing else.
        max_cost: USD that a run may newly spend, beside the board's own budget; the lower one counts.
        yes: whether somebody has agreed to spend what the plan says. Without it a paid run needs a limit.
        listen: ``HOST:PORT`` on which to hear a provider's webhooks.
        webhook_url: the address under which the provider reaches that.
    """

    jobs: int | None = None
    select: frozenset[str] | None = None
    fail_fast: bool = False
    locked: bool = False
    retake: Retake | None = None
    max_cost: Decimal | None = None
    yes: bool = False
    listen: str | None = None
    webhook_url: str | None = field(default=None, repr=False)

    def checked(self, board: Board) -> Options:
        """These options for a certain board, with what they imply.

        Raises:
            UsageError: they name a shot that the board does not have, or contradict each other.
        """
        if self.jobs is not None and self.jobs < 1:
            raise UsageError(f"{self.jobs} jobs are too few", "give at least 1")
        if self.max_cost is not None and not (self.max_cost.is_finite() and self.max_cost >= 0):
            raise UsageError(f"{self.max_cost} is no amount", "give USD, such as --max-cost 12.50")
        if (self.listen is None) != (self.webhook_url is None):
            raise UsageError(
                "webhooks are heard at one address and sent to another",
                "give both --webhook-listen HOST:PORT and --webhook-url URL",
            )
        for shot in sorted(self.select or ()):
            _check_shot(shot, board)
        if self.retake is None:
            return self
        _check_shot(self.retake.shot, board)
        if board.shots[self.retake.shot].footage:
            raise UsageError(
                f"{self.retake.shot} is footage: there is nothing to make", "retake a shot with a prompt"
            )
        if self.retake.takes < 1 or self.locked:
            raise UsageError("a retake makes at least one take, so it cannot be locked")
        return replace(self, select=frozenset({self.retake.shot}))

    def selects(self, shot: str) -> bool:
        """Whether a shot may be made."""
        return self.select is None or shot in self.select


def _check_shot(shot: str, board: Board) -> None:
    if shot not in board.shots:
        raise UsageError(f"the board has no shot '{shot}'", did_you_mean(shot, board.shots))
