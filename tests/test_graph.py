"""The graph of shots, against plain walks over its edges."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from skyflow.board import graph
from skyflow.board.draft import Edge
from tests.paper import board, reading

SHOTS = "abcdefg"
EDGES = st.lists(st.tuples(st.sampled_from(SHOTS), st.sampled_from(SHOTS)), max_size=15)


def built(edges: list[tuple[str, str]]) -> graph.Web:
    """The graph of pairs of a shot and what it needs."""
    needs = {shot: [Edge(up, "needs", ()) for down, up in edges if down == shot] for shot in SHOTS}
    return graph.build(SHOTS, needs)


def needed(edges: list[tuple[str, str]], shot: str) -> set[str]:
    """Everything that a shot needs, directly or not."""
    found: set[str] = set()
    open_ = {up for down, up in edges if down == shot}
    while open_:
        found |= open_
        open_ = {up for down, up in edges if down in open_} - found
    return found


@given(EDGES)
def test_the_order_holds_all_that_can_be_made(edges):
    order = graph.order(built(edges))
    looping = {shot for shot in SHOTS if shot in needed(edges, shot)}
    sound = {shot for shot in SHOTS if not looping & {shot, *needed(edges, shot)}}
    assert set(order) == sound
    assert len(order) == len(sound)
    for at, shot in enumerate(order):
        assert needed(edges, shot) <= set(order[:at])


@given(EDGES)
def test_of_what_could_come_next_the_first_in_the_file_does(edges):
    order = graph.order(built(edges))
    for at, shot in enumerate(order):
        ready = [other for other in order[at:] if needed(edges, other) <= set(order[:at])]
        assert shot == min(ready)


@settings(max_examples=60)
@given(EDGES)
def test_every_knot_is_one_problem_that_walks_it(edges):
    needs = {shot: sorted({up for down, up in edges if down == shot}) for shot in SHOTS}
    text = "skyflow: 1\nshots:\n" + "".join(f"  {shot}: {{prompt: x, needs: {needs[shot]}}}\n" for shot in SHOTS)
    found = reading(text)
    above = {shot: needed(edges, shot) for shot in SHOTS}
    looping = [shot for shot in SHOTS if shot in above[shot]]
    knots = {frozenset(other for other in above[shot] if shot in above[other]) for shot in looping}
    assert [problem.code for problem in found.problems] == ["SF0302"] * len(knots)
    for problem in found.problems:
        walk = problem.message.removeprefix("shots wait for each other: ").partition(";")[0].split(" → ")
        assert walk[0] == walk[-1]
        assert all(pair in set(edges) for pair in pairwise(walk))
        places = [problem.place, *(other.place for other in problem.related)]
        assert len(set(places)) == len(walk) - 1


def test_an_edge_carries_every_reason_for_it():
    read = board(
        "skyflow: 1\ntags: {t: {images: [{shot: a}], describe: it}}\nshots:\n  a: {prompt: x}\n"
        "  b: {prompt: '@t', frames: [{shot: a}], needs: a}\n"
        "  c: {prompt: x, edits: a}\n"
        "  d: {prompt: '@t', extends: a}\n"
    )
    assert {(up, down): read.graph.edges[up, down]["kinds"] for up, down in read.graph.edges} == {
        ("a", "b"): {"tag", "frames", "needs"},
        ("a", "c"): {"edits"},
        ("a", "d"): {"extends"},
    }


def test_a_tag_that_nobody_mentions_depends_on_nothing():
    read = board("skyflow: 1\ntags: {t: {images: [{shot: b}]}}\nshots:\n  a: {prompt: x}\n  b: {prompt: y}\n")
    assert list(read.graph.edges) == []
