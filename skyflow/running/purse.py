"""The purse: what a run may still spend, and when it must stop spending.

Money is set aside before a task is sent and counted once the provider has said what it cost, so however many tasks
are under way at once, together they cannot pass the budget. Two things stop it early: a bill far above its estimate,
which says that the prices we know are wrong, and results that are paid for and cannot be fetched.
"""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from skyflow.errors import Refused
from skyflow.planning.cost import dollars

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skyflow.backends.paid import Record

SURPRISE = Decimal("1.5")
"""A bill of more than so many times its estimate stops a run."""

FRUITLESS = 3
"""So many results in a row may be paid for and not fetched; one more stops a run."""

NOTHING = Decimal(0)


class Purse:
    """``backends.paid.Purse`` of one run. What is set aside is so by the UUID of its task.

    Attributes:
        limit: USD that the run may cost; None sets no limit.
        stopped: why nothing more may be bought; None while it may.
    """

    def __init__(self, limit: Decimal | None) -> None:
        """A full purse."""
        self.limit = limit
        self.stopped: str | None = None
        self._reserved: dict[str, Decimal] = {}
        self._costs: dict[str, Decimal] = {}
        self._estimates: dict[str, Decimal] = {}
        self._fruitless = 0

    @property
    def reserved(self) -> Decimal:
        """USD set aside for tasks that are under way."""
        return sum(self._reserved.values(), NOTHING)

    @property
    def spent(self) -> Decimal:
        """USD that the finished tasks cost: as reported, and where nothing was, as estimated."""
        return sum(self._costs.values(), NOTHING)

    @property
    def estimated(self) -> Decimal:
        """USD that the finished tasks were estimated at."""
        return sum(self._estimates.values(), NOTHING)

    @property
    def costs(self) -> Mapping[str, Decimal]:
        """``spent``, by the UUID of the task."""
        return MappingProxyType(self._costs)

    @property
    def left(self) -> Decimal | None:
        """USD that may still be set aside, never less than nothing; None where there is no limit."""
        return None if self.limit is None else max(NOTHING, self.limit - self.spent - self.reserved)

    def carry(self, record: Record) -> None:
        """Set aside what a task of an earlier run may still cost; it is under way, so nothing can refuse it."""
        if record.in_flight and record.task.uuid not in self._costs:
            self._reserved.setdefault(record.task.uuid, record.task.estimate)

    def reserve(self, uuid: str, estimate: Decimal) -> None:
        """Set money aside for a task that is to be bought. For one that is under way or finished nothing changes.

        Raises:
            Refused: it would pass the budget, or buying was stopped; ``message`` says which.
        """
        if uuid in self._reserved or uuid in self._costs:
            return
        if self.stopped is not None:
            raise Refused(
                f"nothing more is bought in this run: {self.stopped}", "see `skyflow ledger`, then run again"
            )
        left = self.left
        if self.limit is not None and left is not None and estimate > left:
            what = f"this would cost up to {dollars(estimate)}, and {dollars(left)} of the budget of"
            raise Refused(f"{what} {dollars(self.limit)} is left", "raise the budget, or run again for the rest")
        self._reserved[uuid] = estimate

    def release(self, uuid: str) -> None:
        """Give back what was set aside: the task cost nothing. More often changes nothing."""
        self._reserved.pop(uuid, None)

    def settle(self, uuid: str, cost: Decimal | None) -> None:
        """A task is finished and cost this much in all; more often changes nothing.

        Args:
            cost: USD as reported; where it is None, no amount at all, or nothing, which proves nothing, the
                estimate stands.
        """
        if uuid in self._costs:
            return
        estimate = self._reserved.pop(uuid, None)
        reported = cost if cost is not None and cost.is_finite() and cost > 0 else None
        self._estimates[uuid] = estimate or NOTHING
        self._costs[uuid] = self._estimates[uuid] if reported is None else reported
        if estimate is not None and reported is not None and reported > SURPRISE * estimate:
            self.stop(f"task {uuid} cost {dollars(reported)}, and {dollars(estimate)} was expected")

    def fetched(self) -> None:
        """A result that was paid for has been fetched."""
        self._fruitless = 0

    def not_fetched(self) -> None:
        """A result that was paid for could not be fetched."""
        self._fruitless += 1
        if self._fruitless > FRUITLESS:
            self.stop(f"{self._fruitless} results in a row were paid for and could not be fetched")

    def stop(self, why: str) -> None:
        """Let nothing more be set aside; the first reason is the one that is told."""
        self.stopped = self.stopped or why
