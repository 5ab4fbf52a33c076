"""Boards that stand as files: adding a case is adding a file.

``boards/bad/NAME.yaml`` stands beside ``NAME.txt``, the exact problems that it must produce; a good board stands
beside its warnings and what each of its shots comes to. It plans, and the model takes every request of it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from skyflow import pipeline
from skyflow.errors import UsageError
from skyflow.planning.conform import faults
from skyflow.problems import CODES
from tests.staging import stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skyflow.problems import Place, Problem

BOARDS = Path(__file__).parent / "boards"
BAD = sorted((BOARDS / "bad").glob("*.yaml"))
GOOD = sorted((BOARDS / "good").glob("*.yaml"))
REWRITE = "REWRITE_BOARDS"
"""Set in the environment, the problems of today become those that are expected. Read the difference in git."""

OUR_OWN_DEFECT = {"SF0699"}
"""No board can bring this about: it says that the rules let through what the request's schema refuses."""


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stage(tmp_path_factory.mktemp("staged") / "project", BOARDS / "bad", BOARDS / "good")


def rendered(problems: Sequence[Problem]) -> str:
    """Problems as text: each on a line, what they are related to below them."""
    lines = []
    for problem in problems:
        lines.append(f"{_at(problem.place)} {problem.code} {problem.path}: {problem.message} | {problem.remedy}")
        lines += [f"    {_at(other.place)} {other.message}" for other in problem.related]
    return "".join(f"{line}\n" for line in lines)


def _at(place: Place) -> str:
    """Where, and the characters under the caret: a place that is off by one shows."""
    under = place.text[place.column - 1 : place.column - 1 + place.length] if place.line else ""
    return f"{place.file}:{place.line}:{place.column}" + (f" [{under}]" if under else "")


def compare(expected: Path, found: str) -> None:
    if os.environ.get(REWRITE):
        expected.write_text(found)
        pytest.skip(f"{expected.name} rewritten")
    assert found == expected.read_text(), f"where this is right, run again with {REWRITE}=1 and commit"


@pytest.mark.parametrize("board", BAD, ids=lambda path: path.stem)
def test_a_bad_board_says_exactly_what_is_wrong(board, staged, monkeypatch):
    monkeypatch.chdir(staged)
    _, reading = pipeline.check(board.name)
    assert reading.board is None
    assert any(problem.severity == "error" for problem in reading.problems)
    assert all(problem.message and not problem.message.endswith(".") for problem in reading.problems)
    compare(board.with_suffix(".txt"), rendered(reading.problems))


@pytest.mark.parametrize("board", GOOD, ids=lambda path: path.stem)
def test_a_good_board_plans(board, staged, monkeypatch):
    monkeypatch.chdir(staged)
    loaded = pipeline.load(board.name)
    plan = pipeline.plan(loaded)
    assert [step.shot.id for step in plan.steps] == list(loaded.board.order)
    assert [fault for step in plan.steps if step.request for fault in faults(step.request)] == []
    compare(board.with_suffix(".txt"), rendered(loaded.board.warnings) + "".join(map(sent, plan.steps)))


def sent(step) -> str:
    """What a good board comes to, where a person can check it: the prompt, the size, the length, what was decided."""
    shot, output = step.shot, step.shot.output
    lines = [
        f"{shot.id}: {step.action}, {output.size}, {output.frames} frames, {'sound' if output.sound else 'silent'}"
    ]
    lines += [f"    > {line}" for line in shot.prompt.split("\n") if shot.prompt]
    lines += [f"    {note}" for note in shot.notes]
    return "".join(f"{line}\n" for line in lines)


def test_every_code_occurs():
    known = "".join(path.read_text() for path in sorted(BOARDS.glob("*/*.txt")))
    assert [code for code in CODES if f" {code} " not in known and code not in OUR_OWN_DEFECT] == []


def test_every_expectation_has_its_board():
    assert [path.name for path in BOARDS.glob("*/*.txt") if not path.with_suffix(".yaml").exists()] == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("folder.png", "is a folder"),
        (".", "is a folder"),
        ("gone.yaml", "there is no"),
        ("loop.png", "cannot be read"),
    ],
)
def test_what_is_no_file_is_no_board(name, said, staged, monkeypatch):
    monkeypatch.chdir(staged)
    with pytest.raises(UsageError, match=said) as caught:
        pipeline.check(name)
    assert caught.value.remedy


def test_checking_writes_nothing(staged, monkeypatch):
    monkeypatch.chdir(staged)
    before = sorted(staged.rglob("*"))
    for board in [*BAD, *GOOD]:
        pipeline.check(board.name)
    assert sorted(staged.rglob("*")) == before
