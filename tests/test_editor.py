"""What an editor makes of the published schema: the YAML language server itself, driven as an editor drives it.

The server is an npm package, pinned in ``tests/editor``; ``npm ci --prefix tests/editor`` puts it there.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from skyflow.published import schema
from tests.editing import LanguageServer
from tests.paper import reading

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
SERVER = ROOT / "tests" / "editor" / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
NODE = shutil.which("node")
SCHEMA: dict[str, Any] = dict(schema("storyboard"))
SHOT: dict[str, Any] = SCHEMA["$defs"]["shot"]
EXAMPLES = sorted((ROOT / "examples" / "storyboards").glob("*/board.yaml"))
BOARDS = ROOT / "tests" / "boards"
BAD = sorted((BOARDS / "bad").glob("*.yaml"))
GOOD = sorted((BOARDS / "good").glob("*.yaml"))

BEYOND_A_SCHEMA = {"SF0209"}
"""Codes about keys and values that rest on more than their shape: which rules there are, and which may be ignored."""

A_LIST = "we mark the key, an editor the list on the line below it"
REQUEST = "what may stand under request is the request's schema, which an editor does not read"
ELSEWHERE: dict[str, tuple[set[int], str]] = {
    "shots_a_list": ({3}, A_LIST),
    "own_request": ({7}, REQUEST),
    "shot_a_list": ({4}, A_LIST),
    "prompt_a_list": ({5}, A_LIST),
    "request_illegal": (set(), REQUEST),
    "request_of_a_key": (set(), REQUEST),
    "request_seed": (set(), REQUEST),
    "shot_keys_beside_it": ({3, 4, 5}, "an editor marks the shot that is left empty too, we only the keys beside it"),
    "typo_shots": ({1, 3}, "an editor calls a misspelt key unknown and missing, we only unknown"),
    "shots_only_x": (set(), "that keys which begin with x- are no shots is no matter of shape"),
}
"""Boards of which the two say different things: the lines that an editor marks, and why those."""

KNOWN_TO_ANY_READER = {"SF0108", "SF0111"}
"""Codes of text that every YAML reader has its own complaint about, at the same place."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("editor"),
    pytest.mark.skipif(NODE is None, reason="needs node, which runs the language server"),
    pytest.mark.skipif(not SERVER.exists(), reason="no language server: run `npm ci --prefix tests/editor`"),
]


@pytest.fixture(scope="module")
def by_modeline() -> Iterator[LanguageServer]:
    """An editor with no settings: the examples name their schema themselves."""
    with LanguageServer([str(NODE), str(SERVER), "--stdio"], ROOT) as server:
        yield server


@pytest.fixture(scope="module")
def by_settings() -> Iterator[LanguageServer]:
    """An editor that is set to know every YAML file as a board."""
    path = ROOT / "schemas" / "storyboard.schema.json"
    with LanguageServer([str(NODE), str(SERVER), "--stdio"], ROOT, path) as server:
        yield server


def entries(text: str, *path: str) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """The keys and values of the mapping that some keys lead to, with their places."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    assert node is not None
    for name in path:
        node = next(value for key, value in node.value if key.value == name)
    yield from node.value


def shots(text: str) -> list[tuple[str, yaml.MappingNode]]:
    return [(key.value, value) for key, value in entries(text, "shots") if isinstance(value, yaml.MappingNode)]


def described(part: dict[str, Any]) -> str:
    """The description that a part of the schema has, itself or where it refers to."""
    while "description" not in part:
        part = SCHEMA["$defs"][part["$ref"].rpartition("/")[2]]
    return str(part["description"])


def plain(text: str) -> str:
    """Letters and digits: an editor is shown Markdown, in which others may be escaped."""
    return re.sub(r"[\W_]+", "", text)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_an_example_has_no_complaints_and_every_key_of_its_shots_is_explained(example, by_modeline):
    text = example.read_text("utf-8")
    assert by_modeline.open(example, text) == []
    keys = [key for _, shot in shots(text) for key, _ in shot.value if key.value in SHOT["properties"]]
    assert keys
    for key in keys:
        shown = by_modeline.hover(example, key.start_mark.line, key.start_mark.column + 1)
        assert plain(described(SHOT["properties"][key.value])) in plain(shown)


@pytest.mark.parametrize("value", ["lamp", "[lamp]", "{url: 'https://example.com/lamp'}", "{shot: lamp}"])
@pytest.mark.parametrize("kind", ["shot", "tag"])
def test_a_key_with_alternatives_is_explained_whichever_of_them_is_taken(kind, value, by_settings):
    keys = {key: part for key, part in SCHEMA["$defs"][kind]["properties"].items() if "anyOf" in part}
    lines = [f"{kind}s:", "  a:", *(f"    {key}: {value}" for key in keys)]
    file = ROOT / f"{kind}{plain(value)}.yaml"
    by_settings.open(file, "\n".join(lines))
    assert keys
    for line, part in enumerate(keys.values(), 2):
        assert plain(part["description"]) in plain(by_settings.hover(file, line, len("    ")))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_inside_every_shot_the_keys_are_offered_that_it_does_not_have(example, by_modeline):
    text = example.read_text("utf-8")
    blocks = [(name, shot) for name, shot in shots(text) if not shot.flow_style]
    assert blocks
    for name, shot in blocks:
        first, lines = shot.value[0][0].start_mark, text.split("\n")
        lines.insert(first.line, " " * first.column)
        file = example.with_name(f"typing-{name}.yaml")
        by_modeline.open(file, "\n".join(lines))
        offered = by_modeline.completions(file, first.line, first.column)
        there = {key.value for key, _ in shot.value}
        assert offered.keys() & SHOT["properties"].keys() == SHOT["properties"].keys() - there
        for key in offered.keys() & SHOT["properties"].keys():
            assert plain(described(SHOT["properties"][key])) in plain(str(offered[key].get("documentation")))


@pytest.mark.parametrize(
    ("text", "offers"),
    [
        ("skyflow: 1\n^", {"tags", "shots", "vars", "defaults", "cut", "title"}),
        ("skyflow: 1\nshots:\n  a:\n    prompt: x\n    resolution: ^", {"480p", "720p", "1080p"}),
        ("skyflow: 1\nshots:\n  a:\n    prompt: x\n    aspect: ^", {"16:9", "9:16", "1:1"}),
        ("skyflow: 1\ntags:\n  keeper:\n    ^", {"images", "grid", "video", "voice", "describe"}),
        ("skyflow: 1\nshots:\n  a:\n    prompt: x\n    frames:\n      - shot: b\n        ^", {"frame"}),
    ],
)
def test_what_is_offered_elsewhere(text, offers, by_settings):
    file = ROOT / f"{plain(text)}.yaml"
    before = text.partition("^")[0]
    by_settings.open(file, before)
    line, column = before.count("\n"), len(before.rpartition("\n")[2])
    assert offers <= {label.strip('"') for label in by_settings.completions(file, line, column)}


@pytest.mark.parametrize("board", GOOD, ids=lambda path: path.stem)
def test_a_good_board_has_no_complaints(board, by_settings):
    assert complaints(by_settings.open(board, board.read_text("utf-8"))) == {}


@pytest.mark.parametrize("board", BAD, ids=lambda path: path.stem)
def test_a_bad_board_is_marked_on_the_lines_where_a_schema_can_know(board, by_settings):
    text = board.read_bytes().decode("utf-8", "replace")  # as editors do
    ours = expected(board)
    diagnostics = by_settings.open(board, text)
    unreadable = {line for line, code in ours if code in KNOWN_TO_ANY_READER}
    assert unreadable <= {diagnostic["range"]["start"]["line"] + 1 for diagnostic in diagnostics}
    if not any(code.startswith("SF01") for _, code in ours):  # of broken text each reads what it can
        known = {line for line, code in ours if code.startswith("SF02") and code not in BEYOND_A_SCHEMA}
        marked, why = ELSEWHERE.get(board.stem, (known, ""))
        assert complaints(diagnostics).keys() == marked, why
        assert (marked != known) == (board.stem in ELSEWHERE)


def expected(board: Path) -> set[tuple[int, str]]:
    """Line and code of every problem that a bad board has."""
    said = board.with_suffix(".txt").read_text("utf-8")
    return {
        (int(match[1]), match[2])
        for match in re.finditer(rf"^{re.escape(board.name)}:(\d+):\d+ (?:\[.*?\] )?(SF\d{{4}}) ", said, re.MULTILINE)
    }


def complaints(diagnostics: list[dict[str, Any]]) -> dict[int, list[str]]:
    """What the server says because of the schema, by line."""
    found: dict[int, list[str]] = {}
    for diagnostic in diagnostics:
        if diagnostic["source"].startswith("yaml-schema"):
            found.setdefault(diagnostic["range"]["start"]["line"] + 1, []).append(diagnostic["message"])
    return found


@pytest.mark.parametrize(
    ("fault", "code", "says"),
    [
        ("durration: 5", "SF0201", "durration is not allowed"),
        ("duration: five", "SF0203", 'Incorrect type. Expected "number"'),
        ("duration: 60", "SF0205", "above the maximum of 15"),
        ("duration: 1", "SF0205", "below the minimum of 3"),
        ("takes: 2.5", "SF0203", 'Expected "integer"'),
        ("takes: 0", "SF0205", "below the minimum of 1"),
        ("resolution: 4k", "SF0204", "Value is not accepted"),
        ("aspect: 2:1", "SF0204", "Value is not accepted"),
        ("audio: loud", "SF0203", 'Expected "boolean"'),
        ("frames: []", "SF0206", "too few items"),
        ("footage: ''", "SF0206", "shorter than the minimum"),
    ],
)
def test_an_editor_and_validate_say_the_same_of_a_value(fault, code, says, by_settings):
    text = f"skyflow: 1\nshots:\n  a:\n    prompt: x\n    {fault}\n"
    ours = {(problem.place.line, problem.code) for problem in reading(text).problems}
    found = complaints(by_settings.open(ROOT / f"{plain(fault)}.yaml", text))
    assert (5, code) in ours
    assert list(found) == [5]
    assert says in " ".join(found[5])
