"""From the words of a command line to a board that can be planned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from skyflow import pipeline
from skyflow.board.source import Source
from skyflow.errors import BoardInvalid, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skyflow.pipeline import Loaded
    from skyflow.terminal import Terminal


def load(terminal: Terminal, board: str, sets: list[str], var_files: list[str], *, strict: bool) -> Loaded:
    """A board without errors; its warnings are said.

    Raises:
        UsageError: the board, or what ``--set`` and ``--vars`` say, is not there or no value.
        BoardInvalid: the board has errors, or with ``strict`` warnings.
    """
    loaded = pipeline.load(board, overrides(sets, var_files))
    warnings = loaded.board.warnings
    if warnings and strict:
        raise BoardInvalid(warnings)
    if warnings and not terminal.quiet:
        terminal.problems(warnings)
    return loaded


def overrides(sets: Iterable[str], files: Iterable[str]) -> dict[str, Any]:
    """The values that win over a board's own: each file over the one before, ``--set`` over all.

    Raises:
        UsageError: a file is no mapping, or a ``--set`` has no name.
    """
    values: dict[str, Any] = {}
    for file in files:
        values |= _file(Path(file))
    for text in sets:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"--set {text} gives nothing a value", "write --set name=value")
        values[name] = _value(name, value)
    return values


def _file(path: Path) -> dict[str, Any]:
    try:
        source = Source(str(path), path.read_bytes())
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(f"--vars {path} cannot be read: {why}", "mend the path") from error
    if source.problems:
        raise BoardInvalid(source.problems)
    if not isinstance(source.data, dict):
        raise UsageError(f"--vars {path} is no mapping", "write names and values, such as `weather: fog`")
    return source.data


def _value(name: str, text: str) -> Any:  # noqa: ANN401 - any YAML
    """A value as a board would read it: 3 is a number, fog is text; what is no YAML is text too."""
    if not text:
        return ""
    source = Source(f"--set {name}", text.encode("utf-8", "surrogateescape"))
    return text if source.problems else source.data


def shown(path: Path) -> str:
    """A path for people: relative to the working folder where it lies below it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
