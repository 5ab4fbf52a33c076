"""Stretches of clips that agree become one file: picture packets copied, sound encoded once.

Pictures can be copied because a packet is one picture, and their places are set here: at a constant rate, with
no gap and no overlap. Sound cannot: AAC packets are 1024 samples long, which is no whole number of pictures, and
the first ones of each clip are the encoder's priming. Copied packets would drift from the pictures by up to
21 ms a shot and click at each join. So every stretch is decoded, made exactly as long as its pictures, and the
whole is encoded in one go.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.codec.context import Flags

from skyflow.media.container import about, opened
from skyflow.media.encode import SOUND_BITS, SOUND_RATE
from skyflow.media.sound import silence, sound
from skyflow.media.track import picture_stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

    from skyflow.media.pace import Stretch


@dataclass(frozen=True, slots=True)
class Strip:
    """A stretch of a clip as it goes into the cut.

    Attributes:
        label: names its chapter.
        pictures: a separable stretch whose packets are copied; those of all strips have one format.
        sound: the clip that is heard, which may be another; None is silence.
        begin: where in that clip the sound starts, in seconds of its own clock.
    """

    label: str
    pictures: Stretch
    sound: Path | None
    begin: Fraction


def join(strips: Sequence[Strip], rate: Fraction, target: Path) -> None:
    """Write the strips one after the other; a sound track if any of them is heard, a chapter for each.

    Raises:
        MediaError: a clip does not decode; the message names its strip.
        FFmpegError, OSError: the target cannot be written.
    """
    with av.open(
        f"file:{target.absolute()}",
        "w",
        format="mp4",
        options={
            "movflags": "+faststart",
            "fflags": "+bitexact",
            "movie_timescale": str(SOUND_RATE),  # the default, milliseconds, would round the track's lengths
        },
    ) as container:
        video = _video_stream(container, strips[0], rate)
        heard = _SoundTrack(container, rate) if any(strip.sound for strip in strips) else None
        container.set_chapters(_chapters(strips, rate))
        # One delay for all: decoding times must go on evenly from strip to strip.
        delay = max(strip.pictures.track.delay for strip in strips)
        first = 0
        for strip in strips:
            with about(strip.label):
                if heard is not None:
                    heard.begin(strip, first)
                for done, packet in enumerate(_packets(strip, rate, first, delay), first + 1):
                    packet.stream = video
                    container.mux(packet)
                    if heard is not None:
                        heard.catch_up(done)
            first += strip.pictures.frames
        if heard is not None:
            heard.finish()


def _video_stream(container: OutputContainer, strip: Strip, rate: Fraction) -> VideoStream:
    path = strip.pictures.path
    with opened(path) as template:
        stream = container.add_stream_from_template(picture_stream(template, path.name))
    stream.time_base = 1 / rate
    return stream


def _chapters(strips: Sequence[Strip], rate: Fraction) -> list[av.container.core.Chapter]:
    chapters: list[av.container.core.Chapter] = []
    first = 0
    for number, strip in enumerate(strips):
        end = first + strip.pictures.frames
        chapters.append(
            {
                "id": number,
                "start": first,
                "end": end,
                "time_base": 1 / rate,
                "metadata": {"title": strip.label},
            }
        )
        first = end
    return chapters


def _packets(strip: Strip, rate: Fraction, first: int, delay: int) -> Iterator[Packet[VideoStream]]:
    """A strip's packets in decoding order, placed behind the cut's ``first`` pictures."""
    copied, ranks, tick = strip.pictures, strip.pictures.track.ranks, 1 / rate
    with opened(copied.path) as container:
        packets = container.demux(picture_stream(container, copied.path.name))
        pictures = (packet for packet in packets if packet.size)
        for number, packet in enumerate(islice(pictures, copied.start, copied.end)):
            packet.time_base = tick
            packet.pts = first + ranks[copied.start + number] - copied.start
            packet.dts = first + number - delay
            packet.duration = 1
            yield packet


class _SoundTrack:
    """The cut's one sound track, fed as the pictures go by so that neither waits in memory for the other."""

    def __init__(self, container: OutputContainer, rate: Fraction) -> None:
        self._container = container
        self._rate = rate
        self._blocks: Iterator[NDArray[np.float32]] = iter(())
        self._written = 0
        self._stream: AudioStream = container.add_stream("aac", rate=SOUND_RATE, layout="stereo")
        self._stream.codec_context.bit_rate = SOUND_BITS
        self._stream.codec_context.flags |= Flags.bitexact | Flags.global_header

    def _due(self, frames: int) -> int:
        """How many samples last as long as so many pictures of the whole cut: rounding never adds up."""
        return round(frames * SOUND_RATE / self._rate)

    def begin(self, strip: Strip, first: int) -> None:
        """Go on with the sound of a strip, whose first picture is the cut's ``first``."""
        count = self._due(first + strip.pictures.frames) - self._due(first)
        self._blocks = silence(count) if strip.sound is None else sound(strip.sound, strip.begin, count)

    def catch_up(self, frames: int) -> None:
        """Write sound until it has reached as many pictures as there are."""
        while self._written < self._due(frames):
            block = next(self._blocks)
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout="stereo")
            frame.sample_rate, frame.time_base = SOUND_RATE, Fraction(1, SOUND_RATE)
            frame.pts = self._written
            self._written += block.shape[1]
            self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        self._container.mux(self._stream.encode(None))
