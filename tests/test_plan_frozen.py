"""Frozen shots: what the lock names, whatever has changed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from skyflow.errors import Refused
from skyflow.planning.plan import Action
from tests import fakes
from tests.paper import PaperKnown, planned, run

if TYPE_CHECKING:
    from pathlib import Path

    from skyflow.planning.plan import Step

FILM = """
skyflow: 1
shots:
  a: {prompt: x}
  b: {extends: a, prompt: y, takes: 2}
  c: {frames: [{shot: b}], prompt: z}
"""
FROZEN = FILM.replace("takes: 2", "takes: 2, frozen: true")


@pytest.fixture
def known() -> PaperKnown:
    made = PaperKnown()
    assert run(FILM, made) == ["a", "b", "c"]
    return made


def locks(project: Path) -> dict[str, object]:
    found: dict[str, object] = {
        name: content for name, content in fakes.files_in(project).items() if name.endswith(".lock")
    }
    assert found
    return found


def step(text: str, known: PaperKnown, name: str = "b") -> Step:
    return next(step for step in planned(text, known).steps if step.shot.id == name)


def test_what_is_frozen_and_current_is_used_and_costs_nothing(known):
    frozen, before = step(FROZEN, known), step(FILM, known)
    assert (frozen.action, frozen.reason, frozen.cost) == (Action.REUSE, "frozen", Decimal(0))
    assert (frozen.key, frozen.clip) == (before.key, before.clip)
    assert run(FROZEN, known) == []


def test_whatever_changes_it_stays_and_the_plan_says_why_it_is_out_of_date(known):
    before = step(FILM, known)
    changed = FROZEN.replace("prompt: y", "prompt: another")
    frozen = step(changed, known)
    assert frozen.reason == "frozen, and out of date: prompt changed"
    assert (frozen.key, frozen.clip) == (before.key, before.clip)
    assert run(changed, known) == []
    above = FROZEN.replace("prompt: x", "prompt: another")
    assert step(above, known).reason == "frozen; a is still to be made"
    assert run(above, known) == ["a"]
    assert step(above, known).reason == "frozen, and out of date: a's clip changed"
    assert step(above, known, "c").action is Action.REUSE


def test_another_pick_is_what_those_below_are_made_from(known):
    known.pick("b", 2)
    assert step(FROZEN, known).clip == known.versions["b"][-1].takes[2].sha256
    assert run(FROZEN, known) == ["c"]


@pytest.mark.parametrize("lost", ["", "gone", "damaged"])
def test_where_there_is_nothing_to_use_the_plan_stops(lost, known):
    if lost:
        getattr(known, lost).add(known.versions["b"][-1].picked.sha256)
    else:
        del known.versions["b"]
    with pytest.raises(Refused, match=f"b is frozen.*{lost}") as caught:
        planned(FROZEN, known)
    assert (caught.value.exit_code, bool(caught.value.remedy)) == (3, True)


def test_more_takes_than_there_are_make_none(known):
    assert run(FROZEN.replace("takes: 2", "takes: 4"), known) == []


def test_a_run_uses_it_and_leaves_the_lock_alone(project):
    fakes.run_board(fakes.board(fakes.shot("a"), fakes.shot("b", extends="a")), project)
    before = locks(project)
    backend = fakes.FakeBackend()
    thawed = fakes.shot("b", extends="a", prompt="another")
    result = fakes.run_board(fakes.board(fakes.shot("a"), replace(thawed, frozen=True)), project, backend)
    assert fakes.words(result) == {"a": "Reused", "b": "Reused"}
    assert (backend.made, locks(project)) == ([], before)
