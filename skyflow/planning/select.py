"""Which shots are meant, in the grammar of dbt's node selection.

::

    selectors = part ("," part)*  …   spaces and repeated options join, commas intersect
    part      = [steps] "+" what "+" [steps]     both pluses may be left out
    what      = shot | "tag:" tag | "state:" state     * and ? stand for any characters of a shot or tag

``lamp`` is one shot, ``+lamp`` with all that it needs, ``lamp+`` with all that needs it, ``2+lamp`` two steps back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property, reduce
from itertools import islice
from typing import TYPE_CHECKING

from skyflow.errors import UsageError
from skyflow.late import late
from skyflow.planning.plan import Action
from skyflow.problems import did_you_mean, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import networkx as nx

    from skyflow.board.model import Board
    from skyflow.planning.plan import Plan
    from skyflow.planning.takes import Known
else:
    nx = late("networkx")

PART = re.compile(
    r"(?:(?P<before>[0-9]{0,9})\+)?(?:(?P<method>[A-Za-z_]+):)?(?P<name>[A-Za-z*?][A-Za-z0-9_*?]*)"
    r"(?:\+(?P<after>[0-9]{0,9}))?"
)
METHODS = ("tag", "state")
STATES = ("changed", "new", "unchanged")
NAME = re.compile("[A-Za-z][A-Za-z0-9_]*")
EITHER = "write a space between them for either"


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is of a board's shots; states are read from it."""

    plan: Plan
    known: Known


def select(
    board: Board,
    selectors: Iterable[str],
    exclude: Iterable[str] = (),
    *,
    standing: Callable[[], Standing] | None = None,
) -> frozenset[str] | None:
    """The shots that any of the selectors names and none of ``exclude`` does; None, which means all, without both.

    Args:
        selectors: each may hold several parts, with spaces between them for a union, commas for an intersection.
        exclude: the same, of what is left out; alone it leaves out of all.
        standing: asked once, and only where a part is about a state.

    Raises:
        UsageError: a part is no selector, or names no shot, tag or state. Parts that have no shot in common, and a
            state that no shot is in, are no error and select nothing.
    """
    wanted, unwanted = list(selectors), list(exclude)
    if not wanted and not unwanted:
        return None
    chooser = _Chooser(board, standing)
    chosen = chooser.union(wanted, "--select") if wanted else frozenset(board.shots)
    return chosen - chooser.union(unwanted, "--exclude")


class _Chooser:
    """Finds the shots of selectors on one board."""

    def __init__(self, board: Board, standing: Callable[[], Standing] | None) -> None:
        self._board = board
        self._standing = standing

    def union(self, texts: Iterable[str], option: str) -> frozenset[str]:
        words = [word for text in texts for word in _words(text, option)]
        return frozenset().union(*(self._common(word) for word in words))

    def _common(self, word: _Part) -> frozenset[str]:
        """The shots that every part of a word has."""
        return reduce(frozenset.intersection, [self._part(part) for part in _parts(word)])

    def _part(self, part: _Part) -> frozenset[str]:
        match = PART.fullmatch(part.text)
        if not match:
            raise part.fault(f"'{part.text}' selects nothing", _remedy(part.text))
        chosen = self._what(match["method"], match["name"], part)
        graph = self._board.graph
        before = _within(graph.reverse(copy=False), chosen, match["before"])
        return chosen | before | _within(graph, chosen, match["after"])

    def _what(self, method: str | None, name: str, part: _Part) -> frozenset[str]:
        if method is None:
            return frozenset(_matching(name, self._board.shots, "there is no shot", "shots:", part))
        if method == "tag":
            tags = _matching(name, self._tags, "no shot mentions the tag", "tags that are mentioned:", part)
            return frozenset(shot for tag in tags for shot in self._tags[tag])
        if method != "state":
            raise part.fault(
                f"nothing is selected by '{method}'", _known(method, METHODS, "select by a shot's name or")
            )
        if name not in STATES:
            raise part.fault(f"there is no state '{name}'", _known(name, STATES, "states:"))
        return self._states[name]

    @cached_property
    def _tags(self) -> dict[str, set[str]]:
        """The shots of each tag, both in file order."""
        found: dict[str, set[str]] = {}
        for shot in self._board.shots.values():
            for tag in shot.mentions:
                found.setdefault(tag, set()).add(shot.id)
        return found

    @cached_property
    def _states(self) -> dict[str, frozenset[str]]:
        if self._standing is None:
            raise UsageError("a state cannot be selected here", "select by name or tag")
        now = self._standing()
        to_do = {Action.MAKE, Action.RESUME, Action.WAIT}
        changed = {step.shot.id for step in now.plan.steps if step.action in to_do}
        new = {shot for shot in changed if now.known.current(shot) is None}
        unchanged = self._board.shots.keys() - changed
        return {"changed": frozenset(changed), "new": frozenset(new), "unchanged": frozenset(unchanged)}


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a selector, and where it stands.

    Attributes:
        start: of its first character, counted from 0 in ``whole``.
        whole: everything that ``option`` was given.
    """

    text: str
    start: int
    whole: str
    option: str

    def fault(self, message: str, remedy: str) -> UsageError:
        """An error that says where the part is, unless it is all that was written."""
        if self.text != self.whole:
            message += f", at character {self.start + 1} of {self.option} '{self.whole}'"
        return UsageError(message, remedy)


def _words(text: str, option: str) -> list[_Part]:
    words = [_Part(match[0], match.start(), text, option) for match in re.finditer(r"\S+", text)]
    if not words:
        # A shell variable that is empty must not become every shot, each of which may cost money.
        raise UsageError(f"{option} is empty", f"leave {option} out, or name shots")
    return words


def _parts(word: _Part) -> list[_Part]:
    """What stands between the commas of a word."""
    parts, start = [], word.start
    for text in word.text.split(","):
        part = _Part(text, start, word.whole, word.option)
        if not text:
            raise part.fault("a comma stands beside nothing", f"{EITHER}; a comma without spaces is for both at once")
        parts.append(part)
        start += len(text) + 1
    bare = dict.fromkeys(part.text for part in parts if NAME.fullmatch(part.text))
    if len(bare) > 1:
        raise word.fault(f"no shot is {' and '.join(bare)} at once", EITHER)
    return parts


def _matching(name: str, known: Iterable[str], none: str, heading: str, part: _Part) -> list[str]:
    """The names that a name means, which may hold * and ?."""
    names = list(known)
    found = [one for one in names if fnmatchcase(one, name)]
    if not found:
        raise part.fault(f"{none} '{name}'", _known(name, names, heading))
    return found


def _known(word: str, names: Iterable[str], heading: str) -> str:
    known = list(names)
    return did_you_mean(word, known) or (f"{heading} {listed(known)}" if known else "")


def _remedy(text: str) -> str:
    if tag := re.fullmatch(r"(.*)@([A-Za-z]\w*)(.*)", text):
        return f"write tag:{tag[2]} for the shots that show @{tag[2]}"
    return "write a shot's name, tag:NAME or state:NAME, with + before it or after it"


def _within(graph: nx.DiGraph[str], starts: frozenset[str], steps: str | None) -> frozenset[str]:
    """What a walk from any of the starts reaches in so many steps; nothing where no plus was written."""
    if steps is None or not starts:
        return frozenset()
    layers = nx.bfs_layers(graph, starts)
    return frozenset(shot for layer in islice(layers, int(steps) + 1 if steps else None) for shot in layer)
