"""From the words of a command line to a verb and its arguments."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skyflow.commands.parser import HELP, parser
from skyflow.commands.verbs import DEFAULT_BOARD, DRY_RUN, VERBS, Verb
from skyflow.errors import UsageError
from skyflow.problems import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ID = re.compile("[A-Za-z][A-Za-z0-9_]*")
"""What can be the name of a shot; any other word is taken for a file."""


def parse(argv: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The verb, and its arguments by name.

    Raises:
        UsageError: there is no such verb or option, or a word is missing or too many.
    """
    name = next((word for word in argv if word not in {"help", *HELP}), argv[0])
    if name not in VERBS:
        raise _no_verb(name)
    arguments = vars(parser(name).parse_intermixed_args(argv[1:]))
    return name, arguments | _words(name, VERBS[name], arguments.pop("words"))


def asked_format(argv: Sequence[str]) -> str:
    """The ``--format`` that was asked for, also where the rest of the line is wrong."""
    for word, after in zip(argv, [*argv[1:], ""], strict=True):
        if word == "--format" or word.startswith("--format="):
            return after if word == "--format" else word.partition("=")[2]
    return "text"


def prints_events(argv: Sequence[str]) -> bool:
    """Whether ``--format json`` would print a line for each event rather than one document."""
    return bool(argv) and argv[0] in VERBS and VERBS[argv[0]].events and DRY_RUN not in argv


def _no_verb(name: str) -> UsageError:
    if name.startswith("-"):
        return UsageError(f"{name} stands before the verb", "write options after it, such as `skyflow run --quiet`")
    if name.endswith((".yaml", ".yml")):
        return UsageError(f"what is to be done with {name}", f"name a verb first, such as `skyflow run {name}`")
    near = did_you_mean(name, VERBS)
    return UsageError(f"there is no verb '{name}'", near or f"verbs: {', '.join(VERBS)}")


def _words(name: str, verb: Verb, words: list[str]) -> dict[str, str]:
    """Name the words after a verb. Where a shot is wanted and no file is named, the board is board.yaml."""
    names = [word.strip("[]").lower() for word in verb.words]
    if names[:1] == ["board"] and len(words) == len(verb.needed) and (not words or ID.fullmatch(words[0])):
        words = [DEFAULT_BOARD, *words]
    has_first = len(words) == len(names)
    if len(words) > len(names):
        raise _too_many(name, verb, words[len(names) :])
    if not has_first and verb.needed:
        raise _too_few(name, verb, words)
    if has_first and names[:1] == ["board"]:
        _look_for_board(name, verb, words)
    return dict(zip(names, words, strict=False))


def _too_many(name: str, verb: Verb, words: Iterable[str]) -> UsageError:
    extra = " ".join(words)
    if any("--select" in option.names for option in verb.options):
        return UsageError(f"{name} takes one board, and not {extra}", f"choose shots with --select {extra}")
    takes = " ".join(verb.words) or "only options"
    return UsageError(f"{name} takes {takes}, and not {extra}", f"for example: {verb.examples[0][0]}")


def _too_few(name: str, verb: Verb, words: list[str]) -> UsageError:
    named = [word for word in words if ID.fullmatch(word) or word.isdecimal()]
    missing = " and a ".join(verb.needed[len(named) :] or verb.needed[-1:])
    return UsageError(f"{name} needs a {missing}", f"for example: {verb.examples[0][0]}")


def _look_for_board(name: str, verb: Verb, words: list[str]) -> None:
    """A word that could be a shot and is no file stands where a board is expected: say what was meant."""
    board = words[0]
    if not ID.fullmatch(board) or Path(board).exists():
        return
    remedy = "name a file, such as board.yaml"
    if any("--select" in option.names for option in verb.options):
        remedy += f"; to choose a shot, write --select {board}"
    elif verb.needed:
        remedy += f"; {name} takes one shot at a time"
    raise UsageError(f"there is no board '{board}'", remedy)
