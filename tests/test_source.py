"""YAML as it is read: what it says, where it says it, and that nothing hostile gets through or takes for ever."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from skyflow.board.source import NOT_TEXT, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skyflow.board.source import Path

MARK = "§"
CHARACTERS = st.text(st.sampled_from("ab{}@'\"\\:#-é看🎬\u3000 \n\t,[]%|>&*!"), max_size=40)
PLAIN_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Co"], exclude_characters="\ufeff")).filter(
    lambda text: not NOT_TEXT.search(text)
)
NUMBERS = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | PLAIN_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PLAIN_TEXT, inner, max_size=4),
    max_leaves=20,
)


def source(text: str | bytes) -> Source:
    return Source("board.yaml", text if isinstance(text, bytes) else text.encode())


def data(text: str | bytes) -> Any:
    read = source(text)
    assert read.problems == []
    return read.data


def codes(text: str | bytes) -> list[str]:
    return [problem.code for problem in source(text).problems]


# --- where a character of a value stands ---------------------------------------------------------------------------


@settings(max_examples=300)
@example("a", None, 80, True, 0)
@example("it's", "'", 80, True, 3)
@example("\u3000\x07\0 a", '"', 80, False, 4)
@given(CHARACTERS, st.sampled_from([None, "'", '"', "|", ">"]), st.integers(5, 60), st.booleans(), st.integers(0, 39))
def test_a_character_stands_where_it_is_said_to(value, style, width, unicode, at):
    """Written before the place that is found for a character, a mark is read back right before that character."""
    assume(value[at : at + 1].strip())
    written = yaml.dump({"key": [value]}, default_style=style, width=width, allow_unicode=unicode)
    read = source(written)
    assume(not read.problems and read.data == {"key": [value]})
    place = read.inside(("key", 0), at)
    offset = read.text.offset(place.line) + place.column - 1
    marked = read.text.characters[:offset] + MARK + read.text.characters[offset:]
    assert yaml.load(marked, yaml.CSafeLoader) == {"key": [value[:at] + MARK + value[at:]]}


@pytest.mark.parametrize(
    "written",
    [
        "plain {{ x }} text",
        "plain\n    over {{ x }}\n    lines",
        "'it''s ''{{ x }}'''",
        '"\\"\\u00e9\\x41 \\n {{ x }}"',
        '"a \\\n     b {{ x }}"',
        "|\n    a\n\n      {{ x }}",
        ">- # why\n    a\n    {{ x }}\n\n    b",
        "&name !!str |2-\n    a {{ x }}",
        "&name # why | 'not'\n    'a {{ x }}'",
        "!!str\n    |\n    a {{ x }}",
    ],
)
def test_a_word_is_found_in_every_style(written):
    text = f"key:\n  {written}\n"
    read = source(text)
    value = read.data["key"]
    place = read.inside(("key",), value.index("{{ x }}"), 7)
    assert place.text[place.column - 1 :].startswith("{{ x }}")
    assert place.length == 7


def test_an_alias_is_shown_itself_for_its_text_stands_elsewhere():
    place = source("a: &a some {{ x }}\nb: *a\n").inside(("b",), 5)
    assert (place.line, place.column, place.length) == (2, 4, 2)


@given(JSON)
def test_every_value_stands_where_it_is_said_to(value):
    text = json.dumps(value, ensure_ascii=False, indent=1)
    read = source(text)
    assume(not read.problems)
    for path, leaf in leaves(value):
        place = read.place(path)
        stretch = place.text[place.column - 1 : place.column - 1 + place.length]
        assert json.loads(stretch) == leaf
        assert text.split("\n")[place.line - 1] == place.text


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The scalars of a value that stand on a line of their own."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in parts:
        yield from leaves(part, (*path, step))
    if not isinstance(value, dict | list) and path:
        yield path, value


def test_columns_count_characters_and_lines_count_from_one():
    place = source("a: 1\n看🎬: {é: [x, {b: c}]}\n").place(("看🎬", "é", 1, "b"))
    assert (place.line, place.column, place.length) == (2, 17, 1)


def test_a_path_that_leads_nowhere_gives_the_nearest():
    read = source("shots:\n  a:\n    prompt: x\n")
    assert read.place(("shots", "a", "duration", 5)).text == "  a:"
    assert read.place(("nothing",)).line == 1


# --- what it says --------------------------------------------------------------------------------------------------


@given(JSON)
def test_json_is_yaml(value):
    read = source(json.dumps(value, ensure_ascii=False))
    if value is None:
        assert [problem.code for problem in read.problems] == ["SF0104"]
    else:
        assert json.dumps(read.data) == json.dumps(value)
        assert read.problems == []


@given(JSON.filter(lambda value: value is not None), st.sampled_from(["'", '"']), st.integers(20, 200))
def test_what_pyyaml_writes_is_read_back(value, style, width):
    quoted = yaml.dump(value, default_style=style, width=width, allow_unicode=True, sort_keys=False)
    assert json.dumps(data(quoted)) == json.dumps(value)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("16:9", "16:9"),
        ("1:30", "1:30"),
        ("on", "on"),
        ("no", "no"),
        ("Yes", "Yes"),
        ("2026-11-22", "2026-11-22"),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("+5", 5),
        ("-0", 0),
        ("1e3", 1000.0),
        ("1.", 1.0),
        (".5", 0.5),
        (".", "."),
        ("-", None),
        ("1.2.3", "1.2.3"),
        ("null", None),
        ("~", None),
        ("", None),
        ("NULL", None),
        ("nUll", "nUll"),
        ("true", True),
        ("TRUE", True),
        ("tRue", "tRue"),
        ("y", "y"),
        ("'5'", "5"),
        ('"true"', "true"),
        ("!!str 5", "5"),
        ("!!int '5'", 5),
        ("! 5", "5"),
        ("=", "="),
        ("<<", "<<"),
        ("٣", "٣"),
        ("inf", "inf"),
        ("-.info", "-.info"),
    ],
)
def test_scalars_are_those_of_the_core_schema(written, value):
    read = data(f"a: {written}\n")["a"] if written != "-" else data("a:\n  -\n")["a"][0]
    assert (read, type(read)) == (value, type(value))


def test_line_breaks_and_a_mark_at_the_start_change_nothing():
    text = "a: 1\nb: |\n  c\n  d\n"
    assert data(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()) == data(text)
    assert data(text.replace("\n", "\r").encode()) == data(text)


def test_merges_let_the_mapping_itself_win_then_the_earlier():
    text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {c: 3, <<: [*x, *y]}\n"
    assert data(text)["z"] == {"c": 3, "a": 1, "b": 1}
    place = source(text).place(("z", "b"))
    assert (place.line, place.column) == (1, 17)


def test_a_key_may_be_anchored_and_a_quoted_merge_is_a_key():
    assert data('&a key: 1\nb: *a\n"<<": {c: 1}\n') == {"key": 1, "b": "key", "<<": {"c": 1}}


def test_a_duplicate_shows_both_and_the_first_one_counts():
    [problem] = source("a:\n  b: 1\n  c: 2\n  b: 3\n").problems
    assert (problem.code, problem.path, problem.place.line) == ("SF0108", "a.b", 4)
    assert [other.place.line for other in problem.related] == [2]


def test_several_faults_are_found_in_one_pass():
    assert codes("a: 1\na: 2\nb: !x 3\nc: .inf\n1: d\n<<: 5\n") == ["SF0108", "SF0111", "SF0110", "SF0106", "SF0109"]


# --- hostile -------------------------------------------------------------------------------------------------------

HOSTILE = {
    "a bomb of aliases": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    "a bomb of merges": "a: &a {k0: 0}\n"
    + "".join(
        f"m{n}: &m{n} {{<<: [*a, *{'m' + str(n - 1) if n else 'a'}], k{n}: &a{n} [*a, *a]}}\n" for n in range(3000)
    ),
    "aliases of one large list": f"a: &a [{'1,' * 1000}]\nb: [{'*a,' * 1000}]\n",
    "nested brackets": "[" * 1_000_000,
    "nested braces": "{a: " * 100_000,
    "nested dashes": "- " * 100_000,
    "nested questions": "? " * 100_000,
    "nested indentation": "".join(f"{' ' * n}a:\n" for n in range(2000)),
    "too many values": "[" + "1," * 400_000 + "]",
    "too many duplicates": "a: 1\n" * 50_000,
    "one long line of wrong keys": "{" + ",".join(f"{n}: 1" for n in range(50_000)) + "}",
    "a large integer": f"a: {'9' * 1_000_000}\n",
    "a large exponent": "a: 1e999999999\n",
    "a large scalar": f"a: {'x' * 10_000_000}\n",
    "a large key": f"{'x' * 2_000_000}: 1\n",
    "a large quoted key": f'"{"x" * 2_000_000}": 1\n',
    "many anchors": "[" + ",".join(f"&a{n} x" for n in range(100_000)) + "]",
    "many documents": "---\n" * 100_000,
    "many directives": "%YAML 1.2\n" * 10_000,
    "many tags": "%TAG ! x:\n" * 10_000,
    "many spaces": " " * 5_000_000,
    "many comments": "# x\n" * 1_000_000,
    "an unfinished quote": 'a: "' + "x\n" * 1_000_000,
    "an unfinished block": "a: |\n" + "  x\n" * 500_000,
    "over the limit": "#" * (16 * 1024 * 1024 + 1),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_ends_quickly_and_in_words(text):
    start = time.process_time()
    read = source(text)
    assert time.process_time() - start < 20  # an order of magnitude above what a slow machine takes
    assert read.problems or isinstance(read.data, dict | list)
    assert all(problem.message for problem in read.problems)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "SF0104"),
        (b"\xef\xbb\xbf", "SF0104"),
        (b"a: \xff", "SF0103"),
        (b"a: \x00", "SF0103"),
        (b"\xfe\xff\x00a", "SF0103"),
        ("a: 1".encode("utf-16"), "SF0103"),
        (b"a: \xed\xa0\x80", "SF0103"),
        (b"a: \x1b[31m", "SF0103"),
        ("a: \ufffe".encode(), "SF0103"),
        (b'a: "\\ud800"', "SF0101"),
        (b'a: "\\q"', "SF0101"),
        (b"a: [", "SF0101"),
        (b"a: b: c", "SF0101"),
        (b"a:\n\tb: c", "SF0101"),
        (b"a: @b", "SF0101"),
        (b"a: *b", "SF0107"),
        (b"--- a\n--- b", "SF0105"),
        (b"a: !!python/object/apply:os.system [x]", "SF0111"),
        (b"a: !!binary aGk=", "SF0111"),
        (b"a: !!set {b}", "SF0111"),
        (b"[a]: b", "SF0106"),
        (b"*a : b", "SF0106"),
    ],
)
def test_what_is_refused(content, code):
    read = source(content)
    assert code in [problem.code for problem in read.problems]


FRAGMENTS = st.sampled_from(
    [
        "a",
        ": ",
        "- ",
        "\n",
        "  ",
        "&a ",
        "*a",
        "<<: ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "'",
        '"',
        "|",
        ">",
        "#",
        "!x ",
        "---\n",
        "? ",
        "\\",
        "\t",
        "%",
        "@",
        "\u2028",
        "\x85",
        "\ufeff",
        "~",
        "1e5",
        "!!str ",
        "\r\n",
        "😀",
        "\\ud800",
        "\x00",
    ]
)


@settings(max_examples=500)
@given(st.binary(max_size=60) | st.lists(FRAGMENTS, max_size=30).map(lambda parts: "".join(parts).encode()))
def test_any_bytes_are_data_or_problems(content):
    read = source(content)
    assert read.problems or read.data is not None
    lines = read.text.characters.split("\n")
    for problem in read.problems:
        place = problem.place
        if place.line and place.text:
            assert lines[place.line - 1] == place.text
            assert 1 <= place.column <= len(place.text) + 1
    json.dumps(read.data)
