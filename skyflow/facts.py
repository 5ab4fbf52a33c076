"""What is known of media once somebody has looked. A time is a whole number of frames at a rate."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """A picture that decodes. Sizes in pixels, as it is shown (orientation applied)."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class VoiceFacts:
    """A sound that decodes."""

    seconds: Fraction


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """A clip that decodes.

    Attributes:
        width, height: pixels.
        frames: how many pictures it holds.
        rate: frames per second.
        sound: whether it has an audio stream.
    """

    width: int
    height: int
    frames: int
    rate: Fraction
    sound: bool

    @property
    def seconds(self) -> Fraction:
        return self.frames / self.rate

    @property
    def pixels(self) -> int:
        return self.width * self.height


@lru_cache(maxsize=1024)
def exact(seconds: float | Fraction) -> Fraction:
    """Seconds as somebody wrote them, without the error that binary brought: 0.1 is a tenth."""
    return Fraction(seconds).limit_denominator(1_000_000)


@lru_cache(maxsize=1024)
def frame_count(seconds: float | Fraction, rate: Fraction) -> int:
    """How many frames last ``seconds`` at ``rate``, to the nearest, halves up, at least one."""
    return max(1, int(exact(seconds) * rate + Fraction(1, 2)))


def timecode(frame: int, rate: Fraction) -> str:
    """``SS:FF`` with minutes in front where they are needed, as an editor reads it."""
    per_second = round(rate)
    seconds, frames = divmod(frame, per_second)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes:02}:{seconds:02}:{frames:02}"
