"""``skyflow pick``: choose the take that the film uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyflow import backends, pipeline
from skyflow.commands import loading
from skyflow.errors import ExitCode, UsageError
from skyflow.running.known import LockKnown

if TYPE_CHECKING:
    from typing import Unpack

    from skyflow.commands.loading import AboutPlan
    from skyflow.pipeline import Loaded
    from skyflow.store.hold import Held
    from skyflow.terminal import Terminal


def pick(*, terminal: Terminal, shot: str, take: str, **about: Unpack[AboutPlan]) -> ExitCode:
    """Change the lock; make nothing.

    Raises:
        UsageError: there is no such shot or take.
    """
    if not (take.isascii() and take.isdecimal()):
        raise UsageError(f"'{take}' is no take", "give its number, such as 2; `skyflow status` lists the takes")
    with loading.held(terminal, about, "pick") as (loaded, held):
        loading.known_shot(shot, loaded)
        was = _pick(loaded, held, shot, int(take), about)
    if was == int(take):
        terminal.say(f"{shot}: take {was} was picked already")
    else:
        run = loading.again("run", about)
        terminal.say(f"{shot}: take {int(take)} is picked, it was {was}; {run} brings the film up to date")
    return ExitCode.DONE


def _pick(loaded: Loaded, held: Held, shot: str, take: int, about: AboutPlan) -> int:
    """Pick a take of the version that the board asks for; give the pick from before."""
    maker = backends.get(about["backend"], proxy=about["proxy"])
    known = LockKnown.of(loaded.project, maker, held.objects)
    step = next(step for step in pipeline.plan(loaded, maker).steps if step.shot.id == shot)
    if step.shot.footage:
        raise UsageError(f"{shot} is footage: there is nothing to choose", "pick a take of a shot with a prompt")
    version = known.version(shot, step.key) if step.key else None
    if version is None or step.key is None:
        raise UsageError(
            f"{shot} has no takes as it stands", f"make them with {loading.again('run', about)}, then pick"
        )
    if take not in version.takes:
        there = ", ".join(map(str, sorted(version.takes)))
        raise UsageError(
            f"{shot} has no take {take}, only {there}", f"one more is made by {loading.again('retake', about, shot)}"
        )
    known.lock.use(shot, step.key)
    known.lock.pick(shot, take)
    known.lock.save()
    return version.pick
