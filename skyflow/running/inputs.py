"""Local files for what a request names by its hash.

A file beside the board can change while a run goes on. So it is copied into the run's work folder, hashed as it
is copied, and the backend reads the copy: what is drawn is what the key says. Nothing is fetched: for a medium by
address there is a placeholder to draw, and the address for whoever can reach it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from skyflow import digest
from skyflow.backends.animatic import placeholder
from skyflow.backends.base import Input
from skyflow.board.model import DataMedia, FileMedia, HeldMedia, ShotClip, ShotFrame, UrlMedia
from skyflow.errors import MediaError, StoreError
from skyflow.facts import ClipFacts, ImageFacts
from skyflow.store import files
from skyflow.store.objects import copy

if TYPE_CHECKING:
    from skyflow.board.model import Address, Board, Media, MediaKind
    from skyflow.planning.key import Bound
    from skyflow.running.aside import Aside
    from skyflow.store.objects import Objects


Remote: TypeAlias = Callable[[str], str | None]

ENDINGS = {"image": ".png", "clip": ".mp4", "voice": ".wav"}


def _nowhere(_: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Inputs:
    """The media of one run; each is fetched once.

    Attributes:
        folder: the board's; paths of files are relative to it.
        work: an existing folder for copies, stills and placeholders.
        remote: the provider's own name of a clip, by its SHA-256; None where the provider did not make it.
    """

    board: Board
    folder: Path
    objects: Objects
    aside: Aside
    work: Path
    remote: Remote = _nowhere

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
                return Input(str(await self.file(medium)), _kind(medium), sha256=sha256)
            case DataMedia():
                return Input(str(await self._data(medium)), "image", sha256=sha256)
            case UrlMedia() | HeldMedia():
                return await self._placeholder(medium)
            case ShotClip():
                path, drawn = await self.clip(medium.shot, sha256), self._drawn(medium.shot)
                return Input(str(path), "clip", drawn=drawn, sha256=sha256, remote=self.remote(sha256))
            case ShotFrame():
                picture = await self._frame(medium, sha256)
                of_picture = await self.aside.call(digest.of_file, picture)
                return Input(str(picture), "image", drawn=self._drawn(medium.shot), sha256=of_picture)

    async def file(self, medium: FileMedia) -> Path:
        """A copy of a file beside the board, as it was when the board was checked."""
        target = self.work / f"{medium.sha256}{PurePosixPath(medium.path).suffix}"
        if not target.exists():
            await self.aside.call(_copy_checked, self.folder / medium.path, medium, target)
        return target

    async def _data(self, medium: DataMedia) -> Path:
        """A file with what stands in the board itself."""
        target = self.work / f"{medium.sha256}.{medium.type.removeprefix('image/')}"
        if not target.exists():
            await self.aside.call(_write, medium.content, target)
        return target

    async def _placeholder(self, medium: Address) -> Input:
        """A file that stands for what is at an address, beside the address itself."""
        name = digest.of_json("placeholder", [medium.kind, medium.shown])
        target = self.work / f"{name}{ENDINGS[medium.kind]}"
        if not target.exists():
            await self.aside.call(_draw, medium.kind, brief(medium), target)
        sha256 = await self.aside.call(digest.of_file, target)
        address = medium.uuid if isinstance(medium, HeldMedia) else medium.url
        return Input(str(target), medium.kind, sha256=sha256, address=address)

    async def clip(self, shot: str, sha256: str) -> Path:
        """The clip of an earlier shot."""
        footage = self.board.shots[shot].footage
        if footage:
            return await self.file(footage)
        if not (self.objects.known(sha256) or await self.aside.call(self.objects.intact, sha256)):
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


def brief(medium: Address) -> str:
    """An address as a card has room for it: ``https://host/…/face.png``."""
    if isinstance(medium, HeldMedia):
        return medium.shown
    plain = medium.shown.partition("?")[0].partition("#")[0]
    host, _, rest = plain.removeprefix("https://").partition("/")
    path, _, name = rest.rpartition("/")
    return f"https://{host}/…/{name}" if path else f"https://{host}/{name}"


def _kind(medium: FileMedia) -> MediaKind:
    match medium.facts:
        case ImageFacts():
            return "image"
        case ClipFacts():
            return "clip"
        case _:
            return "voice"


def _draw(kind: MediaKind, said: str, target: Path) -> None:
    """A placeholder, whole or not at all."""
    unfinished = _beside(target)
    with files.disk_errors(target):
        placeholder.draw(kind, said, unfinished)
        unfinished.replace(target)


def _write(content: bytes, target: Path) -> None:
    unfinished = _beside(target)
    with files.disk_errors(target):
        unfinished.write_bytes(content)
        unfinished.replace(target)


def _beside(target: Path) -> Path:
    """Two shots may want the same file at once; each writes its own, and the later takes the earlier one's place."""
    return target.with_name(f"{secrets.token_hex(6)}-{target.name}")


def _copy_checked(source: Path, medium: FileMedia, target: Path) -> None:
    unfinished = _beside(target)
    try:
        source.open("rb").close()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise MediaError(f"{medium.path} cannot be read any more: {reason}", "put it back and run again") from error
    with files.disk_errors(source, "copy"):
        sha256 = copy(source, unfinished)
    if sha256 != medium.sha256:
        raise MediaError(f"{medium.path} changed after the board was checked", "run again: it is checked anew")
    unfinished.replace(target)
