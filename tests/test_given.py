"""Values that are given for vars from outside the board: whose name is known, and what is said where it is not."""

from __future__ import annotations

import pytest

from skyflow.cli import run
from skyflow.commands.loading import overrides
from skyflow.errors import UsageError
from tests.paper import PaperFiles, board, codes, reading

TEXT = """
skyflow: 1
vars: {weather: storm}
shots:
  a: {prompt: "A {{ weather }} and {{ mood | default('calm') }}{% if late %} at night{% endif %}"}
  b: {prompt_file: scene.j2, upload_to: "https://example.com/{{ signature }}"}
"""
FILES = {"scene.j2": "{% include 'deep.j2' %}", "deep.j2": "{{ light | default('dusk') }}"}


def files() -> PaperFiles:
    return PaperFiles(texts=FILES)


@pytest.mark.parametrize("name", ["weather", "mood", "late", "light"])
def test_a_name_that_a_var_or_any_template_knows_is_silent(name):
    assert codes(TEXT, files(), late=False, signature="x", **({} if name == "late" else {name: "fog"})) == []


def test_a_name_that_nothing_knows_is_a_warning_that_says_what_was_meant():
    (found,) = reading(TEXT, files(), late=False, signature="x", wether="fog").problems
    assert (found.code, found.severity, found.path) == ("SF0814", "warning", "vars.wether")
    assert found.remedy == "did you mean 'weather'?"


def test_a_var_of_a_library_is_known():
    text = "skyflow: 1\nuse: [l.yaml]\nshots: {a: {prompt: x}}\n"
    held = PaperFiles(texts={"l.yaml": "vars: {look: noir}\n"})
    assert board(text, held, look="bright").warnings == ()
    assert codes(text, held, lok="bright") == ["SF0814"]


def test_a_board_may_ignore_it():
    assert codes("skyflow: 1\nignore: [SF0814]\nshots: {a: {prompt: x}}\n", look="x") == []


@pytest.mark.parametrize("given", ["1=2", "=2", "my-look=x", "café=x", "a b=x", "weather"])
def test_what_is_no_name_is_refused(given):
    with pytest.raises(UsageError):
        overrides([given], [])


def test_names_in_a_file_are_names(tmp_path):
    file = tmp_path / "v.yaml"
    file.write_text("x-why: notes\nlook: noir\n")
    assert overrides([], [str(file)]) == {"look": "noir"}
    file.write_text("film-stock: 35mm\n")
    with pytest.raises(UsageError, match="film-stock"):
        overrides([], [str(file)])


def test_a_mistyped_name_behind_set_stops_and_in_a_file_is_only_told_of(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "board.yaml").write_text("skyflow: 1\nvars: {name: fog}\nshots: {a: {prompt: '{{ name }}'}}\n")
    (tmp_path / "v.yaml").write_text("nmae: x\n")
    assert run(["plan", "--set", "nmae=x"]) == 2
    assert run(["validate", "--set", "nmae=x"]) == 2
    said = capsys.readouterr()
    assert "'nmae'" in said.err
    assert "did you mean 'name'?" in said.err
    assert run(["plan", "--vars", "v.yaml"]) == 0
    assert "warning[SF0814]" in capsys.readouterr().err
    assert run(["plan", "--vars", "v.yaml", "--strict"]) != 0
    assert run(["plan", "--set", "name=mist"]) == 0
