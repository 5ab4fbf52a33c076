"""Small clips for tests, whose every picture carries its number so that a test can read which one it sees."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from skyflow.board.model import Size
from skyflow.media.encode import SOUND_RATE, ClipWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

BITS = 10
WIDE = Size(160, 96)
TALL = Size(96, 160)
RATE = Fraction(32)


def numbered(number: int, size: Size = WIDE) -> av.VideoFrame:
    """A picture of ten stripes, light or dark: its number in binary."""
    bits = [(number >> bit) & 1 for bit in reversed(range(BITS))]
    stripes = np.array([210 if bit else 40 for bit in bits], np.uint8)
    row = stripes[np.arange(size.width) * BITS // size.width]
    return grey(np.broadcast_to(row, (size.height, size.width)))


def grey(luma: NDArray[Any]) -> av.VideoFrame:
    height, width = luma.shape
    if height % 2 or width % 2:
        return av.VideoFrame.from_ndarray(np.ascontiguousarray(luma), format="gray")
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[:height] = luma
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")


def read(frame: av.VideoFrame, box: tuple[int, int, int, int] | None = None) -> int:
    """The number of a picture, which fills the box ``left, top, width, height`` or the whole."""
    luma = frame.reformat(format="gray").to_ndarray()
    left, top, width, height = box or (0, 0, luma.shape[1], luma.shape[0])
    centres = left + (np.arange(BITS) * 2 + 1) * width // (2 * BITS)
    values = luma[top + height // 2, centres]
    return int("".join("1" if value > 125 else "0" for value in values), 2)


def numbers(path: Path, box: tuple[int, int, int, int] | None = None) -> list[int]:
    with av.open(str(path)) as container:
        return [read(frame, box) for frame in container.decode(video=0)]


def film(
    path: Path,
    shown: Iterable[int],
    *,
    size: Size = WIDE,
    rate: Fraction = RATE,
    level: float | None = None,
) -> Path:
    """A clip as our own writer writes it; ``level`` is the constant value of its sound."""
    with ClipWriter(path, size, rate, sound=level is not None) as writer:
        for count, number in enumerate(shown, 1):
            writer.picture(numbered(number, size))
            if level is not None:
                due = round(count * SOUND_RATE / rate) - round((count - 1) * SOUND_RATE / rate)
                writer.sound(np.full((2, due), level, np.float32))
    return path


def foreign(
    path: Path,
    shown: Sequence[int],
    *,
    size: Size = WIDE,
    rate: Fraction = RATE,
    codec: str = "libx264",
    times: Sequence[int] | None = None,
    tick: Fraction | None = None,
    rotation: int = 0,
    aspect: Fraction | None = None,
    hidden: int = 0,
    pixels: str = "yuv420p",
    **options: str,
) -> Path:
    """A clip as somebody else might have written it.

    Args:
        times: when each picture is shown, in ticks; else one after the other at ``rate``.
        hidden: how many of the first pictures an edit list leaves out.
    """
    tick = tick or 1 / rate
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = size.width, size.height, pixels
        stream.codec_context.time_base = tick
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation:
            stream.set_display_rotation(rotation)
        for place, number in enumerate(shown):
            frame = numbered(number, size)
            frame.pts, frame.time_base = times[place] if times else place, tick
            mux(container, stream.encode(frame), hidden)
        mux(container, stream.encode(None), hidden)
    return path


def mux(container: av.container.OutputContainer, packets: Sequence[av.Packet[Any]], hidden: int) -> None:
    for packet in packets:
        if hidden:
            assert packet.pts is not None
            assert packet.dts is not None
            packet.pts, packet.dts = packet.pts - hidden, packet.dts - hidden
        container.mux(packet)


def levels(path: Path) -> NDArray[np.float32]:
    """The left channel of a clip's sound, from where it begins."""
    with av.open(str(path)) as container:
        blocks = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    return np.concatenate(blocks)
