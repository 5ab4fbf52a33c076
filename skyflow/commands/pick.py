"""``skyflow pick``: choose the take that the film uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyflow import backends, pipeline
from skyflow.commands import loading
from skyflow.commands.show import known_shot
from skyflow.errors import ExitCode, UsageError
from skyflow.run.known import LockKnown
from skyflow.store.hold import hold

if TYPE_CHECKING:
    from skyflow.pipeline import Loaded
    from skyflow.terminal import Terminal


def pick(
    *,
    terminal: Terminal,
    board: str,
    shot: str,
    take: str,
    sets: list[str],
    var_files: list[str],
    strict: bool,
    backend: str,
    proxy: str | None,
) -> ExitCode:
    """Change the lock; make nothing."""
    if not take.isdecimal():
        raise UsageError(f"'{take}' is no take", "give its number, such as 2")
    loaded = loading.load(terminal, board, sets, var_files, strict=strict)
    known_shot(shot, loaded.board.shots)
    was = _pick(loaded, shot, int(take), backend, proxy)
    said = f"{shot}: take {take} is picked" + (" already" if was == int(take) else f", it was take {was}")
    terminal.say(f"{said}; `skyflow run` brings the film up to date")
    return ExitCode.DONE


def _pick(loaded: Loaded, shot: str, take: int, backend: str, proxy: str | None) -> int:
    """Pick a take of the version that the board asks for; give the pick from before."""
    maker = backends.get(backend, proxy=proxy)
    with hold(loaded.project, "pick") as held:
        known = LockKnown.of(loaded.project, maker, held.objects)
        step = next(step for step in pipeline.plan(loaded, maker).steps if step.shot.id == shot)
        version = known.version(shot, step.key) if step.key else None
        if version is None or step.key is None:
            raise UsageError(f"{shot} has no takes as it stands", "make them with `skyflow run`, then pick")
        known.lock.use(shot, step.key)
        known.lock.pick(shot, take)
        known.lock.save()
    return version.pick
