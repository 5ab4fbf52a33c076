"""What a person waits for: a board planned and run, in three lengths, beside the other runners and the floor."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks import goals
from benchmarks.environments import BENCH, ROOT, Absent
from benchmarks.figures import Figure, alone, beside, missing
from benchmarks.peers import PEERS, Peer, move_aside
from benchmarks.plugged import SKYFLOW, nothing, plug_in
from benchmarks.processes import Failed, Program, Turns, in_turn
from benchmarks.samples import Spread, ratios
from benchmarks.workload import Workload, edit_picture, edit_text, write_board, write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OURS = "skyflow"
STATE = (".skyflow", "out", "board.lock")
MEASURES = ("cold", "nothing", "picture", "validate", "plan", "text")
"""In this order: a cold run leaves what the two after it need."""
WARM = ("validate", "plan", "nothing")
"""Measures of a second time, in which whatever can be remembered has been."""
AFTER_COLD = ("nothing", "picture")
PEERLESS = ("validate", "text")

Curves = dict[str, dict[str, dict[str, float]]]


@dataclass(slots=True)
class Boards:
    """The bench of one length of board.

    Attributes:
        curves: medians by measure, by who, by length; shared by all lengths.
        memory: MB of skyflow, by measure.
        unmade: why the cold run did not come to its end; empty where it did.
    """

    shots: int
    rounds: int
    slow: bool
    curves: Curves
    folder: Path = field(init=False)
    workload: Workload = field(init=False)
    peers: dict[str, Peer] = field(init=False)
    absent: dict[str, str] = field(default_factory=dict)
    memory: dict[str, list[float]] = field(default_factory=dict)
    version: int = 0
    unmade: str = ""

    def __post_init__(self) -> None:
        self.folder = BENCH / "work" / str(self.shots)
        self.workload = Workload(self.shots)
        self.peers = {name: peer for name, peer in PEERS.items() if self._takes_part(peer)}

    def _takes_part(self, peer: Peer) -> bool:
        if peer.slow and not self.slow:
            return False
        try:
            peer.command()
        except Absent as error:
            self.absent[peer.name] = str(error)
        if self.shots > peer.most:
            self.absent[peer.name] = f"not run beyond {peer.most:,} shots: it would take hours"
        return peer.name not in self.absent

    @property
    def ours(self) -> Path:
        return self.folder / OURS

    def prepare(self) -> None:
        """The board, and the same graph for every peer, each in a folder of its own."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.ours.mkdir(parents=True)
        write_board(self.workload, self.ours)
        for name, peer in self.peers.items():
            peer.prepare(self.workload, self.folder / name)

    def figures(self) -> Iterator[Figure]:
        """Every measure, in turn with every peer."""
        self.prepare()
        for measure in MEASURES:
            print(f"{self.shots:>6} shots: {measure}", flush=True)
            if self.unmade and measure in AFTER_COLD:
                key = f"{measure}-{self.shots}"
                yield missing(key, f"needs a cold run, which {self.unmade}", goals.beside(key))
            else:
                yield from self._measure(measure)

    def _measure(self, measure: str) -> Iterator[Figure]:
        us = self._us(measure)
        programs = {name: self._program(measure, peer) for name, peer in self.peers.items()}
        fast = [one for name, one in programs.items() if one and not self.peers[name].slow]
        slow = [one for name, one in programs.items() if one and self.peers[name].slow]
        if measure in WARM:
            in_turn([us], 1)
        turns = in_turn([us, *fast], self._rounds(measure))
        yield from self._rows(measure, turns)
        if OURS in turns.failed:
            self.unmade = turns.failed[OURS] if measure == "cold" else self.unmade
            return
        if not fast:
            yield alone(f"{measure}-{self.shots}", turns.walls(OURS))
        if slow:
            # Once beside each other: what they take is many times the spread of either.
            yield from self._rows(measure, in_turn([us, *slow], 1))
        if measure not in PEERLESS:
            yield from (missing(f"{measure}-{self.shots}", why, name) for name, why in self.absent.items())

    def _rounds(self, measure: str) -> int:
        return min(self.rounds, 2) if measure == "cold" and self.shots > 1_000 else self.rounds

    def _rows(self, measure: str, turns: Turns) -> Iterator[Figure]:
        key = f"{measure}-{self.shots}"
        self.memory.setdefault(measure, []).extend(one.memory for one in turns.spent.get(OURS, ()))
        for name in turns.spent:
            middle = Spread.of(self._theirs(measure, name, turns)).middle
            self.curves.setdefault(measure, {}).setdefault(name, {}).setdefault(str(self.shots), middle)
        if OURS in turns.failed:
            yield missing(key, turns.failed[OURS], goals.beside(key))
            return
        for name, why in turns.failed.items():
            yield missing(key, why, name)
        for name in turns.spent:
            if name != OURS:
                yield beside(key, name, turns.walls(OURS), self._theirs(measure, name, turns))

    @staticmethod
    def _theirs(measure: str, name: str, turns: Turns) -> list[float]:
        """Whole processes, but for the floor of reading, which measures itself: its start is no reading."""
        if measure == "text" and name != OURS:
            return [float(one.said) for one in turns.spent[name]]
        return turns.walls(name)

    def _us(self, measure: str) -> Program:
        words = {
            "validate": ("validate",),
            "plan": ("plan", "--backend", "cheap"),
            "text": ("plan", "--backend", "cheap"),
        }.get(measure, ("run", "--backend", "cheap"))
        before, after = self._around(measure)
        return Program(OURS, [SKYFLOW, *words], self.ours, plug_in(), before, after)

    def _around(self, measure: str) -> tuple[Callable[[], object], Callable[[], object]]:
        match measure:
            case "text":
                return lambda: self._edit_text(), nothing  # noqa: PLW0108 - each time another text
            case "cold":
                return lambda: move_aside(self.ours, *STATE), nothing
            case "picture":
                edit = Edit(self, self.ours, "out/board/cheap/s?????.mp4")
                return edit.make, edit.check
        return nothing, nothing

    def _edit_text(self) -> None:
        write_text(self.workload, self.ours)
        self.version += 1
        for _ in range(1 + self.version % 2):
            edit_text(self.ours / "board.yaml")

    def _program(self, measure: str, peer: Peer) -> Program | None:
        """A peer at the same work; None where it has nothing of the kind."""
        folder = self.folder / peer.name
        if measure == "text" and peer.name == "floor":
            file = self.ours / "board.yaml"
            return Program(
                "libyaml events", [sys.executable, ROOT / "benchmarks" / "events.py", file], folder, reads=True
            )
        if measure in PEERLESS:
            return None
        command = peer.command(*(peer.plan if measure == "plan" else peer.run))
        if measure == "cold":
            return Program(peer.name, command, folder, peer.environment, lambda: peer.forget(folder))
        if measure == "picture":
            edit = Edit(self, folder, "out/s?????.out")
            return Program(peer.name, command, folder, peer.environment, edit.make, edit.check)
        return Program(peer.name, command, folder, peer.environment)


@dataclass(slots=True)
class Edit:
    """Another picture for one shot, and a look at what was made of it."""

    boards: Boards
    folder: Path
    results: str
    before: dict[str, tuple[int, int]] = field(default_factory=dict)

    def seen(self) -> dict[str, tuple[int, int]]:
        """Each result's file by its number and time: a link to another object has another number."""
        found = {}
        for path in self.folder.glob(self.results):
            status = path.stat()
            found[path.stem] = (status.st_ino, status.st_mtime_ns)
        return found

    def make(self) -> None:
        self.before = self.seen()
        self.boards.version += 1
        edit_picture(self.boards.workload, self.folder, self.boards.version)

    def check(self) -> None:
        """Exactly the shot and its offspring were made anew; raises Failed."""
        after = self.seen()
        made = {name for name, mark in after.items() if mark != self.before.get(name)}
        if made != self.boards.workload.remade:
            raise Failed(f"{len(made)} results are new after the edit, not {len(self.boards.workload.remade)}")


def growths(curves: Curves) -> Iterator[Figure]:
    """What ten times the shots cost, for every measure that was taken at both lengths."""
    for name in goals.GROWTH:
        ours = curves.get(name, {}).get(OURS, {})
        if {"1000", "10000"} <= ours.keys():
            long, short = [ours["10000"]], [ours["1000"]]
            key = f"growth-{name}"
            yield Figure(key, goals.beside(key), "s", Spread.of(long), Spread.of(short), ratios(long, short))
        else:
            yield missing(f"growth-{name}", "not measured at both lengths", goals.beside(f"growth-{name}"))


def memories(memory: dict[str, list[float]]) -> Iterator[Figure]:
    """The most memory that runs of the longest board held."""
    for name in ("nothing", "cold"):
        figures = memory.get(name, [])
        key = f"memory-{name}"
        yield alone(key, figures, unit="MB") if figures else missing(key, "not measured: no such run came to its end")
