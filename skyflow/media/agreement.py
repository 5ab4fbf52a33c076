"""What the clips of a cut agree on, and why one that does not must be encoded again."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING

from av.video.frame import VideoFrame

from skyflow.board.model import Size
from skyflow.media.encode import ClipWriter
from skyflow.media.track import STANDARD_RATES, track

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from skyflow.media.pace import Stretch
    from skyflow.media.track import Format, Track

COPIED = frozenset({"h264", "hevc", "av1", "vp9"})
"""What players expect in an MP4; anything else is encoded again."""


def agreed(stretches: Sequence[Stretch], sample: Path) -> Format:
    """What every picture track of a cut must be so that its packets can be copied.

    That is what they are, where all agree. Otherwise it is what ClipWriter writes, since those that do not agree
    will be written by it, in the size and rate that lets most of the running time be copied (of equals, the one
    that most of it has; then the one that comes first). A clip by another encoder is then not copied though it
    may have that size and rate: a track has one set of decoder parameters.

    Args:
        stretches: what is to be shown, in order; at least one.
        sample: a file to write, to see what ClipWriter writes.

    Raises:
        MediaError: the sample cannot be written.
    """
    first = stretches[0].track.format
    if all(stretch.track.format == first and not _hindrance(stretch) for stretch in stretches):
        return first
    seconds: defaultdict[tuple[Size, Fraction], Fraction] = defaultdict(Fraction)
    for stretch in stretches:
        seconds[_even(stretch.track.format.shown), _steady(stretch.track)] += stretch.seconds

    def gain(form: Format) -> tuple[Fraction, Fraction]:
        copied = (stretch.seconds for stretch in stretches if not why_not(stretch, form))
        return sum(copied, Fraction()), seconds[form.size, form.rate]

    return max((_written(size, rate, sample) for size, rate in list(seconds)), key=gain)


def _even(size: Size) -> Size:
    return Size(size.width + size.width % 2, size.height + size.height % 2)


def _steady(of: Track) -> Fraction:
    """The rate of a track, or where it has none the usual one that is nearest."""
    return of.rate if of.constant else min(STANDARD_RATES, key=lambda rate: abs(rate - of.rate))


def _written(size: Size, rate: Fraction, sample: Path) -> Format:
    """The format of what ClipWriter writes, found by looking at some of it."""
    picture = VideoFrame(size.width, size.height, "yuv420p")
    for plane in picture.planes:
        plane.update(bytes(plane.buffer_size))
    with ClipWriter(sample, size, rate, sound=False) as writer:
        writer.picture(picture)
        writer.picture(picture)
    return track(sample).format


def _hindrance(stretch: Stretch) -> str:
    """Why packets cannot be copied whatever the cut's format is, or nothing."""
    form = stretch.track.format
    if form.codec not in COPIED:
        return f"{form.codec} is not for MP4"
    if form.rotation or form.aspect != 1:
        return "its pictures are turned" if form.rotation else "its pixels are not square"
    if stretch.track.edited or not stretch.track.constant:
        return "its file hides pictures" if stretch.track.edited else "its rate is not constant"
    if not stretch.separable:
        return f"it is cut inside a group of pictures: {stretch.start} to {stretch.end}"
    return ""


def why_not(stretch: Stretch, wanted: Format) -> str:
    """Why a stretch must be encoded again to come into a cut of a format; empty where it need not."""
    form = stretch.track.format
    if form == wanted:
        return _hindrance(stretch)
    if form.shown != wanted.size:
        return f"it is {form.shown}, the cut {wanted.size}"
    if form.rate != wanted.rate:
        return f"it has {form.rate} pictures a second, the cut {wanted.rate}"
    return _hindrance(stretch) or "it was encoded with other settings"
