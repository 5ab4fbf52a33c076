"""A shot with its prompt rendered and its mentions resolved, before anything is known of other shots' clips.

From drafts come the graph's edges: a tag that is made from a shot makes a dependency only where it is mentioned,
and what is mentioned shows only once the prompt is rendered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from skyflow.board import medium, mentions
from skyflow.board.files import FileFault
from skyflow.board.model import Delivery
from skyflow.problems import did_you_mean, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from skyflow.board.files import Files
    from skyflow.board.findings import Findings
    from skyflow.board.medium import Written
    from skyflow.board.model import Address, EdgeKind, FileMedia
    from skyflow.board.prompts import Prompt
    from skyflow.board.source import Path
    from skyflow.board.written import WrittenBoard, WrittenShot

EDITED_FILE = "video1"
"""What a prompt calls a clip that is edited and is a file, not a shot."""


@dataclass(frozen=True, slots=True)
class DraftClip:
    """A reference clip: what it does, what the prompt calls it, which shot or medium it is, where that is said."""

    kind: Literal["extend", "reference"]
    tag: str
    clip: str | FileMedia | Address
    path: Path


@dataclass(frozen=True, slots=True)
class Edge:
    """One shot depends on another, and where the board says so."""

    upstream: str
    kind: EdgeKind
    path: Path


@dataclass(slots=True)
class Draft:
    """One shot, half resolved.

    Attributes:
        prompt: in its final words.
        mentions: tags that the prompt mentions, whatever becomes of them, in order of first mention.
        picture_tags: tags whose pictures go with the request, in order of first mention.
        clips: reference clips, what is extended or edited first.
        delivery: how the provider hands the result over.
        notes: what was decided for the author.
    """

    shot: WrittenShot
    prompt: str = ""
    mentions: tuple[str, ...] = ()
    picture_tags: tuple[str, ...] = ()
    clips: tuple[DraftClip, ...] = ()
    footage: FileMedia | None = None
    edges: tuple[Edge, ...] = ()
    delivery: Delivery = field(default_factory=Delivery)
    notes: list[str] = field(default_factory=list)


def draft(shot: WrittenShot, prompt: Prompt | None, board: WrittenBoard, files: Files, findings: Findings) -> Draft:
    """Resolve what a shot says by itself.

    Args:
        prompt: rendered; None where it could not be, or for footage.
    """
    made = Draft(shot, clips=tuple(_own_clips(shot, board, files, findings)))
    if prompt is not None:
        made.clips += tuple(_tag_clips(prompt, board, files, findings))
        _resolve_mentions(made, prompt, board, findings)
    made.edges = tuple(_edges(made, board, findings))
    return made


def _own_clips(shot: WrittenShot, board: WrittenBoard, files: Files, findings: Findings) -> Iterator[DraftClip]:
    """What the shot extends and edits."""
    extended = shot.own.get("extends")
    if extended is not None and known_shot(extended, shot.path("extends"), board, findings):
        yield DraftClip("extend", extended, extended, shot.path("extends"))
    edited = shot.own.get("edits")
    if edited is None:
        return
    path = shot.path("edits")
    if not isinstance(edited, str) or edited not in board.shots:
        yield from _edited_medium(edited, path, board, files, findings)
    elif edited == extended:
        message = f"'{edited}' cannot be extended and edited at once: @{edited} would mean both"
        findings.add("SF0608", path, message, "remove `extends` or `edits`")
    else:
        yield DraftClip("reference", edited, edited, path)


def _edited_medium(
    edited: Written, path: Path, board: WrittenBoard, files: Files, findings: Findings
) -> Iterator[DraftClip]:
    """The clip of a file or address that is edited; a name that no file has is taken for a shot's."""
    for kind, named in (("tags", board.tags), ("shots", board.shots)):
        if EDITED_FILE in named:
            message = f"@{EDITED_FILE} is what a prompt calls an edited file, and the name of something else here"
            findings.add("SF0303", (kind, EDITED_FILE), message, "rename it", related=[(path, "the edited file")])
    try:
        clip = medium.clip(edited, files)
    except FileFault as fault:
        if fault.code == "SF0501" and isinstance(edited, str) and not {".", "/"} & set(edited):
            known_shot(edited, path, board, findings)
        else:
            findings.add(fault.code, path, fault.message, fault.remedy)
        return
    medium.warn_unpinned(clip, path, findings)
    yield DraftClip("reference", EDITED_FILE, clip, path)


def _tag_clips(prompt: Prompt, board: WrittenBoard, files: Files, findings: Findings) -> Iterator[DraftClip]:
    """The clips of mentioned tags, each once."""
    for name in dict.fromkeys(mention.name for mention in mentions.find(prompt.text)):
        if video := board.tags.get(name, {}).get("video"):
            path = ("tags", name, "video")
            try:
                yield DraftClip("reference", name, medium.clip(video, files), path)
            except FileFault as fault:
                findings.add(fault.code, path, fault.message, fault.remedy)


def _resolve_mentions(made: Draft, prompt: Prompt, board: WrittenBoard, findings: Findings) -> None:
    """Check every mention, choose pictures or words for it, add the mention of a clip that has none."""
    own = {clip.tag for clip in made.clips}
    pictures: dict[str, None] = {}
    words: dict[str, str] = {}
    for mention in mentions.find(prompt.text):
        tag = board.tags.get(mention.name)
        if mention.name in own:
            continue
        if tag is None:
            _unknown(made.shot, mention.name, prompt, board, findings)
        elif not (tag.keys() & {"images", "grid", "video"}):
            words[mention.name] = _said(tag)
        elif "video" not in tag and made.clips:
            words[mention.name] = _in_words(made, mention.name, tag, prompt, findings)
        elif "video" not in tag:
            pictures[mention.name] = None
    found = dict.fromkeys(mention.name for mention in mentions.find(prompt.text))
    made.mentions = tuple(name for name in found if name in board.tags)
    made.picture_tags = tuple(pictures)
    text = mentions.rewrite(prompt.text, lambda name: words.get(name, f"@{name}"))
    for clip in reversed(made.clips):
        if clip.tag not in found:
            text = f"@{clip.tag} {text}"
            made.notes.append(f"@{clip.tag} added to the prompt")
    made.prompt = text


def _unknown(shot: WrittenShot, name: str, prompt: Prompt, board: WrittenBoard, findings: Findings) -> None:
    where, path = prompt.place_of(name), prompt.path
    if "tags" in board.refused:
        return
    if name == shot.id:
        message = f"@{name} is the shot itself, which its own prompt cannot mention"
        findings.add("SF0305", path, message, "say it in words, or name a tag", place=where)
        return
    if name in board.shots:
        if not shot.broken:
            message = f"@{name} is a shot that this one neither extends nor edits"
            findings.add("SF0305", path, message, f"add `extends: {name}`, or name a tag", place=where)
        return
    known = [*board.tags, *board.shots]
    remedy = did_you_mean(name, known) or "add it to tags, or write @@ for a plain @"
    findings.add("SF0304", path, f"@{name} is no tag and no shot", remedy, place=where)


def _in_words(made: Draft, name: str, tag: Mapping[str, Any], prompt: Prompt, findings: Findings) -> str:
    """A tag's words, where its pictures cannot go beside a clip."""
    if "describe" not in tag:
        clip = made.clips[0]
        message = f"@{name} has pictures, which the model cannot take beside the clip @{clip.tag}"
        related = [(("tags", name), f"@{name} is defined here"), (clip.path, "the clip comes from here")]
        remedy = f"add `describe:` to the tag '{name}'"
        findings.add("SF0306", prompt.path, message, remedy, place=prompt.place_of(name), related=related)
        return name
    note = f"@{name} in words: {_said(tag)}"
    if "voice" in tag:
        note += " (without its voice)"
    if note not in made.notes:
        made.notes.append(note)
    return _said(tag)


def _said(tag: Mapping[str, Any]) -> str:
    """A tag's words as they stand in a prompt; a tag that the schema refused has none."""
    return mentions.rewrite(tag.get("describe", ""), lambda name: f"@{name}")


def known_shot(name: str, path: Path, board: WrittenBoard, findings: Findings) -> bool:
    """Whether a shot of this name exists; notes a problem where not."""
    if name in board.shots:
        return True
    remedy = did_you_mean(name, board.shots) or f"shots: {listed(board.shots)}"
    findings.add("SF0301", path, f"there is no shot '{name}'", remedy)
    return False


def _edges(made: Draft, board: WrittenBoard, findings: Findings) -> Iterator[Edge]:
    """Everything that this shot depends on."""
    for clip in made.clips:
        if isinstance(clip.clip, str):
            yield Edge(clip.clip, "extends" if clip.kind == "extend" else "edits", clip.path)
    for number, pin in enumerate(made.shot.own.get("frames", ())):
        image, path = pinned(pin, made.shot.path("frames", number))
        named = image.get("shot") if isinstance(image, dict) else None
        if named is not None and known_shot(named, (*path, "shot"), board, findings):
            yield Edge(named, "frames", (*path, "shot"))
    for name in made.picture_tags:
        yield from _tag_edges(name, board, findings)
    needs = made.shot.own.get("needs", ())
    for number, name in enumerate([needs] if isinstance(needs, str) else needs):
        path = made.shot.path("needs") if isinstance(needs, str) else made.shot.path("needs", number)
        if name is not None and known_shot(name, path, board, findings):
            yield Edge(name, "needs", path)


def _tag_edges(name: str, board: WrittenBoard, findings: Findings) -> Iterator[Edge]:
    for path, image in tag_images(name, board):
        named = image.get("shot") if isinstance(image, dict) else None
        if named is not None and known_shot(named, (*path, "shot"), board, findings):
            yield Edge(named, "tag", (*path, "shot"))


def pinned(pin: Any, path: Path) -> tuple[Any, Path]:  # noqa: ANN401 - a medium as it is written, or a mapping
    """The medium of a pin with its path, whether it stands by itself or under ``image``."""
    return (pin["image"], (*path, "image")) if isinstance(pin, dict) and "image" in pin else (pin, path)


def tag_images(name: str, board: WrittenBoard) -> Iterator[tuple[Path, Any]]:
    """A tag's sound pictures as they are written, each with its path; a grid is its only one."""
    tag = board.tags[name]
    for number, image in enumerate(tag.get("images", ())):
        if image is not None:
            yield ("tags", name, "images", number), image
    if "grid" in tag:
        yield ("tags", name, "grid"), tag["grid"]
