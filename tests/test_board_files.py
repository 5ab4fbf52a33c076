"""Boards that stand as files: adding a case is adding a file.

``boards/bad/NAME.yaml`` stands beside ``NAME.txt``, the exact problems that it must produce; a good board stands
beside its warnings and what each of its shots comes to. It plans, and the model takes every request of it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from skyflow import pipeline
from skyflow.board.source import Source
from skyflow.errors import UsageError
from skyflow.planning.conform import faults
from skyflow.problems import CODES
from skyflow.published import schema
from tests.staging import stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from skyflow.problems import Place, Problem

BOARDS = Path(__file__).parent / "boards"
BAD = sorted((BOARDS / "bad").glob("*.yaml"))
GOOD = sorted((BOARDS / "good").glob("*.yaml"))
PLANTED: dict[str, int | str] = yaml.safe_load((BOARDS / "planted.yaml").read_text("utf-8"))
"""By board, the line that its one fault was planted on, with the file where that is another."""

BROAD = 130
"""How many bad boards there are at least."""

REWRITE = "REWRITE_BOARDS"
"""Set in the environment, the problems of today become those that are expected. Read the difference in git."""

OF_NO_BOARD = {"SF0699", "SF0814"}
"""No board can bring these about: a defect of ours that lets through what the request's schema refuses, and what is
given on the command line."""


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
    reading = pipeline.check(board.name).reading
    assert reading.board is None
    assert any(problem.severity == "error" for problem in reading.problems)
    assert all(problem.message and not problem.message.endswith(".") for problem in reading.problems)
    assert [problem.message for problem in reading.problems if not problem.remedy] == []
    if planted := PLANTED.get(board.stem):
        first = reading.problems[0].place
        assert f"{first.file}:{first.line}" == (planted if isinstance(planted, str) else f"{board.name}:{planted}")
    compare(board.with_suffix(".txt"), rendered(reading.problems))


def test_there_are_many_bad_boards_and_each_of_one_fault_has_its_board():
    names = {board.stem for board in BAD}
    assert names.issuperset(PLANTED)
    assert min(len(names), len(PLANTED)) >= BROAD


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
    assert [code for code in CODES if f" {code} " not in known and code not in OF_NO_BOARD] == []


def test_every_key_of_the_format_occurs_in_a_good_board():
    root = schema("storyboard")
    libraries = (BOARDS / "good" / "lib").glob("*.yaml")
    boards = [Source(path.name, path.read_bytes()).data for path in [*GOOD, *libraries]]
    said = {key for board in boards for key in _said(root, "", board)}
    assert sorted(set(_sayable(root, "")) - said) == []


def _sayable(part: Any, at: str) -> Iterator[str]:
    """Every key that a schema knows, by the place of its definition."""
    if isinstance(part, dict):
        for name, inner in part.items():
            if name == "properties":
                yield from (f"{at}/{key}" for key in inner)
            if name != "examples":
                yield from _sayable(inner, f"{at}/{name}" if name != "properties" else at)
    elif isinstance(part, list):
        for number, inner in enumerate(part):
            yield from _sayable(inner, f"{at}/{number}")


def _said(part: Any, at: str, value: Any) -> Iterator[str]:
    """Which of them some data uses. Of alternatives, the one is meant that knows all keys of a mapping."""
    if "$ref" in part:
        steps = part["$ref"].removeprefix("#/").split("/")
        yield from _said(schema("storyboard")[steps[0]][steps[1]], f"/{steps[0]}/{steps[1]}", value)
    for number, branch in enumerate(part.get("anyOf", ())):
        if _knows(branch, value):
            yield from _said(branch, f"{at}/anyOf/{number}", value)
    if isinstance(value, dict):
        known = part.get("properties", {})
        yield from (f"{at}/{key}" for key in value if key in known)
        for key, inner in value.items():
            if key in known:
                yield from _said(known[key], f"{at}/{key}", inner)
            elif isinstance(part.get("additionalProperties"), dict) and not key.startswith("x-"):
                yield from _said(part["additionalProperties"], f"{at}/additionalProperties", inner)
    elif isinstance(value, list) and "items" in part:
        for item in value:
            yield from _said(part["items"], f"{at}/items", item)


def _knows(branch: Any, value: Any) -> bool:
    while "$ref" in branch:
        branch = schema("storyboard")["$defs"][branch["$ref"].rpartition("/")[2]]
    if not isinstance(value, dict):
        return bool(branch.get("type") != "object")
    keys = {key for key in value if not key.startswith("x-")}
    return keys <= branch.get("properties", {}).keys() and set(branch.get("required", ())) <= keys


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
