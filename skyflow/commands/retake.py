"""``skyflow retake``: more takes of a shot as it stands, beside those that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyflow.commands import loading
from skyflow.commands.run import watched
from skyflow.commands.show import known_shot
from skyflow.run.options import Options, Retake

if TYPE_CHECKING:
    from skyflow.errors import ExitCode
    from skyflow.terminal import Terminal


def retake(
    *,
    terminal: Terminal,
    board: str,
    shot: str,
    sets: list[str],
    var_files: list[str],
    strict: bool,
    backend: str,
    proxy: str | None,
    form: str,
    takes: int,
) -> ExitCode:
    """Make more takes; the pick stays."""
    loaded = loading.load(terminal, board, sets, var_files, strict=strict)
    known_shot(shot, loaded.board.shots)
    code = watched(terminal, loaded, Options(retake=Retake(shot, takes)), backend=backend, proxy=proxy, form=form)
    if not code and form != "json":
        terminal.say(f"the film still uses the take that was picked; `skyflow pick {shot} N` changes it")
    return code
