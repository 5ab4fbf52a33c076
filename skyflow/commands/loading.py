"""From the words of a command line to a board that can be planned, and to holding it."""

from __future__ import annotations

import re
import shlex
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from skyflow import pipeline
from skyflow.board.source import MAX_BYTES, Source
from skyflow.commands.verbs import DEFAULT_BOARD
from skyflow.errors import BoardHeld, BoardInvalid, UsageError
from skyflow.late import late
from skyflow.media import plain
from skyflow.problems import did_you_mean
from skyflow.store.hold import hold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from skyflow.commands import problems
    from skyflow.pipeline import Loaded
    from skyflow.problems import Problem
    from skyflow.store.hold import Held
    from skyflow.terminal import Terminal
else:
    problems = late("skyflow.commands.problems")

NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
"""What a var can be called, in a board and outside."""

UNASKED = "SF0814"
"""A value that nothing asks for. In a file of values it may be meant for another board, behind ``--set`` for none."""

WAIT = "wait for its end with --wait, or stop it; nothing has to be unlocked by hand"


class AboutBoard(TypedDict):
    """The words about a board, the same for every verb that reads one."""

    board: str
    sets: list[str]
    var_files: list[str]
    strict: bool


class AboutPlan(AboutBoard):
    """And about what makes its clips, for every verb that plans."""

    backend: str
    proxy: str | None


def load(terminal: Terminal, about: AboutBoard) -> Loaded:
    """A board without errors; its warnings are said.

    Raises:
        UsageError: the board, or what ``--set`` and ``--vars`` say, is not there or no value.
        BoardInvalid: the board has errors, or with ``strict`` warnings.
    """
    loaded = pipeline.load(about["board"], overrides(about["sets"], about["var_files"]))
    loaded = replace(loaded, rests_on=loaded.rests_on | {Path(file) for file in about["var_files"]})
    warnings = loaded.board.warnings
    check_typed(warnings, about)
    if warnings and about["strict"]:
        raise BoardInvalid(warnings)
    if warnings and not terminal.quiet:
        problems.tell(terminal, warnings, "text")
    return loaded


def check_typed(found: Iterable[Problem], about: AboutBoard) -> None:
    """See that something asks for every value behind ``--set``.

    Raises:
        UsageError: nothing does, so the name is mistyped.
    """
    typed = {text.partition("=")[0] for text in about["sets"]}
    for problem in found:
        if problem.code == UNASKED and problem.path.removeprefix("vars.") in typed:
            raise UsageError(problem.message, problem.remedy)


@contextmanager
def held(terminal: Terminal, about: AboutBoard, verb: str, *, wait: bool = False) -> Iterator[tuple[Loaded, Held]]:
    """A board without errors that nobody else changes the state of meanwhile.

    A board that is wrong is never held, so nothing is written beside it. Where another run had to be waited for,
    the board is read again: it may have been edited since.

    Raises:
        UsageError, BoardInvalid: as ``load``.
        BoardHeld: another process holds it, and nobody said to wait.
    """
    loaded = load(terminal, about)
    waited: list[str] = []

    def waiting(holder: str) -> None:
        waited.append(holder)
        terminal.say(f"{about['board']} is held by {holder}; waiting for its end")

    with ExitStack() as stack:
        try:
            proof = stack.enter_context(hold(loaded.project, verb, waiting=waiting if wait else None))
        except BoardHeld as busy:
            raise BoardHeld(busy.message, WAIT if verb == "run" else busy.remedy) from busy
        yield (load(terminal, about) if waited else loaded), proof


def known_shot(shot: str, loaded: Loaded) -> None:
    """See that a board has a shot.

    Raises:
        UsageError: it has none of this name.
    """
    shots = loaded.board.shots
    if shot not in shots:
        raise UsageError(f"there is no shot '{shot}'", did_you_mean(shot, shots) or f"shots: {', '.join(shots)}")


def overrides(sets: Iterable[str], files: Iterable[str]) -> dict[str, Any]:
    """The values that win over a board's own: each file over the one before, ``--set`` over all.

    Raises:
        UsageError: a file is no mapping, or a ``--set`` has no name.
        BoardInvalid: a file is no YAML.
    """
    values: dict[str, Any] = {}
    for file in files:
        values |= _file(Path(file))
    for text in sets:
        name, equals, value = text.partition("=")
        if not equals or not NAME.fullmatch(name):
            raise UsageError(f"--set {text} gives nothing a value", "write --set name=value")
        values[name] = _value(name, value)
    return values


def _file(path: Path) -> dict[str, Any]:
    try:
        source = Source(str(path), plain.read(path, MAX_BYTES))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(f"--vars {path} cannot be read: {why}", "mend the path") from error
    if source.problems:
        raise BoardInvalid(source.problems)
    if not isinstance(source.data, dict):
        raise UsageError(f"--vars {path} is no mapping", "write names and values, such as `weather: fog`")
    values = {name: value for name, value in source.data.items() if not name.startswith("x-")}
    for name in values:
        if not NAME.fullmatch(name):
            remedy = "rename it: a letter or underscore, then letters, digits and underscores"
            raise UsageError(f"--vars {path} gives a value to '{name}', which is no name", remedy)
    return values


def _value(name: str, text: str) -> Any:  # noqa: ANN401 - any YAML
    """A value as a board would read it: 3 is a number, fog is text; what is no YAML is text too."""
    if not text:
        return ""
    source = Source(f"--set {name}", text.encode("utf-8", "surrogateescape"))
    return text if source.problems else source.data


def again(verb: str, about: AboutPlan, *words: str) -> str:
    """A command to type next, about the same board in the same way: a remedy must work as it is typed."""
    parts = ["skyflow", verb, *([about["board"]] if about["board"] != DEFAULT_BOARD else []), *words]
    for name in about["sets"]:
        parts += ["--set", name]
    for file in about["var_files"]:
        parts += ["--vars", file]
    parts += ["--backend", about["backend"]] if about["backend"] != pipeline.DEFAULT_BACKEND else []
    parts += ["--proxy", about["proxy"]] if about["proxy"] else []
    return f"`{shlex.join(parts)}`"
