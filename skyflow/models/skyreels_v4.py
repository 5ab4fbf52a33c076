"""SkyReels V4 as its page at the provider states it (``skywork:skyreels@v4``): ranges, sizes, prices.

Everything here is a published fact and nothing is code that decides; ``board.rules`` applies it to a board and
``schemas/skyreels-v4.request.schema.json`` to a request. The frame rate is the page's "up to 32 FPS", taken as
the rate of every clip, since a request cannot set one.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from skyflow.facts import frame_count

ID = "skywork:skyreels@v4"
RATE = Fraction(32)

DURATION_MIN, DURATION_MAX, DURATION_DEFAULT = 3, 15, 5
TAKES_MAX = 4
PROMPT_MAX = 5120
QUALITY_MIN, QUALITY_MAX, QUALITY_DEFAULT = 20, 99, 95
TTL_MIN = 60
IMAGE_GROUPS_MAX = 3
GRIDS_MAX = 1
VOICE_SECONDS_MAX = 15
REFERENCE_SECONDS_MAX = 15
REFERENCE_PIXELS_MIN = 1_866_240

RESOLUTION_DEFAULT, ASPECT_DEFAULT = "1080p", "16:9"

SIZES: dict[tuple[str, str], tuple[int, int]] = {
    ("480p", "16:9"): (848, 480),
    ("480p", "9:16"): (480, 848),
    ("480p", "4:3"): (736, 560),
    ("480p", "3:4"): (560, 736),
    ("480p", "1:1"): (640, 640),
    ("720p", "16:9"): (1280, 720),
    ("720p", "9:16"): (720, 1280),
    ("720p", "4:3"): (1088, 832),
    ("720p", "3:4"): (832, 1088),
    ("720p", "1:1"): (960, 960),
    ("1080p", "16:9"): (1920, 1080),
    ("1080p", "9:16"): (1080, 1920),
    ("1080p", "4:3"): (1664, 1248),
    ("1080p", "3:4"): (1248, 1664),
    ("1080p", "1:1"): (1440, 1440),
}
"""Width and height in pixels by resolution and aspect: the only fifteen that the model makes."""

RESOLUTIONS = ("480p", "720p", "1080p")
ASPECTS = ("16:9", "9:16", "4:3", "3:4", "1:1")

TIERS: dict[tuple[int, int], tuple[str, str]] = {size: tier for tier, size in SIZES.items()}
"""Resolution and aspect by width and height: the other way round."""

PRICES: dict[tuple[str, str], Decimal] = {
    ("text or image", "480p"): Decimal("0.11"),
    ("text or image", "720p"): Decimal("0.140"),
    ("text or image", "1080p"): Decimal("0.350"),
    ("video", "480p"): Decimal("0.180"),
    ("video", "720p"): Decimal("0.250"),
    ("video", "1080p"): Decimal("0.625"),
}
"""USD for a second, by what goes in and by resolution. Any reference clip makes it video."""


def nearest_size(resolution: str, width: int, height: int) -> tuple[int, int]:
    """The size that the model makes at ``resolution`` from a medium of this shape.

    The page says that the aspect is matched to the input; with five aspects to choose from, that is the one
    whose ratio is nearest (as a ratio: twice as wide is as far as half as wide).
    """

    def distance(aspect: str) -> float:
        made_width, made_height = SIZES[resolution, aspect]
        ratio = (made_width * height) / (made_height * width)
        return max(ratio, 1 / ratio)

    return SIZES[resolution, min(ASPECTS, key=distance)]


def pin_indices(count: int, frames: int) -> list[int]:
    """Where ``count`` pictures without a place of their own come to stand in a clip of ``frames`` frames.

    One is the first frame, two are first and last, more spread evenly between.
    """
    if count == 1:
        return [0]
    return [(frames - 1) * number // (count - 1) for number in range(count)]


def price(*, video: bool, resolution: str, seconds: float | Fraction, takes: int) -> Decimal:
    """USD for a task: the rate, by the seconds, by the number of results."""
    exact = Fraction(seconds).limit_denominator(1_000_000)
    rate = PRICES["video" if video else "text or image", resolution]
    return rate * takes * exact.numerator / exact.denominator


def frames(seconds: float | Fraction) -> int:
    """How many frames a clip of ``seconds`` has."""
    return frame_count(seconds, RATE)
