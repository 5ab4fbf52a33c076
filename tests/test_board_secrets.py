"""The addresses that results are sent to: in the request, and nowhere else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyflow.planning.plan import as_json
from skyflow.planning.request import shown
from tests.paper import board, keys, planned, reading

SECRET = "https://example.com/in?signature=hunter2"  # noqa: S105 - no secret of anybody
HEAD = "skyflow: 1\nvars: {word: hunter2}\nshots:\n"


def sent(text: str) -> dict[str, object]:
    request = planned(HEAD + text).steps[0].request
    assert request
    return dict(request.body)


@pytest.mark.parametrize(("key", "parameter"), [("webhook", "webhookURL"), ("upload_to", "uploadEndpoint")])
def test_the_request_holds_it_and_nothing_that_is_shown_does(key, parameter):
    text = f"  a: {{prompt: x, {key}: '{SECRET}'}}\n"
    body = sent(text)
    assert body[parameter] == SECRET
    assert shown(body)[parameter] == "***"
    whole = planned(HEAD + text)
    bound = whole.steps[0].bound
    assert bound
    for told in (json.dumps(as_json(whole)), json.dumps(bound.identity), repr(whole.board)):
        assert "hunter2" not in told


def test_each_shot_has_its_own_address_and_the_secret_part_may_come_from_outside():
    text = "skyflow: 1\ndefaults: {upload_to: 'https://a.example/{{ shot.id }}?k={{ k }}'}\nshots: {a: {prompt: x}}\n"
    assert board(text, k="s3cret").shots["a"].delivery.upload_to == "https://a.example/a?k=s3cret"


def test_no_address_is_part_of_a_key():
    plain = keys(HEAD + "  a: {prompt: x}\n")
    assert keys(HEAD + f"  a: {{prompt: x, webhook: '{SECRET}', upload_to: '{SECRET}', ttl: 60}}\n") == plain


@pytest.mark.parametrize(
    "text",
    [
        f"  a: {{prompt: x, takes: 9, webhook: '{SECRET}'}}",
        f"  a: {{webhook: {SECRET}, prompt: '{{{{ gone }}}}'}}",
        f'  a: {{"upload_to" : "{SECRET}", prompt: x, seed: 4}}',
        f"  a: {{prompt: x, takes: 9, webhook: ftp://{SECRET}}}",
        "  a: {prompt: x, upload_to: 'https://{{ gone }}/hunter2'}",
        f"  a: {{prompt: x, webhook: [{SECRET}]}}",
        f"  a: {{webhook: {SECRET}, prompt: ]",
        f"  a: {{webhook: {SECRET}, prompt: x, webhook: {SECRET}2}}",
        f"  a: {{x-at: &at '{SECRET}', takes: 9, webhook: *at, prompt: x}}",
        f"  a: {{webhook: &at '{SECRET}', prompt: x}}\n  b: {{footage: clip.mp4, upload_to: *at}}",
    ],
)
def test_no_problem_shows_it(text):
    found = reading(HEAD + text + "\n").problems
    assert found
    assert "hunter2" not in repr(found)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=8, max_size=40))
def test_whatever_it_is_the_caret_stays_where_it_was(secret):
    text = "{}  a: {{prompt: x, webhook: {}, takes: 9}}\n"
    found = reading(text.format(HEAD, json.dumps(secret, ensure_ascii=False))).problems
    wrong = [problem.place for problem in found if problem.path.endswith("takes")]
    assert all(secret not in place.text for place in wrong)
    assert [place.text[place.column - 1] for place in wrong] == ["9"]
