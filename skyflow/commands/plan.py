"""``skyflow plan``: what a run would do, why, and what it would cost."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import networkx as nx

from skyflow import pipeline
from skyflow.commands import loading
from skyflow.commands.words import dollars, length, number
from skyflow.errors import ExitCode
from skyflow.plan.plan import Action, as_json
from skyflow.plan.select import select as selected
from skyflow.terminal import table

if TYPE_CHECKING:
    from skyflow.plan.plan import Plan, Step
    from skyflow.terminal import Terminal

STYLES = {Action.MAKE: "green", Action.WAIT: "yellow", Action.REUSE: "dim", Action.FOOTAGE: "dim"}


def plan(
    *,
    terminal: Terminal,
    board: str,
    sets: list[str],
    var_files: list[str],
    strict: bool,
    backend: str,
    proxy: str | None,
    select: list[str],
    form: str,
    detailed_exitcode: bool = False,
) -> ExitCode:
    """Decide every shot; make nothing."""
    loaded = loading.load(terminal, board, sets, var_files, strict=strict)
    whole = pipeline.plan(loaded, backend, proxy=proxy)
    whole = only(whole, selected(loaded.board, select))
    if form == "json":
        terminal.json(as_json(whole))
    else:
        _tell(terminal, whole)
    return ExitCode.INVALID if detailed_exitcode and not whole.nothing_to_make else ExitCode.DONE


def only(whole: Plan, chosen: frozenset[str] | None) -> Plan:
    """The part of a plan that is about some of the shots."""
    if chosen is None:
        return whole
    return type(whole)(whole.board, whole.maker, tuple(step for step in whole.steps if step.shot.id in chosen))


def _tell(terminal: Terminal, whole: Plan) -> None:
    film = sum((whole.board.shots[shot].output.seconds for shot in whole.board.cut), Fraction(0))
    shots = number(len(whole.steps), "shot")
    terminal.say(f"{whole.board.title}: {shots}, a cut of {length(film)}, drawn by {whole.maker.name}", style="bold")
    rows = table("shot", "", "length>", "size>", "takes>", "cost>", "why")
    for step in whole.steps:
        rows.add_row(*_row(step), style=STYLES[step.action])
    terminal.show(rows)
    notes = [(step.shot.id, note) for step in whole.steps for note in step.shot.notes]
    if notes and terminal.verbose:
        terminal.say("\nDecided for you", style="bold")
        for shot, note in notes:
            terminal.say(f"  {shot}: {note}")
    elif notes:
        terminal.say(f"\n{number(len(notes), 'note')} on what was decided for you; --verbose shows them", style="dim")
    terminal.say(f"\n{summary(whole)}")


def _row(step: Step) -> tuple[str, ...]:
    output = step.shot.output
    takes = "" if step.shot.footage else str(step.shot.takes)
    price = "" if step.shot.footage else dollars(step.cost)
    return step.shot.id, str(step.action), length(output.seconds), str(output.size), takes, price, step.reason


def summary(whole: Plan) -> str:
    """What there is to do, and what it would cost, in two sentences."""
    counts = {action: sum(step.action is action for step in whole.steps) for action in Action}
    todo = [
        f"{counts[Action.MAKE]} to make" if counts[Action.MAKE] else "",
        f"{counts[Action.WAIT]} waiting for those" if counts[Action.WAIT] else "",
        f"{counts[Action.REUSE]} unchanged" if counts[Action.REUSE] else "",
        f"{counts[Action.FOOTAGE]} footage" if counts[Action.FOOTAGE] else "",
    ]
    first = "Nothing to make." if whole.nothing_to_make else f"{', '.join(filter(None, todo))}.".capitalize()
    chain = _longest_chain(whole)
    between = f" The longest chain is {' → '.join(chain)}." if len(chain) > 1 and not whole.nothing_to_make else ""
    price = f"on runware these shots would cost {dollars(whole.total_cost)} at the model's prices"
    return f"{first}{between}\n{whole.maker.name} is free; {price}."


def _longest_chain(whole: Plan) -> list[str]:
    """What bounds a run's time: the shots to be made that have to be made one after the other."""
    todo = [step.shot.id for step in whole.steps if step.missing]
    chain: list[str] = nx.dag_longest_path(whole.board.graph.subgraph(todo))
    return chain
