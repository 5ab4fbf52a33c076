"""What a person or a program is told when a verb could not do what it was asked to."""

from __future__ import annotations

import platform
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from skyflow._version import __version__
from skyflow.commands import problems
from skyflow.errors import BoardInvalid, ExitCode, SkyflowError
from skyflow.terminal import visible

if TYPE_CHECKING:
    from skyflow.terminal import Terminal

FRAMES = 6
"""How many of skyflow's own lines a defect is shown with."""


def tell(terminal: Terminal, error: BaseException, form: str, *, events: bool) -> ExitCode:
    """Say what went wrong, in the form that was asked for.

    With ``json`` stdout holds JSON whatever happens: the problems of a board, or an ``error``.

    Args:
        events: whether the verb prints a line for each event, so that this has to be a line too.

    Returns:
        What the program ends with.
    """
    match error:
        case BoardInvalid():
            if form == "json" and events:
                terminal.json_line(problems.as_json(error.problems))
            else:
                problems.tell(terminal, error.problems, form)
            return error.exit_code
        case SkyflowError():
            said, code = error, error.exit_code
        case KeyboardInterrupt():
            remedy = "what was finished is kept, and the next run goes on from there" if events else ""
            said, code = SkyflowError("interrupted", remedy), ExitCode.INTERRUPTED
        case _:
            said, code = _defect(terminal, error), ExitCode.SHOT_FAILED
    if form == "json":
        (terminal.json_line if events else terminal.json)(as_json(said, code))
    elif code is ExitCode.INTERRUPTED:
        terminal.say(": ".join(filter(None, [said.message, said.remedy])), style="yellow")
    else:
        terminal.error(said)
    return code


def as_json(error: SkyflowError, code: ExitCode) -> dict[str, Any]:
    """A failure for programs; ``schemas/error.schema.json`` describes it."""
    return {"error": {"message": error.message, "remedy": error.remedy, "exit_code": int(code)}}


def _defect(terminal: Terminal, error: BaseException) -> SkyflowError:
    """An error that nobody raised on purpose: where it happened, in few lines that can be passed on."""
    if terminal.verbose:
        terminal.complain(Text(visible("".join(traceback.format_exception(error))), "dim"))
    else:
        trace = "\n".join(f"  {place}" for place in places(error))
        head = f"skyflow {__version__}, Python {platform.python_version()} on {platform.system()}"
        terminal.complain(Text(f"{head}\n{trace}", "dim"))
    what = str(error).replace(str(Path.home()), "~")
    message = f"this is a defect of skyflow: {type(error).__name__}{': ' if what else ''}{what}"
    return SkyflowError(message, "report it with the lines above; nothing that was finished is lost")


def places(error: BaseException) -> list[str]:
    """Where an error passed through skyflow, innermost last, by names that say nothing about the machine."""
    home = Path(__file__).parent.parent
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(home)]
    last = frames[-1:] if frames and frames[-1] not in own else []
    said = [f"{Path(frame.filename).relative_to(home).as_posix()}:{frame.lineno} {frame.name}" for frame in own]
    return [*said[-FRAMES:], *(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in last)]
