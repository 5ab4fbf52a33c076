"""A board is run: its state opened, every shot brought through, ``out/`` brought up to date, the cut put together."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from skyflow.backends import maker_of
from skyflow.backends.paid import Desk, PaidBackend
from skyflow.errors import Refused
from skyflow.planning.plan import Action, plan
from skyflow.running import events, recovering
from skyflow.running.aside import Aside
from skyflow.running.cutting import Cutting
from skyflow.running.inputs import Inputs
from skyflow.running.journal import SqliteJournal
from skyflow.running.keeping import Keeping
from skyflow.running.known import LockKnown
from skyflow.running.making import Making
from skyflow.running.options import Options
from skyflow.running.out import Out
from skyflow.running.outcome import Cut, NoCut, Result, Reused, Skipped
from skyflow.running.purse import Purse
from skyflow.running.recovering import Recovered, carried_of, recover, unfetched
from skyflow.running.shots import Shots
from skyflow.running.till import Till, bill_of, due_of, limit_of, see_consent
from skyflow.store import files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from skyflow.backends.base import Backend
    from skyflow.board.model import Board
    from skyflow.planning.plan import Maker, Plan
    from skyflow.running.events import Watcher
    from skyflow.store.hold import Held
    from skyflow.store.project import Project


async def run(  # noqa: PLR0913 - board, backend and held are the subject, the rest has defaults
    board: Board,
    backend: Backend,
    held: Held,
    *,
    options: Options | None = None,
    watcher: Watcher | None = None,
    aside: Aside | None = None,
) -> Result:
    """Make what is missing, in dependency order, then the cut.

    A shot that fails stops only those that depend on it. Cancellation ends what is running, leaves no unfinished
    file, and keeps what was finished.

    Args:
        held: from ``store.hold.hold``; the board's state is this run's alone.
        watcher: told of everything as it happens.
        aside: how blocking work is done; tests pass another.

    Raises:
        UsageError: ``options`` name a shot that the board does not have, or contradict each other; or a paid backend
            has no key.
        Refused: ``options.locked`` and something cannot be restored, a newer skyflow wrote the lock, or what it would
            cost passes its limit or was not agreed to; nothing was changed.
        StoreError: the lock or ``out/`` cannot be read or written.
    """
    options = (options or Options()).checked(board)
    aside = aside or Aside()
    telling = events.Telling(watcher or events.Unwatched())
    project = held.project
    out = Out(project.out(backend.name), held.objects, tuple(board.shots), link=backend.repeatable)
    async with AsyncExitStack() as open_till_the_end:
        journal = _journal(open_till_the_end, project, backend)
        known = LockKnown.of(project, backend, held.objects, journal)
        await aside.call(_sweep, held, out)
        whole = await aside.call(_look, board, maker_of(backend), known)
        if options.locked:
            _refuse_unless_there(whole, known, options)
        limit = limit_of(board, options)
        see_consent(due_of(whole, options), limit, options, carried_of(known, project.name, backend.name))
        till = await _till(open_till_the_end, backend, whole, known, limit, options, project)
        jobs = options.jobs or max(1, backend.default_jobs())
        telling.see(_started(telling, whole, options, jobs))
        work = open_till_the_end.enter_context(_work_folder(project))
        inputs = Inputs(board, project.folder, held.objects, aside, work, remote=known.remote)
        keeping = Keeping(held.objects, aside, journal)
        making = Making(backend, inputs, known, keeping, work, till)
        shots = Shots(whole, known, options, making, out, telling)
        async with backend if isinstance(backend, AbstractAsyncContextManager) else nullcontext():
            await shots.bring_through(jobs)
        fetched = await _fetch_rest(making, project, options) if till else ()
        await aside.call(out.refresh, shots.there(), known.lock)
        cut = await _cut(Cutting(board, shots.clips, inputs, known, aside, out.cut, work), project, telling)
    result = Result(
        board=board.name,
        backend=backend.name,
        outcomes=tuple(shots.outcomes.values()),
        cut=cut,
        out=out.folder,
        seconds=telling.at,
        bill=bill_of(till.purse) if till else None,
        fetched=tuple(f"{one.shot}: {one.said}" for one in fetched),
        unfetched=tuple(one.error for one in fetched if one.error),
    )
    telling.see(_ended(result))
    return result


async def recover_all(
    backend: PaidBackend, held: Held, *, give_up: bool = False, aside: Aside | None = None
) -> tuple[Recovered, ...]:
    """Fetch all that is in flight of a board's earlier runs, and nothing else; the board itself is not looked at.

    Args:
        give_up: write it off instead, asking nobody.

    Raises:
        UsageError: the backend has no key.
        StoreError: the journal or the lock cannot be read or written.
    """
    aside = aside or Aside()
    project = held.project
    async with AsyncExitStack() as stack:
        journal = stack.enter_context(SqliteJournal.open(project.journal))
        known = LockKnown.of(project, backend, held.objects, journal)
        records = unfetched(known, project.name, backend.name)
        purse = Purse(None)
        for record in records:
            purse.carry(record)
        work = stack.enter_context(_work_folder(project))
        if give_up or not records:
            known.lock.save()
            return recovering.give_up(records, journal)
        desk = Desk(board=project.name, folder=project.folder, journal=journal, purse=purse)
        till = Till(journal, purse, await stack.enter_async_context(backend.session(desk)))
        return await recover(records, till, Keeping(held.objects, aside, journal), known, work)


def _journal(stack: AsyncExitStack, project: Project, backend: Backend) -> SqliteJournal | None:
    if not isinstance(backend, PaidBackend):
        return None
    return stack.enter_context(SqliteJournal.open(project.journal))


async def _till(  # noqa: PLR0913, PLR0917 - the parts of a run, joined in one place
    stack: AsyncExitStack,
    backend: Backend,
    whole: Plan,
    known: LockKnown,
    limit: Decimal | None,
    options: Options,
    project: Project,
) -> Till | None:
    """Open the backend's session where there is anything to buy or to fetch; a run without needs no key."""
    if known.journal is None or not isinstance(backend, PaidBackend):
        return None
    in_flight = unfetched(known, project.name, backend.name)
    wanted = [step for step in whole.steps if step.missing and options.selects(step.shot.id)]
    if options.locked or not (wanted or in_flight or options.retake):
        return None
    purse = Purse(limit)
    for record in in_flight:
        purse.carry(record)
    desk = Desk(
        board=project.name,
        folder=project.folder,
        journal=known.journal,
        purse=purse,
        jobs=options.jobs,
        listen=options.listen,
        webhook_url=options.webhook_url,
    )
    return Till(known.journal, purse, await stack.enter_async_context(backend.session(desk)))


async def _fetch_rest(making: Making, project: Project, options: Options) -> tuple[Recovered, ...]:
    """Fetch what earlier runs bought for a board that has changed since."""
    assert making.till is not None
    if options.fail_fast and making.till.purse.stopped:
        return ()
    records = unfetched(making.known, project.name, making.backend.name, making.asked)
    return await recover(records, making.till, making.keeping, making.known, making.work)


def _look(board: Board, maker: Maker, known: LockKnown) -> Plan:
    """Plan, and read every clip once that a decision during the run may ask about.

    The store remembers what it found intact, so later decisions only look at a file's time and size.
    """
    for shot in board.shots:
        version = known.current(shot)
        for take in version.takes.values() if version else ():
            known.intact(take)
    return plan(board, maker, known)


def _refuse_unless_there(whole: Plan, known: LockKnown, options: Options) -> None:
    absent = []
    for step in whole.steps:
        if options.selects(step.shot.id) and step.action is not Action.FOOTAGE:
            reason = step.reason if step.action is not Action.REUSE else _lost(step.shot.id, step.key, known)
            absent += [f"{step.shot.id} ({reason})"] if reason else []
    if absent:
        message = f"{len(absent)} of {len(whole.steps)} shots cannot be restored: {', '.join(absent)}"
        raise Refused(message, "run without --locked to make them")


def _lost(shot: str, key: str | None, known: LockKnown) -> str:
    """Which takes the lock names beyond those that the board asks for, and the store has not."""
    version = known.version(shot, key) if key else None
    lost = [str(number) for number, take in version.takes.items() if not known.intact(take)] if version else []
    return f"take {', '.join(lost)} gone from the store or damaged" if lost else ""


async def _cut(cutting: Cutting, project: Project, telling: events.Telling) -> Cut | NoCut:
    missing = cutting.missing()
    cut: Cut | NoCut
    if missing:
        cut = NoCut(missing, cutting.old)
    elif await cutting.unchanged():
        cut = Cut(cutting.target, made=False)
    else:
        telling.see(events.CutStarted(at=telling.at))
        cut = await cutting.assemble()
    match cut:
        case Cut(path=path, made=made):
            telling.see(events.CutDone(at=telling.at, path=project.shown(path), made=made))
        case NoCut(reason=reason, old=old, error=error):
            said = f"{reason}: {error.message}" if error else reason
            telling.see(events.CutLeft(at=telling.at, reason=said, old=project.shown(old) if old else ""))
    return cut


def _started(telling: events.Telling, whole: Plan, options: Options, jobs: int) -> events.RunStarted:
    making = {step.shot.id for step in whole.steps if step.missing}
    making |= {options.retake.shot} if options.retake else set()
    return events.RunStarted(
        at=telling.at,
        board=whole.board.name,
        backend=whole.maker.name,
        shots=tuple(whole.board.shots),
        making=tuple(shot for shot in whole.board.shots if shot in making and options.selects(shot)),
        jobs=jobs,
    )


def _ended(result: Result) -> events.RunEnded:
    return events.RunEnded(
        at=result.seconds,
        made=len(result.made),
        reused=sum(isinstance(outcome, Reused) for outcome in result.outcomes),
        failed=len(result.failed),
        skipped=sum(isinstance(outcome, Skipped) for outcome in result.outcomes),
        exit_code=result.exit_code,
        cost=result.bill.spent if result.bill else None,
    )


@contextmanager
def _work_folder(project: Project) -> Iterator[Path]:
    """A folder for what is not finished, which goes however the run ends."""
    with files.disk_errors(project.work):
        project.work.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix="run-", dir=project.work))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _sweep(held: Held, out: Out) -> None:
    """Remove what killed runs left behind; nobody else can be at work, since the board is held."""
    project = held.project
    shutil.rmtree(project.work, ignore_errors=True)
    held.objects.sweep()
    out.sweep()
    files.sweep(project.state)
    files.sweep(project.folder)
