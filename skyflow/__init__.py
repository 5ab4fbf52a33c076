"""Storyboards as code.

For programs, three calls, the same that the verbs make::

    import skyflow

    loaded = skyflow.load("board.yaml")
    plan = skyflow.plan(loaded)
    print(plan.total_cost)
    result = skyflow.run(loaded)
    print(result.cut)

Everything is typed. ``skyflow.errors`` draws the family of errors that these raise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyflow._version import __version__

if TYPE_CHECKING:
    from skyflow.pipeline import load, plan, run

__all__ = ["__version__", "load", "plan", "run"]


def __getattr__(name: str) -> object:
    """Import the pipeline when it is first asked for: ``skyflow --help`` must not pay for it."""
    if name in {"load", "plan", "run"}:
        from skyflow import pipeline  # noqa: PLC0415 - this is the laziness

        return getattr(pipeline, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
