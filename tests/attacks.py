"""What attacks are made of: damage, sudden death, and any graph of shots."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import networkx as nx
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


def flip(path: Path, place: int = 5) -> None:
    """Damage one bit behind the store's back."""
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def in_a_child(function: Callable[[], object]) -> int:
    """Run a function in a process of its own; give its exit status, negative for a signal."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            function()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def durable_steps_until_killed(at: int) -> None:
    """From now on, die by SIGKILL at the n-th flush or rename."""
    left = at
    for name in ("fsync", "replace", "rename", "link"):
        real = getattr(os, name)

        def step(*args: Any, _real: Callable[..., Any] = real, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return _real(*args, **options)

        setattr(os, name, step)


@st.composite
def graphs(draw: st.DrawFn, most: int = 9) -> dict[str, tuple[str, ...]]:
    """Shots in file order, each with those that it depends on; edges may point up or down the file."""
    names = draw(st.permutations([f"s{number}" for number in range(draw(st.integers(1, most)))]))
    depends_on = {
        name: tuple(draw(st.lists(st.sampled_from(names[:place]), unique=True))) if place else ()
        for place, name in enumerate(names)
    }
    return {name: depends_on[name] for name in sorted(names)}


def critical(depends_on: Mapping[str, Sequence[str]], weights: Mapping[str, int]) -> int:
    """The length of the longest path, by networkx."""
    graph = _graph(depends_on)
    finish: dict[str, int] = {}
    for name in nx.topological_sort(graph):
        finish[name] = weights[name] + max((finish[before] for before in graph.predecessors(name)), default=0)
    return max(finish.values())


def descendants(depends_on: Mapping[str, Sequence[str]], name: str) -> set[str]:
    return set(nx.descendants(_graph(depends_on), name))


def _graph(depends_on: Mapping[str, Sequence[str]]) -> nx.DiGraph[str]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(depends_on)
    graph.add_edges_from((before, later) for later, earlier in depends_on.items() for before in earlier)
    return graph
