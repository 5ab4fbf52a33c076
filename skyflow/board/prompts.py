"""A shot's prompt, rendered, and the way back from its words to the file that they stand in."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from skyflow.board import medium, mentions
from skyflow.board.files import FileFault
from skyflow.board.source import NOT_TEXT
from skyflow.board.templates import TemplateFault, Templates
from skyflow.board.text import Text
from skyflow.board.written import parse_size
from skyflow.facts import ClipFacts
from skyflow.models import skyreels_v4
from skyflow.problems import Place, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skyflow.board.files import Files
    from skyflow.board.findings import Findings
    from skyflow.board.source import Path, Source
    from skyflow.board.written import WrittenBoard, WrittenShot


ADDRESS = re.compile(r"https?://[^\s/]+\S*")

TAKEN = frozenset({"board", "shot", "shots", "tags", "self", "true", "false", "none", "True", "False", "None"})
"""Names that mean something to a template before any var does."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered prompt.

    Attributes:
        text: stripped, mentions as they are written.
        path: of the key that it comes from.
        written: the template.
        file: the prompt file that holds it; None where the board does.
    """

    text: str
    path: Path
    written: str
    file: str | None
    source: Source

    def place_of(self, name: str) -> Place:
        """Where a mention in the rendered prompt is written; the prompt's own place where a variable brought it."""
        start = next((at.start for at in mentions.find(self.written) if at.name == name), None)
        if start is None:
            return self.source.place(self.path, key=True)
        return self.at(start, len(name) + 1)

    def at(self, offset: int, length: int) -> Place:
        """The place of a stretch of the template."""
        if self.file is None:
            return self.source.inside(self.path, offset, length)
        return Text(self.source.beside(self.file), self.written).place(offset, offset + length)


class Prompts:
    """Renders the prompts of one board."""

    def __init__(self, source: Source, board: WrittenBoard, files: Files, findings: Findings) -> None:
        self._source = source
        self._board = board
        self._files = files
        self._findings = findings
        self._shots = {shot.id: _facts(shot, files) for shot in board.shots.values()}
        tags = {name: {"describe": tag.get("describe", "")} for name, tag in board.tags.items()}
        words = {"board": {"title": board.title}, "shots": self._shots, "tags": tags}
        self._templates = Templates(files, {**board.vars, **words})

    def render(self, shot: WrittenShot) -> Prompt | None:
        """A shot's prompt; None where it has none or could not be rendered, which is then noted."""
        prompt = self._written(shot)
        if prompt is None:
            return None
        try:
            text = self._templates.render(prompt.written, self._shots[shot.id]).strip()
        except TemplateFault as fault:
            # A name that only the refused vars could have is no second problem.
            if not (fault.undefined and "vars" in self._board.refused):
                self._findings.add(
                    "SF0401", prompt.path, fault.message, fault.remedy, place=self._place(prompt, fault)
                )
            return None
        if not text:
            self._findings.add("SF0402", prompt.path, "the prompt is blank", "say what is seen")
            return None
        if bad := NOT_TEXT.search(text):
            message = f"the prompt holds the character U+{ord(bad[0]):04X}, which is no text"
            self._findings.add("SF0405", prompt.path, message, "remove it")
            return None
        return replace(prompt, text=text)

    def address(self, shot: WrittenShot, key: str) -> str | None:
        """A shot's ``webhook`` or ``upload_to``, rendered; None where there is none, or none that can be used.

        No problem of it holds what the template came to.
        """
        written = shot.get(key)
        if written is None:
            return None
        path = shot.path_of(key)
        try:
            address = self._templates.render(written, self._shots[shot.id]).strip()
        except TemplateFault as fault:
            if not (fault.undefined and "vars" in self._board.refused):
                self._findings.add("SF0401", path, fault.message, fault.remedy)
            return None
        if ADDRESS.fullmatch(address):
            return address
        self._findings.add("SF0505", path, f"{key} comes to no URL", "give one that starts with https://")
        return None

    def check_vars(self) -> None:
        """Note every var whose name a template could never reach."""
        for name in sorted(TAKEN & self._board.vars.keys()):
            message = f"templates know '{name}' as something else: this var would be lost"
            self._findings.add("SF0406", ("vars", name), message, "rename it")

    def check_given(self) -> None:
        """Note every value from outside that no var and no template knows: a mistyped name would be silent."""
        if "vars" in self._board.refused:
            return
        known = self._board.vars.keys() - self._board.given
        for name in sorted(self._board.given - self._templates.words - TAKEN):
            message = f"a value is given for '{name}', which no var is called and no template asks for"
            remedy = did_you_mean(name, sorted({*known, *self._templates.words})) or "leave it out, or add it to vars"
            self._findings.add("SF0814", ("vars", name), message, remedy, place=Place(self._source.name))

    def _written(self, shot: WrittenShot) -> Prompt | None:
        """The template, not rendered yet."""
        own = shot.own
        if "prompt" in own and "prompt_file" in own:
            related = [(shot.path("prompt"), "the prompt stands here too")]
            message = "a shot has a prompt or a prompt_file, not both"
            self._findings.add("SF0404", shot.path("prompt_file"), message, "remove one of the two", related=related)
        if "prompt" in own:
            return Prompt("", shot.path("prompt"), own["prompt"], None, self._source)
        if "prompt_file" not in own:
            if not shot.broken:
                self._findings.add("SF0403", shot.path(), f"'{shot.id}' has no prompt", "add `prompt:` or `footage:`")
            return None
        try:
            text = self._files.text(own["prompt_file"])
        except FileFault as fault:
            self._findings.add(fault.code, shot.path("prompt_file"), fault.message, fault.remedy)
            return None
        return Prompt("", shot.path("prompt_file"), text, own["prompt_file"], self._source)

    def _place(self, prompt: Prompt, fault: TemplateFault) -> Place:
        """Where a template's fault is: under the name that is meant, in the file that holds it."""
        if fault.file is not None:
            try:
                whole = self._files.text(fault.file)
            except FileFault:
                return self._source.place(prompt.path)
            return _under(Text(self._source.beside(fault.file), whole), fault)
        text = Text(prompt.file or "", prompt.written)
        found = _under(text, fault)
        return prompt.at(text.offset(found.line) + found.column - 1, found.length)


def _under(text: Text, fault: TemplateFault) -> Place:
    """The word of a fault on its line; without one, the line's first expression."""
    line = text.line(min(fault.line, text.characters.count("\n") + 1))
    word = re.search(rf"\b{re.escape(fault.word)}\b", line) if fault.word else None
    found = word or re.search(r"\{[{%#].*?(?:[}%#]\}|$)", line) or re.search(r"\S.*", line)
    start = text.offset(fault.line) + (found.start() if found else 0)
    return text.place(start, start + (len(found[0]) if found else 1))


def _seen(footage: str, files: Files) -> ClipFacts | None:
    """A clip's measures; None of one that cannot be used, which is noted where the shot is resolved."""
    try:
        facts = medium.footage(footage, files).facts
    except FileFault:
        return None
    return facts if isinstance(facts, ClipFacts) else None


def _facts(shot: WrittenShot, files: Files) -> Mapping[str, Any]:
    """What templates may know of a shot: what the board says, before anything is resolved; footage is looked at."""
    if "footage" in shot.own and (seen := _seen(shot.own["footage"], files)):
        seconds = float(seen.seconds)
        length = int(seconds) if seconds.is_integer() else seconds
        tier = f"{min(seen.width, seen.height)}p"
        return {"id": shot.id, "index": shot.index, "duration": length, "resolution": tier}
    inherits = not (shot.own.keys() & {"resolution", "aspect"})
    size = shot.own.get("size") or (shot.inherited.get("size") if inherits else None)
    tier = skyreels_v4.TIERS[parse_size(size)][0] if size else shot.get("resolution")
    return {
        "id": shot.id,
        "index": shot.index,
        "duration": shot.get("duration") or skyreels_v4.DURATION_DEFAULT,
        "resolution": tier or skyreels_v4.RESOLUTION_DEFAULT,
    }
