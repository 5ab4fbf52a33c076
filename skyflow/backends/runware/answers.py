"""An answer of the provider as text becomes rows and faults.

The one place that knows what its answers look like, in all the forms that were ever seen: ``data`` an array or an
object, ``errors`` or a single ``error``, an error inside a row, names of older versions. What cannot be right is left
out and never guessed. Money is read as it is written, without a detour through binary fractions.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Literal

from skyflow.backends.runware.errors import Fault, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skyflow.backends.runware.scrub import Scrubber

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
"""A name that the provider gives; its own are UUIDs."""
WORD_MAX = 200
"""Characters of a code."""
URL_MAX = 8192
COST_MAX = Decimal(100_000)
"""USD; a task that is said to cost more is a misreading."""

PENNY = Decimal("0.000001")
"""What money is told to; as a text it has no exponent."""

_DONE = frozenset({"success", "succeeded", "completed"})
_FAILED = frozenset({"error", "failed"})


class Unreadable(Exception):
    """An answer is not JSON, or not JSON of the provider's form."""


@dataclass(frozen=True, slots=True)
class Row:
    """One element of ``data``.

    Attributes:
        task_uuid: whose; None where it does not say.
        state: a word that is not known says that it runs.
        video_uuid, url: of a finished take; the URL may open what it leads to and is never shown.
        media_uuid: the name of an upload.
        requested: how many takes the original task asked for, in an answer about a past task.
    """

    task_uuid: str | None
    state: Literal["running", "done", "failed", "plain"] = "plain"
    video_uuid: str | None = None
    url: str | None = field(default=None, repr=False)
    seed: int | None = None
    nsfw: bool | None = None
    cost: Decimal | None = None
    media_uuid: str | None = None
    requested: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back of one request.

    Attributes:
        retry_after: seconds to wait before another, where the provider says so.
    """

    status: int
    rows: tuple[Row, ...] = ()
    faults: tuple[Fault, ...] = ()
    retry_after: float | None = None

    @property
    def elsewhere(self) -> bool:
        """Whether it is not the provider that answers to a task: that takes tasks, or gives a code why not."""
        return self.status in {404, 405} and not self.rows and not any(fault.code for fault in self.faults)

    def rows_of(self, uuid: str) -> tuple[Row, ...]:
        """The rows of one task, in the provider's order."""
        return tuple(row for row in self.rows if row.task_uuid == uuid)

    def faults_of(self, uuid: str) -> tuple[Fault, ...]:
        """The faults of one task."""
        return tuple(fault for fault in self.faults if fault.task_uuid == uuid)

    def of_one(self, uuid: str) -> Answer:
        """The same, where only one task was asked about: what names no task is about this one."""
        rows = tuple(row for row in self.rows if row.task_uuid in {None, uuid})
        return Answer(
            self.status, rows, tuple(f for f in self.faults if f.task_uuid in {None, uuid}), self.retry_after
        )


def read(content: bytes, status: int, scrubber: Scrubber, retry_after: float | None = None) -> Answer:
    """Read an answer.

    Raises:
        Unreadable: it is none.
    """
    try:
        body = json.loads(content, parse_float=Decimal, parse_constant=lambda _: None)
    except (ValueError, RecursionError, InvalidOperation) as error:
        raise Unreadable from error
    if not isinstance(body, dict) or not body.keys() & {"data", "errors", "error"}:
        raise Unreadable
    rows: list[Row] = []
    faults: list[Fault] = []
    for item in _items(body.get("data")):
        row = _row(item)
        rows.append(row)
        if row.state == "failed":
            faults.append(_fault(item.get("error") or item, status, scrubber, row.task_uuid))
    for name in ("errors", "error"):
        faults += [_fault(item, status, scrubber, None) for item in _faults(body, name)]
    return Answer(status, tuple(row for row in rows if row.state != "failed"), tuple(faults), retry_after)


def _items(value: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any JSON
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            yield item


def _faults(body: dict[str, Any], name: str) -> Iterator[Any]:
    value = body.get(name)
    if value is True:  # an older form: the error is the whole frame
        yield body
    elif value:
        yield from value if isinstance(value, list) else [value]


def _row(item: dict[str, Any]) -> Row:
    url = _text(item, "videoURL", "mediaURL", most=URL_MAX)
    request = next(_items(item.get("request")), {})
    return Row(
        task_uuid=_uuid(item),
        state=_state(item, url),
        video_uuid=_name(item, "videoUUID", "mediaUUID"),
        url=url,
        seed=_whole(item.get("seed")),
        nsfw=_flag(item.get("NSFWContent")),
        cost=_cost(item.get("cost")),
        media_uuid=_name(item, "mediaUUID", "imageUUID", "videoUUID"),
        requested=_whole(request.get("numberResults")),
    )


def _state(item: dict[str, Any], url: str | None) -> Literal["running", "done", "failed", "plain"]:
    status = item.get("status")
    if isinstance(status, str):
        if status.lower() in _FAILED:
            return "failed"
        return "done" if status.lower() in _DONE else "running"
    if isinstance(item.get("error"), dict):
        return "failed"
    return "done" if url else "plain"


def _fault(item: Any, status: int, scrubber: Scrubber, owner: str | None) -> Fault:  # noqa: ANN401 - any JSON
    if not isinstance(item, dict):
        return Fault("", scrubber.clean(item), kind_of("", status), (), owner)
    code = _text(item, "code", "errorCode") or ""
    said = _text(item, "message", "errorMessage", most=URL_MAX)
    named = item.get("parameter")
    parameters = tuple(scrubber.clean(one) for one in (named if isinstance(named, list) else [named]) if one)
    message = scrubber.clean(said) if said else ""
    return Fault(scrubber.clean(code), message, kind_of(code, status), parameters, _uuid(item) or owner)


def _text(item: dict[str, Any], *names: str, most: int = WORD_MAX) -> str | None:
    values = (item.get(name) for name in names)
    return next((value for value in values if isinstance(value, str) and 0 < len(value) <= most), None)


def _name(item: dict[str, Any], *names: str) -> str | None:
    values = (item.get(name) for name in names)
    return next((value for value in values if isinstance(value, str) and NAME.fullmatch(value)), None)


def _uuid(item: dict[str, Any]) -> str | None:
    found = _text(item, "taskUUID")
    return found.lower() if found else None


def _whole(value: Any) -> int | None:  # noqa: ANN401 - any JSON
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return int(value) if 0 <= value < 2**64 and value == int(value) else None


def _flag(value: Any) -> bool | None:  # noqa: ANN401 - any JSON
    return value if isinstance(value, bool) else None


def _cost(value: Any) -> Decimal | None:  # noqa: ANN401 - any JSON
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        cost = Decimal(value)
        if not cost.is_finite() or not 0 <= cost <= COST_MAX:
            return None
        return Decimal(f"{cost.quantize(PENNY):f}".rstrip("0").rstrip("."))
    except InvalidOperation:
        return None
