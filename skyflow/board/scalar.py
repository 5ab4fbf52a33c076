"""One YAML scalar: what it means, and where in the file a character of it stands."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import yaml

NULL = re.compile(r"(?:|~|null|Null|NULL)")
BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)")
INT = re.compile(r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)")
FLOAT = re.compile(
    r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)
NOT_TEXT = frozenset("~nNtTfF+-.0123456789")
"""How a plain scalar begins that is anything but text; most are text."""

MAX_DIGITS = 400
CORE = "tag:yaml.org,2002:"
NAMES = {"str", "int", "float", "bool", "null"}

PROPERTIES = re.compile(r"(?:[&!]\S*\s+(?:#[^\n]*\s+)*)*")
"""Anchor and tag before a scalar, and comments between."""

BLANK_ESCAPES = "\n \tntrvfNLP_"
UNITS = {
    "": re.compile(r"\S"),
    "|": re.compile(r"\S"),
    ">": re.compile(r"\S"),
    "'": re.compile(r"''|\S"),
    '"': re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|\S", re.DOTALL),
}
"""What one visible character of a value looks like in each style."""


class Scalars:
    """Scalars to Python values by the core schema of YAML 1.2."""

    def __init__(self, note: Callable[[str, int, int, str, str], None]) -> None:
        self._note = note

    def resolve(self, event: yaml.ScalarEvent, start: int, end: int) -> str | int | float | bool | None:
        """What a scalar means. A tag other than the core schema's is a problem, and the text stands for itself."""
        text: str = event.value
        tag: str | None = event.tag
        if tag is None:
            return text if event.style else self.plain(text, start, end)
        name = tag.removeprefix(CORE)
        if tag == "!" or name == "str":
            return text
        if name not in NAMES:
            self.unknown_tag(tag, start)
            return text
        return self.plain(text, start, end)

    def plain(self, text: str, start: int, end: int) -> str | int | float | bool | None:
        if text and text[0] not in NOT_TEXT:
            return text
        if NULL.fullmatch(text):
            return None
        if BOOL.fullmatch(text):
            return text[0] in "tT"
        if not (INT.fullmatch(text) or FLOAT.fullmatch(text)):
            return text
        if len(text) > MAX_DIGITS:
            return self.not_a_number(start, end, "this number is too long")
        if INT.fullmatch(text):
            return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
        number = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        return number if math.isfinite(number) else self.not_a_number(start, end, f"{text} is not a finite number")

    def not_a_number(self, start: int, end: int, message: str) -> int:
        self._note("SF0110", start, end, message, "write a plain number")
        return 0

    def unknown_tag(self, tag: str, at: int) -> None:
        shown = tag.replace(CORE, "!!")
        self._note("SF0111", at, at + len(shown), f"the YAML tag {shown} means nothing here", "remove it")


def align(written: str, style: str, value: str, offset: int) -> int:
    """Where in a scalar as written the character of its value at ``offset`` stands.

    Indentation, folding and chomping touch white space only, so the n-th visible character of a value is the n-th
    visible one as written, once quotes and escapes are seen through. White space is placed with what follows it.
    """
    before = sum(not character.isspace() for character in value[:offset])
    last = 0
    for number, start in enumerate(_visible(written, style)):
        last = start
        if number == before:
            break
    return last


def _visible(written: str, style: str) -> Iterator[int]:
    """Where each visible character of a scalar's value starts in what is written."""
    properties = PROPERTIES.match(written)
    start = properties.end() if properties else 0
    if style in {"|", ">"}:
        start = written.find("\n", start) + 1 or len(written)
    elif style:
        start += 1
    end = len(written) - (style in {"'", '"'})
    for match in UNITS[style].finditer(written, start, end):
        if not _is_blank(match[0]):
            yield match.start()


def _is_blank(unit: str) -> bool:
    """Whether an escape of a double-quoted scalar stands for white space, or for nothing: a folded line."""
    if len(unit) == 1 or unit[0] != "\\":
        return False
    kind, code = unit[1], unit[2:]
    return chr(int(code, 16)).isspace() if code else kind in BLANK_ESCAPES
