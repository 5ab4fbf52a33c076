"""``skyflow recover``: fetch what earlier runs paid for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from skyflow import pipeline
from skyflow.commands.words import listed, number
from skyflow.errors import ExitCode
from skyflow.store.project import Project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skyflow.running.recovering import Recovered
    from skyflow.terminal import Terminal


def recover(*, terminal: Terminal, board: str, backend: str, form: str, give_up: bool) -> ExitCode:
    """Fetch what is in flight; send nothing. The board may be wrong: all that is asked of it is its name.

    Raises:
        UsageError: there is no such board or backend, or the backend has no key.
    """
    found = pipeline.recover(Project.of(Path(board)), backend, give_up=give_up)
    if form == "json":
        terminal.json({"recovered": [_as_json(one) for one in found]})
    else:
        _tell(terminal, found)
    codes = {one.error.exit_code for one in found if one.error} | {
        ExitCode.SHOT_FAILED for one in found if not one.finished
    }
    return max(codes, default=ExitCode.DONE)


def _tell(terminal: Terminal, found: Sequence[Recovered]) -> None:
    for one in found:
        name = "take" if len(one.takes) == 1 else "takes"
        takes = f"{name} {listed([str(take) for take in one.takes])}: " if one.takes else ""
        terminal.say(f"{one.shot}: {takes}{one.said}", style="" if one.finished else "yellow")
        if one.error and one.error.remedy:
            terminal.say(f"  {one.error.remedy}")
    if not found:
        terminal.say("nothing is in flight")
        return
    left = sum(not one.finished for one in found)
    terminal.say(f"{number(len(found) - left, 'task')} finished" + (f", {left} still in flight" if left else ""))


def _as_json(one: Recovered) -> dict[str, object]:
    """One task for programs; ``schemas/recover.schema.json`` describes it."""
    return {
        "task_uuid": one.uuid,
        "shot": one.shot,
        "takes": list(one.takes),
        "said": one.said,
        "finished": one.finished,
        "remedy": one.error.remedy if one.error else "",
    }
