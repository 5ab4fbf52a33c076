"""Text that is no YAML: the place that is told of is the one that has to be mended."""

from __future__ import annotations

import pytest

from skyflow.board.source import Source

BOARD = """\
skyflow: 1
title: "The Lighthouse"
shots:
  opening:
    prompt: 'Wide shot, "slow".'
    duration: 6
  climb: {prompt: "up", needs: [opening, "opening"]}
  lamp:
    frames: [
      {image: face.png, at: 4},
      {image: wide.png, at: last},
    ]
    prompt: The lamp
cut: [opening, climb]
"""


@pytest.mark.parametrize(
    ("whole", "damaged", "line"),
    [
        ('Lighthouse"', "Lighthouse", 2),
        ("slow\".'", 'slow".', 5),
        ('"up"', '"up', 7),
        ('"opening"]', '"opening]', 7),
        ('"opening"]', '"opening"', 7),
        ("]}\n", "]\n", 7),
        ("    ]\n", "", 9),
        ("climb]", "climb", 14),
        ("title:", "title", 2),
        ("shots:", "shots", 3),
        ("    prompt: 'Wide shot, \"slow\".'\n", "    prompt\n", 5),
        ("duration: 6", "duration:6", 6),
        ("duration: 6", "duration", 6),
        ("    duration", "     duration", 6),
        ("    duration", "   duration", 6),
        ("    duration", "\tduration", 6),
        ("  climb: {", "  climb {", 7),
        ("The lamp", "The lamp: on", 13),
        ("The lamp", "@lamp", 13),
        ("The lamp", '"The lamp" is lit', 13),
    ],
)
def test_what_has_to_be_mended_is_what_is_told_of(whole, damaged, line):
    assert BOARD.count(whole) == 1
    found = Source("board.yaml", BOARD.replace(whole, damaged).encode()).problems[0]
    assert (found.code, found.place.line) == ("SF0101", line)
    assert found.message
    assert found.remedy


def test_a_quoted_text_over_lines_with_words_behind_it_is_not_taken_for_an_open_quote():
    text = 'a: "one\n  two" three\nb: 5\n'
    (found,) = Source("board.yaml", text.encode()).problems
    assert (found.place.line, found.place.column) == (2, 8)


def test_a_text_over_lines_with_a_colon_in_its_last_is_not_taken_for_a_missing_one():
    text = "a:\n  b: one\n    two\n    three: four\n"
    (found,) = Source("board.yaml", text.encode()).problems
    assert found.place.line == 4
