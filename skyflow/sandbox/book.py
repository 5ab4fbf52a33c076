"""What a sandbox knows, on disk: tasks, takes, media, links, charges, and what was asked of it.

One SQLite file. What a method has returned from survives the death of the process; an answer leaves only after it.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from skyflow import digest
from skyflow.errors import Refused
from skyflow.sandbox.records import Bought, Delivery, Medium, Take

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS tasks (
    number INTEGER PRIMARY KEY, uuid TEXT UNIQUE NOT NULL, body TEXT NOT NULL, base TEXT NOT NULL,
    accepted REAL NOT NULL, cost TEXT NOT NULL, charged TEXT NOT NULL, reported TEXT, measures TEXT NOT NULL,
    refusal TEXT
);
CREATE TABLE IF NOT EXISTS takes (
    video TEXT PRIMARY KEY, task TEXT NOT NULL, take INTEGER NOT NULL, seed INTEGER NOT NULL, ready REAL NOT NULL,
    error TEXT, nsfw INTEGER NOT NULL, drawn INTEGER NOT NULL DEFAULT 0, forgotten INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS takes_of_task ON takes (task, take);
CREATE TABLE IF NOT EXISTS media (
    number INTEGER PRIMARY KEY, uuid TEXT UNIQUE NOT NULL, name TEXT, sha256 TEXT, address TEXT, facts TEXT,
    kept REAL NOT NULL, forgotten INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS links (
    number INTEGER PRIMARY KEY, video TEXT NOT NULL, until REAL NOT NULL, dead INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS links_of_video ON links (video);
CREATE TABLE IF NOT EXISTS deliveries (
    number INTEGER PRIMARY KEY, video TEXT NOT NULL, kind TEXT NOT NULL, url TEXT NOT NULL, tries INTEGER NOT NULL,
    due REAL NOT NULL, outcome TEXT
);
CREATE TABLE IF NOT EXISTS counts (rule TEXT, key TEXT, calls INTEGER NOT NULL, PRIMARY KEY (rule, key));
CREATE TABLE IF NOT EXISTS fired (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, rule INTEGER NOT NULL, do TEXT NOT NULL, "on" TEXT NOT NULL,
    "call" INTEGER NOT NULL, subject TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS asked (
    kind TEXT, subject TEXT, calls INTEGER NOT NULL, PRIMARY KEY (kind, subject)
);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Book:
    """The file.

    Args:
        alone: hold the file, so that no other process can open it until this one ends.

    Raises:
        Refused: another process holds it.
    """

    def __init__(self, path: Path, *, alone: bool = False) -> None:
        self._db = sqlite3.connect(path, timeout=1, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        # NORMAL: what is committed outlives this process; a pulled plug may cost the last moments, never the file.
        mode = "EXCLUSIVE" if alone else "NORMAL"
        opening = f"PRAGMA locking_mode = {mode}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; {SCHEMA}"
        try:
            self._db.executescript(opening + "BEGIN IMMEDIATE; COMMIT;")
        except sqlite3.OperationalError as error:
            remedy = "end the other sandbox, or give this one a folder of its own"
            raise Refused(f"the sandbox's state cannot be opened: {error}", remedy) from error

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Whatever the body writes is kept together or not at all."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:  # noqa: ANN401 - SQLite's values
        return self._db.execute(query, values).fetchall()

    def _one(self, query: str, *values: Any) -> sqlite3.Row | None:  # noqa: ANN401 - SQLite's values
        found: sqlite3.Row | None = self._db.execute(query, values).fetchone()
        return found

    # Tasks and takes

    def accept(self, task: Bought, takes: Sequence[Take]) -> None:
        """A task is bought."""
        with self.at_once():
            self._db.execute(
                "INSERT INTO tasks (uuid, body, base, accepted, cost, charged, reported, measures) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    task.uuid,
                    json.dumps(task.body, ensure_ascii=False),
                    task.base,
                    task.accepted,
                    str(task.cost),
                    str(task.charged),
                    None if task.reported is None else str(task.reported),
                    json.dumps(task.measures),
                ),
            )
            self._db.executemany(
                "INSERT INTO takes (video, task, take, seed, ready, error, nsfw, forgotten) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        one.video,
                        one.task,
                        one.take,
                        one.seed,
                        one.ready,
                        json.dumps(one.error) if one.error else None,
                        one.nsfw,
                        one.forgotten,
                    )
                    for one in takes
                ],
            )

    def task(self, uuid: str) -> Bought | None:
        row = self._one("SELECT * FROM tasks WHERE uuid = ?", uuid)
        return _bought(row) if row else None

    def tasks(self) -> list[Bought]:
        """Every task, in the order of acceptance."""
        return [_bought(row) for row in self._rows("SELECT * FROM tasks ORDER BY number")]

    def takes(self, task: str) -> list[Take]:
        return [_take(row) for row in self._rows("SELECT * FROM takes WHERE task = ? ORDER BY take", task)]

    def take(self, video: str) -> Take | None:
        row = self._one("SELECT * FROM takes WHERE video = ?", video)
        return _take(row) if row else None

    def undrawn(self) -> list[Take]:
        """Takes whose clip is still to be drawn, the oldest task's first."""
        query = (
            "SELECT takes.* FROM takes JOIN tasks ON tasks.uuid = takes.task "
            "WHERE NOT drawn AND error IS NULL ORDER BY number, take"
        )
        return [_take(row) for row in self._rows(query)]

    def drawn(self, video: str) -> None:
        self._db.execute("UPDATE takes SET drawn = 1 WHERE video = ?", (video,))

    def fail(self, video: str, error: Mapping[str, Any]) -> None:
        """A take comes to nothing after all."""
        self._db.execute("UPDATE takes SET error = ? WHERE video = ?", (json.dumps(error), video))

    def refused(self, uuid: str, error: Mapping[str, Any]) -> None:
        """Another submission of a known task was refused; that is what the provider shows of it from now on."""
        self._db.execute("UPDATE tasks SET refusal = ? WHERE uuid = ?", (json.dumps(error), uuid))

    def spent(self) -> Decimal:
        """USD charged so far."""
        return sum((Decimal(row["charged"]) for row in self._rows("SELECT charged FROM tasks")), Decimal(0))

    def latest(self) -> float:
        """The last moment that the book knows of."""
        row = self._one("SELECT max(coalesce((SELECT max(accepted) FROM tasks), 0),"
                        " coalesce((SELECT max(kept) FROM media), 0)) AS at")  # fmt: skip
        return float(row["at"]) if row else 0.0

    # Media

    def next_medium(self) -> int:
        row = self._one("SELECT coalesce(max(number), 0) + 1 AS next FROM media")
        assert row is not None
        return int(row["next"])

    def keep_medium(self, medium: Medium, sha256: str, at: float) -> None:
        self._db.execute(
            "INSERT INTO media (uuid, name, sha256, address, facts, kept, forgotten) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                medium.uuid,
                medium.name,
                sha256,
                medium.address,
                json.dumps(medium.facts),
                at,
                medium.forgotten,
            ),
        )

    def medium(self, uuid: str) -> Medium | None:
        row = self._one("SELECT * FROM media WHERE uuid = ?", uuid)
        if row is None:
            return None
        return Medium(row["uuid"], row["name"], row["address"], json.loads(row["facts"]), bool(row["forgotten"]))

    def forget_medium(self, uuid: str) -> None:
        self._db.execute("UPDATE media SET forgotten = 1 WHERE uuid = ?", (uuid,))

    def uploads(self) -> list[Mapping[str, Any]]:
        """Every upload, for people: UUID, hash of the content, kind and measures."""
        rows = self._rows("SELECT uuid, sha256, facts, forgotten FROM media ORDER BY number")
        return [dict(row) | {"facts": json.loads(row["facts"]), "forgotten": bool(row["forgotten"])} for row in rows]

    # Links

    def link(self, video: str, now: float, seconds: float) -> int:
        """The number of a link to a clip that lives; a new one where the last has expired."""
        row = self._one("SELECT number FROM links WHERE video = ? AND NOT dead AND until > ?", video, now)
        if row is not None:
            return int(row["number"])
        made = self._db.execute("INSERT INTO links (video, until) VALUES (?, ?)", (video, now + seconds))
        assert made.lastrowid is not None
        return made.lastrowid

    def lives(self, link: int, video: str, now: float) -> bool:
        query = "SELECT 1 FROM links WHERE number = ? AND video = ? AND NOT dead AND until > ?"
        return self._one(query, link, video, now) is not None

    def kill_link(self, link: int) -> None:
        self._db.execute("UPDATE links SET dead = 1 WHERE number = ?", (link,))

    # Deliveries

    def promise(self, video: str, kind: str, url: str, due: float) -> None:
        """Something is to be sent outward."""
        self._db.execute(
            "INSERT INTO deliveries (video, kind, url, tries, due) VALUES (?, ?, ?, 0, ?)", (video, kind, url, due)
        )

    def deliveries(self, *, outstanding: bool) -> list[Delivery]:
        where = "WHERE outcome IS NULL " if outstanding else ""
        rows = self._rows(f"SELECT * FROM deliveries {where}ORDER BY due, number")  # noqa: S608 - our own words
        return [Delivery(**dict(row)) for row in rows]

    def delivered(self, delivery: Delivery, outcome: str | None, due: float) -> None:
        """One more try was made; without an outcome there is to be another."""
        self._db.execute(
            "UPDATE deliveries SET tries = tries + 1, outcome = ?, due = ? WHERE number = ?",
            (outcome, due, delivery.number),
        )

    # What was asked, and what went wrong on purpose

    def count(self, rule: str, key: str) -> int:
        """One more call that a fault's rule is about; gives how many there were."""
        row = self._one(
            "INSERT INTO counts VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET calls = calls + 1 RETURNING calls",
            rule,
            key,
        )
        assert row is not None
        return int(row["calls"])

    def counted(self, rule: str, key: str) -> int:
        row = self._one("SELECT calls FROM counts WHERE rule = ? AND key = ?", rule, key)
        return int(row["calls"]) if row else 0

    def fire(self, fault: Mapping[str, Any]) -> None:
        """A fault happens: at, rule, do, on, call, subject."""
        self._db.execute(
            'INSERT INTO fired (at, rule, do, "on", "call", subject) VALUES (:at, :rule, :do, :on, :call, :subject)',
            fault,
        )

    def fired(self) -> list[Mapping[str, Any]]:
        return [
            dict(row) for row in self._rows('SELECT rule, do, "on", "call", subject, at FROM fired ORDER BY number')
        ]

    def ask(self, kind: str, subject: str = "") -> None:
        """One more request of a kind."""
        self._db.execute(
            "INSERT INTO asked VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET calls = calls + 1", (kind, subject)
        )

    def asked(self) -> list[tuple[str, str, int]]:
        """What was asked for, about what, and how often."""
        return [tuple(row) for row in self._rows("SELECT kind, subject, calls FROM asked ORDER BY kind, subject")]

    def remember(self, name: str, value: str) -> str | None:
        """Set a fact; gives what it was before."""
        row = self._one("SELECT value FROM facts WHERE name = ?", name)
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))
        return row["value"] if row else None

    def forget_counts(self) -> None:
        """Begin anew with every rule."""
        self._db.execute("DELETE FROM counts")


def body_hash(body: Mapping[str, Any]) -> str:
    """SHA-256 of a task as it was sent, whatever the order of its keys."""
    return digest.of_json("sandbox task", body)


def _bought(row: sqlite3.Row) -> Bought:
    return Bought(
        row["number"],
        row["uuid"],
        json.loads(row["body"]),
        row["base"],
        row["accepted"],
        Decimal(row["cost"]),
        Decimal(row["charged"]),
        None if row["reported"] is None else Decimal(row["reported"]),
        json.loads(row["measures"]),
        json.loads(row["refusal"]) if row["refusal"] else None,
    )


def _take(row: sqlite3.Row) -> Take:
    return Take(
        row["video"],
        row["task"],
        row["take"],
        row["seed"],
        row["ready"],
        json.loads(row["error"]) if row["error"] else None,
        bool(row["nsfw"]),
        bool(row["drawn"]),
        bool(row["forgotten"]),
    )
