"""How large, how long and how loud a shot will be, and what of its defaults it cannot take.

The model takes no aspect beside pictures or clips that set it, and no word on sound beside a clip that brings its
own. Written on the shot, either is an error; inherited, it is dropped and the author is told. ``audio: false`` asks
for nothing, so it may stand there, and is not sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from skyflow.board.model import Output, Size
from skyflow.board.written import parse_size
from skyflow.facts import exact
from skyflow.models import skyreels_v4

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skyflow.board.draft import Draft
    from skyflow.board.findings import Findings
    from skyflow.board.model import Measure
    from skyflow.board.source import Path


@dataclass(frozen=True, slots=True)
class Medium:
    """What matters here of a clip or picture that goes in.

    Attributes:
        seconds: a picture has none.
        reference: an edit or a motion reference, whose length and sound carry over.
        unseen: which of these measures nobody knows yet.
    """

    width: int
    height: int
    seconds: Fraction = Fraction(0)
    sound: bool = False
    reference: bool = False
    unseen: frozenset[Measure] = frozenset()


@dataclass(frozen=True, slots=True)
class Shape:
    """A shot's measures: what the request says, and the clip that comes of it."""

    duration: float
    resolution: str
    size: Size | None
    audio: bool | None
    output: Output


def shape(draft: Draft, media: list[Medium], findings: Findings) -> Shape:
    """The measures of a generated shot.

    Args:
        media: what goes in and sets the aspect, the clips first; empty for a shot from words and references.
    """
    resolution, size = _picture(draft, media, findings)
    duration = draft.shot.get("duration") or skyreels_v4.DURATION_DEFAULT
    references = [medium for medium in media if medium.reference]
    seconds = max([exact(duration), *(medium.seconds for medium in references)])
    audio = _audio(draft, bool(references), findings)
    sound = any(medium.sound for medium in references) if audio is None else audio
    made = size or Size(*skyreels_v4.nearest_size(resolution, media[0].width, media[0].height))
    output = Output(made, skyreels_v4.frames(seconds), skyreels_v4.RATE, sound)
    return Shape(duration, resolution, size, audio, output)


def unseen(media: list[Medium]) -> frozenset[Measure]:
    """Which measures of a shot follow from media that nobody has looked at.

    Args:
        media: as for ``shape``.
    """
    carried = [medium.unseen - {"size"} for medium in media if medium.reference]
    aspect = [medium.unseen & {"size"} for medium in media[:1]]
    return frozenset().union(*aspect, *carried)


def _picture(draft: Draft, media: list[Medium], findings: Findings) -> tuple[str, Size | None]:
    """Resolution, and the size to send where no medium sets the aspect."""
    shot = draft.shot
    check_size(shot.own, shot.path(), findings)
    if media:
        return _tier_beside_media(draft, findings), None
    size = shot.own.get("size")
    if size is None and not (shot.own.keys() & {"resolution", "aspect"}):
        size = shot.inherited.get("size")
    if size is not None:
        width, height = parse_size(size)
        return skyreels_v4.TIERS[width, height][0], Size(width, height)
    drops = "size" in shot.own
    resolution = (None if drops else shot.get("resolution")) or skyreels_v4.RESOLUTION_DEFAULT
    aspect = (None if drops else shot.get("aspect")) or skyreels_v4.ASPECT_DEFAULT
    return resolution, Size(*skyreels_v4.SIZES[resolution, aspect])


def _tier_beside_media(draft: Draft, findings: Findings) -> str:
    """The resolution of a shot whose media set its aspect."""
    shot = draft.shot
    setting = f"the clip @{draft.clips[0].tag} sets" if draft.clips else "the frames set"
    for key in ("aspect", "size"):
        if key in shot.own:
            message = f"'{key}' has no place here: {setting} the aspect"
            findings.add("SF0601", shot.path(key), message, f"remove '{key}'; `resolution` alone chooses how large")
        elif key in shot.inherited and not (key == "size" and "resolution" in shot.own):
            draft.notes.append(f"{key} {shot.inherited[key]} of the defaults is dropped: {setting} the aspect")
    inherited = shot.inherited.get("size")
    tier = skyreels_v4.TIERS[parse_size(inherited)][0] if inherited else None
    resolution: str = shot.own.get("resolution") or tier or shot.get("resolution") or skyreels_v4.RESOLUTION_DEFAULT
    return resolution


def _audio(draft: Draft, reference: bool, findings: Findings) -> bool | None:  # noqa: FBT001 - one of two cases
    """What to send as ``settings.audio``; nothing beside a clip that brings its own sound."""
    shot = draft.shot
    if not reference:
        return bool(shot.get("audio"))
    clip = next(clip for clip in draft.clips if clip.kind == "reference")
    if shot.own.get("audio"):
        message = f"'audio' has no place here: the clip @{clip.tag} brings its own sound"
        related = [(clip.path, "the clip comes from here")]
        findings.add("SF0603", shot.path("audio"), message, "remove 'audio'", related=related)
    elif shot.inherited.get("audio"):
        draft.notes.append(f"audio of the defaults is dropped: the clip @{clip.tag} brings its own sound")
    return None


def check_size(keys: Mapping[str, Any], at: Path, findings: Findings) -> None:
    """A shot, or the board's defaults, must not say twice how large the picture is."""
    if "size" in keys and (clash := sorted(keys.keys() & {"resolution", "aspect"})):
        related = [((*at, key), f"'{key}' stands here") for key in clash]
        message = "size says resolution and aspect already"
        findings.add("SF0602", (*at, "size"), message, f"remove size, or {' and '.join(clash)}", related=related)
