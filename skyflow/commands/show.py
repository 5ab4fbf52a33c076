"""``skyflow show``: one shot's final words, exact request and key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from skyflow import pipeline
from skyflow.commands import loading
from skyflow.commands.words import dollars
from skyflow.errors import ExitCode, UsageError
from skyflow.plan.request import shown
from skyflow.problems import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skyflow.plan.plan import Step
    from skyflow.terminal import Terminal


def show(
    *,
    terminal: Terminal,
    board: str,
    shot: str,
    sets: list[str],
    var_files: list[str],
    strict: bool,
    backend: str,
    proxy: str | None,
    form: str,
) -> ExitCode:
    """Print what a run would ask for."""
    loaded = loading.load(terminal, board, sets, var_files, strict=strict)
    known_shot(shot, loaded.board.shots)
    whole = pipeline.plan(loaded, backend, proxy=proxy)
    step = next(step for step in whole.steps if step.shot.id == shot)
    if form == "json":
        terminal.json(as_json(step))
    else:
        _tell(terminal, step)
    return ExitCode.DONE


def known_shot(shot: str, shots: Iterable[str]) -> None:
    """Raises UsageError where a board has no such shot."""
    if shot not in set(shots):
        remedy = did_you_mean(shot, shots) or f"shots: {', '.join(shots)}"
        raise UsageError(f"there is no shot '{shot}'", remedy)


def as_json(step: Step) -> dict[str, Any]:
    """A shot for programs; ``schemas/show.schema.json`` describes it."""
    return {
        "shot": step.shot.id,
        "key": step.key,
        "prompt": step.shot.prompt,
        "request": shown(step.request.body) if step.request else None,
        "depends_on": list(step.shot.depends_on),
        "cost": float(step.cost),
        "action": str(step.action),
        "reason": step.reason,
        "notes": list(step.shot.notes),
    }


def _tell(terminal: Terminal, step: Step) -> None:
    said = as_json(step)
    lines = [
        f"shot     {said['shot']}",
        f"action   {said['action']}: {said['reason']}",
        f"key      {said['key'] or 'known once ' + ', '.join(step.waits_for) + ' is made'}",
        f"needs    {', '.join(said['depends_on']) or 'nothing'}",
        f"cost     {dollars(step.cost)} on runware",
        *(f"note     {note}" for note in said["notes"]),
    ]
    if step.shot.footage:
        lines[2] = f"clip     {step.shot.footage.path}, sha256 {step.shot.footage.sha256}"
    if step.request:
        request = json.dumps(said["request"], indent=2, ensure_ascii=False)
        lines += ["", step.shot.prompt, "", request]
    terminal.data("\n".join(lines))
