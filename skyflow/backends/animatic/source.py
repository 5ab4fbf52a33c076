"""What a request brings along, as planes: pictures, and the frames of other clips, cropped to fill an area.

A clip or frame that this backend drew has a slate; only the picture above it is taken. Real footage is taken whole.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from skyflow.backends.animatic.planes import Planes, from_frame, from_image
from skyflow.backends.animatic.slate import layout
from skyflow.errors import MediaError

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from skyflow.backends.base import Input

Size = tuple[int, int]


def opened(source: Input) -> Image.Image:
    """A picture as RGB, upright, without the slate of one that was drawn here.

    Raises:
        MediaError: it does not decode, or is so large that it may be meant to exhaust the memory.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source.path) as file:
                image = _on_grey(ImageOps.exif_transpose(file))
    except Exception as error:
        raise MediaError(f"a picture of this shot does not decode: {error}", "replace the file") from error
    if source.drawn:
        image = image.crop((0, 0, *layout(*image.size).picture))
    return image


def fitted(image: Image.Image, size: Size) -> Planes:
    """A picture cropped and scaled to fill an area; a little more is cut below than above, where faces are."""
    scale = min(image.width / size[0], image.height / size[1])
    width, height = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    left, top = round((image.width - width) * 0.5), round((image.height - height) * 0.42)
    seen = image.reduce(max(1, int(scale)), box=(left, top, left + width, top + height))
    return from_image(seen, size)


def fitted_frame(frame: VideoFrame, size: Size, *, drawn: bool) -> Planes:
    """A decoded frame cropped and scaled to fill an area."""
    if frame.rotation % 180:
        return _fitted_turned(frame, size)
    seen = layout(frame.width, frame.height).picture if drawn else (frame.width, frame.height)
    scale = max(size[0] / seen[0], size[1] / seen[1])
    whole = (_even_up(frame.width * scale), _even_up(frame.height * scale))
    planes = from_frame(frame, whole)
    left = _even((seen[0] * scale - size[0]) / 2)
    top = _even((seen[1] * scale - size[1]) / 2)
    return planes.crop((left, top, left + size[0], top + size[1]))


def _fitted_turned(frame: VideoFrame, size: Size) -> Planes:
    """Footage from a telephone held upright: its pictures lie on their side."""
    turn = Image.Transpose.ROTATE_90 if frame.rotation % 360 == 90 else Image.Transpose.ROTATE_270
    planes = from_frame(frame, (_even_up(frame.width), _even_up(frame.height)))
    planes = planes.each(lambda plane, _: plane.transpose(turn))
    width, height = planes.size
    scale = min(width / size[0], height / size[1])
    left, top = (width - size[0] * scale) / 2, (height - size[1] * scale) / 2
    return planes.resized(size, (left, top, left + size[0] * scale, top + size[1] * scale))


def _on_grey(image: Image.Image) -> Image.Image:
    """RGB; what is transparent shows a calm grey."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    over = image.convert("RGBA")
    under = Image.new("RGBA", over.size, (58, 62, 68, 255))
    return Image.alpha_composite(under, over).convert("RGB")


def _even(value: float) -> int:
    return round(value / 2) * 2


def _even_up(value: float) -> int:
    """The next even number; a hair above one is rounding and not a need."""
    return -int(-(value - 1e-6) // 2) * 2
