"""Questions about tasks and the account: getResponse, getTaskDetails, accountManagement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skyflow.sandbox import dice
from skyflow.sandbox.house import Reply, fault_of
from skyflow.sandbox.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skyflow.sandbox.faults import Fault
    from skyflow.sandbox.house import Call, House
    from skyflow.sandbox.records import Bought, Take

FORMATS = {"MP4": "mp4", "WEBM": "webm", "MOV": "mov"}


def poll(house: House, task: Mapping[str, Any], faults: list[Fault], call: Call) -> Reply:
    """All that there is of a task, in the order of its takes."""
    if call.polls > 1 and not house.settings.batched_polls:
        return Reply.error(task, Trouble("maxTasks", "Only one getResponse is allowed in a request.", "taskUUID"))
    bought = house.book.task(task["taskUUID"].lower())
    takes = house.book.takes(bought.uuid) if bought else []
    if bought is None or _past(house, takes):
        if house.settings.unknown_tasks == "empty":
            return Reply()
        return Reply.error(task, Trouble("taskNotFound", "There is no such task.", "taskUUID"))
    if fault_of(faults, "empty"):
        return Reply()
    reply = Reply(status=house.settings.failed_poll)
    for take in takes:
        outcome(house, bought, take, call.base, reply)
    if fault_of(faults, "misplace"):
        rows = [{"taskType": row["taskType"], "taskUUID": row["taskUUID"], "status": "error", "error": row}
                for row in reply.errors]  # fmt: skip
        return Reply([*reply.rows, *rows])
    return reply


def finished(house: House, take: Take) -> bool:
    """Whether a take has come to its end, good or bad."""
    return house.clock() >= take.ready and (bool(take.error) or take.drawn or not house.ahead)


def outcome(house: House, task: Bought, take: Take, base: str, reply: Reply) -> None:
    """Add what there is of one take: a row, or an error."""
    row: dict[str, Any] = {"taskType": task.body["taskType"], "taskUUID": task.body["taskUUID"]}
    if not finished(house, take):
        row["status"] = house.settings.waiting
        reply.rows.append(row | ({"videoUUID": take.video} if house.settings.future_uuids else {}))
    elif take.error:
        reply.errors.append({**take.error, **row, "status": "error"})
    else:
        row |= {"status": "success", "videoUUID": take.video, "videoURL": _link(house, task, take, base)}
        row |= {"seed": take.seed, "NSFWContent": take.nsfw}
        reply.rows.append(row | ({} if task.reported is None else {"cost": float(task.reported)}))


def _link(house: House, task: Bought, take: Take, base: str) -> str:
    """A URL under which the clip can be fetched for a while."""
    number = house.book.link(take.video, house.clock(), task.body.get("ttl", house.settings.link_seconds))
    return f"{base}/video/{take.video}.{FORMATS[task.body.get('outputFormat', 'MP4')]}?link={number}"


def _past(house: House, takes: list[Take]) -> bool:
    """Whether the provider no longer holds a task's results."""
    kept = house.settings.retention
    return kept is not None and house.clock() > max(take.ready for take in takes) + kept


def details(house: House, task: Mapping[str, Any], call: Call) -> Reply:
    """A past task and its answer; of one that was sent again, the refusal of that."""
    bought = house.book.task(task["taskUUID"].lower())
    if bought is None:
        return Reply.error(task, Trouble("taskNotFound", "There is no such task.", "taskUUID"))
    shown = Reply()
    if bought.refusal:
        shown.errors.append(dict(bought.refusal))
    else:
        for take in house.book.takes(bought.uuid):
            outcome(house, bought, take, call.base, shown)
    response = ({"data": shown.rows} if shown.rows else {}) | ({"errors": shown.errors} if shown.errors else {})
    row = {"taskType": "getTaskDetails", "taskUUID": task["taskUUID"], "request": [bought.body], "response": response}
    return Reply([row])


def account(house: House, task: Mapping[str, Any]) -> Reply:
    """What is on the account, and what was used of it."""
    if task.get("operation") != "getDetails":
        more = {"allowedValues": ["getDetails"]}
        return Reply.error(task, Trouble("invalidOperation", "Invalid value for 'operation'.", "operation", more))
    spent = house.book.spent()
    used = {"credits": float(spent), "requests": len(house.book.tasks())}
    row = {
        "taskType": "accountManagement",
        "taskUUID": task["taskUUID"],
        "organizationUUID": dice.name("organization", house.settings.seed),
        "organizationName": "Sandbox",
        "AIRSource": "sandbox",
        "balance": float(house.settings.balance - spent),
        "team": [],
        "apiKeys": [],
        "usage": {"total": used, "today": used, "last7Days": used, "last30Days": used},
    }
    return Reply([row])
