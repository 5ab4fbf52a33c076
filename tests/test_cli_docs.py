"""The page about the command line is true: every verb, option and code is on it, and its commands work."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from skyflow import cli
from skyflow.commands.arguments import parse
from skyflow.commands.verbs import ALWAYS, BACKEND, VERBS
from skyflow.errors import ExitCode
from skyflow.published import schema_names
from tests.plugging import plug_in
from tests.serving import served

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "cli.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##)", PAGE, re.DOTALL | re.MULTILINE))
EVERYWHERE = PAGE.partition("## Options that mean the same everywhere")[2].partition("## Exit codes")[0]


def commands(text: str) -> list[list[str]]:
    blocks = re.findall(r"^```console\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [shlex.split(line.removeprefix("$ ")) for block in blocks for line in block.splitlines()]


def test_every_verb_has_its_section_in_the_order_of_the_help():
    assert list(SECTIONS) == list(VERBS)


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_is_shown_with_commands_and_all_its_options(name):
    assert commands(SECTIONS[name])
    for program, *words in commands(SECTIONS[name]):
        assert program == "skyflow"
        parse(words)
    documented = SECTIONS[name] + EVERYWHERE
    for option in (*VERBS[name].options, *ALWAYS):
        assert f"`{option.names[0]}" in documented
        if len(option.names) > 1 and name != "graph":
            assert f"`{option.names[1]}`" in documented + SECTIONS["run"]


def test_the_page_knows_no_option_that_is_none():
    known = {name for verb in VERBS.values() for option in (*verb.options, *ALWAYS) for name in option.names}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE)) <= known | {"--help"}


def test_every_exit_code_is_on_the_page():
    table = PAGE.partition("## Exit codes")[2].partition("##")[0]
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)] == sorted(ExitCode)


def test_every_variable_that_the_program_reads_is_on_the_page():
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "skyflow").rglob("*.py"))
    read = set(re.findall(r"environ(?:\.get)?[\[(]\"(\w+)\"", source)) | set(re.findall(r"KEY = \"(\w+)\"", source))
    assert read <= set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))


def test_every_schema_that_the_page_names_is_published():
    assert set(re.findall(r"`skyflow schema (\w+)`", PAGE)) <= set(schema_names())


@pytest.mark.slow
def test_the_commands_work_in_the_order_in_which_they_stand(project, tmp_path_factory, monkeypatch, capsys):
    monkeypatch.syspath_prepend(plug_in(project / "plugged"))
    monkeypatch.setitem(BACKEND.settings, "default", "quick")  # the very same path, with tiny clips
    monkeypatch.chdir(project)
    with served(tmp_path_factory.mktemp("provider")) as provider:
        for name, value in provider.exported.items():
            monkeypatch.setenv(name, value)
        _work(monkeypatch, capsys)


def _work(monkeypatch, capsys) -> None:
    for program, *words in commands(PAGE):
        if program == "cd":
            monkeypatch.chdir(Path.cwd() / words[0])
            continue
        if words[0] == "sandbox":  # goes on until it is stopped; test_sandbox_server starts it
            continue
        if "--proxy" in words:  # only the animatic draws proxies
            del words[words.index("--proxy") : words.index("--proxy") + 2]
        assert cli.run(words) == ExitCode.DONE, (words, capsys.readouterr())
