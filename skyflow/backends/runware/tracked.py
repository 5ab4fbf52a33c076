"""What is known of one task that the provider has, as answers come in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from skyflow.backends.paid import Arrival, Failed, Ready
from skyflow.backends.runware.answers import PENNY
from skyflow.backends.runware.errors import Fault
from skyflow.backends.runware.wording import refusal

if TYPE_CHECKING:
    from collections.abc import Collection

    from skyflow.backends.paid import Record, Task
    from skyflow.backends.runware.answers import Answer, Row
    from skyflow.backends.runware.errors import Kind


NEAR = Decimal("0.1")
"""How far, as a share, a reported cost may be from an estimate and still be what was estimated."""

_MEDIUM = re.compile(r"image|video|audio|media|file|input|frame", re.IGNORECASE)


@dataclass(slots=True)
class Tracked:
    """One task.

    Attributes:
        began: takes whose fetching has begun, or that nobody wants.
        arrivals: by take.
        rows: by take, with the place among the finished rows; only those that an answer of this run showed.
        faults: all that the provider has said.
        lost: it says that it does not know the task.
        shown: the last answer says something of it; what it does not show is not at its end for that.
        running: the last answer shows something that is not finished.
        whole: nothing more will come.
        expected: how many takes it brings or fails to bring, where somebody else asked for them and that is known.
    """

    task: Task
    began: set[int]
    arrivals: dict[int, Arrival] = field(default_factory=dict)
    rows: dict[int, tuple[int, Row]] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    lost: Fault | None = None
    shown: bool = False
    running: bool = False
    whole: bool = False
    expected: int | None = None

    @classmethod
    def of(cls, task: Task, wanted: Collection[int], record: Record | None) -> Tracked:
        """What is known before the first answer."""
        tracked = cls(task, set(task.takes) - set(wanted))
        if record is not None and record.ready is not None:
            tracked.arrivals = {arrival.take: arrival for arrival in record.ready.arrivals}
            tracked.faults = tuple(
                Fault(one.code, one.message, cast("Kind", one.kind)) for one in record.ready.refusals
            )
            tracked.whole = record.ready.whole
        return tracked

    def take_in(self, answer: Answer, *, settled: bool = False) -> bool:
        """Learn from an answer; say whether there is something new for the journal.

        Args:
            settled: nothing has changed for so long that what this answer shows is all there will be, unless some
                of it still runs.
        """
        before = dict(self.arrivals), self.faults, self.whole
        done = [row for row in answer.rows if row.state == "done"]
        self.running = len(done) < len(answer.rows)
        placed = len(answer.rows) == len(self.task.takes)
        for place, row in enumerate(answer.rows):
            if row.state == "done":
                self._arrived(row, place, self.task.takes[place] if placed else None, self._share(row, done))
        if not settled:  # a failure is what was said twice, and this answer was asked for once
            self._failed(answer)
        self.shown = not self.lost and bool(answer.rows or answer.faults)
        if self.shown and not self.running:
            came = len(self.arrivals) + len(self.faults)
            settled = settled and self.expected is None
            self.whole = self.whole or settled or came >= (self.expected or len(self.task.takes))
        return before != (self.arrivals, self.faults, self.whole)

    def _share(self, row: Row, done: Collection[Row]) -> Decimal | None:
        """What one take cost. Where each row tells the cost of the whole task, it is the take's part of that."""
        cost, count, whole = row.cost, len(self.task.takes), self.task.estimate
        if cost is None or count == 1 or any(other.cost != cost for other in done):
            return cost
        if abs(cost - whole) > NEAR * whole or abs(cost - whole / count) <= NEAR * whole / count:
            return cost
        return Decimal(f"{(cost / count).quantize(PENNY):f}".rstrip("0").rstrip("."))

    def _arrived(self, row: Row, place: int, best: int | None, cost: Decimal | None) -> None:
        """Give a row its take: the one it had, else that of its place, else the lowest that is free."""
        name = row.video_uuid or f"{self.task.uuid}:{place}"
        take = next((take for take, known in self.arrivals.items() if known.video_uuid == name), None)
        if take is None:
            free = [take for take in self.task.takes if take not in self.arrivals]
            take = best if best in free else next(iter(free), None)
        if take is not None:
            self.arrivals.setdefault(take, Arrival(take, name, row.seed, row.nsfw, cost))
            self.rows[take] = place, row

    def _failed(self, answer: Answer) -> None:
        """Learn of failures. A conflict is told of a task that was sent twice, and says nothing of how it went."""
        faults = tuple(fault for fault in answer.faults if fault.kind != "conflict")
        absent = [fault for fault in faults if fault.kind == "notFound" and not self._of_a_medium(fault)]
        self.lost = absent[0] if absent and not answer.rows else None
        if not self.lost and len(faults) > len(self.faults):
            self.faults = faults

    def _of_a_medium(self, fault: Fault) -> bool:
        """Whether it is something that the task needs which is not found, and not the task."""
        return "inputs" in self.task.body and _MEDIUM.search(fault.code) is not None

    def ready(self) -> list[int]:
        """Takes that can be fetched now and are not being fetched."""
        return [take for take in sorted(self.rows) if take not in self.began]

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be asked."""
        return self.whole and set(self.arrivals) <= self.began

    @property
    def resting(self) -> bool:
        """Whether it shows takes or failures, fewer than it should, and nothing that runs."""
        return self.shown and not self.whole and not self.running and bool(self.arrivals or self.faults)

    @property
    def missing(self) -> tuple[int, ...]:
        """The takes that have not arrived."""
        return tuple(take for take in self.task.takes if take not in self.arrivals)

    @property
    def cost(self) -> Decimal | None:
        """What its takes cost in all, if all say so; one that failed may have been billed, so its estimate stands."""
        costs = [arrival.cost for arrival in self.arrivals.values()]
        known = [cost for cost in costs if cost is not None]
        if not known or len(known) < len(costs):
            return None
        failed = len(self.missing) if self.faults else 0
        return sum(known, Decimal(0)) + self.task.estimate * failed / len(self.task.takes)

    def stage(self) -> Ready | Failed:
        """It as a stage for the journal."""
        if self.whole and not self.arrivals:
            return Failed(self.task.uuid, refusal(self.faults[0]))
        arrivals = tuple(self.arrivals[take] for take in sorted(self.arrivals))
        return Ready(self.task.uuid, arrivals, tuple(map(refusal, self.faults)), whole=self.whole)
