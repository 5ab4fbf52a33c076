"""The graph of shots: what must be made before what."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import networkx as nx

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from skyflow.board.draft import Edge
    from skyflow.board.findings import Findings
    from skyflow.board.source import Path

    Graph: TypeAlias = "nx.DiGraph[str]"


def build(shots: Iterable[str], edges: Mapping[str, Iterable[Edge]]) -> Graph:
    """A node for every shot in file order; an edge from each shot to those that depend on it.

    Each edge carries ``kinds``, the set of reasons for it, and ``paths``, where the board says so.
    """
    graph: Graph = nx.DiGraph()
    graph.add_nodes_from(shots)
    for shot, found in edges.items():
        for edge in found:
            if not graph.has_edge(edge.upstream, shot):
                graph.add_edge(edge.upstream, shot, kinds=set(), paths=[])
            graph.edges[edge.upstream, shot]["kinds"].add(edge.kind)
            graph.edges[edge.upstream, shot]["paths"].append(edge.path)
    return graph


def order(graph: Graph) -> tuple[str, ...]:
    """Every shot after those that it depends on; among those that could come next, the first in file order.

    Shots on a cycle, and what depends on them, are left out.
    """
    position = {shot: number for number, shot in enumerate(graph)}
    looping = {shot for part in nx.strongly_connected_components(graph) if _loops(graph, part) for shot in part}
    left_out = {shot for layer in nx.bfs_layers(graph, looping) for shot in layer} if looping else set()
    sound = graph.subgraph([shot for shot in graph if shot not in left_out])
    return tuple(nx.lexicographical_topological_sort(sound, key=position.__getitem__))


def report_cycles(graph: Graph, findings: Findings) -> None:
    """A problem for each knot of cycles: one cycle in full, as the path that it is, each edge with its place."""
    position = {shot: number for number, shot in enumerate(graph)}
    for part in nx.strongly_connected_components(graph):
        if not _loops(graph, part):
            continue
        needs = _cycle(graph, part, position)
        walk = " → ".join([needs[0][0], *(upstream for _, upstream in needs)])
        (path, words), *related = [_said(graph, shot, upstream) for shot, upstream in needs]
        message = f"shots wait for each other: {walk}; here {words}"
        findings.add("SF0302", path, message, "remove one of these", related=related)


def _cycle(graph: Graph, part: set[str], position: Mapping[str, int]) -> list[tuple[str, str]]:
    """A cycle as pairs of a shot and what it needs, from the shot that stands first in the file."""
    edges = nx.find_cycle(graph.subgraph(part), min(part, key=position.__getitem__))
    # An edge runs from what is made first; a person reads the other way, from a shot to what it needs.
    needs = [(shot, upstream) for upstream, shot, *_ in reversed(edges)]
    start = min(range(len(needs)), key=lambda number: position[needs[number][0]])
    return needs[start:] + needs[:start]


def _said(graph: Graph, shot: str, upstream: str) -> tuple[Path, str]:
    """Where the board says that a shot depends on another, and how."""
    edge = graph.edges[upstream, shot]
    kinds = " and ".join(sorted(edge["kinds"]))
    return edge["paths"][0], f"{shot} depends on {upstream} ({kinds})"


def _loops(graph: Graph, part: set[str]) -> bool:
    return len(part) > 1 or any(graph.has_edge(shot, shot) for shot in part)
