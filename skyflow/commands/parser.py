"""What a person reads before anything runs: the list of verbs, a verb's help, and complaints about its words."""

from __future__ import annotations

import argparse
import re
import shutil
import textwrap
from typing import NoReturn

from skyflow.commands.verbs import ALWAYS, VERBS
from skyflow.errors import UsageError
from skyflow.problems import did_you_mean

HELP = ("--help", "-h")

USUAL_WIDTH = 80
"""Columns of the terminals that the list of verbs is made for; a narrower one gets it folded."""


def overview() -> str:
    """The list of verbs, as ``skyflow --help`` prints it; ``overview.txt`` holds it for most terminals."""
    width = min(_width(), USUAL_WIDTH - 2)
    lines = ["Storyboards as code: a YAML file of shots, planned, made once, cut into a film.", ""]
    lines += ["usage: skyflow VERB [BOARD] [options]"]
    for group in dict.fromkeys(verb.group for verb in VERBS.values()):
        lines += ["", f"{group}:"]
        for name, verb in VERBS.items():
            if verb.group == group:
                lines += _hanging(f"  {name:<10}", verb.does, width)
    lines += ["", "BOARD is board.yaml in this folder where none is named."]
    lines += ["`skyflow VERB --help` has examples and every option. Start with `skyflow init`."]
    return "\n".join(lines) + "\n"


def _hanging(head: str, text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=head, subsequent_indent=" " * len(head))


def _width() -> int:
    return max(40, min(100, shutil.get_terminal_size().columns) - 2)


def parser(name: str) -> argparse.ArgumentParser:
    """What reads a verb's arguments; its ``format_help`` is the verb's help."""
    verb = VERBS[name]
    words = " ".join(verb.words)
    examples = max(len(line) for line, _ in verb.examples)
    made = _Parser(
        prog=f"skyflow {name}",
        usage=f"%(prog)s {words} [options]".replace("  ", " "),
        description=f"{verb.does[0].upper()}{verb.does[1:]}.{' ' if verb.more else ''}{verb.more}",
        epilog="examples:\n" + "\n".join(f"  {line:<{examples}}   {does}" for line, does in verb.examples),
        formatter_class=_Formatter,
        add_help=False,
        allow_abbrev=False,
    )
    made.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    groups = {"options": made.add_argument_group("options")}
    for option in (*verb.options, *ALWAYS):
        if option.group not in groups:
            groups[option.group] = made.add_argument_group(option.group)
        groups[option.group].add_argument(*option.names, **option.settings)
    groups["options"].add_argument(*HELP, action="store_true", default=argparse.SUPPRESS, help="this help")
    return made


class _Formatter(argparse.HelpFormatter):
    """Prose is wrapped to the terminal; the examples are lines and stay so."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26, width=_width())

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if text.startswith("examples:\n") else super()._fill_text(text, width, indent)


class _Parser(argparse.ArgumentParser):
    """argparse, whose complaints are ours: raised, with a remedy."""

    def error(self, message: str) -> NoReturn:
        """Turn what argparse says into a UsageError."""
        verb = self.prog.removeprefix("skyflow ")
        unknown = re.match(r"unrecognized arguments: (.*)", message, re.DOTALL)
        if unknown:
            raise _no_option(verb, unknown[1].split())
        valueless = re.match(r"argument (\S+?)(?:/\S+)?: expected", message)
        if valueless:
            raise UsageError(f"{valueless[1]} needs a value", f"`{self.prog} --help` shows it")
        raise UsageError(message.removeprefix("argument "), f"`{self.prog} --help` lists what there is")


def _no_option(verb: str, words: list[str]) -> UsageError:
    word = next((word for word in words if word.startswith("-")), words[0]).partition("=")[0]
    known = [name for option in (*VERBS[verb].options, *ALWAYS) for name in option.names]
    owners = [name for name, other in VERBS.items() if any(word in option.names for option in other.options)]
    longer = [name for name in known if name.startswith(word)]  # an abbreviation would change its meaning one day
    if len(longer) == 1:
        remedy = f"write {longer[0]}"
    elif owners:
        remedy = f"it is an option of {', '.join(owners)}"
    else:
        remedy = did_you_mean(word, known) or f"`skyflow {verb} --help` lists its options"
    return UsageError(f"{verb} has no option {word}", remedy)
