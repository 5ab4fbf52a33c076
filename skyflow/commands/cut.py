"""``skyflow cut``: only the final edit, from what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyflow.commands import loading
from skyflow.commands.run import watched
from skyflow.run.options import Options
from skyflow.terminal import Terminal

if TYPE_CHECKING:
    from skyflow.errors import ExitCode
    from skyflow.terminal import Terminal


def cut(
    *,
    terminal: Terminal,
    board: str,
    sets: list[str],
    var_files: list[str],
    strict: bool,
    backend: str,
    proxy: str | None,
    form: str,
) -> ExitCode:
    """Put the cut together; make no shot."""
    loaded = loading.load(terminal, board, sets, var_files, strict=strict)
    return watched(terminal, loaded, Options(select=frozenset()), backend=backend, proxy=proxy, form=form)
