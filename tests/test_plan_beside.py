"""Parameters that a board adds to its requests."""

from __future__ import annotations

import json

import pytest

from skyflow.board.beside import KEYS, MAPPINGS, SAID_ELSEWHERE
from skyflow.planning.conform import SCHEMA, faults
from skyflow.published import schema
from tests.paper import codes, keys, planned, reading

BOARD = "skyflow: 1\nshots: {{a: {{prompt: x, audio: true, request: {}}}}}\n"


def body(own: str) -> dict[str, object]:
    request = planned(BOARD.format(own)).steps[0].request
    assert request
    assert faults(request) == []
    return dict(request.body)


def test_they_are_merged_deeply_and_last():
    assert body("{settings: {motion: 3}}")["settings"] == {"audio": True, "promptExtend": True, "motion": 3}
    assert body("{camera: {pan: [1]}}")["camera"] == {"pan": [1]}
    assert body("{inputs: {sketch: 'uuid'}}")["inputs"] == {"sketch": "uuid"}


def test_they_are_part_of_the_key():
    one, two = (keys(BOARD.format(f"{{settings: {{motion: {n}}}}}")) for n in (1, 2))
    assert one != two


LEGAL = {
    "duration": (8, "duration", 8),
    "numberResults": (4, "takes", 4),
    "settings": ({"promptExtend": False, "audio": False}, "audio", False),
    "outputFormat": ("MOV", "", None),
    "outputQuality": (80, "", None),
    "safety": ({"mode": "fast", "checkContent": False}, "", None),
    "ttl": (90, "", None),
}


@pytest.mark.parametrize("name", LEGAL)
def test_what_is_a_key_by_another_name_counts_as_that_key(name):
    value, key, comes_to = LEGAL[name]
    text = BOARD.format(json.dumps({name: value}))
    assert set(codes(text)) == {"SF0807"}
    step = planned(text).steps[0]
    assert step.request
    sent = step.request.body[name]
    assert {**sent, **value} == sent if isinstance(value, dict) else sent == value
    assert not key or getattr(step.shot, key) == comes_to
    assert faults(step.request) == []


def test_a_request_changes_length_price_and_size_as_the_key_would():
    own = "skyflow: 1\nshots: {a: {prompt: x, duration: 8, resolution: 480p, takes: 2}}\n"
    by_request = "skyflow: 1\ndefaults: {request: {duration: 8, resolution: 480p, numberResults: 2}}\n"
    by_request += "shots: {a: {prompt: x, duration: 4, size: 480x848}}\n"
    assert sorted(codes(by_request)) == ["SF0602", "SF0807", "SF0807", "SF0807"]
    one, two = (planned(text) for text in (own, by_request.replace(", size: 480x848", "")))
    assert one.steps[0].shot.output == two.steps[0].shot.output
    first, second = one.steps[0].request, two.steps[0].request
    assert first is not None
    assert second is not None
    assert dict(first.body) == dict(second.body)
    assert keys(own) == keys(by_request.replace(", size: 480x848", ""))


def test_an_empty_request_asks_for_nothing():
    assert codes(BOARD.format("{}")) == []
    assert keys(BOARD.format("{}")) == keys(BOARD.format("{}").replace(", request: {}", ""))


@pytest.mark.parametrize(
    ("own", "code"),
    [
        ("{duration: 20}", "SF0205"),
        ("{outputFormat: mp4}", "SF0204"),
        ("{outputQuality: 5}", "SF0205"),
        ("{outputQuality: '80'}", "SF0203"),
        ("{settings: {audio: 1}}", "SF0203"),
        ("{safety: {mode: slow}}", "SF0204"),
        ("{safety: {checkContent: 1}}", "SF0203"),
        ("{ttl: 5}", "SF0205"),
        ("{numberResults: 5}", "SF0205"),
    ],
)
def test_what_the_model_refuses_is_an_error_in_a_request_too(own, code):
    assert codes(BOARD.format(own)) == [code]


def test_sound_is_no_more_taken_beside_a_clip_by_a_request():
    text = "skyflow: 1\nshots:\n  z: {prompt: y}\n  a:\n    prompt: x\n    edits: z\n"
    text += "    request:\n      settings:\n        audio: true\n"
    found = [problem for problem in reading(text).problems if problem.severity == "error"]
    assert [(problem.code, problem.place.line) for problem in found] == [("SF0603", 9)]


@pytest.mark.parametrize("name", sorted({*SAID_ELSEWHERE, "inputs", "settings"}))
def test_what_is_said_elsewhere_is_refused(name):
    outer, _, inner = name.partition(".")
    assert set(codes(BOARD.format(f"{{{outer}: {{{inner}: 5}}}}" if inner else f"{{{outer}: 5}}"))) <= {
        "SF0210",
        "SF0203",
    }


def test_every_parameter_of_the_model_is_said_elsewhere():
    page = schema(SCHEMA)["properties"]
    inner = {f"{name}.{key}" for name in MAPPINGS for key in page[name]["properties"]}
    assert {*page, *inner} - {*MAPPINGS, "safety.checkContent"} <= {*SAID_ELSEWHERE, *KEYS}
