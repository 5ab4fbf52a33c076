"""Whole processes, measured from their start to their end, and in turn."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

UNWANTED = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
"""What an installed program would not be started with, and what changes how long a start takes."""

LIMIT = 600
"""Seconds after which a process is stopped: what takes longer is reported as that."""


class Failed(Exception):
    """A process ended badly; carries the end of what it said."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What one process took.

    Attributes:
        wall, cpu: seconds.
        memory: the most that it, or one process that it started, held at once, in MB of 1,000,000 bytes. Never less
            than the bench itself holds, since a process begins as a copy of its parent.
        said: its standard output, where that was asked for.
    """

    wall: float
    cpu: float
    memory: float
    said: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """A command that is run several times.

    Attributes:
        before: puts everything in its place; not measured.
        after: looks at what came of it; not measured.
        reads: whether its standard output is wanted.
    """

    name: str
    command: Sequence[str | Path]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], object] = lambda: None
    after: Callable[[], object] = lambda: None
    reads: bool = False

    def spend(self) -> Spent:
        """Run it once.

        Raises:
            Failed: it ended with another code than 0.
        """
        self.before()
        spent = measured(self.command, self.folder, self.environment, reads=self.reads)
        self.after()
        return spent


def measured(
    command: Sequence[str | Path], folder: Path, environment: Mapping[str, str], *, reads: bool = False
) -> Spent:
    """Run a command to its end.

    Raises:
        Failed: it ended with another code than 0.
    """
    began = perf_counter()
    with subprocess.Popen(
        list(map(str, command)),
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name not in UNWANTED} | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if reads else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        stop = Timer(LIMIT, process.kill)
        stop.start()
        # Read before waiting: a process whose pipe is full waits for us.
        said = process.stdout.read() if process.stdout else ""
        errors = process.stderr.read() if process.stderr else ""
        _, status, usage = os.wait4(process.pid, 0)
        wall = perf_counter() - began
        stop.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    if wall >= LIMIT:
        raise Failed(f"stopped after {LIMIT} s")
    if process.returncode:
        last = (errors.strip().splitlines() or ["it said nothing"])[-1]
        raise Failed(f"{Path(command[0]).name} ended with {process.returncode}: {last}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Spent(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6, said)


@dataclass(frozen=True, slots=True)
class Turns:
    """What programs took that were run in turn.

    Attributes:
        spent: by program, one for each round.
        failed: by program, why it was left out.
    """

    spent: dict[str, list[Spent]]
    failed: dict[str, str]

    def walls(self, name: str) -> list[float]:
        return [one.wall for one in self.spent[name]]


def in_turn(programs: Sequence[Program], rounds: int) -> Turns:
    """Each program once, then each again, so that a slow moment of the machine meets all of them."""
    spent: dict[str, list[Spent]] = {program.name: [] for program in programs}
    failed: dict[str, str] = {}
    for _ in range(rounds):
        for program in programs:
            if program.name not in failed:
                try:
                    spent[program.name].append(program.spend())
                except Failed as error:
                    failed[program.name] = str(error)
    return Turns({name: all_of for name, all_of in spent.items() if name not in failed}, failed)
