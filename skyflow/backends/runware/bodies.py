"""The exact task that is sent, and the same task as the journal keeps it: with names where secrets stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skyflow import digest
from skyflow.errors import MakeError
from skyflow.planning.request import SECRETS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skyflow.backends.base import Assignment

_MARK = "secret"
_INPUT = "input:"


def secrets_of(assignment: Assignment, webhook: str | None = None) -> dict[str, str]:
    """Every secret of an assignment by the name under which the journal knows it.

    Args:
        webhook: where this session hears the provider; a webhook that the board names itself goes before it.
    """
    found = {name: str(assignment.request[name]) for name in SECRETS if assignment.request.get(name)}
    if webhook is not None:
        found.setdefault("webhookURL", webhook)
    for handle, item in assignment.inputs.items():
        if item.address is not None:
            found[_name(handle)] = item.address
    return found


def _name(handle: str) -> str:
    """A handle that is an address itself may not be shown."""
    return _INPUT + (digest.of_bytes(handle.encode()) if "://" in handle else handle)


def written(
    assignment: Assignment, uuid: str, takes: int, media: Mapping[str, str], secrets: Mapping[str, str]
) -> dict[str, Any]:
    """A task as the journal keeps it.

    Args:
        takes: how many it brings.
        media: the provider's name for each handle that stands for a file.
        secrets: from ``secrets_of``.
    """
    named = dict(media) | {
        handle: {_MARK: _name(handle)} for handle, item in assignment.inputs.items() if item.address is not None
    }
    body = {
        name: value if name == "positivePrompt" else _put(value, named)
        for name, value in assignment.request.items()
        if name not in SECRETS
    }
    hidden = {name: {_MARK: name} for name in sorted(SECRETS) if name in secrets}
    return body | hidden | {"taskUUID": uuid, "numberResults": takes, "deliveryMethod": "async"}


def _put(value: Any, named: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        return named.get(value, value)
    if isinstance(value, dict):
        return {key: _put(item, named) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_put(item, named) for item in value]
    return value


def filled(body: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, Any]:
    """What is sent: a journalled task with its secrets. One that is no longer there is left out with its parameter.

    Raises:
        MakeError: a medium is no longer there, without which it would be another task.
    """
    sent = {}
    for name, value in body.items():
        if name in SECRETS and _is_mark(value):
            if name in secrets:
                sent[name] = secrets[name]
        else:
            sent[name] = _fill(value, secrets)
    return sent


def _fill(value: Any, secrets: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON
    if _is_mark(value) and value[_MARK].startswith(_INPUT):
        if value[_MARK] not in secrets:
            raise MakeError("the address of a medium that the task names is no longer there", "run the board again")
        return secrets[value[_MARK]]
    if isinstance(value, dict):
        return {key: _fill(item, secrets) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_fill(item, secrets) for item in value]
    return value


def _is_mark(value: Any) -> bool:  # noqa: ANN401 - any JSON
    return isinstance(value, dict) and value.keys() == {_MARK} and isinstance(value[_MARK], str)
