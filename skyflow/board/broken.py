"""Where a text stops being YAML, as the one who wrote it sees it.

A parser notices a quote, a bracket or a colon that is missing only where the text makes no sense any more, often many
lines further down. Here the place is the one that has to be mended, and the words are a person's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY_LINE = re.compile(r"\s*(?:- )?[\"']?[\w.-]+[\"']?:(?:\s|$)")
"""A line that begins with a key. Inside a quoted text it shows that the quote was meant to end before."""

TIGHT = re.compile(r"(?:- )?[\"']?[\w.-]+[\"']?:(?=\S)")
"""A key whose colon is not followed by a space."""

TEXTS = re.compile(r"\s*(?:- )?[\"']?(?:title|prompt|describe)[\"']?:")
"""A line that begins with a key whose value is text, in which no key is meant."""

LAYOUT = "check brackets, quotes and the indentation of this line and the one before"

SAYINGS = {
    "mapping values are not allowed": (
        "this colon makes a key of what stands before it, where no key can be",
        "put quotes around text that holds `: `, or mend the indentation",
    ),
    "did not find expected ',' or '}'": ("a comma or } is expected here", "add it, or put quotes around the text"),
    "did not find expected ',' or ']'": ("a comma or ] is expected here", "add it, or put quotes around the text"),
    "did not find expected '-' indicator": (
        "an item is expected here",
        "begin it with `- `, or mend the indentation",
    ),
    "did not find expected comment or line break": (
        "no text can stand behind | or >",
        "begin it on the next line, indented",
    ),
    "found unknown escape character": ("this is no escape", "write \\\\ for a backslash, or use single quotes"),
    "invalid Unicode character escape": (
        "found invalid Unicode character escape code",
        "write the character itself, or \\\\U and eight digits",
    ),
    "incompatible YAML document": ("this asks for another YAML than 1.2", "remove the line"),
    "did not find expected <document start>": (
        "text stands behind the end of the document",
        "remove the `...` line, or what follows it",
    ),
}
"""What the parser says, what a person is told, and what mends it."""


class Break(NamedTuple):
    """Where and why a text is not YAML.

    Attributes:
        start, end: the stretch to mend, offsets into the text.
        also: another stretch, and what it has to do with this.
    """

    start: int
    end: int
    message: str
    remedy: str
    also: tuple[int, int, str] | None = None


def broken(characters: str, error: yaml.MarkedYAMLError) -> Break:
    """What is to be told of a parser's error."""
    mark = error.problem_mark or error.context_mark
    at = min(mark.index, len(characters)) if mark else 0
    opened = error.context_mark.index if error.context_mark else at
    found = _cause(characters, error, at, opened) or _complaint(characters, error, at, opened)
    return found._replace(message=f"not YAML: {found.message}")


def _cause(characters: str, error: yaml.MarkedYAMLError, at: int, opened: int) -> Break | None:
    """What stands before the place where the parser gave up, and made it give up there."""
    said, context = str(error.problem), str(error.context)
    if context == "while scanning a quoted scalar" and "unexpected" in said:
        return Break(opened, opened + 1, "this quote is never closed", f"close it with {characters[opened]}")
    if (quote := _swallowing(characters, at)) is not None:
        also = (at, at + 1, "the text ends just before this")
        return Break(quote, quote + 1, "this quote is not closed where it should be", "close it on its line", also)
    if context == "while scanning a simple key":
        return _no_colon(characters, opened)
    bracket = _bracket(characters, at) if context.startswith("while parsing a flow") else None
    if bracket is not None and _unclosed(characters, bracket, at):
        closing = "}" if characters[bracket] == "{" else "]"
        message = f"this {characters[bracket]} is never closed"
        here = [] if at == len(characters) else [(at, at + 1, "the text makes no sense from here on")]
        return Break(bracket, bracket + 1, message, f"close it with {closing}", *here)
    if said.startswith("mapping values are not allowed") or said == "did not find expected key":
        if (bare := _bare_line_above(characters, at)) is not None:
            return _no_colon(characters, bare)
        return _uneven(characters, at) if said == "did not find expected key" else None
    return None


def _complaint(characters: str, error: yaml.MarkedYAMLError, at: int, opened: int) -> Break:
    """What is wrong where the parser gave up."""
    said, context, character = str(error.problem or error.context), str(error.context), characters[at : at + 1]
    if character == "\t":
        return Break(at, at + 1, "a tab cannot indent", "indent with spaces")
    if "cannot start any token" in said:
        return Break(at, at + 1, f"no text begins with {character} unless it is quoted", "put quotes around it")
    if context in {"while scanning an alias", "while scanning an anchor"}:
        message = f"{characters[opened]} has a meaning of its own in YAML where a text begins"
        return Break(opened, opened + 1, message, "put quotes around the text")
    known = (told for words, told in SAYINGS.items() if words in said)
    message, remedy = _no_key(characters, at) if said == "did not find expected key" else next(known, (said, LAYOUT))
    where = "mapping" if context.endswith("mapping") else "list"
    inside = context.startswith("while parsing a flow") and opened != at
    return Break(at, at + 1, message, remedy, (opened, opened + 1, f"the {where} begins here") if inside else None)


def _no_key(characters: str, at: int) -> tuple[str, str]:
    """What stands where a key should: message and remedy."""
    character = characters[at : at + 1]
    before = characters[characters.rfind("\n", 0, at) + 1 : at].rstrip()
    if character and character in "}]":
        return f"this {character} closes nothing", "remove it"
    if before.endswith(('"', "'")):
        return "text goes on behind a closing quote", "put all of it into quotes, with '' or \\\" for a quote inside"
    if character == "-" and not before:
        return "an item stands among keys", "give the list a key, or indent it as the items before"
    if character == ":":
        return "this colon has no key before it", "write one, or remove the line"
    return "a key is expected here", LAYOUT


def _no_colon(characters: str, start: int) -> Break:
    """A key without its colon, or with one that YAML takes for part of the word."""
    line = _rest_of_line(characters, start)
    if tight := TIGHT.match(line):
        return Break(start, start + tight.end(), "a colon counts only with a space after it", "put a space there")
    return Break(
        start, start + len(line), "this is neither a key nor a value", "add the `:`, or mend the indentation"
    )


def _unclosed(characters: str, opened: int, at: int) -> bool:
    """Whether a bracket seems to miss its end: the text broke off at its end, or on a line as far left as its own."""
    if at == len(characters):
        return True
    below = characters.count("\n", opened, at) > 0
    return below and characters[at] not in "]}" and _indentation(characters, at) <= _indentation(characters, opened)


def _bracket(characters: str, at: int) -> int | None:
    """The innermost bracket that is open at a place."""
    open_ones = []
    for token in _tokens(characters):
        if token.start_mark.index >= at:
            break
        if isinstance(token, yaml.FlowMappingStartToken | yaml.FlowSequenceStartToken):
            open_ones.append(token.start_mark.index)
        elif isinstance(token, yaml.FlowMappingEndToken | yaml.FlowSequenceEndToken) and open_ones:
            open_ones.pop()
    return open_ones[-1] if open_ones else None


def _swallowing(characters: str, at: int) -> int | None:
    """Where the quote opens that ends right before ``at`` and took whole lines of keys with it."""
    for token in _tokens(characters):
        start, end = token.start_mark.index, token.end_mark.index
        if start >= at:
            return None
        if isinstance(token, yaml.ScalarToken) and token.style in {"'", '"'} and not characters[end:at].strip(" "):
            inside = characters[start:end].split("\n")[1:]
            return start if any(map(KEY_LINE.match, inside)) else None
    return None


def _tokens(characters: str) -> Iterator[yaml.Token]:
    try:
        yield from yaml.scan(characters, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return


def _bare_line_above(characters: str, at: int) -> int | None:
    """Where a block begins with text in place of a key, as far in as the key on this place's line: it lost its colon.

    None where text is what the block may begin with.
    """
    lines, far = _lines_above(characters, at), _indentation(characters, at)
    opening, bare = ":", None
    for start, line in reversed(lines):
        if KEY_LINE.match(line):
            opening = line.split(" #")[0].rstrip()
            break
        bare = start, line
    if bare is None or not opening.endswith(":") or TEXTS.match(opening):
        return None
    start, line = bare
    inner = line.lstrip(" ").removeprefix("- ").lstrip(" ")
    indented = len(line) - len(inner)
    lone = re.fullmatch(r"[\w-]+\s*", inner)
    if not re.match(r"[\w.-]", inner) or not (indented == far or (lone and indented < far)):
        return None
    return start + indented


def _uneven(characters: str, at: int) -> Break | None:
    """A block whose first line is further in than the next: the one of them that is not in step with the rest."""
    far = _indentation(characters, at)
    block: list[tuple[int, int]] = []
    above = None
    for start, line in reversed(_lines_above(characters, at)):
        inside = len(line) - len(line.lstrip(" "))
        if inside <= far:
            above = inside
            break
        block.append((start + inside, inside))
    if above is None or above == far or not block or not KEY_LINE.match(_rest_of_line(characters, at)):
        return None
    first, deep = block[-1]
    rest = (len(line) - len(line.lstrip(" ")) for line in characters.split("\n") if line.strip())
    step = min((inside for inside in rest if inside and inside not in {deep, far}), default=2)
    odd = (deep - above) % 2 > (far - above) % 2 or far - above == step
    words = "these two lines are not as far in as each other"
    if odd:
        also = (at, at + 1, "this belongs beside it")
        return Break(first, first + 1, words, f"indent this one by {far} spaces", also)
    remedy = f"indent this one by {deep} spaces, or by {above}"
    return Break(at, at + 1, words, remedy, (first, first + 1, "the line before is this far in"))


def _lines_above(characters: str, at: int) -> list[tuple[int, str]]:
    """The lines above a place's own that say anything, each with its start."""
    found, start = [], 0
    for line in characters[: characters.rfind("\n", 0, at) + 1].split("\n"):
        if line.strip() and not line.lstrip().startswith(("#", "---", "%")):
            found.append((start, line))
        start += len(line) + 1
    return found


def _indentation(characters: str, at: int) -> int:
    """How many spaces the line of a place begins with."""
    line = _rest_of_line(characters, characters.rfind("\n", 0, at) + 1)
    return len(line) - len(line.lstrip(" "))


def _rest_of_line(characters: str, at: int) -> str:
    end = characters.find("\n", at)
    return characters[at : end if end >= 0 else len(characters)].rstrip()
