"""``skyflow status``: what is there of each shot."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from skyflow import backends, pipeline
from skyflow.commands import loading
from skyflow.commands.choosing import chosen
from skyflow.commands.words import listed, size
from skyflow.errors import ExitCode
from skyflow.planning.cost import dollars
from skyflow.planning.plan import Action
from skyflow.running.known import LockKnown
from skyflow.running.recovering import unfetched
from skyflow.terminal import cells, table

if TYPE_CHECKING:
    from typing import Unpack

    from skyflow.backends.paid import Record
    from skyflow.commands.choosing import AboutShots
    from skyflow.planning.plan import Step
    from skyflow.planning.takes import Take
    from skyflow.terminal import Terminal

STATES = {
    Action.MAKE: "to make",
    Action.RESUME: "in flight",
    Action.REUSE: "there",
    Action.WAIT: "waiting",
    Action.FOOTAGE: "footage",
}
STYLES = {
    Action.MAKE: "yellow",
    Action.RESUME: "cyan",
    Action.REUSE: "green",
    Action.WAIT: "yellow",
    Action.FOOTAGE: "dim",
}


def status(*, terminal: Terminal, form: str, **about: Unpack[AboutShots]) -> ExitCode:
    """Print each shot's state from lock and store."""
    loaded = loading.load(terminal, about)
    maker = backends.get(about["backend"], proxy=about["proxy"])
    known = LockKnown.of(loaded.project, maker)
    steps = {step.shot.id: step for step in pipeline.plan(loaded, maker, known=known).steps}
    some = chosen(loaded, about)
    shown = [shot for shot in loaded.board.shots if some is None or shot in some]
    states = {shot: _state(steps[shot], known) for shot in shown}
    flights = [_flight(record) for record in unfetched(known, loaded.board.name, maker.name)]
    if form == "json":
        found = {"board": loaded.board.name, "backend": maker.name, "shots": list(states.values())}
        terminal.json(found | {"in_flight": flights})
        return ExitCode.DONE
    rows = table("shot", "state", "takes", "pick>", "bytes>", "why")
    for shot, state in states.items():
        takes = ", ".join(f"{take['take']}{'' if take['intact'] else ' (lost)'}" for take in state["takes"])
        held = size(sum(take["bytes"] for take in state["takes"])) if state["takes"] else ""
        row = cells(shot, state["state"], takes, str(state["pick"] or ""), held, state["reason"])
        rows.add_row(*row, style=STYLES[steps[shot].action])
    terminal.show(rows)
    if flights:
        _tell_flights(terminal, flights)
    return ExitCode.DONE


def _tell_flights(terminal: Terminal, flights: list[dict[str, Any]]) -> None:
    terminal.show()
    rows = table("in flight", "takes", "cost>", "task", "")
    for one in flights:
        said = "the provider has it" if one["accepted"] else "sent; whether it arrived is not known"
        price = dollars(Decimal(str(one["cost"])))
        rows.add_row(*cells(one["shot"], listed([str(take) for take in one["takes"]]), price, one["task_uuid"], said))
    terminal.show(rows)
    terminal.say("a run of these shots fetches them; `skyflow recover` fetches them whatever the board says")


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


def _flight(record: Record) -> dict[str, Any]:
    """A task that is not fetched yet."""
    task = record.task
    return {
        "task_uuid": task.uuid,
        "shot": task.shot,
        "takes": [take for take in task.takes if take not in record.kept],
        "accepted": record.accepted,
        "cost": float(task.estimate),
    }


def _take(take: Take, known: LockKnown) -> dict[str, Any]:
    return {
        "take": take.take,
        "sha256": take.sha256,
        "bytes": take.bytes,
        "intact": known.intact(take),
        "seed": take.seed,
        "cost": None if take.receipt is None or take.receipt.cost is None else float(take.receipt.cost),
    }
