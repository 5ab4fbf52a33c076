"""The same graph for the others: each reads the same pictures, in the same order of shots.

The shell's runners make a target with ``cksum``, doit and the floor with a function of Python, as each does it best.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.environments import ROOT, program
from benchmarks.workload import Workload, named, write_pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Graph = dict[str, list[str]]
"""For each target what it is made from, parents first."""


def graph(workload: Workload) -> Graph:
    return {
        target(shot.number): [*map(target, shot.parents), *([shot.picture] if shot.picture else [])]
        for shot in workload.shots
    }


def target(number: int) -> str:
    return f"out/{named(number)}.out"


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody else's runner.

    Attributes:
        file: where its graph stands.
        written: its text for a graph.
        plan, run: the words behind its program's name.
        state: what it remembers in the folder, besides ``out``.
        slow: whether it takes minutes where the others take seconds.
        most: the longest workload that it is given: some are quadratic, and would take hours.
    """

    name: str
    file: str
    written: Callable[[Graph], str]
    plan: tuple[str, ...]
    run: tuple[str, ...]
    state: tuple[str, ...] = ()
    slow: bool = False
    most: int = 10_000

    def command(self, *words: str) -> list[str | Path]:
        """Its command line; raises Absent where it is not here."""
        if self.name == "floor":
            return [sys.executable, ROOT / "benchmarks" / "floor.py", *words]
        return [program(self.name), *words]

    @property
    def environment(self) -> Mapping[str, str]:
        """What keeps a peer from asking the network for a newer self, and from the home folder."""
        return {"DVC_NO_ANALYTICS": "1"}

    def prepare(self, workload: Workload, folder: Path) -> None:
        """A folder in which nothing has been made yet."""
        shutil.rmtree(folder, ignore_errors=True)
        write_pictures(workload, folder)
        (folder / "out").mkdir()
        (folder / self.file).write_text(self.written(graph(workload)), "utf-8")
        if self.name == "dvc":
            _start_dvc(folder)

    def forget(self, folder: Path) -> None:
        """Go back to where nothing has been made.

        What was made is moved aside and not deleted: file systems make many files slowly where as many have just
        been deleted, and that would be measured.
        """
        move_aside(folder, "out", *self.state)
        (folder / "out").mkdir()


def move_aside(folder: Path, *names: str) -> None:
    """Put what is there of these out of the way."""
    aside = folder.parent / "aside"
    aside.mkdir(exist_ok=True)
    for name in names:
        if (folder / name).exists():
            (folder / name).rename(aside / f"{folder.name}-{name}-{time.monotonic_ns()}")


def _makefile(graph: Graph) -> str:
    rules = "".join(f"{made}: {' '.join(inputs)}\n\t@cksum $^ >$@\n" for made, inputs in graph.items())
    return f"all: {' '.join(graph)}\n{rules}"


def _ninja(graph: Graph) -> str:
    rules = "".join(f"build {made}: make {' '.join(inputs)}\n" for made, inputs in graph.items())
    return f"rule make\n  command = cksum $in >$out\n{rules}"


def _json(graph: Graph) -> str:
    return json.dumps(graph)


def _dodo(graph: Graph) -> str:
    return f"""\
import hashlib
from pathlib import Path

GRAPH = {graph!r}
DOIT_CONFIG = {{"verbosity": 0, "reporter": "zero"}}


def make(inputs, target):
    mixed = hashlib.sha256()
    for item in inputs:
        mixed.update(Path(item).read_bytes())
    Path(target).write_bytes(mixed.digest())


def task_shot():
    for target, inputs in GRAPH.items():
        yield {{"name": target, "actions": [(make, [inputs, target])], "file_dep": inputs, "targets": [target]}}
"""


def _snakefile(graph: Graph) -> str:
    return f"""\
GRAPH = {graph!r}

rule all:
    input: list(GRAPH)

rule shot:
    input: lambda found: GRAPH[f"out/{{found.shot}}.out"]
    output: "out/{{shot}}.out"
    shell: "cksum {{input}} >{{output}}"
"""


def _dvc(graph: Graph) -> str:
    stages = (
        f"  {made[4:-4]}:\n    cmd: cksum {' '.join(inputs)} >{made}\n    deps:\n"
        + "".join(f"    - {item}\n" for item in inputs)
        + f"    outs:\n    - {made}\n"
        for made, inputs in graph.items()
    )
    return "stages:\n" + "".join(stages)


def _start_dvc(folder: Path) -> None:
    """What ``dvc init --no-scm`` writes, without its talk."""
    (folder / ".dvc" / "tmp").mkdir(parents=True)
    (folder / ".dvc" / "config").write_text(
        "[core]\n    no_scm = True\n    analytics = false\n    check_update = false\n"
    )


PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in (
        Peer("floor", "graph.json", _json, ("plan",), ("run",), ("floor.db",)),
        Peer("make", "Makefile", _makefile, ("-n",), ("-s", "-j2")),
        Peer("ninja", "build.ninja", _ninja, ("-n",), ("--quiet", "-j2"), (".ninja_log", ".ninja_deps")),
        Peer(
            "doit",
            "dodo.py",
            _dodo,
            ("list", "--all"),
            ("run",),
            (".doit.db", ".doit.db.db", ".doit.db.dat", ".doit.db.dir", ".doit.db.bak"),
        ),
        Peer(
            "snakemake",
            "Snakefile",
            _snakefile,
            ("-n", "-q", "all"),
            ("-j2", "-q", "all"),
            (".snakemake",),
            slow=True,
            most=1_000,
        ),
        Peer("dvc", "dvc.yaml", _dvc, ("dag", "--dot"), ("repro", "-q"), ("dvc.lock",), slow=True, most=100),
    )
}
