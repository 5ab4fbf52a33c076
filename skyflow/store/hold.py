"""Holding the board: one process at a time changes what a board keeps.

The operating system holds the file for us, so a crash frees it and there is no verb to unlock anything. The
file's text only says who; it means nothing unless the file is held.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skyflow.errors import BoardHeld
from skyflow.store import files
from skyflow.store.objects import Objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from skyflow.store.project import Project

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@dataclass(frozen=True, slots=True)
class Held:
    """The proof that this process holds a board; what changes a board's state asks for it.

    Attributes:
        objects: the board's store, which remembers what it has found intact while the board is held.
    """

    project: Project
    objects: Objects


@contextmanager
def hold(project: Project, verb: str, *, waiting: Callable[[str], None] | None = None) -> Iterator[Held]:
    """Hold a board while the body runs. Boards of one folder share their state and so exclude each other.

    Args:
        verb: what for, for the message that another process shows.
        waiting: told once who holds the board, after which this waits; None raises at once.

    Raises:
        BoardHeld: another process holds it.
        StoreError: the disk refused.
    """
    project.prepare()
    with files.disk_errors(project.hold):
        descriptor = os.open(project.hold, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        with files.disk_errors(project.hold):
            _acquire(descriptor, project, waiting)
        with _signed(descriptor, json.dumps({"pid": os.getpid(), "verb": verb}), project.hold):
            objects = Objects.of(project)
            yield Held(project, objects)
            objects.remember()
    finally:
        os.close(descriptor)


@contextmanager
def _signed(descriptor: int, text: str, path: Path) -> Iterator[None]:
    """Say in the file who holds it; afterwards it is as it was, so that a run that changes nothing shows none."""
    status = os.fstat(descriptor)
    with files.disk_errors(path):
        _write(descriptor, text)
    try:
        yield
    finally:
        _write(descriptor, "")
        os.utime(descriptor, ns=(status.st_atime_ns, status.st_mtime_ns))


def _acquire(descriptor: int, project: Project, waiting: Callable[[str], None] | None) -> None:
    if _try(descriptor):
        return
    holder = _holder(descriptor)
    if waiting is None:
        message = f"{project.shown(project.board)} is held by {holder}"
        raise BoardHeld(message, "wait until it has ended, or stop it; nothing has to be unlocked by hand")
    waiting(holder)
    _wait(descriptor)


def _holder(descriptor: int) -> str:
    """Who signed the file, in words; it may be just being signed."""
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        said = json.loads(os.read(descriptor, 4096))
        return f"'skyflow {said['verb']}' (process {said['pid']})"
    except (ValueError, KeyError, TypeError):
        return "another process"


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, text.encode())


if sys.platform == "win32":
    FAR = 1 << 30  # Windows forbids others to read what is held: hold a byte that nobody reads

    def _try(descriptor: int) -> bool:
        os.lseek(descriptor, FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _wait(descriptor: int) -> None:
        while not _try(descriptor):
            os.lseek(descriptor, FAR, os.SEEK_SET)
else:

    def _try(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
