"""The sound of a stretch of a clip, to the sample as long as its pictures."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from av.audio.resampler import AudioResampler

from skyflow.media.container import opened
from skyflow.media.encode import SOUND_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.audio.frame import AudioFrame
    from av.container import InputContainer
    from numpy.typing import NDArray

JITTER = SOUND_RATE // 50
"""Samples: a timestamp that is off by less is rounding, by more a hole in the recording."""


def silence(count: int) -> Iterator[NDArray[np.float32]]:
    """``count`` samples of nothing, in blocks."""
    while count > 0:
        block = min(count, SOUND_RATE)
        yield np.zeros((2, block), np.float32)
        count -= block


def sound(path: Path, begin: Fraction, count: int) -> Iterator[NDArray[np.float32]]:
    """Exactly ``count`` stereo samples at SOUND_RATE, in blocks of shape (2, n).

    What the clip lacks (it may begin late, stop early, pause) is silence.

    Args:
        path: a clip with sound.
        begin: where to start, in seconds of the file's own clock.
        count: how many samples.

    Raises:
        MediaError: the sound does not decode.
    """
    given = 0
    with opened(path) as container:
        for place, block in _placed(container, begin):
            if place > given:
                gap = min(place, count) - given
                yield from silence(gap)
                given += gap
            fresh = block[:, given - place : count - place]
            if fresh.shape[1]:
                yield fresh
                given += fresh.shape[1]
            if given >= count:
                return
    yield from silence(count - given)


def _placed(container: InputContainer, begin: Fraction) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Blocks with the place of their first sample, counted from ``begin``; never one over another."""
    next_place: int | None = None
    for block in _resampled(container):
        samples = np.clip(block.to_ndarray(), -1, 1).astype(np.float32, copy=False)
        said = round((Fraction(block.pts or 0) * (block.time_base or 0) - begin) * SOUND_RATE)
        follows = next_place is not None and said - next_place < JITTER
        place = next_place if follows and next_place is not None else said
        next_place = place + samples.shape[1]
        yield place, samples


def _resampled(container: InputContainer) -> Iterator[AudioFrame]:
    resampler = AudioResampler(format="fltp", layout="stereo", rate=SOUND_RATE)
    for frame in container.decode(container.streams.audio[0]):
        yield from resampler.resample(frame)
    yield from resampler.resample(None)
