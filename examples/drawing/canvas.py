"""A sheet to draw flat illustrations on: smooth shapes, gradients, light, paper.

Everything is drawn at twice the size and scaled down once, which is all the anti-aliasing there is. The same calls
give the same pixels: the only noise is the paper's, and that has a seed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Point: TypeAlias = tuple[float, float]
Fill: TypeAlias = str | tuple[str, str]
"""A colour, or two: the top's and the bottom's of a vertical gradient across the shape."""

SCALE = 2


class Canvas:
    """A sheet of ``width`` by ``height`` pixels; coordinates are in those pixels, from the upper left."""

    def __init__(self, width: int, height: int, ground: Fill) -> None:
        self.width, self.height = width, height
        self.image = Image.new("RGB", (width * SCALE, height * SCALE))
        self.shape([(0, 0), (width, 0), (width, height), (0, height)], ground)

    def shape(self, points: Sequence[Point], fill: Fill, *, alpha: float = 1, soft: float = 0) -> None:
        """A polygon; ``soft`` blurs its edge by that many pixels."""
        corner, mask = self._mask(points, 3 * soft)
        ImageDraw.Draw(mask).polygon(_moved(points, corner), fill=round(255 * alpha))
        self._paint(corner, mask, fill, soft)

    def blob(self, points: Sequence[Point], fill: Fill, *, alpha: float = 1, soft: float = 0) -> None:
        """A closed curve through the points."""
        self.shape(curve(points, closed=True), fill, alpha=alpha, soft=soft)

    def disc(
        self, center: Point, radius: float, fill: Fill, *, tall: float = 1, alpha: float = 1, soft: float = 0
    ) -> None:
        """A circle, or an ellipse ``tall`` times as high as wide."""
        x, y = center
        ring = [
            (x + radius * math.cos(turn / 90 * math.pi), y + tall * radius * math.sin(turn / 90 * math.pi))
            for turn in range(180)
        ]
        self.shape(ring, fill, alpha=alpha, soft=soft)

    def line(self, points: Sequence[Point], color: str, width: float, *, alpha: float = 1, soft: float = 0) -> None:
        """A stroke through the points, straight between them, with round ends and joints."""
        corner, mask = self._mask(points, 3 * soft + width)
        draw = ImageDraw.Draw(mask)
        scaled = _moved(points, corner)
        radius, level = width * SCALE / 2, round(255 * alpha)
        draw.line(scaled, fill=level, width=max(1, round(width * SCALE)), joint="curve")
        for x, y in (scaled[0], scaled[-1]):
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=level)
        self._paint(corner, mask, color, soft)

    def glow(self, center: Point, radius: float, color: str, *, strength: float = 1, tall: float = 1) -> None:
        """Light around a point: added, never covering, gone at ``radius``."""
        small = 4
        size = (self.width // small, self.height // small)
        x = (np.arange(size[0]) * small - center[0]) / radius
        y = (np.arange(size[1]) * small - center[1]) / (radius * tall)
        fall = np.clip(1 - np.hypot(x[None, :], y[:, None]), 0, 1) ** 2 * strength
        rgb = np.array(ImageColor.getrgb(color)[:3])
        light = Image.fromarray((fall[..., None] * rgb).clip(0, 255).astype(np.uint8))
        self.image = ImageChops.screen(self.image, light.resize(self.image.size, Image.Resampling.BICUBIC))

    def rain(self, count: int, color: str, *, alpha: float = 0.3, lean: float = -0.28, seed: int = 1) -> None:
        """Streaks over the whole sheet."""
        random = np.random.default_rng(seed)
        for x, y, long in random.uniform((-0.1, -0.1, 14), (1.2, 1, 46), (count, 3)):
            top = (x * self.width, y * self.height)
            self.line([top, (top[0] + lean * long, top[1] + long)], color, 1.2, alpha=alpha * (0.4 + long / 76))

    def grid(self, panels: Sequence[Canvas], columns: int, gap: int) -> None:
        """Lay smaller sheets out side by side, row by row, with a gap around each."""
        for number, panel in enumerate(panels):
            row, column = divmod(number, columns)
            corner = (gap + column * (panel.width + gap), gap + row * (panel.height + gap))
            self.image.paste(panel.image, (corner[0] * SCALE, corner[1] * SCALE))

    def finished(self, *, grain: float = 0, vignette: float = 0) -> Image.Image:
        """The sheet at its own size, on paper with a grain, darker in the corners."""
        small = self.image.resize((self.width, self.height), Image.Resampling.LANCZOS)
        pixels = np.asarray(small).astype(np.float32)
        if vignette:
            x, y = np.linspace(-1, 1, self.width)[None, :], np.linspace(-1, 1, self.height)[:, None]
            pixels *= (1 - vignette * np.clip(np.hypot(x, y) - 0.5, 0, 1) ** 1.5)[..., None]
        if grain:
            noise = np.random.default_rng(7).normal(0, grain, (self.height, self.width, 1))
            pixels += noise
        return Image.fromarray(pixels.round().clip(0, 255).astype(np.uint8))

    def save(self, path: Path, *, grain: float = 0, vignette: float = 0) -> None:
        """Write the sheet: flat art as PNG, whatever has a grain as JPEG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.finished(grain=grain, vignette=vignette).save(path, optimize=True, quality=82)

    def _mask(self, points: Sequence[Point], margin: float) -> tuple[tuple[int, int], Image.Image]:
        """An empty mask around the points, and where on the sheet its corner lies."""
        x, y = zip(*points, strict=True)
        left, top = (max(0, math.floor((min(axis) - margin) * SCALE)) for axis in (x, y))
        right = min(self.image.width, math.ceil((max(x) + margin) * SCALE))
        bottom = min(self.image.height, math.ceil((max(y) + margin) * SCALE))
        return (left, top), Image.new("L", (max(1, right - left), max(1, bottom - top)))

    def _paint(self, corner: tuple[int, int], mask: Image.Image, fill: Fill, soft: float) -> None:
        if soft:
            mask = mask.filter(ImageFilter.GaussianBlur(soft * SCALE))
        paint = Image.new("RGB", mask.size, fill) if isinstance(fill, str) else gradient(mask.size, *fill)
        self.image.paste(paint, corner, mask)


def _moved(points: Sequence[Point], corner: tuple[int, int]) -> list[Point]:
    """Points of the sheet as points of a mask."""
    return [(x * SCALE - corner[0], y * SCALE - corner[1]) for x, y in points]


def gradient(size: tuple[int, int], top: str, bottom: str) -> Image.Image:
    """A vertical gradient."""
    upper, lower = (np.array(ImageColor.getrgb(color)[:3], dtype=np.float32) for color in (top, bottom))
    share = np.linspace(0, 1, size[1])[:, None]
    column = (upper * (1 - share) + lower * share).round().astype(np.uint8)
    return Image.fromarray(np.broadcast_to(column[:, None, :], (size[1], size[0], 3)).copy())


def curve(points: Sequence[Point], *, closed: bool = False, steps: int = 12) -> list[Point]:
    """A Catmull-Rom curve through the points, as a fine polygon."""
    count = len(points)
    at = np.array(points, dtype=np.float64)
    path: list[Point] = []
    for number in range(count if closed else count - 1):
        around = [number - 1, number, number + 1, number + 2]
        indices = [index % count if closed else min(max(index, 0), count - 1) for index in around]
        before, start, end, after = at[indices]
        for step in range(steps):
            t = step / steps
            spot = start + 0.5 * t * (
                end
                - before
                + t * (2 * before - 5 * start + 4 * end - after + t * (3 * (start - end) + after - before))
            )
            path.append((float(spot[0]), float(spot[1])))
    return path if closed else [*path, (float(at[-1][0]), float(at[-1][1]))]


def mirrored(points: Sequence[Point], axis: float) -> list[Point]:
    """The right half of a symmetric outline, given downwards, completed by its left."""
    return [*points, *((2 * axis - x, y) for x, y in reversed(points))]
