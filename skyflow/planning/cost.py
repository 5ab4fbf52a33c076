"""What a shot costs at the model's published prices, whoever draws it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from skyflow.board.model import FileMedia, ShotClip
from skyflow.facts import ClipFacts
from skyflow.models import skyreels_v4

if TYPE_CHECKING:
    from skyflow.board.model import Board, Shot


def cost(board: Board, shot: Shot, takes: int) -> Decimal:
    """USD for ``takes`` takes of a shot; nothing for footage.

    A reference clip sets the output's length where it is the longer, so it sets the price too.
    """
    if shot.footage:
        return Decimal(0)
    return skyreels_v4.price(
        video=bool(shot.clips), resolution=shot.resolution, seconds=billed_seconds(board, shot), takes=takes
    )


def billed_seconds(board: Board, shot: Shot) -> Fraction:
    """The longer of a shot's duration and of the clips that it edits or moves like."""
    asked = Fraction(shot.duration).limit_denominator(1_000_000)
    sources = [item.clip for item in shot.clips if item.kind == "reference"]
    return max([asked, *(clip_seconds(board, clip) for clip in sources)])


def clip_seconds(board: Board, clip: FileMedia | ShotClip) -> Fraction:
    """How long a reference clip is or will be."""
    if isinstance(clip, ShotClip):
        return board.shots[clip.shot].output.seconds
    assert isinstance(clip.facts, ClipFacts)
    return clip.facts.seconds
