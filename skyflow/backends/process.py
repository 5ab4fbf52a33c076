"""A Python process that works for a run and never outlives it.

It has a session of its own, so that Ctrl-C reaches the run alone, which then ends it. It looks for modules where this
process does and not in the working folder, where a board may lie beside anything. When the run dies, its standard
input ends, and who writes to its standard output finds nobody reading.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from anyio.abc import Process


async def start(module: str) -> Process:
    """Run a module as a program; what it says goes to a pipe, and what it complains of goes nowhere."""
    return await anyio.open_process(
        [sys.executable, "-P", "-m", module],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


async def tell(process: Process, words: bytes, *, last: bool) -> None:
    """Write to its standard input. Where it is gone, what it does not answer says so.

    Args:
        last: whether its input ends here.
    """
    assert process.stdin is not None
    try:
        await process.stdin.send(words)
        if last:
            await process.stdin.aclose()
    except anyio.BrokenResourceError:
        pass


async def end(process: Process) -> None:
    """Leave nothing of it running, whatever happened."""
    with anyio.CancelScope(shield=True):
        if process.returncode is None:
            process.kill()
        await process.aclose()
