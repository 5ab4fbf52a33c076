"""Whether an extension holds the clip that it extends: found by looking, picture by picture.

A model that extends a clip may give back only what is new, or the whole: the clip it was given, drawn or at
least encoded again, and then what is new. In a cut with both, the second kind would show the source twice.

What must not be taken for it is an extension that begins on its source's last picture, which is the usual case:
then it starts where the source ended, and everything in it is new (the one picture that both share is kept; at
32 a second nobody sees it). Both look alike where nothing moves. So it is not enough that the pictures are like
the source's: the source must also have changed by far more than the likeness leaves open. A still source proves
nothing, and the extension is kept whole: showing a still for longer harms less than losing what was paid for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from skyflow.media.pace import paced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

    from skyflow.media.pace import Stretch

    Thumb: TypeAlias = NDArray[np.int16]

THUMB = (64, 36)
"""Width and height of what is compared. Averaging over so much area takes out what encoding adds."""

WORST = THUMB[0] * THUMB[1] // 50
"""How many of the most different points count: something small that moves is a difference too."""

LIKE = 12.0
"""Of 255: pictures that differ more are not the same picture, however badly encoded."""

CLEAR = 3.0
"""How many times more the source must change in itself than the extension differs from it."""

NOISE = 1.0
"""Of 255: differences below this are taken for this much, so that two identical files need some motion too."""


def overlap(source: Stretch, extension: Stretch) -> int:
    """How many of the extension's first pictures are the whole of its source; 0 where they are not.

    Pictures are compared by time where the rates differ. An extension that is no longer than its source has
    nothing of its own, and that is taken for 0 as well.

    Args:
        source: the whole clip that was extended.
        extension: the whole clip that came of it.

    Raises:
        MediaError: one of the two does not decode.
    """
    rate = extension.track.rate
    shared = source.frames_at(rate)
    if shared >= extension.frames:
        return 0
    again = replace(extension, end=shared)
    pairs = zip(paced(source, rate), paced(again, rate), strict=True)
    return shared if _same((_thumb(one), _thumb(other)) for one, other in pairs) else 0


def _same(pairs: Iterator[tuple[Thumb, Thumb]]) -> bool:
    """Whether all pairs are alike, and the first of each differ far more among themselves."""
    moved, apart = 0.0, NOISE
    first: Thumb | None = None
    for one, other in pairs:
        first = one if first is None else first
        moved = max(moved, _difference(first, one))
        apart = max(apart, _difference(one, other))
        if apart > LIKE:
            return False
    return moved >= CLEAR * apart


def _thumb(frame: VideoFrame) -> Thumb:
    small = frame.reformat(*THUMB, format="gray", interpolation="AREA")
    return small.to_ndarray().astype(np.int16)


def _difference(one: Thumb, other: Thumb) -> float:
    """The mean of the largest differences in brightness, of 255."""
    apart = np.abs(one - other).ravel()
    return float(np.partition(apart, -WORST)[-WORST:].mean())
