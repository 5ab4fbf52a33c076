"""What a shot sounds like: a quiet chord and some air, a voice where a tag has one, the source's own sound.

Computed once for a whole take: fifteen seconds are six megabytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from skyflow.backends.animatic.palette import dice
from skyflow.media.encode import SOUND_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CHORDS = ((0, 7, 14, 16), (0, 7, 10, 15), (0, 5, 12, 16), (0, 7, 11, 14), (0, 3, 10, 17))
"""Semitones above the root; open voicings that stay calm."""

_STEP = 1024
"""Samples between the exact points of a sine."""

_VOICE_AT = 0.5
"""Seconds into the shot before anybody speaks."""


@dataclass(frozen=True, slots=True)
class Score:
    """What goes into the sound of a take.

    Attributes:
        source: the sound of a clip that is edited; it takes the place of the chord.
        voice: a reference voice.
    """

    source: NDArray[np.float32] | None = None
    voice: NDArray[np.float32] | None = None


def track(score: Score, seconds: float, prompt: str, take: int) -> NDArray[np.float32]:
    """Float32 of shape (2, n) at SOUND_RATE, for ``seconds``, with soft ends."""
    count = round(seconds * SOUND_RATE)
    if score.source is not None and score.source.shape[1]:
        mixed = _fitted(score.source, count, 0)
    else:
        mixed = _air(count, prompt, take) + _chord(count, prompt, take)
    if score.voice is not None and score.voice.shape[1]:
        mixed = mixed * 0.35 + 0.9 * _fitted(score.voice, count, round(_VOICE_AT * SOUND_RATE))
    return _on_grid(mixed * _ends(count))


def _chord(count: int, prompt: str, take: int) -> NDArray[np.float32]:
    """Each note twice, slightly apart in pitch and in space, swelling in its own time."""
    rolls = dice(prompt, "chord", take)
    root = 110.0 * 2 ** (int(rolls.integers(0, 8)) / 12)
    time = np.arange(count, dtype=np.float64) / SOUND_RATE
    sound = np.zeros((2, count))
    for number, step in enumerate(_CHORDS[int(rolls.integers(len(_CHORDS)))]):
        pitch = root * 2 ** (step / 12)
        swell = 0.75 + 0.25 * np.sin(2 * np.pi * (time * rolls.uniform(0.05, 0.12) + rolls.random()))
        level = 0.035 / (1 + 0.5 * number)
        for channel in (0, 1):
            detuned = pitch * (1 + rolls.uniform(-0.0015, 0.0015))
            tone = _wave(detuned, rolls.random(), count)
            sound[channel] += level * swell * (tone + 0.18 * tone * tone * tone)
    return sound.astype(np.float32)


def _wave(pitch: float, phase: float, count: int) -> NDArray[np.float64]:
    """A sine, from two short ones: sin(a + b) for every long step a and every short step b."""
    turn = 2 * np.pi * pitch / SOUND_RATE
    long = 2 * np.pi * phase + turn * _STEP * np.arange(count // _STEP + 1)[:, None]
    short = turn * np.arange(_STEP)
    wave: NDArray[np.float64] = np.sin(long) * np.cos(short) + np.cos(long) * np.sin(short)
    return wave.ravel()[:count]


def _air(count: int, prompt: str, take: int) -> NDArray[np.float32]:
    """Low noise that comes and goes like wind: few random points a second, joined."""
    rolls = dice(prompt, "air", take)
    places = np.arange(count)
    sides = []
    for _ in (0, 1):
        points = rolls.standard_normal(count // 24 + 2)
        gusts = rolls.random(count // SOUND_RATE + 3)
        noise = np.interp(places, np.arange(points.size) * 24, points)
        sides.append(0.012 * noise * (0.4 + 0.6 * np.interp(places, np.arange(gusts.size) * SOUND_RATE, gusts)))
    return np.array(sides, np.float32)


def _fitted(sound: NDArray[np.float32], count: int, at: int) -> NDArray[np.float32]:
    """The sound at its place in a silence of ``count`` samples; what is too long fades out."""
    result = np.zeros((2, count), np.float32)
    part = sound[:, : max(0, count - at)]
    result[:, at : at + part.shape[1]] = part
    return result


def _ends(count: int) -> NDArray[np.float32]:
    envelope = np.ones(count, np.float32)
    rise, fall = min(count // 4, SOUND_RATE // 5), min(count // 4, SOUND_RATE // 2)
    envelope[:rise] = np.sin(np.linspace(0, np.pi / 2, rise)) ** 2
    envelope[count - fall :] = np.cos(np.linspace(0, np.pi / 2, fall)) ** 2
    return envelope


def _on_grid(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rounded to 16 bits: processors may differ in the last bit of a sine, the file must not."""
    return (np.round(sound.clip(-1, 1) * 32767) / 32768).astype(np.float32)
