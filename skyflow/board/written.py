"""A board as it is written: the data that fits the schema, before anything in it is resolved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skyflow.models import skyreels_v4

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from skyflow.board.source import Path

NOT_A_DEFAULT = frozenset({"prompt", "prompt_file", "extends", "edits", "frames", "footage", "needs"})


@dataclass(frozen=True, slots=True)
class WrittenShot:
    """One shot's keys.

    Attributes:
        own: as written on the shot, ``x-`` keys left out.
        inherited: the board's defaults.
        broken: the schema found fault with it, so what it lacks may only be misspelt.
    """

    id: str
    index: int
    own: Mapping[str, Any]
    inherited: Mapping[str, Any]
    broken: bool = False

    def get(self, key: str) -> Any:  # noqa: ANN401 - as written
        """The shot's own value, else the inherited one, else None."""
        return self.own.get(key, self.inherited.get(key))

    def path(self, *rest: str | int) -> Path:
        return ("shots", self.id, *rest)


@dataclass(frozen=True, slots=True)
class WrittenBoard:
    """Everything that a board says."""

    title: str
    model: str
    vars: Mapping[str, Any]
    tags: Mapping[str, Mapping[str, Any]]
    shots: Mapping[str, WrittenShot]
    cut: tuple[str, ...] | None


def compose(data: Any, faulty: Iterable[Path], overrides: Mapping[str, Any]) -> WrittenBoard | None:  # noqa: ANN401 - any YAML
    """The board that data describes, without the parts that the schema refused.

    Args:
        data: a parsed board.
        faulty: the paths of the schema's problems.
        overrides: values that win over the board's own ``vars``.

    Returns:
        None where there are no shots to speak of.
    """
    faults = tuple(faulty)
    sound = _without(data, (), frozenset(faults))
    if not isinstance(sound, dict) or not isinstance(sound.get("shots"), dict):
        return None
    broken = {path[1] for path in faults if path[:1] == ("shots",) and len(path) > 1}
    inherited = sound.get("defaults") or {}
    # A tag that the schema refused still has its name: to call its mentions unknown too would be noise.
    refused: dict[str, Any] = {str(path[1]): {} for path in faults if path[:1] == ("tags",) and len(path) == 2}
    shots = {
        name: WrittenShot(name, index, keys, inherited, name in broken)
        for index, (name, keys) in enumerate(
            (name, keys) for name, keys in sound["shots"].items() if isinstance(keys, dict)
        )
    }
    return WrittenBoard(
        title=sound.get("title", ""),
        model=sound.get("model", skyreels_v4.ID),
        vars=sound.get("vars", {}) | dict(overrides),
        tags=refused | sound.get("tags", {}),
        shots=shots,
        cut=tuple(sound["cut"]) if "cut" in sound else None,
    )


def _without(value: Any, path: Path, faulty: frozenset[Path]) -> Any:  # noqa: ANN401 - any YAML
    """A copy without ``x-`` keys and without what stands at a faulty path, but for a shot, which keeps the rest."""
    if isinstance(value, dict):
        kept = {}
        for key, item in value.items():
            here = (*path, key)
            whole_shot = len(here) == 2 and here[0] == "shots" and isinstance(item, dict)
            if (here in faulty and not whole_shot) or (key.startswith("x-") and path[:1] != ("vars",)):
                continue
            kept[key] = _without(item, here, faulty)
        return kept
    if isinstance(value, list):
        return [_without(item, (*path, n), faulty) for n, item in enumerate(value) if (*path, n) not in faulty]
    return value
