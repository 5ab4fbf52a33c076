"""Pictures: the animatic and the cut beside the ffmpeg command line, and the demo on two cores beside one."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING

from benchmarks import goals
from benchmarks.environments import BENCH, ROOT, Absent, program
from benchmarks.figures import Figure, beside, missing
from benchmarks.plugged import SKYFLOW
from benchmarks.processes import Failed, Program, in_turn, measured

if TYPE_CHECKING:
    from collections.abc import Iterator

BESIDE_FFMPEG = {"animatic-720p": "frames/s", "animatic-1080p": "frames/s", "cut": "MB/s"}
DEMO = ROOT / "examples" / "storyboards" / "lighthouse"


def figures(rounds: int) -> Iterator[Figure]:
    try:
        command = [sys.executable, "-m", "benchmarks.encoding", program("ffmpeg"), str(rounds)]
        pairs = json.loads(measured(command, ROOT, {}, reads=True).said)
        for key, unit in BESIDE_FFMPEG.items():
            ours, theirs = zip(*pairs[key], strict=True)
            yield beside(key, goals.beside(key), ours, theirs, unit=unit)
    except (Absent, Failed) as error:
        yield from (missing(key, str(error), goals.beside(key)) for key in BESIDE_FFMPEG)
    yield _cores(min(rounds, 3))


def _cores(rounds: int) -> Figure:
    """The demo's film from nothing, with one shot at a time on one core, and with two at once on two."""
    key = "cores"
    if len(os.sched_getaffinity(0)) < 2 or not shutil.which("taskset"):
        return missing(key, "needs two cores, and taskset to hide one", goals.beside(key))
    folder = BENCH / "work" / "demo"

    def fresh() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(DEMO, folder, ignore=shutil.ignore_patterns(".skyflow", "out"))
        (folder / ".git").mkdir()  # a project of its own: in this one it would stand in a hidden folder

    fresh()
    one, two = sorted(os.sched_getaffinity(0))[:2]
    programs = [
        Program("two", ["taskset", "-c", f"{one},{two}", SKYFLOW, "run", "--jobs", "2"], folder, {}, fresh),
        Program("one", ["taskset", "-c", str(one), SKYFLOW, "run", "--jobs", "1"], folder, {}, fresh),
    ]
    turns = in_turn(programs, rounds)
    if turns.failed:
        return missing(key, "; ".join(turns.failed.values()), goals.beside(key))
    per_hour = {name: [3600 / wall for wall in turns.walls(name)] for name in turns.spent}
    return beside(key, goals.beside(key), per_hour["two"], per_hour["one"], unit="films/hour")
