"""The README is run: what it shows must be what happens."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from skyflow import cli
from skyflow.board.read import read
from skyflow.commands.verbs import VERBS
from skyflow.media.local import LocalFiles
from tests.serving import served

HERE = Path(__file__).parent.parent
README = (HERE / "README.md").read_text("utf-8")
PAGES = [
    HERE / "README.md",
    *sorted((HERE / "docs").glob("*.md")),
    HERE / "CONTRIBUTING.md",
    HERE / "ARCHITECTURE.md",
]
LIGHTHOUSE = HERE / "examples" / "storyboards" / "lighthouse"

SMALL = """\
skyflow: 1
defaults: {resolution: 480p, duration: 3}
vars: {weather: storm}
shots:
  lamp: {prompt: "A lamp in a {{ weather }}."}
  harbour: {prompt: The harbour., frames: [{shot: lamp, frame: last}]}
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def commands() -> list[list[str]]:
    """Every skyflow command of the README that works on a board which is there."""
    lines = [line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines()]
    words = [shlex.split(line, comments=True) for line in lines]
    return [line[1:] for line in words if line[0] == "skyflow" and line[1] != "init"]


def test_the_readme_opens_with_the_two_commands():
    assert blocks("console")[0].splitlines() == ["$ make demo", "$ make test"]


def test_the_readmes_board_has_no_problems():
    (board,) = blocks("yaml")
    reading = read("board", "README.md", board.encode(), LocalFiles(LIGHTHOUSE, LIGHTHOUSE), {})
    assert reading.problems == ()
    assert reading.board is not None
    assert reading.board.order == ("opening", "climb", "lamp", "dawn")


@pytest.mark.slow
def test_every_command_of_the_readme_works_in_the_order_it_stands_there(tmp_path, tmp_path_factory, monkeypatch):
    (tmp_path / "board.yaml").write_text(SMALL)
    monkeypatch.chdir(tmp_path)
    assert len(commands()) > 10
    with served(tmp_path_factory.mktemp("provider")) as provider:
        for name, value in provider.exported.items():
            monkeypatch.setenv(name, value)
        for argv in commands():
            assert cli.run(argv) == 0, argv


def test_the_readmes_program_works(tmp_path, monkeypatch, capsys):
    (tmp_path / "board.yaml").write_text(SMALL)
    monkeypatch.chdir(tmp_path)
    (program,) = blocks("python")
    exec(compile(program, "README.md", "exec"), {})  # noqa: S102 - our own page
    assert capsys.readouterr().out == "lamp make new\nharbour wait waits for lamp\n0.66\n"


def test_every_verb_and_example_is_mentioned():
    said = {argv[0] for argv in commands()} | {"init", "schema", "sandbox"}
    assert said == set(VERBS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing
