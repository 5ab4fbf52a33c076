"""Uploads: mediaStorage, and the older imageUpload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skyflow.errors import MediaError
from skyflow.sandbox.house import Reply, fault_of
from skyflow.sandbox.media import refused
from skyflow.sandbox.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skyflow.sandbox.faults import Fault
    from skyflow.sandbox.house import Call, House
    from skyflow.sandbox.records import Medium


def media_storage(house: House, task: Mapping[str, Any], faults: list[Fault], call: Call) -> Reply:
    """Keep a medium, or forget one."""
    match task.get("operation"):
        case "upload":
            kept = _kept(house, task, "media", faults)
            if isinstance(kept, Trouble):
                return Reply.error(task, kept)
            said = {"operation": "upload", "mediaUUID": kept.uuid, "mediaURL": _address(kept, call)}
        case "delete":
            gone = str(task.get("media", "")).lower()
            medium = house.book.medium(gone)
            if medium is None or medium.forgotten:
                return Reply.error(task, Trouble("mediaNotFound", "There is no such media.", "media", status=404))
            house.book.forget_medium(gone)
            said = {"operation": "delete", "mediaUUID": medium.uuid}
        case _:
            more = {"allowedValues": ["upload", "delete"]}
            return Reply.error(task, Trouble("invalidOperation", "Invalid value for 'operation'.", "operation", more))
    return Reply([{"taskType": "mediaStorage", "taskUUID": task["taskUUID"]} | said])


def image_upload(house: House, task: Mapping[str, Any], faults: list[Fault], call: Call) -> Reply:
    """Keep a picture."""
    kept = _kept(house, task, "image", faults)
    if isinstance(kept, Trouble):
        return Reply.error(task, kept)
    if kept.facts.get("kind", "image") != "image":
        return Reply.error(task, Trouble("invalidImage", "The provided media is not an image.", "image"))
    said = {"imageUUID": kept.uuid, "imageURL": _address(kept, call)}
    return Reply([{"taskType": "imageUpload", "taskUUID": task["taskUUID"]} | said])


def _kept(house: House, task: Mapping[str, Any], key: str, faults: list[Fault]) -> Medium | Trouble:
    """The upload, kept; a fault may make the sandbox forget it at once."""
    given = task.get(key)
    if not isinstance(given, str):
        return Trouble(f"missing{key.capitalize()}", f"Missing required parameter '{key}'.", key)
    try:
        kept = house.shelf.keep(given, house.clock())
    except MediaError as error:
        return refused(error, key)
    if fault_of(faults, "forget"):
        house.book.forget_medium(kept.uuid)
    return kept


def _address(medium: Medium, call: Call) -> str:
    return medium.address or f"{call.base}/media/{medium.uuid}"
