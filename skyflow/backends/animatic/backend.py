"""The animatic as a backend: every shot becomes a real clip on this machine, for nothing."""

from __future__ import annotations

import json
import os
import pickle
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from skyflow.backends.base import Made
from skyflow.board.model import Output, Size
from skyflow.errors import MakeError, UsageError
from skyflow.late import late
from skyflow.models.skyreels_v4 import RESOLUTIONS, nearest_size

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import anyio.streams.text as anyio_text
    from anyio.abc import Process

    from skyflow.backends import process
    from skyflow.backends.base import Assignment, Progress
else:
    anyio_text, process = late("anyio.streams.text"), late("skyflow.backends.process")

DRAWING = "1"
"""Raised whenever the same request would give other pixels or other sound."""

WORKER = "skyflow.backends.animatic.worker"


class Animatic:
    """Draws shots in processes of their own, one for each assignment that is under way.

    A process takes longer to start than a short shot to draw. So those that have drawn a shot well wait for the next
    one while this is entered, as a run does; otherwise they end with their assignment.

    Args:
        proxy: a resolution, ``480p``, to draw everything at; None draws the size that the board asks for.

    Raises:
        UsageError: there is no such resolution.
    """

    repeatable = True
    version = DRAWING

    def __init__(self, proxy: str | None = None) -> None:
        if proxy is not None and proxy not in RESOLUTIONS:
            raise UsageError(f"there is no proxy {proxy}", f"choose one of {', '.join(RESOLUTIONS)}")
        self._proxy = proxy
        self.name = f"animatic-{proxy}" if proxy else "animatic"
        self._idle: list[Process] | None = None

    async def __aenter__(self) -> Self:
        self._idle = []
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the processes that wait; those that draw are ended by whoever had them drawing."""
        idle, self._idle = self._idle or [], None
        for one in idle:
            await process.end(one)

    def default_jobs(self) -> int:
        """One for each processor that this process may use: drawing and encoding fill it."""
        return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)

    def output(self, planned: Output) -> Output:
        """The same clip, at the proxy's size of the nearest shape."""
        if self._proxy is None:
            return planned
        width, height = nearest_size(self._proxy, planned.size.width, planned.size.height)
        return replace(planned, size=Size(width, height))

    async def make(self, assignment: Assignment, progress: Progress) -> list[Made]:
        """Draw every take.

        Raises:
            MakeError: an input does not decode, or the process did not finish.
        """
        plain = replace(assignment, request=dict(assignment.request), inputs=dict(assignment.inputs))
        drawing, well = await self._waiting() or await process.start(WORKER), False
        try:
            made = await _drawn(drawing, pickle.dumps(plain), progress)
            well = True
            return made
        finally:
            if well and self._idle is not None:
                self._idle.append(drawing)
            else:
                await process.end(drawing)

    async def _waiting(self) -> Process | None:
        """A process that has drawn before and waits; one that has died meanwhile is put away."""
        while self._idle:
            one = self._idle.pop()
            if one.returncode is None:
                return one
            await process.end(one)
        return None


async def _drawn(drawing: Process, assignment: bytes, progress: Progress) -> list[Made]:
    """Hand the work over and follow it to its last answer."""
    await process.tell(drawing, assignment, last=False)
    async with aclosing(_answers(drawing)) as answers:
        async for answer in answers:
            match answer:
                case {"progress": share}:
                    progress(share)
                case {"made": list(takes)}:
                    return [Made(**take | {"notes": tuple(take["notes"])}) for take in takes]
                case {"error": [message, remedy]}:
                    raise MakeError(message, remedy)
    code = await drawing.wait()
    raise MakeError(
        f"the process that drew this shot ended with {code}",
        "where memory is short, run with fewer --jobs",
    )


async def _answers(drawing: Process) -> AsyncGenerator[Any, None]:
    assert drawing.stdout is not None
    pending = ""
    async for text in anyio_text.TextReceiveStream(drawing.stdout):
        *lines, pending = (pending + text).split("\n")
        for line in lines:
            yield json.loads(line)
