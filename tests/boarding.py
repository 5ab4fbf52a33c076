"""Boards that Hypothesis thinks up: as data, and written out as YAML in any order of keys."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from skyflow.models import skyreels_v4

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

NAMES = ("opening", "climb", "lamp", "dusk", "harbour", "z", "a1", "rest")
TAGS: dict[str, dict[str, Any]] = {
    "keeper": {"images": ["face.png", "wide.png"], "voice": "voice.wav", "describe": "an old man"},
    "mate": {"images": ["tall.png"], "describe": "a young woman"},
    "room": {"grid": "wide.png", "describe": "a small room"},
    "surf": {"video": "clip.mp4"},
    "boat": {"describe": "a red boat"},
}
WORDS = ("A wide shot.", "{{ weather }}", "ops@example.com", "@@", "看", "{% if shot.index %}later{% endif %}")


def written(board: dict[str, Any], shuffle: int | None = None) -> str:
    """A board as YAML; with ``shuffle``, every mapping but ``shots`` in another order."""
    return json.dumps(board if shuffle is None else _shuffled(board, random.Random(shuffle)), ensure_ascii=False)  # noqa: S311 - no secret


def _shuffled(value: Any, dice: random.Random, *, key: str = "") -> Any:
    if isinstance(value, dict):
        items = [(name, _shuffled(item, dice, key=name)) for name, item in value.items()]
        if key != "shots":
            dice.shuffle(items)
        return dict(items)
    return [_shuffled(item, dice) for item in value] if isinstance(value, list) else value


@st.composite
def boards(draw: DrawFn) -> dict[str, Any]:
    """A board without errors, shots in any order of need."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True))
    made: dict[str, dict[str, Any]] = {}
    for number, name in enumerate(names):
        made[name] = draw(shots(names[:number]))
    order = draw(st.permutations(names))
    board: dict[str, Any] = {"skyflow": 1, "vars": {"weather": "storm"}, "tags": TAGS}
    board["defaults"] = draw(st.fixed_dictionaries({}, optional={"audio": st.booleans(), "aspect": ASPECTS}))
    board["shots"] = {name: made[name] for name in order}
    cut = draw(st.lists(st.sampled_from(names), max_size=6))
    return {**board, "cut": cut} if cut else board


ASPECTS = st.sampled_from(skyreels_v4.ASPECTS)
TAKES = st.integers(1, 4)
DURATIONS = st.integers(3, 15) | st.sampled_from([3.5, 5.0, 7.25])


@st.composite
def shots(draw: DrawFn, earlier: list[str]) -> dict[str, Any]:
    """One shot that may be made of earlier ones; what is extended or edited is always large enough."""
    kind = draw(st.sampled_from(["words", "footage", *(["frames", "extends", "edits"] if earlier else [])]))
    if kind == "footage":
        return {"footage": draw(st.sampled_from(["clip.mp4", "odd.mov", "long.mp4"]))}
    shot: dict[str, Any] = draw(st.fixed_dictionaries({}, optional={"duration": DURATIONS, "takes": TAKES}))
    if kind in {"extends", "edits"}:
        shot[kind] = draw(st.sampled_from([*earlier, "clip.mp4"] if kind == "edits" else earlier))
    elif kind == "frames":
        pictures = ["face.png", "wide.png", *({"shot": name} for name in earlier)]
        shot["frames"] = draw(st.lists(st.sampled_from(pictures), min_size=1, max_size=4))
    else:
        shot |= draw(st.fixed_dictionaries({}, optional={"audio": st.booleans(), "aspect": ASPECTS}))
    if draw(st.booleans()) and earlier:
        shot["needs"] = draw(st.lists(st.sampled_from(earlier), max_size=2))
    own = [f"@{shot['extends']}"] if "extends" in shot else []
    # Beside a clip that is moved like, sound and aspect come from it.
    shot["prompt"] = draw(prompts(own if {"audio", "aspect"} & shot.keys() else [*own, "@surf"]))
    return shot


@st.composite
def prompts(draw: DrawFn, clips: list[str]) -> str:
    pictures = draw(st.sampled_from([["@keeper", "@mate"], ["@room"]]))
    words = [*WORDS, *pictures, "@boat", *clips]
    return "Shot: " + " ".join(draw(st.lists(st.sampled_from(words), max_size=6)))
