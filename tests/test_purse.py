"""The purse: no order of events lets a run pass its budget, and it stops when something is wrong with the prices."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from skyflow.backends.paid import Record, Sent
from skyflow.errors import Refused
from skyflow.running.purse import Purse
from skyflow.running.stages import after
from tests.bought import failure, life, task

TEN = Decimal("10.00")
NOTHING = Decimal(0)


def refused(purse: Purse, uuid: str = "new", estimate: Decimal = Decimal(1)) -> Refused:
    with pytest.raises(Refused) as caught:
        purse.reserve(uuid, estimate)
    return caught.value


def known(until: int, estimate: Decimal = Decimal("2.50")) -> Record:
    """What is known of a task after so many stages."""
    record: Record | None = None
    for stage in life(task("carried", estimate=estimate), until=until):
        record = after(record, stage)
    assert record is not None
    return record


def test_money_is_set_aside_then_spent_at_what_it_cost():
    purse = Purse(TEN)
    purse.reserve("a", Decimal("1.75"))
    purse.reserve("b", Decimal("2.10"))
    assert (purse.reserved, purse.spent, purse.left) == (Decimal("3.85"), NOTHING, Decimal("6.15"))
    purse.settle("a", Decimal("1.50"))
    purse.release("b")
    assert (purse.reserved, purse.spent, purse.estimated) == (NOTHING, Decimal("1.50"), Decimal("1.75"))
    assert purse.costs == {"a": Decimal("1.50")}


def test_what_would_pass_the_budget_is_refused_in_words():
    purse = Purse(TEN)
    purse.reserve("a", Decimal("9.60"))
    error = refused(purse, estimate=Decimal("1.75"))
    assert error.message == "this would cost up to $1.75, and $0.40 of the budget of $10.00 is left"
    assert error.remedy
    assert purse.stopped is None
    purse.reserve("b", Decimal("0.40"))
    assert purse.left == 0


def test_without_a_limit_anything_may_be_bought():
    purse = Purse(None)
    purse.reserve("a", Decimal("1e6"))
    assert (purse.left, purse.reserved) == (None, Decimal("1e6"))


def test_a_budget_of_nothing_buys_nothing():
    assert "$0.00 of the budget of $0.00" in refused(Purse(Decimal(0)), estimate=Decimal("0.01")).message


def test_saying_the_same_again_changes_nothing():
    purse = Purse(TEN)
    for _ in range(2):
        purse.reserve("a", Decimal(6))
    for _ in range(2):
        purse.settle("a", Decimal(5))
    purse.release("a")
    purse.reserve("a", Decimal(6))
    assert (purse.reserved, purse.spent, purse.estimated) == (NOTHING, Decimal(5), Decimal(6))
    purse.reserve("b", Decimal(3))
    purse.release("b")
    purse.release("b")
    assert purse.left == 5


@pytest.mark.parametrize("cost", [None, Decimal("NaN"), Decimal("Infinity"), Decimal(-3), Decimal("sNaN")])
def test_where_no_cost_is_reported_the_estimate_stands(cost):
    purse = Purse(TEN)
    purse.reserve("a", Decimal(4))
    purse.settle("a", cost)
    assert (purse.spent, purse.stopped) == (Decimal(4), None)


def test_a_bill_far_above_its_estimate_stops_all_buying_and_says_which():
    purse = Purse(TEN)
    purse.reserve("a", Decimal(1))
    purse.reserve("b", Decimal(1))
    purse.reserve("c", Decimal(1))
    purse.settle("a", Decimal("1.50"))
    purse.reserve("d", Decimal(0))
    purse.settle("b", Decimal("1.51"))
    assert purse.stopped == "task b cost $1.51, and $1.00 was expected"
    error = refused(purse)
    assert error.message == "nothing more is bought in this run: task b cost $1.51, and $1.00 was expected"
    assert purse.reserved == 1  # what is under way stays so
    purse.reserve("c", Decimal(1))
    purse.settle("c", Decimal(1))
    assert purse.spent == Decimal("4.01")


def test_what_costs_although_it_should_be_free_stops_all_buying():
    purse = Purse(TEN)
    purse.reserve("a", Decimal(0))
    purse.settle("a", Decimal("0.01"))
    assert purse.stopped == "task a cost $0.01, and $0.00 was expected"


def test_four_results_in_a_row_that_cannot_be_fetched_stop_all_buying():
    purse = Purse(TEN)
    for _ in range(3):
        purse.not_fetched()
    purse.fetched()
    for _ in range(3):
        purse.not_fetched()
    purse.reserve("a", Decimal(1))
    purse.not_fetched()
    assert refused(purse).message.endswith("4 results in a row were paid for and could not be fetched")
    purse.fetched()
    assert refused(purse)


def test_the_first_reason_to_stop_is_the_one_that_is_told():
    purse = Purse(None)
    purse.stop("the account is empty")
    purse.stop("something else")
    assert refused(purse).message == "nothing more is bought in this run: the account is empty"


@pytest.mark.parametrize(("until", "expected"), [(1, 0), (2, 1), (3, 1), (4, 1), (5, 0)])
def test_what_is_in_flight_from_an_earlier_run_counts(until, expected):
    purse = Purse(TEN)
    for _ in range(2):
        purse.carry(known(until))
    assert purse.reserved == expected * Decimal("2.50")


def test_what_failed_in_an_earlier_run_does_not_count():
    purse = Purse(TEN)
    record: Record | None = None
    for stage in failure(task("a")):
        record = after(record, stage)
    assert record is not None
    purse.carry(record)
    assert purse.reserved == 0


def test_carrying_never_fails_and_leaves_nothing_to_spend():
    purse = Purse(TEN)
    purse.stop("anything")
    purse.carry(known(3, Decimal(50)))
    assert (purse.reserved, purse.left) == (Decimal(50), NOTHING)
    purse.settle("carried", Decimal(40))
    purse.carry(known(3, Decimal(50)))
    assert (purse.reserved, purse.spent, purse.left) == (NOTHING, Decimal(40), NOTHING)


AMOUNTS = st.decimals(0, 8, places=3)
UUIDS = st.sampled_from("abcde")


class PurseMachine(RuleBasedStateMachine):
    """Anything that a run may tell its purse, in any order; no bill is above its estimate."""

    def __init__(self) -> None:
        super().__init__()
        self.carried = False
        self.under_way: dict[str, Decimal] = {}
        self.finished: dict[str, Decimal] = {}

    @initialize(limit=AMOUNTS)
    def start(self, limit: Decimal) -> None:
        self.limit, self.purse = limit, Purse(limit)

    @rule(uuid=UUIDS, amount=AMOUNTS)
    def reserve(self, uuid: str, amount: Decimal) -> None:
        within = amount == 0 or amount + self.purse.reserved + self.purse.spent <= self.limit
        allowed = self.purse.stopped is None and within
        if uuid in self.under_way or uuid in self.finished:
            self.purse.reserve(uuid, amount)
        elif allowed:
            self.purse.reserve(uuid, amount)
            self.under_way[uuid] = amount
        else:
            refused(self.purse, uuid, amount)

    @rule(uuid=UUIDS)
    def release(self, uuid: str) -> None:
        self.purse.release(uuid)
        self.under_way.pop(uuid, None)

    @rule(uuid=UUIDS, amount=st.none() | AMOUNTS)
    def settle(self, uuid: str, amount: Decimal | None) -> None:
        estimate = self.under_way.pop(uuid, None)
        if estimate is not None:
            self.finished[uuid] = min(amount, estimate) if amount else estimate  # a bill of nothing proves nothing
        if uuid in self.finished:
            self.purse.settle(uuid, self.finished[uuid] if amount is not None else None)

    @precondition(lambda self: self.carried or not self.under_way)
    @rule(uuid=UUIDS, amount=AMOUNTS)
    def carry(self, uuid: str, amount: Decimal) -> None:
        self.carried = True
        self.purse.carry(Record(task=task(uuid, estimate=amount), stage=Sent(uuid)))
        if uuid not in self.finished:
            self.under_way.setdefault(uuid, amount)

    @rule(fetched=st.booleans())
    def try_to_fetch(self, *, fetched: bool) -> None:
        (self.purse.fetched if fetched else self.purse.not_fetched)()

    @invariant()
    def not_a_cent_is_lost_and_none_too_many_spent(self) -> None:
        assert self.purse.reserved == sum(self.under_way.values(), NOTHING) >= 0
        assert self.purse.costs == self.finished
        assert self.purse.spent == sum(self.finished.values(), NOTHING)
        assert self.purse.left is not None
        assert self.purse.left >= 0
        if not self.carried:
            assert self.purse.spent + self.purse.reserved <= self.limit


TestAnythingInAnyOrder = PurseMachine.TestCase
TestAnythingInAnyOrder.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
