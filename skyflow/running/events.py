"""What happens during a run, as it happens, for whoever watches.

Every event carries ``at``: seconds since the run started, by the event loop's clock. The run never prints; what a
terminal, a log or a program makes of an event is its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Literal, Protocol, TypeAlias

import anyio


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """The board is held, everything is planned.

    Attributes:
        shots: all of them, in file order.
        making: those that will be made, or may have to be once their inputs are there.
    """

    at: float
    board: str
    backend: str
    shots: tuple[str, ...]
    making: tuple[str, ...]
    jobs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotStarted:
    """``takes`` of a shot are being made; ``reason`` says why."""

    at: float
    shot: str
    takes: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotProgress:
    """How much of a shot is done, 0 to 1."""

    at: float
    shot: str
    done: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotDone:
    """A shot's clip is there.

    Attributes:
        how: whether anything had to be made for it.
        takes: the numbers of those that were made; none unless ``how`` is made.
        seconds: how long that took.
        notes: what the backend has to say about it, for people.
        cost: USD that the provider reported for the takes; None where nothing was bought or reported.
    """

    at: float
    shot: str
    how: Literal["made", "reused", "footage"]
    takes: tuple[int, ...] = ()
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotFailed:
    """A shot was tried and failed."""

    at: float
    shot: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotSkipped:
    """A shot will not be tried, because the shot ``because`` failed."""

    at: float
    shot: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotLeft:
    """A shot is left as it is: not selected, or the run stops at the first failure."""

    at: float
    shot: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CutStarted:
    """The final edit is being put together."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CutDone:
    """The final edit is at ``path`` (relative to the board's folder); ``made`` unless it was there already."""

    at: float
    path: str
    made: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CutLeft:
    """There is no final edit of this run; ``old`` is the path of an earlier one that still stands, or empty."""

    at: float
    reason: str
    old: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """The last event of a run that was not cancelled.

    Attributes:
        cost: USD that was spent; None where nothing was bought.
    """

    at: float
    made: int
    reused: int
    failed: int
    skipped: int
    exit_code: int
    cost: Decimal | None = None


Event: TypeAlias = (
    RunStarted
    | ShotStarted
    | ShotProgress
    | ShotDone
    | ShotFailed
    | ShotSkipped
    | ShotLeft
    | CutStarted
    | CutDone
    | CutLeft
    | RunEnded
)


class Watcher(Protocol):
    """Sees a run. Called in the run's own thread; must not block."""

    def see(self, event: Event, /) -> None: ...


class Unwatched:
    """Nobody watches."""

    def see(self, event: Event, /) -> None:
        pass


class Telling:
    """Hands events on to a watcher, and knows what time it is for them."""

    def __init__(self, watcher: Watcher) -> None:
        """Start the run's time now, by the event loop's clock."""
        self.see = watcher.see
        self._began = anyio.current_time()

    @property
    def at(self) -> float:
        """Seconds since the run started."""
        return anyio.current_time() - self._began


def as_json(event: Event) -> dict[str, Any]:
    """An event for programs: ``event`` says which it is, such as ``shot_started``."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
    return {"event": name} | {field.name: _plain(getattr(event, field.name)) for field in fields(event)}


def _plain(value: Any) -> Any:  # noqa: ANN401 - any field of any event
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, Decimal):
        return float(value)
    return list(value) if isinstance(value, tuple) else value
