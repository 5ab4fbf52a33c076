"""A picture as the encoder wants it: luma at full size, two chroma planes at half of it.

Everything that moves is drawn in these planes, in Pillow's C loops; RGB is only where a still is composed, once.
BT.709, video range, 8 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from PIL import Image

from skyflow.media.fit import SD_LINES_MAX

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from av.video.plane import VideoPlane
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.floating[Any]]

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in luma pixels."""

BLACK, GREY = 16, 128

_BT709, _UNSPECIFIED = 1, 2
"""Colour matrices by their number in the standards."""

FINE = 4
"""Into how many places a pixel is divided, in each direction, for what moves slowly."""

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
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

    @classmethod
    def of(cls, frame: av.VideoFrame) -> Planes:
        """What a yuv420p frame shows, in the frame's own memory; drawing on it would draw on a copy."""
        return cls(*map(_mapped, frame.planes))

    @classmethod
    def on(cls, frame: av.VideoFrame) -> Planes:
        """The same to draw with: what is drawn is in the frame. It must be nobody else's, so not a decoded one."""
        planes = cls.of(frame)
        for image in (planes.y, planes.u, planes.v):
            image.readonly = 0
        return planes

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
        """A part of any position, at another size."""
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

    def enlarged(self) -> Planes:
        """FINE times as large in both directions, to pick fractions of a pixel from."""
        return self.each(lambda plane, _: _enlarged(plane))

    def picked(self, size: tuple[int, int], box: Box) -> Planes:
        """A part of an enlarged picture, at another size: what a moving camera sees.

        Each pixel is the nearest of the finer ones, which costs a seventh of weighing its neighbours again.

        Args:
            box: in pixels of the picture before it was enlarged.
        """

        def pick(plane: Image.Image, by: int) -> Image.Image:
            left, top, right, bottom = (side * FINE / by for side in box)
            within = (max(0.0, left), max(0.0, top), min(plane.width, right), min(plane.height, bottom))
            return plane.resize((size[0] // by, size[1] // by), Image.Resampling.NEAREST, box=within)

        return self.each(pick)

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

    def crop(self, box: tuple[int, int, int, int]) -> Mask:
        """A part with even edges."""
        return Mask(self.full.crop(box), self.half.crop(tuple(side // 2 for side in box)))  # type: ignore[arg-type]

    def faded(self, share: float) -> Mask:
        """The same, ``share`` as opaque."""
        if share >= 1:
            return self
        table = [round(value * share) for value in range(256)]
        return Mask(self.full.point(table), self.half.point(table))


def from_image(image: Image.Image, size: tuple[int, int] | None = None) -> Planes:
    """An RGB picture, scaled to an even size; without one it has even sides itself."""
    return from_frame(av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24"), size or image.size)


def from_frame(frame: av.VideoFrame, size: tuple[int, int]) -> Planes:
    """A frame of any kind, in our colours at an even size; nothing is touched where all of it agrees already."""
    kept = size == (frame.width, frame.height)
    if kept and _agrees(frame):
        return Planes.of(frame)
    return Planes.of(
        frame.reformat(
            width=size[0],
            height=size[1],
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.AREA if kept else Interpolation.BICUBIC,
        )
    )


def _agrees(frame: av.VideoFrame) -> bool:
    """Whether a frame has our colours; where a large one does not say, as players take it."""
    said = frame.colorspace == _BT709
    taken = frame.colorspace == _UNSPECIFIED and min(frame.width, frame.height) > SD_LINES_MAX
    return frame.format.name == "yuv420p" and frame.color_range != ColorRange.JPEG and (said or taken)


def lit(rows: Floats, light: Floats, share: Floats) -> Planes:
    """Rows of colour with ``share`` of a light, as smooth as 8 bits can be: rounding is spread over a pattern.

    Args:
        rows: shape (height, 3), 0 to 1.
        light: shape (3,).
        share: shape (height, width), 0 to 1; even sides.
    """
    halves = (share[0::2, 0::2] + share[0::2, 1::2] + share[1::2, 0::2] + share[1::2, 1::2]) / 4
    tones, lights = _yuv(rows), _yuv(light)
    planes = []
    for number, (shine, tone) in enumerate(
        ((share, tones), (halves, (tones[0::2] + tones[1::2]) / 2), (halves, (tones[0::2] + tones[1::2]) / 2))
    ):
        row = tone[:, number, None]
        planes.append(_dithered(row + (lights[number] - row) * shine))
    return Planes(*planes)


def _yuv(rgb: Floats) -> Floats:
    """Colours of shape (…, 3), 0 to 1, in our range."""
    luma = rgb @ _LUMA
    blue = 128 + 224 * (rgb[..., 2] - luma) / 1.8556
    red = 128 + 224 * (rgb[..., 0] - luma) / 1.5748
    result: Floats = np.stack((16 + 219 * luma, blue, red), -1).astype(np.float32)
    return result


def _dithered(values: Floats) -> Image.Image:
    height, width = values.shape
    values += np.tile(_THRESHOLDS, (height // 8 + 1, width // 8 + 1))[:height, :width]
    return Image.fromarray(values.clip(0, 255, out=values).astype(np.uint8))


def _mapped(plane: VideoPlane) -> Image.Image:
    size = (plane.width, plane.height)
    return Image.frombuffer("L", size, plane, "raw", "L", plane.line_size, 1)  # type: ignore[arg-type]


def _enlarged(plane: Image.Image) -> Image.Image:
    frame = av.VideoFrame.from_ndarray(np.asarray(plane), format="gray")
    fine = frame.reformat(plane.width * FINE, plane.height * FINE, interpolation=Interpolation.BICUBIC)
    return _mapped(fine.planes[0])


def _thresholds() -> Floats:
    """Bayer's 8x8 pattern, in (0, 1)."""
    pattern = np.zeros((1, 1))
    for _ in range(3):
        pattern = np.block([[4 * pattern, 4 * pattern + 2], [4 * pattern + 3, 4 * pattern + 1]])
    return ((pattern + 0.5) / 64).astype(np.float32)


_THRESHOLDS = _thresholds()
