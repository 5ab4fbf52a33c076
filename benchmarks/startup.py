"""How long the program takes to say who it is, beside a Python that says nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks.environments import BENCH
from benchmarks.figures import Figure, beside, missing
from benchmarks.plugged import skyflow
from benchmarks.processes import Program, in_turn

if TYPE_CHECKING:
    from collections.abc import Iterator

PEER = "python -c pass"


def figures(rounds: int) -> Iterator[Figure]:
    nothing = Program(PEER, [sys.executable, "-c", "pass"], BENCH)
    for key in ("version", "help"):
        turns = in_turn([skyflow(f"--{key}", folder=BENCH), nothing], rounds * 4)
        if turns.failed:
            yield missing(key, "; ".join(turns.failed.values()), PEER)
        else:
            yield beside(key, PEER, turns.walls("skyflow"), turns.walls(PEER))
