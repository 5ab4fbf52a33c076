"""``skyflow retake``: more takes of a shot as it stands, beside those that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyflow import pipeline
from skyflow.commands import loading
from skyflow.commands.run import watched
from skyflow.commands.words import listed
from skyflow.errors import ExitCode, UsageError
from skyflow.running.options import Options, Retake

if TYPE_CHECKING:
    from decimal import Decimal
    from typing import Unpack

    from skyflow.commands.loading import AboutPlan
    from skyflow.pipeline import Loaded
    from skyflow.terminal import Terminal


def retake(
    *,
    terminal: Terminal,
    shot: str,
    form: str,
    takes: int,
    max_cost: Decimal | None,
    yes: bool,
    listen: str | None,
    webhook_url: str | None,
    **about: Unpack[AboutPlan],
) -> ExitCode:
    """Make more takes; the pick stays.

    Raises:
        UsageError: there is no such shot, or nothing that it could be made from yet.
    """
    with loading.held(terminal, about, "retake") as (loaded, held):
        loading.known_shot(shot, loaded)
        _see_inputs(shot, loaded, about)
        options = Options(
            retake=Retake(shot, takes), max_cost=max_cost, yes=yes, listen=listen, webhook_url=webhook_url
        )
        code = watched(terminal, loaded, held, options, about=about, form=form)
    if code is ExitCode.DONE and form != "json":
        pick = loading.again("pick", about, shot, "TAKE")
        terminal.say(f"the film still uses the take that was picked; {pick} changes it")
    return code


def _see_inputs(shot: str, loaded: Loaded, about: AboutPlan) -> None:
    whole = pipeline.plan(loaded, about["backend"], proxy=about["proxy"])
    step = next(step for step in whole.steps if step.shot.id == shot)
    if step.frozen:
        raise UsageError(f"{shot} is frozen: nothing is made of it", "remove `frozen` from it first")
    if step.waits_for:
        missing = listed(list(step.waits_for))
        raise UsageError(
            f"{shot} is made from {missing}, which is not there yet", f"make it first: {loading.again('run', about)}"
        )
