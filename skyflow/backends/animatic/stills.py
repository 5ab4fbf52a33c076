"""Pictures pinned to places in a shot: each is seen whole at its frame, and gives way to the next between."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from skyflow.backends.animatic.motion import Dissolve, Push, Still

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skyflow.backends.animatic.motion import Layer
    from skyflow.backends.animatic.planes import Planes


class Pinned:
    """A row of pins; a layer.

    Args:
        pins: a picture of the area's size for each pinned frame, at least one.
        lean: where the camera heads between them, -1 to 1 in both directions.
    """

    def __init__(self, pins: Mapping[int, Planes], lean: tuple[float, float]) -> None:
        self._pins = pins
        self._places = sorted(pins)
        self._lean = lean
        self._stretch = -1
        self._stills: dict[int, Still] = {}
        self._layer: Layer

    def draw(self, canvas: Planes, frame: int) -> None:
        stretch = bisect_right(self._places, frame)
        if stretch != self._stretch:
            self._stretch, self._layer = stretch, self._between(stretch)
        self._layer.draw(canvas, frame)

    def _between(self, stretch: int) -> Layer:
        """What is seen before a pin, and from the last one on."""
        first, second = self._moving(max(0, stretch - 1), min(stretch, len(self._places) - 1))
        if first is second:
            return first
        here, following = self._places[stretch - 1 : stretch + 1]
        gap = following - here
        start, end = here + round(gap * 0.3), following - round(gap * 0.3)
        return Dissolve(first, second, start, max(end, start + 1))

    def _moving(self, *numbers: int) -> list[Still]:
        """These pictures under a camera; no others are kept, because a picture in motion takes much memory."""
        self._stills = {number: self._stills.get(number) or self._still(number) for number in numbers}
        return [self._stills[number] for number in numbers]

    def _still(self, number: int) -> Still:
        picture = self._pins[self._places[number]]
        return Still(picture, Push(picture.size, self._places[number], self._lean))
