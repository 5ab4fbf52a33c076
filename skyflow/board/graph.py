"""The graph of shots: what must be made before what."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, TypeAlias

from skyflow.late import late

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    import networkx as nx

    from skyflow.board.draft import Edge
    from skyflow.board.findings import Findings
    from skyflow.board.model import EdgeKind
    from skyflow.board.source import Path

    Graph: TypeAlias = "nx.DiGraph[str]"
else:
    nx = late("networkx")

Web: TypeAlias = "dict[str, dict[str, list[Edge]]]"
"""For every shot in file order: what it depends on, and each of the reasons."""


def build(shots: Iterable[str], edges: Mapping[str, Iterable[Edge]]) -> Web:
    """What depends on what."""
    web: Web = {shot: {} for shot in shots}
    for shot, found in edges.items():
        for edge in found:
            web[shot].setdefault(edge.upstream, []).append(edge)
    return web


def kinds(web: Web) -> dict[str, dict[str, frozenset[EdgeKind]]]:
    """The same without the places: what depends on what, and why."""
    return {
        shot: {upstream: frozenset(edge.kind for edge in edges) for upstream, edges in found.items()}
        for shot, found in web.items()
    }


def order(web: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Every shot after those that it depends on; among those that could come next, the first in file order.

    Shots on a cycle, and what depends on them, are left out.
    """
    position = {shot: number for number, shot in enumerate(web)}
    names = list(web)
    after = followers(web)
    left = {shot: len(upstream) for shot, upstream in web.items()}
    ready = [position[shot] for shot, many in left.items() if not many]
    heapify(ready)
    found = []
    while ready:
        shot = names[heappop(ready)]
        found.append(shot)
        for later in after[shot]:
            left[later] -= 1
            if not left[later]:
                heappush(ready, position[later])
    return tuple(found)


def longest(web: Mapping[str, Collection[str]]) -> list[str]:
    """The longest chain of shots of which each depends on the one before; of several the one that is found first."""
    after = followers(web)
    left = {shot: sum(upstream in web for upstream in web[shot]) for shot in web}
    before: dict[str, str | None] = {}
    depth: dict[str, int] = {}
    layer = [shot for shot, many in left.items() if not many]
    while layer:
        coming = []
        for shot in layer:
            known = [upstream for upstream in web[shot] if upstream in web]
            before[shot] = max(known, key=depth.__getitem__, default=None)
            depth[shot] = 1 + max((depth[upstream] for upstream in known), default=0)
            for later in after[shot]:
                left[later] -= 1
                if not left[later]:
                    coming.append(later)
        layer = coming
    last = max(depth, key=depth.__getitem__, default=None)
    chain = []
    while last is not None:
        chain.append(last)
        last = before[last]
    return chain[::-1]


def followers(web: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """For every shot, those that depend on it, in file order."""
    after: dict[str, list[str]] = {shot: [] for shot in web}
    for shot, upstream in web.items():
        for one in upstream:
            if one in after:
                after[one].append(shot)
    return after


def report_cycles(web: Web, findings: Findings) -> None:
    """A problem for each knot of cycles: one cycle in full, as the path that it is, each edge with its place."""
    position = {shot: number for number, shot in enumerate(web)}
    graph: Graph = nx.DiGraph()
    graph.add_nodes_from(web)
    graph.add_edges_from((upstream, shot) for shot, found in web.items() for upstream in found)
    for part in nx.strongly_connected_components(graph):
        if not _loops(graph, part):
            continue
        needs = _cycle(graph, part, position)
        walk = " → ".join([needs[0][0], *(upstream for _, upstream in needs)])
        (path, words), *related = [_said(web, shot, upstream) for shot, upstream in needs]
        message = f"shots wait for each other: {walk}; here {words}"
        findings.add("SF0302", path, message, "remove one of these", related=related)


def _cycle(graph: Graph, part: set[str], position: Mapping[str, int]) -> list[tuple[str, str]]:
    """A cycle as pairs of a shot and what it needs, from the shot that stands first in the file."""
    edges = nx.find_cycle(graph.subgraph(part), min(part, key=position.__getitem__))
    # An edge runs from what is made first; a person reads the other way, from a shot to what it needs.
    needs = [(shot, upstream) for upstream, shot, *_ in reversed(edges)]
    start = min(range(len(needs)), key=lambda number: position[needs[number][0]])
    return needs[start:] + needs[:start]


def _said(web: Web, shot: str, upstream: str) -> tuple[Path, str]:
    """Where the board says that a shot depends on another, and how."""
    edges = web[shot][upstream]
    kinds = " and ".join(sorted({edge.kind for edge in edges}))
    return edges[0].path, f"{shot} depends on {upstream} ({kinds})"


def _loops(graph: Graph, part: set[str]) -> bool:
    return len(part) > 1 or any(graph.has_edge(shot, shot) for shot in part)
