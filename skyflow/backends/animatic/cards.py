"""Reference pictures on cards: a group for each tag, with its name beneath in its colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from skyflow.backends.animatic import lettering, palette
from skyflow.backends.animatic.lettering import Span, Style
from skyflow.backends.animatic.motion import Push, Still
from skyflow.backends.animatic.overlay import Painting, window
from skyflow.backends.animatic.source import fitted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from skyflow.backends.animatic.overlay import Overlay
    from skyflow.backends.animatic.palette import Colour
    from skyflow.backends.animatic.planes import Planes
    from skyflow.backends.animatic.slate import Layout

Rectangle = tuple[int, int, int, int]
"""Left, top, width, height; all even."""


@dataclass(frozen=True, slots=True)
class Group:
    """The reference of one tag.

    Attributes:
        tag: with its ``@``.
        pictures: RGB, at least one; a grid has just its collage.
        voice: whether a voice comes with it.
    """

    tag: str
    pictures: tuple[Image.Image, ...]
    voice: bool


class Cards:
    """All cards of a shot; a layer.

    Args:
        area: where they may be.
        fade: how opaque the cards are at a frame, 0 to 1.
    """

    def __init__(
        self,
        groups: Sequence[Group],
        place: Layout,
        area: Rectangle,
        fade: Callable[[int], float],
    ) -> None:
        self._fade = fade
        placed = _arranged(groups, place, area)
        self._cards = [
            _Card(picture, box, radius=place.px(10), lean=0.6 if number % 2 else -0.6)
            for number, (picture, box) in enumerate(
                (picture, box) for group, boxes in placed for picture, box in zip(group.pictures, boxes, strict=True)
            )
        ]
        self._sheet = _sheet(placed, place, fade)

    def draw(self, canvas: Planes, frame: int) -> None:
        share = self._fade(frame)
        if share <= 0:
            return
        self._sheet.draw(canvas, frame)
        for card in self._cards:
            card.draw(canvas, frame, share)


class _Card:
    """One picture behind a window with round corners."""

    def __init__(self, picture: Image.Image, box: Rectangle, *, radius: int, lean: float) -> None:
        left, top, width, height = box
        self._at = (left, top)
        push = Push((width, height), 0, (lean, -0.3), pace=0.0007)
        self._still = Still(fitted(picture, (width, height)), push)
        self._mask = window((width, height), radius)

    def draw(self, canvas: Planes, frame: int, share: float) -> None:
        canvas.paste(self._still.seen(frame), self._at, self._mask.faded(share))


def _covered(box: Rectangle, place: Layout) -> Rectangle:
    """What a card hides whole: all of it but its edge."""
    left, top, width, height = box
    edge = place.px(10)
    return left + edge, top + edge, width - 2 * edge, height - 2 * edge


def _arranged(groups: Sequence[Group], place: Layout, area: Rectangle) -> list[tuple[Group, list[Rectangle]]]:
    """A box for every picture: all groups in one row, or each in its own, as makes them larger."""
    together = _rows([list(groups)], place, area)
    apart = _rows([[group] for group in groups], place, area)
    return max(together, apart, key=lambda placed: placed[0][1][0][3])


def _rows(rows: list[list[Group]], place: Layout, area: Rectangle) -> list[tuple[Group, list[Rectangle]]]:
    caption, gap, between, below = place.px(46), place.px(12), place.px(44), place.px(28)
    left, top, width, height = area
    ratios = [[[_ratio(picture) for picture in group.pictures] for group in row] for row in rows]
    tall = (height - below * (len(rows) - 1)) / len(rows) - caption
    for sides in ratios:
        gaps = sum(gap * (len(side) - 1) for side in sides) + between * (len(sides) - 1)
        tall = min(tall, (width - gaps) / sum(map(sum, sides)))
    placed = []
    for number, row in enumerate(rows):
        x, y = float(left), top + number * (tall + caption + below)
        for group, shapes in zip(row, ratios[number], strict=True):
            boxes = []
            for wide in shapes:
                boxes.append((_even(x), _even(y), _even(tall * wide), _even(tall)))
                x += tall * wide + gap
            x += between - gap
            placed.append((group, boxes))
    return placed


def _ratio(picture: Image.Image) -> float:
    """A card's shape: the picture's, but never a strip."""
    return min(1.78, max(0.7, picture.width / picture.height))


def _sheet(
    placed: Sequence[tuple[Group, Sequence[Rectangle]]], place: Layout, fade: Callable[[int], float]
) -> Overlay:
    """What lies still around the cards: their shadows and names."""
    painting = Painting(place.picture)
    shape = Image.new("L", place.picture)
    for _, boxes in placed:
        for left, top, width, height in boxes:
            ImageDraw.Draw(shape).rounded_rectangle((left, top, left + width, top + height), place.px(10), fill=255)
    painting.shadow(shape, place.px(22), 0.5)
    for _, boxes in placed:
        for box in boxes:
            painting.clear(_covered(box, place))
    style = Style("semibold", place.px(24))
    for group, boxes in placed:
        left, top, _, height = boxes[0]
        end = boxes[-1][0] + boxes[-1][2]
        baseline = top + height + place.px(36)
        indent = left + _dot(painting, place, palette.accent(group.tag), (left, baseline))
        painting.write([Span(group.tag, palette.PAPER)], style, (indent, baseline, max(end, indent + 1)), 1, 0)
        if group.voice:
            _voice_sign(painting, place, (indent + lettering.width_of(group.tag, style) + place.px(14), baseline))
    return painting.done(fade)


def _dot(painting: Painting, place: Layout, colour: Colour, at: tuple[int, int]) -> int:
    """A dot in the tag's colour before its name; gives how far the name is indented."""
    across = place.px(15)
    fine = Image.new("L", (across * 4, across * 4))
    ImageDraw.Draw(fine).ellipse((0, 0, across * 4 - 1, across * 4 - 1), fill=255)
    shape = Image.new("L", painting.size)
    shape.paste(fine.reduce(4), (at[0], at[1] - place.px(16)))
    painting.stamp(colour, shape)
    return across + place.px(10)


def _voice_sign(painting: Painting, place: Layout, at: tuple[float, float]) -> None:
    """Five bars, as sound is drawn everywhere."""
    fine = Image.new("L", painting.size)
    draw = ImageDraw.Draw(fine)
    bar, middle = place.px(3), at[1] - place.px(8)
    for number, size in enumerate((6, 14, 20, 11, 16)):
        left, half = at[0] + number * 2 * bar, place.px(size) / 2
        draw.rounded_rectangle((left, middle - half, left + bar - 1, middle + half), bar / 2, fill=235)
    painting.stamp(palette.PAPER, fine)


def _even(value: float) -> int:
    return max(2, round(value / 2) * 2)
