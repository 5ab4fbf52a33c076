"""Where words go. Data goes to stdout, progress and talk to stderr; nothing else writes to either.

What a board or a file name says is shown with its control characters written out: it can neither move the cursor
nor turn text round. A reader who goes away (``| head``) stops the writing and never the work.
"""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from io import TextIOWrapper
from typing import IO, TYPE_CHECKING, Any, TextIO

from skyflow.late import late

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import rich.cells as rich_cells
    import rich.console as rich_console
    import rich.table as rich_table
    import rich.text as rich_text

    from skyflow.errors import SkyflowError
else:
    rich_cells, rich_console = late("rich.cells"), late("rich.console")
    rich_table, rich_text = late("rich.table"), late("rich.text")

UNWRAPPED = 100_000
"""The width of what is no terminal: a program or a pager reads it, and knows its own."""

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that would do something to a terminal instead of being seen; line feed and tab are left alone."""

REDRAWN = re.compile("[\t\x07\x08\x0b\x0c\r]")
"""What rich does not write as it stands."""

GAP = 2
"""Blanks between the columns of a table."""


class Stream:
    """One of the two streams.

    Attributes:
        gone: whoever read it has gone; nothing is written to it any more.
    """

    def __init__(self, file: TextIO) -> None:
        if isinstance(file, TextIOWrapper):  # a test may put something else in its place
            file.reconfigure(errors="backslashreplace")
        self.file = file
        self.gone = False
        self._seen = file.isatty() or any(name in os.environ for name in ("FORCE_COLOR", "TTY_COMPATIBLE"))

    @cached_property
    def console(self) -> rich_console.Console:
        """What wraps and colours for a person's eyes."""
        shown = self.file.isatty()
        return rich_console.Console(
            file=self.file,
            width=None if shown else UNWRAPPED,
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=not shown,
        )

    def drawn(self, content: rich_console.RenderableType | Table, style: str = "") -> str:
        """The characters that show something here, its last line ended.

        What a program reads has neither colours nor a width to keep to, and is written by what is at hand: a table
        of a thousand shots takes rich a third of a plan's whole time.
        """
        plain = None if self._seen else _plain(content)
        if plain is not None:
            return plain
        with self.console.capture() as captured:
            self.console.print(_rich(content, style))
        return captured.get()

    def write(self, text: str) -> None:
        self.unless_gone(lambda: self.file.write(text))

    def unless_gone(self, write: Callable[[], object]) -> None:
        """Write, unless whoever read this has gone."""
        if self.gone:
            return
        try:
            write()
            self.file.flush()
        except BrokenPipeError:
            self.gone = self.console.quiet = True
            # Python flushes its streams once more when it ends, and must not complain then.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


@dataclass(slots=True)
class Table:
    """A quiet table: no lines, its columns as wide as their widest text.

    Attributes:
        columns: their names; one that ends in ``>`` is set to the right.
        rows: the texts of each, and its style.
    """

    columns: tuple[str, ...]
    rows: list[tuple[tuple[str, ...], str]] = field(default_factory=list)

    def add_row(self, *texts: str, style: str = "") -> None:
        self.rows.append((texts, style))


class Terminal:
    """Where a verb's words go.

    Attributes:
        quiet: nothing but data and failures.
        verbose: more than most want to know.
        out: for data, as rich sees it.
        talk: for everything else, likewise.
        words: all that was said, each with its stream; None once something was said that time alone explains.
        rests_on: the files that the words follow from, where the verb says that they follow from files alone.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self._out = Stream(sys.stdout)
        self._talk = Stream(sys.stderr)
        self.words: list[tuple[str, str]] | None = []
        self.rests_on: frozenset[Path | str] | None = None
        self._showing = False

    @property
    def out(self) -> rich_console.Console:
        return self._out.console

    @property
    def talk(self) -> rich_console.Console:
        return self._talk.console

    @property
    def width(self) -> int:
        """How many columns the answer may take."""
        return UNWRAPPED if self.piped else self.out.width

    @property
    def live(self) -> bool:
        """Whether stderr can show a table that changes: a real terminal, whatever FORCE_COLOR says."""
        return self._talk.file.isatty() and not self.talk.is_dumb_terminal

    @property
    def interactive(self) -> bool:
        """Whether a person sits there who can be asked."""
        return self._talk.file.isatty() and sys.stdin is not None and sys.stdin.isatty()

    @property
    def piped(self) -> bool:
        """Whether a program and no person reads stdout."""
        return not self._out.file.isatty()

    def data(self, text: str) -> None:
        """The answer as it is, to stdout; its last line is ended where it is not."""
        self._write(self._out, "out", text if text.endswith("\n") else text + "\n")

    def json(self, value: Any) -> None:  # noqa: ANN401 - any JSON
        """The answer for programs."""
        self.data(json.dumps(value, indent=2, ensure_ascii=not _is_unicode(self._out.file)))

    def json_line(self, value: Any) -> None:  # noqa: ANN401 - any JSON
        """One event for programs, on one line."""
        self.data(json.dumps(value, ensure_ascii=not _is_unicode(self._out.file)))

    def show(self, content: rich_console.RenderableType | Table = "", style: str = "") -> None:
        """The answer for a person, to stdout."""
        # Columns are filled up with blanks, which nobody sees on a terminal and everybody in a file.
        self.data("\n".join(line.rstrip(" ") for line in self._out.drawn(content, style).split("\n")))

    def say(self, content: str | rich_text.Text = "", style: str = "") -> None:
        """A sentence for a person, to stderr."""
        if not self.quiet:
            self.complain(visible(content) if isinstance(content, str) else content, style)

    def complain(self, content: rich_console.RenderableType, style: str = "") -> None:
        """What a person is told even where they asked for quiet."""
        if self._showing:
            self.words = None  # above a live table only rich can write
            self._talk.unless_gone(lambda: self.talk.print(_rich(content, style)))
            return
        self._write(self._talk, "talk", self._talk.drawn(content, style))

    @contextmanager
    def showing(self) -> Iterator[rich_console.Console]:
        """The stream for talk, for as long as something live is shown on it."""
        self._showing = True
        try:
            yield self.talk
        finally:
            self._showing = False

    def _write(self, stream: Stream, name: str, text: str) -> None:
        if self.words is not None:
            self.words.append((name, text))
        stream.write(text)

    def error(self, error: SkyflowError) -> None:
        """A failure, and what to do about it."""
        self.complain(rich_text.Text.assemble(("error: ", "bold red"), visible(error.message)))
        if error.remedy:
            self.complain(rich_text.Text.assemble(("  help: ", "cyan"), visible(error.remedy)))

    def ask(self, question: str) -> bool:
        """A yes or no from a person; anything but a yes is a no."""
        self.words = None
        self.talk.print(rich_text.Text(f"{question} [y/N] "), end="")
        answer = sys.stdin.readline()
        if not answer.endswith("\n"):
            self.talk.print()
        return answer.strip().lower() in {"y", "yes"}


def visible(text: str) -> str:
    """A text whose control characters are written out as a Python string would show them."""
    return CONTROL.sub(_written_out, text)


def table(*columns: str) -> Table:
    """A table to be filled; on a terminal only its last column is wrapped."""
    return Table(columns)


def cells(*texts: str) -> tuple[str, ...]:
    """A row of a table, from texts that a board may have written."""
    return tuple(map(visible, texts))


def _rich(content: rich_console.RenderableType | Table, style: str) -> rich_console.RenderableType:
    if isinstance(content, str):
        return rich_text.Text(content, style)
    if not isinstance(content, Table):
        return content
    made = rich_table.Table(
        box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="dim", show_header=any(content.columns)
    )
    for number, column in enumerate(content.columns, 1):
        last = number == len(content.columns)
        right = column.endswith(">")
        made.add_column(column.rstrip(">"), justify="right" if right else "left", no_wrap=not last, overflow="fold")
    for texts, row_style in content.rows:
        made.add_row(*map(rich_text.Text, texts), style=row_style)
    return made


def _plain(content: rich_console.RenderableType | Table) -> str | None:
    """What rich writes where nobody sees colours; None of what only it can write."""
    if isinstance(content, str):
        return None if REDRAWN.search(content) else f"{content}\n"
    return _plain_table(content) if isinstance(content, Table) else None


def _plain_table(content: Table) -> str | None:
    heads = [tuple(column.rstrip(">") for column in content.columns)] if any(content.columns) else []
    rows = [*heads, *(texts for texts, _ in content.rows)]
    whole = "".join(text for row in rows for text in row)
    measure = len if whole.isascii() else rich_cells.cell_len
    widths = [max(map(measure, column)) for column in zip(*rows, strict=True)]
    odd = REDRAWN.search(whole) or "\n" in whole or (0 in widths and not whole.isascii())
    if odd or sum(widths) + GAP * len(widths) > UNWRAPPED:
        return None
    rights = [column.endswith(">") for column in content.columns]
    lines = []
    for row in rows:
        texts = []
        for text, width, right in zip(row, widths, rights, strict=True):
            seen = text.rstrip() if right else text  # rich sets to the right what can be seen
            blanks = " " * (width - measure(seen))
            texts.append(blanks + seen if right else seen + blanks)
        lines.append((" " * GAP).join(texts) + "\n")
    return "".join(lines)


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _is_unicode(stream: IO[str]) -> bool:
    return (getattr(stream, "encoding", "") or "").lower().replace("-", "").startswith("utf")
