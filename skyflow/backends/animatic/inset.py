"""A further reference clip: it plays in a window in the picture's lower corner, as it is, with its name beneath."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from skyflow.backends.animatic import palette
from skyflow.backends.animatic.lettering import Span, Style
from skyflow.backends.animatic.overlay import Painting, window
from skyflow.backends.animatic.planes import Planes

if TYPE_CHECKING:
    from collections.abc import Callable

    from skyflow.backends.animatic.motion import Layer
    from skyflow.backends.animatic.slate import Layout


def corner(place: Layout, number: int) -> tuple[int, int, int, int]:
    """Left, top, width and height of a window, all even; the first is at the right margin, the next beside it."""
    across, along = place.picture
    width, height = _even(across * 0.26), _even(along * 0.26)
    left = across - place.margin - (number + 1) * width - number * place.px(24)
    return _even(max(0, left)), _even(along - place.px(84) - height), width, height


class Inset:
    """A clip in its window; a layer.

    Args:
        clip: draws from the corner on, in the window's size.
        tag: with its ``@``; may be empty.
        fade: how opaque it is at a frame, 0 to 1.
    """

    def __init__(
        self,
        clip: Layer,
        tag: str,
        place: Layout,
        box: tuple[int, int, int, int],
        fade: Callable[[int], float],
    ) -> None:
        left, top, width, height = box
        self._clip = clip
        self._at = (left, top)
        self._fade = fade
        self._seen = Planes.blank(width, height)
        self._mask = window((width, height), place.px(10))
        painting = Painting(place.picture)
        shape = Image.new("L", place.picture)
        ImageDraw.Draw(shape).rounded_rectangle((left, top, left + width, top + height), place.px(10), fill=255)
        painting.shadow(shape, place.px(22), 0.5)
        baseline = top + height + place.px(36)
        painting.write(
            [Span(tag, palette.PAPER)], Style("semibold", place.px(24)), (left, baseline, left + width), 1, 0
        )
        self._sheet = painting.done(fade)

    def draw(self, canvas: Planes, frame: int) -> None:
        self._clip.draw(self._seen, frame)
        share = self._fade(frame)
        if share > 0:
            self._sheet.draw(canvas, frame)
            canvas.paste(self._seen, self._at, self._mask.faded(share))


def _even(value: float) -> int:
    return max(2, round(value / 2) * 2)
