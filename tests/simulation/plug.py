"""Pulling the plug: from one step on, nothing that a client does has any effect.

Python unwinds what a dead process would never have reached: ``finally`` blocks write locks, close files and remove
folders. So every step by which a client leaves something behind passes here, and once the plug is out none gets
through.
"""

from __future__ import annotations

import errno
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import anyio

from skyflow.errors import StoreError
from skyflow.running.journal import SqliteJournal
from skyflow.store import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from skyflow.backends.paid import Stage


class Unplugged(BaseException):
    """The process is gone."""


class Plug:
    """Counts a client's steps.

    Args:
        at: the step at which it dies; None lives on.
        full: the steps at which the disk refuses.
        heard: told each stage once the client takes it for recorded.

    Attributes:
        journal: the one that the client has open.
    """

    def __init__(self, at: int | None, full: range, heard: Callable[[Stage], None]) -> None:
        self._at = at
        self._full = full
        self.heard = heard
        self.steps = 0
        self.out = False
        self.journal: SqliteJournal | None = None

    def step(self) -> bool:
        """One step more; gives whether the disk refuses it.

        Raises:
            Unplugged: the client is dead, from now on or already.
        """
        self.steps += 1
        self.out = self.out or self.steps == self._at
        if self.out:
            raise Unplugged
        return self.steps in self._full

    async def pull_after(self, seconds: float) -> None:
        """Die at a time."""
        await anyio.sleep(seconds)
        self.out = True
        raise Unplugged


@contextmanager
def plugged(plug: Plug) -> Iterator[None]:
    """Have every step of this process pass the plug."""
    with (
        patch.object(SqliteJournal, "open", _opening(plug, SqliteJournal.open)),
        patch.object(SqliteJournal, "record", _recording(plug, SqliteJournal.record)),
        patch.object(SqliteJournal, "keep_upload", _writing(plug, SqliteJournal.keep_upload)),
        patch.object(SqliteJournal, "forget_upload", _writing(plug, SqliteJournal.forget_upload)),
        patch.object(SqliteJournal, "took", _writing(plug, SqliteJournal.took)),
        patch.object(files, "settle", _settling(plug, files.settle)),
        patch.object(shutil, "rmtree", _removing(plug, shutil.rmtree)),
        patch.object(Path, "unlink", _removing(plug, Path.unlink)),
    ):
        yield


def _opening(plug: Plug, plain: Callable[..., SqliteJournal]) -> Callable[..., SqliteJournal]:
    def opened(path: Path) -> SqliteJournal:
        plug.journal = plain(path)
        return plug.journal

    return opened


def _recording(plug: Plug, plain: Callable[..., None]) -> Callable[..., None]:
    def record(self: SqliteJournal, stage: Stage) -> None:
        if plug.step():
            raise StoreError("the disk is full")
        plain(self, stage)
        plug.heard(stage)
        plug.step()

    return record


def _writing(plug: Plug, plain: Callable[..., None]) -> Callable[..., None]:
    def write(self: SqliteJournal, *values: Any) -> None:
        if plug.step():
            raise StoreError("the disk is full")
        plain(self, *values)

    return write


def _settling(plug: Plug, plain: Callable[..., None]) -> Callable[..., None]:
    def settle(finished: Path, path: Path, **how: Any) -> None:
        if plug.step():
            raise OSError(errno.ENOSPC, "No space left on device")
        plain(finished, path, **how)
        plug.step()

    return settle


def _removing(plug: Plug, plain: Callable[..., None]) -> Callable[..., None]:
    def remove(*given: Any, **options: Any) -> None:
        if not plug.out:
            plain(*given, **options)

    return remove
