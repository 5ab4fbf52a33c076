"""A board as it is written: the data that fits the schema, before anything in it is resolved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from skyflow.models import skyreels_v4

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from skyflow.board.source import Path


@dataclass(frozen=True, slots=True)
class WrittenShot:
    """One shot's keys.

    Attributes:
        own: as written on the shot, ``x-`` keys left out.
        inherited: the board's defaults.
        broken: the schema found fault with it, so what it lacks may only be misspelt.
        moved: of its own keys, those that ``request`` says, with the path there.
    """

    id: str
    index: int
    own: Mapping[str, Any]
    inherited: Mapping[str, Any]
    broken: bool = False
    moved: Mapping[str, Path] = field(default_factory=dict)

    def get(self, key: str) -> Any:  # noqa: ANN401 - as written
        """The shot's own value, else the inherited one, else None."""
        return self.own.get(key, self.inherited.get(key))

    def path_of(self, key: str) -> Path:
        """Where the value that ``get`` gives is written."""
        return self.path(key) if key in self.own else ("defaults", key)

    def path(self, *rest: str | int) -> Path:
        first = self.moved.get(str(rest[0])) if self.moved and rest else None
        return ("shots", self.id, *rest) if first is None else (*first, *rest[1:])


@dataclass(frozen=True, slots=True)
class WrittenBoard:
    """Everything that a board says, but for what the schema refused.

    An item of a list that was refused stands as None, so that the others keep their numbers. A shot or tag that was
    refused as a whole is still there by its name, so that what names it is not called unknown.

    Attributes:
        refused: keys at the top whose value was refused as a whole.
        given: names of values from outside that no ``vars`` define.
    """

    title: str
    model: str
    vars: Mapping[str, Any]
    defaults: Mapping[str, Any]
    tags: Mapping[str, Mapping[str, Any]]
    shots: Mapping[str, WrittenShot]
    cut: tuple[str | Mapping[str, Any] | None, ...] | None
    ignore: tuple[str | None, ...]
    budget: float | None
    refused: frozenset[str]
    given: frozenset[str] = frozenset()


def sound_part(data: Any, faulty: Iterable[Path]) -> Any:  # noqa: ANN401 - any YAML
    """Data without ``x-`` keys and without what the schema found fault with."""
    return _sound(data, (), frozenset(_refused(path) for path in faulty if path))


def compose(
    data: Any,  # noqa: ANN401 - any YAML
    faulty: Iterable[Path],
    overrides: Mapping[str, Any],
    overlay: Callable[[Mapping[str, Any]], dict[str, Any]],
) -> WrittenBoard | None:
    """The board that data describes, without the parts that the schema refused.

    Args:
        data: a parsed board.
        faulty: the paths of the schema's problems.
        overlay: puts the libraries that the board uses under its own data.
        overrides: values that win over the board's own ``vars``.

    Returns:
        None where there are no shots to speak of.
    """
    faults = frozenset(_refused(path) for path in faulty if path)
    sound = _sound(data, (), faults)
    if isinstance(sound, dict):
        sound = overlay(sound)
    if not isinstance(sound, dict) or "shots" not in sound:
        return None
    defaults: dict[str, Any] = sound.get("defaults") or {}
    broken = {path[1] for path in faults if path[0] == "shots" and len(path) > 1}
    shots = {
        name: WrittenShot(name, index, keys, defaults, name in broken)
        for index, (name, keys) in enumerate(sound["shots"].items())
    }
    return WrittenBoard(
        title=sound.get("title", ""),
        model=sound.get("model", skyreels_v4.ID),
        vars=(sound.get("vars") or {}) | dict(overrides),
        defaults=defaults,
        tags=sound.get("tags") or {},
        shots=shots,
        cut=None if sound.get("cut") is None else tuple(sound["cut"]),
        ignore=tuple(sound.get("ignore", ())),
        budget=sound.get("budget"),
        refused=frozenset(str(path[0]) for path in faults if len(path) == 1),
        given=frozenset(overrides) - (sound.get("vars") or {}).keys(),
    )


def _refused(path: Path) -> Path:
    """What is left out for a fault: a value of a shot or a tag, or an item where the value is a list."""
    depth = {"shots": 3, "tags": 3, "vars": 2, "defaults": 2}.get(str(path[0]), 1)
    if isinstance(next(iter(path[depth:]), None), int):
        depth += 1
    return path[:depth]


def _sound(value: Any, path: Path, faults: frozenset[Path]) -> Any:  # noqa: ANN401 - any YAML
    """A copy without ``x-`` keys and without what is at fault."""
    if isinstance(value, dict):
        kept = ((key, item, (*path, key)) for key, item in value.items() if not _ignored(key, path))
        if path in {("shots",), ("tags",)}:
            return {key: _sound(item, here, faults) if isinstance(item, dict) else {} for key, item, here in kept}
        return {key: _sound(item, here, faults) for key, item, here in kept if here not in faults}
    if isinstance(value, list):
        items = ((item, (*path, number)) for number, item in enumerate(value))
        return [None if here in faults else _sound(item, here, faults) for item, here in items]
    # 5.0 seconds are 5 seconds, in every request and message; what templates print stays as it is written.
    if isinstance(value, float) and value.is_integer() and path[:1] != ("vars",):
        return int(value)
    return value


def _ignored(key: str, path: Path) -> bool:
    """Whether a key is the author's own; inside a var everything is."""
    return key.startswith("x-") and (path[:1] != ("vars",) or len(path) == 1)


def parse_size(size: str) -> tuple[int, int]:
    """``1280x720`` to 1280 and 720; the schema lets nothing else through."""
    width, _, height = size.partition("x")
    return int(width), int(height)
