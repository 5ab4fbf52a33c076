"""What a runner in Python costs at the least: asyncio, graphlib, SHA-256 and one table, and nothing else.

It reads the graph from JSON, knows what is up to date by the stat of every input, makes what is not by writing as
many bytes as the cheap backend does, and keeps what it did in one transaction. It checks nothing, explains nothing,
and a crash in the middle forgets everything.

    python floor.py plan|run
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sqlite3
import sys
from graphlib import TopologicalSorter
from pathlib import Path

Row = tuple[str, str]
AT_ONCE = 32


def stamp(path: str) -> str:
    found = os.stat(path)  # noqa: PTH116 - the floor takes no detour
    return f"{found.st_mtime_ns} {found.st_size} {found.st_ino}"


class Floor:
    """One run over ``graph.json``: for each target the files that it is made from."""

    def __init__(self, table: sqlite3.Connection) -> None:
        self.graph: dict[str, list[str]] = json.loads(Path("graph.json").read_bytes())
        table.execute("create table if not exists made (target text primary key, stamps text) without rowid")
        self.known: dict[str, str] = dict(table.execute("select target, stamps from made"))
        self.clip = b"\0" * 2800
        self.fresh: list[Row] = []

    def stale(self) -> set[str]:
        """What has to be made, and all that comes of it."""
        found: set[str] = set()
        for target in TopologicalSorter(self.graph).static_order():
            inputs = self.graph.get(target)
            if inputs is not None and (any(item in found for item in inputs) or not self.holds(target, inputs)):
                found.add(target)
        return found

    def holds(self, target: str, inputs: list[str]) -> bool:
        try:
            return self.known.get(target) == self.stamps(target, inputs)
        except FileNotFoundError:
            return False

    def stamps(self, target: str, inputs: list[str]) -> str:
        return "\n".join(map(stamp, (target, *inputs)))

    async def make(self, targets: set[str]) -> None:
        """Everything in its order, a few at once; each that ends lets others begin."""
        order = TopologicalSorter({target: [i for i in self.graph[target] if i in targets] for target in targets})
        order.prepare()
        ready: asyncio.Queue[str | None] = asyncio.Queue()

        def give() -> None:
            for target in order.get_ready():
                ready.put_nowait(target)

        async def worker() -> None:
            while (target := await ready.get()) is not None:
                self.copy(target)
                order.done(target)
                give()
                if not order.is_active():
                    for _ in range(AT_ONCE):
                        ready.put_nowait(None)

        give()
        await asyncio.gather(*(worker() for _ in range(AT_ONCE)))

    def copy(self, target: str) -> None:
        mixed = hashlib.sha256()
        for item in self.graph[target]:
            mixed.update(Path(item).read_bytes())
        Path(target).write_bytes(self.clip + mixed.digest())
        self.fresh.append((target, self.stamps(target, self.graph[target])))


def main() -> None:
    Path("out").mkdir(exist_ok=True)
    with sqlite3.connect("floor.db") as table:
        floor = Floor(table)
        stale = floor.stale()
        if sys.argv[1] == "run" and stale:
            asyncio.run(floor.make(stale))
            table.executemany("insert or replace into made values (?, ?)", floor.fresh)
    print(f"{len(stale)} of {len(floor.graph)}")


if __name__ == "__main__":
    main()
