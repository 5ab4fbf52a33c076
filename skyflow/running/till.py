"""What a run buys takes with: the journal, the purse and the backend's open session."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from skyflow.errors import Refused
from skyflow.planning.cost import dollars
from skyflow.running.outcome import Bill

if TYPE_CHECKING:
    from skyflow.backends.paid import Journal, Session
    from skyflow.board.model import Board
    from skyflow.planning.plan import Plan
    from skyflow.running.options import Options
    from skyflow.running.purse import Purse


NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Till:
    """The parts, together."""

    journal: Journal
    purse: Purse
    session: Session


def limit_of(board: Board, options: Options) -> Decimal | None:
    """USD that one run may spend: the lower of the board's budget and of what this run was given."""
    limits = [limit for limit in (board.budget, options.max_cost) if limit is not None]
    return min(limits, default=None)


def due_of(whole: Plan, options: Options) -> Decimal:
    """USD that a run would newly spend, at most, on the shots that it may make."""
    if not whole.maker.paid:
        return Decimal(0)
    due = sum((step.due for step in whole.steps if options.selects(step.shot.id)), Decimal(0))
    retake = options.retake
    if retake is None:
        return due
    step = next(step for step in whole.steps if step.shot.id == retake.shot)
    return due + step.cost * retake.takes / step.shot.takes


def see_consent(due: Decimal, limit: Decimal | None, options: Options, carried: Decimal = NOTHING) -> None:
    """See that somebody agreed to what a run would spend, before it spends anything.

    Args:
        carried: USD for what is in flight of earlier runs, which counts against this run's limit too.

    Raises:
        Refused: it would pass its limit, or nobody agreed.
    """
    if not due:
        return
    if limit is not None and due + carried > limit:
        beside = f" beside {dollars(carried)} that is in flight" if carried else ""
        raise Refused(
            f"this run would cost {dollars(due)}{beside}, and it may spend {dollars(limit)}",
            "raise the budget or --max-cost, or make fewer shots with --select",
        )
    if limit is None and not options.yes:
        raise Refused(
            f"this run would cost {dollars(due)}, and nobody agreed to it",
            "give --yes, a limit with --max-cost, or the board a `budget`",
        )


def bill_of(purse: Purse) -> Bill | None:
    """What a run spent; None where nothing was bought and nothing stood in the way of it."""
    if not purse.costs and not purse.stopped:
        return None
    return Bill(purse.spent, purse.estimated, purse.stopped)
