"""What one more stage makes of what is known of a task: the rules of the journal, without a disk.

A stage that is known already changes nothing, since a provider may say the same thing twice. One that cannot follow
is a defect of who records it, and is refused before anything is written.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from skyflow.backends.paid import Accepted, Failed, Fetched, Intended, Ready, Record, Sent

if TYPE_CHECKING:
    from skyflow.backends.paid import Stage


class Impossible(RuntimeError):
    """A stage that cannot follow what is recorded of its task."""


def after(known: Record | None, stage: Stage, began: float = 0.0) -> Record:
    """What is known of a task once ``stage`` is recorded; the very same record where that changes nothing.

    Args:
        began: for a task that is new, seconds since the epoch.

    Raises:
        Impossible: the stage cannot follow.
    """
    if isinstance(stage, Intended):
        return Record(task=stage.task, stage=stage, began=began) if known is None else _again(known, stage)
    if known is None:
        raise Impossible(f"task {stage.uuid} was never intended")
    match stage:
        case Sent():
            return _sent(known, stage)
        case Accepted():
            return _accepted(known, stage)
        case Ready():
            return _ready(known, stage)
        case Fetched():
            return _fetched(known, stage)
        case Failed():
            return _failed(known, stage)


def _again(known: Record, stage: Intended) -> Record:
    """The first intention stands: the shot may be called something else since, the body may not differ."""
    if (stage.task.body, stage.task.key, stage.task.takes) != (known.task.body, known.task.key, known.task.takes):
        raise Impossible(f"task {stage.uuid} was intended with another body")
    return known


def _sent(known: Record, stage: Sent) -> Record:
    """Sending again is right while nobody knows whether it arrived, and never afterwards."""
    if known.accepted or isinstance(known.stage, Failed):
        raise Impossible(f"task {stage.uuid} is {_name(known)} and must not be sent again")
    return replace(known, stage=stage)


def _accepted(known: Record, stage: Accepted) -> Record:
    if known.accepted:
        return known
    if not isinstance(known.stage, Sent):
        raise Impossible(f"task {stage.uuid} cannot be accepted: it is {_name(known)}")
    return replace(known, stage=stage, accepted=True)


def _ready(known: Record, stage: Ready) -> Record:
    """What once arrived stays, whatever a later answer leaves out."""
    if not known.accepted or isinstance(known.stage, Failed):
        raise Impossible(f"task {stage.uuid} cannot be ready: it is {_name(known)}")
    numbers = [one.take for one in stage.arrivals]
    if len(set(numbers)) < len(numbers) or not set(numbers) <= set(known.task.takes):
        raise Impossible(f"task {stage.uuid} was to bring takes {known.task.takes}, not {tuple(numbers)}")
    before = known.ready or Ready(stage.uuid, (), (), whole=False)
    arrivals = {one.take: one for one in (*before.arrivals, *stage.arrivals)}
    merged = Ready(
        stage.uuid,
        tuple(arrivals[number] for number in sorted(arrivals)),
        tuple(dict.fromkeys((*before.refusals, *stage.refusals))),
        whole=before.whole or stage.whole,
    )
    return known if merged == known.ready else replace(known, stage=merged, ready=merged)


def _fetched(known: Record, stage: Fetched) -> Record:
    """A clip that the store lost may be fetched again, so the last one stands."""
    number = stage.take.take
    if known.ready is None or isinstance(known.stage, Failed):
        raise Impossible(f"take {number} of task {stage.uuid} cannot be fetched: it is {_name(known)}")
    if number not in {one.take for one in known.ready.arrivals}:
        raise Impossible(f"take {number} of task {stage.uuid} never arrived")
    if known.kept.get(number) == stage.take:
        return known
    return replace(known, stage=stage, kept={**known.kept, number: stage.take})


def _failed(known: Record, stage: Failed) -> Record:
    """A task may fail late as well: what was ready can be gone from the provider before it was fetched."""
    if known.stage == stage:
        return known
    if isinstance(known.stage, Intended) or known.finished:
        raise Impossible(f"task {stage.uuid} cannot fail: it is {_name(known)}")
    return replace(known, stage=stage)


def _name(known: Record) -> str:
    """Where a task is, for a message."""
    return type(known.stage).__name__.lower()
