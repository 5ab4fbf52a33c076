"""What earlier runs bought and never fetched is fetched, whatever the board says now.

A clip that was paid for is worth keeping even where no shot asks for it any more: it goes into the store and is
recorded as a take of the version that it was bought for, and the shot's current version stays what it is.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from skyflow.backends.paid import Failed, Refusal
from skyflow.errors import SkyflowError
from skyflow.running.keeping import Expected
from skyflow.store import files

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from skyflow.backends.base import Made
    from skyflow.backends.paid import Journal, Record
    from skyflow.running.keeping import Keeping
    from skyflow.running.known import LockKnown
    from skyflow.running.till import Till


@dataclass(frozen=True, slots=True)
class Recovered:
    """What came of one task.

    Attributes:
        takes: the numbers of those that are in the store now.
        said: in a few words.
        finished: whether there is nothing left to fetch of it.
        error: where it could not be finished.
    """

    uuid: str
    shot: str
    takes: tuple[int, ...]
    said: str
    finished: bool = False
    error: SkyflowError | None = None


def unfetched(known: LockKnown, board: str, backend: str, asked: Collection[tuple[str, int]] = ()) -> list[Record]:
    """The tasks of a board that a provider has or may have, but for those of whose takes all were asked for already.

    A task that was bought for more takes than the board wants now brings them all.

    Args:
        asked: takes, each by its key and number.
    """
    journal = known.journal
    return [
        record
        for record in (journal.records() if journal else ())
        if record.in_flight
        and (record.task.board, record.task.backend) == (board, backend)
        and not _all_asked(record, asked)
    ]


def carried_of(known: LockKnown, board: str, backend: str) -> Decimal:
    """USD for what a provider is at for earlier runs of a board."""
    records = unfetched(known, board, backend)
    return sum((record.task.estimate for record in records if record.accepted), Decimal(0))


def _all_asked(record: Record, asked: Collection[tuple[str, int]]) -> bool:
    left = set(record.task.takes) - record.kept.keys()
    return bool(left) and all((record.task.key, take) in asked for take in left)


async def recover(
    records: Sequence[Record], till: Till, keeping: Keeping, known: LockKnown, work: Path
) -> tuple[Recovered, ...]:
    """Fetch what is left of some tasks, all at once, and have the lock name it. Nothing is ever sent.

    Args:
        work: an existing folder for what is not finished.

    Raises:
        StoreError: the lock cannot be written.
    """
    done: dict[str, Recovered] = {}

    async def one(record: Record) -> None:
        done[record.task.uuid] = await _recovered(record, till, keeping, work)

    async with anyio.create_task_group() as group:
        for record in records:
            group.start_soon(one, record)
    for record in records:
        now = till.journal.find(record.task.uuid)
        if now is not None and now.kept:
            known.adopt_takes(now)
    known.lock.save()
    return tuple(
        replace(done[uuid], finished=now is not None and now.finished)
        for uuid, now in ((record.task.uuid, till.journal.find(record.task.uuid)) for record in records)
    )


def give_up(records: Sequence[Record], journal: Journal) -> tuple[Recovered, ...]:
    """Write tasks off, without asking anybody: the next run buys what it still wants of them again."""
    refusal = Refusal("givenUp", "written off by hand", "notFound")
    for record in records:
        journal.record(Failed(record.task.uuid, refusal))
    return tuple(Recovered(one.task.uuid, one.task.shot, (), "written off", finished=True) for one in records)


async def _recovered(record: Record, till: Till, keeping: Keeping, work: Path) -> Recovered:
    task = record.task
    takes: list[int] = []

    async def keep(made: Made) -> None:
        await keeping.bought(made, Expected(task.shot, task.output, task.longer))
        takes.append(made.take)

    try:
        with files.disk_errors(work):
            folder = Path(tempfile.mkdtemp(dir=work))
        said = await till.session.recover(record, folder, keep)
    except SkyflowError as error:
        return Recovered(task.uuid, task.shot, tuple(takes), error.message, error=error)
    return Recovered(task.uuid, task.shot, tuple(takes), said)
