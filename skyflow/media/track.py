"""The picture track of a clip: every packet's place in time, read without decoding.

What a header says of length and rate may be rounded, or a lie; what the packets say is what will be seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, cast

import av
from av.stream import Disposition

from skyflow.board.model import Size
from skyflow.errors import MediaError
from skyflow.media.container import opened

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from av.container import InputContainer
    from av.video.stream import VideoStream

FRAMES_MAX = 2_000_000
"""Nine hours at 60 pictures a second: more is a file that was made to keep us busy."""

SLACK = Fraction(1, 4)
"""Seconds by which a WebM may end before the time that its header says; it counts no packets there."""

PIXELS_MAX = 8192 * 4608
"""8K with room to spare; a picture of more is refused before it takes memory."""

STANDARD_RATES = (
    *(Fraction(rate, 1001) for rate in (24_000, 30_000, 60_000)),
    *(Fraction(rate) for rate in (24, 25, 30, 32, 48, 50, 60)),
)


@dataclass(frozen=True, slots=True)
class Format:
    """All that two tracks must agree on so that the packets of one can follow the other's.

    Attributes:
        codec: FFmpeg's name.
        size: as coded, before rotation.
        extradata: the decoder's parameters, byte for byte.
        colour: range, primaries, transfer and matrix, as numbers of the codec's standard.
    """

    codec: str
    size: Size
    pixels: str
    aspect: Fraction
    rotation: int
    rate: Fraction
    colour: tuple[int, int, int, int]
    extradata: bytes

    @property
    def shown(self) -> Size:
        """The size in square, upright pixels."""
        width, height = round(self.size.width * self.aspect), self.size.height
        return Size(height, width) if self.rotation % 180 else Size(width, height)


@dataclass(frozen=True)
class Track:
    """The pictures of a clip.

    Attributes:
        times: when each packet's picture is shown, in ticks, in the order of the file (of decoding).
        keys: which of them can be decoded without any other.
        tick: seconds.
        constant: whether every picture is shown for as long as any other.
        edited: whether the file hides some of its packets (an edit list).
        sound: whether the file has a sound track as well.
    """

    format: Format
    times: tuple[int, ...]
    keys: tuple[bool, ...]
    tick: Fraction
    constant: bool
    edited: bool
    sound: bool

    @property
    def frames(self) -> int:
        """How many pictures are shown."""
        return len(self.times)

    @property
    def rate(self) -> Fraction:
        return self.format.rate

    @property
    def origin(self) -> Fraction:
        """When the first picture is shown, in seconds of the file's own clock."""
        return min(self.times) * self.tick

    @cached_property
    def shown(self) -> tuple[int, ...]:
        """The times in the order of showing."""
        return tuple(sorted(self.times))

    @cached_property
    def ranks(self) -> tuple[int, ...]:
        """For each packet in file order, which picture it is in the order of showing."""
        order = sorted(range(self.frames), key=lambda place: (self.times[place], place))
        ranks = [0] * self.frames
        for rank, place in enumerate(order):
            ranks[place] = rank
        return tuple(ranks)

    def key_before(self, time: int) -> int:
        """When the last picture at or before ``time`` is shown that decoding can start from."""
        found = [at for at, key in zip(self.times, self.keys, strict=True) if key and at <= time]
        return max(found, default=min(self.times))

    @property
    def delay(self) -> int:
        """By how many pictures decoding must run ahead of showing."""
        return max(place - rank for place, rank in enumerate(self.ranks))

    def separable(self, start: int, end: int) -> bool:
        """Whether the packets ``start`` to ``end`` are these pictures, all of them, and need no other."""
        return (
            self.constant
            and not self.edited
            and self.keys[start]
            and set(self.ranks[start:end]) == set(range(start, end))
            and self.ranks[start] == start
        )


def picture_stream(container: InputContainer, name: str) -> VideoStream:
    """The one picture track; a cover picture is none.

    Raises:
        MediaError: there is none, or more than one, or its pictures are too large.
    """
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        found = "only sound" if container.streams.audio else "no pictures"
        raise MediaError(f"{name} holds {found}, so it is not a clip", "name a file with moving pictures")
    if len(streams) > 1:
        raise MediaError(f"{name} holds {len(streams)} picture tracks", "export it with one")
    stream = streams[0]
    if stream.codec_context is None or not stream.width or not stream.height:
        raise MediaError(f"{name} holds pictures in a format that cannot be decoded", "export it as H.264 in MP4")
    if stream.width * stream.height > PIXELS_MAX:
        raise MediaError(
            f"{name} has pictures of {stream.width}x{stream.height}", f"keep it under {PIXELS_MAX} pixels"
        )
    return stream


def track(path: Path) -> Track:
    """Read the picture track of a clip: all packets, and the first picture.

    Raises:
        MediaError: it is no clip, or it is damaged or cut off.
    """
    with opened(path) as container:
        # One picture is all that is decoded, and a thread takes longer to start than that.
        picture_stream(container, path.name).codec_context.thread_count = 1
        return read(container, path.name)


def read(container: InputContainer, name: str) -> Track:
    """The same of a file that is open at its beginning; it stands somewhere else afterwards.

    Raises:
        MediaError, ValueError: as for ``track``, once ``opened`` has put it into words.
    """
    stream = picture_stream(container, name)
    tick = cast("Fraction", stream.time_base)
    times, keys, hidden = _packets(container, stream, name)
    constant, rate = _rate(sorted(times), tick, stream)
    container.seek(min(times), stream=stream)
    return Track(
        format=_format(container, stream, rate),
        times=tuple(times),
        keys=tuple(keys),
        tick=tick,
        constant=constant,
        edited=hidden > 0,
        sound=bool(container.streams.audio),
    )


def _packets(container: InputContainer, stream: VideoStream, name: str) -> tuple[list[int], list[bool], int]:
    times: list[int] = []
    keys: list[bool] = []
    hidden, index = 0, stream.index
    uncounted = container.format.name.startswith("matroska")
    ends = dict.fromkeys(range(len(container.streams)), 0)
    for packet in container.demux():
        if uncounted and packet.pts is not None:
            ends[packet.stream_index] = max(ends[packet.stream_index], packet.pts + (packet.duration or 0))
        if not packet.size or packet.stream_index != index:
            continue
        if packet.is_corrupt:
            raise MediaError(f"{name} is cut off or damaged at picture {len(times)}", "fetch or export it again")
        if packet.is_discard:
            hidden += 1
            continue
        time = packet.pts if packet.pts is not None else packet.dts
        times.append(time if time is not None else len(times))
        keys.append(packet.is_keyframe)
        if len(times) > FRAMES_MAX:
            raise MediaError(f"{name} holds more than {FRAMES_MAX} pictures", "use a shorter stretch of it")
    if not times:
        raise MediaError(f"{name} holds no picture", "fetch or export it again")
    end = max(ends[one.index] * (one.time_base or 0) for one in container.streams)
    if uncounted and end < Fraction(container.duration or 0, av.time_base) - SLACK:
        raise MediaError(f"{name} is damaged: it stops at {float(end):.1f} s", "fetch or export it again")
    if len(times) + hidden < stream.frames:
        raise MediaError(
            f"{name} is cut off: {len(times)} of its {stream.frames} pictures are there", "fetch or export it again"
        )
    return times, keys, hidden


def _rate(times: Sequence[int], tick: Fraction, stream: VideoStream) -> tuple[bool, Fraction]:
    """Whether the pictures keep a constant rate, and that or the mean one.

    A file's clock may be coarse (WebM counts milliseconds), so a rate fits where no picture is further than a
    tick and a half from its place.
    """
    said = [rate for rate in (stream.average_rate, stream.base_rate, stream.guessed_rate) if rate]
    if len(times) == 1:
        return True, Fraction(said[0]) if said else Fraction(25)
    mean = Fraction(len(times) - 1, max(1, times[-1] - times[0])) / tick
    for rate in (*map(Fraction, said), *STANDARD_RATES, mean):
        gap = 1 / (rate * tick)
        up, down, first = (
            gap.numerator,
            gap.denominator,
            times[0],
        )  # in whole numbers: fractions take ten times as long
        if all(2 * abs((time - first) * down - number * up) <= 3 * down for number, time in enumerate(times)):
            return True, rate
    return False, mean.limit_denominator(1_000)


def _format(container: InputContainer, stream: VideoStream, rate: Fraction) -> Format:
    context = stream.codec_context
    first = next(container.decode(stream), None)
    if first is None or first.is_corrupt:
        raise ValueError("the first picture does not decode")
    return Format(
        codec=context.codec.canonical_name,
        size=Size(first.width, first.height),
        pixels=first.format.name,
        aspect=Fraction(stream.sample_aspect_ratio or 1) or Fraction(1),
        rotation=first.rotation % 360,
        rate=rate,
        colour=(
            int(context.color_range),
            int(context.color_primaries),
            int(context.color_trc),
            int(context.colorspace),
        ),
        extradata=context.extradata or b"",
    )
