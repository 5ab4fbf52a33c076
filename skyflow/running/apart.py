"""A function called in a process of its own, which cancellation can end.

Not ``anyio.to_process`` and not ``multiprocessing``: both import the program's main module again in the worker, so a
plain script that calls ``skyflow.run`` would be run twice. This process knows nothing of who called.
"""

from __future__ import annotations

import os
import pickle
import sys
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple, Unpack

from skyflow.backends import process
from skyflow.errors import MediaError, SkyflowError

if TYPE_CHECKING:
    from collections.abc import Callable

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
    own = await process.start(__name__)
    try:
        await process.tell(own, pickle.dumps((function, args)), last=True)
        assert own.stdout is not None
        answer = b"".join([piece async for piece in own.stdout])
        code = await own.wait()
    finally:
        await process.end(own)
    try:
        value, error = pickle.loads(answer)  # noqa: S301 - from the process that this one started
    except (EOFError, pickle.UnpicklingError):
        remedy = "free some memory, then run again"
        raise MediaError(f"the process that was to do it ended with {code}", remedy) from None
    if error is not None:
        raise error
    result: T = value
    return result


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
