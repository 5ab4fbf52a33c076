"""What is drawn where a board names a medium by an address, which nobody here has fetched: a card that says so.

The same address gives the same pixels. A clip is that card for a second, a voice a second of silence.
"""

from __future__ import annotations

import wave
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from av.video.frame import VideoFrame
from PIL import Image, ImageDraw

from skyflow.backends.animatic import lettering, palette
from skyflow.backends.animatic.lettering import Span, Style
from skyflow.board.model import Size
from skyflow.media.encode import SOUND_RATE, ClipWriter

if TYPE_CHECKING:
    from pathlib import Path

SIZE = Size(1280, 720)
"""The shape that a medium is taken to have which nobody has looked at."""

RATE = 32
GROUND = (44, 49, 56)
EDGE = (84, 91, 100)

_MARGIN = 96
_KINDS = {"image": "a picture at", "clip": "a clip at", "voice": "a voice at"}


def draw(kind: str, address: str, target: Path) -> None:
    """Write a placeholder: a PNG, an MP4 or a WAV.

    Args:
        kind: image, clip or voice.
        address: what the card says, without what may be secret in it.

    Raises:
        MediaError, OSError: the file cannot be written.
    """
    match kind:
        case "image":
            card(kind, address).save(target, format="PNG")
        case "clip":
            pixels = np.asarray(card(kind, address))
            frame = VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")
            with ClipWriter(target, SIZE, Fraction(RATE), sound=False) as writer:
                for _ in range(RATE):
                    writer.picture(frame)
        case _:
            with wave.open(str(target), "wb") as voice:
                voice.setnchannels(1)
                voice.setsampwidth(2)
                voice.setframerate(SOUND_RATE)
                voice.writeframes(bytes(2 * SOUND_RATE))


def card(kind: str, address: str) -> Image.Image:
    """The picture: a frame with a cross as film laboratories mark what is missing, and the words in its middle."""
    image = Image.new("RGB", (SIZE.width, SIZE.height), GROUND)
    draw = ImageDraw.Draw(image)
    box = (_MARGIN // 2, _MARGIN // 2, SIZE.width - _MARGIN // 2, SIZE.height - _MARGIN // 2)
    draw.line((box[:2], box[2:]), EDGE, 2)
    draw.line((box[0], box[3], box[2], box[1]), EDGE, 2)
    draw.rectangle(box, outline=EDGE, width=3)
    small, large = Style("regular", 30), Style("semibold", 44)
    width = SIZE.width - 2 * _MARGIN
    rows = [(row, small) for row in lettering.lines([Span(_KINDS[kind], palette.QUIET)], small, width, 1)]
    rows += [(row, large) for row in lettering.lines([Span(address, palette.PAPER)], large, width, 4)]
    tall = sum(_pitch(style) for _, style in rows)
    top = (SIZE.height - tall) // 2
    draw.rectangle((box[0] + 24, top - 28, box[2] - 24, top + tall + 28), fill=GROUND)
    for row, style in rows:
        top += _pitch(style)
        lettering.paint(image, row, style, ((SIZE.width - row.width) / 2, top - style.size * 0.35))
    return image


def _pitch(style: Style) -> int:
    return round(style.size * 1.4)
