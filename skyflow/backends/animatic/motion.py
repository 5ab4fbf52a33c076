"""How things move: slowly, and never by a jump of a whole pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from skyflow.backends.animatic.planes import Box, Planes


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
    """A camera that leaves one view slowly and ends closer.

    Attributes:
        size: of the picture.
        start: the frame at which the whole picture is seen, exactly.
        length: frames until it is closest, on either side of ``start``.
        zoom: how much closer, 0.05 is a twentieth.
        lean: where it heads, -1 to 1 in both directions; 0 is the middle.
    """

    size: tuple[int, int]
    start: int
    length: int
    zoom: float
    lean: tuple[float, float] = (0.0, 0.0)

    def box(self, frame: int) -> Box:
        """What is seen at a frame."""
        share = eased(0.5 * min(1.0, abs(frame - self.start) / self.length)) * 2
        width, height = (side / (1 + self.zoom * share) for side in self.size)
        left = (self.size[0] - width) / 2 * (1 + self.lean[0])
        top = (self.size[1] - height) / 2 * (1 + self.lean[1])
        return left, top, left + width, top + height


class Still:
    """A picture under a slow camera, filling the picture area or a part of it."""

    def __init__(self, picture: Planes, push: Push, at: tuple[int, int] = (0, 0)) -> None:
        self._picture = picture
        self._push = push
        self._at = at

    def draw(self, canvas: Planes, frame: int) -> None:
        box = self._push.box(frame)
        whole = (0.0, 0.0, *map(float, self._picture.size))
        seen = self._picture if box == whole else self._picture.resized(self._picture.size, box)
        canvas.paste(seen, self._at)


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
            share = eased((frame - self._start) / (self._end - self._start))
            under = canvas.copy()
            self._first.draw(under, frame)
            self._second.draw(canvas, frame)
            canvas.paste(under.blended(canvas, share))
