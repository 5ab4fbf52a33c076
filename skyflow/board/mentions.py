"""The grammar of mentions: ``@name`` in a prompt.

A name is a letter, then letters, digits and underscores, all of ASCII; ``@@`` is a plain @. A mention does not
follow a character that a name could hold, so ``ops@example.com`` is none. Scripts without spaces may stand right
beside a mention: in ``看@keeper走`` the name is ``keeper``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
TOKEN = re.compile(rf"@@|(?<![A-Za-z0-9_])@({NAME.pattern})")


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
    for match in TOKEN.finditer(prompt):
        if match[1]:
            yield Mention(match[1], match.start())


def rewrite(prompt: str, words: Callable[[str], str]) -> str:
    """The prompt with each mention replaced by what ``words`` says for its name, and ``@@`` by @."""
    return TOKEN.sub(lambda match: words(match[1]) if match[1] else "@", prompt)
