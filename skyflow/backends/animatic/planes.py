"""A picture as the encoder wants it: luma at full size, two chroma planes at half of it.

Everything that moves is drawn in these planes, in Pillow's C loops; RGB is only where a still is composed, once.
BT.709, video range, 8 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.floating[Any]]

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in luma pixels."""

BLACK, GREY = 16, 128

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True, slots=True)
class Planes:
    """Y, U and V, each an image of mode L; sides of Y are even."""

    y: Image.Image
    u: Image.Image
    v: Image.Image

    @classmethod
    def blank(cls, width: int, height: int) -> Planes:
        """A black picture."""
        half = (width // 2, height // 2)
        return cls(
            Image.new("L", (width, height), BLACK),
            Image.new("L", half, GREY),
            Image.new("L", half, GREY),
        )

    @property
    def size(self) -> tuple[int, int]:
        return self.y.size

    def copy(self) -> Planes:
        """The same pixels, to draw on."""
        return Planes(self.y.copy(), self.u.copy(), self.v.copy())

    def each(self, draw: Callable[[Image.Image, int], Image.Image]) -> Planes:
        """The same operation on all three; it is told by how much the plane is reduced, 1 or 2."""
        return Planes(draw(self.y, 1), draw(self.u, 2), draw(self.v, 2))

    def paste(self, other: Planes, at: tuple[int, int] = (0, 0), mask: Mask | None = None) -> None:
        """Put another picture on this one, at even coordinates."""
        full, half = (mask.full, mask.half) if mask else (None, None)
        corner = (at[0] // 2, at[1] // 2)
        self.y.paste(other.y, at, full)
        self.u.paste(other.u, corner, half)
        self.v.paste(other.v, corner, half)

    def crop(self, box: tuple[int, int, int, int]) -> Planes:
        """A part with even edges."""
        left, top, right, bottom = box
        return self.each(lambda plane, by: plane.crop((left // by, top // by, right // by, bottom // by)))

    def resized(self, size: tuple[int, int], box: Box) -> Planes:
        """A part of any position, at another size: what a moving camera sees."""
        left, top, right, bottom = box
        return self.each(
            lambda plane, by: plane.resize(
                (size[0] // by, size[1] // by),
                Image.Resampling.BILINEAR,
                box=(left / by, top / by, right / by, bottom / by),
            )
        )

    def blended(self, other: Planes, share: float) -> Planes:
        """This picture with ``share`` of another of the same size, 0 to 1."""
        return Planes(
            Image.blend(self.y, other.y, share),
            Image.blend(self.u, other.u, share),
            Image.blend(self.v, other.v, share),
        )

    def to_frame(self) -> av.VideoFrame:
        """A new frame with these pixels."""
        frame = av.VideoFrame(*self.size, "yuv420p")
        for plane, image in zip(frame.planes, (self.y, self.u, self.v), strict=True):
            rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)  # type: ignore[call-overload]
            rows[:, : plane.width] = np.asarray(image)
        return frame

    def to_image(self) -> Image.Image:
        """RGB, for a look at one frame."""
        y = (np.asarray(self.y, np.float32) - 16) / 219
        u, v = (
            (np.asarray(plane.resize(self.size, Image.Resampling.BILINEAR), np.float32) - 128) / 224
            for plane in (self.u, self.v)
        )
        red, blue = y + 1.5748 * v, y + 1.8556 * u
        green = (y - 0.2126 * red - 0.0722 * blue) / 0.7152
        rgb = np.stack((red, green, blue), -1)
        return Image.fromarray((rgb.clip(0, 1) * 255 + 0.5).astype(np.uint8))


@dataclass(frozen=True, slots=True)
class Mask:
    """How opaque each pixel is, for luma and for chroma."""

    full: Image.Image
    half: Image.Image

    @classmethod
    def of(cls, alpha: Image.Image) -> Mask:
        """From an image of mode L with even sides."""
        return cls(alpha, alpha.reduce(2))

    def faded(self, share: float) -> Mask:
        """The same, ``share`` as opaque."""
        if share >= 1:
            return self
        table = [round(value * share) for value in range(256)]
        return Mask(self.full.point(table), self.half.point(table))


def from_image(image: Image.Image) -> Planes:
    """An RGB picture with even sides."""
    return from_rgb(np.asarray(image.convert("RGB"), np.float32) / 255)


def from_rgb(rgb: Floats, *, dither: bool = False) -> Planes:
    """An array of shape (height, width, 3), 0 to 1, with even sides.

    Args:
        dither: spread the rounding over an ordered pattern, so that a smooth gradient does not step.
    """
    luma = rgb @ _LUMA
    half = _halved(rgb)
    half_luma = half @ _LUMA
    return Planes(
        _rounded(16 + 219 * luma, dither=dither),
        _rounded(128 + 224 * (half[..., 2] - half_luma) / 1.8556, dither=dither),
        _rounded(128 + 224 * (half[..., 0] - half_luma) / 1.5748, dither=dither),
    )


def _halved(rgb: Floats) -> Floats:
    quarter: Floats = (rgb[0::2, 0::2] + rgb[0::2, 1::2] + rgb[1::2, 0::2] + rgb[1::2, 1::2]) / 4
    return quarter


def _rounded(values: Floats, *, dither: bool) -> Image.Image:
    height, width = values.shape
    offset: Floats | float = 0.5
    if dither:
        offset = np.tile(_THRESHOLDS, (height // 8 + 1, width // 8 + 1))[:height, :width]
    return Image.fromarray((values + offset).clip(0, 255).astype(np.uint8))


def _thresholds() -> Floats:
    """Bayer's 8x8 pattern, in (0, 1)."""
    pattern = np.zeros((1, 1))
    for _ in range(3):
        pattern = np.block([[4 * pattern, 4 * pattern + 2], [4 * pattern + 3, 4 * pattern + 1]])
    return ((pattern + 0.5) / 64).astype(np.float32)


_THRESHOLDS = _thresholds()
