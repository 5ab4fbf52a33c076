"""What can be wrong with a board, said so that a person can mend it.

A problem has a stable code, a place, the text there, what is wrong and what to do. Problems are data; only
``terminal`` turns them into text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A stretch of one line of a file.

    Attributes:
        file: the name that a person knows the file by, as given or relative to the board's folder.
        line: counted from 1; 0 where the whole file is meant.
        column: counted from 1, in characters.
        length: how many characters the caret covers, at least 1.
        text: the whole line, without its line break.
    """

    file: str
    line: int = 0
    column: int = 0
    length: int = 1
    text: str = ""


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that explains a problem: the first of two duplicates, an edge of a cycle."""

    place: Place
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a board.

    Attributes:
        code: stable, ``SF`` and four digits; see CODES.
        place: where.
        path: the keys that lead there, such as ``shots.climb.duration``.
        message: what is wrong, one sentence without a trailing period.
        remedy: how to mend it, imperative, or empty where the message says it.
    """

    code: str
    place: Place
    path: str
    message: str
    remedy: str = ""
    related: tuple[Related, ...] = field(default=())

    @property
    def severity(self) -> Severity:
        return "warning" if CODES[self.code].startswith("warning: ") else "error"


CODES: dict[str, str] = {}
"""Every code, and in one line what it stands for; the docs list them and a test holds the two together."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` Did you mean 'x'?`` as a sentence, or an empty string where nothing is near."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'?" if near else ""
