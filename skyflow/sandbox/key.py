"""Who asks: the key in the header, or in the first element of the request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skyflow.sandbox import dice
from skyflow.sandbox.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skyflow.sandbox.house import House

INVALID = Trouble("invalidApiKey", "Invalid API key.", "apiKey")


def is_authentication(task: object) -> bool:
    """Whether an element of a request is the one that carries the key."""
    return isinstance(task, dict) and task.get("taskType") == "authentication"


def right(house: House, key: object) -> bool:
    """Whether a key is the account's; any is where the settings name none."""
    return isinstance(key, str) and bool(key.strip()) and house.settings.key in {"", key}


def authenticated(house: House, header: str, tasks: Sequence[Any]) -> Trouble | None:
    """None where the request may go on."""
    scheme, _, key = header.partition(" ")
    if tasks and is_authentication(tasks[0]):
        if extra := tasks[0].keys() - {"taskType", "apiKey", "connectionSessionUUID", "taskUUID"}:
            name = min(extra)
            return Trouble("unsupportedParameter", f"Unsupported use of '{name}' parameter.", name)
        return None if right(house, tasks[0].get("apiKey")) else INVALID
    return None if scheme.lower() == "bearer" and right(house, key) else INVALID


def without_authentication(house: House, tasks: Sequence[Any]) -> tuple[Sequence[Any], dict[str, Any] | None]:
    """The tasks proper, and the row that answers the element with the key, where there is one."""
    if not (tasks and is_authentication(tasks[0])):
        return tasks, None
    session = tasks[0].get("connectionSessionUUID") or dice.name("session", house.settings.seed, house.clock())
    return tasks[1:], {"taskType": "authentication", "connectionSessionUUID": session}
