"""What one more stage makes of what is known of a task: the rules of the journal, without a disk.

What is known already changes nothing, since a provider may say a thing twice, or in other words the second time. What
it says out of order is borne as well, and a clip weighs more than a word: a task that failed may still be ready. Only
what we ourselves would have done wrongly is refused, before anything is written.
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
    """What once arrived stays, whatever a later answer leaves out; after a failure only a clip is news."""
    if not known.accepted:
        raise Impossible(f"task {stage.uuid} cannot be ready: it is {_name(known)}")
    numbers = [one.take for one in stage.arrivals]
    if len(set(numbers)) < len(numbers) or not set(numbers) <= set(known.task.takes):
        raise Impossible(f"task {stage.uuid} was to bring takes {known.task.takes}, not {tuple(numbers)}")
    failed = isinstance(known.stage, Failed)
    merged = _merged(known, stage)
    if not stage.arrivals if failed else merged == known.ready:
        return known
    return replace(known, stage=merged, ready=merged)


def _merged(known: Record, stage: Ready) -> Ready:
    """All that was ever said of a task's takes; of each take, what was said last."""
    before = known.ready or Ready(stage.uuid, (), (), whole=False)
    end = (known.stage.refusal,) if isinstance(known.stage, Failed) else ()
    arrivals = {one.take: one for one in (*before.arrivals, *stage.arrivals)}
    return Ready(
        stage.uuid,
        tuple(arrivals[number] for number in sorted(arrivals)),
        tuple(dict.fromkeys((*before.refusals, *end, *stage.refusals))),
        whole=before.whole or stage.whole,
    )


def _fetched(known: Record, stage: Fetched) -> Record:
    """A clip that the store lost may be fetched again, so the last one stands. A late one does not undo an end."""
    number = stage.take.take
    if known.ready is None or number not in {one.take for one in known.ready.arrivals}:
        raise Impossible(f"take {number} of task {stage.uuid} never arrived")
    if known.kept.get(number) == stage.take:
        return known
    last = known.stage if isinstance(known.stage, Failed) else stage
    return replace(known, stage=last, kept={**known.kept, number: stage.take})


def _failed(known: Record, stage: Failed) -> Record:
    """A task may fail late as well: what was ready can be gone from the provider before it was fetched."""
    if isinstance(known.stage, Intended):
        raise Impossible(f"task {stage.uuid} cannot fail: it was never sent")
    return known if known.finished else replace(known, stage=stage)


def _name(known: Record) -> str:
    """Where a task is, for a message."""
    return type(known.stage).__name__.lower()
