"""Selectors, against a plain walk over what depends on what."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyflow.errors import UsageError
from skyflow.planning.select import select
from tests.boarding import boards, written
from tests.paper import board

CHAIN = board(
    "skyflow: 1\nshots:\n  a: {prompt: x}\n  b: {prompt: x, needs: a}\n  c: {prompt: x, needs: b}\n"
    "  d: {prompt: x, needs: c}\n  other: {prompt: x}\n"
)


@pytest.mark.parametrize(
    ("selector", "shots"),
    [
        ("b", "b"),
        ("+b", "a b"),
        ("b+", "b c d"),
        ("+b+", "a b c d"),
        ("1+d", "c d"),
        ("b+1", "b c"),
        ("1+c+1", "b c d"),
        ("0+c", "c"),
        ("99+c", "a b c"),
        ("a,other", "a other"),
        ("a  d,", "a d"),
        ("a b c d other", "a b c d other"),
    ],
)
def test_selectors(selector, shots):
    assert select(CHAIN, [selector]) == frozenset(shots.split())


def test_several_are_joined_and_none_means_all():
    assert select(CHAIN, ["a", "+b"]) == frozenset("ab")
    assert select(CHAIN, []) is None
    assert select(CHAIN, ["", " , "]) is None


@pytest.mark.parametrize("selector", ["++a", "a++", "+", "1a", "a+b", "-1+a", "a;b", "9" * 5000 + "+a", "é", "*"])
def test_what_selects_nothing(selector):
    with pytest.raises(UsageError, match="selects nothing"):
        select(CHAIN, [selector])


def test_an_unknown_shot_is_told_its_neighbour():
    with pytest.raises(UsageError) as caught:
        select(CHAIN, ["othr"])
    assert caught.value.remedy == "did you mean 'other'?"


@settings(max_examples=60)
@given(boards(), st.data())
def test_a_plus_reaches_what_a_walk_reaches(data, draw):
    read = board(written(data))
    start = draw.draw(st.sampled_from(sorted(read.shots)))
    above, below = {start}, {start}
    for shot in reversed(read.order):
        above |= set(read.shots[shot].depends_on) if shot in above else set()
    for shot in read.order:
        below |= {shot} if below & set(read.shots[shot].depends_on) else set()
    assert select(read, [f"+{start}"]) == frozenset(above)
    assert select(read, [f"{start}+"]) == frozenset(below)
