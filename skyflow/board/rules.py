"""The model's rules, held against shots whose every measure is known.

What the model's page states is an error, before anything is paid. What only its makers' own interface or other
gateways add is a warning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyflow.board import beside, mentions
from skyflow.board.draft import known_shot, tag_images
from skyflow.board.files import FileFault
from skyflow.board.model import FileMedia, ShotClip
from skyflow.facts import ClipFacts, VoiceFacts
from skyflow.models import skyreels_v4
from skyflow.problems import CODES, WAIVABLE, did_you_mean

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
    _beyond_the_page(shot, draft, findings)
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
        message = f"the model takes a grid or images, not both: {_at(grids)} and {_at(images)}"
        place = prompt.place_of(grids[0])
        findings.add("SF0611", prompt.path, message, "mention one kind only", place=place, related=_defined(images))
    if len(images) > skyreels_v4.IMAGE_GROUPS_MAX:
        message = (
            f"the model takes {skyreels_v4.IMAGE_GROUPS_MAX} tags with images, the prompt mentions {len(images)}"
        )
        remedy = f"leave one of {_at(images)} out, or give it only words"
        place = prompt.place_of(images[skyreels_v4.IMAGE_GROUPS_MAX])
        findings.add("SF0612", prompt.path, message, remedy, place=place, related=_defined(images))
    if len(grids) > skyreels_v4.GRIDS_MAX:
        message = f"the model takes one grid, the prompt mentions {len(grids)}: {_at(grids)}"
        place = prompt.place_of(grids[skyreels_v4.GRIDS_MAX])
        findings.add("SF0613", prompt.path, message, "mention one", place=place, related=_defined(grids))
    for item in shot.references:
        if item.voice and _seconds(item.voice) > skyreels_v4.VOICE_SECONDS_MAX:
            message = (
                f"the voice lasts {float(_seconds(item.voice)):.1f} s, {skyreels_v4.VOICE_SECONDS_MAX} s is the most"
            )
            findings.add("SF0616", ("tags", item.tag, "voice"), message, "cut it shorter")


def _reference_clip(item: ClipReference, path: Path, shots: Mapping[str, Shot], findings: Findings) -> None:
    """A clip that is extended, edited or moved like: long and large as the model takes it."""
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
        message = f"the model cannot {verb} {name}: it lasts {float(seconds):.2f} s, 15 s is the most"
        findings.add("SF0615", path, message, f"shorten {name}", related=related)
    elif seconds > UPSTREAM_CLIP_SECONDS:
        message = f"{name} lasts {float(seconds):.2f} s; the model's makers take reference clips of 10 s"
        findings.add("SF0802", path, message, f"keep {name} at 10 s to be safe", related=related)


def _measures(item: ClipReference, shots: Mapping[str, Shot]) -> tuple[int, Fraction, str, str]:
    if isinstance(item.clip, FileMedia):
        facts = item.clip.facts
        assert isinstance(facts, ClipFacts)
        return facts.pixels, facts.seconds, item.clip.path, f"{facts.width}x{facts.height}"
    output = shots[item.clip.shot].output
    return output.size.pixels, output.seconds, item.clip.shot, str(output.size)


def _beyond_the_page(shot: Shot, draft: Draft, findings: Findings) -> None:
    """What the model's makers refuse and the provider's page does not mention."""
    written = draft.shot
    if shot.pins and (shot.references or shot.clips):
        tags = _at([item.tag for item in shot.references] + [item.tag for item in shot.clips])
        message = f"frames beside references ({tags}): the model's makers do not take both"
        findings.add("SF0801", written.path("frames"), message, "use one of them to be safe")
    if len(shot.clips) > 1:
        message = f"several reference clips ({_at([item.tag for item in shot.clips])}): the model's makers take one"
        findings.add("SF0803", written.path(), message, "use one to be safe")
    if shot.duration != int(shot.duration):
        path = written.path_of("duration")
        message = f"{shot.duration} s: the model's makers take whole seconds"
        findings.add("SF0804", path, message, "use whole seconds to be safe")
    for item in shot.references:
        if item.kind == "grid" and item.voice:
            message = f"@{item.tag} has a grid and a voice: the model's makers take a voice beside images only"
            findings.add("SF0805", ("tags", item.tag, "voice"), message, "use images to be safe")


def check_ignored(board: WrittenBoard, findings: Findings) -> None:
    """Every code that the board or a shot ignores is one that may be ignored."""
    lists: list[tuple[Path, tuple[str | None, ...]]] = [(("ignore",), board.ignore)]
    lists += [(shot.path("ignore"), tuple(shot.own.get("ignore", ()))) for shot in board.shots.values()]
    named = [((*path, number), code) for path, codes in lists for number, code in enumerate(codes)]
    for path, code in named:
        if code in CODES and code not in WAIVABLE:
            message = f"{code} cannot be ignored: {CODES[code]}"
            findings.add("SF0209", path, message, "mend what it is about; any warning can be ignored")
        elif code is not None and code not in CODES:
            remedy = did_you_mean(code, CODES) or "name a code such as SF0802"
            findings.add("SF0209", path, "no problem has this code", remedy)


def check_tags(board: WrittenBoard, mentioned: Iterable[str], files: Files, findings: Findings) -> None:
    """What is wrong with tags by themselves, used or not."""
    used = set(mentioned)
    for name, tag in board.tags.items():
        kinds = [key for key in ("images", "grid", "video") if key in tag]
        if name in board.shots:
            related = [(("shots", name), "the shot")]
            message = f"'{name}' is a tag and a shot: @{name} could mean either"
            findings.add("SF0303", ("tags", name), message, "rename one of the two", related=related)
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
        _check_tag_files(name, board, files, findings)
        own = not findings.elsewhere(("tags", name))  # a library has more than one board needs
        if own and tag and name not in used and mentions.NAME.fullmatch(name):
            findings.add("SF0806", ("tags", name), f"no prompt mentions @{name}", "mention it, or remove the tag")


def _check_tag_files(name: str, board: WrittenBoard, files: Files, findings: Findings) -> None:
    """Every file and shot that a tag names, so that a fault shows before the tag is used."""
    tag = board.tags[name]
    looks = [(path, files.image, image) for path, image in tag_images(name, board)]
    looks += [(("tags", name, "video"), files.clip, tag["video"])] if "video" in tag else []
    looks += [(("tags", name, "voice"), files.voice, tag["voice"])] if "voice" in tag else []
    for path, look, written in looks:
        if not isinstance(written, str):
            known_shot(written["shot"], (*path, "shot"), board, findings)
            continue
        try:
            look(written)
        except FileFault as fault:
            findings.add(fault.code, path, fault.message, fault.remedy)


def _at(names: list[str]) -> str:
    return ", ".join(f"@{name}" for name in names)


def _defined(names: list[str]) -> list[tuple[Path, str]]:
    return [(("tags", name), f"@{name} is defined here") for name in names]


def _seconds(voice: FileMedia) -> Fraction:
    assert isinstance(voice.facts, VoiceFacts)
    return voice.facts.seconds
