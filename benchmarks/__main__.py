"""The bench: everything measured beside its floor and its peers, in one call.

make bench          all of it; up to an hour, and twice the disk of 10,000 small clips
make bench-quick    boards of 100 and 1,000 shots without the slow peers, in a few minutes
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import boards, machine, media, paid, processes, report, startup, virtual
from benchmarks.environments import BENCH, ROOT
from benchmarks.figures import Figure, Figures

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTS = ("startup", "boards", "paid", "virtual", "media")


def measured(
    parts: list[str], lengths: list[int], rounds: int, curves: boards.Curves, *, quick: bool
) -> Iterator[Figure]:
    """Every row, part by part."""
    if "startup" in parts:
        yield from startup.figures(rounds)
    if "boards" in parts:
        for shots in lengths:
            bench = boards.Boards(shots, rounds, not quick, curves)
            yield from bench.figures()
            if shots == 10_000:
                yield from boards.memories(bench.memory)
        if 10_000 in lengths:
            yield from boards.growths(curves)
    if "paid" in parts:
        yield from paid.figures(1 if quick else min(rounds, 3))
    if "virtual" in parts:
        yield from virtual.figures(quick=quick)
    if "media" in parts and not quick:
        yield from media.figures(rounds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="100 and 1,000 shots, no slow peers, no media")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part (default all)")
    parser.add_argument("--shots", type=int, action="append", help="only boards of this length")
    parser.add_argument("--rounds", type=int, help="how often each program runs (default 5, quick 3)")
    parser.add_argument("--to", type=Path, help="where the figures go (default .bench/figures.json)")
    parser.add_argument(
        "--commit",
        action="store_true",
        help="write benchmarks/figures.json and docs/performance.md; of a part, only its rows",
    )
    parser.add_argument("--limit", type=int, default=processes.LIMIT, help="seconds after which a process is stopped")
    chosen = parser.parse_args()
    processes.LIMIT = chosen.limit
    BENCH.mkdir(exist_ok=True)
    lengths = chosen.shots or ([100, 1_000] if chosen.quick else [100, 1_000, 10_000])
    rounds = chosen.rounds or (3 if chosen.quick else 5)
    curves: boards.Curves = {}
    rows = []
    for row in measured(chosen.part or list(PARTS), lengths, rounds, curves, quick=chosen.quick):
        print(report.line(row), flush=True)
        rows.append(row)
    figures = Figures(tuple(rows), machine.about(), curves)
    figures.save(chosen.to or BENCH / "figures.json")
    if chosen.commit:
        committed = ROOT / "benchmarks" / "figures.json"
        if committed.is_file() and (chosen.part or chosen.shots):
            figures = figures.over(Figures.load(committed))
        figures.save(committed)
        report.publish(figures, ROOT / "docs")
    shutil.rmtree(BENCH / "work", ignore_errors=True)


if __name__ == "__main__":
    main()
