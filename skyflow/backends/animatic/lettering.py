"""Text is set: words are measured, put into lines, ordered by direction and drawn, in any script.

A line is laid out word by word. Within a word Pillow shapes the letters; here words are put in the order that the
eye reads them, right to left for Arabic and Hebrew, and Chinese, Japanese and Korean may break between characters.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, groupby
from math import ceil, floor
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from skyflow.backends.animatic import fonts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from PIL import ImageFont

    from skyflow.backends.animatic.palette import Colour

ELLIPSIS = "\u2026"
_BOX = 0.62
"""How wide the box is that stands for a letter that no font has, in ems."""

_FINE = 4
"""Type is drawn this much larger and reduced: Pillow puts letters on whole pixels, which shows in small type."""

_CLOSING = set("、。，．！？：；）」』】》〉〕｝’”…ー々・,.!?:;)]}%\u200d")
_OPENING = set("（「『【《〈〔｛‘“([{")
_WIDE = ((0x2E80, 0x9FFF), (0xA000, 0xA4CF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF))


@dataclass(frozen=True, slots=True)
class Span:
    """Text in one colour."""

    text: str
    colour: Colour


@dataclass(frozen=True, slots=True)
class Style:
    """How text is set: a cut of the bundled family, at so many pixels to the em."""

    weight: fonts.Weight
    size: int

    def font(self, face: fonts.Face) -> ImageFont.FreeTypeFont:
        """The font to measure and draw with, in fine pixels."""
        return face.at(self.size * _FINE)


@dataclass(frozen=True, slots=True)
class Piece:
    """Letters of one font and colour; ``face`` is None where boxes stand for them."""

    text: str
    face: fonts.Face | None
    colour: Colour
    width: float
    rtl: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """What is never broken, unless it is longer than a line.

    Attributes:
        spaced: whether a space stands before it.
        rtl: its direction; None where it has no letters.
    """

    pieces: tuple[Piece, ...]
    spaced: bool
    rtl: bool | None

    @property
    def width(self) -> float:
        return sum(piece.width for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Line:
    """Pieces with their distance from the line's left edge.

    Attributes:
        width: of all of it.
        rtl: whether the paragraph runs from right to left, and so stands at the right margin.
    """

    pieces: tuple[tuple[float, Piece], ...]
    width: float
    rtl: bool


def lines(spans: Sequence[Span], style: Style, width: float, limit: int) -> list[Line]:
    """Break text into at most ``limit`` lines of ``width`` pixels; an ellipsis says that there was more."""
    rtl = _runs_from_right("".join(span.text for span in spans))
    rows = _rows(_words(spans, style), style, width, limit)
    if len(rows) > limit:
        rows = [*rows[: limit - 1], _shortened(rows[limit - 1], style, width)]
    return [_placed(row, style, rtl=rtl) for row in rows]


def paint(image: Image.Image, line: Line, style: Style, at: tuple[float, float], ink: int | None = None) -> None:
    """Draw a line with its left end and baseline at a point.

    Args:
        ink: the one value to draw in, where the image is a mask; else each piece has its colour.
    """
    for offset, piece in line.pieces:
        left, pad = at[0] + offset, style.size
        corner = (floor(left) - pad, floor(at[1]) - pad * 3 // 2)
        fine = Image.new("L", ((ceil(piece.width) + 2 * pad) * _FINE, pad * 5 // 2 * _FINE))
        origin = ((left - corner[0]) * _FINE, (at[1] - corner[1]) * _FINE)
        if piece.face is None:
            _boxes(fine, piece, style, origin)
        else:
            _letters(fine, piece, style.font(piece.face), origin)
        image.paste(piece.colour if ink is None else ink, corner, fine.reduce(_FINE))


def _letters(mask: Image.Image, piece: Piece, font: ImageFont.FreeTypeFont, at: tuple[float, float]) -> None:
    text, direction = piece.text, None
    if fonts.SHAPES:
        direction = "rtl" if piece.rtl else "ltr"
    elif piece.rtl:
        text = text[::-1]
    ImageDraw.Draw(mask).text(at, text, 255, font, anchor="ls", direction=direction)


def _boxes(mask: Image.Image, piece: Piece, style: Style, at: tuple[float, float]) -> None:
    """A neat box for every letter that no font has, in fine pixels."""
    draw, size = ImageDraw.Draw(mask), style.size * _FINE
    left, baseline = at
    for _ in filter(fonts.is_drawn, piece.text):
        inset = size * _BOX * 0.12
        draw.rounded_rectangle(
            (left + inset, baseline - size * 0.7, left + size * _BOX - inset, baseline),
            radius=size * 0.08,
            outline=255,
            width=max(_FINE, size // 18),
        )
        left += size * _BOX


def width_of(text: str, style: Style) -> float:
    """How many pixels a text takes on one line."""
    placed = lines([Span(text, (0, 0, 0))], style, float("inf"), 1)
    return placed[0].width if placed else 0.0


def _words(spans: Sequence[Span], style: Style) -> Iterator[Word]:
    region = fonts.region_of("".join(span.text for span in spans))
    pending: list[tuple[str, Colour]] = []
    spaced = False
    for cluster, colour in _clusters(spans):
        if cluster.isspace():
            if pending:
                yield _word(pending, style, region, spaced=spaced)
                pending = []
            spaced = True
            continue
        if pending and _may_break(pending[-1][0], cluster):
            yield _word(pending, style, region, spaced=spaced)
            pending, spaced = [], False
        pending.append((cluster, colour))
    if pending:
        yield _word(pending, style, region, spaced=spaced)


def _clusters(spans: Sequence[Span]) -> Iterator[tuple[str, Colour]]:
    """Letters with the marks that belong to them."""
    for span in spans:
        cluster = ""
        for character in span.text:
            if cluster and _joins(cluster, character):
                cluster += character
                continue
            if cluster:
                yield cluster, span.colour
            cluster = character
        if cluster:
            yield cluster, span.colour


def _joins(cluster: str, character: str) -> bool:
    joiner = "\u200d"
    return unicodedata.category(character)[0] == "M" or character == joiner or cluster[-1] == joiner


def _may_break(before: str, after: str) -> bool:
    return (_is_wide(before) or _is_wide(after)) and after[0] not in _CLOSING and before[0] not in _OPENING


def _is_wide(cluster: str) -> bool:
    return any(first <= ord(cluster[0]) <= last for first, last in _WIDE)


def _word(clusters: Sequence[tuple[str, Colour]], style: Style, region: str, *, spaced: bool) -> Word:
    rtl = _direction("".join(cluster for cluster, _ in clusters))
    faces = _faces([cluster for cluster, _ in clusters], style, region)
    pieces = []
    for (face, colour), group in groupby(zip(clusters, faces, strict=True), key=lambda item: (item[1], item[0][1])):
        letters = "".join(cluster for (cluster, _), _ in group)
        pieces.append(Piece(letters, face, colour, _measure(letters, face, style), bool(rtl)))
    return Word(tuple(reversed(pieces) if rtl else pieces), spaced, rtl)


def _faces(clusters: Sequence[str], style: Style, region: str) -> list[fonts.Face | None]:
    """A font for each cluster; punctuation stays in the font of the letters before it where that has it."""
    faces: list[fonts.Face | None] = []
    for cluster in clusters:
        previous = faces[-1] if faces else None
        keeps = previous is not None and not cluster[0].isalnum() and fonts.has(previous, cluster[0])
        faces.append(previous if keeps else fonts.face_for(cluster[0], style.weight, region))
    return faces


def _runs_from_right(text: str) -> bool:
    """The direction of a paragraph is that of its first letter that has one."""
    return _direction(text) is True


def _direction(text: str) -> bool | None:
    """True from the right, False from the left, None without a letter that would say it."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("R", "AL"):
            return True
        if kind == "L":
            return False
    return None


@lru_cache(maxsize=4096)
def _measure(text: str, face: fonts.Face | None, style: Style) -> float:
    if face is None:
        return sum(map(fonts.is_drawn, text)) * style.size * _BOX
    return style.font(face).getlength(text) / _FINE


def _rows(words: Iterable[Word], style: Style, width: float, limit: int) -> list[list[Word]]:
    """Words put into rows, and no more of them than say whether ``limit`` is enough."""
    space = _space(style)
    rows: list[list[Word]] = []
    used = 0.0
    for word in chain.from_iterable(_fitting(whole, style, width) for whole in words):
        needed = word.width + (space if word.spaced else 0)
        if rows and used + needed <= width:
            rows[-1].append(word)
            used += needed
        elif len(rows) > limit:
            break
        else:
            rows.append([word])
            used = word.width
    return rows


def _fitting(word: Word, style: Style, width: float) -> Iterator[Word]:
    """The word itself, or letters of it where it is longer than a line."""
    if word.width <= width:
        yield word
    else:
        yield from _letters_of(word, style)


def _letters_of(word: Word, style: Style) -> Iterator[Word]:
    spaced = word.spaced
    for piece in word.pieces:
        for cluster, colour in _clusters([Span(piece.text, piece.colour)]):
            part = Piece(cluster, piece.face, colour, _measure(cluster, piece.face, style), piece.rtl)
            yield Word((part,), spaced, word.rtl)
            spaced = False


def _shortened(row: list[Word], style: Style, width: float) -> list[Word]:
    """The row with an ellipsis at its end, and as few words less as make room for it."""
    dots = _word([(ELLIPSIS, row[-1].pieces[-1].colour)], style, "", spaced=False)
    kept = list(row)
    while len(kept) > 1 and _row_width(kept, style) + dots.width > width:
        kept.pop()
    if _row_width(kept, style) + dots.width > width:
        kept = list(_letters_of(kept[0], style))
        while len(kept) > 1 and _row_width(kept, style) + dots.width > width:
            kept.pop()
    return [*kept, dots]


def _row_width(row: Sequence[Word], style: Style) -> float:
    return sum(word.width for word in row) + _space(style) * sum(word.spaced for word in row[1:])


def _space(style: Style) -> float:
    face = fonts.face_for("n", style.weight)
    return _measure(" ", face, style) if face else style.size * 0.3


def _placed(row: Sequence[Word], style: Style, *, rtl: bool) -> Line:
    """Words in the order that the eye meets them, from the left."""
    space = _space(style)
    pieces: list[tuple[float, Piece]] = []
    left, previous = 0.0, None
    for place in _visual_order(row, rtl=rtl):
        if previous is not None and row[max(place, previous)].spaced:
            left += space
        for piece in row[place].pieces:
            pieces.append((left, piece))
            left += piece.width
        previous = place
    return Line(tuple(pieces), left, rtl)


def _visual_order(row: Sequence[Word], *, rtl: bool) -> list[int]:
    """Rule L2 of the Unicode bidirectional algorithm, over whole words."""
    levels = _levels(row, rtl=rtl)
    order = list(range(len(row)))
    for level in range(max(levels, default=0), 0, -1):
        turned: list[int] = []
        for deep, run in groupby(order, key=lambda place: levels[place] >= level):
            places = list(run)
            turned += reversed(places) if deep else places
        order = turned
    return order


def _levels(row: Sequence[Word], *, rtl: bool) -> list[int]:
    """How deep each word is nested in direction; one without letters follows its neighbours or the paragraph."""
    known = [word.rtl for word in row]
    directions = []
    for place, direction in enumerate(known):
        if direction is None:
            before = next((item for item in reversed(known[:place]) if item is not None), rtl)
            after = next((item for item in known[place + 1 :] if item is not None), rtl)
            direction = before if before == after else rtl  # noqa: PLW2901 - the neutral takes a direction
        directions.append(direction)
    inner = {True: 1, False: 2} if rtl else {True: 1, False: 0}
    return [inner[direction] for direction in directions]
