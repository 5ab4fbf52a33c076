"""What a command said last time, said again where nothing has changed since.

A verb that only looks, and a run that finds nothing to do, say what follows from files alone. So their words can be
kept beside the board, with the time, size and identity of every file that they rest on; while all of these stand, the
same command line gets the same words, and nothing is imported, read or hashed to find that out.

It is a cache and never more: whatever does not fit (another version, a file that was touched, a torn or foreign memo)
is passed over, and the verb goes its whole way, in which hashes of content decide. Two things keep a fast edit from
hiding behind an old time. A memo is only kept where every file was last changed well before the command began, so a
change during the command or within the clock's own grain leaves none; and the time at which the system itself noted
a change counts, which nobody can set back.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from contextlib import suppress

from skyflow._version import __version__

TYPE_CHECKING = False  # see the package's own
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import Any

FORM = 1
KEPT = 32
"""So many command lines are remembered in one folder; the oldest goes."""

GRAIN = 20_000_000
COARSE_GRAIN = 2_000_000_000
"""Nanoseconds within which two changes of a file may carry the same time; the larger one where times are whole
seconds."""

LOOKS = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TERM", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONIOENCODING")
LARGEST = 64 * 1024 * 1024


class Memo:
    """The memory of one command line.

    Attributes:
        began: nanoseconds since the epoch, before anything was read.
    """

    def __init__(self, argv: Sequence[str]) -> None:
        """Look at nothing yet but the command line."""
        self.began = time.time_ns()
        board = next((word for word in argv if word.endswith((".yaml", ".yml")) and not word.startswith("-")), "")
        self._folder = os.path.join(os.path.dirname(board) or ".", ".skyflow")  # noqa: PTH118, PTH120 - see below
        self._argv = list(argv)

    # No pathlib here: it costs more to import than everything else in this module does.

    def answer(self) -> int | None:
        """Say again what was said, and give the exit code; None where the verb itself has to."""
        found = self.recall()
        if found is None:
            return None
        code, words = found
        for stream, text in words:
            file = sys.stdout if stream == "out" else sys.stderr
            file.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
            try:
                file.write(text)
                file.flush()
            except BrokenPipeError:  # who read it has gone
                os.dup2(os.open(os.devnull, os.O_WRONLY), file.fileno())
        return code

    def recall(self) -> tuple[int, list[tuple[str, str]]] | None:
        """Exit code and words of the last time, where all that they rest on stands; else None."""
        try:
            with open(self._path(), "rb") as file:  # noqa: PTH123
                content = file.read(LARGEST)
            said: dict[str, Any] = json.loads(_payload(content))
            if said["with"] == self._with() and all(_stands(*entry) for entry in said["files"]):
                return int(said["code"]), [(str(stream), str(text)) for stream, text in said["words"]]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            pass  # no memo, or none of ours: the verb itself answers
        return None

    def keep(self, files: Iterable[Path], words: Sequence[tuple[str, str]], code: int) -> None:
        """Remember what was said, unless a file that it rests on changed too short a time ago."""
        if not os.path.isdir(self._folder):  # noqa: PTH112 - who only looks creates nothing
            return
        entries = list(_entries({os.path.abspath(file) for file in files}))  # noqa: PTH100
        if any(_changed(entry[1]) >= self.began - _grain(entry[1]) for entry in entries):
            return
        said = {"with": self._with(), "files": entries, "words": list(words), "code": code}
        payload = json.dumps(said).encode("utf-8", "surrogatepass")
        with suppress(OSError):  # a full or closed disk: then there is no memo
            self._write(hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload)

    def _path(self) -> str:
        asked = json.dumps([self._argv, os.getcwd(), _look()])  # noqa: PTH109
        name = hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return os.path.join(self._folder, "memo", name)  # noqa: PTH118

    def _with(self) -> list[Any]:
        """What must be the same beside the files: the program, to the last of its own files, and what it runs on."""
        own = hashlib.sha256()
        for folder in _package():
            for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
                if entry.name.endswith((".py", ".json")):
                    status = entry.stat()
                    own.update(f"{entry.path} {status.st_size} {status.st_mtime_ns}\n".encode())
        libraries = [_mark(path) for path in sys.path if path.endswith("site-packages")]
        return [FORM, __version__, sys.version, own.hexdigest(), libraries]

    def _write(self, content: bytes) -> None:
        path = self._path()
        folder = os.path.dirname(path)  # noqa: PTH120
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103
        others = sorted((entry.stat().st_mtime_ns, entry.path) for entry in os.scandir(folder))
        for _, oldest in others[: max(0, len(others) - KEPT + 1)]:
            os.unlink(oldest)  # noqa: PTH108
        unfinished = f"{path}.{os.getpid()}"
        with open(unfinished, "wb") as file:  # noqa: PTH123
            file.write(content)
        os.replace(unfinished, path)  # noqa: PTH105


def _payload(content: bytes) -> bytes:
    found, _, payload = content.partition(b"\n")
    if hashlib.sha256(payload).hexdigest().encode() != found:
        raise ValueError("torn")
    return payload


def _look() -> list[Any]:
    """What decides how words are set: where they go, how wide that is, and what the environment asks for."""
    shown = [stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr) if stream is not None]
    wide = os.get_terminal_size().columns if any(shown) and sys.__stdout__ and sys.__stdout__.isatty() else 0
    return [shown, wide, sys.stdout.encoding, [os.environ.get(name) for name in LOOKS]]


def _package() -> Iterator[str]:
    """Every folder of the program."""
    top = os.path.dirname(__file__)  # noqa: PTH120
    for folder, inside, _ in os.walk(top):
        inside[:] = sorted(name for name in inside if name != "__pycache__")
        yield folder
    beside = os.path.join(os.path.dirname(top), "schemas")  # noqa: PTH118, PTH120
    if os.path.isdir(beside):  # noqa: PTH112
        yield beside


def _mark(path: str) -> list[int] | None:
    """What shows that a file is the same that it was; None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return [status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev]


def _entries(paths: Iterable[str]) -> Iterator[tuple[str, list[int] | None]]:
    """Paths with their marks. Of several names of one file one is enough: to take a name from it changes its mark."""
    seen = set()
    for path in sorted(paths):
        mark = _mark(path)
        if mark is not None and os.name == "posix":
            if tuple(mark[3:]) in seen:
                continue
            seen.add(tuple(mark[3:]))
        yield path, mark


def _stands(path: str, mark: list[int] | None) -> bool:
    return _mark(path) == mark


def _changed(mark: list[int] | None) -> int:
    return max(mark[:2]) if mark else 0


def _grain(mark: list[int] | None) -> int:
    coarse = mark is not None and all(moment % 1_000_000_000 == 0 for moment in mark[:2])
    return COARSE_GRAIN if coarse else GRAIN
