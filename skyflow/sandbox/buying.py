"""A video task comes in: refused, priced, or accepted and charged once."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from skyflow.sandbox import dice
from skyflow.sandbox.house import Reply, fault_of
from skyflow.sandbox.price import Offer, offer
from skyflow.sandbox.records import Bought, Take
from skyflow.sandbox.rules import troubles
from skyflow.sandbox.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skyflow.sandbox.faults import Fault
    from skyflow.sandbox.house import Call, House

WORDS = {
    "conflictTaskUUID": "A task with this taskUUID already exists.",
    "insufficientCredits": "The balance does not cover this task.",
    "unknownModel": "The model is not known or not available.",
    "timeoutProvider": "The provider did not finish in time.",
    "invalidProviderContent": "The provider refused the content.",
}


def submit(house: House, task: Mapping[str, Any], faults: list[Fault], call: Call) -> Reply:
    """Answer one task; a task that is accepted is in the book when this returns."""
    known = house.book.task(task["taskUUID"].lower())
    if known is not None:
        trouble = said("conflictTaskUUID", "taskUUID")
        house.book.refused(known.uuid, trouble.row(task))
        return Reply.error(task, trouble)
    now = house.clock()

    def facts(text: str) -> Mapping[str, Any] | None:
        return house.shelf.facts(text, now)

    settings = house.settings
    wrong = troubles(task, facts, limits=settings.media_limits, upstream=settings.upstream_rules)
    if wrong:
        return Reply.error(task, *wrong)
    count = task.get("numberResults", 1)
    made = offer(task, facts)
    if house.book.spent() + made.cost * count > settings.balance:
        return Reply.error(task, said("insufficientCredits"))
    if call.dry:
        total = float(made.cost * count)
        return Reply([{"taskType": task["taskType"], "taskUUID": task["taskUUID"], "cost": total, "dryRun": True}])
    _accept(house, task, made, faults, call)
    return Reply([{"taskType": task["taskType"], "taskUUID": task["taskUUID"]}])


def said(code: str, parameter: str = "", message: str = "") -> Trouble:
    """An error by its code, in the provider's manner."""
    return Trouble(code, message or WORDS.get(code, "The task could not be processed."), parameter)


def _accept(house: House, task: Mapping[str, Any], made: Offer, faults: list[Fault], call: Call) -> None:
    uuid = task["taskUUID"].lower()
    count = task.get("numberResults", 1)
    now = house.clock()
    takes = [_take(house, task, number, now, faults) for number in range(1, count + 1)]
    free = fault_of(faults, "fail")
    refunded = len([one for one in takes if one.error]) if free and free.how.get("refund") else 0
    cost = fault_of(faults, "cost")
    bought = Bought(
        number=0,
        uuid=uuid,
        body=task,
        base=call.base,
        accepted=now,
        cost=made.cost,
        charged=made.cost * (count - refunded),
        reported=_reported(made.cost, cost) if task.get("includeCost") else None,
        measures=made.measures | _other_measures(faults),
        refusal=None,
    )
    with house.book.at_once():
        house.book.accept(bought, takes)
        for take in takes:
            for kind, key in (("webhook", "webhookURL"), ("upload", "uploadEndpoint")):
                if key in task and not (kind == "upload" and take.error):
                    house.book.promise(take.video, kind, task[key], take.ready)


def _take(house: House, task: Mapping[str, Any], number: int, now: float, faults: list[Fault]) -> Take:
    uuid = task["taskUUID"].lower()
    count = task.get("numberResults", 1)
    hit = [fault for fault in faults if number in fault.takes(count)]
    failure, late = fault_of(hit, "fail"), fault_of(hit, "late")
    error = None
    if failure:
        code = failure.how.get("code", "providerError")
        error = {"code": code, "message": failure.how.get("message") or said(code).message}
    return Take(
        video=dice.name("video", house.settings.seed, uuid, number),
        task=uuid,
        take=number,
        seed=dice.number("seed", house.settings.seed, uuid, number),
        ready=now + _seconds(house, task, number) + (float(late.how.get("seconds", 60)) if late else 0),
        error=error,
        nsfw=fault_of(hit, "nsfw") is not None,
        drawn=False,
        forgotten=fault_of(hit, "forget") is not None,
    )


def _seconds(house: House, task: Mapping[str, Any], number: int) -> float:
    """How long a take is in the making."""
    latency = house.settings.latency
    rolled = dice.roll("latency", house.settings.seed, task["taskUUID"].lower(), number)
    return latency.base + latency.per_second * float(task.get("duration", 5)) + latency.jitter * rolled


def _reported(cost: Decimal, fault: Fault | None) -> Decimal | None:
    if fault is None:
        return cost
    return cost * Decimal(str(fault.how["factor"])) if "factor" in fault.how else None


def _other_measures(faults: list[Fault]) -> dict[str, Any]:
    """What comes out in place of what was asked for."""
    fault = fault_of(faults, "measures")
    return {key: fault.how[key] for key in ("width", "height", "frames") if key in fault.how} if fault else {}
