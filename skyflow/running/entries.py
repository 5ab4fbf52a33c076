"""Stages and tasks as the text that the journal keeps, and back. What is read is judged before anyone uses it.

Money and rates are texts, so that they come back to the digit. The text is plain ASCII, whatever a prompt holds.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from skyflow.backends.paid import Accepted, Arrival, Failed, Fetched, Intended, Ready, Refusal, Sent, Task
from skyflow.board.model import Output, Size
from skyflow.running.record import ID, NUMBER, RATE, SHA256, Unreadable, mapping, read_take, text, whole, write_takes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skyflow.backends.paid import Stage

ANY = re.compile(r"(?s).*")
SOME = re.compile(r"(?s).+")
AMOUNT = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?(E[+-]?[0-9]{1,3})?")
BYS = re.compile("acknowledgement|conflict|poll")
BILLS = re.compile("billed|unbilled|unknown")


def name(stage: Stage) -> str:
    """What the journal calls a stage."""
    return type(stage).__name__.lower()


def write(stage: Stage) -> str:
    """A stage as text, without its task's UUID; of an ``Intended`` the whole task.

    Raises:
        ValueError: it holds what no text can give back as it was, such as infinity.
    """
    match stage:
        case Intended(task=task):
            said = _write_task(task)
        case Sent():
            said = {}
        case Accepted(by=by):
            said = {"by": by}
        case Ready(arrivals=arrivals, refusals=refusals, whole=all_of_it):
            said = {
                "arrivals": [_write_arrival(one) for one in arrivals],
                "refusals": [_write_refusal(one) for one in refusals],
                "whole": all_of_it,
            }
        case Fetched(take=take):
            said = write_takes({take.take: take})
        case Failed(refusal=refusal):
            said = _write_refusal(refusal)
    return json.dumps(said, allow_nan=False)


def read(uuid: str, kind: str, said: str) -> Stage:
    """A stage from its text.

    Raises:
        Unreadable: anything in it is missing or not what it should be.
    """
    try:
        raw = mapping(json.loads(said), kind)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{kind} is no JSON") from error
    match kind:
        case "intended":
            return Intended(_read_task(uuid, raw))
        case "sent":
            return Sent(uuid)
        case "accepted":
            by: Any = text(raw.get("by"), "accepted.by", BYS)
            return Accepted(uuid, by)
        case "ready":
            arrivals = tuple(_read_arrival(one) for one in _items(raw, "arrivals"))
            refusals = tuple(_read_refusal(one) for one in _items(raw, "refusals"))
            return Ready(uuid, arrivals, refusals, whole=_flag(raw.get("whole"), "ready.whole"))
        case "fetched":
            ((number, take),) = raw.items() if len(raw) == 1 else [("", None)]
            return Fetched(uuid, read_take(int(text(number, "fetched", NUMBER)), take, "fetched"))
        case "failed":
            return Failed(uuid, _read_refusal(raw))
    raise Unreadable(f"there is no stage {kind!r:.40}")


def _write_task(task: Task) -> dict[str, Any]:
    output = task.output
    return {
        "attempt": task.attempt,
        "board": task.board,
        "backend": task.backend,
        "backend_version": task.backend_version,
        "model": task.model,
        "shot": task.shot,
        "key": task.key,
        "identity": task.identity,
        "takes": list(task.takes),
        "body": dict(task.body),
        "output": {
            "width": output.size.width,
            "height": output.size.height,
            "frames": output.frames,
            "fps": str(output.rate),
            "sound": output.sound,
        },
        "longer": task.longer,
        "estimate": str(task.estimate),
    }


def _read_task(uuid: str, raw: Mapping[str, Any]) -> Task:
    output = mapping(raw.get("output"), "output")
    size = Size(whole(output.get("width"), "output.width"), whole(output.get("height"), "output.height"))
    return Task(
        uuid=uuid,
        attempt=whole(raw.get("attempt"), "attempt"),
        board=text(raw.get("board"), "board", SOME),
        backend=text(raw.get("backend"), "backend", SOME),
        backend_version=text(raw.get("backend_version"), "backend_version", SOME),
        model=text(raw.get("model"), "model", SOME),
        shot=text(raw.get("shot"), "shot", ID),
        key=text(raw.get("key"), "key", SHA256),
        identity=text(raw.get("identity"), "identity", SHA256),
        takes=_takes(raw),
        body=mapping(raw.get("body"), "body"),
        output=Output(
            size,
            whole(output.get("frames"), "output.frames"),
            Fraction(text(output.get("fps"), "output.fps", RATE)),
            sound=_flag(output.get("sound"), "output.sound"),
        ),
        longer=whole(raw.get("longer"), "longer", least=0),
        estimate=_money(raw.get("estimate"), "estimate"),
    )


def _takes(raw: Mapping[str, Any]) -> tuple[int, ...]:
    takes = tuple(whole(one, "takes") for one in _items(raw, "takes"))
    if not takes or list(takes) != sorted(set(takes)):
        raise Unreadable("takes do not ascend")
    return takes


def _write_arrival(one: Arrival) -> dict[str, Any]:
    """A cost that is no number is none: whatever a provider reports, its clip is not lost for it."""
    cost = None if one.cost is None or not AMOUNT.fullmatch(str(one.cost)) else str(one.cost)
    return {"take": one.take, "video_uuid": one.video_uuid, "seed": one.seed, "nsfw": one.nsfw, "cost": cost}


def _read_arrival(value: object) -> Arrival:
    raw = mapping(value, "an arrival")
    seed, nsfw, cost = raw.get("seed"), raw.get("nsfw"), raw.get("cost")
    return Arrival(
        take=whole(raw.get("take"), "arrival.take"),
        video_uuid=text(raw.get("video_uuid"), "arrival.video_uuid", ANY),
        seed=None if seed is None else whole(seed, "arrival.seed", least=0),
        nsfw=None if nsfw is None else _flag(nsfw, "arrival.nsfw"),
        cost=None if cost is None else _money(cost, "arrival.cost"),
    )


def _write_refusal(one: Refusal) -> dict[str, Any]:
    return {"code": one.code, "message": one.message, "kind": one.kind, "billed": one.billed}


def _read_refusal(value: object) -> Refusal:
    raw = mapping(value, "a refusal")
    billed: Any = text(raw.get("billed"), "refusal.billed", BILLS)
    code, message, kind = (text(raw.get(word), f"refusal.{word}", ANY) for word in ("code", "message", "kind"))
    return Refusal(code, message, kind, billed)


def _items(raw: Mapping[str, Any], at: str) -> list[Any]:
    items = raw.get(at)
    if not isinstance(items, list):
        raise Unreadable(f"{at} is no list")
    return items


def _flag(value: object, at: str) -> bool:
    if not isinstance(value, bool):
        raise Unreadable(f"{at} is no yes or no")
    return value


def _money(value: object, at: str) -> Decimal:
    """An amount to the digit; a float has none."""
    return Decimal(text(value, at, AMOUNT))
