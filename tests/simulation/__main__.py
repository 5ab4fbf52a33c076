"""Simulations by the command line; what a failing test prints is a call of this."""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import nullcontext

from tests.simulation.mutants import MUTANTS
from tests.simulation.play import play
from tests.simulation.rules import broken
from tests.simulation.scripts import script


def main() -> int:
    """Act out one seed and tell all of it, or many until one breaks a rule."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--seed", type=int, help="one seed, with all that happened")
    group.add_argument("--seeds", help="FIRST:LAST, until one fails")
    parser.add_argument("--all", action="store_true", help="go on after a failure")
    names = {mutant.__name__: mutant for mutant in MUTANTS}
    parser.add_argument("--mutant", choices=names, help="with a build that is broken on purpose")
    given = parser.parse_args()
    with names[given.mutant]() if given.mutant else nullcontext():
        return _one(given.seed) if given.seed is not None else _many(given.seeds, everything=given.all)


def _one(seed: int) -> int:
    story = play(script(seed))
    wrong = broken(story)
    for line in (*map(str, (story.script,)), *story.trace, *wrong, f"{story.hash} {'fails' if wrong else 'holds'}"):
        sys.stdout.write(f"{line}\n")
    return bool(wrong)


def _many(seeds: str, *, everything: bool) -> int:
    first, last = map(int, seeds.split(":"))
    began, virtual, failed, lives = time.process_time(), 0.0, 0, 0
    for seed in range(first, last + 1):
        story = play(script(seed))
        virtual += sum(ending.seconds for ending in story.endings)
        lives += len(story.endings)
        if wrong := broken(story):
            failed += 1
            sys.stdout.write(f"seed {seed}: {wrong[0]}\n  python -m tests.simulation --seed {seed}\n")
            sys.stdout.flush()
            if not everything:
                break
    used = time.process_time() - began
    sys.stdout.write(
        f"{seed - first + 1} seeds, {lives} runs, {virtual:,.0f} virtual seconds,"
        f" {1000 * used / (seed - first + 1):.0f} ms of CPU each, {failed} failed\n"
    )
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
