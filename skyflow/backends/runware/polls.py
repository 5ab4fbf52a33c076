"""Asking what became of tasks: all that wait are asked about in one request.

Where the provider refuses several questions in one request, or shows less in such an answer than when asked about
one task alone, each is asked alone from then on. An answer that cannot be read says nothing about any task,
and a failure is believed once it is said twice: the provider's state is cumulative, so a real one is repeated, and to
believe an error of the question would be to pay for the task again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from math import inf
from typing import TYPE_CHECKING, TypeAlias

import anyio

from skyflow.backends.runware.answers import Answer
from skyflow.backends.runware.waits import Backoff
from skyflow.backends.runware.wire import Unclear
from skyflow.backends.runware.wording import Misdirected, turned_away
from skyflow.errors import AccountRefused

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from random import Random

    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

    from skyflow.backends.runware.errors import Fault
    from skyflow.backends.runware.wire import Wire

    Heard: TypeAlias = Answer | AccountRefused | Misdirected

BATCH = 50
"""Questions in one request."""
FIRST, GROWTH, LONGEST = 0.25, 1.5, 10.0
"""Seconds until the first question where nothing is known, and how the waits grow from there."""
TOGETHER = 0.05
"""Seconds in which questions that are due at once find each other."""
SHARE = 1 / 6
"""Of the typical time of a task, the part that passes between two requests."""
ASK_SECONDS = 300.0
"""For how long a question is asked again that gets no answer."""
OFTEN, UNKNOWN = 0.05, 1.0
"""Seconds between two requests at least: however short tasks are, and while nothing is known of them."""
SURE_SECONDS = 1.0
"""After which a failure that was said for the first time is asked about again."""
REFUSED_MAX = 2
"""Failed requests in a row, each with several questions, after which each is asked alone."""

_NOT_NOW = frozenset({401, 402, 403, 407, 408, 429})
"""Statuses that refuse a request whatever it holds."""
_OF_THE_READING = frozenset({"rateLimit", "server", "auth", "quota"})
"""Kinds that say nothing about a task that was taken, whatever the status."""


@dataclass(slots=True)
class Typical:
    """How long a task takes from its acceptance to its first take; None where nothing is known."""

    seconds: float | None = None

    def saw(self, seconds: float) -> None:
        """One took this long, or is taken to have."""
        self.seconds = seconds if self.seconds is None else self.seconds + 0.3 * (seconds - self.seconds)


@dataclass(eq=False, slots=True)
class Watch:
    """Somebody waits for word of a task.

    Attributes:
        due: when to ask next, by the event loop's clock.
        interval: seconds until the question after that.
        once: any answer will do, also one that says nothing new.
        asked: how often it was asked and answered.
        decided: the finished takes and the faults that were told already.
        silent: in how many answers to several questions nothing was said of it; None once it was asked about alone
            and nothing was said either.
        suspected: since when each failure is said in every answer.
        unsure: whether the last answer holds one that was said for the first time.
    """

    uuid: str
    due: float
    interval: float
    tell: MemoryObjectSendStream[Heard]
    heard: MemoryObjectReceiveStream[Heard]
    once: bool = False
    asked: int = 0
    decided: frozenset[str] = frozenset()
    silent: int | None = 0
    suspected: dict[str, float] = field(default_factory=dict)
    unsure: bool = False

    @property
    def alone(self) -> bool:
        """Whether to ask about it alone: an answer to several questions may have left it out."""
        return self.silent is not None and self.silent >= (1 if self.once else 2)

    async def next(self) -> Answer:
        """Wait for an answer that says something new.

        Raises:
            AccountRefused: the provider refuses the key.
        """
        heard = await self.heard.receive()
        if isinstance(heard, AccountRefused | Misdirected):
            raise heard
        return heard


@dataclass(slots=True)
class Polls:
    """One session's questions. ``run`` asks them; everybody else waits for answers."""

    wire: Wire
    random: Random
    typical: Typical
    _watches: list[Watch] = field(default_factory=list)
    _singly: bool = False
    _refused: int = 0
    _last: float = -inf
    _not_before: float = -inf
    _changed: anyio.Event = field(default_factory=anyio.Event)

    async def ask(self, uuid: str) -> Answer:
        """What the provider says of a task now, which may be nothing.

        Raises:
            AccountRefused: the provider refuses the key.
            Unclear: for a long time no answer could be read.
        """
        with self.watch(uuid, once=True) as watch, anyio.move_on_after(ASK_SECONDS):
            return await watch.next()
        raise Unclear(f"no question was answered for {ASK_SECONDS / 60:.0f} minutes")

    def watch(self, uuid: str, *, once: bool = False, accepted: float | None = None) -> Watching:
        """Follow a task for as long as this is entered.

        Args:
            once: any answer will do.
            accepted: when the provider took it, where that was seen; nothing is asked before it can be ready.
        """
        now, typical = anyio.current_time(), self.typical.seconds
        due, interval = now, FIRST
        if typical is not None:
            interval = min(LONGEST, max(OFTEN, typical * SHARE))
        if accepted is not None:
            due = accepted + (FIRST if typical is None else max(OFTEN, 0.9 * typical))
        tell, heard = anyio.create_memory_object_stream[Answer | AccountRefused | Misdirected](inf)
        return Watching(self, Watch(uuid, due, interval, tell, heard, once))

    def hint(self, uuids: Collection[str]) -> None:
        """Somebody says that there is news of these tasks; they are asked about next."""
        for watch in self._watches:
            if watch.uuid in uuids:
                watch.due = min(watch.due, anyio.current_time())
        self._changed.set()

    def add(self, watch: Watch) -> None:
        """Begin to ask."""
        self._watches.append(watch)
        self._changed.set()

    def remove(self, watch: Watch) -> None:
        """Ask no more."""
        self._watches.remove(watch)

    async def run(self) -> None:
        """Ask, for as long as the session lasts."""
        backoff = Backoff(self.random)
        while True:
            batch = await self._due()
            self._last = anyio.current_time()
            told, status = None, None
            try:
                answer = await self.wire.post([{"taskType": "getResponse", "taskUUID": one} for one in batch])
                told, status = answer.retry_after, answer.status
                readable = self._sifted(answer, batch)
            except Unclear as error:
                readable, status = None, error.status
            if len(batch) > 1:
                self._see_refused(status if readable is None else None)
            if readable is None:
                self._not_before = anyio.current_time() + backoff.next(told)
                for watch in [one for one in self._watches if one.uuid in batch]:
                    watch.due = max(watch.due, self._not_before)  # one that never gets an answer keeps nobody waiting
            else:
                backoff = Backoff(self.random)
                self._told(batch, readable)

    def _see_refused(self, status: int | None) -> None:
        """Ask singly once it seems to be the request for several that is refused.

        Args:
            status: of an answer in which nothing could be read; None where something could, or none came.
        """
        if status is None or status in _NOT_NOW:
            self._refused = 0
            return
        self._refused += REFUSED_MAX if 400 <= status < 500 else 1
        self._singly |= self._refused >= REFUSED_MAX

    async def _due(self) -> list[str]:
        """Sleep until a question is due, though a new one may come meanwhile; then give those to ask."""
        while True:
            self._changed = anyio.Event()
            wait = min((self._when(watch) for watch in self._watches), default=inf) - anyio.current_time()
            if wait <= 0:
                return self._batch()
            with anyio.move_on_after(wait):
                await self._changed.wait()

    def _when(self, watch: Watch) -> float:
        """When to ask for the sake of one: at the pace of all, but for who waits for any answer."""
        spacing = TOGETHER
        if not (watch.once or self._singly):
            typical = self.typical.seconds
            spacing = UNKNOWN if typical is None else min(LONGEST, max(OFTEN, SHARE * typical))
        return max(watch.due, self._not_before, self._last + spacing)

    def _batch(self) -> list[str]:
        """The tasks to ask about now: all, those first that are due first; only one where it must be asked alone."""
        waiting = sorted(self._watches, key=lambda watch: watch.due)
        if self._singly or waiting[0].alone:
            return [waiting[0].uuid]
        return list(dict.fromkeys(watch.uuid for watch in waiting if not watch.alone))[:BATCH]

    def _sifted(self, answer: Answer, batch: Sequence[str]) -> Answer | None:
        """The answer without faults that say nothing about a task; None where nothing else is in it."""
        if refused := next((fault for fault in answer.faults if _of_all(fault, answer.status)), None):
            self._refuse_all(refused)
            return None
        faults = tuple(fault for fault in answer.faults if not _of_the_reading(fault, answer.status, len(batch)))
        if answer.faults and not faults and not answer.rows:
            return None
        sifted = Answer(answer.status, answer.rows, faults)
        return sifted.of_one(batch[0]) if len(batch) == 1 else sifted

    def _refuse_all(self, fault: Fault) -> None:
        for watch in self._watches:
            watch.tell.send_nowait(turned_away(fault))

    def _told(self, batch: Sequence[str], answer: Answer) -> None:
        several = len(batch) > 1
        doubtful = [fault for fault in answer.faults if several and _is_doubtful(fault, answer)]
        if doubtful and len(doubtful) == len(answer.faults) and not answer.rows:
            self._singly = True  # it is the request for several that was refused
            return
        doubt = bool(doubtful) or None in {row.task_uuid for row in answer.rows}
        for watch in [one for one in self._watches if one.uuid in batch]:
            mine = answer if not several else _of(watch.uuid, answer, doubtful)
            if several and not mine.rows and not mine.faults and self._left_out(watch, doubt=doubt):
                continue
            self._singly |= not several and watch.alone and bool(mine.rows)
            watch.silent = watch.silent if several else 0 if mine.rows else None
            self._give(watch, mine if watch.once else _repeated(watch, mine))

    @staticmethod
    def _left_out(watch: Watch, *, doubt: bool) -> bool:
        """Several were asked about, and nothing was said of this one; whether to ask alone before that counts."""
        if watch.silent is None:
            return False
        watch.silent += 2 if doubt else 1
        if watch.alone:
            watch.due = min(watch.due, anyio.current_time())
        return watch.alone

    @staticmethod
    def _give(watch: Watch, mine: Answer) -> None:
        """Tell one who waits what is new, and decide when to ask for it again."""
        now, decided = anyio.current_time(), _decided(mine)
        watch.asked += 1
        if watch.once or decided != watch.decided:
            watch.decided = decided
            watch.tell.send_nowait(mine)
        if watch.unsure:
            watch.due = now + SURE_SECONDS
        elif watch.due <= now + watch.interval / 2:
            watch.due = now + watch.interval
            watch.interval = min(LONGEST, watch.interval * GROWTH)


@dataclass(frozen=True, slots=True)
class Watching:
    """A watch that is asked about while this is entered."""

    polls: Polls
    watch: Watch

    def __enter__(self) -> Watch:
        self.polls.add(self.watch)
        return self.watch

    def __exit__(self, *_: object) -> None:
        self.polls.remove(self.watch)
        self.watch.tell.close()
        self.watch.heard.close()


def _is_doubtful(fault: Fault, answer: Answer) -> bool:
    """Whether a fault may be about several questions in one request, and not about how a task went."""
    return fault.task_uuid is None or (fault.kind == "validation" and not answer.rows_of(fault.task_uuid))


def _of(uuid: str, answer: Answer, doubtful: Collection[Fault]) -> Answer:
    """What an answer to several questions says of one task, but for what may be about the question."""
    faults = tuple(fault for fault in answer.faults_of(uuid) if fault not in doubtful)
    return Answer(answer.status, answer.rows_of(uuid), faults)


def _of_all(fault: Fault, status: int) -> bool:
    """Whether every question would be refused: the account is, though a 403 without a code may come from anything on
    the way, or it is another who answers.
    """
    if fault.kind == "address":
        return True
    return fault.kind == "auth" and (status == 401 or (status == 403 and bool(fault.code)))


def _of_the_reading(fault: Fault, status: int, asked: int) -> bool:
    """Whether a fault says that the question failed, and nothing about the task.

    To take such a fault for the end of a task would be to pay for it again.
    """
    about = {"taskUUID", "taskType"} & set(fault.parameters) and fault.kind == "validation"
    if (about and asked == 1) or (status >= 400 and not fault.code):
        return True
    return status in _NOT_NOW or status >= 500 or fault.kind in _OF_THE_READING


def _repeated(watch: Watch, mine: Answer) -> Answer:
    """The answer without failures that are said for the first time, which may be about the question only."""
    now, sure = anyio.current_time(), []
    said: Counter[str] = Counter()
    before, watch.suspected, watch.unsure = watch.suspected, {}, False
    for fault in mine.faults:
        said[fault.code] += 1
        name = f"{fault.code} {said[fault.code]}"
        watch.suspected[name] = before.get(name, now)
        if now - watch.suspected[name] >= SURE_SECONDS / 2:
            sure.append(fault)
    watch.unsure = len(sure) < len(mine.faults)
    return replace(mine, faults=tuple(sure))


def _decided(answer: Answer) -> frozenset[str]:
    """A name for each take that is finished and for each fault."""
    done = {f"done {row.video_uuid or number}" for number, row in enumerate(answer.rows) if row.state == "done"}
    return frozenset(done | {f"fault {number} {fault.code}" for number, fault in enumerate(answer.faults)})
