"""Whether a request says what the model's published page allows.

The page stands as ``schemas/skyreels-v4.request.schema.json``; this applies it to a request whose media are still
the board's, and turns a validator's findings into plain facts. What the page says of the media themselves (seconds,
pixels) is ``board.rules``'s to hold: a schema sees only strings.
"""

from __future__ import annotations

import reprlib
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import jsonschema_rs

from skyflow.late import late
from skyflow.planning.request import filled
from skyflow.published import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import jsonschema
    from jsonschema import ValidationError

    from skyflow.planning.request import Request
else:
    jsonschema = late("jsonschema")

SCHEMA = "skyreels-v4.request"
STAND_IN = "00000000-0000-4000-8000-000000000000"
"""For every medium and for the task's own name, neither of which exists while a board is planned."""

UNKNOWN = "is not a parameter of this model"

WORDS = {
    "const": "is {value}; the model takes {limit} only",
    "dependentRequired": "holds width or height alone; they go together",
    "enum": "is {value}; one of {limit}",
    "maxLength": "has {length} characters; at most {limit}",
    "maximum": "is {value}; at most {limit}",
    "minItems": "is empty; leave it out or fill it",
    "minimum": "is {value}; at least {limit}",
    "type": "is {value}, which is no {limit}",
}
"""A failed keyword's words. The others (``not``, ``anyOf``, a pattern) say nothing to a person by themselves, so
the schema words each of them where it stands, under ``errorMessage``."""


class Fault(NamedTuple):
    """One thing that the model would refuse.

    Attributes:
        path: keys and positions that lead to it in the request; empty for the request as a whole.
        message: continues the path as a sentence, without a full stop: ``is 20; at most 15``.
    """

    path: tuple[str | int, ...]
    message: str

    def __str__(self) -> str:
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return f"{''.join(steps).removeprefix('.') or 'the request'} {self.message}"


def faults(request: Request) -> list[Fault]:
    """Everything in a request that the model's page rules out, ordered by path; empty for a good one.

    What the board adds by itself is what the page does not know yet, and no fault.
    """
    body = filled(request.body, lambda _: STAND_IN)
    return [fault for fault in body_faults({"taskUUID": STAND_IN} | body) if not _added(fault, request.beside)]


def _added(fault: Fault, beside: Mapping[str, Any]) -> bool:
    """Whether a fault is that of an unknown parameter, and the board added it knowingly."""
    at: Any = beside
    for step in fault.path:
        if not isinstance(at, dict) or step not in at:
            return False
        at = at[step]
    return fault.message == UNKNOWN


def body_faults(body: Mapping[str, Any]) -> list[Fault]:
    """The same for a task as it goes over the wire, every medium a string."""
    if _quick().is_valid(body):
        return []
    found = _faults(jsonschema.Draft202012Validator(schema(SCHEMA)).iter_errors(body))
    return sorted(set(found), key=_by_path)


@cache
def _quick() -> jsonschema_rs.Draft202012Validator:
    """Says yes or no in a hundredth of the time that it takes to say why."""
    return jsonschema_rs.Draft202012Validator(dict(schema(SCHEMA)))


def _by_path(fault: Fault) -> tuple[list[tuple[int, str]], str]:
    """Positions by number, keys by name; the two never meet in one place of a request."""
    steps = [(step, "") if isinstance(step, int) else (0, step) for step in fault.path]
    return steps, fault.message


def _faults(errors: Iterable[ValidationError]) -> Iterator[Fault]:
    for error in errors:
        path, instance, expected = _parts(error)
        match error.validator:
            case "additionalProperties":
                known = _rule(error)["properties"]
                extra = (key for key in instance if key not in known)
                yield from (Fault((*path, key), UNKNOWN) for key in extra)
            case "required":
                yield from (Fault(path, f"lacks {key}") for key in expected if key not in instance)
            case "anyOf" if meant := _meant(error):
                yield from _faults(meant)
            case keyword if keyword in WORDS:
                yield Fault(path, _worded(WORDS[str(keyword)], instance, expected))
            case _:
                yield Fault(path, _rule(error)["errorMessage"])


def _parts(error: ValidationError) -> tuple[tuple[str | int, ...], Any, Any]:
    """Path, value and the keyword's own value; jsonschema's types allow each to be unset."""
    return tuple(error.absolute_path), error.instance, error.validator_value


def _rule(error: ValidationError) -> Mapping[str, Any]:
    """The part of the schema that failed."""
    return cast("Mapping[str, Any]", error.schema)


def _meant(error: ValidationError) -> list[ValidationError]:
    """The errors of the one alternative that a mapping was written for; none of a plain value or a rule."""
    if not isinstance(error.instance, dict):
        return []
    branches: dict[int, list[ValidationError]] = {}
    for cause in error.context or ():
        branches.setdefault(int(cause.relative_schema_path[0]), []).append(cause)
    fitting = [causes for causes in branches.values() if not any(map(_of_other_type, causes))]
    return fitting[0] if len(fitting) == 1 else []


def _of_other_type(cause: ValidationError) -> bool:
    return cause.validator == "type" and not cause.relative_path


def _worded(words: str, value: Any, limit: Any) -> str:  # noqa: ANN401 - any JSON, and any keyword's value
    return words.format(
        value=reprlib.repr(value),
        limit=", ".join(limit) if isinstance(limit, list) else limit,
        length=len(value) if isinstance(value, str) else "",
    )
