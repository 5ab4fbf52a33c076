"""``skyflow status``: what is there of each shot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skyflow import backends, pipeline
from skyflow.commands import loading
from skyflow.errors import ExitCode
from skyflow.plan.plan import Action
from skyflow.run.known import LockKnown
from skyflow.terminal import table

if TYPE_CHECKING:
    from skyflow.plan.plan import Step
    from skyflow.plan.takes import Take
    from skyflow.terminal import Terminal

STATES = {Action.MAKE: "to make", Action.REUSE: "there", Action.WAIT: "waiting", Action.FOOTAGE: "footage"}


def status(
    *,
    terminal: Terminal,
    board: str,
    sets: list[str],
    var_files: list[str],
    strict: bool,
    backend: str,
    proxy: str | None,
    form: str,
) -> ExitCode:
    """Print each shot's state from lock and store."""
    loaded = loading.load(terminal, board, sets, var_files, strict=strict)
    maker = backends.get(backend, proxy=proxy)
    known = LockKnown.of(loaded.project, maker)
    steps = {step.shot.id: step for step in pipeline.plan(loaded, maker).steps}
    shots = [_state(steps[shot], known) for shot in loaded.board.shots]
    if form == "json":
        terminal.json({"board": loaded.board.title, "backend": maker.name, "shots": shots})
        return ExitCode.DONE
    rows = table("shot", "state", "takes", "pick>", "size>", "why")
    for state in shots:
        takes = ", ".join(f"{take['take']}{'' if take['intact'] else ' (lost)'}" for take in state["takes"])
        size = f"{sum(take['bytes'] for take in state['takes']) / 1e6:.1f} MB" if state["takes"] else ""
        rows.add_row(state["shot"], state["state"], takes, str(state["pick"] or ""), size, state["reason"])
    terminal.show(rows)
    return ExitCode.DONE


def _state(step: Step, known: LockKnown) -> dict[str, Any]:
    version = known.version(step.shot.id, step.key) if step.key else None
    takes = sorted(version.takes.items()) if version else []
    return {
        "shot": step.shot.id,
        "state": STATES[step.action],
        "reason": step.reason,
        "key": step.key,
        "pick": version.pick if version else None,
        "takes": [_take(take, known) for _, take in takes],
    }


def _take(take: Take, known: LockKnown) -> dict[str, Any]:
    return {
        "take": take.take,
        "sha256": take.sha256,
        "bytes": take.bytes,
        "intact": known.intact(take),
        "seed": take.seed,
    }
