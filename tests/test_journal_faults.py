"""The journal on a failing disk, when the plug is pulled, beside other processes: nothing paid is forgotten."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from skyflow.backends.paid import Intended, Sent
from skyflow.errors import Refused, StoreError
from skyflow.running.journal import SCHEMA, VERSION, SqliteJournal
from skyflow.store import database, files
from tests.bought import failure, life, task
from tests.fakes import IN_MEMORY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from skyflow.backends.paid import Record, Stage
    from skyflow.errors import SkyflowError

ROOT = Path(__file__).parent.parent
LONG = {"positivePrompt": "a lamp " * 2000}
"""A body that takes several pages of the file."""


@pytest.fixture
def path() -> Iterator[Path]:
    """Where a journal may be: on a disk that is flushed at once."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        yield Path(folder) / "journal.sqlite"


def told(path: Path, stages: Iterable[Stage]) -> list[Record]:
    """Record these stages; give all that is known afterwards."""
    with SqliteJournal.open(path) as journal:
        for stage in stages:
            journal.record(stage)
        return list(journal.records())


def filled(path: Path) -> list[Record]:
    return told(path, [*life(task("a", takes=(1, 2))), *failure(task("b", shot="climb")), *life(task("c"), until=2)])


def looked_at(path: Path) -> list[Record]:
    journal = SqliteJournal.read(path)
    return list(journal.records())


def opened(path: Path) -> list[Record]:
    with SqliteJournal.open(path) as journal:
        return list(journal.records())


WAYS = pytest.mark.parametrize("way", [looked_at, opened])


def every_place(path: Path, step: int, changed: Callable[[bytes, int], bytes], expected: list[Record]) -> int:
    """Read a journal changed at every place; what can be read must be the truth. How many were found out."""
    content = path.read_bytes()
    noticed = 0
    for place in range(0, len(content), step):
        path.write_bytes(changed(content, place))
        found = found_at(path, looked_at if place % 2 else opened)
        if isinstance(found, list):
            assert found == expected, place
        else:
            assert str(path) in found.message
            assert found.remedy
            assert path.read_bytes() == changed(content, place)  # evidence stays as it was found
            noticed += 1
        for companion in path.parent.glob("journal.sqlite-*"):
            companion.unlink()
    return noticed


def found_at(path: Path, way: Callable[[Path], list[Record]]) -> list[Record] | SkyflowError:
    try:
        return way(path)
    except (StoreError, Refused) as error:
        return error


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ (1 << place % 8)]) + content[place + 1 :]


def cut_off(content: bytes, place: int) -> bytes:
    return content[:place]


@pytest.mark.parametrize(
    "step", [pytest.param(331, id="sampled"), pytest.param(7, id="densely", marks=pytest.mark.slow)]
)
def test_a_journal_with_any_bit_changed_says_the_truth_or_that_it_is_damaged(path, step):
    assert every_place(path, step, flipped, filled(path)) > 10


@pytest.mark.parametrize(
    "step", [pytest.param(512, id="sampled"), pytest.param(16, id="densely", marks=pytest.mark.slow)]
)
def test_a_journal_cut_off_anywhere_says_that_it_is_damaged(path, step):
    """Only the last page may lose bytes that nobody misses, those that are zero anyway."""
    expected = filled(path)
    size = path.stat().st_size
    assert every_place(path, step, cut_off, expected) >= (size - 4096) // step


def interrupted(path: Path) -> tuple[bytes, bytes, bytes]:
    """A journal's file before a write, in the middle of it, and SQLite's own record of how to undo it."""
    before = path.read_bytes()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA cache_size = 1")  # pages go to the disk before the end
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO events VALUES (NULL, 'a', 'sent', ?, 0, '')", [("x" * 3000,)] * 8)
    connection.execute("UPDATE tasks SET said = 'overwritten'")
    connection.execute("DELETE FROM takes")
    during, undo = path.read_bytes(), path.with_name("journal.sqlite-journal").read_bytes()
    connection.execute("ROLLBACK")
    connection.close()
    assert during != before
    assert len(undo) > 4096
    return before, during, undo


def left_by_a_crash(path: Path, content: bytes, undo: bytes) -> None:
    path.write_bytes(content)
    path.with_name("journal.sqlite-journal").write_bytes(undo)


@WAYS
def test_a_write_that_was_interrupted_is_undone(path, way):
    expected = filled(path)
    before, during, undo = interrupted(path)
    left_by_a_crash(path, during, undo)
    assert way(path) == expected
    assert path.read_bytes()[100:] == before[100:]


@WAYS
def test_an_undo_record_torn_at_any_byte_before_the_file_was_touched_changes_nothing(path, way):
    expected = filled(path)
    before, _, undo = interrupted(path)
    places = [*range(0, 560, 16), *range(560, len(undo), 509), len(undo)]
    for place in places:
        left_by_a_crash(path, before, undo[:place])
        assert way(path) == expected, place


@WAYS
def test_a_file_torn_at_any_byte_during_a_write_is_undone(path, way):
    expected = filled(path)
    before, during, undo = interrupted(path)
    length = max(len(before), len(during))
    for place in range(0, length, 1021):
        for one, other in ((before, during), (during, before)):
            left_by_a_crash(path, one[:place] + other[place:], undo)
            assert way(path) == expected, place


def killed(path: Path) -> dict[str, bytes]:
    """What a writer leaves that is killed: its file and its log, with a whole story that is in the log alone."""
    with SqliteJournal.open(path) as journal:
        for stage in [*life(task("a", takes=(1, 2))), *failure(task("b")), *life(task("c"), until=2)]:
            journal.record(stage)
        left = {item.name: item.read_bytes() for item in path.parent.iterdir()}
    path.unlink()
    assert left.keys() == {"journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"}
    return left


def put(path: Path, left: dict[str, bytes]) -> None:
    for item in path.parent.iterdir():
        item.unlink()
    for name, content in left.items():
        path.with_name(name).write_bytes(content)


@WAYS
@pytest.mark.parametrize("index", [True, False])
def test_what_a_killed_writer_left_is_all_there_and_at_rest_after_the_next_one(path, way, index):
    left = killed(path)
    expected = filled(path)
    if not index:  # it can be made again from the log
        del left["journal.sqlite-shm"]
    put(path, left)
    assert [record.task.uuid for record in way(path)] == ["a", "b", "c"]
    assert [(one.stage, one.kept) for one in way(path)] == [(one.stage, one.kept) for one in expected]
    told(path, [Intended(task("after"))])
    assert [item.name for item in path.parent.iterdir()] == ["journal.sqlite"]


def test_what_a_killed_writer_left_is_read_where_nobody_may_write(path):
    put(path, killed(path))

    def seen() -> dict[str, bytes]:
        """But for the index, in which a reader who may says how far it has read."""
        return {
            item.name: b"" if item.suffix == ".sqlite-shm" else item.read_bytes() for item in path.parent.iterdir()
        }

    before = seen()
    for item in path.parent.iterdir():
        item.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        assert [record.task.uuid for record in looked_at(path)] == ["a", "b", "c"]
    finally:
        path.parent.chmod(0o700)
    assert seen() == before


@WAYS
def test_a_log_torn_at_any_byte_is_a_moment_of_the_story(path, way):
    """A pulled plug may take the last of what was recorded, and never something from the middle."""
    whole = [(one.task.uuid, one.stage) for one in filled(path)]
    path.unlink()
    left = killed(path)
    log = left.pop("journal.sqlite-wal")
    del left["journal.sqlite-shm"]
    story = []
    for place in [*range(0, len(log), 1021), len(log)]:
        put(path, {**left, "journal.sqlite-wal": log[:place]})
        story.append([(one.task.uuid, one.stage) for one in way(path)])
    assert len({str(moment) for moment in story}) > 8
    for earlier, later in pairwise(story):
        assert [uuid for uuid, _ in later][: len(earlier)] == [uuid for uuid, _ in earlier]
    assert story[-1] == whole


def test_only_what_is_about_to_cost_something_waits_for_the_disk(path):
    """SQLite is asked what each write was to be, since a pulled plug cannot be had in a test."""
    said: list[str] = []
    with SqliteJournal.open(path) as journal:
        journal._connection.set_trace_callback(said.append)
        for stage in life(task("a")):
            journal.record(stage)
        journal.took(3.0)
        journal._connection.set_trace_callback(None)
    asked = [words.rpartition(" ")[2] for words in said if words.startswith("PRAGMA synchronous")]
    assert asked == ["NORMAL", "EXTRA", "NORMAL", "NORMAL", "NORMAL", "NORMAL"]


def test_a_file_system_that_knows_no_log_waits_for_every_write(path, monkeypatch):
    monkeypatch.setattr(database, "_logged", lambda _: False)
    said: list[str] = []
    with SqliteJournal.open(path) as journal:
        journal._connection.set_trace_callback(said.append)
        for stage in life(task("a")):
            journal.record(stage)
        assert [item.name for item in path.parent.iterdir()] == ["journal.sqlite"]
        journal._connection.set_trace_callback(None)
    assert {words.rpartition(" ")[2] for words in said if words.startswith("PRAGMA synchronous")} == {"EXTRA"}


@WAYS
def test_a_journal_that_was_taken_away_from_its_log_is_not_started_anew(path, way):
    left = killed(path)
    del left["journal.sqlite"]
    put(path, left)
    with pytest.raises(StoreError, match="it is gone, and a write to it was interrupted"):
        way(path)
    assert not path.exists()


WRITER = """
import sys
from pathlib import Path
from skyflow.backends.paid import Sent
from skyflow.running.journal import SqliteJournal
from tests.bought import life, task
path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
with SqliteJournal.open(path) as journal:
    for number in range(count):
        for stage in life(task(f"{name}{number}")):
            journal.record(stage)
            print(stage.uuid, type(stage).__name__, flush=True)
"""


def writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    line = [sys.executable, "-c", WRITER, str(path), name, str(count)]
    return subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program


@pytest.mark.slow
@pytest.mark.parametrize("lines", [1, 2, 3, 5, 8, 13, 40])
def test_what_was_recorded_survives_a_kill_at_any_time(path, lines):
    with writer(path, "t", 10_000) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().split() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        said += [words for words in (line.split() for line in process.stdout) if len(words) == 2]
    names = ["Intended", "Sent", "Accepted", "Ready", "Fetched"]
    found = {record.task.uuid: names.index(type(record.stage).__name__) for record in looked_at(path)}
    for uuid, stage in said:
        assert found[uuid] >= names.index(stage)
    assert len(found) <= len({uuid for uuid, _ in said}) + 1
    told(path, [Intended(task("after"))])


@pytest.mark.slow
def test_processes_that_write_at_once_lose_nothing(path):
    with writer(path, "a", 15) as one, writer(path, "b", 15) as two:
        assert one.stdout is not None
        for _ in one.stdout:
            looked_at(path)
        one.communicate()
        two.communicate()
    assert (one.returncode, two.returncode) == (0, 0)
    records = opened(path)
    assert sorted(record.task.uuid for record in records) == sorted(f"{n}{i}" for n in "ab" for i in range(15))
    assert all(record.finished for record in records)


def test_two_that_create_it_at_once_share_one(path, monkeypatch):
    flush = files.flush

    def slowly(place: Path) -> None:
        monkeypatch.setattr(files, "flush", flush)
        told(path, [Intended(task("a"))])  # another process was faster
        flush(place)

    monkeypatch.setattr(files, "flush", slowly)
    assert [record.task.uuid for record in told(path, [Intended(task("b"))])] == ["a", "b"]
    assert list(path.parent.iterdir()) == [path]


def test_a_disk_without_hard_links_will_do(path, monkeypatch):
    def refused(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("os.link", refused)
    assert len(told(path, [Intended(task("a"))])) == 1
    assert list(path.parent.iterdir()) == [path]


def test_a_full_disk_refuses_before_anything_may_be_sent_and_leaves_nothing_half_recorded(path):
    with SqliteJournal.open(path) as journal:
        journal.record(Intended(task("a")))
        ((pages,),) = journal._connection.execute("PRAGMA page_count")
        journal._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError) as caught:
            journal.record(Intended(task("b", body=LONG)))
        assert caught.value.message == f"cannot write {path}: database or disk is full"
        assert caught.value.remedy == "free some space on that disk and run again; what is finished is kept"
        assert [record.task.uuid for record in journal.records()] == ["a"]
        assert journal.of_take(task("b").key, 1) == journal.of_take(task("a").key, 1)
        journal._connection.execute("PRAGMA max_page_count = 100000")
        journal.record(Intended(task("b", body=LONG)))
        journal.record(Sent("a"))
    assert [record.task.uuid for record in looked_at(path)] == ["a", "b"]


def test_a_disk_that_no_longer_takes_writes_is_said_with_what_helps(path):
    with SqliteJournal.open(path) as journal:
        journal._connection.execute("PRAGMA query_only = ON")
        writes: list[Callable[[], None]] = [
            lambda: journal.record(Intended(task("a"))),
            lambda: journal.keep_upload("a" * 64, "m"),
            lambda: journal.took(3.0),
        ]
        for write in writes:
            with pytest.raises(StoreError) as caught:
                write()
            assert "readonly" in caught.value.message
            assert caught.value.remedy == "give yourself the right to write there"
        assert list(journal.records()) == []


def test_a_writer_that_hangs_is_named_as_such(path, monkeypatch):
    monkeypatch.setattr(database, "PATIENCE", 0.0)
    filled(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    for way in (looked_at, opened):
        with pytest.raises(StoreError) as caught:
            way(path)
        assert caught.value.message.endswith("database is locked")
        assert caught.value.remedy == "wait until the other process has ended, or stop it"
    other.close()


def test_a_newer_journal_is_refused_and_left_alone(path):
    filled(path)
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    content = path.read_bytes()
    for way in (looked_at, opened):
        with pytest.raises(Refused) as caught:
            way(path)
        assert caught.value.message == f"{path} is of version 2; this skyflow knows version 1"
    assert path.read_bytes() == content


NO_JOURNALS = {"nothing": b"", "words": b"what was bought\n" * 100, "zeros": bytes(8192)}


@WAYS
@pytest.mark.parametrize("name", NO_JOURNALS)
def test_what_is_no_journal_is_never_written_over(path, way, name):
    path.write_bytes(NO_JOURNALS[name])
    with pytest.raises(StoreError) as caught:
        way(path)
    assert caught.value.message.startswith(f"{path} is damaged: ")
    assert caught.value.remedy.startswith("put a copy of it in its place")
    assert path.read_bytes() == NO_JOURNALS[name]


@WAYS
def test_another_programs_database_is_not_read(path, way):
    with sqlite3.connect(path) as connection:
        connection.executescript(SCHEMA)
    connection.close()
    with pytest.raises(StoreError, match="it is not what skyflow writes"):
        way(path)


@WAYS
def test_a_journal_that_was_taken_away_in_the_middle_of_a_write_is_not_started_anew(path, way):
    filled(path)
    _, _, undo = interrupted(path)
    path.unlink()
    path.with_name("journal.sqlite-journal").write_bytes(undo)
    with pytest.raises(StoreError, match="it is gone, and a write to it was interrupted"):
        way(path)
    assert not path.exists()


@pytest.mark.parametrize("replaced", [False, True])
def test_a_journal_that_is_taken_away_in_use_takes_nothing_more(path, replaced):
    with SqliteJournal.open(path) as journal:
        journal.record(Intended(task("a")))
        path.rename(path.with_name("aside"))
        if replaced:
            path.write_bytes(path.with_name("aside").read_bytes())
        with pytest.raises(StoreError, match="it was taken away while it was in use"):
            journal.record(Sent("a"))
    assert [record.stage for record in looked_at(path.with_name("aside"))] == [Intended(task("a"))]


@WAYS
def test_a_file_where_its_folder_should_be_is_an_error_in_words(path, way):
    path.write_text("")
    with pytest.raises(StoreError) as caught:
        way(path / "journal.sqlite")
    assert caught.value.remedy


@WAYS
def test_a_folder_in_its_place_is_an_error(path, way):
    path.mkdir()
    with pytest.raises(StoreError, match="cannot"):
        way(path)


FORGERIES = (
    "DELETE FROM tasks WHERE uuid = 'a'",
    "DELETE FROM takes WHERE take = 2",
    "UPDATE events SET said = replace(said, '0.84', '0.04')",
    "UPDATE events SET stage = 'failed' WHERE stage = 'ready'",
    "UPDATE tasks SET said = replace(said, 'lamp', 'lump')",
    "UPDATE tasks SET at = at + 1",
    "DELETE FROM events WHERE stage = 'accepted'",
    "UPDATE uploads SET media_uuid = 'other'",
    "DROP TABLE events",
)


@WAYS
@pytest.mark.parametrize("forgery", FORGERIES)
def test_rows_that_were_changed_are_found_out(path, way, forgery):
    filled(path)
    with SqliteJournal.open(path) as journal:
        journal.keep_upload("a" * 64, "mine")
    with sqlite3.connect(path) as connection:
        connection.execute(forgery)
    connection.close()
    with pytest.raises(StoreError, match="is damaged"):
        way(path)


def test_an_interrupt_in_the_middle_of_a_record_leaves_nothing_of_it(path, monkeypatch):
    with SqliteJournal.open(path) as journal:
        journal.record(Intended(task("a")))
        insert = journal._insert_event

        def stopped(stage: Stage, said: str, at: float) -> None:
            insert(stage, said, at)
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(journal, "_insert_event", stopped)
            with pytest.raises(KeyboardInterrupt):
                journal.record(Sent("a"))
        assert [record.stage for record in journal.records()] == [Intended(task("a"))]
        journal.record(Sent("a"))
    assert [record.stage for record in looked_at(path)] == [Sent("a")]
