"""A task that the provider has is followed to its end: its takes are fetched one by one as they are finished."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

import anyio

from skyflow.backends.runware.fetching import Wanted
from skyflow.backends.runware.tracked import Tracked
from skyflow.backends.runware.wire import Unclear
from skyflow.backends.runware.wording import forgotten, late, not_fetched
from skyflow.errors import SkyflowError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from anyio.abc import TaskGroup

    from skyflow.backends.paid import Journal, Keep, Purse, Record, Task
    from skyflow.backends.runware.answers import Answer
    from skyflow.backends.runware.errors import Fault
    from skyflow.backends.runware.fetching import Fetching
    from skyflow.backends.runware.places import Places
    from skyflow.backends.runware.polls import Polls, Typical
    from skyflow.backends.runware.sending import Taken
    from skyflow.backends.runware.wire import Wire

WHOLE_SECONDS = 1200.0
"""From acceptance, or from the last take that arrived: the time that the provider's own clients wait."""
GONE_SECONDS = 60.0
"""For how long to ask about what an earlier run had bought and the provider does not show, or says not to know."""
SETTLED_SECONDS = 300.0
"""After which a task that shows failures alone is taken to be at its end, and so is one of somebody else that shows
fewer takes than were asked for and none that runs. A task of our own never is for what an answer leaves out."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What somebody wants of a task.

    Attributes:
        wanted: the takes to hand over.
        folder: where to leave them.
        taken: when the provider took it, where this run saw that.
        record: what the journal knew before, where there was something.
        patient: whether to wait as long as a render may take when the provider shows nothing at all.
    """

    task: Task
    wanted: Collection[int]
    folder: Path
    keep: Keep
    taken: Taken | None = None
    record: Record | None = None
    patient: bool = True


@dataclass(slots=True)
class Outcome:
    """What came of a task.

    Attributes:
        missing: the numbers of takes that it will never bring.
        faults: what the provider said of them.
        gone: nothing more is to be had of it, though nobody has reported an end.
        forgotten: the provider says that it does not know it.
        errors: what went wrong with takes that are there, or with the waiting.
    """

    missing: tuple[int, ...] = ()
    faults: tuple[Fault, ...] = ()
    gone: bool = False
    forgotten: bool = False
    errors: list[SkyflowError] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Following:
    """Follows tasks."""

    wire: Wire
    polls: Polls
    places: Places
    fetching: Fetching
    journal: Journal
    purse: Purse
    typical: Typical

    async def follow(self, errand: Errand) -> Outcome:
        """Wait for every take, and fetch each that is wanted as soon as it is there.

        What goes wrong is in the outcome; nothing of one take stops another.
        """
        tracked, outcome = Tracked.of(errand.task, errand.wanted, errand.record), Outcome()
        async with anyio.create_task_group() as fetching:
            try:
                await self._until_whole(errand, tracked, outcome, fetching)
            except SkyflowError as error:
                outcome.errors.append(error)
        if tracked.whole and not outcome.gone:
            outcome.missing, outcome.faults = tracked.missing, tracked.faults
            if errand.record is None or not errand.record.finished:
                self.purse.settle(tracked.task.uuid, tracked.cost)
        return outcome

    async def _until_whole(self, errand: Errand, tracked: Tracked, outcome: Outcome, fetching: TaskGroup) -> None:
        taken = errand.taken
        began = taken.at if taken else anyio.current_time()
        until = began + (WHOLE_SECONDS if errand.patient and not tracked.whole else GONE_SECONDS)
        settled = lost = inf
        known = errand.record is not None and errand.record.accepted
        with self.polls.watch(tracked.task.uuid, accepted=taken.at if taken else None) as watch:
            while not tracked.ended:
                answer = None
                with anyio.move_on_after(max(0.0, min(until, lost, settled) - anyio.current_time())):
                    answer = await watch.next()
                if answer is None and settled > min(until, lost):
                    self._give_up(errand, tracked, outcome)
                    return
                if answer is None:  # one look more, and what it shows is all
                    news = self._learn(errand, tracked, await self._look(errand, tracked), settled=True)
                else:
                    await self._count(errand, tracked, answer)
                    news = self._learn(errand, tracked, answer, asked=watch.asked)
                now = anyio.current_time()
                settled = now + SETTLED_SECONDS if self._may_settle(errand, tracked) else inf
                lost = min(lost, now + GONE_SECONDS) if tracked.lost and known else inf
                if tracked.whole:
                    until = min(until, now + GONE_SECONDS)
                elif news:
                    until = max(until, now + WHOLE_SECONDS)
                for take in tracked.ready():
                    tracked.began.add(take)
                    fetching.start_soon(self._fetch, errand, tracked, take, outcome)

    async def _look(self, errand: Errand, tracked: Tracked) -> Answer:
        try:
            answer = await self.polls.ask(tracked.task.uuid)
        except Unclear as error:
            raise late(tracked.task.shot, error.why) from None
        await self._count(errand, tracked, answer)
        return answer

    @staticmethod
    def _may_settle(errand: Errand, tracked: Tracked) -> bool:
        """Whether what an answer does not show may be taken for its end, after long enough."""
        others = errand.taken is not None and errand.taken.others and tracked.expected is None
        return tracked.resting and (others or not tracked.arrivals)

    def _learn(
        self, errand: Errand, tracked: Tracked, answer: Answer, *, asked: int = 2, settled: bool = False
    ) -> bool:
        """Take in an answer, and record what is new of it before anything is done about it.

        A task that was ready when it was ``asked`` about for the first time may have been so for long. It is taken
        for half as long, so that the next is asked about sooner: tasks may become shorter, and nobody would notice.
        """
        task, taken, now = tracked.task, errand.taken, anyio.current_time()
        first = not tracked.arrivals
        if not tracked.take_in(answer, settled=settled):
            return False
        self.journal.record(tracked.stage())
        if taken is not None and not taken.others and tracked.arrivals:
            if first:
                took = (now - taken.at) / (2 if asked == 1 else 1)
                self.typical.saw(took)
                self.journal.took(took)
            if tracked.whole:
                self.places.came_back(now - taken.at, task.output.frames * task.output.size.pixels * len(task.takes))
        return True

    async def _count(self, errand: Errand, tracked: Tracked, answer: Answer) -> None:
        """Learn for how many takes a task is that was there before, where it shows fewer than were asked for."""
        done = answer.rows and all(row.state == "done" for row in answer.rows)
        ours = errand.taken is not None and not errand.taken.met
        if ours or not done or len(answer.rows) >= len(tracked.task.takes):
            return
        try:
            uuid = tracked.task.uuid
            details = (await self.wire.post([{"taskType": "getTaskDetails", "taskUUID": uuid}])).of_one(uuid)
        except Unclear:
            return
        tracked.expected = next((row.requested for row in details.rows if row.requested), tracked.expected)

    def _give_up(self, errand: Errand, tracked: Tracked, outcome: Outcome) -> None:
        """Nothing comes any more. That is no end of the task, unless all of it had been here already: then only bytes
        are lost, and to have them made again is what the person asks for.
        """
        shot, unfetched = tracked.task.shot, sorted(set(tracked.arrivals) - tracked.began)
        again = errand.record is not None and errand.record.finished
        outcome.gone = bool(tracked.lost) or tracked.whole or not errand.patient
        if again:
            outcome.faults = (tracked.lost,) if tracked.lost else ()
            outcome.missing = (*tracked.missing, *unfetched)
        elif tracked.lost:
            if unfetched:
                self.purse.not_fetched()
            outcome.forgotten = True
            outcome.errors.append(forgotten(shot))
        elif unfetched:
            self.purse.not_fetched()
            outcome.errors.append(not_fetched(shot, unfetched[0], "the provider shows nothing of it now"))
        else:
            outcome.errors.append(late(shot, f"it was not finished within {WHOLE_SECONDS / 60:.0f} minutes"))

    async def _fetch(self, errand: Errand, tracked: Tracked, take: int, outcome: Outcome) -> None:
        place, row = tracked.rows[take]
        wanted = Wanted(tracked.task, tracked.arrivals[take], place, row.url)
        try:
            await self.fetching.fetch(wanted, errand.folder, errand.keep)
        except SkyflowError as error:
            outcome.errors.append(error)
