"""What holds for every board, whichever keys it uses and however it is written."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from skyflow.board.source import Source
from skyflow.planning.conform import faults
from skyflow.planning.plan import plan
from tests.boarding import boards, written
from tests.paper import ANIMATIC, PaperKnown, board, keys
from tests.test_mentions import slowly

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

PLAIN = st.text("ab 1é看", max_size=5)

WEIGHTLESS: dict[str, st.SearchStrategy[Any]] = {
    "takes": st.integers(1, 4),
    "safety": st.sampled_from(["none", "fast", "full"]),
    "ttl": st.integers(60, 9999),
    "webhook": st.just("https://example.com/hook?key=secret-of-a-webhook"),
    "upload_to": st.just("https://example.com/{{ shot.id }}?key=secret-of-an-upload"),
    "cut": st.booleans(),
    "ignore": st.lists(st.sampled_from(["SF0801", "SF0803", "SF0804"]), min_size=1, max_size=2, unique=True),
    "x-note": PLAIN,
}
"""Keys of a generated shot that change nothing that is seen, with values that any such shot takes."""

WEIGHTY: dict[str, st.SearchStrategy[Any]] = {
    "prompt_extend": st.just(False),
    "format": st.sampled_from(["webm", "mov"]),
    "quality": st.integers(20, 94),
    "request": st.fixed_dictionaries({"newKnob": st.integers(0, 9)}),
}
"""Keys of a generated shot that change what is seen, with values that are not what it has without them."""

TOP: dict[str, st.SearchStrategy[Any]] = {
    "title": st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=9),
    "model": st.just("skywork:skyreels@v4"),
    "budget": st.sampled_from([0.5, 25, 99.99]),
    "ignore": st.just(["SF0806"]),
    "x-mine": st.dictionaries(PLAIN, st.integers(), max_size=2),
}


@st.composite
def whole_boards(draw: DrawFn) -> dict[str, Any]:
    """A board without errors that may use every key that any generated shot takes."""
    data = draw(boards())
    extra = st.fixed_dictionaries({}, optional=WEIGHTLESS | WEIGHTY)
    shots = {name: shot if "footage" in shot else shot | draw(extra) for name, shot in data["shots"].items()}
    return data | draw(st.fixed_dictionaries({}, optional=TOP)) | {"shots": shots}


def generated(data: dict[str, Any]) -> list[str]:
    return [name for name, shot in data["shots"].items() if "footage" not in shot]


def said(text: str) -> tuple[Any, ...]:
    """All that a board says; two graphs are never equal, and each is made of the shots."""
    found = board(text)
    return found.title, found.model, found.budget, found.cut, found.order, found.shots


def changed(data: dict[str, Any], name: str, **keys_of_shot: Any) -> dict[str, Any]:
    """The board with other keys of one shot; a key that is None is taken away."""
    other = copy.deepcopy(data)
    shot = other["shots"][name] | keys_of_shot
    other["shots"][name] = {key: value for key, value in shot.items() if value is not None}
    return other


@given(whole_boards())
def test_what_validates_plans_and_what_plans_is_a_request_that_the_model_takes(data):
    whole = plan(board(written(data)), ANIMATIC, PaperKnown())
    assert {step.shot.id for step in whole.steps} == set(data["shots"])
    assert [fault for step in whole.steps if step.request for fault in faults(step.request)] == []


@pytest.mark.slow
@settings(max_examples=25)
@given(whole_boards(), st.data())
def test_a_key_ignores_what_cannot_be_seen(data, draw):
    if not (names := generated(data)):
        return
    name = draw.draw(st.sampled_from(names))
    others = draw.draw(st.fixed_dictionaries({key: st.none() | value for key, value in WEIGHTLESS.items()}))
    assert keys(written(changed(data, name, **others))) == keys(written(data))


@pytest.mark.slow
@settings(max_examples=25)
@given(whole_boards(), st.data())
def test_a_key_changes_with_what_can_be_seen(data, draw):
    if not (names := generated(data)):
        return
    name = draw.draw(st.sampled_from(names))
    key = draw.draw(st.sampled_from([*WEIGHTY, "prompt"]))
    shot = data["shots"][name]
    if key == "prompt":
        other = changed(data, name, prompt=f"{shot['prompt']} And a gull.")
    else:
        value = None if key in shot else draw.draw(WEIGHTY[key])
        other = changed(data, name, **{key: value})
    assert keys(written(other))[name] != keys(written(data))[name]


@given(whole_boards(), st.integers())
def test_the_order_of_no_mapping_matters_but_that_of_the_shots(data, shuffle):
    assert said(written(data, shuffle)) == said(written(data))


@pytest.mark.slow
@settings(max_examples=25)
@given(whole_boards(), st.randoms())
def test_the_order_of_the_shots_is_that_of_the_film_and_makes_nothing_anew(data, dice):
    data = {key: value for key, value in data.items() if key != "cut"}
    for shot in data["shots"].values():
        if "prompt" in shot:  # a prompt may say a shot's number, which the order changes
            shot["prompt"] = shot["prompt"].replace("{% if shot.index %}later{% endif %}", "")
    names = list(data["shots"])
    dice.shuffle(names)
    other = data | {"shots": {name: data["shots"][name] for name in names}}
    assert keys(written(other)) == keys(written(data))
    film = [part.shot for part in board(written(other)).cut]
    assert film == [name for name in names if data["shots"][name].get("cut", True)]


# --- parse, print, parse -------------------------------------------------------------------------------------------


@given(whole_boards())
def test_a_board_that_is_printed_is_the_same_board(data):
    first = Source("board.yaml", written(data).encode()).data
    for printed in (yaml.safe_dump(first, sort_keys=False), json.dumps(first), json.dumps(first, indent=2)):
        again = Source("board.yaml", printed.encode())
        assert again.problems == []
        assert again.data == first
        assert said(printed) == said(written(data))


SCALARS = (
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=8)
    | st.sampled_from(
        ["16:9", "012", "on", "no", "~", "", "null", "1e3", "0x1", "2026-11-22", "<<", "=", "- a", "a: b"]
    )
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.none()
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab<:1é", min_size=1), inner, max_size=3),
)


@given(TREES)
def test_any_data_that_is_printed_as_json_is_read_as_it_was(tree):
    """JSON is YAML, but for characters that YAML does not let stand; quotes make text of everything."""
    read = Source("x", printed({"x": tree}))
    assert read.problems == []
    assert read.data == {"x": tree}
    assert Source("x", printed(read.data)).data == read.data


def printed(tree: object) -> bytes:
    """As JSON, but that a character beyond the first 65,536 is one escape: YAML knows no pairs of them."""
    pair = re.compile(r"\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}")
    return pair.sub(_one_escape, json.dumps(tree)).encode()


def _one_escape(pair: re.Match[str]) -> str:
    character = json.loads(f'"{pair[0]}"')
    return f"\\U{ord(character):08x}"


# --- mentions ------------------------------------------------------------------------------------------------------


@given(st.text(st.sampled_from("@@@ab_9 .é看"), max_size=20))
def test_a_board_knows_the_mentions_of_the_slow_scanner(text):
    names = {name for name, _ in slowly(text)}
    tags = {name: {"describe": "it"} for name in names}
    found = board(json.dumps({"skyflow": 1, "tags": tags, "shots": {"film": {"prompt": f"A {text}"}}}))
    assert set(found.shots["film"].mentions) == names
