"""What a shot costs at the model's published prices, whoever draws it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from skyflow.board.model import Address, ShotClip
from skyflow.facts import ClipFacts, exact
from skyflow.models import skyreels_v4

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skyflow.board.model import Board, Clip, Shot

NO_LENGTHS: Mapping[str, Fraction] = {}


def dollars(amount: Decimal) -> str:
    """``$5.25``; a part of a cent is shown where there is one, since it is what the provider charges."""
    exact = f"{amount.normalize():,f}"
    whole, _, cents = exact.partition(".")
    return f"${whole}.{cents.ljust(2, '0')}"


def cost(board: Board, shot: Shot, takes: int, lengths: Mapping[str, Fraction] = NO_LENGTHS) -> Decimal:
    """USD for ``takes`` takes of a shot; nothing for footage.

    A reference clip sets the output's length where it is the longer, so it sets the price too.

    Args:
        lengths: seconds of the clips of earlier shots that are there already; of the others it is as planned.
    """
    if shot.footage:
        return Decimal(0)
    return skyreels_v4.price(
        video=bool(shot.clips), resolution=shot.resolution, seconds=billed_seconds(board, shot, lengths), takes=takes
    )


def billed_seconds(board: Board, shot: Shot, lengths: Mapping[str, Fraction] = NO_LENGTHS) -> Fraction:
    """The longer of a shot's duration and of the clips that it edits or moves like."""
    asked = exact(shot.duration)
    sources = [item.clip for item in shot.clips if item.kind == "reference"]
    return max([asked, *(clip_seconds(board, clip, lengths) for clip in sources)])


def clip_seconds(board: Board, clip: Clip, lengths: Mapping[str, Fraction] = NO_LENGTHS) -> Fraction:
    """How long a reference clip is or will be; the most that it may be, where nobody has looked at it."""
    most = Fraction(skyreels_v4.REFERENCE_SECONDS_MAX)
    if isinstance(clip, Address):
        return most
    if isinstance(clip, ShotClip):
        shot = board.shots[clip.shot]
        return lengths.get(clip.shot, most if "length" in shot.assumed else shot.output.seconds)
    assert isinstance(clip.facts, ClipFacts)
    return clip.facts.seconds
