"""One picture of a clip, kept as a file: what a later shot starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from skyflow import disk
from skyflow.errors import MediaError
from skyflow.media.container import opened
from skyflow.media.fit import Fit
from skyflow.media.pace import Stretch, decoded
from skyflow.media.track import read

if TYPE_CHECKING:
    from pathlib import Path


def still(clip: Path, index: int, target: Path) -> None:
    """Write one picture of a clip as PNG, as it is shown: upright and in square pixels.

    The same clip and index give the same bytes. The file appears whole or not at all.

    Args:
        clip: a local file.
        index: which picture, zero-based, counted in the order of showing.
        target: the file to write; an older one is replaced.

    Raises:
        MediaError: the clip does not decode or has no such picture, or the target cannot be written.
    """
    with opened(clip) as container:
        seen = read(container, clip.name)
        if not 0 <= index < seen.frames:
            raise MediaError(
                f"{clip.name} has {seen.frames} pictures and none with the index {index}",
                f"name one from 0 to {seen.frames - 1}",
            )
        fit = Fit(seen.format, seen.format.shown, "rgb24")
        (picture,) = (fit(frame).to_ndarray() for frame in decoded(container, Stretch(clip, seen, index, index + 1)))
    _save(Image.fromarray(picture), target)


def _save(picture: Image.Image, target: Path) -> None:
    partial = target.with_name(f".{target.name}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        picture.save(partial, format="PNG")
        partial.replace(target)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise MediaError(f"{target.name} cannot be written: {reason}", disk.remedy(error.errno)) from error
    finally:
        partial.unlink(missing_ok=True)
