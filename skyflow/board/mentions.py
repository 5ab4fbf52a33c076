"""The grammar of mentions: ``@name`` in a prompt.

A name is a letter, then letters, digits and underscores, all of ASCII; ``@@`` is a plain @. A mention does not
follow a letter, digit or underscore, so ``ops@example.com`` and ``josé@example.com`` are none. The letters of scripts
that are written without spaces may stand right before a mention: in ``看@keeper走`` the name is ``keeper``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UNSPACED = (
    "\u0e00-\u109f"  # Thai, Lao, Tibetan, Burmese
    "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"  # Hangul: a particle stands right behind its word
    "\u1780-\u17ff"  # Khmer
    "\u2e80-\u312f\u3190-\u9fff\uf900-\ufaff\uff66-\uffdc"  # Chinese, kana, bopomofo
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
"""The letters that may stand right before a mention, as a part of a class."""

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
NOT_BEHIND = rf"(?<![^\W{UNSPACED}])(?<![\u0300-\u036f])"
"""No letter stands here, nor an accent that makes one of the letter before it."""

TOKEN = re.compile(rf"@@|{NOT_BEHIND}@({NAME.pattern})")
MENTION = re.compile(rf"{NOT_BEHIND}@({NAME.pattern})")
"""In a prompt as the provider gets it, where ``@@`` has become @ and stands for itself."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention.

    Attributes:
        start: of its @, an offset into the prompt.
    """

    name: str
    start: int


def find(prompt: str) -> Iterator[Mention]:
    """Every mention, in order."""
    for match in TOKEN.finditer(prompt) if "@" in prompt else ():
        if match[1]:
            yield Mention(match[1], match.start())


def rewrite(prompt: str, words: Callable[[str], str]) -> str:
    """The prompt with each mention replaced by what ``words`` says for its name, and ``@@`` by @."""
    return TOKEN.sub(lambda match: words(match[1]) if match[1] else "@", prompt) if "@" in prompt else prompt
