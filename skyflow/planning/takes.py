"""What is known of results from before: takes, by the key that they were made for.

The lock holds these and the plan reads them; here they are only their shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from decimal import Decimal
    from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider said of a take that was paid for.

    Attributes:
        task_uuid: the task that brought it.
        video_uuid: the provider's name of the clip.
        cost: USD as reported; None where nothing was.
        nsfw: whether the provider flagged it; None where it did not look.
    """

    task_uuid: str
    video_uuid: str
    cost: Decimal | None = None
    nsfw: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One result of a shot, as the lock records it.

    Attributes:
        take: its number, from 1, among the takes of its key.
        label: the shot's id when it was made; a slate carries it.
        sha256: of the clip, which is its name in the store.
        bytes: the clip's length.
        rate: frames per second.
        seed: as the backend reported it, where it has one.
        receipt: where it was paid for.
    """

    take: int
    label: str
    sha256: str
    bytes: int
    width: int
    height: int
    frames: int
    rate: Fraction
    sound: bool
    seed: int | None = None
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Everything that was made for one key.

    Attributes:
        request: SHA-256 of the identity that the key was taken of; the store keeps that text under this name.
        pick: the number of the take that the film uses.
        takes: by number.
    """

    key: str
    request: str
    backend: str
    backend_version: str
    model: str
    pick: int
    takes: Mapping[int, Take]

    @property
    def picked(self) -> Take:
        return self.takes[self.pick]


CutState: TypeAlias = Literal["stands", "other", "none"]
"""The cut shows the board as it is, shows something else, or is not there."""


class Known(Protocol):
    """What lock and store can say; the plan asks nothing else of the world."""

    def version(self, shot: str, key: str) -> Version | None:
        """What is recorded under a key: by this shot, else by another of the same board."""
        ...

    def current(self, shot: str) -> Version | None:
        """The version that the shot was last made as."""
        ...

    def cut(self, key: str) -> CutState:
        """How the cut that is there stands to what this key is the hash of."""
        ...

    def identity(self, version: Version) -> Mapping[str, Any] | None:
        """The identity that a version's key was taken of, where the store still has it."""
        ...

    def intact(self, take: Take) -> bool:
        """Whether the store holds the take's clip, every byte as it was made."""
        ...

    def held(self, take: Take) -> bool:
        """Whether the store holds something under the take's name, intact or not."""
        ...

    def in_flight(self, key: str, takes: Collection[int]) -> tuple[int, ...]:
        """Those of a key's takes that a provider is at: bought before, and not fetched yet."""
        ...

    def unsure(self, key: str, takes: Collection[int]) -> tuple[int, ...]:
        """Those that were sent, and nobody knows whether they arrived: they may have been bought, or not."""
        ...
