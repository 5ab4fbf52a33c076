"""Modules that are imported when they are first used, and not by whoever only names them.

Most commands look at a board and end. What only few of them come to use (what draws, what explains, what runs) costs
more to import than all that they do, so it is named like this, at the top of a module like any import::

    if TYPE_CHECKING:
        import networkx as nx
    else:
        nx = late("networkx")

``tests/test_layers.py`` lists every one.
"""

from __future__ import annotations

import importlib


class Late:
    """Stands for a module; asked for anything that is in it, imports it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> object:
        return getattr(importlib.import_module(self._name), attribute)


def late(module: str) -> Late:
    """A module by its full name, imported at first use."""
    return Late(module)
