"""Type and shadows that lie over a picture: painted once, in RGB with transparency, pasted every frame."""

from __future__ import annotations

from itertools import groupby
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from skyflow.backends.animatic import lettering, palette
from skyflow.backends.animatic.lettering import Span, Style
from skyflow.backends.animatic.motion import eased
from skyflow.backends.animatic.planes import Mask, from_image

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from skyflow.backends.animatic.palette import Colour
    from skyflow.backends.animatic.planes import Planes
    from skyflow.backends.animatic.slate import Layout

Box = tuple[int, int, int, int]
"""Left, top, right, bottom."""

_CELL = 64
"""How finely a sheet is searched for what is empty, in pixels; even."""


class Painting:
    """A transparent sheet over the picture area, while it is being painted."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._rgb = Image.new("RGB", size)
        self._alpha = Image.new("L", size)

    @property
    def size(self) -> tuple[int, int]:
        return self._rgb.size

    def stamp(self, colour: Colour, mask: Image.Image) -> None:
        """Put a colour over all that is there, through a mask of the sheet's size."""
        box = mask.getbbox()
        if box is None:
            return
        above = np.asarray(mask.crop(box), np.float32)[..., None] / 255
        below = np.asarray(self._alpha.crop(box), np.float32)[..., None] / 255 * (1 - above)
        total = above + below
        ink = np.array(colour, np.float32)
        share = np.divide(above, total, out=np.ones_like(above), where=total > 0)
        rgb = np.asarray(self._rgb.crop(box), np.float32)
        rgb += (ink - rgb) * share
        self._rgb.paste(Image.fromarray((rgb + 0.5).clip(0, 255).astype(np.uint8)), box[:2])
        self._alpha.paste(Image.fromarray((total[..., 0] * 255 + 0.5).clip(0, 255).astype(np.uint8)), box[:2])

    def shadow(self, mask: Image.Image, blur: float, strength: float) -> None:
        """Darken what lies beneath, softly, around a shape."""
        shape = mask.getbbox()
        if shape is None:
            return
        room = ceil(blur * 3)
        box = (shape[0] - room, shape[1] - room, shape[2] + room, shape[3] + room)
        soft = mask.crop(box).filter(ImageFilter.GaussianBlur(blur))
        whole = Image.new("L", self.size)
        whole.paste(soft.point([round(value * strength) for value in range(256)]), box[:2])
        self.stamp((0, 0, 0), whole)

    def clear(self, box: tuple[int, int, int, int]) -> None:
        """Take away all that is within left, top, width, height; nothing needs drawing where nothing is seen."""
        left, top, width, height = box
        if width > 0 and height > 0:
            self._alpha.paste(0, (left, top, left + width, top + height))

    def write(self, spans: Sequence[Span], style: Style, box: tuple[int, int, int], limit: int, pitch: int) -> None:
        """Set type with a soft shadow.

        Args:
            box: left edge, first baseline, right edge.
            limit: how many lines at most.
            pitch: from baseline to baseline.
        """
        left, baseline, right = box
        masks: dict[Colour, Image.Image] = {}
        for line in lettering.lines(spans, style, right - left, limit):
            start = right - line.width if line.rtl else float(left)
            for offset, piece in line.pieces:
                mask = masks.setdefault(piece.colour, Image.new("L", self.size))
                single = lettering.Line(((offset, piece),), line.width, line.rtl)
                lettering.paint(mask, single, style, (start, baseline), ink=255)
            baseline += pitch
        for mask in masks.values():
            self.shadow(mask, style.size * 0.22, 0.45)
        for colour, mask in masks.items():
            self.stamp(colour, mask)

    def done(self, fade: Callable[[int], float]) -> Overlay:
        """The finished sheet."""
        return Overlay(self._rgb, self._alpha, fade)


class Overlay:
    """A finished sheet; a layer.

    Args:
        fade: how opaque it is at a frame, 0 to 1.
    """

    def __init__(self, rgb: Image.Image, alpha: Image.Image, fade: Callable[[int], float]) -> None:
        left, top, right, bottom = alpha.getbbox() or (0, 0, 2, 2)
        left, top, right, bottom = left // 2 * 2, top // 2 * 2, (right + 1) // 2 * 2, (bottom + 1) // 2 * 2
        picture, mask = from_image(rgb.crop((left, top, right, bottom))), alpha.crop((left, top, right, bottom))
        self._pieces = [
            ((left + box[0], top + box[1]), picture.crop(box), Mask.of(mask.crop(box))) for box in _inked(mask)
        ]
        self._fade = fade

    def draw(self, canvas: Planes, frame: int) -> None:
        share = self._fade(frame)
        if share > 0:
            for at, picture, mask in self._pieces:
                canvas.paste(picture, at, mask.faded(share))


def _inked(alpha: Image.Image) -> list[Box]:
    """The parts of a sheet that have anything on them, as boxes with even edges that do not overlap."""
    width, height = alpha.size
    boxes = []
    for top in range(0, height, _CELL):
        bottom = min(top + _CELL, height)
        seen = [alpha.crop((left, top, left + _CELL, bottom)).getbbox() for left in range(0, width, _CELL)]
        for inked, run in groupby(enumerate(seen), key=lambda item: item[1] is not None):
            if inked:
                cells = [cell for cell, _ in run]
                boxes.append((cells[0] * _CELL, top, min(width, (cells[-1] + 1) * _CELL), bottom))
    return boxes


def window(size: tuple[int, int], radius: int) -> Mask:
    """A mask of even sides that shows all but the corners."""
    fine = Image.new("L", (size[0] * 4, size[1] * 4))
    ImageDraw.Draw(fine).rounded_rectangle((0, 0, fine.width - 1, fine.height - 1), radius * 4, fill=255)
    return Mask.of(fine.reduce(4))


def fading_in(start: int, length: int) -> Callable[[int], float]:
    """Nothing until ``start``, then slowly there."""
    return lambda frame: eased((frame - start) / max(1, length))


def quotation(words: str, place: Layout, fade: Callable[[int], float]) -> Overlay:
    """The pulled line, at the foot of the picture."""
    width, height = place.picture
    painting = Painting(place.picture)
    size = place.px(64 if len(words) <= 44 else 54)
    style, pitch = Style("display", size), round(size * 1.16)
    left, right = place.margin, width - place.margin
    if place.wide:
        right = left + round(width * 0.68)
    spans = [Span(words, palette.PAPER)]
    lines = lettering.lines(spans, style, right - left, 3)
    measure = _balanced(spans, style, right - left, len(lines))
    if lines[0].rtl:
        left = width - place.margin - measure
    first = height - place.px(62) - pitch * (len(lines) - 1)
    painting.write(spans, style, (left, first, left + measure), 3, pitch)
    return painting.done(fade)


def _balanced(spans: Sequence[Span], style: Style, width: int, count: int) -> int:
    """The narrowest measure that gives no more lines: lines of about one length, and no word alone on the last."""
    low, high = width // 2, width
    while high - low > style.size // 4:
        middle = (low + high) // 2
        rows = lettering.lines(spans, style, middle, count + 1)
        low, high = (low, middle) if len(rows) <= count else (middle, high)
    return high


def chip(text: str, place: Layout, fade: Callable[[int], float]) -> Overlay:
    """A small label in the picture's upper corner."""
    painting = Painting(place.picture)
    style = Style("semibold", place.px(22))
    room = place.picture[0] - 2 * place.margin - place.px(36)
    (line,) = lettering.lines([Span(text, palette.PAPER)], style, room, 1)
    width, height = line.width + place.px(36), place.px(44)
    shape = Image.new("L", place.picture)
    left, top = place.margin, place.margin
    ImageDraw.Draw(shape).rounded_rectangle((left, top, left + width, top + height), height / 2, fill=205)
    painting.stamp(palette.INK, shape)
    letters = Image.new("L", place.picture)
    lettering.paint(letters, line, style, (left + place.px(18), top + height * 0.68), ink=255)
    painting.stamp(palette.PAPER, letters)
    return painting.done(fade)
