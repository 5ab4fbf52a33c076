"""Builds of skyflow that are broken on purpose, each in one place: the rules must catch every one.

A mutant that no rule catches is a hole in the rules and not a harmless mistake.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from uuid import UUID

from skyflow import digest
from skyflow.backends.paid import Accepted, Intended, Sent
from skyflow.backends.runware import bodies, buying, sending
from skyflow.backends.runware.buying import Buying
from skyflow.backends.runware.sending import Sending
from skyflow.backends.runware.wire import Wire
from skyflow.board.model import ShotClip, ShotFrame
from skyflow.running import runner
from skyflow.running.journal import SqliteJournal
from skyflow.running.keeping import Keeping
from skyflow.running.purse import Purse
from skyflow.running.shots import Shots
from skyflow.store.objects import Objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager


def journal_after_send() -> Any:
    """The task goes out, and then the journal hears of it."""
    plain = Wire.post

    async def send(self: Sending, task: Any, body: Any, *, again: bool = False) -> Any:
        late: list[Any] = []

        async def post(wire: Wire, tasks: Any) -> Any:
            answer = await plain(wire, tasks)
            while late:
                record(self.journal, late.pop())
            return answer

        def delay(journal: Any, stage: Any) -> None:
            (late.append if isinstance(stage, Sent) else lambda stage: record(journal, stage))(stage)

        record = type(self.journal).record
        with patch.object(SqliteJournal, "record", delay), patch.object(Wire, "post", post):
            return await untouched(self, task, body, again=again)

    untouched = Sending.send
    return patch.object(Sending, "send", send)


def new_name_on_each_try() -> Any:
    """Whatever is sent once more is sent under a new UUID."""
    plain = Wire.post

    async def post(self: Wire, tasks: Any) -> Any:
        seen: set[str] = self.__dict__.setdefault("seen", set())
        for task in tasks:
            if task["taskType"] == "videoInference" and task["taskUUID"] in seen:
                name = int(UUID(task["taskUUID"])) + len(seen)
                answer = await plain(self, [{**task, "taskUUID": str(UUID(int=name % 2**128, version=4))}])
                return replace(answer, rows=tuple(replace(row, task_uuid=task["taskUUID"]) for row in answer.rows))
            if task["taskType"] == "videoInference":
                seen.add(task["taskUUID"])
        return await plain(self, tasks)

    return patch.object(Wire, "post", post)


def budget_released_twice() -> Any:
    """What was set aside is given back when a task has failed, though its estimate stands, and once more after it."""
    plain = Purse.settle

    def settle(self: Purse, uuid: str, cost: Any) -> None:
        there = self._reserved.get(uuid)
        plain(self, uuid, cost)
        if there is not None:
            self._costs[uuid] -= there

    return patch.object(Purse, "settle", settle)


def budget_unheeded_at_new_attempts() -> Any:
    """Only first attempts are set aside; what is tried again is not."""
    plain = Purse.reserve

    def reserve(self: Purse, uuid: str, estimate: Any) -> None:
        if not self._costs:
            plain(self, uuid, estimate)

    return patch.object(Purse, "reserve", reserve)


@contextmanager
def nothing_carried_over() -> Iterator[None]:
    """What is in flight from the run before is no part of the budget."""
    nothing = patch.object(runner, "carried_of", lambda *_: Decimal(0))
    with nothing, patch.object(Purse, "carry", lambda _self, _record: None):
        yield


def conflict_is_a_failure() -> Any:
    """That the provider knows a UUID already is taken for a refusal."""
    plain = sending._deciding

    def deciding(answer: Any) -> Any:
        fault = plain(answer)
        return replace(fault, kind="provider", code="failed") if fault and fault.kind == "conflict" else fault

    async def send(self: Sending, task: Any, body: Any, *, again: bool = False) -> Any:
        with patch.object(sending, "PASSING", frozenset()):
            return await untouched(self, task, body, again=again)

    untouched = Sending.send
    return _both(patch.object(sending, "_deciding", deciding), patch.object(Sending, "send", send))


def sent_again_where_a_poll_is_empty() -> Any:
    """A task that was taken is sent again when the provider does not show it at once."""
    plain = Buying.resume

    async def resume(self: Buying, order: Any, record: Any, takes: Any) -> None:
        stage = record.stage
        if isinstance(stage, Accepted) and not (await self.polls.ask(record.task.uuid)).rows:
            record = replace(record, stage=Sent(record.task.uuid))
            await self._send(order, record.task, takes, 1, again=True)
        else:
            await plain(self, order, record, takes)

    return patch.object(Buying, "resume", resume)


def fetched_before_stored() -> Any:
    """The journal says that a clip is in the store before it is."""
    plain, move = Keeping.bought, Objects.move
    late: dict[str, Callable[[], str]] = {}

    def later(self: Objects, source: Any, **how: Any) -> str:
        late[str(source)] = lambda: move(self, source, **how)
        return digest.of_file(source)

    async def bought(self: Keeping, made: Any, expected: Any) -> Any:
        kept = await plain(self, made, expected)
        late.pop(str(made.path))()
        return kept

    return _both(patch.object(Objects, "move", later), patch.object(Keeping, "bought", bought))


def attempt_without_end_of_the_last() -> Any:
    """A task whose end nobody knows is bought anew under the next attempt."""
    plain = Buying.resume

    async def resume(self: Buying, order: Any, record: Any, takes: Any) -> None:
        if isinstance(record.stage, Sent):
            await self.buy(order, tuple(takes), 1)
        else:
            await plain(self, order, record, takes)

    return patch.object(Buying, "resume", resume)


def random_names() -> Any:
    """A task's UUID is thrown and does not follow from its work."""
    count = iter(range(10**9))
    return patch.object(buying, "task_uuid", lambda *_: str(UUID(int=next(count), version=4)))


def nothing_recovered() -> Any:
    """What a board no longer asks for stays at the provider."""

    async def rest(*_: Any) -> tuple[str, ...]:
        return ()

    return patch.object(runner, "_fetch_rest", rest)


def needs_not_waited_for() -> Any:
    """Only what a shot's pixels come from is waited for, and not what the board says it needs."""
    plain = Shots.__init__

    def begin(self: Shots, whole: Any, *rest: Any) -> None:
        shots = {name: replace(shot, depends_on=_of_pixels(shot)) for name, shot in whole.board.shots.items()}
        plain(self, replace(whole, board=replace(whole.board, shots=shots)), *rest)

    return patch.object(Shots, "__init__", begin)


def _of_pixels(shot: Any) -> tuple[str, ...]:
    media = [*(pin.image for pin in shot.pins), *(one.clip for one in shot.clips)]
    made = {medium.shot for medium in media if isinstance(medium, ShotFrame | ShotClip)}
    return tuple(name for name in shot.depends_on if name in made)


def secrets_in_the_journal() -> Any:
    """A task is written down as it is sent, secrets and all."""
    plain = bodies.written

    def written(assignment: Any, uuid: str, takes: int, media: Any, secrets: Any) -> Any:
        return bodies.filled(plain(assignment, uuid, takes, media, secrets), secrets)

    return patch.object(bodies, "written", written)


def intended_after_send() -> Any:
    """The exact words are written down once the provider has them."""
    plain = SqliteJournal.record
    late: dict[str, Any] = {}

    def record(self: SqliteJournal, stage: Any) -> None:
        if isinstance(stage, Intended):
            late[stage.uuid] = stage
        elif isinstance(stage, Sent) and stage.uuid in late:
            late[f"sent {stage.uuid}"] = stage
        else:
            for name in (stage.uuid, f"sent {stage.uuid}"):
                if name in late:
                    plain(self, late.pop(name))
            plain(self, stage)

    return patch.object(SqliteJournal, "record", record)


@contextmanager
def _both(*patches: AbstractContextManager[Any]) -> Iterator[None]:
    first, second = patches
    with first, second:
        yield


MUTANTS: tuple[Callable[[], AbstractContextManager[Any]], ...] = (
    journal_after_send,
    intended_after_send,
    new_name_on_each_try,
    random_names,
    budget_released_twice,
    budget_unheeded_at_new_attempts,
    nothing_carried_over,
    conflict_is_a_failure,
    sent_again_where_a_poll_is_empty,
    attempt_without_end_of_the_last,
    fetched_before_stored,
    nothing_recovered,
    needs_not_waited_for,
    secrets_in_the_journal,
)
