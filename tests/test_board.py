"""Boards that nobody wrote: what validates plans, what does not says why, and nothing is ever raised."""

from __future__ import annotations

import copy
import json
import random
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyflow.board.model import ShotFrame
from skyflow.planning.conform import faults
from skyflow.planning.plan import plan
from tests.boarding import boards, written
from tests.paper import ANIMATIC, PaperFiles, PaperKnown, board, codes, reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from skyflow.board.model import Shot
    from skyflow.board.source import Path

SMALL = "skyflow: 1\nshots:\n  a: {prompt: one}\n"


@settings(max_examples=150)
@given(boards())
def test_what_validates_plans_and_the_model_takes_it(data):
    checked = board(written(data))
    whole = plan(checked, ANIMATIC, PaperKnown())
    assert {step.shot.id for step in whole.steps} == set(data["shots"])
    for step in whole.steps:
        assert step.request is None or faults(step.request) == []


@settings(max_examples=100)
@given(boards(), st.integers())
def test_the_order_of_keys_never_matters_but_that_of_shots(data, shuffle):
    assert board(written(data, shuffle)).shots == board(written(data)).shots


@settings(max_examples=100)
@given(boards())
def test_every_shot_comes_after_what_it_depends_on(data):
    checked = board(written(data))
    seen: set[str] = set()
    for name in checked.order:
        assert seen.issuperset(checked.shots[name].depends_on)
        seen.add(name)
    assert list(checked.shots) == list(data["shots"])
    assert [shot.index for shot in checked.shots.values()] == list(range(len(checked.shots)))
    assert set(checked.graph.nodes) == seen


@settings(max_examples=100)
@given(boards())
def test_every_clip_is_mentioned_and_every_mention_is_sent(data):
    for shot in board(written(data)).shots.values():
        tags = [item.tag for item in shot.clips] + [item.tag for item in shot.references]
        assert all(f"@{tag}" in shot.prompt for tag in tags)
        assert not (shot.clips and shot.references)
        assert shot.prompt == shot.prompt.strip()


PRONE = st.sampled_from(
    [None, True, 0, -1, 3.5, 10**30, "", " ", "x", "a.png", "@a", [], {}, ["x"], {"x": 1}, [None], {"shot": "a"}]
)
JUNK = PRONE.map(copy.deepcopy)  # what is drawn twice must not be the same list
KEYS = st.sampled_from(
    [
        "skyflow",
        "title",
        "model",
        "vars",
        "defaults",
        "tags",
        "shots",
        "cut",
        "prompt",
        "prompt_file",
        "duration",
        "size",
        "resolution",
        "aspect",
        "takes",
        "audio",
        "extends",
        "edits",
        "frames",
        "footage",
        "needs",
        "images",
        "grid",
        "video",
        "voice",
        "describe",
        "shot",
        "frame",
        "at",
        "image",
        "x-y",
        "opening",
        "lamp",
        "keeper",
        "a b",
        "1",
        "<<",
        "é",
    ]
)
TREES = st.recursive(
    JUNK, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=30
)


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in parts:
        yield from places(part, (*path, step))


def damaged(data: dict[str, Any], damages: Iterable[tuple[int, str | None, Any]]) -> dict[str, Any]:
    """The same data with other things put in some of its places."""
    data = copy.deepcopy(data)
    for where, key, junk in damages:
        found = sorted(places(data), key=repr)
        *lead, last = found[where % len(found)] or ("shots",)
        at: Any = data
        for step in lead:
            at = at[step]
        if isinstance(at, dict) and key is not None:
            at[key] = junk
        else:
            at[last] = junk
    return data


def read_text(text: str | bytes) -> list[str]:
    """The lines of a board; of one that is no text, as far as it is."""
    content = text if isinstance(text, bytes) else text.encode()
    return re.split("\r\n|\r|\n", content.decode("utf-8-sig", "replace"))


def assert_said(text: str | bytes) -> None:
    """Reading says something sensible of anything: a board, or errors that stand in the text."""
    found = reading(text)
    errors = [problem for problem in found.problems if problem.severity == "error"]
    assert (found.board is None) == bool(errors)
    lines = read_text(text)
    for problem in found.problems:
        assert problem.message
        if problem.place.file == "board.yaml" and problem.place.text:
            assert lines[problem.place.line - 1] == problem.place.text
    if found.board:
        for step in plan(found.board, ANIMATIC, PaperKnown()).steps:
            assert step.request is None or faults(step.request) == []


@settings(max_examples=400)
@given(boards(), st.lists(st.tuples(st.integers(0, 999), st.none() | KEYS, TREES), min_size=1, max_size=4))
@pytest.mark.slow
def test_a_damaged_board_says_what_is_wrong(data, damages):
    assert_said(json.dumps(damaged(data, damages), ensure_ascii=False, indent=1))


@settings(max_examples=200)
@given(TREES)
def test_any_tree_is_a_board_or_says_why_not(tree):
    assert_said(json.dumps(tree, ensure_ascii=False))
    assert_said(json.dumps({"skyflow": 1, "shots": {"a": {"prompt": "x"}}, "tags": tree}))
    assert_said(json.dumps({"skyflow": 1, "shots": {"a": tree, "b": {"prompt": "@a", "extends": "a"}}}))
    assert_said(json.dumps({"skyflow": 1, "shots": tree, "defaults": tree, "vars": tree, "cut": tree}))


@settings(max_examples=200)
@given(boards(), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 9), st.binary(max_size=3)), max_size=6))
def test_a_board_with_other_bytes_says_what_is_wrong(data, cuts):
    content = json.dumps(data, ensure_ascii=False, indent=1).encode()
    for at, length, instead in cuts:
        start = at % (len(content) + 1)
        content = content[:start] + instead + content[start + length :]
    assert_said(content)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_board_or_say_why_not(content):
    assert_said(content)


# --- what a shot comes to ------------------------------------------------------------------------------------------


def shot(keys: str, defaults: str = "", tags: str = "", others: str = "") -> Shot:
    text = f"skyflow: 1\ndefaults: {{{defaults}}}\ntags: {{{tags}}}\nshots:\n  s: {{{keys}}}\n{others}"
    return board(text).shots["s"]


@pytest.mark.parametrize(
    ("keys", "defaults", "size"),
    [
        ("prompt: x", "", "1920x1080"),
        ("prompt: x, aspect: 9:16", "resolution: 480p", "480x848"),
        ("prompt: x", "size: 640x640", "640x640"),
        ("prompt: x, resolution: 720p", "size: 640x640", "1280x720"),
        ("prompt: x, aspect: 9:16", "size: 640x640", "1080x1920"),
        ("prompt: x, size: 640x640", "resolution: 1080p, aspect: 4:3", "640x640"),
        ("prompt: x, frames: [face.png]", "aspect: 16:9", "1440x1440"),
        ("prompt: x, frames: [face.png]", "size: 1280x720", "960x960"),
        ("prompt: x, frames: [tall.png, wide.png]", "resolution: 480p", "480x848"),
        ("prompt: x, edits: clip.mp4, resolution: 480p", "aspect: 1:1", "848x480"),
        ("prompt: x, edits: odd.mov", "", "1440x1440"),
    ],
)
def test_how_large_a_shot_is(keys, defaults, size):
    assert str(shot(keys, defaults).output.size) == size


@pytest.mark.parametrize(
    ("keys", "frames", "sound"),
    [
        ("prompt: x", 160, False),
        ("prompt: x, duration: 3.5, audio: true", 112, True),
        ("prompt: x, edits: long.mp4", 384, False),
        ("prompt: x, edits: clip.mp4, duration: 6", 192, True),
        ("prompt: x, extends: film, duration: 3", 96, False),
        ("footage: clip.mp4", 100, True),
    ],
)
def test_how_long_and_how_loud_a_shot_is(keys, frames, sound):
    output = shot(keys, others="  film: {footage: long.mp4}").output
    assert (output.frames, output.sound) == (frames, sound)


def test_a_whole_number_of_seconds_is_whole_however_it_is_written():
    five, point = shot("prompt: x, duration: 5"), shot("prompt: x, duration: 5.0")
    assert five == point
    assert isinstance(point.duration, int)


def test_frames_count_from_the_end_and_from_the_start():
    frames = "{shot: a}, {shot: a, frame: first}, {shot: a, frame: -2, at: 9}, {shot: a, frame: 7, at: last}"
    pins = shot(
        f"prompt: x, frames: [{frames}]",
        others="  a: {prompt: y, duration: 3}",
    ).pins
    assert [(pin.image.index, pin.index) for pin in pins if isinstance(pin.image, ShotFrame)] == [
        (95, 0), (0, 53), (94, 9), (7, 159),
    ]  # fmt: skip


def test_empty_sections_are_sections_left_out():
    empty = board("skyflow: 1\nvars:\ndefaults:\ntags:\nshots:\n  a: {prompt: one}\n")
    assert empty.shots == board(SMALL).shots


def test_a_mention_of_a_clip_is_added_once_and_only_where_it_is_missing():
    others = "  a: {prompt: y}"
    assert shot("prompt: on, extends: a", others=others).prompt == "@a on"
    assert shot("prompt: on from @a, extends: a", others=others).prompt == "on from @a"
    assert shot("prompt: 'on from ops@a @@a', extends: a", others=others).prompt == "@a on from ops@a @a"


def test_words_in_place_of_pictures_are_words_only():
    tags = "k: {describe: 'me @@ home'}"
    assert shot("prompt: '@k.'", tags=tags).prompt == "me @ home."
    assert codes("skyflow: 1\ntags: {k: {describe: 'by @a'}}\nshots: {a: {prompt: '@k'}}") == ["SF0309"]


def test_an_edited_file_may_lie_beside_the_board_under_any_name():
    files = PaperFiles()
    files.media["take"] = files.media["clip.mp4"]
    assert board("skyflow: 1\nshots: {s: {edits: take, prompt: x}}", files).shots["s"].clips[0].tag == "video1"
    assert codes("skyflow: 1\nshots: {s: {edits: take, prompt: x}}") == ["SF0301"]


@pytest.mark.parametrize("kind", ["tags: {video1: {describe: x}}\nshots: {", "shots: {video1: {prompt: x}, "])
def test_nothing_else_is_called_what_an_edited_file_is(kind):
    found = codes(f"skyflow: 1\n{kind}s: {{edits: clip.mp4, prompt: '@video1'}}}}")
    assert "SF0303" in found


def test_a_large_board_is_read_in_time_that_grows_with_it():
    shots = "".join(f"  s{n}: {{prompt: 'Shot {n}', needs: s{n - 1}}}\n" for n in range(1, 3000))
    start = time.process_time()
    found = reading("skyflow: 1\nshots:\n  s0: {prompt: x}\n" + shots)
    assert found.board
    assert time.process_time() - start < 30  # an order of magnitude above what a slow machine takes


@pytest.mark.parametrize(
    "shots",
    [
        "".join(f"  s{n}: {{prompt: x, needs: t{n}}}\n" for n in range(1000)),
        "".join(f"  s{n}: {{prompt: x, needs: s{(n + 1) % 1000}}}\n" for n in range(1000)),
        "".join(f"  s{n}: {{prompt: '@t{n}'}}\n" for n in range(1000)),
        "".join(f"  s{n}: {{promt: x}}\n" for n in range(1000)),
    ],
    ids=["unknown", "one cycle", "mentions", "keys"],
)
def test_a_large_board_that_is_all_wrong_is_read_in_bounded_time(shots):
    start = time.process_time()
    assert reading(f"skyflow: 1\nshots:\n{shots}").board is None
    assert time.process_time() - start < 20  # an order of magnitude above what a slow machine takes


def test_the_same_bytes_give_the_same_problems_in_the_same_order():
    lines = [f"  s{n}: {{prompt: '@x{n}', duration: {n}, needs: [no{n}], extends: s{n + 1}}}" for n in range(30)]
    random.Random(5).shuffle(lines)  # noqa: S311 - no secret
    text = "skyflow: 1\nshots:\n" + "\n".join(lines)
    assert reading(text).problems == reading(text).problems
    places = [problem.place for problem in reading(text).problems]
    assert places == sorted(places)
