"""The verbs, and the words that each of them takes: a table, read by the parser, the help and the tests.

Nothing here imports a verb's own module, so that asking for help costs no more than reading this.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from skyflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_BOARD = "board.yaml"


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a verb, as argparse takes it.

    Attributes:
        names: such as ``--select`` and ``-s``; the long one first.
        group: the heading that it stands under in the help.
    """

    names: tuple[str, ...]
    settings: dict[str, Any]
    group: str = "options"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One verb; the function of its name stands in the module of its name under ``commands``.

    Attributes:
        does: one line for the list of verbs.
        words: what follows the verb, those in brackets may be left out.
        examples: command lines, each with what it does.
        more: a paragraph for its help.
        events: whether ``--format json`` prints a line for each event instead of one document.
    """

    does: str
    group: str
    words: tuple[str, ...] = ("[BOARD]",)
    examples: tuple[tuple[str, str], ...]
    options: tuple[Option, ...] = ()
    more: str = ""
    events: bool = False

    @property
    def needed(self) -> tuple[str, ...]:
        """The words that may not be left out."""
        return tuple(word for word in self.words if not word.startswith("["))


def _option(*names: str, group: str = "options", **settings: Any) -> Option:  # noqa: ANN401 - argparse's own
    return Option(names, settings, group)


def _one_of(name: str, *choices: str) -> Callable[[str], str]:
    def chosen(text: str) -> str:
        if text not in choices:
            raise UsageError(f"{name} {text} is not known", f"give one of {', '.join(choices)}")
        return text

    return chosen


def _at_least_one(name: str, what: str) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not re.fullmatch("[0-9]{1,9}", text) or int(text) < 1:
            raise UsageError(f"{name} {text} is no number of {what}", f"give 1 or more, such as {name} 2")
        return int(text)

    return number


def _amount(name: str) -> Callable[[str], Decimal]:
    def amount(text: str) -> Decimal:
        if not re.fullmatch(r"[0-9]{1,9}([.][0-9]{1,6})?", text):
            raise UsageError(f"{name} {text} is no amount", f"give USD, such as {name} 12.50")
        return Decimal(text)

    return amount


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > 65_535:
        raise UsageError(
            f"--port {text} is no port", "give one up to 65535, or leave it out to take any that is free"
        )
    return int(text)


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text):
        raise UsageError(f"--latency {text} is no time", "give seconds, such as --latency 0.5")
    return float(text)


def _format(*choices: str, says: str) -> Option:
    return _option(
        "--format",
        dest="form",
        type=_one_of("--format", *choices),
        default=choices[0],
        metavar="|".join(choices),
        help=f"{says} (default: {choices[0]})",
    )


ABOUT_BOARD = "the board"
ABOUT_MAKER = "what makes the clips"
ABOUT_MONEY = "what costs money"
EVERYWHERE = "how much is said"

SET = _option(
    "--set", group=ABOUT_BOARD, dest="sets", action="append", default=[], metavar="NAME=VALUE",
    help="a value for templates; wins over the board's vars and over --vars",
)  # fmt: skip
VARS = _option(
    "--vars", group=ABOUT_BOARD, dest="var_files", action="append", default=[], metavar="FILE",
    help="a YAML file of such values; a later file wins",
)  # fmt: skip
STRICT = _option("--strict", group=ABOUT_BOARD, action="store_true", help="take warnings for errors")
BACKEND = _option(
    "--backend", group=ABOUT_MAKER, default="animatic", metavar="NAME",
    help="animatic, which is free and the default; runware, which makes the real film; or one that is installed",
)  # fmt: skip
PROXY = _option(
    "--proxy", group=ABOUT_MAKER, type=_one_of("--proxy", "480p", "720p"), metavar="480p|720p",
    help="have the animatic draw small, for a fast look; kept apart from the full size",
)  # fmt: skip
SELECT = _option(
    "--select", "-s", action="append", default=[], metavar="SHOTS",
    help="only these shots: lamp; +lamp with all that it needs; lamp+ with all that needs it; tag:NAME; "
    "state:changed; spaces between for a union, commas for an intersection",
)  # fmt: skip
EXCLUDE = _option(
    "--exclude", action="append", default=[], metavar="SHOTS", help="but not these, written the same way",
)  # fmt: skip
DRY_RUN = "--dry-run"
JSON = _format("text", "json", says="for people or for programs")
QUIET = _option("--quiet", "-q", group=EVERYWHERE, action="store_true", help="only results and failures")
VERBOSE = _option(
    "--verbose", "-v", group=EVERYWHERE, action="store_true",
    help="everything: each unchanged shot, each problem, the traceback of a defect",
)  # fmt: skip

BOARD = (SET, VARS, STRICT)
PLANNING = (*BOARD, BACKEND, PROXY)
CHOOSING = (SELECT, EXCLUDE)
PAYING = (
    _option(
        "--max-cost", group=ABOUT_MONEY, type=_amount("--max-cost"), metavar="USD",
        help="the most that this run may newly spend; the board's own budget counts too",
    ),
    _option(
        "--yes", "-y", group=ABOUT_MONEY, action="store_true",
        help="spend what the plan says without a question",
    ),
    _option(
        "--webhook-listen", group=ABOUT_MONEY, dest="listen", metavar="HOST:PORT",
        help="hear there when a clip is ready, instead of only asking now and then",
    ),
    _option(
        "--webhook-url", group=ABOUT_MONEY, metavar="URL",
        help="the address under which the provider reaches --webhook-listen",
    ),
)  # fmt: skip
ALWAYS = (QUIET, VERBOSE)

MAKE, LOOK, TAKES, REST = "to make a film", "to look", "to choose", "to keep house"
"""The groups of the list of verbs, in the order in which a newcomer meets them."""

VERBS: dict[str, Verb] = {
    "init": Verb(
        does="start a project with a board that runs as it is",
        group=MAKE,
        words=("[DIR]",),
        examples=(
            ("skyflow init my-film", "a new folder"),
            ("skyflow init my-ad --example spot-9x16", "from another example"),
        ),
        options=(_option("--example", default="starter", metavar="NAME", help="what to start from"),),
        more="Nothing that is there already is overwritten.",
    ),
    "validate": Verb(
        does="find everything that is wrong with a board, in one pass",
        group=MAKE,
        examples=(
            ("skyflow validate", "board.yaml in this folder"),
            ("skyflow validate film.yaml --format github", "annotations in a workflow"),
        ),
        options=(*BOARD, _format("text", "json", "github", says="for people, for programs, as annotations")),
        more="Reads the board and every file that it names; writes nothing, asks no network.",
    ),
    "plan": Verb(
        does="what a run would do, why, and what it would cost; nothing is made",
        group=MAKE,
        examples=(
            ("skyflow plan", "every shot of board.yaml"),
            ("skyflow plan --set weather=fog --select opening+", "what fog would change"),
        ),
        options=(
            *PLANNING,
            *CHOOSING,
            JSON,
            _option("--detailed-exitcode", action="store_true", help="exit 2 where there is something to make"),
        ),
    ),
    "run": Verb(
        does="make what is missing, in dependency order, then the cut",
        group=MAKE,
        examples=(
            ("skyflow run", "board.yaml in this folder"),
            ("skyflow run film.yaml --proxy 480p", "a fast look"),
            ("skyflow run --select +lamp", "lamp and all that it needs"),
            ("skyflow run --select tag:keeper --exclude lamp", "the keeper's shots but one"),
            ("skyflow run --backend runware --max-cost 20", "the real film, for at most $20"),
        ),
        options=(
            *PLANNING,
            *CHOOSING,
            JSON,
            _option(
                "--jobs", "-j", type=_at_least_one("--jobs", "shots"), metavar="N", help="how many shots at once"
            ),
            _option("--fail-fast", action="store_true", help="stop everything at the first failure"),
            _option("--locked", action="store_true", help="make nothing new: restore what the lock names, or refuse"),
            _option(DRY_RUN, action="store_true", help="only plan"),
            _option("--wait", action="store_true", help="where another run holds the board, wait for its end"),
            *PAYING,
        ),
        more="The path of the cut goes to the standard output, all talk to the standard error. Ctrl-C keeps what was "
        "finished, and the next run goes on from there.",
        events=True,
    ),
    "show": Verb(
        does="a shot's prompt in its final words, its exact request and its key",
        group=LOOK,
        words=("[BOARD]", "SHOT"),
        examples=(
            ("skyflow show climb", "of board.yaml"),
            ("skyflow show film.yaml climb --format json", "for a program"),
        ),
        options=(*PLANNING, JSON),
    ),
    "graph": Verb(
        does="the shots and what they depend on",
        group=LOOK,
        examples=(
            ("skyflow graph", "Mermaid, which GitHub shows in Markdown"),
            ("skyflow graph --format dot | dot -Tsvg > film.svg", "through Graphviz"),
        ),
        options=(*PLANNING, *CHOOSING, _format("mermaid", "dot", "json", says="the form")),
    ),
    "status": Verb(
        does="what is there of each shot, from lock and store",
        group=LOOK,
        examples=(
            ("skyflow status", "board.yaml in this folder"),
            ("skyflow status --select state:changed", "only what a run would make"),
        ),
        options=(*PLANNING, *CHOOSING, JSON),
    ),
    "pick": Verb(
        does="choose the take that the film uses",
        group=TAKES,
        words=("[BOARD]", "SHOT", "TAKE"),
        examples=(("skyflow pick harbour 2", "then `skyflow run` brings the film up to date"),),
        options=PLANNING,
        more="Only the lock changes; nothing is made.",
    ),
    "retake": Verb(
        does="make more takes of a shot as it stands; the pick stays",
        group=TAKES,
        words=("[BOARD]", "SHOT"),
        examples=(
            ("skyflow retake harbour", "one more take"),
            ("skyflow retake film.yaml harbour --takes 2", "two more"),
        ),
        options=(
            *PLANNING,
            JSON,
            _option(
                "--takes",
                type=_at_least_one("--takes", "takes"),
                default=1,
                metavar="N",
                help="how many more (default: 1)",
            ),
            *PAYING,
        ),
        events=True,
    ),
    "cut": Verb(
        does="only put the final edit together, from the takes that are picked",
        group=TAKES,
        examples=(("skyflow cut", "board.yaml in this folder"),),
        options=(*PLANNING, JSON),
        events=True,
    ),
    "recover": Verb(
        does="fetch what an interrupted run paid for, whatever the board says now; buys nothing",
        group=REST,
        examples=(
            ("skyflow recover", "what board.yaml's runs left at the provider"),
            ("skyflow recover film.yaml --format json", "for a program"),
        ),
        options=(
            _option("--backend", group=ABOUT_MAKER, default="runware", metavar="NAME", help="whose"),
            JSON,
            _option(
                "--give-up",
                action="store_true",
                help="ask nobody, and write all of it off: the next run buys again what it wants of it",
            ),
        ),
        more="Each clip goes into the store and is recorded as a take of the shot that it was bought for. The board "
        "may have changed since, or be broken.",
    ),
    "gc": Verb(
        does="drop what no lock names, and old versions of what can be made again for nothing",
        group=REST,
        examples=(
            ("skyflow gc --dry-run", "only say what would go"),
            ("skyflow gc --yes", "without a question"),
        ),
        options=(
            _option("--yes", "-y", action="store_true", help="do not ask"),
            _option(DRY_RUN, action="store_true", help="only say what would go"),
        ),
        more="What any lock of any board of the folder names is kept, and so is every take that cost something.",
    ),
    "ledger": Verb(
        does="every task that was bought: what became of it and what it cost",
        group=REST,
        examples=(
            ("skyflow ledger", "of board.yaml"),
            ("skyflow ledger --all --format csv", "of all boards of the folder, for a spreadsheet"),
        ),
        options=(
            _format("text", "csv", "json", says="for people, for spreadsheets, for programs"),
            _option("--all", dest="everywhere", action="store_true", help="of all boards of the folder"),
        ),
        more="Failed attempts are listed too, each with what the provider said. Nothing is asked of the provider.",
    ),
    "schema": Verb(
        does="print a JSON Schema of the product",
        group=REST,
        words=("[NAME]",),
        examples=(
            ("skyflow schema", "the storyboard's, for editors"),
            ("skyflow schema plan", "of what `plan --format json` prints"),
        ),
    ),
    "doctor": Verb(
        does="what this machine has for skyflow: codecs, fonts, disk, key",
        group=REST,
        examples=(("skyflow doctor", "and what the prompts of board.yaml need"),),
        options=(JSON,),
    ),
    "sandbox": Verb(
        does="a provider on this machine, to try a paid run without a key and a cent",
        group=REST,
        words=(),
        examples=(
            ("skyflow sandbox", "prints what to export; Ctrl-C ends it"),
            ("skyflow sandbox --faults faults.yaml --latency 0.5", "one that misbehaves, and is quick"),
        ),
        options=(
            _option("--port", type=_port, default=0, metavar="N", help="where to listen (default: any that is free)"),
            _option("--faults", metavar="FILE", help="what is to go wrong, and when"),
            _option("--state", metavar="DIR", help="where it keeps its tasks (default: in .skyflow here)"),
            _option(
                "--latency", type=_seconds, metavar="SECONDS", help="how long a take is in the making (default: 2)"
            ),
            _option(
                "--clips",
                type=_one_of("--clips", "animatic", "stand-in"),
                default="animatic",
                metavar="animatic|stand-in",
                help="what it makes: drawings, or plain clips at once (default: animatic)",
            ),
        ),
        more="Nothing leaves this machine. Every charge stands in a ledger that it serves; its state outlives it.",
    ),
}
