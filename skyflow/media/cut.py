"""The final edit: picked takes one after the other, as little as possible encoded again.

The cut has the format that most of its running time has. Where all its clips agree, whatever they are, their
picture packets are copied. Where some do not, those are fitted to the size and rate that the others have and
encoded as ClipWriter encodes; a clip that was written so before is still copied. A stretch that does not begin
and end between groups of pictures is encoded again, and nothing but it.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from av.error import FFmpegError

from skyflow import disk
from skyflow.errors import MediaError
from skyflow.media.agreement import agreed, why_not
from skyflow.media.conform import conform
from skyflow.media.container import about
from skyflow.media.join import Strip, join
from skyflow.media.overlap import overlap
from skyflow.media.pace import Stretch
from skyflow.media.track import track

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction
    from pathlib import Path

    from skyflow.board.model import Size
    from skyflow.media.track import Format


@dataclass(frozen=True, slots=True)
class Piece:
    """One entry of a cut; plain data, so that a worker process can be given it.

    Attributes:
        label: the shot's id, for messages and chapters.
        path: its picked take's clip.
        source: the clip that it extends, where it does.
        start: the first picture to show, counted in the clip's own; None is the first that is new: the first of
            all, or where the clip holds its source and that is in the cut as well, the one behind that.
        end: the picture to stop before; None is the end.
    """

    label: str
    path: Path
    source: Path | None = None
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A piece as it stands in the cut.

    Attributes:
        label: the shot's id.
        first: its first picture, counted in the cut.
        frames: how many pictures it has there.
        trimmed: how many of its clip's first pictures were left out because they are its source's.
        encoded: why it had to be encoded again; empty where its packets were copied.
    """

    label: str
    first: int
    frames: int
    trimmed: int
    encoded: str


@dataclass(frozen=True, slots=True)
class CutFacts:
    """What a cut came to."""

    size: Size
    rate: Fraction
    frames: int
    sound: bool
    sections: tuple[Section, ...]

    @property
    def seconds(self) -> Fraction:
        return self.frames / self.rate


@dataclass(frozen=True, slots=True)
class _Take:
    """A piece that has been looked at: what of its clip is to be shown."""

    label: str
    stretch: Stretch
    trimmed: int


def assemble(pieces: Sequence[Piece], target: Path) -> CutFacts:
    """Write the pieces in their order into an MP4. The same pieces give the same bytes.

    The file appears whole or not at all: until then everything is in a hidden folder beside it, which one call
    for one target uses at a time and which goes when the call ends; one left by a killed process is replaced.

    Args:
        pieces: at least one.
        target: the file to write; an older one is replaced at the end.

    Raises:
        MediaError: a clip is missing, damaged or shorter than its piece says (the message names the shot), or
            the target cannot be written.
    """
    if not pieces:
        raise MediaError("the cut has no shots", "name at least one under cut")
    scratch = target.with_name(f".{target.name}.partial")
    try:
        _clear(scratch)
        scratch.mkdir(parents=True)
        facts = _edit(pieces, scratch)
        (scratch / "cut.mp4").replace(target)
    except (OSError, FFmpegError) as error:
        reason = error.strerror or type(error).__name__
        raise MediaError(f"the cut cannot be written to {target.name}: {reason}", disk.remedy(error.errno)) from error
    finally:
        _clear(scratch)
    return facts


def _clear(scratch: Path) -> None:
    shutil.rmtree(scratch, ignore_errors=True)


def _edit(pieces: Sequence[Piece], scratch: Path) -> CutFacts:
    takes = _look(pieces)
    form = agreed([take.stretch for take in takes], scratch / "format.mp4")
    strips, sections = [], []
    first = 0
    for number, take in enumerate(takes):
        reason = why_not(take.stretch, form)
        with about(take.label):
            strip = _strip(take, form, scratch / f"{number}.mp4" if reason else None)
        strips.append(strip)
        sections.append(Section(take.label, first, strip.pictures.frames, take.trimmed, reason))
        first += strip.pictures.frames
    join(strips, form.rate, scratch / "cut.mp4")
    return CutFacts(form.size, form.rate, first, any(strip.sound for strip in strips), tuple(sections))


def _look(pieces: Sequence[Piece]) -> list[_Take]:
    clips: dict[Path, Stretch] = {}
    for piece in pieces:
        if piece.path not in clips:
            with about(piece.label):
                seen = track(piece.path)
            clips[piece.path] = Stretch(piece.path, seen, 0, seen.frames)
    # Only a source that is seen to its end leaves nothing of it to be seen again.
    sources = {piece.path for piece in pieces if piece.end in {None, clips[piece.path].end}}
    takes = []
    for piece in pieces:
        source = clips[piece.source] if piece.source in sources and piece.source is not None else None
        with about(piece.label):
            takes.append(_take(piece, clips[piece.path], source))
    return takes


def _take(piece: Piece, clip: Stretch, source: Stretch | None) -> _Take:
    end = clip.end if piece.end is None else piece.end
    shared = overlap(source, clip) if source is not None and piece.start is None else 0
    trimmed = shared if shared < end else 0
    start = trimmed if piece.start is None else piece.start
    if not 0 <= start < end <= clip.end:
        raise MediaError(
            f"its clip has {clip.end} pictures, so {start} to {end} is no stretch of it",
            "choose other in and out points",
        )
    return _Take(piece.label, replace(clip, start=start, end=end), trimmed)


def _strip(take: _Take, wanted: Format, again: Path | None) -> Strip:
    """The piece ready to be copied: its own packets, or those of a file that is written to ``again``."""
    pictures = take.stretch
    heard = pictures.path if pictures.track.sound else None
    if again is not None:
        conform(take.stretch, wanted.size, wanted.rate, again)
        made = track(again)
        pictures = Stretch(again, made, 0, made.frames)
    return Strip(take.label, pictures, heard, take.stretch.begin)
