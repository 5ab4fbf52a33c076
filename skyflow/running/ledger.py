"""The ledger: every attempt that the journal knows, what became of it and what it cost, as far as anybody knows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypeAlias

from skyflow.backends.paid import Failed, Intended

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skyflow.backends.paid import Record, Refusal, Task

State: TypeAlias = Literal["not sent", "in flight", "kept", "failed"]
Billed: TypeAlias = Literal["billed", "unbilled", "unknown"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One attempt.

    Attributes:
        began: seconds since the epoch.
        kept: the takes that are in the store.
        billed: whether it cost something; unknown until somebody says so.
        cost: USD as reported, more than nothing; None where nothing was.
        said: what the provider said instead of takes.
    """

    task: Task
    began: float
    kept: tuple[int, ...]
    state: State
    billed: Billed
    cost: Decimal | None
    said: str

    @property
    def amount(self) -> Decimal:
        """USD that it cost or may cost: the estimate where no cost was reported."""
        return self.task.estimate if self.cost is None else self.cost


@dataclass(frozen=True, slots=True)
class Totals:
    """USD of a ledger's entries, each counted once.

    Attributes:
        billed: as reported, and as estimated where all that is known is that it cost something.
        in_flight: estimates of what is under way and has reported no cost yet.
        unknown: estimates of what ended without anybody saying whether it cost something.
    """

    billed: Decimal
    in_flight: Decimal
    unknown: Decimal


def attempts(records: Iterable[Record], board: str | None) -> tuple[Entry, ...]:
    """The entries of a board, or of all of them where it is None; in the order of the records."""
    return tuple(_entry(record) for record in records if board is None or record.task.board == board)


def totals(entries: Iterable[Entry]) -> Totals:
    """What the entries come to."""
    sums = {"billed": Decimal(0), "in flight": Decimal(0), "unknown": Decimal(0), "unbilled": Decimal(0)}
    for entry in entries:
        sums["in flight" if entry.state == "in flight" and entry.billed == "unknown" else entry.billed] += (
            entry.amount
        )
    return Totals(sums["billed"], sums["in flight"], sums["unknown"])


def _entry(record: Record) -> Entry:
    cost = _cost(record)
    return Entry(
        task=record.task,
        began=record.began,
        kept=tuple(sorted(record.kept)),
        state=_state(record),
        billed=_billed(record, cost),
        cost=cost,
        said="; ".join(dict.fromkeys(f"{one.code}: {one.message}" for one in _refusals(record))),
    )


def _state(record: Record) -> State:
    if isinstance(record.stage, Intended):
        return "not sent"
    if not record.finished:
        return "in flight"
    return "kept" if record.kept else "failed"


def _cost(record: Record) -> Decimal | None:
    """All that was reported for a task's takes; a report of nothing is none, since no take is free."""
    arrivals = record.ready.arrivals if record.ready else ()
    reported = [one.cost for one in arrivals if one.cost is not None and one.cost > 0]
    return sum(reported, Decimal(0)) or None


def _billed(record: Record, cost: Decimal | None) -> Billed:
    if isinstance(record.stage, Intended):
        return "unbilled"
    if cost is not None:
        return "billed"
    if not record.finished or record.kept:
        return "unknown"
    said = {one.billed for one in _refusals(record)}
    if "billed" in said:
        return "billed"
    return "unbilled" if said == {"unbilled"} else "unknown"


def _refusals(record: Record) -> tuple[Refusal, ...]:
    """All that the provider refused of a task, its end last."""
    single = record.ready.refusals if record.ready else ()
    return (*single, record.stage.refusal) if isinstance(record.stage, Failed) else single
