"""The pictures of a clip at a steady pace, whatever pace they were taken at."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import repeat
from typing import TYPE_CHECKING

from skyflow.facts import frame_count
from skyflow.media.container import opened
from skyflow.media.track import picture_stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer
    from av.video.frame import VideoFrame

    from skyflow.media.track import Track


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a clip: its pictures ``start`` up to, not including, ``end``."""

    path: Path
    track: Track
    start: int
    end: int

    @property
    def frames(self) -> int:
        return self.end - self.start

    @property
    def seconds(self) -> Fraction:
        return self.frames / self.track.rate

    @property
    def begin(self) -> Fraction:
        """When its first picture is shown, in seconds of the file's own clock."""
        return self.track.origin + self.start / self.track.rate

    @property
    def separable(self) -> bool:
        """Whether its packets can be taken out of the file and shown without any other."""
        return self.track.separable(self.start, self.end)

    def frames_at(self, rate: Fraction) -> int:
        """How many pictures it becomes at a rate."""
        return self.frames if self.track.rate == rate else frame_count(self.seconds, rate)


def paced(stretch: Stretch, rate: Fraction) -> Iterator[VideoFrame]:
    """The pictures of a stretch, exactly ``frames_at(rate)``: as they are, or by time where the rate differs.

    By time, each is the one that is shown in the middle of its place, so that neither a coarse clock nor a
    rounded timestamp can double one and drop its neighbour. A picture that is shown twice is given twice, the
    same object.

    Raises:
        MediaError: the clip does not decode, or ends early.
    """
    track = stretch.track
    if track.constant and track.rate == rate:
        yield from pictures(stretch)
        return
    wanted, given = stretch.frames_at(rate), 0
    begin = track.shown[stretch.start]
    held: VideoFrame | None = None
    for frame in pictures(stretch):
        if held is not None:
            until = ((frame.pts or 0) - begin) * track.tick
            while given < wanted and (given + Fraction(1, 2)) / rate < until:
                yield held
                given += 1
        held = frame
    if held is not None:
        yield from repeat(held, wanted - given)


def pictures(stretch: Stretch) -> Iterator[VideoFrame]:
    """The pictures of a stretch as they are, decoded from the nearest key picture before it.

    Raises:
        MediaError: the clip does not decode, or ends early.
    """
    with opened(stretch.path) as container:
        picture_stream(container, stretch.path.name).thread_type = "AUTO"
        yield from decoded(container, stretch)


def decoded(container: InputContainer, stretch: Stretch) -> Iterator[VideoFrame]:
    """The same of a clip that is open.

    Raises:
        MediaError, ValueError: as for ``pictures``, once ``opened`` has put it into words.
    """
    track, given = stretch.track, 0
    first, last = track.shown[stretch.start], track.shown[stretch.end - 1]
    stream = picture_stream(container, stretch.path.name)
    container.seek(track.key_before(first), stream=stream)
    for frame in container.decode(stream):
        if frame.pts is None or frame.pts < first:
            continue
        if frame.pts > last:
            break
        given += 1
        yield frame
        if given == stretch.frames:  # one more would be decoded for nothing
            break
    if given != stretch.frames:
        raise ValueError(f"{given} of {stretch.frames} pictures")
