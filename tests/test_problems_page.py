"""Every code has its place on the page of problems, a board that brings it about, and one where it is mended."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml

from skyflow.problems import CODES
from tests.problems_page import CASES, MEANINGS, PAGE, WITHOUT_BOARDS, board, found, page
from tests.staging import stage

SHOWN = sorted(CODES.keys() - WITHOUT_BOARDS)
REWRITE = "REWRITE_PROBLEMS"
"""Set in the environment, the page becomes what it should be. Read the difference in git."""

LONGEST = 12
"""Lines of a board that a reader takes in at a glance."""


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    boards = Path(__file__).parent / "boards"
    return stage(tmp_path_factory.mktemp("page") / "project", boards / "bad", boards / "good")


def test_the_page_is_what_the_boards_and_the_program_say(staged):
    now = page(staged)
    if os.environ.get(REWRITE):
        PAGE.write_text(now, "utf-8")
        pytest.skip(f"{PAGE.name} rewritten")
    assert PAGE.read_text("utf-8") == now, f"where this is right, run again with {REWRITE}=1 and commit"


@pytest.mark.parametrize("code", SHOWN)
def test_the_bad_board_has_this_problem_and_no_other(code, staged):
    assert set(found(staged, board(code, "bad"))) == {code}


@pytest.mark.parametrize("code", SHOWN)
def test_the_mended_board_has_none(code, staged):
    assert found(staged, board(code, "mended")) == []


@pytest.mark.parametrize("code", SHOWN)
def test_mending_is_a_small_change_of_a_small_board(code):
    bad, mended = (board(code, kind).read_bytes() for kind in ("bad", "mended"))
    assert bad != mended
    assert max(bad.count(b"\n"), mended.count(b"\n")) <= LONGEST
    assert isinstance(yaml.safe_load(mended), dict)


def test_every_code_has_its_meaning_and_no_board_is_left_over():
    assert sorted(MEANINGS) == sorted(CODES)
    expected = {board(code, kind).name for code in SHOWN for kind in ("bad", "mended")} | {"meanings.yaml"}
    assert {path.name for path in CASES.iterdir()} == expected


def test_every_code_has_one_anchor_that_stays():
    anchors = re.findall(r'^<a id="(\w+)"></a>$', PAGE.read_text("utf-8"), re.MULTILINE)
    assert anchors == [code.lower() for code in sorted(CODES)]


def test_meanings_are_sentences():
    assert [code for code, text in MEANINGS.items() if not re.fullmatch(r"[A-Z`].*\.", text.strip())] == []
