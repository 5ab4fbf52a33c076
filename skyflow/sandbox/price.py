"""What comes out of a task and what it costs, by the provider's price list."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from skyflow.models import skyreels_v4 as model
from skyflow.sandbox.media import seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PER_SECOND = {
    ("words", "480p"): Decimal("0.11"),
    ("words", "720p"): Decimal("0.14"),
    ("words", "1080p"): Decimal("0.35"),
    ("clip", "480p"): Decimal("0.18"),
    ("clip", "720p"): Decimal("0.25"),
    ("clip", "1080p"): Decimal("0.625"),
}
"""USD. Written down once more than in ``models``: a price that was wrong there shows against this one."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the provider makes of a task.

    Attributes:
        width, height: pixels.
        frames: at ``model.RATE`` frames a second.
        sound: whether the clip has a sound track.
        cost: USD for one take.
    """

    width: int
    height: int
    frames: int
    sound: bool
    cost: Decimal

    @property
    def measures(self) -> dict[str, Any]:
        """As the book keeps them, in the shape of a clip's facts."""
        return {
            "width": self.width,
            "height": self.height,
            "frames": self.frames,
            "rate": str(model.RATE),
            "sound": self.sound,
        }


def offer(body: Mapping[str, Any], known: Callable[[str], Mapping[str, Any] | None]) -> Offer:
    """The clip and the price of a valid task.

    A clip that is edited or moved like sets the length where it is the longer one, and brings its sound.
    """
    inputs = body.get("inputs") or {}
    clips = inputs.get("referenceVideos") or []
    followed = [known(item["video"]) or {} for item in clips if item["type"] == "reference"]
    asked = Fraction(body.get("duration", model.DURATION_DEFAULT)).limit_denominator(1_000_000)
    length = max([asked, *(found for facts in followed if (found := seconds(facts)) is not None)])
    tier, width, height = _size(body, inputs, known)
    sound = any(facts.get("sound") for facts in followed) or (body.get("settings") or {}).get("audio") is True
    rate = PER_SECOND["clip" if clips else "words", tier]
    cost = rate * length.numerator / length.denominator
    return Offer(width, height, model.frames(length), bool(sound), cost)


def _size(
    body: Mapping[str, Any], inputs: Mapping[str, Any], known: Callable[[str], Mapping[str, Any] | None]
) -> tuple[str, int, int]:
    """The tier and the pixels; without a size, the aspect is that of the first medium."""
    if "width" in body:
        return model.TIERS[body["width"], body["height"]][0], body["width"], body["height"]
    tier = body.get("resolution", model.RESOLUTION_DEFAULT)
    media = [item["video"] for item in inputs.get("referenceVideos") or ()]
    media += [item["image"] if isinstance(item, dict) else item for item in inputs.get("frameImages") or ()]
    facts = next((found for text in media[:1] if (found := known(text)) and "width" in found), None)
    if facts is None:
        return tier, *model.SIZES[tier, model.ASPECT_DEFAULT]
    return tier, *model.nearest_size(tier, facts["width"], facts["height"])
