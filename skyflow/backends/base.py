"""The contract between a run and whatever makes clips.

A backend turns one assignment into takes. It never sees the board, the lock or the store: its input is plain
data and files named by their content's hash, its result is files in a folder that it was given. So the same
making can run in another process, or on another machine, without any of those changing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from skyflow.board.model import Output
    from skyflow.planning.takes import Receipt


@dataclass(frozen=True, slots=True)
class Input:
    """One medium that a request names.

    Attributes:
        path: a local file to read; not to be changed. Where ``address`` is given it is a placeholder.
        kind: what it is.
        drawn: whether this same backend made it (a frame or clip of an earlier shot), so that it may know its layout.
        sha256: of the file.
        remote: the provider's own name of it, where it is the clip of a take that the provider made.
        address: a URL or a provider's UUID that the board gives in place of a file; a URL may hold a secret.
    """

    path: str
    kind: Literal["image", "clip", "voice"]
    drawn: bool = False
    sha256: str = ""
    remote: str | None = None
    address: str | None = field(default=None, repr=False)


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
        longer: by how many frames a clip may exceed ``output`` because it contains the clip that it extends.
        identity: SHA-256, in the store, of what the key was taken of.
        estimate: USD for one take, at the model's published prices.
    """

    shot: str
    key: str
    request: Mapping[str, Any]
    inputs: Mapping[str, Input]
    takes: tuple[int, ...]
    output: Output
    folder: str
    longer: int = 0
    identity: str = ""
    estimate: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Made:
    """One take as its backend left it: a finished file in the assignment's folder.

    Attributes:
        receipt: what the provider said of it, where it was paid for.
    """

    take: int
    path: str
    seed: int | None = None
    notes: tuple[str, ...] = ()
    receipt: Receipt | None = None


Progress = Callable[[float], None]
"""Told how much of an assignment is done, 0 to 1; called in the run's own thread, as often as it pleases."""


class Backend(Protocol):
    """What makes clips.

    One that keeps something from one assignment to the next, such as a process, may be an asynchronous context
    manager as well: a run enters it before the first assignment and leaves it after the last.

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
