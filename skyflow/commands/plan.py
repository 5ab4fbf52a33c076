"""``skyflow plan``: what a run would do, why, and what it would cost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from skyflow import backends, pipeline
from skyflow.board import graph
from skyflow.commands import loading
from skyflow.commands.choosing import chosen
from skyflow.commands.words import length, number
from skyflow.errors import ExitCode
from skyflow.planning.cost import dollars
from skyflow.planning.plan import Action, as_json
from skyflow.running.known import LockKnown
from skyflow.terminal import cells, table, visible

if TYPE_CHECKING:
    from typing import Unpack

    from skyflow.commands.choosing import AboutShots
    from skyflow.planning.plan import Plan, Step
    from skyflow.terminal import Table, Terminal

STYLES = {
    Action.MAKE: "green",
    Action.RESUME: "cyan",
    Action.WAIT: "yellow",
    Action.REUSE: "dim",
    Action.FOOTAGE: "dim",
}
NARROW = 76
"""On fewer columns than this the reason has no room beside size and takes, and is worth more."""


@pipeline.uncollected()
def plan(
    *,
    terminal: Terminal,
    form: str,
    detailed_exitcode: bool = False,
    **about: Unpack[AboutShots],
) -> ExitCode:
    """Decide every shot; make nothing."""
    loaded = loading.load(terminal, about)
    maker = backends.get(about["backend"], proxy=about["proxy"])
    known = LockKnown.of(loaded.project, maker)
    whole = pipeline.plan(loaded, maker, known=known)
    terminal.rests_on = loaded.rests_on | pipeline.rests_on(loaded, maker, known)
    some = chosen(loaded, about)
    whole = only(whole, some)
    if form == "json":
        terminal.json(as_json(whole))
    else:
        _tell(terminal, whole)
    # The cut is the whole film's; of a selection only its shots count.
    idle = whole.nothing_to_make if some is None else whole.no_shot_to_make
    return ExitCode.DONE if idle or not detailed_exitcode else ExitCode.INVALID


def only(whole: Plan, some: frozenset[str] | None) -> Plan:
    """The part of a plan that is about some of the shots."""
    if some is None:
        return whole
    return replace(whole, steps=tuple(step for step in whole.steps if step.shot.id in some))


def _tell(terminal: Terminal, whole: Plan) -> None:
    film = whole.board.cut_seconds
    title = visible(whole.board.title or whole.board.name)
    head = f"{title}: {number(len(whole.board.shots), 'shot')}, a cut of {length(film)}, drawn by {whole.maker.name}"
    terminal.show(head, "bold")
    if not whole.steps:
        terminal.show("No shot is selected.")
        return
    terminal.show(_steps(whole, narrow=terminal.width < NARROW))
    if any(step.shot.notes for step in whole.steps):
        terminal.show("\ndecided for you", "bold")
        terminal.show(_notes(whole))
    terminal.show()
    terminal.show(summary(whole))
    for note in whole.notes:
        terminal.show(note, "yellow")


def _steps(whole: Plan, *, narrow: bool) -> Table:
    rows = table(*(["shot", "", "length>", "cost>", "why"] if narrow else HEADS))
    for step in whole.steps:
        shot, action, seconds, size, takes, price, why = _row(whole, step)
        row = (shot, action, seconds, price, why) if narrow else (shot, action, seconds, size, takes, price, why)
        rows.add_row(*cells(*row), style=STYLES[step.action])
    return rows


HEADS = ("shot", "", "length>", "size>", "takes>", "cost>", "why")


def _row(whole: Plan, step: Step) -> tuple[str, str, str, str, str, str, str]:
    output = whole.maker.output(step.shot.output)
    takes = "" if step.shot.footage else str(step.shot.takes)
    price = "" if step.shot.footage else dollars(step.due if whole.maker.paid else step.cost)
    return step.shot.id, str(step.action), length(output.seconds), str(output.size), takes, price, step.reason


def _notes(whole: Plan) -> Table:
    """What the board did not say and was decided all the same: words in place of pictures, defaults left out."""
    rows = table("", "")
    for step in whole.steps:
        for place, note in enumerate(step.shot.notes):
            rows.add_row(*cells("" if place else step.shot.id, note))
    return rows


def summary(whole: Plan) -> str:
    """What there is to do, what bounds its time, and what it would cost: a sentence each."""
    counts = {action: sum(step.action is action for step in whole.steps) for action in Action}
    todo = [
        (counts[Action.MAKE], "to make"),
        (counts[Action.RESUME], "in flight"),
        (
            counts[Action.WAIT],
            "waiting for those" if counts[Action.MAKE] or counts[Action.RESUME] else "waiting for shots left out",
        ),
        (counts[Action.REUSE], "unchanged"),
        (counts[Action.FOOTAGE], "footage"),
    ]
    first = ", ".join(f"{many} {what}" for many, what in todo if many)
    lines = ["Nothing to make." if whole.no_shot_to_make else f"{first}."]
    if whole.cut.action is Action.MAKE:
        lines.append(f"The cut is put together ({whole.cut.reason}).")
    chain = _longest_chain(whole)
    if len(chain) > 1:
        lines.append(f"The longest chain is {' → '.join(chain)}.")
    lines.append(_price(whole))
    return "\n".join(lines)


def _price(whole: Plan) -> str:
    """What a run would spend; of what is free, what the real film would cost."""
    which = "these shots" if len(whole.steps) < len(whole.board.shots) else "the board"
    if not whole.maker.paid:
        return f"{whole.maker.name} is free; on runware {which} would cost {dollars(whole.total_cost)}."
    due = f"A run would spend {dollars(whole.total_due)}" if whole.total_due else "A run would spend nothing"
    if whole.total_due == whole.total_cost:
        return f"{due}."
    return f"{due}; all of {which} costs {dollars(whole.total_cost)}, made or not."


def _longest_chain(whole: Plan) -> list[str]:
    """What bounds a run's time: the shots to be made that have to be made one after the other."""
    todo = {step.shot.id for step in whole.steps if step.missing}
    return graph.longest({shot: sources for shot, sources in whole.board.sources.items() if shot in todo})
