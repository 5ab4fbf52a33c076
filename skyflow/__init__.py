"""Storyboards as code.

For programs, three calls, the same that the verbs make::

    import skyflow

    board = skyflow.load("board.yaml")
    plan = skyflow.plan(board)
    print(plan.total_cost)
    result = skyflow.run(board, proxy="480p")
    print(result.cut)

Everything is typed. ``skyflow.errors`` draws the family of errors that these raise.
"""

from __future__ import annotations

from skyflow._version import __version__

TYPE_CHECKING = False  # typing's own costs more to import than all else that --version needs
if TYPE_CHECKING:
    from skyflow.errors import BoardInvalid, SkyflowError
    from skyflow.pipeline import Loaded, load, plan, run
    from skyflow.planning.plan import Plan
    from skyflow.running.options import Options, Retake
    from skyflow.running.outcome import Result

__all__ = [
    "BoardInvalid",
    "Loaded",
    "Options",
    "Plan",
    "Result",
    "Retake",
    "SkyflowError",
    "__version__",
    "load",
    "plan",
    "run",
]

_HOME = {
    "BoardInvalid": "errors",
    "SkyflowError": "errors",
    "Loaded": "pipeline",
    "Plan": "planning.plan",
    "Options": "running.options",
    "Retake": "running.options",
    "Result": "running.outcome",
    "load": "pipeline",
    "plan": "pipeline",
    "run": "pipeline",
}


if not TYPE_CHECKING:  # a type checker must go on finding mistyped names

    def __getattr__(name: str) -> object:
        """Import what programs use when it is first asked for: ``skyflow --help`` must not pay for it."""
        import importlib  # noqa: PLC0415 - as above

        if name in _HOME:
            return getattr(importlib.import_module(f"skyflow.{_HOME[name]}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
