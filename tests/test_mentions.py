"""The grammar of mentions, against a scanner that is slow and plain."""

from __future__ import annotations

from string import ascii_letters, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyflow.board import mentions

LETTERS, WORD = set(ascii_letters), set(ascii_letters + digits + "_")
LETTERS_BEFORE = WORD | set("éЖα\u0301")
PROMPTS = st.text(st.sampled_from("@@@ab_9 .éЖα\u0301看のไ한\n"), max_size=30)


def slowly(prompt: str) -> list[tuple[str, int]]:
    """One character after the other, as format and docstring say it in words."""
    found, at = [], 0
    while at < len(prompt):
        if prompt[at] != "@":
            at += 1
        elif prompt[at : at + 2] == "@@":
            at += 2
        elif (at and prompt[at - 1] in LETTERS_BEFORE) or prompt[at + 1 : at + 2] not in LETTERS:
            at += 1
        else:
            end = at + 1
            while end < len(prompt) and prompt[end] in WORD:
                end += 1
            found.append((prompt[at + 1 : end], at))
            at = end
    return found


@given(PROMPTS)
def test_mentions_are_those_of_the_slow_scanner(prompt):
    assert [(mention.name, mention.start) for mention in mentions.find(prompt)] == slowly(prompt)


@given(PROMPTS)
def test_a_mention_stands_where_it_says(prompt):
    for mention in mentions.find(prompt):
        assert prompt.startswith(f"@{mention.name}", mention.start)


@given(PROMPTS)
def test_rewriting_to_the_same_words_only_undoubles(prompt):
    assert mentions.rewrite(prompt, lambda name: f"@{name}") == prompt.replace("@@", "@")


@given(st.text(st.sampled_from("ab é看.\n")), st.text(st.sampled_from("ab é看.\n")))
def test_doubled_is_never_a_mention(before, after):
    assert list(mentions.find(f"{before}@@{after}")) == []


@pytest.mark.parametrize(
    ("prompt", "names"),
    [
        ("@keeper climbs", ["keeper"]),
        ("ops@example.com", []),
        ("josé@example.com, jose\u0301@example.com, Иван@example.com, ωμέγα@example.com", []),
        ("看@keeper走", ["keeper"]),
        ("の@keeper、ดู@keeper、한@keeper、한국어@surf", ["keeper", "keeper", "keeper", "surf"]),
        ("(@a),@b;@c", ["a", "b", "c"]),
        ("@@a", []),
        ("@@@a", ["a"]),
        ("@9a @_a @", []),
        ("@a@b", ["a"]),
        ("@kéeper", ["k"]),
    ],
)
def test_examples(prompt, names):
    assert [mention.name for mention in mentions.find(prompt)] == names
