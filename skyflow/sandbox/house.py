"""What every part of a sandbox shares, and the shape of an answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from skyflow.sandbox.book import Book
    from skyflow.sandbox.faults import Fault, Faults
    from skyflow.sandbox.media import Shelf
    from skyflow.sandbox.settings import Settings
    from skyflow.sandbox.trouble import Trouble


@dataclass(frozen=True, slots=True)
class House:
    """One sandbox.

    Attributes:
        clock: seconds; never runs backwards, not even over a restart.
        ahead: whether somebody draws clips before they are fetched, so that a take is not finished before its clip.
    """

    book: Book
    shelf: Shelf
    settings: Settings
    faults: Faults
    clock: Callable[[], float]
    ahead: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """What is known of the request that a task came in.

    Attributes:
        base: the URL under which the sandbox was reached, without a path.
        dry: whether to validate and price only.
        polls: how many getResponse the request holds.
    """

    base: str
    dry: bool = False
    polls: int = 0


@dataclass(slots=True)
class Reply:
    """The answer to one task, or to several.

    Attributes:
        status: of a request that has only errors.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    status: int = 400

    @classmethod
    def error(cls, task: Mapping[str, Any], *troubles: Trouble) -> Reply:
        """The task is refused."""
        return cls([], [trouble.row(task) for trouble in troubles], troubles[0].http)


def fault_of(faults: list[Fault], *kinds: str) -> Fault | None:
    """The first fault of one of these kinds."""
    return next((fault for fault in faults if fault.do in kinds), None)
