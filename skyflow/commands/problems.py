"""How problems are said: as a compiler would for people, as JSON for programs, as annotations for GitHub."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.text import Text

from skyflow.commands.words import number
from skyflow.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from skyflow.problems import Place, Problem
    from skyflow.terminal import Terminal

MOST = 50
"""How many problems a person is shown; programs get all."""

MOST_RELATED = 8
WIDEST = 118
"""How much of a long line is shown around its caret, in columns, where the terminal does not say less."""

NEAR = 2 * WIDEST
"""How many characters on each side of a place are looked at."""


def tell(terminal: Terminal, problems: Sequence[Problem], form: str, *, answer: bool = False) -> None:
    """Say every problem.

    Args:
        form: ``text``, ``json`` or ``github``; the latter two go to stdout.
        answer: whether the problems are what was asked for, so that text goes to stdout too.
    """
    if form == "json":
        terminal.json(as_json(problems))
    elif form == "github":
        if problems:
            terminal.data("\n".join(map(_github, problems)))
    else:
        _tell(terminal, problems, terminal.show if answer else terminal.complain)


def as_json(problems: Sequence[Problem]) -> dict[str, Any]:
    """Problems for programs; ``schemas/problems.schema.json`` describes it."""
    return {"problems": [_problem(problem) for problem in problems]}


def count(problems: Sequence[Problem]) -> str:
    """``2 errors, 1 warning``."""
    errors = sum(problem.severity == "error" for problem in problems)
    kinds = [(errors, "error"), (len(problems) - errors, "warning")]
    return ", ".join(number(many, kind) for many, kind in kinds if many)


def _tell(terminal: Terminal, problems: Sequence[Problem], say: Callable[[Text], None]) -> None:
    console = terminal.out if say == terminal.show else terminal.talk
    width = min(WIDEST, console.width)
    most = len(problems) if terminal.verbose else MOST
    # Errors first where not all are shown: a person must mend those.
    shown = sorted(problems, key=lambda problem: problem.severity)[:most] if len(problems) > most else problems
    for problem in shown:
        say(_text(problem, width))
    if len(problems) > most:
        say(Text(f"… and {len(problems) - most} more; --verbose shows them all\n", "bold"))
    say(Text(count(problems)))


def _problem(problem: Problem) -> dict[str, Any]:
    related = [{**_place(other.place), "message": other.message} for other in problem.related]
    return {
        "code": problem.code,
        "severity": problem.severity,
        **_place(problem.place),
        "path": problem.path,
        "message": problem.message,
        "remedy": problem.remedy,
        "related": related,
    }


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "column": place.column}


def _text(problem: Problem, width: int) -> Text:
    """What, where, the line with a caret, and the way out."""
    colour = "bold red" if problem.severity == "error" else "bold yellow"
    head = Text.assemble((f"{problem.severity}[{problem.code}]", colour), (f": {visible(problem.message)}", "bold"))
    where = f"  ({visible(problem.path)})" if problem.path else ""
    lines = [head, *_excerpt(problem.place, where, colour, width)]
    for other in problem.related[:MOST_RELATED]:
        lines += _excerpt(other.place, f"  {visible(other.message)}", "cyan", width)
    if len(problem.related) > MOST_RELATED:
        lines.append(Text(f"  … and {number(len(problem.related) - MOST_RELATED, 'place')} more", "dim"))
    if problem.remedy:
        lines.append(Text.assemble(("  help: ", "cyan"), visible(problem.remedy)))
    return Text("\n").join([*lines, Text()])


def _excerpt(place: Place, where: str, colour: str, width: int) -> Iterable[Text]:
    """The place, and its line with carets under the part that is meant."""
    file = visible(place.file)
    if not place.line:
        return [Text.assemble(("  --> ", "dim"), file, (where, "dim"))]
    line = str(place.line)
    margin = " " * len(line)
    text, before, carets = window(place.text, place.column - 1, place.length, width - len(line) - 5)
    return [
        Text.assemble(("  --> ", "dim"), f"{file}:{place.line}:{place.column}", (where, "dim")),
        Text.assemble((f"  {line} | ", "dim"), text),
        Text.assemble((f"  {margin} | ", "dim"), (" " * before + "^" * carets, colour)),
    ]


def window(line: str, start: int, length: int, width: int) -> tuple[str, int, int]:
    """The part of a line that fits, with what is meant in it.

    Args:
        start, length: what is meant, in characters.
        width: columns that there are; a Chinese character takes two, a combining mark none.

    Returns:
        The text, and the columns before and under what is meant.
    """
    cut_off = max(0, start - NEAR)  # a line may be megabytes long
    near = line[cut_off : start + NEAR]
    start -= cut_off
    pieces = [visible(character).replace("\t", " ") for character in near]
    widths = [cell_len(piece) for piece in pieces]
    start, end = min(start, len(pieces)), min(start + length, len(pieces))
    first, last = 0, len(pieces)
    if cut_off or sum(widths[:end]) >= width:
        lead = max(0, min(width // 2, width - 2 - sum(widths[start:end])))
        first = start
        while first > 0 and sum(widths[first - 1 : start]) <= lead:
            first -= 1
    left_out = int(first > 0 or cut_off > 0)
    while sum(widths[first:last]) > width - left_out - (last < len(pieces)):
        last -= 1
    before = left_out + sum(widths[first:start])
    under = sum(widths[start : min(end, last)])
    more = last < len(pieces) or cut_off + len(near) < len(line)
    return "…" * left_out + "".join(pieces[first:last]) + "…" * more, before, max(1, under)


def _github(problem: Problem) -> str:
    """A workflow command that GitHub shows as an annotation on the line."""
    message = f"{problem.message}; {problem.remedy}" if problem.remedy else problem.message
    place = problem.place
    spot = f",line={place.line},col={place.column}" if place.line else ""
    return f"::{problem.severity} file={_property(place.file)}{spot},title={problem.code}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
