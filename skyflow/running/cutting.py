"""The final edit of a board from the takes that are picked.

What a cut is put together from is hashed and recorded beside the hash of the file that came of it. While neither
changes, the file is left alone. Where a shot is missing no cut is made: a film with a hole would look finished. A
cut of an earlier run then stays as it is, and the result says that it is old.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skyflow import digest
from skyflow.errors import MediaError, StoreError
from skyflow.media.cut import Piece
from skyflow.planning import cut
from skyflow.running.outcome import Cut, NoCut
from skyflow.store import files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from skyflow.board.model import Board, CutEntry
    from skyflow.running.aside import Aside
    from skyflow.running.inputs import Inputs
    from skyflow.running.known import LockKnown


@dataclass(frozen=True, slots=True)
class Cutting:
    """One board's cut.

    Attributes:
        clips: for every shot the SHA-256 of its picked take; None where that is not there.
        target: the cut's own file.
        work: an existing folder for what is not finished.
    """

    board: Board
    clips: Mapping[str, str | None]
    inputs: Inputs
    known: LockKnown
    aside: Aside
    target: Path
    work: Path

    @property
    def old(self) -> Path | None:
        """The cut of an earlier run, where one stands."""
        return self.target if self.target.is_file() else None

    def missing(self) -> str:
        """Why there can be no cut, or nothing."""
        if not self.board.cut:
            return "the board leaves every shot out of its cut"
        absent = cut.missing(self.board, self.clips)
        return f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not there" if absent else ""

    async def unchanged(self) -> bool:
        """Whether the file is there and is what this board's cut came to when it was put together."""
        key = cut.key(self.board, self.clips)
        return await self.aside.call(self.known.cut_stands, key, self.target)

    async def assemble(self) -> Cut | NoCut:
        """Put the cut together and record it.

        Raises:
            StoreError: the lock cannot be written.
        """
        try:
            pieces = [await self._piece(entry) for entry in self.board.cut]
            unfinished = self.work / self.target.name
            facts = await self.aside.assemble(pieces, unfinished)
            sha256 = await self.aside.call(_put, unfinished, self.target)
        except (MediaError, StoreError) as error:
            return NoCut("it could not be put together", self.old, error)
        self.known.lock.record_cut(cut.key(self.board, self.clips), sha256)
        self.known.lock.save()
        return Cut(self.target, made=True, facts=facts)

    async def _piece(self, entry: CutEntry) -> Piece:
        source = cut.extended(self.board.shots[entry.shot])
        before = await self._clip(source) if source else None
        return Piece(entry.shot, await self._clip(entry.shot), before, entry.start, entry.end)

    async def _clip(self, shot: str) -> Path:
        sha256 = self.clips[shot]
        if sha256 is None:
            raise StoreError(f"{shot} is not there")
        return await self.inputs.clip(shot, sha256)


def _put(finished: Path, target: Path) -> str:
    sha256 = digest.of_file(finished)
    with files.replacing(target) as temporary, files.disk_errors(target):
        shutil.move(finished, temporary)
    return sha256
