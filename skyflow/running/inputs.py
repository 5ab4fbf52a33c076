"""Local files for what a request names by its hash.

A file beside the board can change while a run goes on. So it is copied into the run's work folder, hashed as it
is copied, and the backend reads the copy: what is drawn is what the key says.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

from skyflow.backends.base import Input
from skyflow.board.model import FileMedia, ShotClip, ShotFrame
from skyflow.errors import MediaError, StoreError
from skyflow.facts import ClipFacts, ImageFacts
from skyflow.store.objects import copy

if TYPE_CHECKING:
    from skyflow.board.model import Board, Media
    from skyflow.planning.key import Bound
    from skyflow.running.aside import Aside
    from skyflow.store.objects import Objects


@dataclass(frozen=True, slots=True)
class Inputs:
    """The media of one run; each is fetched once.

    Attributes:
        folder: the board's; paths of files are relative to it.
        work: an existing folder for copies and stills.
    """

    board: Board
    folder: Path
    objects: Objects
    aside: Aside
    work: Path

    async def of(self, bound: Bound) -> dict[str, Input]:
        """A local file for every handle of a request.

        Raises:
            MediaError: a file changed since the board was checked, or a clip does not decode.
            StoreError: the clip of an earlier shot is damaged, or the disk refused.
        """
        return {handle: await self._input(handle, medium) for handle, medium in bound.media.items()}

    async def _input(self, handle: str, medium: Media) -> Input:
        sha256 = handle.removeprefix("sha256:").partition("#")[0]
        match medium:
            case FileMedia():
                return Input(str(await self.file(medium)), _kind(medium))
            case ShotClip():
                return Input(str(await self.clip(medium.shot, sha256)), "clip", drawn=self._drawn(medium.shot))
            case ShotFrame():
                picture = await self._frame(medium, sha256)
                return Input(str(picture), "image", drawn=self._drawn(medium.shot))

    async def file(self, medium: FileMedia) -> Path:
        """A copy of a file beside the board, as it was when the board was checked."""
        target = self.work / f"{medium.sha256}{PurePosixPath(medium.path).suffix}"
        if not target.exists():
            await self.aside.call(_copy_checked, self.folder / medium.path, medium, target)
        return target

    async def clip(self, shot: str, sha256: str) -> Path:
        """The clip of an earlier shot."""
        footage = self.board.shots[shot].footage
        if footage:
            return await self.file(footage)
        if not await self.aside.call(self.objects.intact, sha256):
            raise StoreError(f"{shot}'s clip was damaged while the board was run", "run again: it is made anew")
        return self.objects.path(sha256)

    async def _frame(self, medium: ShotFrame, sha256: str) -> Path:
        target = self.work / f"{sha256}-{medium.index}.png"
        if not target.exists():
            clip = await self.clip(medium.shot, sha256)
            unfinished = self.work / f"{secrets.token_hex(6)}.png"  # two shots may want the same picture at once
            await self.aside.still(clip, medium.index, unfinished)
            unfinished.replace(target)
        return target

    def _drawn(self, shot: str) -> bool:
        return self.board.shots[shot].footage is None


def _kind(medium: FileMedia) -> Literal["image", "clip", "voice"]:
    match medium.facts:
        case ImageFacts():
            return "image"
        case ClipFacts():
            return "clip"
        case _:
            return "voice"


def _copy_checked(source: Path, medium: FileMedia, target: Path) -> None:
    unfinished = target.with_name(f"{secrets.token_hex(6)}-{target.name}")
    try:
        sha256 = copy(source, unfinished)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise MediaError(f"{medium.path} cannot be read any more: {reason}", "put it back and run again") from error
    if sha256 != medium.sha256:
        raise MediaError(f"{medium.path} changed after the board was checked", "run again: it is checked anew")
    unfinished.replace(target)
