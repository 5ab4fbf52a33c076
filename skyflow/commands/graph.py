"""``skyflow graph``: the shots and what they depend on, for a page, for Graphviz or for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyflow.commands import choosing, loading
from skyflow.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Unpack

    from skyflow.board.model import Board
    from skyflow.commands.choosing import AboutShots
    from skyflow.terminal import Terminal


def graph(*, terminal: Terminal, form: str, **about: Unpack[AboutShots]) -> ExitCode:
    """Print the graph."""
    loaded = loading.load(terminal, about)
    found, some = loaded.board, choosing.chosen(loaded, about)
    chosen = frozenset(found.shots) if some is None else some
    edges = list(_edges(found, chosen))
    if form == "json":
        shots = [
            {"shot": shot.id, "depends_on": list(shot.depends_on), "footage": shot.footage is not None}
            for shot in found.shots.values()
            if shot.id in chosen
        ]
        links = [{"from": upstream, "to": shot, "kinds": kinds} for upstream, shot, kinds in edges]
        terminal.json({"board": found.name, "title": found.title, "shots": shots, "edges": links})
    elif form == "dot":
        terminal.data("\n".join(_dot(found, chosen, edges)))
    else:
        terminal.data("\n".join(_mermaid(found, chosen, edges)))
    return ExitCode.DONE


def _edges(board: Board, chosen: frozenset[str]) -> Iterator[tuple[str, str, list[str]]]:
    """Upstream, shot and why, in file order of the shot."""
    for shot in board.shots.values():
        for upstream in shot.depends_on:
            if shot.id in chosen and upstream in chosen:
                yield upstream, shot.id, sorted(board.sources[shot.id][upstream])


def _mermaid(board: Board, chosen: frozenset[str], edges: list[tuple[str, str, list[str]]]) -> Iterator[str]:
    """Nodes get an ``s_`` in front: a shot may be called end, which Mermaid keeps for itself."""
    yield "flowchart LR"
    for shot in board.shots.values():
        if shot.id in chosen:
            opening, closing = ("[(", ")]") if shot.footage else ("[", "]")
            yield f'    s_{shot.id}{opening}"{shot.id}"{closing}'
    for upstream, shot_id, kinds in edges:
        arrow = "-.->" if kinds == ["needs"] else "-->"
        yield f"    s_{upstream} {arrow}|{', '.join(kinds)}| s_{shot_id}"


def _dot(board: Board, chosen: frozenset[str], edges: list[tuple[str, str, list[str]]]) -> Iterator[str]:
    yield "digraph board {"
    yield "    rankdir=LR;"
    yield '    node [shape=box, fontname="sans-serif"];'
    for shot in board.shots.values():
        if shot.id in chosen:
            shape = " [shape=cylinder]" if shot.footage else ""
            yield f'    "{shot.id}"{shape};'
    for upstream, shot_id, kinds in edges:
        style = ", style=dashed" if kinds == ["needs"] else ""
        yield f'    "{upstream}" -> "{shot_id}" [label="{", ".join(kinds)}"{style}];'
    yield "}"
