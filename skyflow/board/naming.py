"""Templates that only name values, as nearly all do: ``{{ style }}, rain. {{ tags.keeper.describe }}``.

Such a one is written without compiling it, which takes a thousand times as long. What it says is to the letter what
Jinja2 would write; where that is not plain to see, this says nothing and Jinja2 is asked.
"""

from __future__ import annotations

import re
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMED = re.compile(r"(?<!\{)\{\{[ \t\n]*([A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*)[ \t\n]*\}\}")
MARKS = re.compile(r"\{[{%#]|\r")
"""What only Jinja2 reads: any other expression, a statement, a comment; and it writes a carriage return anew."""

SPECIAL = frozenset({"true", "false", "none", "self", "super", "loop", "caller", "varargs", "kwargs"})
"""Names that mean something to a template whatever a board calls so."""


def written(template: str, scope: Mapping[str, Any], shot: Mapping[str, Any]) -> str | None:
    """What a template comes to; None of one that does more than to name texts and whole numbers.

    Args:
        scope: the names that every template knows; ``shot`` stands beside them.
    """
    pieces = NAMED.split(template)
    for number in range(1, len(pieces), 2):
        value = _value(pieces[number].split("."), scope, shot)
        if value is None:
            return None
        pieces[number] = value
    return None if any(map(MARKS.search, pieces[::2])) else "".join(pieces)


def _value(steps: list[str], scope: Mapping[str, Any], shot: Mapping[str, Any]) -> str | None:
    """A value as it is printed; None where only Jinja2 knows."""
    first, *rest = steps
    if first in SPECIAL or iskeyword(first):
        return None
    value: Any = shot if first == "shot" else scope.get(first)
    for step in rest:
        # A mapping's own methods come before its keys.
        value = value.get(step) if isinstance(value, dict) and not hasattr(dict, step) else None
    return str(value) if type(value) in {str, int} else None
