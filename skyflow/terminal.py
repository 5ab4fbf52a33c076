"""The only module that writes to a stream. Data goes to stdout, progress and talk to stderr."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from skyflow.errors import SkyflowError
    from skyflow.problems import Place, Problem

CONTEXT = 100
"""How much of a long line is shown around its caret, in columns."""


class Terminal:
    """Where a verb's words go.

    Args:
        quiet: nothing but data and failures.
        verbose: more than most want to know.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose
        # Piped output is not wrapped: a program or a pager reads it, and knows its own width.
        self.out = _console(sys.stdout)
        self.talk = _console(sys.stderr)

    @property
    def interactive(self) -> bool:
        """Whether a person sits there who can be shown a live table and asked."""
        return self.talk.is_terminal and sys.stdin.isatty()

    def data(self, text: str) -> None:
        """The answer, to stdout, as it is."""
        self.out.file.write(text if text.endswith("\n") else text + "\n")
        self.out.file.flush()

    def json(self, value: Any) -> None:  # noqa: ANN401 - any JSON
        """The answer for programs."""
        self.data(json.dumps(value, indent=2, ensure_ascii=False))

    def json_line(self, value: Any) -> None:  # noqa: ANN401 - any JSON
        """One event for programs, on one line."""
        self.data(json.dumps(value, ensure_ascii=False))

    def say(self, text: str = "", style: str = "") -> None:
        """A sentence for a person, to stderr."""
        if not self.quiet:
            self.talk.print(Text(text, style=style))

    def show(self, content: Table | Text) -> None:
        """The answer for a person, to stdout."""
        self.out.print(content)

    def error(self, error: SkyflowError) -> None:
        """A failure, and what to do about it."""
        self.talk.print(Text.assemble(("error: ", "bold red"), error.message))
        if error.remedy:
            self.talk.print(Text.assemble(("  help: ", "cyan"), error.remedy))

    def ask(self, question: str) -> bool:
        """A yes or no from a person; anything but a yes is a no."""
        self.talk.print(Text(f"{question} [y/N] "), end="")
        try:
            return input().strip().lower() in {"y", "yes"}
        except EOFError:
            return False

    def problems(self, problems: Sequence[Problem], form: str = "text") -> None:
        """Every problem of a board; in a form for programs, on stdout."""
        if form == "json":
            self.json({"problems": [problem_json(problem) for problem in problems]})
        elif form == "github":
            self.data("\n".join(map(_github, problems)))
        else:
            for problem in problems:
                self.talk.print(_problem_text(problem))
            self.say(count(problems))


def count(problems: Sequence[Problem]) -> str:
    """``2 errors, 1 warning``."""
    errors = sum(problem.severity == "error" for problem in problems)
    parts = [_number(errors, "error"), _number(len(problems) - errors, "warning")]
    return ", ".join(part for part in parts if part)


def table(*columns: str) -> Table:
    """A quiet table; a column whose name ends in ``>`` is set to the right."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        right = column.endswith(">")
        made.add_column(column.rstrip(">"), justify="right" if right else "left", no_wrap=right)
    return made


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem for programs; ``schemas/problems.schema.json`` describes it."""
    place = problem.place
    return {
        "code": problem.code,
        "severity": problem.severity,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "path": problem.path,
        "message": problem.message,
        "remedy": problem.remedy,
        "related": [
            {
                "file": other.place.file,
                "line": other.place.line,
                "column": other.place.column,
                "message": other.message,
            }
            for other in problem.related
        ],
    }


def _console(stream: Any) -> Console:  # noqa: ANN401 - a text stream
    shown = stream.isatty()
    width = None if shown else int(os.environ.get("COLUMNS") or 1000)
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False, soft_wrap=not shown)


def _number(number: int, word: str) -> str:
    return f"{number} {word}{'s' if number != 1 else ''}" if number else ""


def _problem_text(problem: Problem) -> Text:
    """A problem as a compiler would say it: what, where, the line with a caret, and the way out."""
    colour = "bold red" if problem.severity == "error" else "bold yellow"
    lines = [Text.assemble((f"{problem.severity}[{problem.code}]", colour), (f": {problem.message}", "bold"))]
    where = f"  ({problem.path})" if problem.path else ""
    lines += _excerpt(problem.place, where, colour)
    for other in problem.related:
        lines += _excerpt(other.place, f"  {other.message}", "cyan")
    if problem.remedy:
        lines.append(Text.assemble(("  help: ", "cyan"), problem.remedy))
    return Text("\n").join([*lines, Text()])


def _excerpt(place: Place, where: str, colour: str) -> Iterable[Text]:
    """The place, and its line with carets under the part that is meant."""
    if not place.line:
        return [Text.assemble(("  --> ", "dim"), place.file, (where, "dim"))]
    start, length = place.column - 1, place.length
    text = place.text.replace("\t", " ")
    if start > CONTEXT:
        cut = start - CONTEXT // 2
        text, start = "…" + text[cut:], start - cut + 1
    if cell_len(text) > 2 * CONTEXT:
        text = text[: 2 * CONTEXT] + "…"
    number = str(place.line)
    margin = " " * len(number)
    carets = " " * cell_len(text[:start]) + "^" * max(1, cell_len(text[start : start + length]))
    return [
        Text.assemble(("  --> ", "dim"), f"{place.file}:{place.line}:{place.column}", (where, "dim")),
        Text.assemble((f"  {number} | ", "dim"), text),
        Text.assemble((f"  {margin} | ", "dim"), (carets, colour)),
    ]


def _github(problem: Problem) -> str:
    """A workflow command that GitHub shows as an annotation on the line."""
    message = f"{problem.message}; {problem.remedy}" if problem.remedy else problem.message
    place = problem.place
    where = f"file={_property(place.file)},line={place.line},col={place.column},title={problem.code}"
    return f"::{problem.severity} {where}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
