"""The command line: arguments, the table of verbs, and what becomes of every error.

Only the chosen verb is imported, and here is the only place where an import waits for its use.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from skyflow._version import __version__
from skyflow.errors import BoardInvalid, ExitCode, SkyflowError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DEFAULT_BOARD = "board.yaml"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a verb, as argparse takes it."""

    names: tuple[str, ...]
    options: dict[str, Any]


def _argument(*names: str, **options: Any) -> Argument:  # noqa: ANN401 - argparse's own
    return Argument(names, options)


def _form(*choices: str) -> Argument:
    return _argument("--format", dest="form", choices=choices, default=choices[0], help=f"default: {choices[0]}")


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: the module and function of its own name under ``commands``.

    Attributes:
        does: one line for the list of verbs.
        example: shown under its help.
        words: what follows the verb: nothing, a board, or a board and so many more words.
    """

    does: str
    example: str
    arguments: tuple[Argument, ...] = ()
    words: str = "[BOARD]"


SET = _argument("--set", dest="sets", action="append", default=[], metavar="NAME=VALUE", help="a value for templates")
VARS = _argument(
    "--vars", dest="var_files", action="append", default=[], metavar="FILE", help="a YAML file of such values"
)
BACKEND = _argument("--backend", default="animatic", metavar="NAME", help="what makes the clips (default: animatic)")
PROXY = _argument("--proxy", choices=["480p", "720p"], help="draw the animatic small, for a fast look")
SELECT = _argument(
    "--select", "-s", action="append", default=[], metavar="SHOTS",
    help="only these shots: lamp, +lamp (with all it needs), lamp+ (with all that needs it); separate by commas",
)  # fmt: skip
JSON = _form("text", "json")
STRICT = _argument("--strict", action="store_true", help="take warnings for errors")
YES = _argument("--yes", "-y", action="store_true", help="do not ask")
BOARD = (SET, VARS, STRICT)
PLANNING = (*BOARD, BACKEND, PROXY)

VERBS: dict[str, Verb] = {
    "init": Verb(
        "start a project with a board that runs as it is",
        "skyflow init my-film",
        (_argument("--example", default="starter", metavar="NAME", help="which example to start from"),),
        "[DIR]",
    ),
    "validate": Verb(
        "find everything that is wrong with a board, in one pass",
        "skyflow validate board.yaml --format github",
        (
            *BOARD,
            _argument(
                "--format", dest="form", choices=["text", "json", "github"], default="text", help="how to say it"
            ),
        ),
    ),
    "plan": Verb(
        "what a run would do, why, and what it would cost; nothing is made",
        "skyflow plan board.yaml --set weather=fog",
        (
            *PLANNING,
            SELECT,
            JSON,
            _argument("--detailed-exitcode", action="store_true", help="exit 2 where there is something to make"),
        ),
    ),
    "run": Verb(
        "make what is missing, in dependency order, then the cut",
        "skyflow run board.yaml --proxy 480p",
        (
            *PLANNING,
            SELECT,
            JSON,
            _argument("--jobs", "-j", type=int, metavar="N", help="how many shots at once"),
            _argument("--fail-fast", action="store_true", help="stop at the first failure"),
            _argument("--locked", action="store_true", help="make nothing new; restore what the lock names"),
            _argument("--dry-run", action="store_true", help="the same as plan"),
            _argument("--wait", action="store_true", help="where another run holds the board, wait for it"),
        ),
    ),
    "show": Verb(
        "a shot's prompt in its final words, its exact request and its key",
        "skyflow show climb --format json",
        (*PLANNING, JSON),
        "[BOARD] SHOT",
    ),
    "graph": Verb(
        "the shots and what they depend on",
        "skyflow graph --format mermaid",
        (
            *BOARD,
            SELECT,
            _argument(
                "--format", dest="form", choices=["mermaid", "dot", "json"], default="mermaid", help="the form"
            ),
        ),
    ),
    "status": Verb("what is there of each shot", "skyflow status", (*PLANNING, JSON)),
    "cut": Verb("only put the final edit together", "skyflow cut board.yaml", (*PLANNING, JSON)),
    "pick": Verb("choose the take that the film uses", "skyflow pick harbour 2", PLANNING, "[BOARD] SHOT TAKE"),
    "retake": Verb(
        "make one more take of a shot as it stands; the pick stays",
        "skyflow retake harbour --takes 2",
        (*PLANNING, JSON, _argument("--takes", type=int, default=1, metavar="N", help="how many more (default: 1)")),
        "[BOARD] SHOT",
    ),
    "gc": Verb(
        "drop what no lock names, and old versions of what can be made again for nothing",
        "skyflow gc --dry-run",
        (*BOARD, YES, _argument("--dry-run", action="store_true", help="only say what would go")),
    ),
    "schema": Verb("print a JSON Schema of the product", "skyflow schema storyboard", words="[NAME]"),
    "doctor": Verb(
        "what this machine has for skyflow: codecs, fonts, disk, key",
        "skyflow doctor board.yaml",
        (JSON,),
    ),
}


def run(argv: Sequence[str]) -> int:
    """Do what the arguments say.

    Returns:
        The exit code; see ExitCode. No exception leaves but a bug's, and that with where to take it.
    """
    try:
        verb, arguments = parse(argv)
    except SystemExit as end:  # argparse has printed help or a complaint
        return end.code if isinstance(end.code, int) else ExitCode.INVALID
    terminal_module = importlib.import_module("skyflow.terminal")
    terminal = terminal_module.Terminal(quiet=arguments.pop("quiet"), verbose=arguments.pop("verbose"))
    problem_format = arguments.get("form", "text")
    try:
        command: Callable[..., int] = getattr(importlib.import_module(f"skyflow.commands.{verb}"), verb)
        return int(command(terminal=terminal, **arguments))
    except BoardInvalid as invalid:
        terminal.problems(invalid.problems, problem_format)
        return invalid.exit_code
    except SkyflowError as error:
        terminal.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        terminal.say("interrupted; what was finished is kept, and `skyflow run` goes on from there")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has closed it (head, less); Python must not complain again when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE


def parse(argv: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The verb, and its arguments by name."""
    name = next((word for word in argv if not word.startswith("-")), None)
    parser = _Parser(
        prog="skyflow",
        description="Storyboards as code: a YAML file of shots, planned, made once, cut into a film.",
        epilog="`skyflow VERB --help` tells more. A person's main verbs are init, validate, plan and run.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"skyflow {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb_name, verb in VERBS.items():
        subparser = verbs.add_parser(
            verb_name,
            help=verb.does,
            description=verb.does[0].upper() + verb.does[1:] + ".",
            epilog=f"example: {verb.example}",
        )
        if verb_name == name:
            _fill(subparser, verb)
    arguments = vars(parser.parse_args(argv))
    chosen = str(arguments.pop("verb"))
    words = arguments.pop("words", [])
    return chosen, arguments | _words(chosen, words, verbs.choices[chosen])


def _fill(parser: argparse.ArgumentParser, verb: Verb) -> None:
    parser.add_argument("words", nargs="*", metavar=verb.words, help=argparse.SUPPRESS)
    parser.usage = f"%(prog)s {verb.words} [options]"
    for argument in verb.arguments:
        parser.add_argument(*argument.names, **argument.options)
    parser.add_argument("--quiet", "-q", action="store_true", help="say only what failed")
    parser.add_argument("--verbose", "-v", action="store_true", help="say more")


def _words(verb: str, words: list[str], parser: argparse.ArgumentParser) -> dict[str, str]:
    """Name the words after a verb. Where a shot is wanted and the first word is no file, the board is board.yaml."""
    names = [word.strip("[]").lower() for word in VERBS[verb].words.split()]
    required = [name for name in VERBS[verb].words.split() if not name.startswith("[")]
    if names[0] == "board" and len(words) == len(required):
        words = [DEFAULT_BOARD, *words]
    if names == ["board"] and not words:
        words = [DEFAULT_BOARD]
    if len(words) > len(names) or len(words) < len(required):
        parser.error(f"needs {' '.join(VERBS[verb].words.split())}, has {' '.join(words) or 'nothing'}")
    return dict(zip(names, words, strict=False))


class _Parser(argparse.ArgumentParser):
    """argparse, with our exit code and a 'did you mean' for verbs."""

    def error(self, message: str) -> NoReturn:
        if "invalid choice" in message and "VERB" in message:
            from skyflow.problems import did_you_mean  # noqa: PLC0415 - difflib only where somebody mistyped

            word = message.partition("'")[2].partition("'")[0]
            remedy = did_you_mean(word, VERBS) or f"verbs: {', '.join(VERBS)}"
            self.exit(ExitCode.INVALID, f"error: there is no verb '{word}'\n  help: {remedy}\n")
        self.exit(ExitCode.INVALID, f"error: {message}\n  help: `{self.prog} --help` lists what there is\n")


__all__ = ["VERBS", "UsageError", "parse", "run"]
