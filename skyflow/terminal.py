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
from io import TextIOWrapper
from typing import IO, TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rich.console import RenderableType

    from skyflow.errors import SkyflowError

UNWRAPPED = 100_000
"""The width of what is no terminal: a program or a pager reads it, and knows its own."""

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that would do something to a terminal instead of being seen; line feed and tab are left alone."""


class Terminal:
    """Where a verb's words go.

    Attributes:
        quiet: nothing but data and failures.
        verbose: more than most want to know.
        out: for data.
        talk: for everything else.
        words: all that was said, each with its stream; None once something was said that time alone explains.
        rests_on: the files that the words follow from, where the verb says that they follow from files alone.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self.out = _console(sys.stdout)
        self.talk = _console(sys.stderr)
        self.words: list[tuple[str, str]] | None = []
        self.rests_on: frozenset[Path] | None = None
        self._showing = False

    @property
    def live(self) -> bool:
        """Whether stderr can show a table that changes: a real terminal, whatever FORCE_COLOR says."""
        return self.talk.file.isatty() and not self.talk.is_dumb_terminal

    @property
    def interactive(self) -> bool:
        """Whether a person sits there who can be asked."""
        return self.talk.file.isatty() and sys.stdin is not None and sys.stdin.isatty()

    @property
    def piped(self) -> bool:
        """Whether a program and no person reads stdout."""
        return not self.out.file.isatty()

    def data(self, text: str) -> None:
        """The answer as it is, to stdout; its last line is ended where it is not."""
        self._write(self.out, "out", text if text.endswith("\n") else text + "\n")

    def json(self, value: Any) -> None:  # noqa: ANN401 - any JSON
        """The answer for programs."""
        self.data(json.dumps(value, indent=2, ensure_ascii=not _is_unicode(self.out.file)))

    def json_line(self, value: Any) -> None:  # noqa: ANN401 - any JSON
        """One event for programs, on one line."""
        self.data(json.dumps(value, ensure_ascii=not _is_unicode(self.out.file)))

    def show(self, content: RenderableType = "") -> None:
        """The answer for a person, to stdout."""
        with self.out.capture() as captured:
            self.out.print(content)
        # Columns are filled up with blanks, which nobody sees on a terminal and everybody in a file.
        self.data("\n".join(line.rstrip(" ") for line in captured.get().split("\n")))

    def say(self, text: str | Text = "", style: str = "") -> None:
        """A sentence for a person, to stderr."""
        if not self.quiet:
            self.complain(text if isinstance(text, Text) else Text(visible(text), style=style))

    def complain(self, content: RenderableType) -> None:
        """What a person is told even where they asked for quiet."""
        if self._showing:
            self.words = None  # above a live table only rich can write
            _unless_gone(self.talk, lambda: self.talk.print(content))
            return
        with self.talk.capture() as captured:
            self.talk.print(content)
        self._write(self.talk, "talk", captured.get())

    @contextmanager
    def showing(self) -> Iterator[Console]:
        """The stream for talk, for as long as something live is shown on it."""
        self._showing = True
        try:
            yield self.talk
        finally:
            self._showing = False

    def _write(self, console: Console, stream: str, text: str) -> None:
        if self.words is not None:
            self.words.append((stream, text))
        _unless_gone(console, lambda: console.file.write(text))

    def error(self, error: SkyflowError) -> None:
        """A failure, and what to do about it."""
        self.complain(Text.assemble(("error: ", "bold red"), visible(error.message)))
        if error.remedy:
            self.complain(Text.assemble(("  help: ", "cyan"), visible(error.remedy)))

    def ask(self, question: str) -> bool:
        """A yes or no from a person; anything but a yes is a no."""
        self.words = None
        self.talk.print(Text(f"{question} [y/N] "), end="")
        answer = sys.stdin.readline()
        if not answer.endswith("\n"):
            self.talk.print()
        return answer.strip().lower() in {"y", "yes"}


def visible(text: str) -> str:
    """A text whose control characters are written out as a Python string would show them."""
    return CONTROL.sub(_written_out, text)


def table(*columns: str) -> Table:
    """A quiet table; a column whose name ends in ``>`` is set to the right. Only the last is wrapped."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_header=any(columns))
    for number, column in enumerate(columns, 1):
        last = number == len(columns)
        right = column.endswith(">")
        made.add_column(column.rstrip(">"), justify="right" if right else "left", no_wrap=not last, overflow="fold")
    return made


def cells(*texts: str) -> tuple[Text, ...]:
    """A row of a table, from texts that a board may have written."""
    return tuple(Text(visible(text)) for text in texts)


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _console(stream: TextIO) -> Console:
    if isinstance(stream, TextIOWrapper):  # a test may put something else in its place
        stream.reconfigure(errors="backslashreplace")
    shown = stream.isatty()
    return Console(
        file=stream,
        width=None if shown else UNWRAPPED,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=not shown,
    )


def _is_unicode(stream: IO[str]) -> bool:
    return (getattr(stream, "encoding", "") or "").lower().replace("-", "").startswith("utf")


def _unless_gone(console: Console, write: Callable[[], object]) -> None:
    """Write, unless whoever read this stream has gone; then nothing is written to it any more."""
    if console.quiet:
        return
    try:
        write()
        console.file.flush()
    except BrokenPipeError:
        console.quiet = True
        # Python flushes its streams once more when it ends, and must not complain then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), console.file.fileno())
