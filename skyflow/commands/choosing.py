"""From ``--select`` and ``--exclude`` to shots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyflow import backends, pipeline
from skyflow.commands.loading import AboutPlan
from skyflow.planning.select import Standing
from skyflow.planning.select import select as selected
from skyflow.running.known import LockKnown

if TYPE_CHECKING:
    from skyflow.pipeline import Loaded


class AboutShots(AboutPlan):
    """The words about a board, what makes its clips, and which of its shots are meant."""

    select: list[str]
    exclude: list[str]


def chosen(loaded: Loaded, about: AboutShots) -> frozenset[str] | None:
    """The shots that are meant; None means all.

    Raises:
        UsageError: a selector is none, or names what the board does not have.
        StoreError, Refused: a state is asked for and the lock cannot be read.
    """

    def standing() -> Standing:
        maker = backends.get(about["backend"], proxy=about["proxy"])
        known = LockKnown.of(loaded.project, maker)
        return Standing(pipeline.plan(loaded, maker, known=known), known)

    return selected(loaded.board, about["select"], about["exclude"], standing=standing)
