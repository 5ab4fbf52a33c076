"""Templates: what they may say, where a fault is placed, and that none of them can run or grow for ever."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyflow.board import naming
from skyflow.board.bounded import Environment
from skyflow.board.templates import TemplateFault, Templates
from tests.paper import PaperFiles, board, codes, reading

SCOPE = {
    "word": "storm",
    "long": "ab" * 5000,
    "list": ["a", "b"],
    "big": [["x" * 100] * 100] * 10,
    "number": 8_000_000,
}


def render(text: str, **texts: str) -> str:
    files = PaperFiles(texts={"look.j2": "35mm", "loop.j2": '{% include "loop.j2" %}', **texts})
    return Templates(files, SCOPE).render(text, {})


def fault(text: str, **texts: str) -> TemplateFault:
    with pytest.raises(TemplateFault) as caught:
        render(text, **texts)
    return caught.value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no marks at all }} %}", "no marks at all }} %}"),
        ("{{ word }}", "storm"),
        ("{{ word ~ '-' ~ number }}", "storm-8000000"),
        ("{{ word | upper | replace('STO', 'Sto') }}", "StoRM"),
        ("{{ list | join(', ') }}", "a, b"),
        ("{{ list | map('upper') | join }}", "AB"),
        ("{{ [1, 2, 3] | sum }}", "6"),
        ("{% for item in list %}{{ loop.index }}{{ item }}{% endfor %}", "1a2b"),
        (
            "{% set ns = namespace(n=number) %}{% for i in list %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}",
            "8000002",
        ),
        ("{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(word) }}{{ m(long[:3]) }}", "<storm><aba>"),
        ("{% include 'look.j2' %}!", "35mm!"),
        ("{% from 'lib.j2' import m %}{{ m(2) }}", "22"),
        ("{% include 'gone.j2' ignore missing %}.", "."),
        ("{{ 'In %s at %05.1f' % (word, 3) }}", "In storm at 003.0"),
        ("{{ '{:>7}'.format(word) }}", "  storm"),
        ("{{ word | center(9) | length }}", "9"),
        ("{{ range(3) | list }}", "[0, 1, 2]"),
        ("{{ missing | default('none') }}", "none"),
        ("{{ 10 ** 3 * 2 }}", "2000"),
        ("{{ list | batch(2, 'x') | list }}", "[['a', 'b']]"),
        ("{# a comment #}x\n", "x\n"),
    ],
)
def test_what_a_template_may_do(text, said):
    assert render(text, **{"lib.j2": "{% macro m(n) %}{{ n ~ n }}{% endmacro %}"}) == said


@pytest.mark.parametrize(
    ("text", "file", "line", "word"),
    [
        ("a\n\n{{ wrod }}", None, 3, "wrod"),
        ("{{ list.wrod }}", None, 1, "wrod"),
        ("a\n{% include 'gone.j2' %}", None, 2, ""),
        ("a\n{% include 'bad.j2' %}", "bad.j2", 3, "wrod"),
        ("{% include 'syntax.j2' %}", "syntax.j2", 2, ""),
        ("a\n{% from 'macro.j2' import m %}\n{{ m() }}", "macro.j2", 2, "wrod"),
        ("a\n{{ 1 // 0 }}", None, 2, ""),
        ("a\n{{ none }}", None, 2, ""),
        ("{% if %}", None, 1, ""),
    ],
)
def test_a_fault_is_placed(text, file, line, word):
    files = {
        "bad.j2": "x\n\n{{ wrod }}",
        "syntax.j2": "x\n{% if %}",
        "macro.j2": "{% macro m() %}\n{{ wrod }}{% endmacro %}",
    }
    found = fault(text, **files)
    assert (found.file, found.line, found.word) == (file, line, word)
    assert found.message
    assert found.remedy


HOSTILE = [
    "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "{% for i in range(99999) %}{{ long | upper }}{% endfor %}",
    "{% for i in range(999999999999) %}{% endfor %}",
    "{{ range(99999) | map('string') | join(long) }}",
    "{{ 'a' * 10 ** 12 }}",
    "{{ [0] * 10 ** 12 }}",
    "{{ [[0] * 1000] * 1000 * 1000 }}",
    "{{ 9 ** 9999999 }}",
    "{% set ns = namespace(x=9) %}{% for i in range(99) %}{% set ns.x = ns.x * ns.x %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}",
    "{{ " + " ~ ".join(["long"] * 5000) + " }}",
    "{{ " + " + ".join(["long"] * 900) + " }}",
    "{{ long | replace('a', long) }}",
    "{{ long.replace('a', long) }}",
    "{{ long | replace('', long) }}",
    "{{ '%1000000000d' % 5 }}",
    "{{ '%*d' % (1000000000, 5) }}",
    "{{ '%1000000000d' | format(5) }}",
    "{{ '{:1000000000}'.format(5) }}",
    "{{ '{:{}}'.format(5, 1000000000) }}",
    "{{ '{x:1000000000}'.format_map({'x': 5}) }}",
    "{{ 'a' | center(1000000000) }}",
    "{{ 'a'.center(1000000000) }}",
    "{{ 'a'.zfill(1000000000) }}",
    "{{ 'a\tb'.expandtabs(1000000000) }}",
    "{{ long | indent(100000) }}",
    "{{ ('a\n' * 5000) | indent(100000) }}",
    "{{ 'a b ' * 5000 | wordwrap(1, wrapstring=long) }}",
    "{{ big | tojson(indent=100000) }}",
    "{{ big | sum(start=[]) | sum(start=[]) | map('upper') | join(long) }}",
    "{{ long.join(long) }}",
    "{{ long.split('a') | join(long) }}",
    "{{ 5 | round(999999999) }}",
    "{{ list | batch(999999999, 'x') | list }}",
    "{{ list | slice(999999999) | list }}",
    "{{ ['x' * 100000] * 2000 | join }}",
    "{% macro m(n) %}{{ m(n + 1) }}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}",
    "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}",
    "{% include 'loop.j2' %}",
    "{% for i in range(9999) recursive %}{{ loop(range(9999)) }}{% endfor %}",
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{{ " + "-" * 20000 + "1 }}",
    "{% if 1 %}" * 2000 + "{% endif %}" * 2000,
    "{% for i in [1] %}" * 30 + "x" + "{% endfor %}" * 30,
    "x" * 66_000 + "{{ word }}" * 10,
    "{% for i in range(5000) %}0123456789abcdef{% endfor %}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ word.__init__.__globals__ }}",
    "{{ (word | attr('__class__')).mro() }}",
    "{{ list.append(1) }}",
    "{{ list | random }}",
    "{{ cycler }}",
    "{{ lipsum() }}",
    "{{ self }}",
    "{{ loop }}",
    "{{ list | map('upper') }}",
    "{{ range }}",
    "{{ namespace }}",
    "{% macro m() %}{% endmacro %}{{ m }}",
    "{% include '/etc/passwd' %}",
    "{% include '../secret.j2' %}",
    "{% extends 'gone.j2' %}",
    "{% include word ~ '\x00' %}",
    "{% include 5 %}",
    "{{ ('9' * 5000) | int + 1 ** number }}" + "{{ 1 / 0 }}",
    "{% set x = 1 %}{% set x.y = 2 %}",
    "{{ undefined_thing() }}",
    "{{ word() }}",
    "{{ 1 + 'a' }}",
    "{{",
    "{%",
    "{{ '\\ud800' }}{{ 1/0 }}",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_templates_end_in_words(text):
    start = time.process_time()
    found = fault(text)
    assert time.process_time() - start < 20  # an order of magnitude above what a slow machine takes
    assert found.message
    assert "0x" not in found.message
    assert found.line >= 1


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(
            [
                "{{ ",
                " }}",
                "{% ",
                " %}",
                "{#",
                "#}",
                "word",
                "list",
                " | ",
                "join",
                "upper",
                "(",
                ")",
                "[",
                "]",
                "'",
                "1",
                "for i in ",
                "endfor",
                "if ",
                "endif",
                "set x = ",
                "macro m()",
                "endmacro",
                ".",
                "~",
                "+",
                " * ",
                "range",
                "\n",
                "include ",
                "-",
                "\\ud800",
                "\x00",
                "{{ word }}",
                "{% endif %}",
                "{% if 1 %}",
            ]
        ),
        max_size=15,
    ).map("".join)
)
def test_any_template_is_words_or_a_fault(text):
    try:
        said = render(text)
    except TemplateFault as fault:
        said, line = fault.message, fault.line
    else:
        line = 1
    assert isinstance(said, str)
    assert 1 <= line <= text.count("\n") + 2


def test_all_prompts_of_a_board_share_a_bound(monkeypatch):
    monkeypatch.setattr("skyflow.board.bounded.MAX_BOARD_WORK", 100_000)
    templates = Templates(PaperFiles(), {})
    text = "{% for i in range(300) %}.{% endfor %}"
    assert templates.render(text, {}) == "." * 300
    spent = 0
    while spent < 10:
        try:
            templates.render(text, {})
        except TemplateFault:
            break
        spent += 1
    assert 1 < spent < 10


def test_a_fault_leaves_the_next_prompt_its_own_bound():
    templates = Templates(PaperFiles(), {})
    for _ in range(3):
        with pytest.raises(TemplateFault):
            templates.render("{{ 'a' * 10 ** 9 }}", {})
        assert templates.render("{{ 'a' * 10 }}", {}) == "a" * 10


# --- on a board ----------------------------------------------------------------------------------------------------


def prompt(text: str, **overrides: Any) -> str:
    found = board(
        f"skyflow: 1\ntitle: Film\nvars: {{a: x}}\nshots:\n  s:\n    prompt: |\n      {text}\n", **overrides
    )
    return found.shots["s"].prompt


def test_what_a_prompt_knows():
    text = "{{ a }} {{ board.title }} {{ shot.id }} {{ shot.index }} {{ shot.duration }} {{ shots.s.resolution }}"
    assert prompt(text) == "x Film s 0 5 1080p"


def test_what_is_said_outside_wins_over_the_board():
    assert prompt("{{ a }}", a="y") == "y"
    assert prompt("{{ new }}", new=5) == "5"


def test_a_prompt_is_stripped_at_both_ends_and_nowhere_else():
    assert prompt("one   \n      two\t\n\n      three  \n\n") == "one   \ntwo\t\n\nthree"


@pytest.mark.parametrize("name", ["board", "shot", "shots", "tags", "self", "none", "true"])
def test_a_var_must_not_be_lost(name):
    assert codes(f"skyflow: 1\nvars: {{'{name}': 1}}\nshots: {{s: {{prompt: x}}}}") == ["SF0406"]
    outside: dict[str, Any] = {name: 1}
    assert codes("skyflow: 1\nshots: {s: {prompt: x}}", None, **outside) == ["SF0406"]


def test_half_a_character_from_outside_is_no_prompt():
    assert codes("skyflow: 1\nshots: {s: {prompt: '{{ a }}'}}", a="\udcff") == ["SF0405"]


def test_refused_vars_do_not_make_every_name_unknown():
    assert codes("skyflow: 1\nvars: [a]\ntags: [b]\nshots: {s: {prompt: '{{ a }} @b'}}") == ["SF0203", "SF0203"]


def test_a_prompt_file_is_named_from_where_the_board_stands():
    files = PaperFiles(texts={"sub/p.j2": "one\n  {{ gone }}"})
    text = "skyflow: 1\nshots: {s: {prompt_file: sub/p.j2}}"
    [problem] = reading(text, files).problems
    assert (problem.place.file, problem.place.line, problem.place.column) == ("sub/p.j2", 2, 6)
    assert problem.path == "shots.s.prompt_file"


def test_an_include_stays_in_the_boards_folder():
    files = PaperFiles(texts={"../other.j2": "elsewhere", "a/../b.j2": "here"})
    assert Templates(files, {}).render("{% include 'a/../b.j2' %}", {}) == "here"
    with pytest.raises(TemplateFault, match="leads out of the board's folder"):
        Templates(files, {}).render("{% include '../other.j2' %}", {})


PIECES = st.sampled_from(
    [
        *("{{ word }}", "{{word}}", "{{ number\n}}", "{{ shot.id }}", "{{ deep.down.word }}", "{{ deep.items }}"),
        *(
            "{{ shot.gone }}",
            "{{ gone }}",
            "{{ list }}",
            "{{ none }}",
            "{{ for }}",
            "{{ in }}",
            "{{ loop }}",
            "{{ range }}",
        ),
        *(
            "{{- word -}}",
            "{{ word | upper }}",
            "{% if word %}",
            "{% endif %}",
            "{# x #}",
            "{{{ word }}",
            "{{ word }}}",
        ),
        *(
            "{",
            "}",
            "{{",
            "}}",
            "%}",
            "{%",
            "#}",
            "\r\n",
            "\n",
            " ",
            "看",
            "{{ word\u00a0}}",
            "{{ wörd }}",
            "{{ shots }}",
        ),
        *(
            "{{ true }}",
            "{{ self }}",
            "{{ caller }}",
            "{{ shot }}",
            "{{ word.x }}",
            "{{ deep._x }}",
            "{{ 5 }}",
            "@word",
        ),
    ]
)
NAMES = SCOPE | {
    "deep": {"down": {"word": "{{ word }}"}, "items": "mine", "_x": "hidden"},
    **dict.fromkeys(["for", "in", "loop", "range", "none", "true", "caller", "wörd"], "taken"),
}


@given(st.lists(PIECES, max_size=6).map("".join))
def test_what_is_written_without_compiling_is_what_compiling_would_write(text):
    plain = naming.written(text, NAMES, {"id": "lamp"})
    if plain is not None:
        template = Environment(PaperFiles().text, 1).from_string(text)
        assert plain == template.render({**NAMES, "shot": {"id": "lamp"}})


def test_a_board_whose_prompts_only_name_values_compiles_nothing(monkeypatch):
    monkeypatch.delattr(Templates, "_environment")
    assert render("{{ word }}, {{ number }}") == "storm, 8000000"
    with pytest.raises(AttributeError):
        render("{{ word | upper }}")
