"""A task is sent: once, however often that takes.

Until the provider has said what became of it, the identical bytes are sent again under the same UUID; that it knows
the UUID already means that it took the task. Every stage is in the journal before what it names happens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import anyio

from skyflow.backends.paid import Accepted, Failed, Sent
from skyflow.backends.runware.errors import ACCOUNT, PASSING
from skyflow.backends.runware.waits import Backoff
from skyflow.backends.runware.wire import Unclear
from skyflow.backends.runware.wording import not_sent, refusal, refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from skyflow.backends.paid import Journal, Purse, Task
    from skyflow.backends.runware.answers import Answer
    from skyflow.backends.runware.errors import Fault
    from skyflow.backends.runware.places import Places
    from skyflow.backends.runware.polls import Polls
    from skyflow.backends.runware.wire import Wire

    Way: TypeAlias = Literal["acknowledgement", "conflict", "poll"]

SEND_SECONDS = 600.0
"""For how long a task is sent again while nobody says what became of it, or while the queue is full."""
MODEL_SECONDS = 60.0
"""For how long while the provider says that it is its model which does not work now."""

_FIRST_OF = ("conflict", "auth", "quota")
"""Where an answer gives several reasons, these decide."""

_DEAF = ACCOUNT - {"quota"}
"""What is refused for these reasons cannot be asked about either."""


class TurnedDown(Exception):
    """The provider refuses this task, and it cost nothing; the journal has it as failed."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Taken:
    """The provider has it.

    Attributes:
        at: since when, by the event loop's clock.
        met: it was there already when it was sent: somebody else may have bought it, or a journal that is lost, or a
            try of ours that nobody answered. It may be for fewer takes.
        others: it was there before anything of ours was sent.
    """

    at: float
    met: bool = False
    others: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What came of sending once.

    Attributes:
        by: the provider has it.
        final: it will not have it.
        why: otherwise, what went wrong, for people.
        told: seconds after which to come again, as the provider asks.
        patience: seconds for which to go on trying, from the first time.
    """

    by: Way | None = None
    final: Fault | None = None
    why: str = ""
    told: float | None = None
    patience: float = SEND_SECONDS


@dataclass(frozen=True, slots=True)
class Sending:
    """Brings tasks to the provider."""

    wire: Wire
    polls: Polls
    places: Places
    journal: Journal
    purse: Purse
    random: Random

    async def send(self, task: Task, body: Mapping[str, Any], *, again: bool = False) -> Taken:
        """Send until it is taken.

        Args:
            body: the task with its secrets.
            again: the journal says that it was sent before, and nobody knows what became of that.

        Raises:
            TurnedDown: the provider refuses it.
            AccountRefused: it refuses the account.
            MakeError: nobody says what became of it; it stays in the journal as sent.
        """
        if not again:
            self.journal.record(Sent(task.uuid))
        began = anyio.current_time()
        until, unclear = began + SEND_SECONDS, again
        backoff = Backoff(self.random)
        while True:
            said = await self._post(task, body)
            if said.by is not None:
                return self._taken(task, said.by, first=not unclear)
            if said.final is not None:
                return await self._turned_down(task, said.final, unclear=unclear)
            unclear = True  # also where it says that it is busy: a proxy may say so of what is taken already
            until = min(until, began + said.patience)
            wait = backoff.next(said.told)
            if anyio.current_time() + wait > until:
                raise not_sent(task.shot, said.why)
            await anyio.sleep(wait)

    async def _post(self, task: Task, body: Mapping[str, Any]) -> Said:
        """Send once."""
        sent = anyio.current_time()
        try:
            answer = (await self.wire.post([body])).of_one(task.uuid)
        except Unclear as error:
            return Said(why=error.why)
        fault = _deciding(answer)
        if fault is None:
            return Said(by="acknowledgement" if answer.rows else None, why="an answer that says nothing of it")
        if fault.kind == "conflict":
            return Said(by="conflict")
        if answer.elsewhere:
            fault = replace(fault, kind="address")
        if fault.kind not in PASSING:
            return Said(final=fault)
        if fault.kind == "rateLimit":
            self.places.told_off(sent)
        patience = MODEL_SECONDS if fault.kind == "provider" else SEND_SECONDS
        return Said(why=fault.said, told=answer.retry_after, patience=patience)

    def _taken(self, task: Task, by: Way, *, first: bool) -> Taken:
        self.journal.record(Accepted(task.uuid, by))
        met = by == "conflict"
        return Taken(anyio.current_time(), met=met, others=met and first)

    async def _turned_down(self, task: Task, fault: Fault, *, unclear: bool) -> Taken:
        """A refusal, unless an earlier try that nobody answered was taken after all.

        Where that cannot be told, the task stays sent: the next run asks first.
        """
        unknown = unclear and fault.kind in _DEAF
        doubtful = fault.kind not in _DEAF and (unclear or fault.kind == "unknown")
        if doubtful and await self._is_there(task):
            return self._taken(task, "poll", first=False)
        if not unknown:
            self.journal.record(Failed(task.uuid, refusal(fault, "unbilled")))
            self.purse.release(task.uuid)
        if fault.kind in ACCOUNT:
            raise refused(task.shot, fault, "unknown" if unknown else "unbilled")
        raise TurnedDown(fault)

    async def _is_there(self, task: Task) -> bool:
        try:
            return says_taken(await self.polls.ask(task.uuid))
        except Unclear as error:
            raise not_sent(task.shot, error.why) from None


def says_taken(answer: Answer) -> bool:
    """Whether an answer to a question proves that the provider has the task: rows, or word of how it failed."""
    return bool(answer.rows) or any(fault.kind in PASSING or fault.kind == "safety" for fault in answer.faults)


def _deciding(answer: Answer) -> Fault | None:
    """The fault that decides; None for an acknowledgement, also where an answer has a fault of something else."""
    faults = answer.faults
    for kind in _FIRST_OF:
        if found := next((fault for fault in faults if fault.kind == kind), None):
            return found
    return next(iter(faults), None) if not answer.rows else None
