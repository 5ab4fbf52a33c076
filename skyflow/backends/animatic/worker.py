"""The process that draws: it reads an assignment, tells how far it is, and waits for the next until its input ends.

It speaks over its own pipe, one JSON object to a line: ``{"progress": 0.5}``, and at last ``{"made": […]}`` or
``{"error": [message, remedy]}``. When the run that started it dies, the next line finds nobody reading and ends it.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from skyflow.backends.animatic.render import render
from skyflow.errors import SkyflowError

if TYPE_CHECKING:
    from skyflow.backends.base import Assignment

STEP = 0.01
"""How much progress is worth a line."""


class Told:
    """A progress that speaks only when there is something to say."""

    def __init__(self, answers: TextIO) -> None:
        self._answers = answers
        self._last = 0.0

    def __call__(self, share: float) -> None:
        if share - self._last >= STEP:
            self._last = share
            _say(self._answers, {"progress": round(share, 4)})


def main() -> None:
    """Draw the assignments that come on the standard input."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # whatever a library prints must not end up among the answers
    with suppress(EOFError):
        while True:
            assignment: Assignment = pickle.load(sys.stdin.buffer)  # noqa: S301 - from who started this process
            try:
                _say(answers, _answer(assignment, Told(answers)))
            except BrokenPipeError:
                os._exit(1)


def _answer(assignment: Assignment, told: Told) -> dict[str, Any]:
    try:
        return {"made": [asdict(made) for made in render(assignment, told)]}
    except BrokenPipeError:
        raise
    except SkyflowError as error:
        return {"error": [error.message, error.remedy]}
    except Exception as error:  # noqa: BLE001 - one shot fails, with a place to look at, and the others go on
        return {"error": [f"the animatic failed: {_where(error)}", "report this with the shot's request"]}


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" ({Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})" if trace else ""
    return f"{type(error).__name__}: {error}{place}"


def _say(answers: TextIO, line: dict[str, Any]) -> None:
    answers.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
