"""The published schema of boards: it teaches, it agrees with the model, and its messages can be followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from skyflow.board.schema import NOT_IN_THIS_MODEL, _flow
from skyflow.board.source import Source
from skyflow.models import skyreels_v4
from skyflow.published import schema
from tests.paper import reading

if TYPE_CHECKING:
    from collections.abc import Iterator

BOARD: dict[str, Any] = dict(schema("storyboard"))
DEFS: dict[str, Any] = BOARD["$defs"]


def parts(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema within the schema, with the way that leads to it."""
    if isinstance(value, dict):
        if "type" in value or "properties" in value or "anyOf" in value or "enum" in value or "const" in value:
            yield path, value
        for key, item in value.items():
            if key not in {"examples", "default", "enum", "const"}:
                yield from parts(item, f"{path}/{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from parts(item, f"{path}/{number}")


PARTS = dict(parts(BOARD))
KEYS = {f"{path}/{key}": inner for path, part in PARTS.items() for key, inner in part.get("properties", {}).items()}

ALTERNATIVES = {
    f"{path}/anyOf/{number}": inner
    for path, part in PARTS.items()
    for number, inner in enumerate(part.get("anyOf", ()))
}


def whole(part: dict[str, Any]) -> dict[str, Any]:
    return {**part, "$defs": DEFS}


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(BOARD)


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_described_with_an_example(key):
    part = KEYS[key]
    part = DEFS[part["$ref"].rpartition("/")[2]] if "$ref" in part else part
    assert part["description"].endswith(".")
    assert part["examples"]


@pytest.mark.parametrize("path", ALTERNATIVES)
def test_an_alternative_has_a_title_and_leaves_the_description_to_its_key(path):
    """Beside a key, an editor shows the description of the alternative that was taken before the key's own."""
    part = ALTERNATIVES[path]
    assert part["title"]
    assert "description" not in {**DEFS.get(part.get("$ref", "").rpartition("/")[2], {}), **part}


@pytest.mark.parametrize("path", [path for path, part in PARTS.items() if "examples" in part])
def test_every_example_is_one(path):
    for example in PARTS[path]["examples"]:
        jsonschema.validate(example, whole(PARTS[path]), cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("path", [path for path, part in PARTS.items() if "examples" in part])
def test_an_example_in_a_message_can_be_copied(path):
    for example in PARTS[path]["examples"]:
        read = Source("board.yaml", f"key: {_flow(example)}\nlist: [{_flow(example)}]\n".encode())
        assert read.problems == []
        assert read.data == {"key": example, "list": [example]}


@pytest.mark.parametrize("path", [path for path, part in PARTS.items() if "default" in part])
def test_every_default_is_allowed(path):
    jsonschema.validate(PARTS[path]["default"], whole(PARTS[path]), cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "path", [path for path, part in PARTS.items() if part.get("type") == "object" or "properties" in part]
)
def test_every_mapping_takes_keys_that_are_the_authors_own(path):
    assert any(pattern.startswith("^x-") for pattern in PARTS[path]["patternProperties"])
    assert PARTS[path]["additionalProperties"] is not True


def test_the_model_and_the_schema_agree():
    assert DEFS["resolution"]["enum"] == list(skyreels_v4.RESOLUTIONS)
    assert DEFS["resolution"]["default"] == skyreels_v4.RESOLUTION_DEFAULT
    assert DEFS["aspect"]["enum"] == list(skyreels_v4.ASPECTS)
    assert DEFS["aspect"]["default"] == skyreels_v4.ASPECT_DEFAULT
    assert DEFS["size"]["enum"] == [f"{width}x{height}" for width, height in skyreels_v4.SIZES.values()]
    duration = DEFS["duration"]
    limits = (skyreels_v4.DURATION_MIN, skyreels_v4.DURATION_MAX, skyreels_v4.DURATION_DEFAULT)
    assert (duration["minimum"], duration["maximum"], duration["default"]) == limits
    assert DEFS["takes"]["maximum"] == skyreels_v4.TAKES_MAX
    quality = DEFS["quality"]
    limits = (skyreels_v4.QUALITY_MIN, skyreels_v4.QUALITY_MAX, skyreels_v4.QUALITY_DEFAULT)
    assert (quality["minimum"], quality["maximum"], quality["default"]) == limits
    assert DEFS["ttl"]["minimum"] == skyreels_v4.TTL_MIN
    assert BOARD["properties"]["model"]["const"] == skyreels_v4.ID


def test_what_a_default_may_be_is_what_a_shot_may_say():
    defaults = BOARD["properties"]["defaults"]["properties"]
    shot = DEFS["shot"]["properties"]
    assert {key: shot[key] for key in defaults} == defaults
    assert shot.keys() - defaults.keys() == {
        "prompt",
        "prompt_file",
        "extends",
        "edits",
        "frames",
        "footage",
        "needs",
    }


def test_what_the_model_has_no_use_for_is_no_key():
    assert not NOT_IN_THIS_MODEL.keys() & (BOARD["properties"].keys() | DEFS["shot"]["properties"].keys())


@pytest.mark.parametrize("key", [key for key in DEFS["shot"]["properties"] if key not in {"prompt", "prompt_file"}])
@pytest.mark.parametrize("junk", ["{a: {b: c}}", "[[x]]", "~", "''", "1e300", "-1", "[~]", "[{}]", "{x-y: 1}"])
def test_a_wrong_value_is_one_problem_at_its_place(key, junk):
    """Each is an error of this key, said once and shown on its line."""
    found = reading(f"skyflow: 1\nshots:\n  a:\n    prompt: x\n    {key}: {junk}\n")
    if found.board is not None:
        pytest.skip("not wrong here")
    assert found.problems
    assert all(problem.path.startswith(f"shots.a.{key}") for problem in found.problems)
    assert all(problem.place.line == 5 for problem in found.problems)
    assert len({problem.message for problem in found.problems}) == len(found.problems)
