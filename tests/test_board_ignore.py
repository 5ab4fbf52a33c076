"""What a board may break knowingly."""

from __future__ import annotations

import pytest

from skyflow.problems import CODES, WAIVABLE
from tests.paper import codes

BOARD = """
skyflow: 1
ignore: [{board}]
shots:
  a: {{prompt: x, duration: 3.5, ignore: [{shot}]}}
  b: {{prompt: y, duration: 3.5}}
"""


@pytest.mark.parametrize(
    ("whole", "one", "left"),
    [
        ("", "", ["SF0804", "SF0804"]),
        ("", "SF0804", ["SF0804"]),
        ("SF0804", "", []),
        ("SF0804", "SF0804", []),
        ("SF0802", "SF0805", ["SF0804", "SF0804"]),
    ],
)
def test_a_shot_waives_for_itself_and_the_board_for_all(whole, one, left):
    assert codes(BOARD.format(board=whole, shot=one)) == left


@pytest.mark.parametrize("code", CODES)
def test_what_may_not_be_broken_cannot_be_ignored(code):
    found = codes(BOARD.format(board=code, shot=""))
    assert ("SF0209" not in found) == (code in WAIVABLE)
    assert (CODES[code].startswith("warning: ")) <= (code in WAIVABLE)


def test_a_rule_is_not_waived_by_a_shot_that_it_is_not_about():
    text = "skyflow: 1\nshots:\n  a: {prompt: x, duration: 12}\n  b: {extends: a, prompt: y, ignore: [SF0802]}\n"
    assert codes(text) == []
    assert codes(text.replace(", ignore: [SF0802]", "").replace("12}", "12, ignore: [SF0802]}")) == ["SF0802"]


def test_a_shared_voice_is_told_of_for_the_shot_that_does_not_waive_it():
    text = (
        "skyflow: 1\ntags: {t: {grid: face.png, voice: voice.wav}}\nshots:\n  a: {prompt: '@t', ignore: [SF0805]}\n"
    )
    assert codes(text) == []
    assert codes(text + "  b: {prompt: '@t'}\n") == ["SF0805"]
