"""A run's session with the provider: each take is brought by a task that is in flight, or else bought.

A new task is bought only where every task that was to bring the take is known to have failed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

from skyflow.backends.paid import Accepted, Failed, Intended
from skyflow.backends.runware import bodies
from skyflow.backends.runware.following import Errand
from skyflow.backends.runware.order import Order, groups
from skyflow.backends.runware.sending import says_taken
from skyflow.backends.runware.wire import Unclear
from skyflow.backends.runware.wording import GIVE_UP, late, numbers

if TYPE_CHECKING:
    from pathlib import Path

    from skyflow.backends.base import Assignment, Made, Progress
    from skyflow.backends.paid import Keep, Record
    from skyflow.backends.runware.buying import Buying
    from skyflow.backends.runware.scrub import Scrubber


@dataclass(frozen=True, slots=True)
class RunwareSession:
    """``backends.paid.Session``, for Runware."""

    buying: Buying
    scrubber: Scrubber
    _by_key: dict[str, anyio.Lock] = field(default_factory=dict)

    async def make(self, assignment: Assignment, progress: Progress, keep: Keep) -> tuple[str, ...]:
        """Bring every take; see ``backends.paid.Session``."""
        order = Order(assignment, progress, keep, self.buying.stop)
        for secret in bodies.secrets_of(assignment, self.buying.webhook).values():
            self.scrubber.know(secret)
        async with self._by_key.setdefault(assignment.key, anyio.Lock()):
            progress(0.0)
            known, free = self._look_up(assignment)
            async with anyio.create_task_group() as group:
                for record, takes in known:
                    group.start_soon(order.guarded, self.buying.resume, record, takes)
                for task in groups(free):
                    group.start_soon(order.guarded, self.buying.buy, task, 1)
        order.raise_worst()
        return tuple(order.notes)

    def _look_up(self, assignment: Assignment) -> tuple[list[tuple[Record, set[int]]], list[int]]:
        """For each take the task that brings it, and the takes that none brings."""
        found: dict[str, tuple[Record, set[int]]] = {}
        free = []
        for take in assignment.takes:
            records = reversed(self.buying.desk.journal.of_take(assignment.key, take))
            record = next((record for record in records if _brings(record, take)), None)
            if record is None:
                free.append(take)
            else:
                found.setdefault(record.task.uuid, (record, set()))[1].add(take)
        return list(found.values()), free

    async def recover(self, record: Record, folder: Path, keep: Keep) -> str:
        """Fetch what is left of a task; see ``backends.paid.Session``."""
        task = record.task
        if isinstance(record.stage, Intended):
            return "it was never sent"
        if record.finished:
            return "there is nothing left to fetch"
        try:
            answer = await self.buying.polls.ask(task.uuid)
        except Unclear as error:
            raise late(task.shot, error.why) from None
        if not record.accepted:
            if not says_taken(answer):
                return (
                    "the provider shows nothing of it; 'skyflow run' sends it again, under the same name, "
                    f"where the board still asks for it; else {GIVE_UP}"
                )
            self.buying.desk.journal.record(Accepted(task.uuid, "poll"))
        fetched: list[int] = []

        async def kept(made: Made) -> None:
            await keep(made)
            fetched.append(made.take)

        left = set(task.takes) - record.kept.keys()
        errand = Errand(task, left, folder, kept, record=record, patient=bool(answer.rows))
        async with self.buying.places.one(there=True):
            outcome = await self.buying.following.follow(errand)
        shown = bool(answer.rows) or bool(fetched)
        if outcome.errors and shown and not outcome.forgotten:
            raise outcome.errors[0]
        said = [f"{numbers(sorted(fetched))} fetched"] if fetched else []
        said += [f"{numbers(outcome.missing)} failed: {outcome.faults[0].said}"] if outcome.faults else []
        said += [f"the provider no longer knows it: {GIVE_UP}"] if outcome.forgotten else []
        return "; ".join(said) or "the provider shows nothing of it now"


def _brings(record: Record, take: int) -> bool:
    """Whether a task has brought a take, or may yet bring it."""
    if isinstance(record.stage, Failed):
        return take in record.kept
    if record.ready is None or not record.ready.whole:
        return True
    return any(arrival.take == take for arrival in record.ready.arrivals)
