"""Opening a media file so that it can only be itself.

FFmpeg guesses what a file is and follows what it says: a text named ``clip.mp4`` may be a playlist that opens
other files, or the network. So the first bytes decide here, the one demuxer for them is named, and no protocol
but plain local files is allowed.
"""

from __future__ import annotations

import contextlib
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
from av.error import FFmpegError

from skyflow.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer

HEAD = 512
"""How many bytes decide what a file is."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is by its first bytes.

    Attributes:
        words: for a message: ``a PNG picture``.
        demuxer: FFmpeg's name for the one that may read it; empty where none of ours may.
    """

    words: str
    demuxer: str = ""


_MOVIE = Kind("an MP4 or QuickTime file", "mov")
_MATROSKA = Kind("a WebM or Matroska file", "matroska")
_MP3 = Kind("an MP3 sound", "mp3")
_AAC = Kind("an AAC sound", "aac")
_TIFF = Kind("a TIFF picture")

_MAGIC: tuple[tuple[int, bytes, Kind], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", Kind("a PNG picture")),
    (0, b"\xff\xd8\xff", Kind("a JPEG picture")),
    (0, b"GIF8", Kind("a GIF picture")),
    (8, b"WEBP", Kind("a WebP picture")),
    (0, b"BM", Kind("a BMP picture")),
    (0, b"II*\0", _TIFF),
    (0, b"MM\0*", _TIFF),
    (4, b"ftypheic", Kind("a HEIC picture")),
    (4, b"ftypmif1", Kind("a HEIF picture")),
    (4, b"ftypavif", Kind("an AVIF picture")),
    (4, b"ftyp", _MOVIE),
    # QuickTime files from before 'ftyp' begin with any of these boxes.
    (4, b"moov", _MOVIE),
    (4, b"mdat", _MOVIE),
    (4, b"wide", _MOVIE),
    (0, b"\x1a\x45\xdf\xa3", _MATROSKA),
    (8, b"WAVE", Kind("a WAV sound", "wav")),
    (8, b"AVI ", Kind("an AVI file")),
    (0, b"fLaC", Kind("a FLAC sound", "flac")),
    (0, b"OggS", Kind("an Ogg file", "ogg")),
    (0, b"ID3", _MP3),
    (0, b"\xff\xfb", _MP3),
    (0, b"\xff\xf3", _MP3),
    (0, b"\xff\xf2", _MP3),
    (0, b"\xff\xf1", _AAC),
    (0, b"\xff\xf9", _AAC),
    (0, b"\x47\x40", Kind("an MPEG transport stream")),
    (0, b"#EXTM3U", Kind("a playlist")),
    (0, b"ffconcat", Kind("a playlist")),
    (0, b"%PDF", Kind("a PDF document")),
    (0, b"PK\x03\x04", Kind("a ZIP archive")),
    (0, b"version https://git-lfs", Kind("a Git LFS pointer, its content not fetched")),
)


def kind(path: Path) -> Kind:
    """What a file is.

    Raises:
        MediaError: there is no such file, it is no regular file, it is empty or cannot be read.
    """
    head = _head(path)
    for offset, magic, found in _MAGIC:
        if head.startswith(magic, offset):
            return found
    with contextlib.suppress(UnicodeDecodeError):
        # The last character may be cut in two by the length of the head.
        if "\0" not in head[:-3].decode():
            return Kind("a text")
    return Kind("no format that is known here")


def _head(path: Path) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise MediaError(f"{path.name} is a folder", "name a file")
        if not stat.S_ISREG(status.st_mode):
            raise MediaError(f"{path.name} is no regular file", "copy its content into a file")
        if not status.st_size:
            raise MediaError(f"{path.name} is empty", "fetch or export it again")
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise MediaError(f"{path.name} cannot be read: {reason}", "check the path and its rights") from error


@contextlib.contextmanager
def opened(path: Path, *demuxers: str, wanted: str = "a clip") -> Iterator[InputContainer]:
    """The file, open for reading; what FFmpeg finds wrong inside the ``with`` becomes a MediaError too.

    Args:
        path: a local file.
        demuxers: those that may read it; without any, those of clips.
        wanted: what the file is taken for, for the message.

    Raises:
        MediaError: it is something else, or it is damaged.
    """
    found = kind(path)
    if found.demuxer not in (demuxers or CLIPS):
        raise MediaError(f"{path.name} is {found.words}, not {wanted}", _REMEDY.get(wanted, ""))
    _check_whole(path, found.demuxer)
    try:
        with av.open(
            # 'file:' keeps a name such as 'concat:a' from being read as a protocol.
            f"file:{path.absolute()}",
            "r",
            format=found.demuxer,
            container_options={"protocol_whitelist": "file"},
            metadata_errors="replace",
        ) as container:
            yield container
    except (FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise MediaError(
            f"{path.name} is damaged: {found.words} that cannot be decoded ({reason})", "fetch or export it again"
        ) from error


@contextlib.contextmanager
def about(label: str) -> Iterator[None]:
    """Say which shot a MediaError inside the ``with`` is about."""
    try:
        yield
    except MediaError as error:
        raise MediaError(f"shot {label}: {error.message}", error.remedy) from error


def _check_whole(path: Path, demuxer: str) -> None:
    """The parts of a file name their lengths, and the last must not reach beyond its end.

    FFmpeg reads what is there of a file that was cut off, and does not say that anything is missing.

    Raises:
        MediaError: it does.
    """
    measure = _BOXES.get(demuxer)
    if measure is None:
        return
    whole = path.stat().st_size
    with path.open("rb") as file:
        place = 0
        while whole - place >= 8:
            file.seek(place)
            length = measure(file.read(16))
            if length is None:  # to the end of the file
                return
            if length < 2 or place + length > whole:
                raise MediaError(f"{path.name} is cut off or damaged after {place} bytes", "fetch or export it again")
            place += length


def _mov_box(head: bytes) -> int | None:
    """The length of an MP4 box: four bytes, or eight where those say 1."""
    length = int.from_bytes(head[:4])
    return (int.from_bytes(head[8:16]) if length == 1 else length) or None


def _matroska_element(head: bytes) -> int | None:
    """The length of a Matroska element, its header included: two numbers that begin with their own width."""
    name = 9 - head[0].bit_length()
    if name >= len(head) or not head[name]:
        return 0
    width = 9 - head[name].bit_length()
    content = int.from_bytes(head[name : name + width]) & ~(1 << (7 * width))
    unknown = (1 << (7 * width)) - 1  # written by a live recording
    return None if content == unknown else name + width + content


_BOXES = {"mov": _mov_box, "matroska": _matroska_element}

CLIPS = ("mov", "matroska")
SOUNDS = ("wav", "mp3", "flac", "ogg", "aac", "mov", "matroska")

_REMEDY = {
    "a clip": "name an MP4, MOV or WebM file",
    "a voice": "name a WAV, MP3, FLAC, Ogg, AAC or M4A file",
}
