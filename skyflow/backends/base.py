"""The contract between a run and whatever makes clips.

A backend turns one assignment into takes. It never sees the board, the lock or the store: its input is plain
data and files named by their content's hash, its result is files in a folder that it was given. So the same
making can run in another process, or on another machine, without any of those changing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from skyflow.board.model import Output


@dataclass(frozen=True, slots=True)
class Input:
    """One medium that a request names.

    Attributes:
        path: a local file to read; not to be changed.
        kind: what it is.
        drawn: whether this same backend made it (a frame or clip of an earlier shot), so that it may know its layout.
    """

    path: str
    kind: Literal["image", "clip", "voice"]
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """One shot to be made.

    Attributes:
        shot: its id, for people; it is no part of the key.
        key: what the result will be known by.
        request: the provider's task, each medium a string that ``inputs`` explains.
        inputs: every such string.
        takes: which takes to make, numbered from 1 within the key.
        output: the clip that is expected of each, after ``Backend.output``.
        folder: an empty folder for the results.
    """

    shot: str
    key: str
    request: Mapping[str, Any]
    inputs: Mapping[str, Input]
    takes: tuple[int, ...]
    output: Output
    folder: str


@dataclass(frozen=True, slots=True)
class Made:
    """One take as its backend left it: a finished file in the assignment's folder."""

    take: int
    path: str
    seed: int | None = None
    notes: tuple[str, ...] = ()


Progress = Callable[[float], None]
"""Told how much of an assignment is done, 0 to 1; called in the run's own thread, as often as it pleases."""


class Backend(Protocol):
    """What makes clips.

    Attributes:
        name: names the lock and the folder under ``out/``; settings that change pixels are part of it.
        version: of what it draws; a new one makes every shot anew.
        repeatable: whether a take can be made again for nothing, byte for byte. Its lock is then no part of the
            project, and only a lost take of a backend that is not repeatable is a loss.
    """

    name: str
    version: str
    repeatable: bool

    def default_jobs(self) -> int:
        """How many assignments to have under way at once when nobody says."""
        ...

    def output(self, planned: Output) -> Output:
        """The clip that comes out where the board asks for ``planned``; a proxy is smaller."""
        ...

    async def make(self, assignment: Assignment, progress: Progress) -> list[Made]:
        """Make every take asked for, in order.

        Cancellation stops the work and leaves nothing running.

        Raises:
            MakeError: the shot cannot be made; the others can.
        """
        ...
