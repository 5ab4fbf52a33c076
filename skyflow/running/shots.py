"""Every shot of a board is brought through: decided when its inputs are there, made where it has to be, recorded.

One task owns all state: the schedule, the lock, what became of each shot. Makers run beside it and only report.
A shot is decided by ``planning.plan.decide``, the very function that the plan was made with. The lock is written
every second or so and whenever a run stops. What a run that was killed had not written yet can be made again for
nothing, or stands in the journal.
"""

from __future__ import annotations

import math
from bisect import insort
from contextlib import contextmanager, suppress
from decimal import Decimal
from typing import TYPE_CHECKING

import anyio

from skyflow.errors import MakeError, StoreError
from skyflow.planning.cut import extended
from skyflow.planning.plan import Action, Plan, decide
from skyflow.planning.takes import Version
from skyflow.running import events
from skyflow.running.making import Report, Wanted
from skyflow.running.outcome import Failed, Footage, Interrupted, Made, NotSelected, Reused, Skipped
from skyflow.running.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from anyio.abc import TaskGroup
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

    from skyflow.errors import SkyflowError
    from skyflow.planning.plan import Step
    from skyflow.running.events import Telling
    from skyflow.running.known import LockKnown
    from skyflow.running.making import Making
    from skyflow.running.options import Options
    from skyflow.running.out import Out
    from skyflow.running.outcome import Outcome

UNMADE = {Action.REUSE, Action.FOOTAGE}
"""What is there already, and stays as it is."""


class Shots:
    """The shots of one run, and the only owner of its state.

    Attributes:
        clips: for every shot that is through, the SHA-256 of its picked take; None where that is not there.
        outcomes: what became of each, in file order once all are through.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of a run, joined in one place
        self, whole: Plan, known: LockKnown, options: Options, making: Making, out: Out, telling: Telling
    ) -> None:
        """Start with nothing through."""
        self.clips: dict[str, str | None] = {}
        self.outcomes: dict[str, Outcome] = {}
        self._board, self._maker = whole.board, whole.maker
        self._known, self._lock = known, known.lock
        self._options, self._making, self._out, self._telling = options, making, out, telling
        self._save_at = 0.0
        self._waiting: dict[str, Step] = {}
        self._queue: list[str] = []
        self._alike: dict[str | None, list[str]] = {}
        self._running: dict[str, Step] = {}
        self._planned = {step.shot.id: step for step in whole.steps}
        self._schedule = Schedule(
            {name: shot.depends_on for name, shot in whole.board.shots.items()},
            {step.shot.id: work(step) for step in whole.steps},
        )

    async def bring_through(self, jobs: int) -> None:
        """Run until every shot has its outcome.

        Args:
            jobs: how many are made at once, at least 1.

        Raises:
            StoreError: the lock cannot be written.
        """
        send, receive = anyio.create_memory_object_stream["Report"](math.inf)
        with send, receive:
            try:
                with one_error():
                    async with anyio.create_task_group() as group:
                        await self._loop(jobs, group, send, receive)
                        group.cancel_scope.cancel()
            finally:
                self._keep_finished(receive)
                self._lock.save()
        for shot in self._board.shots:
            if shot not in self.outcomes:
                self.outcomes[shot] = Interrupted(shot)
                self._telling.see(events.ShotLeft(at=self._telling.at, shot=shot, reason="the run stopped"))
        self.outcomes = {shot: self.outcomes[shot] for shot in self._board.shots}

    def there(self) -> dict[str, Version]:
        """The version of every shot all of whose takes are there, in file order."""
        whole = [shot for shot, outcome in self.outcomes.items() if isinstance(outcome, Made | Reused)]
        return {shot: version for shot in whole if (version := self._lock.current(shot))}

    async def _loop(
        self,
        jobs: int,
        group: TaskGroup,
        send: MemoryObjectSendStream[Report],
        receive: MemoryObjectReceiveStream[Report],
    ) -> None:
        """Start what can start, hear what ended; until nothing runs, or a failure that is to stop everything."""
        while True:
            self._decide_ready()
            if self._options.fail_fast and any(isinstance(outcome, Failed) for outcome in self.outcomes.values()):
                return
            for step in () if self._stopped() else self._startable(jobs):
                group.start_soon(self._make, step, self._takes(step), send)
            if not self._running:
                return
            await self._settle(await receive.receive())

    def _stopped(self) -> bool:
        """Whether nothing more may be bought; what is under way is fetched all the same."""
        till = self._making.till
        return till is not None and till.purse.stopped is not None

    def _decide_ready(self) -> None:
        """Settle every ready shot that needs no making; the others wait for a place."""
        while (shot := self._schedule.pop()) is not None:
            self._place(self._decide(shot))
        self._save_now_and_then()

    def _save_now_and_then(self) -> None:
        """Write the lock where the last time is a while ago: the more it holds, the longer it takes."""
        now = anyio.current_time()
        if now >= self._save_at:
            self._lock.save()
            self._save_at = now + max(1.0, len(self._board.shots) / 1000)

    def _decide(self, shot: str) -> Step:
        """What the plan decided, where nothing has come of this run that it did not know: else the same anew."""
        planned = self._planned[shot]
        before = self._board.shots[shot].depends_on
        if planned.action in UNMADE and all(self.clips[name] == self._planned[name].clip for name in before):
            return planned
        return decide(self._board, self._board.shots[shot], self._maker, self._known, self.clips)

    def _place(self, step: Step) -> None:
        shot = step.shot.id
        if step.action is Action.FOOTAGE:
            self._through(Footage(shot, step.clip or ""), step.clip)
        elif step.action is not Action.WAIT and not self._takes(step):
            self._reuse(step)
        elif not self._options.selects(shot):
            self._through(NotSelected(shot, step.reason, step.clip), step.clip)
        elif step.action is Action.WAIT:
            names = " and ".join(step.waits_for)
            self._fail(shot, MakeError(f"{shot} needs {names}, which is not made", f"select it too: +{shot}"))
        else:
            self._waiting[shot] = step
            insort(self._queue, shot, key=self._schedule.priority)
            self._alike.setdefault(step.key, []).append(shot)

    def _takes(self, step: Step) -> tuple[int, ...]:
        """The takes to make: those that are missing, and those that a retake asks for beyond all there are."""
        retake = self._options.retake
        if retake is None or retake.shot != step.shot.id or step.bound is None:
            return step.missing
        version = self._known.version(step.shot.id, step.bound.key)
        last = max([*step.missing, *(version.takes if version else ())], default=0)
        return (*step.missing, *range(last + 1, last + 1 + retake.takes))

    def _reuse(self, step: Step) -> None:
        if step.key is None or step.clip is None:
            raise RuntimeError(f"{step.shot.id} is to be reused but has no clip")
        if step.bound is not None:  # what a frozen shot was made of is not what its board says now
            self._known.keep_identity(step.bound)
        self._lock.use(step.shot.id, step.key)
        self._through(Reused(step.shot.id, step.clip), step.clip)

    def _startable(self, jobs: int) -> Iterator[Step]:
        """Give places to shots that wait, the longest remaining path first, while there are places."""
        sharing = []
        while self._queue and len(self._running) < jobs:
            shot = self._queue.pop(0)
            if shot not in self._waiting:
                continue  # it shares what was made for another
            if any(step.key == self._waiting[shot].key for step in self._running.values()):
                sharing.append(shot)  # the very same clip is being made for another shot, which this one will share
                continue
            step = self._running[shot] = self._waiting.pop(shot)
            takes = self._takes(step)
            reason = step.reason if step.missing else "one more take"
            self._telling.see(events.ShotStarted(at=self._telling.at, shot=shot, takes=takes, reason=reason))
            yield step
        self._queue[:0] = sharing

    async def _make(self, step: Step, takes: tuple[int, ...], send: MemoryObjectSendStream[Report]) -> None:
        """A maker's task: it makes one shot and reports; all it may touch of the run is who watches."""
        shot = step.shot

        def progress(done: float) -> None:
            within = min(max(done, 0.0), 1.0)
            self._telling.see(events.ShotProgress(at=self._telling.at, shot=shot.id, done=within))

        if step.bound is not None:
            source = extended(shot)
            longer = self._board.shots[source].output.seconds * shot.output.rate if source else 0
            wanted = Wanted(
                shot.id,
                self._label(step, takes),
                step.bound,
                takes,
                shot.output,
                round(longer),
                step.cost / shot.takes,
            )
            report = Report(shot.id)
            try:
                await self._making.make(wanted, report, progress)
            finally:
                send.send_nowait(report)

    def _label(self, step: Step, takes: tuple[int, ...]) -> str:
        """What a slate is to say: a lost take is made again as it was, though its shot be renamed since."""
        version = self._known.version(step.shot.id, step.key) if step.key else None
        there = version.takes if version else {}
        return next((there[number].label for number in takes if number in there), step.shot.id)

    async def _settle(self, report: Report) -> None:
        step = self._running.pop(report.shot)
        version = self._record(step, report)
        if report.error is not None or version is None:
            self._fail(report.shot, report.error or MakeError(f"{report.shot} came to nothing"))
        else:
            self._through(_made(report, version), version.picked.sha256)
            with suppress(StoreError):  # what out/ cannot show now, the end of the run says once and for all
                if self._out.link:  # done sooner than a thread is found for it
                    self._out.show(report.shot, version)
                else:
                    await self._making.aside.call(self._out.show, report.shot, version)
        for shot in [shot for shot in self._alike.pop(step.key, ()) if shot in self._waiting]:
            del self._waiting[shot]
            self._place(self._decide(shot))

    def _record(self, step: Step, report: Report) -> Version | None:
        """Put what was made into the lock, before anything else can happen."""
        if not report.takes or step.bound is None:
            return None
        made = Version(
            key=step.bound.key,
            request=report.request,
            backend=self._maker.name,
            backend_version=self._maker.version,
            model=self._board.model,
            pick=min(report.takes),
            takes=report.takes,
        )
        return self._lock.record(report.shot, made)

    def _keep_finished(self, receive: MemoryObjectReceiveStream[Report]) -> None:
        """When the run is stopped: record what was finished and not heard of yet."""
        with suppress(anyio.WouldBlock, anyio.EndOfStream):
            while True:
                report = receive.receive_nowait()
                version = self._record(self._running.pop(report.shot), report)
                if version is not None and report.ended and report.error is None:
                    self._through(_made(report, version), version.picked.sha256)

    def _through(self, outcome: Made | Reused | Footage | NotSelected, clip: str | None) -> None:
        """A shot has come to a good end, or is left alone on purpose: what depends on it can be decided."""
        shot = outcome.shot
        self.outcomes[shot], self.clips[shot] = outcome, clip
        self._schedule.finish(shot)
        at = self._telling.at
        match outcome:
            case Made(takes=takes, seconds=seconds, notes=notes, cost=cost):
                event: events.Event = events.ShotDone(
                    at=at, shot=shot, how="made", takes=takes, seconds=seconds, notes=notes, cost=cost
                )
            case Reused():
                event = events.ShotDone(at=at, shot=shot, how="reused")
            case Footage():
                event = events.ShotDone(at=at, shot=shot, how="footage")
            case NotSelected(reason=reason):
                event = events.ShotLeft(at=at, shot=shot, reason=f"not selected; {reason}")
        self._telling.see(event)

    def _fail(self, shot: str, error: SkyflowError) -> None:
        """A shot has failed: all that depends on it is skipped and knows why."""
        self.outcomes[shot], self.clips[shot] = Failed(shot, error), None
        at = self._telling.at
        self._telling.see(events.ShotFailed(at=at, shot=shot, message=error.message, remedy=error.remedy))
        for later in self._schedule.fail(shot):
            self.outcomes[later], self.clips[later] = Skipped(later, shot), None
            self._telling.see(events.ShotSkipped(at=at, shot=later, because=shot))


def _made(report: Report, version: Version) -> Made:
    takes = tuple(sorted(report.takes))
    costs = [take.receipt.cost for take in report.takes.values() if take.receipt and take.receipt.cost is not None]
    cost = sum(costs, Decimal(0)) if costs else None
    return Made(report.shot, takes, version.picked.sha256, report.seconds, report.notes, cost)


def work(step: Step) -> int | Fraction:
    """How much there is to draw: pixels times seconds; nothing where nothing is made."""
    if step.action in UNMADE:
        return 0
    output = step.shot.output
    return output.size.pixels * output.seconds * max(1, len(step.missing))


@contextmanager
def one_error() -> Iterator[None]:
    """Let a task group's single error out as itself; callers know errors, not groups of them."""
    try:
        yield
    except BaseExceptionGroup as group:
        error = _first(group)
        if error is None:  # nothing but cancellation
            raise
        raise error from error.__cause__


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException | None:
    """The first error of a group that is not a cancellation; an interrupt before all others."""
    found: list[BaseException] = []
    edge: list[BaseException] = [group]
    while edge:
        error = edge.pop(0)
        if isinstance(error, BaseExceptionGroup):
            edge.extend(error.exceptions)
        elif not isinstance(error, anyio.get_cancelled_exc_class()):
            found.append(error)
    return min(found, key=lambda error: isinstance(error, Exception), default=None)
