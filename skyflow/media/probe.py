"""Looking at media: is a file the picture, clip or voice that it is taken for, and what are its measures."""

from __future__ import annotations

import io
import warnings
from fractions import Fraction
from typing import TYPE_CHECKING

from PIL import Image, UnidentifiedImageError

from skyflow.errors import MediaError
from skyflow.facts import ClipFacts, ImageFacts, VoiceFacts
from skyflow.media.container import SOUNDS, kind, opened
from skyflow.media.track import Track, picture_stream, read, track

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import InputContainer

PICTURES = ("JPEG", "PNG", "WEBP", "BMP", "GIF")
"""The formats that the provider takes, by Pillow's names."""

PICTURE_PIXELS_MAX = 40_000_000
"""Larger than any camera's picture that makes sense here, and 160 MB once decoded; reading it takes more beside."""

VOICE_SECONDS_MAX = 3600
"""Where measuring stops; the model's own limit is far below and belongs to the board's rules."""

_ORIENTATION, _TURNED = 0x0112, (5, 6, 7, 8)
_FETCH_AGAIN = "fetch or export it again"


def image(path: Path) -> ImageFacts:
    """Decode a picture, whole; of an animation, its first.

    Raises:
        MediaError: it is none, it is damaged or cut off, or it is too large to be decoded safely.
    """
    found = kind(path)
    remedy = "name a JPEG, PNG, WebP, BMP or GIF file"
    try:
        return _decoded(path, path.name)[1]
    except (MediaError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(path.name, "far too many") from error
    except UnidentifiedImageError as error:
        fault = "that cannot be decoded" if found.words.endswith("picture") else "and not a picture"
        raise MediaError(f"{path.name} is {found.words} {fault}", remedy) from error
    except Exception as error:  # Pillow's readers let through whatever a hostile file makes them raise
        raise MediaError(f"{path.name} is {found.words} that is damaged or cut off", _FETCH_AGAIN) from error


def picture(content: bytes, name: str) -> tuple[str, ImageFacts]:
    """Decode a picture that is no file, whole; its media type, such as ``image/png``, and its facts.

    Args:
        name: what a message calls it.

    Raises:
        MediaError: as for ``image``.
    """
    try:
        return _decoded(io.BytesIO(content), name)
    except (MediaError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(name, "far too many") from error
    except UnidentifiedImageError as error:
        raise MediaError(f"{name} is no picture", "encode a PNG, JPEG, WebP, BMP or GIF") from error
    except Exception as error:  # as above
        raise MediaError(f"{name} is damaged or cut off", "encode the picture again") from error


def _decoded(source: Path | io.BytesIO, name: str) -> tuple[str, ImageFacts]:
    with (
        warnings.catch_warnings(action="error", category=Image.DecompressionBombWarning),
        Image.open(source, formats=PICTURES) as decoded,
    ):
        width, height = decoded.size
        if width * height > PICTURE_PIXELS_MAX:
            raise _too_large(name, f"{width}x{height}")
        decoded.load()
        turned = decoded.getexif().get(_ORIENTATION) in _TURNED
        media_type = Image.MIME[decoded.format or ""]
    return media_type, ImageFacts(height, width) if turned else ImageFacts(width, height)


def _too_large(name: str, size: str) -> MediaError:
    return MediaError(
        f"{name} has {size} pixels, more than is safe to decode",
        f"scale it down to at most {PICTURE_PIXELS_MAX // 1_000_000} million pixels",
    )


def clip(path: Path) -> ClipFacts:
    """Read every packet of a clip, and decode its first and last picture.

    Raises:
        MediaError: it is none, it is damaged or cut off, or it has another number of picture tracks than one.
    """
    with opened(path) as container:
        picture_stream(container, path.name).codec_context.thread_count = 1  # as for ``bad_pictures``
        seen = read(container, path.name)
        _check_last(container, seen, path.name)
    return _measured(seen)


def bad_pictures(path: Path) -> int:
    """How many pictures of a clip are damaged or missing, every one of them decoded.

    Raises:
        MediaError: the damage ends the decoding.
    """
    with opened(path) as container:
        stream = picture_stream(container, path.name)
        # Clips come many at once; threads of the decoder's own would only wait for each other.
        stream.codec_context.thread_count = 1
        packets = shown = damaged = 0
        for packet in container.demux(stream):
            packets += bool(packet.size)
            for frame in packet.decode():
                shown += 1
                damaged += frame.is_corrupt
    return damaged + max(0, packets - shown)


def measures(path: Path) -> ClipFacts:
    """Read every packet of a clip that was just made here, and decode its first picture only.

    That shows whether it is whole and what was asked for. Only a broken encoder could go wrong behind that, and
    what it made is made again for nothing; what was downloaded, and what people bring, is for ``clip``.

    Raises:
        MediaError: as for ``clip``.
    """
    return _measured(track(path))


def _measured(seen: Track) -> ClipFacts:
    size = seen.format.shown
    return ClipFacts(size.width, size.height, seen.frames, seen.rate, seen.sound)


def _check_last(container: InputContainer, seen: Track, name: str) -> None:
    """Decode from the last key picture to the end: what is last must come out, and whole."""
    stream = picture_stream(container, name)
    last = max(seen.times)
    container.seek(seen.key_before(last), stream=stream)
    shown = {frame.pts: frame.is_corrupt for frame in container.decode(stream)}
    if shown.get(last, True):
        raise MediaError(f"{name} is damaged or cut off: its last picture does not decode", _FETCH_AGAIN)


def voice(path: Path) -> VoiceFacts:
    """Decode a sound, whole, and measure it.

    Raises:
        MediaError: it is none, it is damaged, it is empty or it is over an hour long.
    """
    with opened(path, *SOUNDS, wanted="a voice") as container:
        if not container.streams.audio:
            raise MediaError(f"{path.name} holds no sound", "name a file with a voice")
        stream = container.streams.audio[0]
        seconds = Fraction(0)
        for frame in container.decode(stream):
            seconds += Fraction(frame.samples, frame.sample_rate)
            if seconds > VOICE_SECONDS_MAX:
                raise MediaError(f"{path.name} is over an hour long", "use a shorter stretch of it")
    if not seconds:
        raise MediaError(f"{path.name} holds no sound", "name a file with a voice")
    return VoiceFacts(seconds)
