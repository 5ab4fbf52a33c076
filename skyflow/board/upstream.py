"""What the model's makers refuse and the provider's page does not mention: warnings, for the provider may differ.

Their own interface has three modes that exclude each other (words; pictures at frames; references), and bounds of its
own on what each of them takes.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from skyflow.board.model import FileMedia

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skyflow.board.draft import Draft
    from skyflow.board.findings import Findings
    from skyflow.board.model import Shot
    from skyflow.board.prompts import Prompt
    from skyflow.board.source import Path

PICTURES_MAX = 5
"""How many pictures a group of references takes."""

BETWEEN_MAX = 6
"""How many pictures may be pinned between the first frame and the last."""

TOKENS_MAX = 1280
"""How long a prompt may be in the model's own units. A word is one or more, so more words are surely too many."""

OTHER_PICTURES = {".webp": "WebP"}
OTHER_CLIPS = {".webm": "WebM", ".mkv": "Matroska"}
"""Kinds of file that the provider may take and the makers do not, by the ending of their names."""


def check(shot: Shot, draft: Draft, prompt: Prompt | None, findings: Findings) -> None:
    """Note what of a generated shot the model's makers would refuse."""
    _mixed(shot, draft, findings)
    _amounts(shot, draft, findings)
    if prompt and (words := len(shot.prompt.split())) > TOKENS_MAX:
        message = (
            f"the prompt has {words} words; the model's makers take {TOKENS_MAX} tokens, a word being one or more"
        )
        findings.add("SF0813", prompt.path, message, "shorten it to be safe")
    for path, medium in _files(shot, draft):
        known = {**OTHER_PICTURES, **OTHER_CLIPS}.get(posixpath.splitext(medium.path)[1].lower())
        if known:
            takes = "MP4 and MOV" if known in OTHER_CLIPS.values() else "JPEG, PNG, GIF and BMP"
            message = f"{medium.path} is {known}; the model's makers take {takes}"
            findings.add("SF0811", path, message, "convert it to be safe")


def _mixed(shot: Shot, draft: Draft, findings: Findings) -> None:
    """What the page lets stand together and the makers' modes do not."""
    written = draft.shot
    if shot.pins and (shot.references or shot.clips):
        tags = at([item.tag for item in shot.references] + [item.tag for item in shot.clips])
        message = f"frames beside references ({tags}): the model's makers do not take both"
        findings.add("SF0801", written.path("frames"), message, "use one of them to be safe")
    if len(shot.clips) > 1:
        message = f"several reference clips ({at([item.tag for item in shot.clips])}): the model's makers take one"
        findings.add("SF0803", written.path(), message, "use one to be safe")
    for item in shot.references:
        if item.kind == "grid" and item.voice:
            message = f"@{item.tag} has a grid and a voice: the model's makers take a voice beside images only"
            findings.add("SF0805", ("tags", item.tag, "voice"), message, "use images to be safe")


def _amounts(shot: Shot, draft: Draft, findings: Findings) -> None:
    """Bounds that the page states wider, or not at all."""
    if shot.duration != int(shot.duration):
        message = f"{shot.duration} s: the model's makers take whole seconds"
        findings.add("SF0804", draft.shot.path_of("duration"), message, "use whole seconds to be safe")
    for item in shot.references:
        if len(item.images) > PICTURES_MAX:
            message = (
                f"@{item.tag} has {len(item.images)} pictures; the model's makers take {PICTURES_MAX} of one tag"
            )
            path = ("tags", item.tag, "images", PICTURES_MAX)
            findings.add("SF0810", path, message, "leave some out to be safe")
    between = [pin for pin in shot.pins if 0 < pin.index < shot.output.frames - 1]
    if len(between) > BETWEEN_MAX:
        message = f"{len(between)} pictures between first and last; the model's makers take {BETWEEN_MAX}"
        findings.add("SF0812", draft.shot.path("frames"), message, "leave some out to be safe")


def _files(shot: Shot, draft: Draft) -> Iterator[tuple[Path, FileMedia]]:
    """Every file that goes with a request but voices, with the place that names it."""
    clips = zip(shot.clips, draft.clips, strict=True)
    named: list[tuple[Path, object]] = [(written.path, item.clip) for item, written in clips]
    named += [(draft.shot.path("frames", number), pin.image) for number, pin in enumerate(shot.pins)]
    for item in shot.references:
        key: Path = ("tags", item.tag, "grid" if item.kind == "grid" else "images")
        places = [key] if item.kind == "grid" else [(*key, number) for number in range(len(item.images))]
        named += zip(places, item.images, strict=False)  # a tag at fault may have other pictures than its kind has
    yield from ((path, medium) for path, medium in named if isinstance(medium, FileMedia))


def at(names: list[str]) -> str:
    """Names as mentions, for a sentence."""
    return ", ".join(f"@{name}" for name in names)
