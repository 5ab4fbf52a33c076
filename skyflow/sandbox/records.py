"""What the book holds, a row of it at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Take:
    """One take of a task.

    Attributes:
        video: the UUID of its clip.
        ready: when it is finished, by the sandbox's clock.
        error: the error object's code, message and more, where it comes to nothing.
        drawn: whether its clip is in the folder.
        forgotten: whether its UUID may no longer stand in a task.
    """

    video: str
    task: str
    take: int
    seed: int
    ready: float
    error: Mapping[str, Any] | None
    nsfw: bool
    drawn: bool
    forgotten: bool


@dataclass(frozen=True, slots=True)
class Bought:
    """A task that was accepted.

    Attributes:
        body: exactly what was sent.
        base: the URL under which the sandbox was reached, without a path.
        accepted: when, by the sandbox's clock.
        cost: USD for one take, by the price list.
        charged: USD taken from the account for the whole task.
        reported: USD for one take as polls say it; None says nothing.
        measures: of each clip.
        refusal: the error with which a second submission of it was answered.
    """

    number: int
    uuid: str
    body: Mapping[str, Any]
    base: str
    accepted: float
    cost: Decimal
    charged: Decimal
    reported: Decimal | None
    measures: Mapping[str, Any]
    refusal: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Medium:
    """Something that was uploaded.

    Attributes:
        name: of its file in the folder; None where only its address is known.
        facts: its kind and measures as far as they are known.
    """

    uuid: str
    name: str | None
    address: str | None
    facts: Mapping[str, Any]
    forgotten: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook to call, or a clip to put somewhere."""

    number: int
    video: str
    kind: str
    url: str
    tries: int
    due: float
    outcome: str | None
