"""A sandbox whose clips cost nothing, in a process of its own: what is measured is the way there and back.

    python -m benchmarks.provider STATE LATENCY

Prints its URL, then serves until it is interrupted.
"""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.environments import BENCH
from benchmarks.plugin import cheap_clips
from skyflow import digest
from skyflow.sandbox import app, server

if TYPE_CHECKING:
    from skyflow.sandbox.render import Order


@dataclass(slots=True)
class Copies:
    """One clip of each length and size, copied, with a box at its end that says whose it is."""

    clips: dict[str, bytes] = field(default_factory=dict)

    async def __call__(self, order: Order) -> bytes:
        size = order.output.size
        name = f"{size.width}x{size.height}-{order.output.frames}-{int(order.output.sound)}.mp4"
        if name not in self.clips:
            path = BENCH / "clips" / name
            if not path.is_file():
                cheap_clips.encode(path, order.output)
            self.clips[name] = path.read_bytes()
        whose = digest.of_json("benchmark", {"body": dict(order.body), "take": order.take})
        return self.clips[name] + cheap_clips.free(whose)


def main() -> None:
    state, latency = Path(sys.argv[1]), float(sys.argv[2])
    # Of the account only that it is never empty; of the answers the defaults.
    sandbox = app.create(state, faults={"balance": 1_000_000}, render=Copies(), clock=time.time, latency=latency)
    with server.listening(0) as (listener, url):
        print(url, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve(sandbox, listener)
    sandbox.close()


if __name__ == "__main__":
    main()
