"""``skyflow validate``: every problem of a board, in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyflow import pipeline
from skyflow.commands.loading import overrides
from skyflow.errors import ExitCode
from skyflow.terminal import count

if TYPE_CHECKING:
    from skyflow.terminal import Terminal


def validate(
    *,
    terminal: Terminal,
    board: str,
    sets: list[str],
    var_files: list[str],
    strict: bool,
    form: str,
) -> ExitCode:
    """Check everything that a plan would; write nothing."""
    _, reading = pipeline.check(board, overrides(sets, var_files))
    problems = reading.problems
    if problems or form == "json":
        terminal.problems(problems, form=form)
    failed = reading.board is None or (strict and bool(problems))
    if not failed and form == "text":
        good = reading.board
        seconds = sum(float(shot.output.seconds) for shot in good.shots.values()) if good else 0
        size = f"{len(good.shots) if good else 0} shots, {seconds:.1f} s"
        terminal.say(f"{board} is valid: {size}" + (f", {count(problems)}" if problems else ""))
    return ExitCode.INVALID if failed else ExitCode.DONE
