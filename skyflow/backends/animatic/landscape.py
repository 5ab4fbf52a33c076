"""The picture of a shot that has only words: a sky, a light, and ridges that pass at the speed of their distance.

The sky and the inside of each ridge never change, so they are painted once; only the silhouettes move, and they
move by fractions of a pixel. That keeps a frame at a few milliseconds and lets the encoder skip the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from skyflow.backends.animatic.palette import dice, ground_of, mix, mood_of
from skyflow.backends.animatic.planes import FINE, Mask, lit

if TYPE_CHECKING:
    from skyflow.backends.animatic.palette import Colour, Ground, Mood
    from skyflow.backends.animatic.planes import Floats, Planes


@dataclass(frozen=True, slots=True)
class _Ridge:
    """A silhouette, painted.

    Attributes:
        top: the first row of the picture that it can reach, even.
        bottom: the first row that it always covers, even.
        filling: its colours from ``top`` on, as wide as the picture.
        outline: how opaque it is, of mode L, from ``top`` on, wider than the picture by all that it travels.
        travel: pixels from the first frame to the last; negative goes the other way.
    """

    top: int
    bottom: int
    filling: Planes
    outline: Image.Image
    travel: float


@dataclass(frozen=True, slots=True)
class _Crest:
    """The rows of a ridge where its outline moves over a still filling.

    Attributes:
        outlines: its mask, moved to the left by as many FINE parts of a pixel as its place says, up to two pixels:
            so every part of the coarser planes is there as well.
    """

    top: int
    filling: Planes
    outlines: tuple[Mask, ...]
    travel: float

    def draw(self, canvas: Planes, share: float) -> None:
        """Draw it where it is after ``share`` of its way, to the nearest part of a pixel."""
        shift = self.travel * share if self.travel > 0 else -self.travel * (1 - share)
        pairs, part = divmod(round(shift * FINE), 2 * FINE)
        width, height = self.filling.size
        mask = self.outlines[part].crop((2 * pairs, 0, 2 * pairs + width, height))
        canvas.paste(self.filling, (0, self.top), mask)


class Landscape:
    """A composition that is decided by the prompt and the take.

    Args:
        size: of the picture area, even.
        frames: of the whole shot; the ridges travel over all of it.
    """

    def __init__(self, size: tuple[int, int], frames: int, prompt: str, take: int) -> None:
        self._frames = frames
        rolls = dice(prompt, "landscape", take)
        mood = mood_of(prompt, take)
        level = _Level(size, rolls)
        self._base = _sky(size, mood, level)
        direction = 1 if rolls.random() < 0.5 else -1
        if take % 2 == 0:
            direction = -direction
        ridges = _ridges(level, mood, ground_of(prompt), rolls, direction)
        self._crests = _settled(self._base, ridges)

    def draw(self, canvas: Planes, frame: int) -> None:
        canvas.paste(self._base)
        share = frame / max(1, self._frames - 1)
        for crest in self._crests:
            crest.draw(canvas, share)


class _Level:
    """Where things are in the picture: the horizon and the light."""

    def __init__(self, size: tuple[int, int], rolls: np.random.Generator) -> None:
        self.size = size
        self.horizon = float(rolls.uniform(0.54, 0.64))
        self.light = (float(rolls.choice((0.68, 0.74, 0.8, 0.3))), self.horizon - float(rolls.uniform(0.1, 0.28)))
        self.disc = float(rolls.uniform(0.035, 0.06))


def _sky(size: tuple[int, int], mood: Mood, level: _Level) -> Planes:
    """A gradient to the horizon, a glow and a disc; below the horizon the far ground's haze."""
    width, height = size
    down = np.clip(np.linspace(0, 1, height, dtype=np.float32) / level.horizon, 0, 1)[:, None] ** 1.25
    unit = min(width, height)
    across = (np.arange(width, dtype=np.float32) - level.light[0] * width)[None, :] / unit
    along = (np.arange(height, dtype=np.float32) - level.light[1] * height)[:, None] / unit
    square = across**2 + along**2
    distance = np.sqrt(square)
    glow = 0.55 * np.exp(square * (-1.2 / 0.34**2)) + 0.25 * np.exp(distance * -2)
    disc = np.clip((level.disc - distance) * unit + 0.5, 0, 1) * 0.92
    shine = np.maximum(glow.clip(0, 1) * 0.75, disc)
    return lit(_tint(mood.zenith) + (_tint(mood.horizon) - _tint(mood.zenith)) * down, _tint(mood.light), shine)


def _ridges(level: _Level, mood: Mood, ground: Ground, rolls: np.random.Generator, direction: int) -> list[_Ridge]:
    count = 5 if ground == "sea" else 4
    unit = min(level.size)
    ridges = []
    for number in range(count):
        near = number / (count - 1)
        crest = level.horizon + (0.93 - level.horizon) * near**1.15
        travel = direction * unit * (0.015 + 0.16 * near**1.6)
        ridges.append(_ridge(level, mood, ground, rolls, near=near, crest=crest, travel=travel))
    return ridges


def _ridge(  # noqa: PLR0913 - one ridge's place in the picture
    level: _Level,
    mood: Mood,
    ground: Ground,
    rolls: np.random.Generator,
    *,
    near: float,
    crest: float,
    travel: float,
) -> _Ridge:
    width, height = level.size
    reach = _REACH[ground] * height * (0.55 + 0.45 * near)
    wide = width + int(abs(travel)) + 6
    profile = _PROFILES[ground](wide, min(level.size) * (0.7 + 0.6 * near), rolls)
    line = crest * height - profile * reach
    top = max(0, int(line.min()) - 2) // 2 * 2
    rows = np.arange(top, height, dtype=np.float32)[:, None]
    outline = np.clip(rows - line[None, :] + 0.5, 0, 1)
    bottom = min(height, int(line.max() + 4) // 2 * 2)
    filling = _filling(level, mood, near, top, glitter=ground == "sea")
    return _Ridge(top, bottom, filling, Image.fromarray((outline * 255 + 0.5).astype(np.uint8)), travel)


def _filling(level: _Level, mood: Mood, near: float, top: int, *, glitter: bool) -> Planes:
    """A ridge's inside: its own colour at the crest, haze at its foot, warm under the light; water throws it back."""
    width, height = level.size
    colour = _tint(mix(mood.far, mood.near, near**0.8))
    haze = _tint(mix(mood.horizon, mood.far, 0.35 + 0.65 * near))
    rows = np.linspace(0, 1, height - top, dtype=np.float32)[:, None]
    inside = colour + (haze - colour) * rows * 0.55 * (1 - near)
    inside *= 1 - 0.35 * near * rows
    across = (np.arange(width, dtype=np.float32) / width - level.light[0])[None, :]
    warmth = 0.2 * (1 - near) * np.exp(-((across / 0.3) ** 2)) * (1 - rows)
    if glitter:
        path = 0.07 + 0.1 * near
        warmth = np.maximum(warmth, 0.55 * (1 - 0.75 * near) * np.exp(-((across / path) ** 2)) * (1 - 0.8 * rows))
    return lit(inside, _tint(mood.light), warmth)


def _settled(base: Planes, ridges: list[_Ridge]) -> list[_Crest]:
    """Put on the base what never moves, and keep of each ridge the rows where its outline does.

    A nearer ridge covers the feet of those behind it, so no outline is kept below the nearest foot.
    """
    moving: list[_Crest] = []
    for ridge in ridges:
        base.paste(
            ridge.filling.crop((0, ridge.bottom - ridge.top, base.size[0], base.size[1] - ridge.top)),
            (0, ridge.bottom),
        )
    foot = base.size[1]
    for ridge in reversed(ridges):
        foot = min(foot, ridge.bottom)
        if foot <= ridge.top:
            continue
        rows = foot - ridge.top
        outlines = _moved(ridge.outline.crop((0, 0, ridge.outline.width, rows)))
        filling = ridge.filling.crop((0, 0, base.size[0], rows))
        moving.insert(0, _Crest(ridge.top, filling, outlines, ridge.travel))
    return moving


def _moved(outline: Image.Image) -> tuple[Mask, ...]:
    """A mask, cut to even sides, at each fraction of two pixels that it can be moved to the left by."""
    width, height = outline.size
    steps = [outline.crop((step, 0, step + (width - 2) // 2 * 2, height)) for step in range(3)]
    shifts = (divmod(part, FINE) for part in range(2 * FINE))
    return tuple(Mask.of(Image.blend(steps[whole], steps[whole + 1], part / FINE)) for whole, part in shifts)


def _tint(colour: Colour) -> Floats:
    return np.array(colour, np.float32) / 255


def _noise(width: int, period: float, rolls: np.random.Generator, *, sharp: bool = False) -> Floats:
    """A smooth random line, 0 to 1; sharp keeps the corners."""
    points = rolls.random(int(width / period) + 3)
    places = np.arange(width) / period
    left = places.astype(int)
    share = places - left
    if not sharp:
        share = share * share * (3 - 2 * share)
    line: Floats = (points[left] * (1 - share) + points[left + 1] * share).astype(np.float32)
    return line


def _hills(width: int, unit: float, rolls: np.random.Generator) -> Floats:
    return 0.75 * _noise(width, unit * 0.55, rolls) + 0.25 * _noise(width, unit * 0.2, rolls)


def _peaks(width: int, unit: float, rolls: np.random.Generator) -> Floats:
    line = 0.62 * _noise(width, unit * 0.34, rolls, sharp=True)
    line += 0.25 * _noise(width, unit * 0.12, rolls, sharp=True)
    line += 0.13 * _noise(width, unit * 0.04, rolls, sharp=True)
    return line


def _dunes(width: int, unit: float, rolls: np.random.Generator) -> Floats:
    """Long slopes up, short slopes down."""
    places = np.arange(width) / (unit * 0.9) + rolls.random()
    share = places % 1.0
    slope = np.where(share < 0.68, share / 0.68, (1 - share) / 0.32)
    smooth = slope * slope * (3 - 2 * slope)
    line: Floats = (0.8 * smooth + 0.2 * _noise(width, unit * 0.7, rolls)).astype(np.float32)
    return line


def _sea(width: int, unit: float, rolls: np.random.Generator) -> Floats:
    return 0.6 * _noise(width, unit * 0.22, rolls) + 0.4 * _noise(width, unit * 0.09, rolls)


def _city(width: int, unit: float, rolls: np.random.Generator) -> Floats:
    """Roofs: steps of uneven width."""
    line = np.zeros(width, np.float32)
    left = 0
    while left < width:
        right = left + max(2, int(unit * rolls.uniform(0.03, 0.1)))
        line[left:right] = rolls.uniform(0.05, 1.0) ** 1.5
        left = right
    return line


_PROFILES = {"hills": _hills, "peaks": _peaks, "dunes": _dunes, "sea": _sea, "city": _city}
_REACH = {"hills": 0.16, "peaks": 0.3, "dunes": 0.11, "sea": 0.016, "city": 0.24}
