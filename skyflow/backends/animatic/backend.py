"""The animatic as a backend: every shot becomes a real clip on this machine, for nothing."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from skyflow.backends.base import Made
from skyflow.board.model import Output, Size
from skyflow.errors import MakeError, UsageError
from skyflow.late import late
from skyflow.models.skyreels_v4 import RESOLUTIONS, nearest_size

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import anyio
    import anyio.streams.text as anyio_text
    from anyio.abc import Process

    from skyflow.backends.base import Assignment, Progress
else:
    anyio, anyio_text = late("anyio"), late("anyio.streams.text")

DRAWING = "1"
"""Raised whenever the same request would give other pixels or other sound."""


class Animatic:
    """Draws shots in processes of their own, one for each assignment.

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

        The process has a session of its own, so that Ctrl-C reaches the run alone, which then ends it. It looks
        for modules where this one does and not in the working folder, where a board may lie beside anything.

        Raises:
            MakeError: an input does not decode, or the process did not finish.
        """
        plain = replace(assignment, request=dict(assignment.request), inputs=dict(assignment.inputs))
        process = await anyio.open_process(
            [sys.executable, "-P", "-m", "skyflow.backends.animatic.worker"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return await _drawn(process, pickle.dumps(plain), progress)
        finally:
            await _ended(process)


async def _drawn(process: Process, assignment: bytes, progress: Progress) -> list[Made]:
    """Hand the work over and follow it to its last answer."""
    assert process.stdin is not None
    try:
        await process.stdin.send(assignment)
        await process.stdin.aclose()
    except anyio.BrokenResourceError:
        pass  # the process is gone; how it ended is said below
    async with aclosing(_answers(process)) as answers:
        async for answer in answers:
            match answer:
                case {"progress": share}:
                    progress(share)
                case {"made": list(takes)}:
                    return [Made(**take | {"notes": tuple(take["notes"])}) for take in takes]
                case {"error": [message, remedy]}:
                    raise MakeError(message, remedy)
    code = await process.wait()
    raise MakeError(
        f"the process that drew this shot ended with {code}",
        "where memory is short, run with fewer --jobs",
    )


async def _answers(process: Process) -> AsyncGenerator[Any, None]:
    assert process.stdout is not None
    pending = ""
    async for text in anyio_text.TextReceiveStream(process.stdout):
        *lines, pending = (pending + text).split("\n")
        for line in lines:
            yield json.loads(line)


async def _ended(process: Process) -> None:
    """Leave nothing running, whatever happened."""
    with anyio.CancelScope(shield=True):
        if process.returncode is None:
            process.kill()
        await process.aclose()
