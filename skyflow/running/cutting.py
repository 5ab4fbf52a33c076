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
from skyflow.board.model import ShotClip
from skyflow.errors import MediaError, StoreError
from skyflow.media.cut import Piece
from skyflow.running.outcome import Cut, NoCut
from skyflow.store import files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from skyflow.board.model import Board, CutEntry, Shot
    from skyflow.running.aside import Aside
    from skyflow.running.inputs import Inputs
    from skyflow.running.lock import Lock

VERSION = 1
"""Of how a cut is put together; a new one puts every cut together anew."""


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
    lock: Lock
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
        absent = [shot for shot in self.board.cut_shots if self.clips.get(shot) is None]
        return f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not there" if absent else ""

    def key(self) -> str:
        """What the cut is put together from."""
        pieces = [
            {
                "shot": entry.shot,
                "clip": self.clips[entry.shot],
                "source": self.clips[source] if source else None,
                "start": entry.start,
                "end": entry.end,
            }
            for entry in self.board.cut
            for source in (extended(self.board.shots[entry.shot]),)
        ]
        return digest.of_json("cut", {"version": VERSION, "pieces": pieces})

    async def unchanged(self) -> bool:
        """Whether the file is there and is what this board's cut came to when it was put together."""
        recorded = self.lock.cut
        if recorded is None or recorded[0] != self.key() or self.target.is_symlink() or not self.target.is_file():
            return False
        with files.disk_errors(self.target, "read"):
            return await self.aside.call(digest.of_file, self.target) == recorded[1]

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
        self.lock.record_cut(self.key(), sha256)
        self.lock.save()
        return Cut(self.target, made=True, facts=facts)

    async def _piece(self, entry: CutEntry) -> Piece:
        source = extended(self.board.shots[entry.shot])
        before = await self._clip(source) if source else None
        return Piece(entry.shot, await self._clip(entry.shot), before, entry.start, entry.end)

    async def _clip(self, shot: str) -> Path:
        sha256 = self.clips[shot]
        if sha256 is None:
            raise StoreError(f"{shot} is not there")
        return await self.inputs.clip(shot, sha256)


def extended(shot: Shot) -> str | None:
    """The shot whose clip this one continues."""
    sources = (item.clip.shot for item in shot.clips if item.kind == "extend" and isinstance(item.clip, ShotClip))
    return next(sources, None)


def _put(finished: Path, target: Path) -> str:
    sha256 = digest.of_file(finished)
    with files.replacing(target) as temporary, files.disk_errors(target):
        shutil.move(finished, temporary)
    return sha256
