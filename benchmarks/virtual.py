"""Runs on a clock that jumps to the next event: what the order of shots costs, and how simulating grows.

The run is the real one, with the fake backend and the fake clips that the tests use; nothing is encoded.

    python -m benchmarks.virtual makespan|simulate N

prints figures as JSON.
"""

from __future__ import annotations

import heapq
import json
import sys
import tempfile
from pathlib import Path
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks import goals
from benchmarks.environments import ROOT
from benchmarks.figures import Figure, beside, missing
from benchmarks.processes import Failed, Program, in_turn, measured
from benchmarks.workload import Workload

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

GRAPHS = 40


def figures(*, quick: bool) -> Iterator[Figure]:
    key = "makespan-virtual"
    try:
        pairs = json.loads(
            measured([sys.executable, "-m", "benchmarks.virtual", "makespan"], ROOT, {}, reads=True).said
        )
        ours, ideal = zip(*pairs, strict=True)
        note = f"{GRAPHS} graphs; skyflow knows the length of each shot"
        yield beside(key, goals.beside(key), ours, ideal, note=note)
    except Failed as error:
        yield missing(key, str(error), goals.beside(key))
    if not quick:
        yield _growth()


def _growth() -> Figure:
    key = "simulated"

    def simulated(shots: int) -> Program:
        return Program(
            str(shots), [sys.executable, "-m", "benchmarks.virtual", "simulate", str(shots)], ROOT, reads=True
        )

    turns = in_turn([simulated(10_000), simulated(100_000)], 1)
    if turns.failed:
        why = "; ".join(f"{int(shots):,} shots: {why}" for shots, why in turns.failed.items())
        return missing(key, why, goals.beside(key))
    ours, theirs = ([float(one.said) for one in turns.spent[shots]] for shots in ("100000", "10000"))
    return beside(key, goals.beside(key), ours, theirs)


def list_schedule(depends_on: Mapping[str, Sequence[str]], seconds: Mapping[str, float], jobs: int) -> float:
    """When the last shot ends if starting and ending cost nothing, and the longest path behind it goes first."""
    after: dict[str, list[str]] = {name: [] for name in depends_on}
    waits = {name: len(set(before)) for name, before in depends_on.items()}
    for name, before in depends_on.items():
        for earlier in set(before):
            after[earlier].append(name)
    path: dict[str, float] = {}
    for name in reversed(list(depends_on)):  # a parent stands before its child
        path[name] = seconds[name] + max((path[later] for later in after[name]), default=0)
    place = {name: number for number, name in enumerate(depends_on)}
    ready = [(-path[name], place[name], name) for name, count in waits.items() if not count]
    heapq.heapify(ready)
    under_way: list[tuple[float, int, str]] = []
    now = 0.0
    while ready or under_way:
        while ready and len(under_way) < jobs:
            _, _, name = heapq.heappop(ready)
            heapq.heappush(under_way, (now + seconds[name], place[name], name))
        now = under_way[0][0]
        while under_way and under_way[0][0] == now:
            for later in after[heapq.heappop(under_way)[2]]:
                waits[later] -= 1
                if not waits[later]:
                    heapq.heappush(ready, (-path[later], place[later], later))
    return now


def random_graph(random: Random) -> tuple[dict[str, tuple[str, ...]], dict[str, float]]:
    """Up to 120 shots of 3 to 15 seconds, each after up to three earlier ones."""
    names = [f"s{number}" for number in range(random.randrange(20, 121))]
    depends_on = {
        name: tuple(random.sample(names[:place], min(place, random.choice((0, 1, 1, 1, 2, 3)))))
        for place, name in enumerate(names)
    }
    return depends_on, {name: float(random.randrange(3, 16)) for name in names}


def _makespans() -> Iterator[tuple[float, float]]:
    from tests import fakes  # noqa: PLC0415 - only the process that simulates needs the tests' packages

    random = Random(7)
    for number in range(GRAPHS):
        depends_on, seconds = random_graph(random)
        jobs = random.randrange(2, 17)
        shots = [fakes.shot(name, needs=needs, seconds=seconds[name]) for name, needs in depends_on.items()]
        backend = fakes.FakeBackend(jobs=jobs, seconds=seconds)
        with tempfile.TemporaryDirectory(dir=fakes.IN_MEMORY) as folder:
            began = _run(fakes.board(*shots, name=f"graph{number}"), Path(folder), backend)
        yield max(backend.ended.values()) - began, list_schedule(depends_on, seconds, jobs)


def _run(board: object, folder: Path, backend: object) -> float:
    """Run a board in virtual time; gives when its first shot began."""
    from tests import fakes  # noqa: PLC0415

    fakes.run_board(board, folder, backend)  # type: ignore[arg-type]
    return min(backend.began.values())  # type: ignore[attr-defined,no-any-return]


def _simulate(shots: int) -> float:
    """Seconds to plan and run a board that is at hand."""
    from tests import fakes  # noqa: PLC0415

    depends_on = Workload(shots).depends_on
    board = fakes.board(
        *(fakes.shot(name, frames=[(p, -1) for p in parents]) for name, parents in depends_on.items())
    )
    with tempfile.TemporaryDirectory(dir=fakes.IN_MEMORY) as folder:
        began = perf_counter()
        fakes.run_board(board, Path(folder), fakes.FakeBackend(jobs=32))
        return perf_counter() - began


if __name__ == "__main__":
    print(json.dumps(list(_makespans())) if sys.argv[1] == "makespan" else _simulate(int(sys.argv[2])))
