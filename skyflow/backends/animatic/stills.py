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
        self._places = sorted(pins)
        stills = [Still(pins[place], Push(pins[place].size, place, lean)) for place in self._places]
        self._stretches: list[Layer] = [stills[0]]
        for number, (here, following) in enumerate(zip(self._places, self._places[1:], strict=False)):
            gap = following - here
            start, end = here + round(gap * 0.3), following - round(gap * 0.3)
            self._stretches.append(Dissolve(stills[number], stills[number + 1], start, max(end, start + 1)))
        self._stretches.append(stills[-1])

    def draw(self, canvas: Planes, frame: int) -> None:
        self._stretches[bisect_right(self._places, frame)].draw(canvas, frame)
