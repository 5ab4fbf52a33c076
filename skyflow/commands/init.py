"""``skyflow init``: a project with a board that runs as it is."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from skyflow import published
from skyflow.commands.words import shown
from skyflow.errors import ExitCode, UsageError
from skyflow.problems import did_you_mean
from skyflow.store import files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

    from skyflow.terminal import Terminal

IGNORED = """\
# what a run leaves beside a board; board.lock is committed
.skyflow/
out/
# where the provider's key may stand
.env
"""
SCHEMA = "storyboard.schema.json"


def init(*, terminal: Terminal, example: str, dir: str = ".") -> ExitCode:  # noqa: A002 - the word that the help shows
    """Write a new project; touch nothing that is there.

    Raises:
        UsageError: there is no such example, or a file that would be written exists already.
        StoreError: the disk refused.
    """
    folder = Path(dir)
    contents = dict(_contents(example))
    there = [name for name in contents if (folder / name).exists() and name != ".gitignore"]
    if there:
        raise UsageError(f"{shown((folder / there[0]).absolute())} is there already", "name another folder")
    for name, content in contents.items():
        target = folder / name
        if name == ".gitignore" and target.exists():
            continue
        with files.disk_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        files.write(target, content)
    board = folder / "board.yaml"
    terminal.say(f"{shown(board.absolute())} is a board that runs as it is:", style="bold")
    inside = "" if folder.absolute() == Path.cwd() else f"cd {shlex.quote(str(folder))}\n  "
    terminal.say(f"  {inside}skyflow plan\n  skyflow run")
    return ExitCode.DONE


def _contents(example: str) -> Iterator[tuple[str, bytes]]:
    """Every file of a new project by its name."""
    known = sorted(entry.name for entry in published.examples().iterdir() if entry.is_dir())
    if example not in known:
        raise UsageError(
            f"there is no example '{example}'", did_you_mean(example, known) or f"known: {', '.join(known)}"
        )
    yield ".gitignore", IGNORED.encode()
    yield SCHEMA, published.schema_text("storyboard").encode()
    yield from _tree(published.examples() / example, "")


def _tree(folder: Traversable, before: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir() and entry.name not in {".skyflow", "out"}:
            yield from _tree(entry, f"{before}{entry.name}/")
        elif entry.is_file():
            yield f"{before}{entry.name}", _own_schema(entry)


def _own_schema(entry: Traversable) -> bytes:
    """A file's content; a board's line for editors names the schema that stands beside it."""
    content = entry.read_bytes()
    return (
        content.replace(f"../../../schemas/{SCHEMA}".encode(), SCHEMA.encode())
        if entry.name.endswith(".yaml")
        else content
    )
