"""The command line: which verb, and what becomes of whatever it raises.

Only the chosen verb is imported, and here is the only place where an import waits for its use: help and
``--version`` answer without any of it.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from skyflow._version import __version__
from skyflow.commands.arguments import asked_format, parse, prints_events
from skyflow.commands.parser import HELP, overview, parser
from skyflow.commands.verbs import VERBS
from skyflow.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

    from skyflow.memo import Memo

__all__ = ["VERBS", "run"]

VERSION = ("--version", "-V")


def run(argv: Sequence[str], memo: Memo | None = None) -> int:
    """Do what the arguments say.

    Args:
        memo: where to remember what was said, where that follows from files alone.

    Returns:
        The exit code; see ExitCode. No exception leaves.
    """
    answer = said_at_once(argv)
    if answer is not None:
        _write(sys.stdout if argv else sys.stderr, answer)
        return ExitCode.DONE if argv else ExitCode.INVALID
    from skyflow.terminal import Terminal  # noqa: PLC0415 - help needs none

    terminal = Terminal()
    try:
        with _ended_like_interrupted():
            name, arguments = parse(argv)
            terminal.quiet, terminal.verbose = arguments.pop("quiet"), arguments.pop("verbose")
            verb: Callable[..., int] = getattr(importlib.import_module(f"skyflow.commands.{name}"), name)
            code = int(verb(terminal=terminal, **arguments))
            if memo is not None and terminal.words is not None and terminal.rests_on is not None:
                memo.keep(map(Path, terminal.rests_on), terminal.words, code)
            return code
    except BaseException as error:  # noqa: BLE001 - nothing leaves; a defect is said with where to take it
        from skyflow.commands.failing import tell  # noqa: PLC0415 - only where something failed

        return tell(terminal, error, asked_format(argv), events=prints_events(argv))


def said_at_once(argv: Sequence[str]) -> str | None:
    """The answer to a question about the program itself, help or version; None where a verb is to do something."""
    words = [word for word in argv if word not in HELP]
    asked = not argv or len(words) < len(argv) or argv[0] == "help"
    if argv and argv[0] in VERSION:
        return f"skyflow {__version__}\n"
    name = next((word for word in words if word != "help"), "")
    if not asked or (name and name not in VERBS):
        return None
    return parser(name).format_help() if name else overview()


@contextmanager
def _ended_like_interrupted() -> Iterator[None]:
    """Have a polite end (``kill``, a workflow that is cancelled) do what Ctrl-C does: keep what is finished."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        signal.raise_signal(signal.SIGINT)

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # called from a thread, which hears no signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
