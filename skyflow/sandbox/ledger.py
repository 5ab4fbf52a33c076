"""What a sandbox tells of itself: charges, requests, faults, uploads, deliveries, and the model's schema."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from skyflow.models import skyreels_v4
from skyflow.published import schema
from skyflow.sandbox.asking import finished
from skyflow.sandbox.book import body_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from skyflow.sandbox.house import House
    from skyflow.sandbox.records import Bought

PAGES = ("/ledger", "/requests", "/faults", "/uploads", "/deliveries", "/registry.json", f"/resolve/{skyreels_v4.ID}")
MODEL = {"taskType": "videoInference", "id": "skywork-skyreels-v4"}
"""What the provider's registry says of the model; its SDKs find the type of a task there."""

COLUMNS = ("taskUUID", "accepted", "model", "takes", "costPerTake", "charged", "status", "bodySHA256")


def page(house: House, request: Request) -> tuple[int, str, bytes]:
    """Status, content type and body of a page for people and tests."""
    path = request.url.path
    if request.method not in {"GET", "HEAD"}:
        return 405, "application/json", b'{"errors":[{"code":"invalidRequest","message":"There is only GET here."}]}'
    if path == "/ledger" and request.query_params.get("format") == "csv":
        return 200, "text/csv", _csv(charges(house))
    pages = {
        "/": lambda: {"pages": PAGES, "tasks": "/v1"},
        "/ledger": lambda: book(house),
        "/requests": lambda: requests(house),
        "/faults": lambda: {"fired": house.book.fired()},
        "/uploads": lambda: {"uploads": house.book.uploads()},
        "/deliveries": lambda: {"deliveries": deliveries(house)},
        "/registry.json": lambda: {"models": {skyreels_v4.ID: MODEL}},
        f"/resolve/{skyreels_v4.ID}": _schemas,
    }
    if path not in pages:
        return 404, "application/json", b'{"errors":[{"code":"notFound","message":"There is nothing here."}]}'
    return 200, "application/json", json.dumps(pages[path](), indent=2).encode()


def book(house: House) -> dict[str, Any]:
    """The account and every charge."""
    spent = house.book.spent()
    balance = house.settings.balance - spent
    return {"charged": float(spent), "balance": float(balance), "tasks": charges(house)}


def charges(house: House) -> list[dict[str, Any]]:
    """A row for each task that was accepted, in the order of acceptance."""
    return [
        {
            "taskUUID": task.uuid,
            "accepted": task.accepted,
            "model": task.body["model"],
            "takes": task.body.get("numberResults", 1),
            "costPerTake": float(task.cost),
            "charged": float(task.charged),
            "status": _status(house, task),
            "bodySHA256": body_hash(task.body),
        }
        for task in house.book.tasks()
    ]


def requests(house: House) -> dict[str, Any]:
    """How often what was asked for: HTTP requests, tasks by type, each task's own, downloads by clip."""
    kinds: dict[str, int] = {}
    tasks: dict[str, dict[str, int]] = {}
    downloads: dict[str, int] = {}
    http = 0
    for kind, subject, calls in house.book.asked():
        if kind == "http":
            http = calls
        elif kind == "download":
            downloads[subject] = calls
        else:
            kinds[kind] = kinds.get(kind, 0) + calls
            tasks.setdefault(subject, {})[kind] = calls
    return {"http": http, "byTaskType": kinds, "tasks": tasks, "downloads": downloads}


def deliveries(house: House) -> list[dict[str, Any]]:
    """Webhooks and PUTs; their URLs may be secrets and are not shown."""
    return [
        {"videoUUID": one.video, "kind": one.kind, "tries": one.tries, "outcome": one.outcome or "outstanding"}
        for one in house.book.deliveries(outstanding=False)
    ]


def _status(house: House, task: Bought) -> str:
    takes = house.book.takes(task.uuid)
    if not all(finished(house, take) for take in takes):
        return "processing"
    failed = sum(1 for take in takes if take.error)
    return "success" if not failed else "error" if failed == len(takes) else "partial"


def _schemas() -> dict[str, Any]:
    page = "https://runware.ai/docs/models/skywork-skyreels-v4"
    request = _without_defaults(schema("skyreels-v4.request"))
    return {"requestSchema": request, "responseSchema": {}, "documentation": page}


def _without_defaults(part: Any) -> Any:  # noqa: ANN401 - any JSON
    """The provider's SDK writes a schema's defaults into the task that it checks: a resolution beside a width."""
    if isinstance(part, Mapping):
        return {key: _without_defaults(value) for key, value in part.items() if key != "default"}
    return [_without_defaults(value) for value in part] if isinstance(part, list) else part


def _csv(rows: Sequence[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
