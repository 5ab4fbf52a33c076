"""The journal: what was bought and how far each task is, in ``.skyflow/journal.sqlite``.

A row of ``tasks`` is a task's ``Intended``, a row of ``events`` every stage after it. No such row is ever changed,
and what is known of a task is folded from its rows whenever somebody asks, so memory and disk cannot differ. Every
row has a sum of what it says: SQLite does not notice a letter that has changed in a prompt, which is sent again.
"""

from __future__ import annotations

import statistics
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from skyflow import digest
from skyflow.backends.paid import Intended, Sent
from skyflow.running import entries, stages
from skyflow.running.record import Unreadable
from skyflow.store import database

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

    from skyflow.backends.paid import Record, Stage

VERSION = 1
REMEMBERED = 20
"""How many durations of tasks are remembered: enough for a typical one, few enough to follow the provider."""

SCHEMA = """
CREATE TABLE tasks (number INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, said TEXT NOT NULL, at REAL NOT NULL,
    sum TEXT NOT NULL);
CREATE TABLE events (number INTEGER PRIMARY KEY, uuid TEXT NOT NULL, stage TEXT NOT NULL, said TEXT NOT NULL,
    at REAL NOT NULL, sum TEXT NOT NULL);
CREATE INDEX events_of_task ON events (uuid, number);
CREATE VIEW history AS
    SELECT number AS task, 0 AS event, uuid, 'intended' AS stage, said, at, sum FROM tasks UNION ALL
    SELECT tasks.number, events.number, events.uuid, stage, events.said, events.at, events.sum
    FROM events JOIN tasks ON tasks.uuid = events.uuid;
CREATE TABLE takes (key TEXT NOT NULL, take INTEGER NOT NULL, attempt INTEGER NOT NULL, uuid TEXT NOT NULL,
    PRIMARY KEY (key, take, attempt, uuid)) WITHOUT ROWID;
CREATE TABLE uploads (sha256 TEXT PRIMARY KEY, media_uuid TEXT NOT NULL, sum TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE durations (number INTEGER PRIMARY KEY, seconds REAL NOT NULL);
"""

HISTORY = "SELECT uuid, stage, said, at, sum FROM history"


class SqliteJournal:
    """``backends.paid.Journal`` on the disk. ``open`` it to write, ``read`` it to look.

    Any thread may call it, one at a time. Several processes may too; the board's hold lets one of them write.
    """

    def __init__(
        self, path: Path, connection: sqlite3.Connection, clock: Callable[[], float], *, writes: bool
    ) -> None:
        """Use ``open`` or ``read``."""
        self.path = path
        self._connection = connection
        self._clock = clock
        self._writes = writes
        self._file = database.there(path)
        self._alone = threading.RLock()

    @classmethod
    def open(cls, path: Path, *, clock: Callable[[], float] = time.time) -> Self:
        """The journal to write to, created where there is none. All of it is looked at before money is spent.

        Args:
            clock: seconds since the epoch, for ``Record.began``.

        Raises:
            Refused: a newer skyflow wrote it.
            StoreError: it is damaged, or the disk refused.
        """
        return cls._sound(path, database.writable(path, SCHEMA, VERSION), clock, writes=True)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The journal as it is now, to look at; empty where there is none. Nothing is created and nothing held.

        Raises:
            Refused: a newer skyflow wrote it.
            StoreError: it is damaged, or cannot be read.
        """
        return cls._sound(path, database.snapshot(path, SCHEMA, VERSION), time.time, writes=False)

    @classmethod
    def _sound(cls, path: Path, connection: sqlite3.Connection, clock: Callable[[], float], *, writes: bool) -> Self:
        journal = cls(path, connection, clock, writes=writes)
        try:
            journal._check()
        except BaseException:
            journal.close()
            raise
        return journal

    def close(self) -> None:
        """Let go of the file, after which all that was recorded is on the disk."""
        database.close(self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def record(self, stage: Stage) -> None:
        """Append one stage of a task. What is known already adds nothing.

        Only ``Sent`` waits for the disk, and takes all that came before it along. Of what comes after it a pulled
        plug may take the last: the provider is then asked again, and a clip fetched again. No kill takes anything.

        Raises:
            StoreError: the disk refused; then nothing of it is recorded.
            RuntimeError: the stage cannot follow what is recorded of its task, or cannot be written down.
        """
        said = entries.write(stage)
        try:
            stage = entries.read(stage.uuid, entries.name(stage), said)  # what could not be read back is not written
        except Unreadable as error:
            raise RuntimeError(f"{entries.name(stage)} of {stage.uuid} cannot be recorded: {error}") from error
        with self._writing(durable=isinstance(stage, Sent)):
            at = self._clock()
            before = self.find(stage.uuid)
            if stages.after(before, stage, at) is before:
                return
            if isinstance(stage, Intended):
                self._insert_task(stage, said, at)
            else:
                self._insert_event(stage, said, at)

    def of_take(self, key: str, take: int) -> tuple[Record, ...]:
        """Every task that was to bring this take, the first attempt first."""
        asked = "SELECT uuid FROM takes WHERE key = ? AND take = ? ORDER BY attempt, uuid"
        found = [self.find(uuid) for (uuid,) in self._rows(asked, (key, take))]
        return tuple(record for record in found if record is not None)

    def find(self, uuid: str) -> Record | None:
        """What is known of one task."""
        return next(self._folded(self._rows(f"{HISTORY} WHERE uuid = ? ORDER BY event", (uuid,))), None)

    def records(self) -> Iterator[Record]:
        """Every task, the oldest first; as it is when the first one is asked for."""
        return self._folded(self._rows(f"{HISTORY} ORDER BY task, event"))

    def upload(self, sha256: str) -> str | None:
        """The provider's name of a medium that was uploaded before."""
        for media_uuid, said in self._rows("SELECT media_uuid, sum FROM uploads WHERE sha256 = ?", (sha256,)):
            if said != _sum(sha256, media_uuid):
                raise database.damaged(self.path, "what it says of an upload is not what was written")
            return str(media_uuid)
        return None

    def keep_upload(self, sha256: str, media_uuid: str) -> None:
        """Remember an upload."""
        with self._writing():
            row = (sha256, media_uuid, _sum(sha256, media_uuid))
            self._connection.execute("INSERT OR REPLACE INTO uploads (sha256, media_uuid, sum) VALUES (?, ?, ?)", row)

    def forget_upload(self, sha256: str) -> None:
        """The provider no longer knows it."""
        with self._writing():
            self._connection.execute("DELETE FROM uploads WHERE sha256 = ?", (sha256,))

    def seconds(self) -> float | None:
        """How long a task typically takes: the middle of the last ones; None where nothing is known."""
        last = [float(seconds) for (seconds,) in self._rows("SELECT seconds FROM durations")]
        return statistics.median(last) if last else None

    def took(self, seconds: float) -> None:
        """Remember how long one took; only the last ones are kept."""
        with self._writing():
            self._connection.execute("INSERT INTO durations (seconds) VALUES (?)", (seconds,))
            old = "DELETE FROM durations WHERE number <= (SELECT max(number) FROM durations) - ?"
            self._connection.execute(old, (REMEMBERED,))

    def _insert_task(self, stage: Intended, said: str, at: float) -> None:
        task = stage.task
        row = (task.uuid, said, at, _sum(task.uuid, "intended", said, at))
        self._connection.execute("INSERT INTO tasks (uuid, said, at, sum) VALUES (?, ?, ?, ?)", row)
        takes = [(task.key, number, task.attempt, task.uuid) for number in task.takes]
        self._connection.executemany("INSERT INTO takes (key, take, attempt, uuid) VALUES (?, ?, ?, ?)", takes)

    def _insert_event(self, stage: Stage, said: str, at: float) -> None:
        kind = entries.name(stage)
        row = (stage.uuid, kind, said, at, _sum(stage.uuid, kind, said, at))
        self._connection.execute("INSERT INTO events (uuid, stage, said, at, sum) VALUES (?, ?, ?, ?, ?)", row)

    def _folded(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[Record]:
        """Tasks from rows of ``history``, which stand together by task, each task's in order."""
        known: Record | None = None
        for uuid, kind, said, at, found in rows:
            if kind == "intended" and known is not None:
                yield known
                known = None
            if found != _sum(uuid, kind, said, at):
                raise database.damaged(self.path, f"what it says of task {uuid} is not what was written")
            try:
                known = stages.after(known, entries.read(uuid, kind, said), at)
            except (Unreadable, stages.Impossible) as error:
                raise database.damaged(self.path, str(error)) from error
        if known is not None:
            yield known

    def _check(self) -> None:
        """See that every row can be read and belongs to a task.

        Raises:
            StoreError: it is damaged.
        """
        expected = {
            (task.key, number, task.attempt, task.uuid)
            for task in (record.task for record in self.records())
            for number in task.takes
        }
        strays = "SELECT count(*) FROM events WHERE uuid NOT IN (SELECT uuid FROM tasks)"
        ((strayed,),) = self._rows(strays)
        if strayed or expected != set(self._rows("SELECT key, take, attempt, uuid FROM takes")):
            raise database.damaged(self.path, "it has stages of a task that is not there")
        for (sha256,) in self._rows("SELECT sha256 FROM uploads"):
            self.upload(sha256)

    def _rows(self, asked: str, values: Iterable[object] = ()) -> list[tuple[Any, ...]]:
        with self._alone, database.errors(self.path, "read"):
            return self._connection.execute(asked, tuple(values)).fetchall()

    @contextmanager
    def _writing(self, *, durable: bool = False) -> Iterator[None]:
        """One transaction: all of it is recorded afterwards, or nothing of it."""
        if not self._writes:
            raise RuntimeError(f"{self.path} was opened to be read")
        with self._alone, database.transaction(self._connection, self.path, durable=durable):
            if database.there(self.path) != self._file:  # what is written to a file without a name survives nothing
                raise database.damaged(self.path, "it was taken away while it was in use")
            yield


def _sum(*said: object) -> str:
    return digest.of_bytes("\x00".join(map(str, said)).encode("utf-8", "surrogatepass"))
