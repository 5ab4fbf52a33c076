"""The contract between a run and a backend that costs money.

A backend that is paid for buys a task, and the task brings takes. Between the two anything may die, so each step is
in the journal before it happens, and whatever finishing a task needs is in it too: neither the board as it was nor
the run that began it.

The stages of a task, each a type of its own::

    Intended ── Sent ── Accepted ── Ready ── Fetched
                   └───────┴──────── Failed

``Intended`` and ``Sent`` are durable before the first byte leaves. A task that is ``Sent`` may have been charged or
not; ``Accepted`` says that the provider has it, so it is never sent again and only asked for. ``Ready`` and
``Fetched`` may be said several times, each with more, since the takes of a task arrive one by one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

from skyflow.backends.base import Assignment, Backend, Made, Progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractAsyncContextManager
    from decimal import Decimal
    from pathlib import Path

    from skyflow.board.model import Output
    from skyflow.planning.takes import Take


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is bought at once: some takes of one key, under one UUID.

    Attributes:
        uuid: the provider's ``taskUUID``; follows from ``key``, the first of ``takes`` and ``attempt``.
        attempt: from 1; a new one only after the provider has reported that the one before it failed.
        board: the name of the board that asked for it.
        backend, backend_version, model: who makes it.
        shot: its id when it was bought.
        key: what the result will be known by.
        identity: SHA-256, in the store, of what the key was taken of.
        takes: their numbers within the key, ascending.
        body: exactly what is sent, but for secrets: ``{"secret": NAME}`` stands for each.
        output, longer: the clip that is expected of each take, as in ``Assignment``.
        estimate: USD for all its takes, at the model's published prices.
    """

    uuid: str
    attempt: int
    board: str
    backend: str
    backend_version: str
    model: str
    shot: str
    key: str
    identity: str
    takes: tuple[int, ...]
    body: Mapping[str, Any]
    output: Output
    longer: int
    estimate: Decimal


@dataclass(frozen=True, slots=True)
class Arrival:
    """One take that the provider has finished.

    Attributes:
        take: its number within the key.
        video_uuid: the provider's name of it, by which later tasks may use it.
        seed, nsfw: as reported, where they were.
        cost: USD as reported for this take; None where nothing was reported.
    """

    take: int
    video_uuid: str
    seed: int | None = None
    nsfw: bool | None = None
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the provider said instead of a take, secrets removed.

    Attributes:
        code: the provider's own.
        kind: the class that decides what happens next; see ``backends.runware.errors``.
        billed: whether it cost something, as far as anybody knows.
    """

    code: str
    message: str
    kind: str
    billed: Literal["billed", "unbilled", "unknown"] = "unknown"


@dataclass(frozen=True, slots=True)
class Intended:
    """About to be sent: its exact body is on the disk, and nothing has left."""

    task: Task

    @property
    def uuid(self) -> str:
        return self.task.uuid


@dataclass(frozen=True, slots=True)
class Sent:
    """Bytes may have left; whether the provider took it is not known."""

    uuid: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has it: by an acknowledgement, a conflict of UUIDs, or rows of a poll."""

    uuid: str
    by: Literal["acknowledgement", "conflict", "poll"]


@dataclass(frozen=True, slots=True)
class Ready:
    """Takes are finished at the provider.

    Attributes:
        arrivals: all so far.
        refusals: of takes of this task that came to nothing.
        whole: whether nothing more will come.
    """

    uuid: str
    arrivals: tuple[Arrival, ...]
    refusals: tuple[Refusal, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Fetched:
    """One take is in the store, every byte of it looked at."""

    uuid: str
    take: Take


@dataclass(frozen=True, slots=True)
class Failed:
    """Nothing came of it and nothing will."""

    uuid: str
    refusal: Refusal


Stage: TypeAlias = Intended | Sent | Accepted | Ready | Fetched | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that the journal knows of one task.

    Attributes:
        stage: the last one that was recorded.
        accepted: whether the provider is known to have it.
        ready: the last ``Ready``, where there is one.
        kept: the takes that are in the store, by number.
        began: seconds since the epoch when it was intended; for people only, nothing is decided by it.
    """

    task: Task
    stage: Stage
    accepted: bool = False
    ready: Ready | None = None
    kept: Mapping[int, Take] = field(default_factory=dict)
    began: float = 0.0

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to ask for: all that came is kept, or nothing will come."""
        if isinstance(self.stage, Failed):
            return True
        return (
            self.ready is not None
            and self.ready.whole
            and {one.take for one in self.ready.arrivals} <= set(self.kept)
        )

    @property
    def in_flight(self) -> bool:
        """Whether the provider has it, or may have it, and it is not finished."""
        return not self.finished and not isinstance(self.stage, Intended)


class Journal(Protocol):
    """The memory of what was bought. What ``record`` has returned from survives the end of the process, however it
    ends; ``Sent``, with all that was recorded before it, survives a pulled plug as well.
    """

    def record(self, stage: Stage) -> None:
        """Append one stage of a task.

        Raises:
            StoreError: the disk refused; then nothing of it may happen.
        """
        ...

    def of_take(self, key: str, take: int) -> tuple[Record, ...]:
        """Every task that was to bring this take, the first attempt first."""
        ...

    def find(self, uuid: str) -> Record | None:
        """What is known of one task."""
        ...

    def records(self) -> Iterator[Record]:
        """Every task, the oldest first."""
        ...

    def upload(self, sha256: str) -> str | None:
        """The provider's name of a medium that was uploaded before."""
        ...

    def keep_upload(self, sha256: str, media_uuid: str) -> None:
        """Remember an upload. Never durable before money: losing it costs an upload."""
        ...

    def forget_upload(self, sha256: str) -> None:
        """The provider no longer knows it."""
        ...

    def seconds(self) -> float | None:
        """How long a task typically takes from acceptance to its first take; None where nothing is known."""
        ...

    def took(self, seconds: float) -> None:
        """Remember how long one took, by the event loop's clock."""
        ...


class Purse(Protocol):
    """What a run may still spend. In memory: a new run starts with its whole budget, less what is in flight."""

    def reserve(self, uuid: str, estimate: Decimal) -> None:
        """Set money aside for a task, before it is intended. Reserving again for the same task changes nothing.

        Raises:
            Refused: it would pass the budget, or submission was stopped; ``message`` says which.
        """
        ...

    def release(self, uuid: str) -> None:
        """Give back what was set aside: the task cost nothing. Once only; more often changes nothing."""
        ...

    def settle(self, uuid: str, cost: Decimal | None) -> None:
        """A task is finished and cost this much in all; None where nothing was reported: the estimate stands."""
        ...

    def fetched(self) -> None:
        """A result that was paid for has been fetched."""
        ...

    def not_fetched(self) -> None:
        """A result that was paid for could not be fetched."""
        ...

    def stop(self, why: str) -> None:
        """Let nothing more be reserved in this run; what is under way is fetched."""
        ...


Keep: TypeAlias = Callable[[Made], Awaitable[None]]
"""Looks at a take, puts it into the store and records it as ``Fetched``; the file is gone from its place afterwards.

Raises MediaError where the file is no clip: cut short, or corrupt. Then it is worth fetching again. A clip of other
measures than were asked for is kept and noted: it was paid for, and fetching it again would not change it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a run lends to a paid backend for as long as it lasts.

    Attributes:
        board: the board's name.
        folder: the board's folder, where a ``.env`` may stand.
        jobs: how many tasks may be at the provider at once; None leaves it to the backend.
        listen: ``HOST:PORT`` on which to hear the provider's webhooks; None hears none.
        webhook_url: the address under which the provider reaches ``listen``.
    """

    board: str
    folder: Path
    journal: Journal
    purse: Purse
    jobs: int | None = None
    listen: str | None = None
    webhook_url: str | None = field(default=None, repr=False)


class Session(Protocol):
    """A paid backend at work."""

    async def make(self, assignment: Assignment, progress: Progress, keep: Keep) -> tuple[str, ...]:
        """Bring every take that is asked for, and hand each to ``keep`` as it arrives.

        First what the journal knows of these takes: what is in flight is asked for and never bought again.
        Cancellation buys nothing more and forgets nothing: what is in flight stays so in the journal.

        Returns:
            What there is to say about it, for people.

        Raises:
            MakeError: takes are missing and will not come; those that came were handed over.
            Refused: the budget does not allow it, or submission was stopped.
            AccountRefused: the provider refuses the account: key, right or credit.
        """
        ...

    async def recover(self, record: Record, folder: Path, keep: Keep) -> str:
        """Fetch what is left of a task of an earlier run; never send it.

        Returns:
            In a few words, what came of it.

        Raises:
            MakeError, AccountRefused: as ``make``.
        """
        ...


@runtime_checkable
class PaidBackend(Backend, Protocol):
    """A backend whose takes cost money. A run opens one session; ``Backend.make`` is not used."""

    def session(self, desk: Desk) -> AbstractAsyncContextManager[Session]:
        """Open it.

        Raises:
            UsageError: there is no key; the remedy says where to put one.
        """
        ...
