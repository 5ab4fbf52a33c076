"""The journal: what it is told it keeps, in order, and it takes nothing that cannot be."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from skyflow.backends.paid import Accepted, Arrival, Failed, Fetched, Intended, Ready, Refusal, Sent
from skyflow.running.journal import SqliteJournal
from tests.bought import REFUSAL, arrival, failure, life, take, task
from tests.fakes import IN_MEMORY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from skyflow.backends.paid import Record, Stage, Task


@pytest.fixture
def path() -> Iterator[Path]:
    """Where a journal may be: on a disk that is flushed at once."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        yield Path(folder) / "journal.sqlite"


def told(path: Path, stages: Iterable[Stage], began: float = 0.0) -> Path:
    """A journal that was told these stages, and closed."""
    with SqliteJournal.open(path, clock=lambda: began) as journal:
        for stage in stages:
            journal.record(stage)
    return path


def only(path: Path) -> Record:
    (record,) = SqliteJournal.read(path).records()
    return record


def test_a_task_is_read_back_to_the_digit_with_all_that_came_of_it(path):
    bought = task("a", takes=(2, 3), estimate=Decimal("1.680"))
    record = only(told(path, life(bought), began=12.5))
    assert record.task == bought
    assert str(record.task.estimate) == "1.680"
    assert record.ready == Ready("a", (arrival(2), arrival(3)))
    assert record.kept == {2: take(2, "a"), 3: take(3, "a")}
    assert record.stage == Fetched("a", take(3, "a"))
    assert (record.accepted, record.finished, record.in_flight, record.began) == (True, True, False, 12.5)


@pytest.mark.parametrize(("until", "in_flight"), [(1, False), (2, True), (3, True), (4, True), (5, False)])
def test_a_task_is_in_flight_from_its_sending_until_its_last_take(path, until, in_flight):
    assert only(told(path, life(task("a"), until=until))).in_flight is in_flight


def test_a_take_finds_its_attempts_in_order_and_those_of_no_other_take(path):
    second, first = task("b", takes=(1, 2), attempt=2), task("a", takes=(1,))
    told(path, [*failure(first), *life(second, until=2), Intended(task("c", shot="climb"))])
    journal = SqliteJournal.read(path)
    assert [record.task.uuid for record in journal.of_take(first.key, 1)] == ["a", "b"]
    assert [record.task.uuid for record in journal.of_take(first.key, 2)] == ["b"]
    assert journal.of_take(first.key, 3) == ()
    assert [record.task.uuid for record in journal.records()] == ["a", "b", "c"]
    assert journal.find("d") is None


def test_only_its_owner_may_read_it_and_a_secret_stays_a_name(path):
    secret = {"uploadEndpoint": {"secret": "BUCKET"}}
    told(path, [Intended(task("a", body=secret))])
    assert path.stat().st_mode & 0o777 == 0o600
    assert only(path).task.body == secret


def test_a_body_comes_back_as_it_would_be_sent(path):
    body = {"z": 1, "a": {"seconds": 3.0, "x": 0.1, "many": [1.5, True, None, "é\ud800\u2028"]}}
    told(path, [Intended(task("a", body=body))])
    assert json.dumps(only(path).task.body) == json.dumps(body)


def test_looking_where_nothing_was_bought_creates_nothing(path):
    journal = SqliteJournal.read(path)
    assert list(journal.records()) == []
    assert (journal.upload("a" * 64), journal.seconds(), journal.find("a")) == (None, None, None)
    assert list(path.parent.iterdir()) == []


def test_who_looks_cannot_record(path):
    told(path, life(task("a")))
    with pytest.raises(RuntimeError, match="opened to be read"):
        SqliteJournal.read(path).record(Intended(task("b")))


def test_looking_leaves_no_trace_and_needs_no_right_to_write(path):
    told(path, life(task("a")))
    before = {item.name: (item.stat().st_mtime_ns, item.read_bytes()) for item in path.parent.iterdir()}
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        assert only(path).finished
    finally:
        path.parent.chmod(0o700)
    assert {item.name: (item.stat().st_mtime_ns, item.read_bytes()) for item in path.parent.iterdir()} == before


def test_what_was_looked_at_does_not_change_under_the_reader_and_does_not_stop_the_writer(path):
    with SqliteJournal.open(path) as writer:
        writer.record(Intended(task("a")))
        reader = SqliteJournal.read(path)
        walking = writer.records()
        writer.record(Sent("a"))
        writer.record(Intended(task("b")))
        assert [record.stage for record in reader.records()] == [Intended(task("a"))]
        assert [record.stage for record in walking] == [Intended(task("a"))]
        assert len(list(SqliteJournal.read(path).records())) == 2


def test_a_reader_sees_what_stood_before_a_write_that_is_under_way(path):
    told(path, [Intended(task("a"))])
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM tasks")
    assert only(path).task.uuid == "a"
    writer.execute("ROLLBACK")
    writer.close()


def test_uploads_are_remembered_until_the_provider_forgets(path):
    with SqliteJournal.open(path) as journal:
        journal.keep_upload("a" * 64, "first")
        journal.keep_upload("a" * 64, "second")
        journal.keep_upload("b" * 64, "other")
    with SqliteJournal.open(path) as journal:
        assert journal.upload("a" * 64) == "second"
        journal.forget_upload("a" * 64)
        journal.forget_upload("c" * 64)
        assert (journal.upload("a" * 64), journal.upload("b" * 64)) == (None, "other")


def test_what_is_typical_is_the_middle_of_the_last_twenty(path):
    with SqliteJournal.open(path) as journal:
        for seconds in (9000.0, *[60.0] * 10, *[80.0] * 10):
            journal.took(seconds)
        assert journal.seconds() == 70.0
    assert SqliteJournal.read(path).seconds() == 70.0


BEFORE: dict[str, list[Stage]] = {
    "sent": [Sent("a")],
    "accepted": [Accepted("a", "poll")],
    "accepted, only intended": [Intended(task("a")), Accepted("a", "poll")],
    "ready, not accepted": [*life(task("a"), until=2), Ready("a", (arrival(1),))],
    "fetched, not ready": [*life(task("a"), until=3), Fetched("a", take(1, "a"))],
    "fetched, never arrived": [
        *life(task("a", takes=(1, 2)), until=3),
        Ready("a", (arrival(1),)),
        Fetched("a", take(2)),
    ],
    "failed": [Failed("a", REFUSAL)],
    "failed, only intended": [Intended(task("a")), Failed("a", REFUSAL)],
    "sent, accepted": [*life(task("a"), until=3), Sent("a")],
    "sent, failed": [*failure(task("a")), Sent("a")],
    "another take": [*life(task("a"), until=3), Ready("a", (arrival(2),))],
    "a take twice": [*life(task("a"), until=3), Ready("a", (arrival(1), arrival(1)))],
    "another body": [Intended(task("a")), Intended(task("a", body={}))],
    "another key": [Intended(task("a")), Intended(task("a", key="f" * 64))],
    "a number as shot": [Intended(task("a", shot="1"))],
    "no takes": [Intended(task("a", takes=()))],
    "no money": [Intended(task("a", estimate=Decimal("NaN")))],
    "a broken take": [*life(task("a"), until=4), Fetched("a", replace(take(1), sha256="f"))],
}


def rows(path: Path) -> list[str]:
    """All that the file holds, as the statements that would write it."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


@pytest.mark.parametrize("name", BEFORE)
def test_what_cannot_be_is_a_defect_and_leaves_no_trace(path, name):
    *before, stage = BEFORE[name]
    told(path, before)
    content = rows(path)
    with SqliteJournal.open(path) as journal, pytest.raises(RuntimeError):
        journal.record(stage)
    assert rows(path) == content


@pytest.mark.parametrize("body", [{"x": float("inf")}, {"x": {1, 2}}])
def test_a_body_that_is_no_json_is_never_intended(path, body):
    with SqliteJournal.open(path) as journal, pytest.raises((ValueError, TypeError)):
        journal.record(Intended(task("a", body=body)))
    assert list(SqliteJournal.read(path).records()) == []


def test_what_is_known_already_adds_nothing(path):
    bought = task("a", takes=(1, 2))
    told(path, life(bought))
    content = rows(path)
    renamed = replace(bought, shot="begin", board="other")
    again: list[Stage] = [
        Intended(renamed),
        Accepted("a", "conflict"),
        Ready("a", (arrival(2),), whole=False),
        Fetched("a", take(1, "a")),
    ]
    told(path, again)
    assert rows(path) == content
    assert only(path).task == bought


def test_a_provider_that_contradicts_itself_stops_nothing_and_loses_nothing(path):
    other = Failed("a", replace(REFUSAL, message="in other words"))
    failed = failure(task("a"))
    assert only(told(path, [*failed, other, Ready("a", ())])).stage == failed[-1]
    record = only(told(path, [Ready("a", (arrival(1),))]))
    assert (record.ready, record.in_flight) == (Ready("a", (arrival(1),), (REFUSAL,)), True)
    record = only(told(path, [Fetched("a", take(1, "a")), other]))
    assert (record.finished, record.stage, sorted(record.kept)) == (True, Fetched("a", take(1, "a")), [1])


def test_a_task_that_failed_and_shows_the_very_same_clip_again_is_in_flight_again(path):
    ready = Ready("a", (arrival(1),), (REFUSAL,))
    record = only(told(path, [*life(task("a"), until=3), ready, Failed("a", REFUSAL), ready]))
    assert (record.ready, record.in_flight) == (ready, True)


def test_a_clip_that_comes_in_after_its_task_failed_is_kept(path):
    bought = task("a", takes=(1, 2))
    record = only(told(path, [*life(bought, until=4), Failed("a", REFUSAL), Fetched("a", take(2, "a"))]))
    assert (record.stage, record.finished, sorted(record.kept)) == (Failed("a", REFUSAL), True, [2])


def test_a_late_failure_ends_a_task_and_keeps_what_was_fetched(path):
    stages = life(task("a", takes=(1, 2)))[:-1]
    gone = Refusal("taskExpired", "no longer there", "notFound", "billed")
    record = only(told(path, [*stages, Failed("a", gone), Failed("a", gone)]))
    assert (record.finished, record.in_flight, sorted(record.kept)) == (True, False, [1])


@pytest.mark.parametrize("cost", ["NaN", "Infinity", "-Infinity", "sNaN", "9" * 50])
def test_a_cost_that_is_no_amount_does_not_lose_the_clip(path, cost):
    told(path, [*life(task("a"), until=3), Ready("a", (Arrival(1, "v", cost=Decimal(cost)),))])
    assert only(path).ready == Ready("a", (Arrival(1, "v"),))


def test_a_thousand_tasks_are_found_without_reading_all_of_them(path):
    told(path, [Intended(task("a"))])
    connection = sqlite3.connect(path)
    for asked, values in (
        ("SELECT uuid FROM takes WHERE key = ? AND take = ? ORDER BY attempt, uuid", ("k", 1)),
        ("SELECT said FROM history WHERE uuid = ? ORDER BY event", ("a",)),
    ):
        steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {asked}", values)]
        assert any(step.startswith("SEARCH") for step in steps)
        assert not any(step.startswith(("SCAN tasks", "SCAN events", "SCAN takes")) for step in steps)
    connection.close()


class Reference:
    """One task as a few plain facts: what the journal must agree with."""

    def __init__(self, bought: Task) -> None:
        self.task = bought
        self.sent = self.accepted = self.whole = False
        self.arrivals: dict[int, Arrival] = {}
        self.kept: dict[int, Any] = {}
        self.failed: Refusal | None = None

    @property
    def finished(self) -> bool:
        return self.failed is not None or (self.whole and set(self.arrivals) <= set(self.kept))

    def hear(self, stage: Stage) -> bool:
        """Whether the stage may be; it is taken in where it may."""
        match stage:
            case Intended(task=again):
                return again.body == self.task.body
            case Sent():
                fine = not self.accepted and self.failed is None
                self.sent |= fine
            case Accepted():
                fine = self.accepted or (self.sent and self.failed is None)
                self.accepted |= fine
            case Ready(arrivals=arrivals, whole=whole):
                fine = self.accepted and {one.take for one in arrivals} <= set(self.task.takes)
                if fine and (arrivals or self.failed is None):  # after a failure only a clip is news
                    self.arrivals |= {one.take: one for one in arrivals}
                    self.whole |= whole
                    self.failed = None
            case Fetched(take=one):
                fine = one.take in self.arrivals
                if fine:
                    self.kept[one.take] = one
            case Failed(refusal=refusal):
                fine = self.sent
                if fine and not self.finished:
                    self.failed = refusal
        return fine


UUIDS = st.sampled_from(["a", "b", "c"])
TASKS = {
    "a": task("a", takes=(1, 2)),
    "b": task("b", takes=(2, 3, 4), attempt=2),
    "c": task("c", shot="climb"),
}
NUMBERS = st.sets(st.integers(1, 4), max_size=3)
COSTS = st.sampled_from([None, Decimal(0), Decimal("0.84")])


class JournalMachine(RuleBasedStateMachine):
    """Any stages of three tasks in any order, with the journal closed and opened again in between."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(dir=IN_MEMORY)
        self.path = Path(self.folder.name) / "journal.sqlite"
        self.known: dict[str, Reference] = {}

    @initialize()
    def start(self) -> None:
        self.journal = SqliteJournal.open(self.path)

    def teardown(self) -> None:
        self.journal.close()
        self.folder.cleanup()

    @rule()
    def come_back(self) -> None:
        self.journal.close()
        assert list(self.path.parent.iterdir()) == [self.path]
        self.journal = SqliteJournal.open(self.path)

    @rule(uuid=UUIDS, other=st.sampled_from([False, False, False, True]))
    def intend(self, uuid: str, *, other: bool) -> None:
        bought = replace(TASKS[uuid], body={"other": True}) if other else TASKS[uuid]
        self.known.setdefault(uuid, Reference(bought))
        self.hear(Intended(bought))

    @rule(uuid=UUIDS)
    def send(self, uuid: str) -> None:
        self.hear(Sent(uuid))

    @rule(uuid=UUIDS, by=st.sampled_from(["acknowledgement", "conflict", "poll"]))
    def accept(self, uuid: str, by: Any) -> None:
        self.hear(Accepted(uuid, by))

    @rule(uuid=UUIDS, numbers=NUMBERS, whole=st.booleans(), cost=COSTS)
    def be_ready(self, uuid: str, numbers: set[int], *, whole: bool, cost: Decimal | None) -> None:
        self.hear(Ready(uuid, tuple(arrival(number, cost) for number in numbers), whole=whole))

    @rule(uuid=UUIDS, number=st.integers(1, 4), cost=COSTS)
    def fetch(self, uuid: str, number: int, cost: Decimal | None) -> None:
        self.hear(Fetched(uuid, take(number, uuid, cost)))

    @rule(uuid=UUIDS, billed=st.sampled_from(["billed", "unbilled"]))
    def fail(self, uuid: str, billed: Any) -> None:
        self.hear(Failed(uuid, replace(REFUSAL, billed=billed)))

    def hear(self, stage: Stage) -> None:
        reference = self.known.get(stage.uuid)
        if reference is not None and reference.hear(stage):
            self.journal.record(stage)
        else:
            with pytest.raises(RuntimeError):
                self.journal.record(stage)

    @invariant()
    def both_say_the_same(self) -> None:
        found = list(self.journal.records())
        assert [record.task.uuid for record in found] == list(self.known)
        assert list(SqliteJournal.read(self.path).records()) == found
        for record in found:
            reference = self.known[record.task.uuid]
            assert record.task == reference.task
            assert self.journal.find(record.task.uuid) == record
            assert (record.accepted, record.finished) == (reference.accepted, reference.finished)
            assert record.kept == reference.kept
            arrived = record.ready.arrivals if record.ready else ()
            assert {one.take: one for one in arrived} == reference.arrivals
            assert record.in_flight == (reference.sent and not reference.finished)

    @invariant()
    def every_take_finds_its_tasks(self) -> None:
        key = TASKS["a"].key
        for number in range(1, 5):
            expected = [uuid for uuid in ("a", "b") if uuid in self.known and number in TASKS[uuid].takes]
            assert [record.task.uuid for record in self.journal.of_take(key, number)] == expected


TestAnyStagesInAnyOrder = JournalMachine.TestCase
TestAnyStagesInAnyOrder.settings = settings(max_examples=8, stateful_step_count=25, deadline=None)


@pytest.mark.slow
class TestAnyStagesInAnyOrderAtLength(JournalMachine.TestCase):  # type: ignore[misc, valid-type]
    settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
