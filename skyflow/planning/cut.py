"""What the final edit is put together from, and whether that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyflow import digest
from skyflow.board.model import ShotClip

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skyflow.board.model import Board, Shot

VERSION = 1
"""Of how a cut is put together; a new one puts every cut together anew."""


def extended(shot: Shot) -> str | None:
    """The shot whose clip this one continues."""
    sources = (item.clip.shot for item in shot.clips if item.kind == "extend" and isinstance(item.clip, ShotClip))
    return next(sources, None)


def missing(board: Board, clips: Mapping[str, str | None]) -> list[str]:
    """The shots of the cut whose clips are not there, each once, in the order of the cut."""
    return [shot for shot in board.cut_shots if clips.get(shot) is None]


def key(board: Board, clips: Mapping[str, str | None]) -> str:
    """The hash of what the cut is put together from, 64 hex digits.

    Args:
        clips: for every shot of the cut, and every shot that one of those extends, the SHA-256 of its picked take.
    """
    pieces = [
        {
            "shot": entry.shot,
            "clip": clips[entry.shot],
            "source": clips[source] if source else None,
            "start": entry.start,
            "end": entry.end,
        }
        for entry in board.cut
        for source in (extended(board.shots[entry.shot]),)
    ]
    return digest.of_json("cut", {"version": VERSION, "pieces": pieces})
