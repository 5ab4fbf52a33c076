"""The model's rules, held against shots whose every measure is known.

What the model's page states is an error, before anything is paid. What only its makers' own interface or other
gateways add is a warning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyflow.board import beside, medium, mentions, upstream
from skyflow.board.draft import EDITED_FILE, known_shot, tag_images
from skyflow.board.files import FileFault
from skyflow.board.model import Address, FileMedia, ShotClip
from skyflow.board.upstream import at
from skyflow.facts import ClipFacts, VoiceFacts
from skyflow.models import skyreels_v4
from skyflow.problems import CODES, WAIVABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from fractions import Fraction

    from skyflow.board.draft import Draft
    from skyflow.board.files import Files
    from skyflow.board.findings import Findings
    from skyflow.board.model import ClipReference, Shot
    from skyflow.board.prompts import Prompt
    from skyflow.board.source import Path
    from skyflow.board.written import WrittenBoard

UPSTREAM_CLIP_SECONDS = 10
"""The makers' own interface takes reference clips of at most this length; the provider's page says 15."""


def check(shot: Shot, draft: Draft, prompt: Prompt | None, shots: Mapping[str, Shot], findings: Findings) -> None:
    """Every rule that one generated shot can break."""
    if prompt:
        _prompt_length(shot, prompt, findings)
        _reference_images(shot, prompt, findings)
    for item, written in zip(shot.clips, draft.clips, strict=True):
        _reference_clip(item, written.path, shots, findings)
    upstream.check(shot, draft, prompt, findings)
    beside.check(draft.shot, findings)


def _prompt_length(shot: Shot, prompt: Prompt, findings: Findings) -> None:
    length = len(shot.prompt)
    if length > skyreels_v4.PROMPT_MAX:
        message = f"the prompt has {length} characters in the end, {skyreels_v4.PROMPT_MAX} is the most"
        findings.add("SF0610", prompt.path, message, f"shorten it by {length - skyreels_v4.PROMPT_MAX}")


def _reference_images(shot: Shot, prompt: Prompt, findings: Findings) -> None:
    """At most three groups of images or one grid, never both."""
    images = [item.tag for item in shot.references if item.kind == "image"]
    grids = [item.tag for item in shot.references if item.kind == "grid"]
    if images and grids:
        message = f"the model takes a grid or images, not both: {at(grids)} and {at(images)}"
        place = prompt.place_of(grids[0])
        findings.add("SF0611", prompt.path, message, "mention one kind only", place=place, related=_defined(images))
    if len(images) > skyreels_v4.IMAGE_GROUPS_MAX:
        message = (
            f"the model takes {skyreels_v4.IMAGE_GROUPS_MAX} tags with images, the prompt mentions {len(images)}"
        )
        remedy = f"leave one of {at(images)} out, or give it only words"
        place = prompt.place_of(images[skyreels_v4.IMAGE_GROUPS_MAX])
        findings.add("SF0612", prompt.path, message, remedy, place=place, related=_defined(images))
    if len(grids) > skyreels_v4.GRIDS_MAX:
        message = f"the model takes one grid, the prompt mentions {len(grids)}: {at(grids)}"
        place = prompt.place_of(grids[skyreels_v4.GRIDS_MAX])
        findings.add("SF0613", prompt.path, message, "mention one", place=place, related=_defined(grids))
    for item in shot.references:
        if isinstance(item.voice, FileMedia) and _seconds(item.voice) > skyreels_v4.VOICE_SECONDS_MAX:
            lasts = _said(_seconds(item.voice), skyreels_v4.VOICE_SECONDS_MAX)
            message = f"the voice lasts {lasts} s, {skyreels_v4.VOICE_SECONDS_MAX} s is the most"
            findings.add("SF0616", ("tags", item.tag, "voice"), message, "cut it shorter")


def _reference_clip(item: ClipReference, path: Path, shots: Mapping[str, Shot], findings: Findings) -> None:
    """A clip that is extended, edited or moved like: long and large as the model takes it.

    One that is given by address nobody has measured; the provider will.
    """
    if isinstance(item.clip, Address):
        return
    pixels, seconds, name, size = _measures(item, shots)
    verb = "extend" if item.kind == "extend" else "take"
    related = [(("shots", name), f"{name} is defined here")] if isinstance(item.clip, ShotClip) else []
    if pixels < skyreels_v4.REFERENCE_PIXELS_MIN:
        message = (
            f"the model cannot {verb} {name}: its clip will be {size}, {pixels:,} pixels, "
            f"and {skyreels_v4.REFERENCE_PIXELS_MIN:,} is the least"
        )
        made = isinstance(item.clip, ShotClip) and not shots[item.clip.shot].footage
        remedy = f"make {name} at 1080p" if made else "scale it up to 1920x1080"
        findings.add("SF0614", path, message, remedy, related=related)
    if seconds > skyreels_v4.REFERENCE_SECONDS_MAX:
        lasts = _said(seconds, skyreels_v4.REFERENCE_SECONDS_MAX)
        message = f"the model cannot {verb} {name}: it lasts {lasts} s, 15 s is the most"
        findings.add("SF0615", path, message, f"shorten {name}", related=related)
    elif seconds > UPSTREAM_CLIP_SECONDS:
        lasts = _said(seconds, UPSTREAM_CLIP_SECONDS)
        message = f"{name} lasts {lasts} s; the model's makers take reference clips of 10 s"
        findings.add("SF0802", path, message, f"keep {name} at 10 s to be safe", related=related)


def _measures(item: ClipReference, shots: Mapping[str, Shot]) -> tuple[int, Fraction, str, str]:
    if isinstance(item.clip, FileMedia):
        facts = item.clip.facts
        assert isinstance(facts, ClipFacts)
        return facts.pixels, facts.seconds, item.clip.path, f"{facts.width}x{facts.height}"
    assert isinstance(item.clip, ShotClip)
    output = shots[item.clip.shot].output
    return output.size.pixels, output.seconds, item.clip.shot, str(output.size)


def check_ignored(board: WrittenBoard, findings: Findings) -> None:
    """Every code that the board or a shot ignores is one that may be ignored."""
    lists: list[tuple[Path, tuple[str | None, ...]]] = [(("ignore",), board.ignore)]
    lists.append((("defaults", "ignore"), tuple(board.defaults.get("ignore", ()))))
    lists += [(shot.path("ignore"), tuple(shot.own.get("ignore", ()))) for shot in board.shots.values()]
    named = [((*path, number), code) for path, codes in lists for number, code in enumerate(codes)]
    for path, code in named:
        if code in CODES and code not in WAIVABLE:
            message = f"{code} cannot be ignored: {CODES[code]}"
            findings.add("SF0209", path, message, "mend what it is about; any warning can be ignored")
        elif code is not None and code not in CODES:
            remedy = f"did you mean '{code.upper()}'?" if code.upper() in CODES else "name a code such as SF0802"
            findings.add("SF0209", path, "no problem has this code", remedy)


def check_tags(
    board: WrittenBoard, mentioned: Iterable[str], files: Files, findings: Findings, *, whole: bool
) -> None:
    """What is wrong with tags by themselves, used or not.

    Args:
        mentioned: every name that a prompt mentions, as far as prompts are known.
        whole: whether every prompt is known.
    """
    used = set(mentioned)
    if not whole or used - board.tags.keys() - board.shots.keys() - {EDITED_FILE}:
        used |= board.tags.keys()  # a mention that is lost or misspelt may be of any of them
    for name, tag in board.tags.items():
        kinds = [key for key in ("images", "grid", "video") if key in tag]
        if name in board.shots:
            # What a library calls its own is not what this board can mend.
            path, other = ("tags", name), ("shots", name)
            path, other = (other, path) if findings.elsewhere(path) else (path, other)
            message = f"'{name}' is a tag and a shot: @{name} could mean either"
            related = [(other, f"the {other[0].removesuffix('s')}")]
            findings.add("SF0303", path, message, "rename one of the two", related=related)
        if len(kinds) > 1:
            message = f"a tag has one of images, grid and video; '{name}' has {' and '.join(kinds)}"
            findings.add("SF0307", ("tags", name, kinds[1]), message, "make two tags of it")
        if "voice" in tag and not {"images", "grid"} & tag.keys():
            message = f"the voice of '{name}' has no pictures to speak from"
            findings.add("SF0308", ("tags", name, "voice"), message, "add `images:`, or remove the voice")
        mentioning = [mention.name for mention in mentions.find(tag.get("describe", ""))]
        if mentioning:
            message = f"the words of '{name}' mention @{mentioning[0]}, and words are sent as they are"
            findings.add("SF0309", ("tags", name, "describe"), message, "say it in words, or write @@ for a plain @")
        own = not findings.elsewhere(("tags", name))
        _check_tag_media(name, board, files, findings, needed=own or name in used)
        if own and tag and name not in {*used, *board.shots} and mentions.NAME.fullmatch(name):
            findings.add("SF0806", ("tags", name), f"no prompt mentions @{name}", "mention it, or remove the tag")


def _check_tag_media(name: str, board: WrittenBoard, files: Files, findings: Findings, *, needed: bool) -> None:
    """Every medium and shot that a tag names, so that a fault shows before the tag is used.

    Args:
        needed: whether a warning is of any use: a library has more than one board needs.
    """
    tag = board.tags[name]
    looks = [(path, medium.picture, image) for path, image in tag_images(name, board)]
    looks += [(("tags", name, "video"), medium.clip, tag["video"])] if "video" in tag else []
    looks += [(("tags", name, "voice"), medium.voice, tag["voice"])] if "voice" in tag else []
    for path, look, written in looks:
        if not isinstance(written, str) and "shot" in written:
            known_shot(written["shot"], (*path, "shot"), board, findings)
            continue
        try:
            found = look(written, files)
        except FileFault as fault:
            findings.add(fault.code, path, fault.message, fault.remedy)
            continue
        if needed:
            medium.warn_unpinned(found, path, findings)


def _said(seconds: Fraction, limit: int) -> str:
    """A time over a limit, with two digits, or as many as show that it is over."""
    short = f"{float(seconds):.2f}"
    return f"{float(seconds):.6f}" if float(short) <= limit else short


def _defined(names: list[str]) -> list[tuple[Path, str]]:
    return [(("tags", name), f"@{name} is defined here") for name in names]


def _seconds(voice: FileMedia) -> Fraction:
    assert isinstance(voice.facts, VoiceFacts)
    return voice.facts.seconds
