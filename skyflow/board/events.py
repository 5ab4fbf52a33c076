"""Data out of libyaml's events, without recursion and without PyYAML's constructors.

Those read ``16:9`` as 969, let a duplicate key win silently and build whatever a tag names. Here a duplicate, an
unknown tag, a bomb of aliases and a key that is no text are problems with a place, in bounded time and memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

import yaml

from skyflow.board.scalar import Scalars

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_DEPTH = 64
MAX_VALUES = 2_000_000
"""How many values a document may hold: a board of a hundred thousand shots has half of that."""

MAX_ALIASED = 100_000
"""How many values aliases may add to a document; a bomb of nine lines adds a thousand million."""

MAX_ENTRIES = 200_000
"""How many a list or mapping may have: twice the shots of the longest film that anybody tried."""

MAX_KEY = 1024
"""Characters of a key; YAML itself allows no more of one that stands before its colon on a line."""

MAX_TEXT = 64 * 1024
"""Characters of a value: more than any prompt may have. Only a picture that stands in the board itself takes more."""

MAX_PROBLEMS = 1000
"""After so many the rest is not read: nobody mends more at once, and listing them takes longer than finding them."""

ALIAS = "*"
"""In place of a scalar's style: what stands here is the name of what is meant."""

STARTS = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
ENDS = (yaml.MappingEndEvent, yaml.SequenceEndEvent)

RawSpot: TypeAlias = "tuple[int, int, int, int, str]"
Spots: TypeAlias = "dict[int, dict[str | int, RawSpot]]"
"""For each container, by its id: the spots of its parts (key, key's end, start, end, style of scalar or ALIAS)."""


class Note(Protocol):
    """Takes a problem: code, path, stretch, message, remedy, other stretches with what they have to do with it."""

    def __call__(
        self,
        code: str,
        path: tuple[str | int, ...],
        stretch: tuple[int, int],
        message: str,
        remedy: str,
        *also: tuple[int, int, str],
    ) -> None: ...


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come yet."""

    container: dict[str, Any] | list[Any]
    anchor: str | None
    start: int
    nodes: int = 1
    key: tuple[str, int, int] | None = None
    merging: bool = False
    merges: list[tuple[Any, int, int]] = field(default_factory=list)
    table: dict[str | int, RawSpot] = field(default_factory=dict)

    @property
    def wants_key(self) -> bool:
        return self.key is None and type(self.container) is dict

    @property
    def step(self) -> str | int | None:
        """The key or number of the value that is being read; None between two."""
        if isinstance(self.container, list):
            return len(self.container)
        return self.key[0] if self.key else None


class _Value(NamedTuple):
    """A finished value with its stretch, and how many values it holds."""

    value: Any
    start: int
    end: int
    nodes: int = 1
    style: str = ""


class Refused(Exception):
    """The rest of the document is not read; the problem is noted already."""


@dataclass(frozen=True, slots=True)
class Built:
    """The document's data and its spot."""

    data: Any
    spot: RawSpot


def build(events: Iterable[yaml.Event], spots: Spots, note: Note) -> Built:
    """Read a document.

    Raises:
        yaml.MarkedYAMLError: it is not YAML.
    """
    builder = _Builder(spots, note)
    try:
        builder.read(events)
    except Refused:
        return Built(None, (-1, -1, 0, 1, ""))
    return Built(builder.data, builder.spot)


class _Builder:
    def __init__(self, spots: Spots, note: Note) -> None:
        self.data: Any = None
        self.spot: RawSpot = (-1, -1, 0, 1, "")
        self.spots = spots
        self._note = note
        self.scalars = Scalars(self.note)
        self.open: list[_Open] = []
        self.anchors: dict[str | None, _Value] = {}
        self.values = 0
        self.aliased = 0
        self.documents = 0
        self.noted = 0

    def read(self, events: Iterable[yaml.Event]) -> None:
        for event in events:
            assert event.start_mark
            assert event.end_mark
            start, end = event.start_mark.index, event.end_mark.index
            if isinstance(event, yaml.ScalarEvent):  # first: most are
                self.scalar(event, start, end)
            elif isinstance(event, ENDS):
                self.end(end)
            elif isinstance(event, STARTS):
                self.start(event, start)
            elif isinstance(event, yaml.AliasEvent):
                self.alias(event.anchor, start, end)
            elif isinstance(event, yaml.DocumentStartEvent):
                self.document(start)

    def document(self, at: int) -> None:
        self.documents += 1
        if self.documents > 1:
            self.refuse("SF0105", at, at + 3, "a second document starts here", "keep one board in a file")

    def scalar(self, event: yaml.ScalarEvent, start: int, end: int) -> None:
        value = self.scalars.resolve(event, start, end)
        top = self.open[-1] if self.open else None
        if top is None or not top.wants_key:
            if len(event.value) > MAX_TEXT and not event.value.startswith("data:"):
                message = f"a text of {len(event.value):,} characters, {MAX_TEXT:,} is the most"
                self.refuse("SF0102", start, end, message, "put it in a file of its own, or shorten it")
            self.put(_Value(value, start, end, style=event.style or ""), event.anchor)
            return
        if len(event.value) > MAX_KEY:
            self.refuse("SF0102", start, end, f"a key of more than {MAX_KEY:,} characters", "shorten it")
        if event.anchor:
            self.anchors[event.anchor] = _Value(value, start, end)
        top.key = (event.value, start, end)
        top.merging = not event.style and event.value == "<<"
        if not isinstance(value, str):
            self.note("SF0106", start, end, f"the key {event.value or 'nothing'} is not text", "put it in quotes")

    def start(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent, at: int) -> None:
        if self.open and self.open[-1].wants_key:
            if self.open[-1].start == at - 1 and isinstance(event, yaml.MappingStartEvent):
                said = "YAML takes {{ for the start of a mapping in a mapping"
                self.refuse("SF0106", at - 1, at + 1, said, "put quotes around text that begins with {{")
            self.refuse(
                "SF0106",
                at,
                at + 1,
                "a mapping or list cannot be a key",
                "make it text, or close the bracket before it",
            )
        if len(self.open) == MAX_DEPTH:
            self.refuse("SF0102", at, at + 1, f"nested deeper than {MAX_DEPTH} levels", "flatten the board")
        if event.tag not in {None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}:
            self.scalars.unknown_tag(str(event.tag), at)
        self.open.append(_Open({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor, at))

    def end(self, end: int) -> None:
        done = self.open.pop()
        for merged, start, stop in done.merges:
            self.merge(done, merged, start, stop)
        self.spots[id(done.container)] = done.table
        self.put(_Value(done.container, done.start, end, done.nodes), done.anchor)

    def alias(self, anchor: str | None, start: int, end: int) -> None:
        if self.open and self.open[-1].wants_key:
            self.refuse("SF0106", start, end, "an alias cannot be a key", "write the key out")
        if anchor not in self.anchors:
            inside = any(item.anchor == anchor for item in self.open)
            message = f"*{anchor} stands inside itself" if inside else f"*{anchor} names no anchor above it"
            self.refuse("SF0107", start, end, message, "write the value out" if inside else f"set &{anchor} first")
        known = self.anchors[anchor]
        self.aliased += known.nodes
        if self.aliased > MAX_ALIASED:
            message = f"aliases make this document more than {MAX_ALIASED:,} values larger"
            self.refuse("SF0102", start, end, message, "use fewer aliases")
        self.put(_Value(known.value, start, end, known.nodes, ALIAS), None)

    def put(self, item: _Value, anchor: str | None) -> None:
        """Give a finished value to what it stands in."""
        self.values += 1
        if self.values > MAX_VALUES:
            self.refuse("SF0102", item.start, item.end, f"more than {MAX_VALUES:,} values", "split the board")
        if anchor:
            self.anchors[anchor] = item
        if not self.open:
            self.data, self.spot = item.value, (-1, -1, item.start, item.end, item.style)
            return
        top = self.open[-1]
        top.nodes += item.nodes
        if len(top.container) == MAX_ENTRIES:
            message = f"more than {MAX_ENTRIES:,} entries in one list or mapping"
            self.refuse("SF0102", item.start, item.end, message, "split the board")
        if isinstance(top.container, list):
            top.table[len(top.container)] = (-1, -1, item.start, item.end, item.style)
            top.container.append(item.value)
        else:
            self.entry(top, top.container, item)

    def entry(self, top: _Open, mapping: dict[str, Any], item: _Value) -> None:
        assert top.key is not None
        key, start, end = top.key
        if top.merging:
            if top.merges:
                also = (top.merges[0][1], top.merges[0][2], "'<<' stands here first")
                self.note("SF0108", start, end, "the key '<<' stands twice", "write one: `<<: [*one, *two]`", also)
            top.merges.append((item.value, start, end))
            top.merging = False
        elif key in mapping:
            first = top.table[key]
            also = (first[0], first[1], f"'{key}' stands here first")
            self.note("SF0108", start, end, f"the key '{key}' stands twice", "keep one of the two", also)
        else:
            mapping[key] = item.value
            top.table[key] = (start, end, item.start, item.end, item.style)
        top.key = None

    def merge(self, into: _Open, merged: Any, start: int, end: int) -> None:  # noqa: ANN401 - any YAML may stand there
        """YAML's merge key: what the mapping says itself wins, then the earlier of several sources."""
        assert isinstance(into.container, dict)
        for source in merged if isinstance(merged, list) else [merged]:
            if not isinstance(source, dict):
                self.note("SF0109", start, end, "<< takes a mapping or a list of mappings", "give it an alias")
                continue
            for key, value in source.items():
                if key not in into.container:
                    into.container[key] = value
                    into.table[key] = self.spots[id(source)][key]

    def note(self, code: str, start: int, end: int, message: str, remedy: str, *also: tuple[int, int, str]) -> None:
        """Note a problem at the key or item that is being read."""
        path = tuple(step for item in self.open if (step := item.step) is not None)
        self._note(code, path, (start, end), message, remedy, *also)
        self.noted += 1
        if self.noted == MAX_PROBLEMS:
            message = f"more than {MAX_PROBLEMS:,} problems: what follows was not read"
            self._note("SF0102", path, (start, end), message, "mend these first")
            raise Refused

    def refuse(self, code: str, start: int, end: int, message: str, remedy: str) -> None:
        self.note(code, start, end, message, remedy)
        raise Refused
