"""``skyflow sandbox``: a provider on this machine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from skyflow.commands.words import number
from skyflow.errors import ExitCode, UsageError
from skyflow.store import files
from skyflow.store.project import Project

EXTRA = ("starlette", "uvicorn", "websockets", "h11")
"""What an installation without the extra lacks."""

try:
    from skyflow.sandbox import app, server
    from skyflow.sandbox.render import Drawn, Plain
except ModuleNotFoundError as error:
    MISSING = (error.name or "").partition(".")[0]
    if MISSING not in EXTRA:
        raise
else:
    MISSING = ""

if TYPE_CHECKING:
    from skyflow.terminal import Terminal

ANY = "sandbox"


def sandbox(
    *, terminal: Terminal, port: int, faults: str | None, state: str | None, latency: float | None, clips: str
) -> ExitCode:
    """Serve until Ctrl-C; the two variables that lead a client here go to stdout.

    Raises:
        UsageError: the extra is not installed, or the faults say what nobody understands.
        Refused: the port is taken, or another sandbox has the state.
        StoreError: the disk refused the state.
    """
    if MISSING:
        message = f"the sandbox needs {MISSING}, which is not installed"
        raise UsageError(message, "install it with pip install 'skyflow[sandbox]'")
    folder = Path(state) if state else _beside_the_board()
    with files.disk_errors(folder):
        made = app.create(
            folder,
            faults=Path(faults) if faults else None,
            render=(Drawn if clips == "animatic" else Plain)(folder / "drawing"),
            clock=time.time,
            ahead=True,
            alone=True,
            latency=latency,
        )
    with server.listening(port) as (listener, url):
        terminal.data(f"export RUNWARE_BASE_URL={url}/v1\nexport RUNWARE_API_KEY={made.settings.key or ANY}")
        terminal.say(f"a sandbox at {url}: {url}/ledger has every charge; Ctrl-C ends it")
        try:
            server.serve(made, listener)
        except KeyboardInterrupt:
            terminal.say(
                f"{number(len(made.house.book.tasks()), 'task')} charged, ${made.house.book.spent():f} in all"
            )
    made.close()
    return ExitCode.DONE


def _beside_the_board() -> Path:
    """The folder for a sandbox's state in the project's own."""
    project = Project.of(Path("board.yaml"))
    project.prepare()
    return project.state / "sandbox"
