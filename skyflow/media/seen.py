"""What files of a project were found to be, so that a picture that was decoded once is not decoded for every plan.

Kept under ``.skyflow``, where there is such a folder; who only looks creates none. It is a cache and never more: an
entry counts while its file has the very times, size and identity that it had then, one of those times being the
system's own, which nobody can set back. A file that was changed just before it was looked at gets no entry, since
another change within the clock's grain would carry the same time. Whatever is torn or foreign is passed over.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from skyflow._version import __version__
from skyflow.facts import ClipFacts, ImageFacts, VoiceFacts

if TYPE_CHECKING:
    from pathlib import Path

    Facts: TypeAlias = ImageFacts | ClipFacts | VoiceFacts
    Found: TypeAlias = "tuple[str, Facts]"

FORM = 1
KEPT = 30_000
"""So many files are remembered; those that this board does not name go first."""

GRAIN = 2_000_000_000
"""Nanoseconds within which two changes may carry the same time, on the coarsest of file systems."""

LARGEST = 64 * 1024 * 1024


class Seen:
    """The memory of one project.

    Args:
        folder: ``.skyflow``; nothing is remembered where it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "media.json"
        self._kept = folder.is_dir()
        self._entries: dict[str, Any] = _read(self._path) if self._kept else {}
        self._asked: set[str] = set()
        self._grown = False

    def find(self, kind: str, file: str) -> Found | None:
        """SHA-256 and facts of a file, where it is known and stands as it was."""
        name = f"{kind} {file}"
        self._asked.add(name)
        entry = self._entries.get(name)
        if entry is None or entry["mark"] != _mark(file):
            return None
        with suppress(KeyError, TypeError, ValueError, ZeroDivisionError):
            return str(entry["sha256"]), _facts(kind, entry["facts"])
        return None

    def looking(self, file: str) -> tuple[int, list[int]]:
        """What has to be asked for before a file is looked at, and given to ``keep`` afterwards."""
        return time.time_ns(), _mark(file)

    def keep(self, kind: str, file: str, before: tuple[int, list[int]], found: Found) -> None:
        """Remember what a file was found to be, if it did not change while it was looked at nor just before."""
        began, mark = before
        if self._kept and mark == _mark(file) and max(mark[:2]) < began - GRAIN:
            self._entries[f"{kind} {file}"] = {"mark": mark, "sha256": found[0], "facts": _plain(found[1])}
            self._grown = True

    def save(self) -> None:
        """Write what is new to the disk; a disk that is full or closed is no matter."""
        if not self._grown:
            return
        # In the order of use, so that what this board has no part in goes first.
        entries = sorted(self._entries.items(), key=lambda entry: entry[0] not in self._asked)[:KEPT]
        payload = json.dumps({"with": [FORM, __version__], "files": dict(entries)}).encode("utf-8", "surrogatepass")
        unfinished = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        with suppress(OSError):
            unfinished.write_bytes(hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload)
            unfinished.replace(self._path)


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


def _mark(file: str) -> list[int]:
    """What shows that a file is the same that it was.

    Raises:
        OSError: it cannot be looked at.
    """
    status = os.stat(file)  # noqa: PTH116 - asked for every file of a board
    return [status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev]


def _plain(facts: Facts) -> list[Any]:
    match facts:
        case ImageFacts():
            return [facts.width, facts.height]
        case ClipFacts():
            return [facts.width, facts.height, facts.frames, str(facts.rate), facts.sound]
        case VoiceFacts():
            return [str(facts.seconds)]


def _facts(kind: str, plain: list[Any]) -> Facts:
    match kind, plain:
        case "image", [int(width), int(height)]:
            return ImageFacts(width, height)
        case "clip", [int(width), int(height), int(frames), str(rate), bool(sound)]:
            return ClipFacts(width, height, frames, Fraction(rate), sound)
        case "voice", [str(seconds)]:
            return VoiceFacts(Fraction(seconds))
    raise ValueError(kind)
