"""One request: an array of tasks, each answered by what its type asks for, and whatever is to go wrong with it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import anyio

from skyflow import digest
from skyflow.sandbox.asking import account, details, poll
from skyflow.sandbox.buying import said, submit
from skyflow.sandbox.house import Reply, fault_of
from skyflow.sandbox.rules import valid_uuid
from skyflow.sandbox.storing import image_upload, media_storage
from skyflow.sandbox.trouble import Dropped, Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from skyflow.sandbox.faults import Fault
    from skyflow.sandbox.house import Call, House

KINDS = {
    "videoInference": "submit",
    "getResponse": "poll",
    "mediaStorage": "upload",
    "imageUpload": "upload",
    "getTaskDetails": "details",
    "accountManagement": "account",
}
"""What a fault calls each type of task."""

FOR_EVER = 600.0
"""Seconds for which a hanging request hangs where the fault does not say; any client has given up by then."""

CODES = {
    400: "invalidRequest",
    401: "invalidApiKey",
    402: "insufficientCredits",
    403: "forbidden",
    404: "notFound",
    408: "requestTimeout",
    429: "rateLimitExceeded",
    500: "internalServerError",
    502: "providerBadGateway",
    503: "serviceUnavailable",
    504: "providerGatewayTimeout",
}
HTML = "<!DOCTYPE html><html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"


@dataclass(slots=True)
class Envelope:
    """A whole answer, as HTTP says it.

    Attributes:
        body: what is sent as JSON; a text is sent as it is, as HTML.
    """

    status: int = 200
    body: dict[str, Any] | str = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


async def serve(house: House, tasks: Sequence[Any], call: Call) -> Envelope:
    """Answer a request whose key is right.

    Raises:
        Dropped: it gets no answer.
    """
    with house.book.at_once():
        house.book.ask("http")
        faults = [_faults(house, task) for task in tasks]
        whole = [fault for group in faults for fault in group if fault.do in {"status", "drop", "hang", "slow"}]
        instead = next((fault for fault in whole if not fault.after), None)
        replies = [] if instead else [answer(house, *pair, call) for pair in zip(tasks, faults, strict=True)]
    if instead:
        return await interrupted(instead)
    for fault in whole:
        if fault.do == "slow":
            await anyio.sleep(fault.how.get("seconds", 5))
        elif fault.after:
            return await interrupted(fault)
    return _envelope(replies, [fault for group in faults for fault in group])


def _faults(house: House, task: object) -> list[Fault]:
    """What goes wrong with one task; the request is counted."""
    if not isinstance(task, dict):
        return []
    kind, subject = KINDS.get(str(task.get("taskType")), ""), str(task.get("taskUUID", "")).lower()
    house.book.ask(str(task.get("taskType")), subject)
    body: Mapping[str, Any] = task
    if kind == "poll" and (bought := house.book.task(subject)):
        body = bought.body
    if kind == "upload":  # whatever its UUID: a client draws that anew each time
        subject = digest.of_bytes(str(task.get("media", task.get("image"))).encode("utf-8", "replace"))
    return house.faults.of(kind, subject, body) if kind else []


def answer(house: House, task: object, faults: list[Fault], call: Call) -> Reply:
    """Answer one task."""
    if not isinstance(task, dict):
        return Reply.error({}, Trouble("invalidRequest", "Each element of the request must be an object."))
    kind = KINDS.get(str(task.get("taskType")), "")
    if wrong := _envelope_trouble(task, kind):
        return Reply.error(task, wrong)
    if task["taskType"] == "ping":
        return Reply([{"taskType": "ping", "pong": True}])
    refusal = fault_of(faults, "refuse")
    if refusal and not refusal.after:
        return Reply.error(task, _refusal(refusal))
    reply = _answered(house, task, faults, call)
    return Reply.error(task, _refusal(refusal)) if refusal else reply


def _answered(house: House, task: Mapping[str, Any], faults: list[Fault], call: Call) -> Reply:
    match task["taskType"]:
        case "videoInference":
            return submit(house, task, faults, call)
        case "getResponse":
            return poll(house, task, faults, call)
        case "mediaStorage":
            return media_storage(house, task, faults, call)
        case "imageUpload":
            return image_upload(house, task, faults, call)
        case "getTaskDetails":
            return details(house, task, call)
        case _:
            return account(house, task)


def _envelope_trouble(task: Mapping[str, Any], kind: str) -> Trouble | None:
    """What is wrong with a task whatever its type."""
    if "taskType" not in task:
        return Trouble("missingTaskType", "Missing required parameter 'taskType'.", "taskType")
    if task["taskType"] == "ping":
        return None
    if not kind:
        more = {"allowedValues": [*KINDS, "authentication", "ping"]}
        return Trouble("unsupportedTaskType", "Invalid value for 'taskType'.", "taskType", more)
    if "taskUUID" not in task:
        return Trouble("missingTaskUUID", "Missing required parameter 'taskUUID'.", "taskUUID")
    if not valid_uuid(task["taskUUID"]):
        return Trouble("invalidTaskUUID", "Invalid value for 'taskUUID'. It must be a UUID v4.", "taskUUID")
    return None


def _refusal(fault: Fault) -> Trouble:
    code = fault.how.get("code", "providerError")
    parameter = {"conflictTaskUUID": "taskUUID", "unknownModel": "model"}.get(code, "")
    plain = said(code, parameter, fault.how.get("message", ""))
    return Trouble(plain.code, plain.message, plain.parameter, status=fault.how.get("status", 0))


async def interrupted(fault: Fault) -> Envelope:
    """A request that gets an answer of the transport and none of the provider, or none at all.

    Raises:
        Dropped: none at all.
    """
    if fault.do == "hang":
        await anyio.sleep(fault.how.get("seconds", FOR_EVER))
    if fault.do != "status":
        raise Dropped
    status = fault.how.get("status", 500)
    headers = _retry_after(fault)
    error = {"code": fault.how.get("code") or CODES.get(status, "unknownError"), "message": f"HTTP {status}"}
    if status == 401:
        error |= {"parameter": "apiKey", "taskType": "authentication"}
    match fault.how.get("body", "json"):
        case "html":
            return Envelope(status, HTML.format(status=status), headers)
        case "empty":
            return Envelope(status, "", headers)
        case "single":
            return Envelope(status, {"error": error}, headers)
        case _:
            return Envelope(status, {"errors": [error]}, headers)


def _retry_after(fault: Fault) -> dict[str, str]:
    if "retry_after" not in fault.how:
        return {}
    seconds = fault.how["retry_after"]
    if fault.how.get("as_date"):
        return {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)}
    return {"Retry-After": str(seconds)}


def _envelope(replies: list[Reply], faults: list[Fault]) -> Envelope:
    """The answers of all tasks as one: 200 where there is anything but errors."""
    rows = [row for reply in replies for row in reply.rows]
    errors = [error for reply in replies for error in reply.errors]
    if fault_of(faults, "shuffle"):
        rows.reverse()
    if fault_of(faults, "extra"):
        rows = [{"futureField": {"nested": [1, None]}, **row} for row in rows]
    statuses = {reply.status for reply in replies if reply.errors}
    failed = bool(errors) and not rows
    body: dict[str, Any] = {"data": rows}
    if errors and fault_of(faults, "single"):
        body["error"] = errors[0]
    elif errors:
        body["errors"] = errors
    return Envelope((statuses.pop() if len(statuses) == 1 else 400) if failed else 200, body)


def dumped(body: dict[str, Any] | str) -> bytes:
    """As it goes over the wire."""
    return body.encode() if isinstance(body, str) else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
