"""``docs/problems.md``, made of the boards in ``docs/problems`` and of what the program says of them."""

from __future__ import annotations

import io
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import yaml

from skyflow import cli, pipeline
from skyflow.problems import CODES

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "problems.md"
CASES = DOCS / "problems"
MEANINGS: dict[str, str] = yaml.safe_load((CASES / "meanings.yaml").read_text("utf-8"))

WITHOUT_BOARDS = {"SF0699", "SF0814"}
"""Our own defects, and what is given on the command line: no board can bring them about."""

WIDTH = 118
HEAD = """\
# Problems

Everything that `skyflow validate` can find in a board, by code. A code keeps its meaning for good, so it can be
searched for and linked to, as in `problems.md#sf0302`. Each is shown on a small board, with what the program prints,
and the board mended. Those that begin with SF08 are warnings: they stop nothing unless `--strict` is given.

The text of this page is made from `docs/problems/` and the program itself; a test holds them together.
"""
SECTIONS = {
    "SF01": "The text",
    "SF02": "Keys and values",
    "SF03": "Shots, tags and mentions",
    "SF04": "Prompts and templates",
    "SF05": "Files",
    "SF06": "What the model takes",
    "SF07": "Media by address",
    "SF08": "Warnings",
}


def board(code: str, kind: str) -> Path:
    return CASES / f"{code}.{kind}.yaml"


def page(project: Path) -> str:
    """The page.

    Args:
        project: a staged folder; boards are put there one after the other, as ``board.yaml``.
    """
    return HEAD + "".join(f"\n{block}" for block in _blocks(project))


def found(project: Path, source: Path) -> list[str]:
    """The codes of a board's problems."""
    (project / "board.yaml").write_bytes(source.read_bytes())
    with chdir(project):
        reading = pipeline.check("board.yaml").reading
    return [problem.code for problem in reading.problems]


def _blocks(project: Path) -> Iterator[str]:
    section = ""
    for code in sorted(CODES):
        if code[:4] != section:
            section = code[:4]
            yield f"## {SECTIONS[section]}\n"
        yield f'<a id="{code.lower()}"></a>\n\n### {code}: {CODES[code]}\n'
        yield fill(MEANINGS[code].strip(), WIDTH, break_on_hyphens=False) + "\n"
        if code not in WITHOUT_BOARDS:
            yield _fenced("yaml", _text(board(code, "bad")))
            yield _fenced("text", _said(project, board(code, "bad")))
            yield "Mended:\n"
            yield _fenced("yaml", _text(board(code, "mended")))


def _text(file: Path) -> str:
    """A board as a page can show it: a byte that is no text stands as its number."""
    return file.read_bytes().decode("utf-8", "backslashreplace")


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```\n"


def _said(project: Path, source: Path) -> str:
    """What ``skyflow validate`` prints, whole."""
    (project / "board.yaml").write_bytes(source.read_bytes())
    out = io.StringIO()
    with chdir(project), redirect_stdout(out), redirect_stderr(out):
        cli.run(["validate"])
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())
