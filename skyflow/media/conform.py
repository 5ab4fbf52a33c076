"""A clip made to agree with others: their size, their rate, their codec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyflow.media.encode import ClipWriter
from skyflow.media.fit import Fit
from skyflow.media.pace import paced

if TYPE_CHECKING:
    from fractions import Fraction
    from pathlib import Path

    from skyflow.board.model import Size
    from skyflow.media.pace import Stretch


def conform(stretch: Stretch, size: Size, rate: Fraction, target: Path) -> None:
    """Write a stretch of a clip as ClipWriter would have written it: ``size``, ``rate``, no sound.

    Raises:
        MediaError: the clip does not decode, or the target cannot be written.
    """
    fit = Fit(stretch.track.format, size, "yuv420p")
    with ClipWriter(target, size, rate, sound=False) as writer:
        for frame in paced(stretch, rate):
            writer.picture(fit(frame))
