"""A reference clip plays under a new look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops, ImageStat

from skyflow.backends.animatic.motion import Push, Still
from skyflow.backends.animatic.palette import mix
from skyflow.backends.animatic.planes import Planes
from skyflow.backends.animatic.source import fitted_frame
from skyflow.media.frames import pictures

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

    from skyflow.backends.animatic.palette import Colour, Mood
    from skyflow.backends.base import Input

LATE = 1e-4
"""Seconds by which a picture may be late and still be shown: container times are rounded."""


class Footage:
    """The pictures of a clip, each at its time; a layer.

    A clip of another rate is shown by time: a picture stays, or is passed over. Where the shot is longer than the
    clip, its last picture stays, under a slow camera.

    Args:
        rate: of the shot.
        look: the light that it is seen in; None leaves it as it is.

    Raises:
        MediaError: at once or on drawing, where the clip does not decode.
    """

    def __init__(self, source: Input, size: tuple[int, int], rate: Fraction, look: Mood | None) -> None:
        self._source = source
        self._size = size
        self._rate = rate
        self._clip = _timed(pictures(source.path))
        self._next: tuple[float, VideoFrame] | None = next(self._clip)
        first = self._fitted(self._next[1])
        self._grade = Grade.clear_of(first, look) if look else None
        self._shown = self._grade.applied(first) if self._grade else first
        self._rest: Still | None = None

    def draw(self, canvas: Planes, frame: int) -> None:
        now = float(frame / self._rate) + LATE
        due = None
        while self._next is not None and self._next[0] <= now:
            due, self._next = self._next[1], next(self._clip, None)
        if due is not None:
            picture = self._fitted(due)
            self._shown = self._grade.applied(picture) if self._grade else picture
        elif self._next is None and self._rest is None:
            self._rest = Still(self._shown, Push(self._size, frame))
        if self._rest is not None:
            self._rest.draw(canvas, frame)
        else:
            canvas.paste(self._shown)

    def _fitted(self, picture: VideoFrame) -> Planes:
        return fitted_frame(picture, self._size, drawn=self._source.drawn)


class Grade:
    """A look that a mood gives: shadows and lights take its colours, and the footage keeps some of its own.

    Args:
        gamma: below 1 lighter, above 1 darker.
    """

    KEPT = 0.3
    CLEAR = 16.0
    """Levels of 255, over all planes, from which on nobody takes the edit for its source."""

    def __init__(self, mood: Mood, gamma: float = 1.0) -> None:
        ramp = _ramp((mix(mood.near, (0, 0, 0), 0.35), mood.far, mood.horizon, mix(mood.light, (255, 255, 255), 0.3)))
        luma = ramp @ np.array([0.2126, 0.7152, 0.0722])
        self._y = _table(16 + 219 * (0.62 * luma + 0.38 * np.linspace(0, 1, 256)) ** gamma)
        self._u = _table(128 + 224 * (ramp[:, 2] - luma) / 1.8556)
        self._v = _table(128 + 224 * (ramp[:, 0] - luma) / 1.5748)

    @classmethod
    def clear_of(cls, picture: Planes, mood: Mood) -> Grade:
        """The mood's grade, made lighter or darker where the picture has much of that mood already."""
        grades = [cls(mood, gamma) for gamma in (1.0, 0.6, 1.7)]
        changes = [_apart(picture, grade.applied(picture)) for grade in grades]
        clear = [grade for grade, change in zip(grades, changes, strict=True) if change >= cls.CLEAR]
        return clear[0] if clear else grades[changes.index(max(changes))]

    def applied(self, picture: Planes) -> Planes:
        """The picture in this look."""
        tones = picture.y.resize(picture.u.size, Image.Resampling.NEAREST)
        return Planes(
            picture.y.point(self._y),
            Image.blend(tones.point(self._u), picture.u, self.KEPT),
            Image.blend(tones.point(self._v), picture.v, self.KEPT),
        )


def _timed(frames: Iterator[VideoFrame]) -> Iterator[tuple[float, VideoFrame]]:
    """Each picture with its time, counted from the first."""
    start: float | None = None
    for frame in frames:
        time = frame.time or 0.0
        start = time if start is None else start
        yield time - start, frame


def _apart(first: Planes, second: Planes) -> float:
    """How far two pictures of one size are apart, in levels: the mean difference of each plane, added."""
    pairs = zip((first.y, first.u, first.v), (second.y, second.u, second.v), strict=True)
    return sum(float(ImageStat.Stat(ImageChops.difference(*pair)).mean[0]) for pair in pairs)


def _ramp(colours: tuple[Colour, ...]) -> NDArray[np.float64]:
    """256 colours from the darkest to the lightest, 0 to 1; indexed by luma in video range."""
    places = np.linspace(0, 1, len(colours))
    tones = ((np.arange(256) - 16) / 219).clip(0, 1)
    channels = [np.interp(tones, places, [colour[channel] / 255 for colour in colours]) for channel in range(3)]
    return np.stack(channels, axis=-1)


def _table(values: NDArray[np.float64]) -> list[int]:
    return [int(value) for value in (values + 0.5).clip(0, 255)]
