"""A YAML document: what it says, and where it says it.

The data stays plain dicts and lists and the places lie beside it, found by the way that leads to a value. An
alias shares its anchor's data and so its places, which keeps both as small as the text.
"""

from __future__ import annotations

import json
import posixpath
import re
from typing import Any, NamedTuple, TypeAlias

import yaml

from skyflow.board import events
from skyflow.board.broken import broken
from skyflow.board.scalar import align
from skyflow.board.text import Text, decode
from skyflow.problems import Place, Problem, Related

Path: TypeAlias = "tuple[str | int, ...]"

MAX_BYTES = 16 * 1024 * 1024

NOT_TEXT = re.compile("[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML 1.2 does not let a document hold."""


def dotted(path: Path) -> str:
    """``shots.climb.frames[0].at``; a step that a person could not read in a line is quoted."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if step.isprintable() and not re.search(r"[\s.\[\]]", step) else f".{json.dumps(step)}"
    return text.removeprefix(".")


class Spot(NamedTuple):
    """Where a key and its value stand: offsets into the text. An item of a list has no key (-1)."""

    key: int
    key_end: int
    start: int
    end: int
    style: str


class Source:
    """A YAML file, read.

    Attributes:
        name: what a person calls the file.
        text: as it is written.
        data: plain dicts, lists and scalars; None where nothing could be read.
        problems: what is wrong with it as YAML. The data is as complete as they allow.
    """

    def __init__(self, name: str, content: bytes) -> None:
        self.name = name
        self.data: Any = None
        self.problems: list[Problem] = []
        self._spots: events.Spots = {}
        self._root = Spot(-1, -1, 0, 1, "")
        self.text = Text(name, self._decode(content))
        if not self.problems:
            self._read()

    def place(self, path: Path, *, key: bool = False) -> Place:
        """The place of a value; of its key where the value is a mapping, a list or nothing, or ``key`` asks for it.

        A path that leads to nothing gives the place of the nearest thing above it.
        """
        spot, value, whole = self._find(path)
        if spot.key >= 0 and (key or not whole or isinstance(value, dict | list) or spot.start == spot.end):
            return self.text.place(spot.key, spot.key_end)
        return self.text.place(spot.start, spot.end)

    def inside(self, path: Path, offset: int, length: int = 1) -> Place:
        """The place of a stretch of a text value, however the scalar is written.

        Args:
            offset: counted in the value's own characters, from 0. An alias is shown whole, for it is not the text.
        """
        spot, value, whole = self._find(path)
        if not whole or not isinstance(value, str) or spot.style == events.ALIAS:
            return self.place(path)
        written = self.text.characters[spot.start : spot.end]
        start = align(written, spot.style, value, offset)
        end = align(written, spot.style, value, offset + max(1, length) - 1) + 1
        return self.text.place(spot.start + start, spot.start + max(end, start + 1))

    def beside(self, path: str) -> str:
        """What a person calls a file that this one names relative to itself."""
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.name), path))

    def _find(self, path: Path) -> tuple[Spot, Any, bool]:
        """The spot and value at a path, or of the last step that exists; and whether that is the whole path."""
        spot, value = self._root, self.data
        for step in path:
            table = self._spots.get(id(value), {}) if isinstance(value, dict | list) else {}
            if step not in table:
                return spot, value, False
            spot, value = Spot(*table[step]), value[step]
        return spot, value, True

    def _decode(self, content: bytes) -> str:
        if len(content) > MAX_BYTES:
            self._blank("SF0102", f"the file is over {MAX_BYTES // 1024 // 1024} MiB", "split the board")
            return ""
        try:
            return decode(content)
        except UnicodeDecodeError as error:
            self.problems.append(not_utf8(self.name, content, error))
            return ""

    def _blank(self, code: str, message: str, remedy: str) -> None:
        self.problems.append(Problem(code, Place(self.name), "", message, remedy))

    def _note(
        self, code: str, path: Path, stretch: tuple[int, int], message: str, remedy: str, *also: tuple[int, int, str]
    ) -> None:
        related = tuple(Related(self.text.place(first, last), words) for first, last, words in also)
        self.problems.append(Problem(code, self.text.place(*stretch), dotted(path), message, remedy, related))

    def _read(self) -> None:
        characters = self.text.characters
        if bad := NOT_TEXT.search(characters):
            message = f"the character U+{ord(bad[0]):04X} cannot stand in YAML"
            # Every other byte of UTF-16 is zero, as long as the letters are plain ones.
            wide = bad[0] == "\0" and characters[1:4:2].replace("\0", "") == "" and characters[:1] > "\0"
            remedy = "save the file as UTF-8: it looks like UTF-16" if wide else "remove it"
            self._note("SF0103", (), bad.span(), message, remedy)
            return
        try:
            built = events.build(iter(yaml.CSafeLoader(characters).get_event, None), self._spots, self._note)
            self.data, self._root = built.data, Spot(*built.spot)
        except yaml.MarkedYAMLError as error:
            self._syntax(error)
        if self.data is None and not self.problems:
            self._blank("SF0104", "the file is empty", "start with `skyflow: 1`, or run `skyflow init`")

    def _syntax(self, error: yaml.MarkedYAMLError) -> None:
        found = broken(self.text.characters, error)
        also = [found.also] if found.also else []
        self._note("SF0101", (), (found.start, found.end), found.message, found.remedy, *also)


def not_utf8(name: str, content: bytes, error: UnicodeDecodeError) -> Problem:
    """The problem of a file that is not UTF-8, at its first wrong byte."""
    before = content[: error.start].decode("utf-8", "replace")
    column = len(before) - (before.rfind("\n") + 1) + 1
    place = Place(name, before.count("\n") + 1, column)
    wide = content[:2] in {b"\xff\xfe", b"\xfe\xff"}
    message = "the file is UTF-16, not UTF-8" if wide else f"byte 0x{content[error.start]:02x} is not UTF-8"
    return Problem("SF0103", place, "", message, "save the file as UTF-8")
