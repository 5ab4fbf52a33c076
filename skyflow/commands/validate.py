"""``skyflow validate``: every problem of a board, in one pass."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from skyflow import pipeline
from skyflow.commands.loading import AboutBoard, check_typed, overrides
from skyflow.commands.words import length, number
from skyflow.errors import ExitCode
from skyflow.late import late

if TYPE_CHECKING:
    from typing import Unpack

    from skyflow.board.model import Board
    from skyflow.commands import problems
    from skyflow.terminal import Terminal
else:
    problems = late("skyflow.commands.problems")


def validate(*, terminal: Terminal, form: str, **about: Unpack[AboutBoard]) -> ExitCode:
    """Check everything that a plan would; write nothing."""
    _, reading, rests_on = pipeline.check(about["board"], overrides(about["sets"], about["var_files"]))
    terminal.rests_on = rests_on | {Path(file) for file in about["var_files"]}
    found = reading.problems
    if reading.board is not None:
        check_typed(found, about)
    if found or form == "json":
        problems.tell(terminal, found, form, answer=True)
    if reading.board is None or (about["strict"] and found):
        return ExitCode.INVALID
    if form == "text":
        terminal.say(f"{about['board']} is valid: {_measure(reading.board)}")
    return ExitCode.DONE


def _measure(board: Board) -> str:
    film = board.cut_seconds
    return f"{number(len(board.shots), 'shot')}, a cut of {length(film)}"
