"""A disk that is full: from one write on, or for one write, whatever skyflow wants to write is refused.

It is put around the product from outside, in a process of a test's own, at every call by which a run takes space.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from skyflow.store import database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class Disk:
    """Counts writes, and refuses some of them.

    Args:
        first, last: the writes that are refused, counted from 1.
        what: a word in the path of those that count; empty for all, and for the journal's.
    """

    def __init__(self, first: int, last: int, what: str = "") -> None:
        self._first, self._last, self._what = first, last, what
        self._alone = threading.Lock()
        self.writes = 0

    def refuses(self, path: object = "") -> bool:
        """Whether one more write is refused."""
        with self._alone:
            if self._what not in str(path):
                return False
            self.writes += 1
            return self._first <= self.writes <= self._last

    def takes(self, path: object) -> None:
        """One more write.

        Raises:
            OSError: there is no room for it.
        """
        if self.refuses(path):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Writing:
    """A file that is open to be written."""

    def __init__(self, inner: Any, path: Path, disk: Disk) -> None:
        self._inner, self._path, self._disk = inner, path, disk

    def write(self, content: Any) -> Any:
        """What a full disk leaves of a write is its first half."""
        if self._disk.refuses(self._path):
            self._inner.write(content[: len(content) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._inner.write(content)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._inner.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def of_a_disk(full: Sequence[Any]) -> Disk:
    """Have the writes from the first number to the second refused, or those of one kind; see ``Disk``."""
    disk = Disk(*full)
    opened, transaction = Path.open, database.transaction

    def opening(self: Path, mode: str = "r", *given: Any, **options: Any) -> Any:
        inner = opened(self, mode, *given, **options)
        return Writing(inner, self, disk) if set(mode) & set("wax+") else inner

    def checked(plain: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **options: Any) -> Any:
            disk.takes(given[0] if given else options.get("dir"))
            return plain(*given, **options)

        return called

    @contextmanager
    def transacting(connection: sqlite3.Connection, path: Path, *, durable: bool = True) -> Iterator[None]:
        if disk.refuses(path):
            with database.errors(path, "write"):
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error
        with transaction(connection, path, durable=durable):
            yield

    Path.open = opening  # type: ignore[method-assign]
    Path.mkdir = checked(Path.mkdir)  # type: ignore[method-assign]
    tempfile.mkdtemp = checked(tempfile.mkdtemp)
    database.transaction = transacting
    return disk
