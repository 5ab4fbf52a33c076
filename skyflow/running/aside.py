"""What would hold up the event loop, done beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, TypeVarTuple, Unpack

from anyio import to_thread

from skyflow.media import cut, probe, still
from skyflow.running import apart

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from skyflow.facts import ClipFacts

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Aside:
    """Threads for what reads and writes files, a process for the cut.

    This is the run's only way to media and to work that takes long, so a test that wants a run in virtual time,
    or without real clips, passes another.
    """

    async def call(self, function: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        """Call a function that blocks. Cancellation waits for it, so it never outlives the run."""
        return await to_thread.run_sync(function, *args)

    async def probe(self, clip: Path) -> ClipFacts:
        """Measure a clip that cannot be had again for nothing, reading all of it."""
        return await self.call(probe.clip, clip)

    async def bad_pictures(self, clip: Path) -> int:
        """How many of a clip's pictures are damaged."""
        return await self.call(probe.bad_pictures, clip)

    async def measures(self, clip: Path) -> ClipFacts:
        """Measure a clip that was just made here."""
        return await self.call(probe.measures, clip)

    async def still(self, clip: Path, index: int, target: Path) -> None:
        """Write one picture of a clip as a PNG."""
        await self.call(still.still, clip, index, target)

    async def assemble(self, pieces: Sequence[cut.Piece], target: Path) -> cut.CutFacts:
        """Put the final edit together, in a process that cancellation can end."""
        return await apart.call(cut.assemble, pieces, target)
