"""How things move: slowly, and never by a jump of a whole pixel."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from skyflow.backends.animatic.planes import Box, Planes


_SOFT = 24.0
"""Frames that a camera takes to get going."""


class Layer(Protocol):
    """Something that is drawn over the picture area, frame by frame."""

    def draw(self, canvas: Planes, frame: int) -> None:
        """Draw frame ``frame`` on a canvas that holds what lies beneath.

        Frames are asked for in order; a layer may depend on that.
        """
        ...


def eased(share: float) -> float:
    """From 0 to 1 with rest at both ends."""
    share = min(1.0, max(0.0, share))
    return share * share * (3 - 2 * share)


@dataclass(frozen=True, slots=True)
class Push:
    """A camera that leaves a view slowly and goes closer at an even pace; on the other side of it, time runs back.

    Attributes:
        size: of the picture.
        start: the frame at which the whole picture is seen, exactly.
        lean: where it heads, -1 to 1 in both directions; 0 is the middle.
        pace: how much closer in a frame, as a share of the picture.
    """

    size: tuple[int, int]
    start: int
    lean: tuple[float, float] = (0.0, 0.0)
    pace: float = 0.0004

    def box(self, frame: int) -> Box:
        """What is seen at a frame."""
        away = hypot(frame - self.start, _SOFT) - _SOFT
        width, height = (side / (1 + self.pace * away) for side in self.size)
        left = (self.size[0] - width) / 2 * (1 + self.lean[0])
        top = (self.size[1] - height) / 2 * (1 + self.lean[1])
        return left, top, left + width, top + height


class Still:
    """A picture under a slow camera, filling the picture area or a part of it; a layer."""

    def __init__(self, picture: Planes, push: Push, at: tuple[int, int] = (0, 0)) -> None:
        self._picture = picture
        self._push = push
        self._at = at
        self._fine: Planes | None = None

    def draw(self, canvas: Planes, frame: int) -> None:
        canvas.paste(self.seen(frame), self._at)

    def seen(self, frame: int) -> Planes:
        """What the camera sees at a frame."""
        if frame == self._push.start:
            return self._picture
        if self._fine is None:
            self._fine = self._picture.enlarged()
        return self._fine.picked(self._picture.size, self._push.box(frame))


class Dissolve:
    """One layer gives way to another.

    Args:
        start: the last frame that shows the first alone.
        end: the first frame that shows the second alone.
    """

    def __init__(self, first: Layer, second: Layer, start: int, end: int) -> None:
        self._first = first
        self._second = second
        self._start = start
        self._end = end

    def draw(self, canvas: Planes, frame: int) -> None:
        if frame <= self._start:
            self._first.draw(canvas, frame)
        elif frame >= self._end:
            self._second.draw(canvas, frame)
        else:
            self._first.draw(canvas, frame)
            under = canvas.copy()
            self._second.draw(canvas, frame)
            canvas.paste(under.blended(canvas, eased((frame - self._start) / (self._end - self._start))))
