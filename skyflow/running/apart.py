"""A function called in a process of its own, which cancellation can end.

Not ``anyio.to_process`` and not ``multiprocessing``: both import the program's main module again in the worker, so a
plain script that calls ``skyflow.run`` would be run twice. This process knows nothing of who called; it has a session
of its own, so that Ctrl-C reaches the run alone, which then ends it.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple, Unpack

import anyio

from skyflow.errors import MediaError, SkyflowError

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio.abc import Process

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


async def call(function: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
    """What a function gives, called elsewhere.

    Args:
        function: found by its module and name, so no closure.
        args: plain data.

    Raises:
        MediaError: the process did not finish.
        SkyflowError: what the function raised.
    """
    process = await anyio.open_process(
        [sys.executable, "-P", "-m", __name__],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        answer = await _answer(process, pickle.dumps((function, args)))
        code = await process.wait()
    finally:
        await _end(process)
    try:
        value, error = pickle.loads(answer)  # noqa: S301 - from the process that this one started
    except (EOFError, pickle.UnpicklingError):
        remedy = "free some memory, then run again"
        raise MediaError(f"the process that was to do it ended with {code}", remedy) from None
    if error is not None:
        raise error
    result: T = value
    return result


async def _answer(process: Process, question: bytes) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        await process.stdin.send(question)
        await process.stdin.aclose()
    except anyio.BrokenResourceError:
        pass  # the process is gone; its empty answer says so
    return b"".join([piece async for piece in process.stdout])


async def _end(process: Process) -> None:
    """Leave nothing running, whatever happened."""
    with anyio.CancelScope(shield=True):
        if process.returncode is None:
            process.kill()
        await process.aclose()


def main() -> None:
    """Call what stands on the standard input, and answer on the standard output."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not end up in the answer
    function, args = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started this one
    with answers:
        pickle.dump(_outcome(function, args), answers)


def _outcome(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, SkyflowError | None]:
    try:
        return function(*args), None
    except SkyflowError as error:
        return None, error
    except Exception as error:  # noqa: BLE001 - the run goes on and says what happened
        return None, MediaError(f"{type(error).__name__}: {error}", "report this with the board")


if __name__ == "__main__":
    main()
