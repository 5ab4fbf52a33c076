"""What is quick to accept is never what is slow to explain: two validators, over much that is amiss."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from skyflow.board import schema as board_schema
from skyflow.board.source import Source
from skyflow.planning import conform
from skyflow.planning.request import filled, request
from skyflow.published import schema
from tests.paper import board

if TYPE_CHECKING:
    from collections.abc import Iterator

BOARD = """
skyflow: 1
title: A film
defaults: {resolution: 1080p, duration: 3, audio: true, quality: 80}
vars: {look: grey, many: [1, {deep: 2.5}]}
tags:
  keeper: {images: [a.png, b.png], voice: v.wav, describe: an old man}
  sheet: {grid: g.png}
  walk: {video: w.mp4}
budget: 12.5
ignore: [SF0802]
cut: [lamp, {shot: sea, in: 0.5, out: 2}]
shots:
  lamp:
    prompt: a lamp
    frames: [{image: a.png, at: first}, {shot: sea, frame: last, at: 48}]
    takes: 2
    needs: sea
    request: {settings: {draft: true}}
  sea: {prompt: "@keeper looks out", duration: 4.5, aspect: "9:16", webhook: "https://example.com/x", ttl: 3600}
  far: {footage: far.mp4, cut: false}
  on: {prompt: on, extends: lamp, format: mov, safety: fast, frozen: true, prompt_extend: false}
"""

ODD: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-3, 120),
        st.sampled_from([2**63, 2**64, -(2**70), 10**300, 1.0, 5.0, 0.5, 1e300, -0.0, 1e-9, 14.999999999999999]),
        st.sampled_from(
            ["", " ", "1080p", "16:9", "1920x1080", "first", "a.png", "@keeper", "\n", "lamp", "x-y", "é", "٣"]
        ),
        st.sampled_from(
            ["uuid:2f1d8e0a-6b1c-4c7e-9a3f-51d0a7c4e201", "https://example.com/a", "x" * 5121, "mp4", "\U0001f600"]
        ),
        st.text(max_size=4),
    ),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["image", "shot", "at", "url"]), inner)
    ),
    max_leaves=4,
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with each of its keys or positions."""
    for step in value if isinstance(value, dict) else range(len(value)):
        yield value, step
        if isinstance(value[step], dict | list):
            yield from places(value[step])


@st.composite
def mutated(draw: st.DrawFn, sound: dict[str, Any]) -> dict[str, Any]:
    """A document with one to three of its values changed, left out, moved or added."""
    made = copy.deepcopy(sound)
    for _ in range(draw(st.integers(1, 3))):
        spots = list(places(made))
        if not spots:
            break
        container, step = draw(st.sampled_from(spots))
        match draw(st.sampled_from(["change", "leave out", "add", "move"])):
            case "change":
                container[step] = draw(ODD)
            case "leave out":
                del container[step]
            case "add" if isinstance(container, dict):
                name = st.sampled_from(["x-own", "x", "size", "prompt", "shot", "width", "audio", "", "a b"])
                container[draw(name | st.text(max_size=3))] = draw(ODD)
            case "add":
                container.append(draw(ODD))
            case _:
                other, elsewhere = draw(st.sampled_from(spots))
                container[step] = copy.deepcopy(other.get(elsewhere) if isinstance(other, dict) else None)
    return made


def refused(name: str, document: dict[str, Any]) -> bool:
    """What the validator says that explains."""
    return next(jsonschema.Draft202012Validator(schema(name)).iter_errors(document), None) is not None


SOUND_BOARD = Source("board.yaml", BOARD.encode()).data


def tasks() -> list[dict[str, Any]]:
    """Requests as they go over the wire, of every kind."""
    made = board(
        "skyflow: 1\ntags: {keeper: {images: [face.png], voice: voice.wav}, walk: {video: clip.mp4}}\nshots:\n"
        "  one: {prompt: '@keeper stands', aspect: '9:16', takes: 2, audio: true, ttl: 3600, safety: fast}\n"
        "  two: {prompt: x, frames: [wide.png, {image: tall.png, at: last}]}\n"
        "  three: {prompt: x, extends: one}\n"
        "  four: {prompt: 'like @walk', webhook: 'https://example.com/x', format: mov}\n"
    )
    bodies = []
    for shot in made.shots.values():
        body = filled(request(shot, made.model).body, lambda _: conform.STAND_IN)
        bodies.append({"taskUUID": conform.STAND_IN} | body)
    return bodies


def test_both_take_what_is_sound():
    assert not refused("storyboard", SOUND_BOARD)
    assert board_schema._accepted(SOUND_BOARD, dict(schema("storyboard")))
    for body in tasks():
        assert not refused(conform.SCHEMA, body)
        assert conform.body_faults(body) == []


@settings(max_examples=150)
@given(mutated(SOUND_BOARD))
def test_no_board_is_accepted_that_would_be_explained(document):
    if board_schema._accepted(document, dict(schema("storyboard"))):
        assert not refused("storyboard", document)


@settings(max_examples=200)
@given(st.sampled_from(tasks()).flatmap(mutated))
def test_a_request_is_accepted_exactly_where_there_is_nothing_to_explain(document):
    assert conform._quick().is_valid(document) is not refused(conform.SCHEMA, document)
