"""``skyflow show``: one shot's final words, exact request and key."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

from rich.text import Text

from skyflow import pipeline
from skyflow.commands import loading
from skyflow.commands.words import length, listed
from skyflow.errors import ExitCode
from skyflow.planning.cost import dollars
from skyflow.planning.request import shown
from skyflow.terminal import cells, table, visible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Unpack

    from skyflow.commands.loading import AboutPlan
    from skyflow.planning.plan import Step
    from skyflow.terminal import Terminal


def show(*, terminal: Terminal, shot: str, form: str, **about: Unpack[AboutPlan]) -> ExitCode:
    """Print what a run would ask for."""
    loaded = loading.load(terminal, about)
    loading.known_shot(shot, loaded)
    whole = pipeline.plan(loaded, about["backend"], proxy=about["proxy"])
    step = next(step for step in whole.steps if step.shot.id == shot)
    if form == "json":
        terminal.json(as_json(step))
    else:
        _tell(terminal, step)
    return ExitCode.DONE


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
    rows = table("", "")
    for name, said in _facts(step):
        rows.add_row(*cells(name, said))
    terminal.show(rows)
    if step.request:
        width = min(100, terminal.out.width) - 2
        prompt = [textwrap.fill(line, width) for line in visible(step.shot.prompt).splitlines()]
        terminal.show(Text("\nprompt", "dim"))
        terminal.show(Text(textwrap.indent("\n".join(prompt), "  ")))
        terminal.show(Text("\nrequest", "dim"))
        terminal.data(visible(json.dumps(shown(step.request.body), indent=2, ensure_ascii=False)))


def _facts(step: Step) -> Iterator[tuple[str, str]]:
    output = step.shot.output
    yield "shot", step.shot.id
    yield "action", f"{step.action}: {step.reason}"
    yield "clip", f"{length(output.seconds)}, {output.size}, {'with' if output.sound else 'without'} sound"
    if step.shot.footage:
        yield "footage", step.shot.footage.path
        yield "sha256", step.shot.footage.sha256
        return
    yield "key", step.key or f"known once {listed(list(step.waits_for))} is made"
    yield "needs", listed(list(step.shot.depends_on)) or "no other shot"
    yield "cost", f"{dollars(step.cost)} at the model's prices"
    for note in step.shot.notes:
        yield "note", note
