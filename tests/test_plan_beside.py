"""Parameters that a board adds to its requests."""

from __future__ import annotations

import pytest

from skyflow.board.beside import MAPPINGS, SAID_ELSEWHERE
from skyflow.planning.conform import SCHEMA, faults
from skyflow.published import schema
from tests.paper import codes, keys, planned

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


@pytest.mark.parametrize("name", sorted({*SAID_ELSEWHERE, *MAPPINGS}))
def test_what_is_said_elsewhere_is_refused(name):
    outer, _, inner = name.partition(".")
    assert set(codes(BOARD.format(f"{{{outer}: {{{inner}: 5}}}}" if inner else f"{{{outer}: 5}}"))) <= {
        "SF0210",
        "SF0203",
    }


def test_every_parameter_of_the_model_is_said_elsewhere():
    page = schema(SCHEMA)["properties"]
    inner = {f"{name}.{key}" for name in MAPPINGS for key in page[name]["properties"]}
    assert {*page, *inner} - {*MAPPINGS} <= SAID_ELSEWHERE.keys()
