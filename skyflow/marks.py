"""What was found out about files, kept from one command to the next for as long as they stand as they did.

A cache and never more: an entry counts while its file has the very times, size and identity that it had then, one of
those times being, wherever a file system notes it, the system's own, which nobody can set back. A file that was
changed just before it was looked at gets no entry, since another change within the clock's grain would carry the same
time. Whatever is torn or foreign is passed over.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from skyflow._version import __version__
from skyflow.disk import TEMPORARY

if TYPE_CHECKING:
    from pathlib import Path

FORM = 1
KEPT = 30_000
"""So many files are remembered; those that nobody asked about this time go first."""

GRAIN = 2_000_000_000
"""Nanoseconds within which two changes may carry the same time, on the coarsest of file systems."""

LARGEST = 64 * 1024 * 1024


class Marks:
    """One kind of findings, in a file of its own.

    Args:
        path: where they are kept; nothing is where its folder is not there, and who only looks creates none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._asked: set[str] = set()
        self._grown = False

    @cached_property
    def _entries(self) -> dict[str, Any]:
        return _read(self._path)

    def find(self, name: str, mark: list[int]) -> object:
        """What was found out about a file, if it stands as it was; else None. See ``mark``."""
        self._asked.add(name)
        entry = self._entries.get(name)
        return entry.get("said") if entry is not None and entry["mark"] == mark else None

    def keep(self, name: str, said: object, began: int, before: list[int], after: list[int]) -> None:
        """Remember what was found out, if the file did not change while it was looked at nor just before.

        Args:
            said: anything JSON has a form for, but null.
            began: nanoseconds since the epoch, before anything was looked at.
            before, after: the file's mark then, and now.
        """
        if before == after and max(before[:2]) < began - GRAIN:
            self._entries[name] = {"mark": before, "said": said}
            self._grown = True

    def save(self) -> None:
        """Write what is new to the disk; a disk that is full or closed is no matter."""
        if not self._grown or not self._path.parent.is_dir():
            return
        # In the order of use, so that what nobody asked about goes first.
        entries = sorted(self._entries.items(), key=lambda entry: entry[0] not in self._asked)[:KEPT]
        payload = json.dumps({"with": [FORM, __version__], "files": dict(entries)}).encode("utf-8", "surrogatepass")
        unfinished = self._path.with_name(f"{TEMPORARY}{os.getpid()}-{self._path.name}")
        with suppress(OSError):
            try:
                unfinished.write_bytes(hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload)
                unfinished.replace(self._path)
            finally:
                unfinished.unlink(missing_ok=True)
        self._grown = False


def mark(file: str | Path) -> list[int]:
    """What shows that a file is the same that it was: two times, size and identity.

    Raises:
        OSError: it cannot be looked at.
    """
    status = os.stat(file)  # noqa: PTH116 - asked for every file of a board
    return [status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev]


def now() -> int:
    """Nanoseconds since the epoch."""
    return time.time_ns()


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            digest, _, payload = file.read(LARGEST).partition(b"\n")
        if hashlib.sha256(payload).hexdigest().encode() != digest:
            return {}
        said: dict[str, Any] = json.loads(payload)
        files: dict[str, Any] = said["files"]
        whole = said["with"] == [FORM, __version__] and all(entry.keys() >= {"mark"} for entry in files.values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return files if whole else {}
