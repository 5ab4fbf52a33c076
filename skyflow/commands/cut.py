"""``skyflow cut``: only the final edit, from what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyflow import pipeline
from skyflow.commands import loading
from skyflow.commands.run import watched
from skyflow.commands.words import listed
from skyflow.errors import SkyflowError
from skyflow.running.options import Options

if TYPE_CHECKING:
    from typing import Unpack

    from skyflow.commands.loading import AboutPlan
    from skyflow.errors import ExitCode
    from skyflow.pipeline import Loaded
    from skyflow.terminal import Terminal


def cut(*, terminal: Terminal, form: str, **about: Unpack[AboutPlan]) -> ExitCode:
    """Put the cut together; make no shot.

    Raises:
        SkyflowError: a shot of the cut is not there as the board stands.
    """
    with loading.held(terminal, about, "cut") as (loaded, held):
        absent = _absent(loaded, about)
        if absent:
            raise SkyflowError(
                f"the cut needs {listed(absent)} as the board stands",
                f"make what is missing: {loading.again('run', about)}",
            )
        return watched(terminal, loaded, held, Options(select=frozenset()), about=about, form=form)


def _absent(loaded: Loaded, about: AboutPlan) -> list[str]:
    whole = pipeline.plan(loaded, about["backend"], proxy=about["proxy"])
    clips = {step.shot.id: step.clip for step in whole.steps}
    return [shot for shot in loaded.board.cut_shots if clips[shot] is None]
