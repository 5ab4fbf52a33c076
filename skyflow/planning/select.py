"""Which shots are meant: ``lamp``, ``+lamp`` with all that it needs, ``lamp+`` with all that needs it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import networkx as nx

from skyflow.errors import UsageError
from skyflow.problems import did_you_mean, listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skyflow.board.model import Board

SELECTOR = re.compile(r"(?P<before>[0-9]{0,9}\+)?(?P<shot>[A-Za-z][A-Za-z0-9_]*)(?P<after>\+[0-9]{0,9})?")


def select(board: Board, selectors: Iterable[str]) -> frozenset[str] | None:
    """The shots that any of the selectors names; None, which means all, where there are none.

    Args:
        selectors: each may hold several, separated by commas or spaces. A number beside a plus bounds how far it
            goes: ``2+lamp`` is lamp, what it needs, and what those need.

    Raises:
        UsageError: one of them is no selector, or names no shot.
    """
    words = [word for text in selectors for word in re.split(r"[\s,]+", text) if word]
    if not words:
        return None
    return frozenset(shot for word in words for shot in _one(board, word))


def _one(board: Board, word: str) -> set[str]:
    match = SELECTOR.fullmatch(word)
    if not match:
        raise UsageError(f"'{word}' selects nothing", "write a shot's name, with + before it or after it")
    shot = match["shot"]
    if shot not in board.shots:
        remedy = did_you_mean(shot, board.shots) or f"shots: {listed(board.shots)}"
        raise UsageError(f"there is no shot '{shot}'", remedy)
    chosen = {shot}
    if before := match["before"]:
        chosen |= _within(board.graph.reverse(copy=False), shot, before.strip("+"))
    if after := match["after"]:
        chosen |= _within(board.graph, shot, after.strip("+"))
    return chosen


def _within(graph: nx.DiGraph[str], shot: str, steps: str) -> set[str]:
    reach = nx.single_source_shortest_path_length(graph, shot, cutoff=int(steps) if steps else None)
    return set(reach)
