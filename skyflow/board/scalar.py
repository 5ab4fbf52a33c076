"""One YAML scalar: what it means, and where in the file a character of it stands."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import yaml

NULL = re.compile(r"(?:|~|null|Null|NULL)")
BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)")
INT = re.compile(r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)")
FLOAT = re.compile(
    r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)
MAX_DIGITS = 400
CORE = "tag:yaml.org,2002:"
NAMES = {"str", "int", "float", "bool", "null"}


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
        number = math.inf if text.strip("+-.")[:1] in "iInN" else float(text)
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
    visible = len(re.sub(r"\s", "", value[:offset]))
    body, units = _units(written, style)
    for number, match in enumerate(units.finditer(written, body)):
        if number == visible:
            return match.start()
    return max(0, len(written.rstrip()) - 1)


def _units(written: str, style: str) -> tuple[int, re.Pattern[str]]:
    """Where a scalar's body starts, and what one visible character of it looks like."""
    properties = re.match(r"(?:[&!]\S*\s+)*", written)
    first = properties.end() if properties else 0
    if style in {"|", ">"}:
        return written.find("\n") + 1, re.compile(r"\S")
    if style == "'":
        return first + 1, re.compile(r"''|\S")
    if style == '"':
        escape = r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[^\sntrNLP_\t 0abvxuU])"
        blank = r"\\(?:[ntrNLP_ \t0abve]|\n\s*)"
        return first + 1, re.compile(rf"(?:(?:{blank})|\s)*({escape}|\S)")
    return first, re.compile(r"\S")
