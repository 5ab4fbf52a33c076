"""The command line's words: help, complaints, exit codes, and what starting costs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyflow import __version__, cli
from skyflow.commands.arguments import parse
from skyflow.commands.verbs import ALWAYS, VERBS
from skyflow.errors import BoardHeld, ExitCode, MakeError, MediaError, Refused, SkyflowError, StoreError, UsageError
from tests.plugging import BOARD, skyflow

HEAVY = ("PIL", "anyio", "asyncio", "av", "jinja2", "jsonschema", "networkx", "numpy", "rich", "trio", "yaml")


@pytest.fixture
def here(project, monkeypatch):
    (project / "board.yaml").write_text(BOARD)
    monkeypatch.chdir(project)
    return project


def said(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """The exit code, stdout and stderr of a command line."""
    code = cli.run(argv)
    out, talk = capsys.readouterr()
    return code, out, talk


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["help"], ["run", "--help"], ["help", "plan"], []])
def test_starting_imports_nothing_that_is_not_used(words):
    program = (
        "import sys; sys.argv[1:] = sys.argv[1:]\n"
        "from skyflow.__main__ import main\n"
        "main()\n"
        f"print('HEAVY', *sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    line = [sys.executable, "-c", program, *words]
    ended = subprocess.run(line, capture_output=True, text=True, check=True)  # noqa: S603 - our own program
    assert ended.stdout.splitlines()[-1].split() == ["HEAVY"]


def test_the_version_is_said_the_same_everywhere(capsys):
    for word in ("--version", "-V"):
        assert said(capsys, word) == (0, f"skyflow {__version__}\n", "")
    ended = skyflow("--version", cwd=Path.cwd())
    assert (ended.returncode, ended.stdout) == (0, f"skyflow {__version__}\n")


def test_alone_it_says_what_there_is_and_that_nothing_was_done(capsys):
    code, out, talk = said(capsys)
    assert (code, out) == (ExitCode.INVALID, "")
    assert talk == said(capsys, "--help")[1] == said(capsys, "help")[1] == said(capsys, "-h")[1]
    for name, verb in VERBS.items():
        assert f"  {name} " in talk
        assert verb.does.split()[0] in talk


@pytest.mark.parametrize("columns", ["79", "80", "200"])
def test_help_is_the_same_whether_anything_is_imported_for_it_or_not(capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    assert skyflow("--help", cwd=Path.cwd()).stdout == said(capsys, "--help")[1]
    if columns == "80":
        kept = Path(cli.__file__).with_name("overview.txt")
        remedy = "COLUMNS=80 python -c 'from skyflow.commands.parser import *; print(end=overview())' makes it anew"
        assert kept.read_text("utf-8") == said(capsys, "--help")[1], remedy


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_has_help_with_examples_that_parse(capsys, name):
    code, out, talk = said(capsys, name, "--help")
    assert (code, talk) == (0, "")
    assert said(capsys, "help", name)[1] == said(capsys, "-h", name)[1] == out
    for option in (*VERBS[name].options, *ALWAYS):
        assert all(spelling in out for spelling in option.names)
    for line, _ in VERBS[name].examples:
        assert line in out
        words = line.partition(" | ")[0].split()
        assert words[:2] == ["skyflow", name]
        assert parse(words[1:])[0] == name


@pytest.mark.parametrize("columns", ["60", "80", "200"])
def test_help_fits_the_terminal(capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    for argv in (["--help"], *([name, "--help"] for name in VERBS)):
        text = said(capsys, *argv)[1]
        prose = [line for line in text.splitlines() if not re.match(r"  skyflow |`skyflow VERB|Storyboards as", line)]
        assert max(map(len, prose)) <= int(columns)


COMPLAINTS = {
    "valdate": ("there is no verb 'valdate'", "did you mean 'validate'?"),
    "frobnicate": ("there is no verb 'frobnicate'", "verbs: init, validate,"),
    "help nope": ("there is no verb 'nope'", ""),
    "--quiet run": ("--quiet stands before the verb", "skyflow run --quiet"),
    "board.yaml": ("what is to be done with board.yaml", "skyflow run board.yaml"),
    "run --sellect x": ("run has no option --sellect", "did you mean '--select'?"),
    "run --sel x": ("run has no option --sel", "write --select"),
    "graph --jobs 2": ("graph has no option --jobs", "it is an option of run"),
    "plan --zzz": ("plan has no option --zzz", "`skyflow plan --help` lists its options"),
    "run --jobs": ("--jobs needs a value", ""),
    "run --jobs 0": ("--jobs 0 is no number of shots", "1 or more"),
    "run --jobs two": ("--jobs two is no number of shots", ""),
    "run -j -3": ("--jobs -3 is no number of shots", ""),
    "retake gulls --takes 0": ("--takes 0 is no number of takes", ""),
    "run --format xml": ("--format xml is not known", "give one of text, json"),
    "run --proxy 8k": ("--proxy 8k is not known", "480p, 720p"),
    "run --dry-run=no": ("--dry-run: ignored explicit argument 'no'", ""),
    "run board.yaml lamp": ("run takes one board, and not lamp", "--select lamp"),
    "run lamp": ("there is no board 'lamp'", "--select lamp"),
    "validate lamp": ("there is no board 'lamp'", "name a file"),
    "show": ("show needs a SHOT", "skyflow show climb"),
    "show board.yaml": ("show needs a SHOT", ""),
    "show lamp harbour": ("there is no board 'lamp'", "one shot at a time"),
    "show board.yaml lamp harbour": ("show takes [BOARD] SHOT, and not harbour", ""),
    "show nope": ("there is no shot 'nope'", "shots: lamp, harbour, gulls"),
    "show lmap": ("there is no shot 'lmap'", "did you mean 'lamp'?"),
    "pick": ("pick needs a SHOT and a TAKE", ""),
    "pick gulls": ("pick needs a TAKE", ""),
    "pick board.yaml gulls": ("pick needs a TAKE", ""),
    "pick gulls two": ("'two' is no take", ""),
    "pick gulls ²": ("'²' is no take", ""),
    "pick gulls 1": ("gulls has no takes as it stands", "skyflow run"),
    "retake harbour": ("harbour is made from lamp, which is not there yet", "skyflow run"),
    "retake nope": ("there is no shot 'nope'", ""),
    "plan bord.yaml": ("there is no bord.yaml", "did you mean 'board.yaml'?"),
    "plan other/film.yaml": ("there is no other/film.yaml", "skyflow init"),
    "plan .": (". is a folder, not a board", "board.yaml"),
    "plan --set weather": ("--set weather gives nothing a value", "--set name=value"),
    "plan --set 1=2": ("--set 1=2 gives nothing a value", ""),
    "plan --vars nope.yaml": ("--vars nope.yaml cannot be read: no such file", ""),
    "plan --backend animtic": ("there is no backend 'animtic'", "did you mean 'animatic'?"),
    "plan --select nope": ("there is no shot 'nope'", ""),
    "run --select ++": ("'++' selects nothing", ""),
    "graph --select nope": ("there is no shot 'nope'", ""),
    "gc nope.yaml": ("there is no nope.yaml", ""),
    "schema nope": ("there is no schema 'nope'", "storyboard"),
    "schema storybord": ("there is no schema 'storybord'", "did you mean 'storyboard'?"),
    "init x --example nope": ("there is no example 'nope'", "known: first-shot,"),
}


@pytest.mark.parametrize("line", COMPLAINTS)
def test_a_wrong_command_line_says_what_and_what_to_do_and_leaves_nothing(here, capsys, line):
    message, remedy = COMPLAINTS[line]
    code, out, talk = said(capsys, *line.split())
    assert (code, out) == (ExitCode.INVALID, "")
    first, *rest = talk.splitlines()
    assert first.startswith(f"error: {message}")
    assert not first.endswith(".")
    assert remedy in "\n".join(rest)
    assert len(rest) == 1
    assert rest[0].startswith("  help: ")
    left = [path.name for path in here.iterdir() if path.name not in {".git", "board.yaml", ".skyflow"}]
    assert left == []


WORDS = {
    "show lamp": {"board": "board.yaml", "shot": "lamp"},
    "show film.yaml lamp": {"board": "film.yaml", "shot": "lamp"},
    "show --backend x lamp": {"board": "board.yaml", "shot": "lamp"},
    "pick gulls 2": {"board": "board.yaml", "shot": "gulls", "take": "2"},
    "pick gulls --strict 2": {"board": "board.yaml", "shot": "gulls", "take": "2"},
    "pick ./gulls gulls 2": {"board": "./gulls", "shot": "gulls", "take": "2"},
    "plan": {"board": "board.yaml"},
    "plan film.yaml": {"board": "film.yaml"},
    "init": {},
    "init x": {"dir": "x"},
    "schema": {},
    "schema plan": {"name": "plan"},
    "doctor": {"board": "board.yaml"},
}


@pytest.mark.parametrize("line", WORDS)
def test_words_after_a_verb_get_their_names(line):
    _, arguments = parse(line.split())
    assert {name: arguments[name] for name in ("board", "shot", "take", "dir", "name") if name in arguments} == WORDS[
        line
    ]


def test_a_file_called_like_a_shot_is_no_board_where_only_a_shot_is_named(here, capsys):
    (here / "lamp").mkdir()
    (here / "gulls").write_text("")
    assert said(capsys, "show", "lamp")[0] == ExitCode.DONE
    assert said(capsys, "show", "gulls")[0] == ExitCode.DONE


@given(
    st.lists(
        st.sampled_from(
            [*VERBS, "--format", "json", "lamp", "2", "-q", "--", "--set", "a=b", "é", "", "-", "x.yaml"]
        ),
        max_size=6,
    )
)
def test_whatever_the_words_are_they_parse_or_are_refused_with_a_reason(words):
    if not words:
        return
    try:
        name, arguments = parse(words)
    except UsageError as error:
        complaint = error.message
        assert complaint.rstrip(".") == complaint != ""
    else:
        assert name in VERBS
        assert {"quiet", "verbose"} <= set(arguments)


@pytest.mark.usefixtures("here")
def test_a_defect_is_said_shortly_with_where_it_happened(capsys, monkeypatch):
    def broken(*_args, **_options):
        raise ZeroDivisionError(f"in {Path.home()}/secret")

    monkeypatch.setattr("skyflow.pipeline.decide_all", broken)
    code, out, talk = said(capsys, "plan")
    assert (code, out) == (ExitCode.SHOT_FAILED, "")
    assert "Traceback" not in talk
    assert str(Path.home()) not in talk
    assert "error: this is a defect of skyflow: ZeroDivisionError: in ~/secret" in talk
    assert re.search(r"^  pipeline\.py:\d+ plan$", talk, re.MULTILINE)
    assert "report it" in talk
    assert "Traceback" in said(capsys, "plan", "--verbose")[2]


@pytest.mark.usefixtures("here")
def test_an_interrupt_ends_every_verb_with_130(capsys, monkeypatch):
    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("skyflow.pipeline.check", interrupted)
    assert said(capsys, "validate") == (ExitCode.INTERRUPTED, "", "interrupted\n")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SkyflowError, 1),
        (MakeError, 1),
        (MediaError, 1),
        (StoreError, 1),
        (UsageError, 2),
        (Refused, 3),
        (BoardHeld, 3),
    ],
)
def test_every_error_ends_with_its_code_and_says_its_remedy(capsys, monkeypatch, error, code):
    def failing(*_args, **_options):
        raise error("this is so", "do that")

    monkeypatch.setattr("skyflow.pipeline.check", failing)
    assert said(capsys, "validate") == (code, "", "error: this is so\n  help: do that\n")
