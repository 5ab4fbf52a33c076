"""Where a board keeps things.

::

    board.yaml                        the board
    board.lock                        the record of takes that cost something; committed
    out/board/animatic/opening.mp4    results, under names for people
    .skyflow/                         state, never committed
        .gitignore                    ignores all of it, so that nobody has to remember
        hold                          who is running this board
        animatic.lock                 the record of takes that can be made again for nothing
        objects/ab/cdef…              every clip, by the SHA-256 of its content
        journal.sqlite                what was bought, and how far each task is
        tmp/                          work in progress; empty when nothing runs

All boards of a folder share its state. Reading creates nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skyflow.store import files

if TYPE_CHECKING:
    from pathlib import Path

STATE = ".skyflow"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_@+-]*")
BOARD_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Project:
    """The places around one board file.

    Attributes:
        board: the board file, absolute.
        root: the nearest ancestor folder with ``.git``, else the board's own folder; no path leads out of it.
    """

    board: Path
    root: Path

    @classmethod
    def of(cls, board: Path) -> Project:
        """The places around a board file, which need not exist."""
        board = board.absolute()
        folder = board.parent.resolve()
        root = next((at for at in (folder, *folder.parents) if (at / ".git").exists()), folder)
        return cls(folder / board.name, root)

    def marks(self) -> tuple[Path, ...]:
        """The files that say where the root is: those of git, there or not."""
        within = (self.folder, *self.folder.parents)
        upward = within[: within.index(self.root) + 1] if self.root in within else within[:1]
        found = (at / ".git" for at in upward)
        return tuple(mark / "config" if mark.is_dir() else mark for mark in found)

    @property
    def folder(self) -> Path:
        """The board's folder; the paths of a board are relative to it."""
        return self.board.parent

    @property
    def name(self) -> str:
        """The board file's name without its ending."""
        return self.board.stem

    @property
    def state(self) -> Path:
        return self.folder / STATE

    @property
    def objects(self) -> Path:
        return self.state / "objects"

    @property
    def work(self) -> Path:
        """The folder of the work folders of runs; swept by whoever holds the board next."""
        return self.state / "tmp"

    @property
    def hold(self) -> Path:
        return self.state / "hold"

    @property
    def journal(self) -> Path:
        """The record of every task that was bought, whichever of the folder's boards it was for."""
        return self.state / "journal.sqlite"

    def out(self, backend: str) -> Path:
        """The folder of results under names for people."""
        return self.folder / "out" / self.name / _file_name(backend)

    def lock(self, backend: str, *, repeatable: bool) -> Path:
        """The record of what a backend made: noise in git where it can be made again for nothing."""
        if not repeatable:
            return self.folder / f"{self.name}.lock"
        name = _file_name(backend)
        return self.state / (f"{name}.lock" if self.name == "board" else f"{self.name}.{name}.lock")

    def locks(self) -> list[Path]:
        """Every lock that may name an object of this folder's store, whichever of its boards it belongs to.

        A lock beside the boards counts only where a board of its name is there: other tools write ``.lock`` too.
        """
        beside = [path for path in self.folder.glob("*.lock") if self._has_board(path)]
        return sorted([*beside, *self.state.glob("*.lock")])

    def own_repeatable_locks(self) -> list[Path]:
        """This board's locks of what can be made again for nothing, whatever the backend."""
        before, _, _ = self.lock("any", repeatable=True).name.rpartition("any")
        rest = re.compile(re.escape(before) + NAME.pattern + re.escape(".lock"))
        return sorted(path for path in self.state.glob("*.lock") if rest.fullmatch(path.name))

    def _has_board(self, lock: Path) -> bool:
        return any(lock.with_suffix(ending).is_file() for ending in BOARD_ENDINGS)

    def prepare(self) -> None:
        """Create the state folder.

        Raises:
            StoreError: the disk refused.
        """
        with files.disk_errors(self.state):
            self.state.mkdir(exist_ok=True)
            ignored = (self.state / ".gitignore").exists()
        if not ignored:
            files.write(self.state / ".gitignore", b"*\n")

    def shown(self, path: Path) -> str:
        """A path for people: relative to the board's folder where it lies in it."""
        return path.relative_to(self.folder).as_posix() if path.is_relative_to(self.folder) else str(path)


def _file_name(backend: str) -> str:
    if not NAME.fullmatch(backend):
        raise ValueError(f"a backend called {backend!r} cannot name a file")
    return backend
