"""Voices and weather out of sine waves and seeded noise: samples between -1 and 1, and files of them."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import av
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Samples = NDArray[np.float64]


def hum(notes: Sequence[tuple[float, float]], rate: int, formants: Sequence[float]) -> Samples:
    """Notes, each a pitch in hertz and a length in seconds, sung by a throat that favours the formants."""
    return np.concatenate([_note(pitch, seconds, rate, formants) for pitch, seconds in notes])


def _note(pitch: float, seconds: float, rate: int, formants: Sequence[float]) -> Samples:
    time = np.arange(round(seconds * rate)) / rate
    vibrato = 1 + 0.006 * np.sin(2 * np.pi * 5.2 * time) * np.clip(time * 3, 0, 1)
    phase = 2 * np.pi * np.cumsum(pitch * vibrato) / rate
    partials = np.arange(1, int(rate / 2 / pitch / 1.1))
    throat = [sum(np.exp(-(((n * pitch - formant) / 190) ** 2)) for formant in formants) for n in partials]
    sung = sum((0.08 / n + weight / n**0.5) * np.sin(n * phase) for n, weight in zip(partials, throat, strict=True))
    swell = np.sin(np.pi * np.clip(time / seconds, 0, 1)) ** 0.4
    return np.asarray(sung * swell / np.abs(sung).max() * 0.7)


def swell(seconds: float, rate: int) -> Samples:
    """A sea: noise with the high taken off, rising and falling."""
    noise = np.random.default_rng(11).normal(0, 1, round(seconds * rate))
    window = np.hanning(61)
    smooth = np.convolve(noise, window / window.sum(), mode="same")
    time = np.arange(len(smooth)) / rate
    return np.asarray(smooth / np.abs(smooth).max() * (0.35 + 0.2 * np.sin(2 * np.pi * time / 2.7)))


def horn(seconds: float, rate: int) -> Samples:
    """A fog horn, once."""
    time = np.arange(round(seconds * rate)) / rate
    tone = sum(np.sin(2 * np.pi * 98 * n * time) / n**1.6 for n in range(1, 7))
    shape = np.clip((time - 0.5) * 6, 0, 1) * np.clip((2.4 - time) * 2.5, 0, 1)
    return np.asarray(tone * shape * 0.3)


def sixteen_bit(samples: Samples) -> NDArray[np.int16]:
    return (np.clip(samples, -1, 1) * 32767).round().astype(np.int16)


def write_wav(path: Path, samples: Samples, rate: int) -> None:
    """Mono, 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(sixteen_bit(samples).tobytes())


def write_compressed(path: Path, samples: Samples, rate: int, codec: str) -> None:
    """Mono, in the container that the file's ending names."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, bit_rate=64_000, layout="mono")
        container.mux(encoded(stream, samples, rate))


def encoded(stream: av.AudioStream, samples: Samples, rate: int) -> list[av.Packet]:
    """Every packet of a sound."""
    frame = av.AudioFrame.from_ndarray(sixteen_bit(samples)[None, :], format="s16", layout="mono")
    frame.sample_rate = rate
    return [*stream.encode(frame), *stream.encode(None)]
