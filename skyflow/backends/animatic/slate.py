"""The slate: an opaque band under the picture that says what one is looking at.

Its height is a function of the clip's size alone, so a later shot can take the picture out of an earlier one. It
is painted once; per frame only the digits of the timecode and the line that runs with the time are drawn.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from skyflow.backends.animatic import lettering, palette
from skyflow.backends.animatic.lettering import Span, Style
from skyflow.backends.animatic.planes import Planes, from_image
from skyflow.facts import timecode
from skyflow.models.skyreels_v4 import TIERS

if TYPE_CHECKING:
    from skyflow.backends.animatic.palette import Colour
    from skyflow.board.model import Output

MENTION = re.compile(r"(?<!\w)@[A-Za-z][A-Za-z0-9_]*")
_BODY: Colour = (214, 216, 218)
_PITCH = 29
_SIGNS = "0123456789:"
"""What a timecode is written with."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are in a frame of some size; nothing else decides it.

    Attributes:
        scale: of type and margins; small frames get relatively larger type.
        wide: whether words stand in columns, or in rows where the frame is narrow.
        picture: width and height of the picture area, at the top.
        lines: how many the prompt may have.
    """

    width: int
    height: int
    scale: float
    wide: bool
    picture: tuple[int, int]
    lines: int

    def px(self, units: float) -> int:
        """Pixels for a length on a frame whose shorter side is 1080."""
        return max(1, round(units * self.scale))

    @property
    def margin(self) -> int:
        return self.px(48)


def layout(width: int, height: int) -> Layout:
    """The layout of every clip of this size."""
    scale = (min(width, height) / 1080) ** 0.8
    wide = width * 5 > height * 6
    lines = 3 if not wide and height * 5 < width * 6 else 4
    band = round((164 if wide else 136 + _PITCH * lines) * scale / 2) * 2
    return Layout(width, height, scale, wide, (width, height - band), lines)


@dataclass(frozen=True, slots=True)
class Label:
    """What the slate says.

    Attributes:
        kind: what sort of shot it is, such as ``extends opening``; may be empty.
    """

    shot: str
    take: int
    kind: str
    prompt: str
    clips: frozenset[str] = frozenset()


class Slate:
    """The band of one take."""

    def __init__(self, label: Label, output: Output) -> None:
        self.layout = layout(output.size.width, output.size.height)
        self._output = output
        place = self.layout
        self._code_style = Style("semibold", place.px(34))
        self._tiles = _Digits(self._code_style)
        self._code_at = (0, 0)
        self._band = from_image(self._painted(label))
        self._line = _flat(palette.mix(palette.INK, palette.PAPER, 0.16), (place.width, place.px(4) // 2 * 2 or 2))
        self._run = _flat(palette.PAPER, self._line.size)

    def lay(self, canvas: Planes) -> None:
        """Draw all that stays, on a canvas of the whole frame."""
        top = self.layout.picture[1]
        canvas.paste(self._band, (0, top))
        canvas.paste(self._line, (0, top))

    def draw(self, canvas: Planes, frame: int) -> None:
        """Draw what runs with the time, on a canvas where an earlier frame or nothing is over what stays."""
        top = self.layout.picture[1]
        done = round(self.layout.width * (frame + 1) / self._output.frames / 2) * 2
        if done:
            canvas.paste(self._run.crop((0, 0, done, self._run.size[1])), (0, top))
        self._tiles.draw(canvas, timecode(frame, self._output.rate), (self._code_at[0], top + self._code_at[1]))

    def _painted(self, label: Label) -> Image.Image:
        place = self.layout
        image = Image.new("RGB", (place.width, place.height - place.picture[1]), palette.INK)
        right = place.width - place.margin
        code = self._tiles.width(timecode(0, self._output.rate))
        names = self._facts(label)
        if place.wide:
            left_end = place.margin + max(round(place.width * 0.22), place.px(340))
            prompt_box = (left_end + place.px(40), place.px(45), right - code - place.px(56))
            self._code_at = (_even(right - code), place.px(29))
            name_room = left_end - place.margin
        else:
            prompt_box = (place.margin, place.px(132), right)
            self._code_at = (_even(right - code), place.px(29))
            name_room = right - code - place.px(32) - place.margin
        self._names(image, label.shot, names, name_room)
        total = f"of {timecode(self._output.frames, self._output.rate)}"
        style = Style("regular", place.px(20))
        _line(image, total, style, palette.QUIET, (right - lettering.width_of(total, style), place.px(91)))
        self._prompt(image, label, prompt_box)
        return image

    def _facts(self, label: Label) -> tuple[str, str]:
        """Two lines of small type under the shot's name."""
        size = self._output.size
        sound = "sound" if self._output.sound else "silent"
        seconds = f"{float(self._output.seconds):.2f}".rstrip("0").rstrip(".")
        kind = " \u00b7 ".join(part for part in (f"Take {label.take}", label.kind) if part)
        shape = TIERS.get((size.width, size.height), ("", ""))[1]
        facts = (f"{size.width} \u00d7 {size.height}", shape, f"{seconds} s", sound)
        return kind, " \u00b7 ".join(filter(None, facts))

    def _names(self, image: Image.Image, shot: str, facts: tuple[str, str], room: float) -> None:
        place = self.layout
        big, small = Style("display", place.px(36)), Style("regular", place.px(20))
        _line(image, shot, big, palette.PAPER, (place.margin, place.px(57)), room)
        if place.wide:
            _line(image, facts[0], small, palette.QUIET, (place.margin, place.px(91)), room)
            _line(image, facts[1], small, palette.QUIET, (place.margin, place.px(120)), room)
        else:
            _line(image, " \u00b7 ".join(facts), small, palette.QUIET, (place.margin, place.px(91)), room)

    def _prompt(self, image: Image.Image, label: Label, box: tuple[int, int, int]) -> None:
        left, baseline, right = box
        style = Style("regular", self.layout.px(22))
        for line in lettering.lines(coloured(label.prompt, label.clips), style, right - left, self.layout.lines):
            start = right - line.width if line.rtl else left
            lettering.paint(image, line, style, (start, baseline))
            baseline += self.layout.px(_PITCH)


class _Digits:
    """Digits drawn once each, in cells of one width: a running timecode must not dance."""

    def __init__(self, style: Style) -> None:
        widest = max(lettering.width_of(digit, style) for digit in "0123456789")
        wide, narrow, height = _even(widest), _even(widest * 0.5), _even(style.size)
        strip = Image.new("RGB", (wide * len(_SIGNS), height), palette.INK)
        for place, sign in enumerate(_SIGNS):
            width, lift = (narrow, 0.08 * style.size) if sign == ":" else (wide, 0.0)
            left = place * wide + (width - lettering.width_of(sign, style)) / 2
            _line(strip, sign, style, palette.PAPER, (left, style.size * 0.84 - lift))
        planes = from_image(strip)
        self._cells = {
            sign: planes.crop((place * wide, 0, place * wide + (narrow if sign == ":" else wide), height))
            for place, sign in enumerate(_SIGNS)
        }

    def width(self, text: str) -> int:
        return sum(self._cells[sign].size[0] for sign in text)

    def draw(self, canvas: Planes, text: str, at: tuple[int, int]) -> None:
        left, top = _even(at[0]), _even(at[1])
        for sign in text:
            canvas.paste(self._cells[sign], (left, top))
            left += self._cells[sign].size[0]


def coloured(prompt: str, clips: frozenset[str] = frozenset()) -> list[Span]:
    """A prompt with its mentions in their colours; the tag of a clip is in paper white, being no one's."""
    spans, end = [], 0
    for match in MENTION.finditer(prompt):
        spans.append(Span(prompt[end : match.start()], _BODY))
        spans.append(Span(match[0], palette.PAPER if match[0] in clips else palette.accent(match[0])))
        end = match.end()
    return [*spans, Span(prompt[end:], _BODY)]


def _line(  # noqa: PLR0913, PLR0917 - one line of type
    image: Image.Image,
    text: str,
    style: Style,
    colour: Colour,
    at: tuple[float, float],
    room: float = float("inf"),
) -> None:
    for line in lettering.lines([Span(text, colour)], style, room, 1):
        lettering.paint(image, line, style, at)


def _even(value: float) -> int:
    return round(value / 2) * 2


def _flat(colour: Colour, size: tuple[int, int]) -> Planes:
    return from_image(Image.new("RGB", size, colour))
