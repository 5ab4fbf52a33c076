"""Takes are bought, or brought by a task that was bought before.

What the provider reports as failed is tried again under a new attempt where that can help, a few times and within
the purse; what nobody knows the end of is never bought again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from skyflow.backends.paid import Accepted, Intended, Sent, Task
from skyflow.backends.runware import bodies
from skyflow.backends.runware.errors import PASSING, Fault
from skyflow.backends.runware.following import Errand, Outcome
from skyflow.backends.runware.identity import task_uuid
from skyflow.backends.runware.order import groups
from skyflow.backends.runware.sending import TurnedDown, says_taken
from skyflow.backends.runware.waits import Backoff
from skyflow.backends.runware.wire import Unclear
from skyflow.backends.runware.wording import not_sent, numbers, refused
from skyflow.errors import MakeError, Refused

if TYPE_CHECKING:
    from collections.abc import Collection
    from random import Random

    from skyflow.backends.paid import Desk, Record
    from skyflow.backends.runware.following import Following
    from skyflow.backends.runware.order import Order
    from skyflow.backends.runware.places import Places
    from skyflow.backends.runware.polls import Polls
    from skyflow.backends.runware.sending import Sending
    from skyflow.backends.runware.uploads import Uploads

ATTEMPTS = 3
"""Tasks that one run buys for the same take, each after the one before has failed."""

_NOTHING = Fault("", "fewer takes came than were asked for", "provider")


@dataclass(slots=True)
class Buying:
    """Brings takes.

    Attributes:
        name, version: of the backend, for the journal.
        webhook: where the provider may tell of finished tasks; it holds a secret.
        stopped: why nothing more is sent in this session.
    """

    name: str
    version: str
    desk: Desk
    random: Random
    polls: Polls
    places: Places
    uploads: Uploads
    sending: Sending
    following: Following
    webhook: str | None = None
    stopped: str = ""

    async def buy(self, order: Order, takes: tuple[int, ...], nth: int = 1) -> None:
        """Buy takes that no task brings.

        Args:
            nth: which of this run's attempts at them it is.
        """
        assignment = order.assignment
        tried = ((take, self.desk.journal.of_take(assignment.key, take)) for take in takes)
        records = [record for take, before in tried for record in before if not _was_for_fewer(record, take)]
        attempt = 1 + max((record.task.attempt for record in records), default=0)
        uuid = task_uuid(assignment.key, takes[0], attempt)
        named = await self.uploads.names(assignment)
        secrets = bodies.secrets_of(assignment, self.webhook)
        task = Task(
            uuid=uuid,
            attempt=attempt,
            board=self.desk.board,
            backend=self.name,
            backend_version=self.version,
            model=str(assignment.request["model"]),
            shot=assignment.shot,
            key=assignment.key,
            identity=assignment.identity,
            takes=takes,
            body=bodies.written(assignment, uuid, len(takes), named, secrets),
            output=assignment.output,
            longer=assignment.longer,
            estimate=assignment.estimate * len(takes),
        )
        self.desk.purse.reserve(uuid, task.estimate)
        self.desk.journal.record(Intended(task))
        await self._send(order, task, takes, nth)

    def stop(self, why: str) -> None:
        """Send nothing more; what is under way is fetched."""
        self.stopped = self.stopped or why
        self.desk.purse.stop(why)

    async def resume(self, order: Order, record: Record, takes: Collection[int]) -> None:
        """Bring takes by a task that the journal knows; it is sent only where it cannot be at the provider."""
        task = record.task
        unsent = isinstance(record.stage, Intended)
        unknown = isinstance(record.stage, Sent)
        if unsent or (unknown and not await self._is_there(task)):
            self.desk.purse.release(task.uuid)  # it would be this run's to pay, whatever an earlier one could spend
            self.desk.purse.reserve(task.uuid, task.estimate)
            await self._send(order, task, takes, 1, again=unknown)
            return
        async with self.places.one(there=True):
            errand = self._errand(order, task, takes)
            outcome = await self.following.follow(
                Errand(errand.task, takes, errand.folder, errand.keep, record=record, patient=not record.finished)
            )
        lost = record.finished and outcome.gone
        if lost:
            what = f"{task.shot}: {numbers(sorted(takes))} had been paid for, and neither the store nor Runware has"
            order.notes.append(f"{what} the bytes any more, so it is bought again")
        await self._after(order, outcome, takes, 1, again=lost)

    async def _is_there(self, task: Task) -> bool:
        """Ask about a task that was sent by a run that did not live to see the answer."""
        try:
            answer = await self.polls.ask(task.uuid)
        except Unclear as error:
            raise not_sent(task.shot, error.why) from None
        if not says_taken(answer):
            return False
        self.desk.journal.record(Accepted(task.uuid, "poll"))
        return True

    async def _send(self, order: Order, task: Task, takes: Collection[int], nth: int, *, again: bool = False) -> None:
        body = bodies.filled(task.body, bodies.secrets_of(order.assignment, self.webhook))
        named = self.uploads.known(order.assignment)
        outcome, turned = Outcome(), None
        async with self.places.one():
            self._see_open(task, again=again)
            try:
                taken = await self.sending.send(task, body, again=again)
                errand = self._errand(order, task, takes)
                outcome = await self.following.follow(Errand(task, takes, errand.folder, errand.keep, taken))
            except TurnedDown as down:
                turned = down.fault
        if turned is None:
            helped = not outcome.gone and self.uploads.forget(order.assignment, named, outcome.faults)
            await self._after(order, outcome, takes, nth, again=helped)
        elif self.uploads.forget(order.assignment, named, (turned,)):
            await self.buy(order, tuple(takes), nth)
        else:
            raise refused(task.shot, turned, "unbilled")

    def _see_open(self, task: Task, *, again: bool) -> None:
        """Nothing is sent any more once the account was refused; what is not sent yet costs nothing."""
        if self.stopped:
            if not again:
                self.desk.purse.release(task.uuid)
            raise Refused(f"{task.shot}: nothing more is sent: {self.stopped}", "mend that, then run again")

    @staticmethod
    def _errand(order: Order, task: Task, takes: Collection[int]) -> Errand:
        return Errand(task, takes, Path(order.assignment.folder), order.hand_over)

    async def _after(self, order: Order, outcome: Outcome, takes: Collection[int], nth: int, *, again: bool) -> None:
        """Try again what failed and may not fail again.

        Args:
            again: it may help, whatever the provider said.
        """
        for wrong in outcome.errors:
            order.failed(wrong)
        missing = sorted(set(outcome.missing) & set(takes))
        if not missing:
            return
        fault = next(iter(outcome.faults), _NOTHING)
        error = refused(order.assignment.shot, fault)
        if nth >= ATTEMPTS or not (again or fault.kind in PASSING):
            raise error
        if fault.kind == "rateLimit":
            self.places.told_off(anyio.current_time())
        await anyio.sleep(Backoff(self.random, seconds=float(2**nth)).next())
        for group in groups(missing):
            try:
                await self.buy(order, group, nth + 1)
            except Refused as no:
                raise MakeError(f"{error.message}; it is not tried again: {no.message}", no.remedy) from no


def _was_for_fewer(record: Record, take: int) -> bool:
    """Whether a task that somebody else had bought was for fewer takes, so that this one was never tried.

    Then its first attempt is still to come, under the name by which that somebody may have bought it as well.
    """
    ready, task = record.ready, record.task
    if ready is None or not ready.whole or ready.refusals:
        return False
    return take != task.takes[0] and take not in {arrival.take for arrival in ready.arrivals}
