"""An SQLite file that is written durably, read without a trace, and never taken for what it is not.

While somebody writes to it there is a write-ahead log beside it, which takes one flush for a transaction that has to
be on the disk and none for one that only has to outlive the process; a rollback journal takes five for either. A file
at rest has no log: who closes it last puts all into the one file, which then needs no companion, and no right to
write where somebody wants to read it. Where a file system knows no such log, the rollback journal does.
"""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
import stat
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from skyflow import disk
from skyflow.errors import Refused, StoreError
from skyflow.store import files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 30.0
"""Seconds for which another process may be in the middle of a write or a read, each of which takes milliseconds."""

WAIT = "wait until the other process has ended, or stop it"
REFUSED = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EACCES,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
    sqlite3.SQLITE_AUTH: errno.EACCES,
}
"""What the disk refuses, by what SQLite calls it."""
TAKEN = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_ERROR}
KIND = 0x736B7966
"""Stands in the file's header for ``skyf``: another program's database is not ours to read."""


def writable(path: Path, schema: str, version: int) -> sqlite3.Connection:
    """Open a database to write to, and create it where there is none; only its owner may read it.

    Args:
        schema: statements that a new one starts with.
        version: of the schema.

    Raises:
        Refused: a newer skyflow wrote it.
        StoreError: it is damaged, or the disk refused.
    """
    if not there(path):
        _create(path, schema, version)
    with errors(path, "open"):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=PATIENCE,
            isolation_level=None,
            check_same_thread=False,
        )
    try:
        with errors(path, "open"):
            connection.execute("PRAGMA fullfsync = ON")  # macOS leaves bytes in the drive otherwise
        judge(connection, path, version)
    except BaseException:
        connection.close()
        raise
    return connection


def snapshot(path: Path, schema: str, version: int) -> sqlite3.Connection:
    """What a database holds now, in memory; empty where there is none. Creates nothing and keeps nothing open.

    Raises:
        Refused: a newer skyflow wrote it.
        StoreError: it is damaged, or cannot be read.
    """
    memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    try:
        if not there(path):
            _orphaned(path)
            memory.executescript(schema)
            return memory
        with errors(path, "read"):
            _copy(path, memory)
        judge(memory, path, version)
    except BaseException:
        memory.close()
        raise
    return memory


def there(path: Path) -> tuple[int, int] | None:
    """Which file a path leads to, by device and inode; None where there is none.

    Raises:
        StoreError: nobody may look, or it is no regular file: a pipe would be waited for without end.
    """
    with files.disk_errors(path, "read"):
        try:
            found = path.stat()
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
    return found.st_dev, found.st_ino


def judge(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """See that a database is ours, of a version that is known, and sound.

    Raises:
        Refused: a newer skyflow wrote it.
        StoreError: it is damaged.
    """
    with errors(path, "read"):
        ((kind,),) = connection.execute("PRAGMA application_id")
        ((found,),) = connection.execute("PRAGMA user_version")
    if kind != KIND or found < 1:
        raise damaged(path, "it is not what skyflow writes")
    if found > version:
        message = f"{path} is of version {found}; this skyflow knows version {version}"
        raise Refused(message, "use the newer skyflow that wrote it")
    with errors(path, "read"):
        ((said,), *_) = connection.execute("PRAGMA integrity_check(1)")
    if said != "ok":
        raise damaged(path, str(said).strip().splitlines()[-1].lower())


@contextmanager
def transaction(connection: sqlite3.Connection, path: Path, *, durable: bool = True) -> Iterator[None]:
    """All that the body writes, or nothing of it. Once this has ended, it outlives the process.

    Args:
        durable: whether it outlives a pulled plug as well, with all that was written before it. Otherwise it does
            so from the next durable one on, or from when the file is closed.

    Raises:
        StoreError: the disk refused, or the database is damaged.
    """
    with errors(path, "write"):
        logged = _logged(connection)
        connection.execute(f"PRAGMA synchronous = {'NORMAL' if logged and not durable else 'EXTRA'}")
        connection.execute("BEGIN IMMEDIATE")
    try:
        with errors(path, "write"):
            yield
            connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # a failure may have rolled back by itself
            connection.execute("ROLLBACK")
        raise


@contextmanager
def errors(path: Path, what: str) -> Iterator[None]:
    """Say what SQLite could not do with which file, and what helps."""
    try:
        yield
    except UnicodeDecodeError as error:  # SQLite quotes what it found where it complains
        raise damaged(path, "it holds what is no text") from error
    except sqlite3.DatabaseError as error:
        primary = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF  # no code: a cell is no text
        if isinstance(error, sqlite3.ProgrammingError):
            raise
        if primary in DAMAGE:
            raise damaged(path, str(error).lower()) from error
        remedy = WAIT if primary in TAKEN else disk.remedy(REFUSED.get(primary))
        raise StoreError(f"cannot {what} {path}: {str(error).lower()}", remedy) from error


def damaged(path: Path, why: str) -> StoreError:
    """The error for a file that does not say what was written to it."""
    return StoreError(
        f"{path} is damaged: {why}",
        "put a copy of it in its place; where there is none, move it away: the next run meets what is in flight "
        "under the same UUIDs, and only the ledger starts anew",
    )


def _create(path: Path, schema: str, version: int) -> None:
    """Put an empty database in place, whole; a file of no bytes is thereby always damage and never a new one."""
    _orphaned(path)
    temporary = path.with_name(f"{disk.TEMPORARY}{secrets.token_hex(6)}-{path.name}")
    try:
        with files.disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with errors(path, "write"), closing(sqlite3.connect(temporary, isolation_level=None)) as connection:
            head = f"PRAGMA application_id = {KIND}; PRAGMA user_version = {version};"
            connection.executescript(f"BEGIN; {head} {schema} COMMIT;")
        with files.disk_errors(path):
            files.flush(temporary)
            _name(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _name(finished: Path, path: Path) -> None:
    """Give a finished file its name, unless another process was faster: then that one's stands."""
    try:
        os.link(finished, path)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        if not path.exists():
            finished.replace(path)
    files.flush(path.parent)


def _orphaned(path: Path) -> None:
    """Refuse to start anew beside what only a file that was taken away can explain.

    SQLite would undo or finish writes to the old file in the new one.
    """
    if any(path.with_name(f"{path.name}{ending}").exists() for ending in ("-journal", "-wal")):
        raise damaged(path, "it is gone, and a write to it was interrupted")


def _logged(connection: sqlite3.Connection) -> bool:
    """Whether what is written next goes to a log: it does so where the file system can, once nobody is in the way."""
    try:
        ((mode,),) = connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError:
        return False
    return bool(mode == "wal")


def close(connection: sqlite3.Connection) -> None:
    """Let go of a file, and leave it without a log if nobody else has it open."""
    with suppress(sqlite3.Error):  # somebody has: whoever is the last to write to it will
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()


def _copy(path: Path, memory: sqlite3.Connection) -> None:
    """All pages at one moment; a write that a crash interrupted is undone first, which takes the right to write."""
    try:
        _copy_in_mode(path, "ro", memory)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
            raise
        _copy_in_mode(path, "rw", memory)


def _copy_in_mode(path: Path, mode: str, memory: sqlite3.Connection) -> None:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    with closing(sqlite3.connect(uri, uri=True, timeout=PATIENCE, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # has the lock, or says who is in the way
        connection.backup(memory)
