"""What goes to which stream, in which form, and what the schemas promise about it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from skyflow import cli
from skyflow.errors import ExitCode
from skyflow.published import schema, schema_names
from tests.fakes import files_in
from tests.plugging import BOARD, change, environment, plug_in, skyflow

WRONG = "skyflow: 1\nshots:\n  lamp: {prompt: '{{ wether }}', seed: 3}\n"
WARNED = "skyflow: 1\ntags: {gull: {describe: a gull}}\nshots:\n  lamp: {prompt: A lamp.}\n"
ESCAPE = re.compile("\x1b")


@pytest.fixture(autouse=True)
def here(project, monkeypatch):
    (project / "board.yaml").write_text(BOARD)
    (project / "wrong.yaml").write_text(WRONG)
    (project / "warned.yaml").write_text(WARNED)
    monkeypatch.syspath_prepend(plug_in(project / "plugged"))
    monkeypatch.chdir(project)
    return project


def said(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = cli.run(argv)
    out, talk = capsys.readouterr()
    return code, out, talk


def check(name: str, value: Any) -> None:
    """Hold a value to a published schema, which has to describe every key of it."""
    Draft202012Validator(closed(schema(name))).validate(value)


def closed(part: Any) -> Any:
    """A schema that allows only what it describes; the published one leaves room for what comes later."""
    if isinstance(part, list):
        return [closed(item) for item in part]
    if not isinstance(part, dict):
        return part
    made = {key: closed(value) for key, value in part.items()}
    return made | ({"additionalProperties": False} if "properties" in part else {})


def described(part: Any, path: str = "") -> list[str]:
    """Every property of a schema without a description, by the way that leads to it."""
    if isinstance(part, list):
        return [found for number, item in enumerate(part) for found in described(item, f"{path}/{number}")]
    if not isinstance(part, dict):
        return []
    bare = [
        f"{path}/{name}"
        for name, value in part.get("properties", {}).items()
        if isinstance(value, dict) and "description" not in value and "$ref" not in value
    ]
    return bare + [found for key, value in part.items() for found in described(value, f"{path}/{key}")]


OURS = ("doctor", "error", "events", "graph", "plan", "problems", "show", "status")


@pytest.mark.parametrize("name", OURS)
def test_a_schema_of_what_is_printed_is_one_and_describes_every_key(name):
    assert name in schema_names()
    Draft202012Validator.check_schema(schema(name))
    assert schema(name)["$id"] == f"urn:skyflow:schema:{name}:1"
    assert described(schema(name)) == []


def test_what_several_schemas_describe_they_describe_alike():
    events = schema("events")["$defs"]
    assert events["problem"] == schema("problems")["$defs"]["problem"]
    assert events["problems"]["properties"] == schema("problems")["properties"]
    assert events["error"]["properties"] == schema("error")["properties"]
    for name in ("request", "medium"):
        assert schema("plan")["$defs"][name] == schema("show")["$defs"][name]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("validate", "problems"),
        ("validate warned.yaml", "problems"),
        ("plan", "plan"),
        ("plan --select lamp", "plan"),
        ("run --dry-run", "plan"),
        ("show lamp", "show"),
        ("show harbour", "show"),
        ("graph", "graph"),
        ("status", "status"),
        ("doctor", "doctor"),
    ],
)
def test_json_is_all_of_stdout_and_what_its_schema_says(capsys, line, name):
    code, out, _ = said(capsys, *line.split(), "--format", "json")
    assert code == ExitCode.DONE
    check(name, json.loads(out))


@pytest.mark.parametrize(
    "verb", ["validate", "plan", "run", "run --dry-run", "show", "graph", "status", "cut", "retake"]
)
def test_a_wrong_board_is_said_as_json_too(capsys, verb):
    words = ["wrong.yaml", "lamp"] if verb in {"show", "retake"} else ["wrong.yaml"]
    code, out, talk = said(capsys, *verb.split(), *words, "--format", "json")
    assert (code, talk) == (ExitCode.INVALID, "")
    problems = json.loads(out)
    check("problems", problems)
    assert {problem["code"] for problem in problems["problems"]} == {"SF0208", "SF0401"}
    if verb in {"run", "cut", "retake"}:
        assert out.count("\n") == 1
        check("events", problems)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("frob --format json", 2),
        ("plan nope.yaml --format json", 2),
        ("plan --format=json --zzz", 2),
        ("run --select nope --format json", 2),
        ("run --locked --format json", 3),
        ("cut --format json", 1),
    ],
)
def test_a_failure_is_said_as_json_too(capsys, line, code):
    ended, out, talk = said(capsys, *line.split())
    assert (ended, talk) == (code, "")
    last = json.loads(out.splitlines()[-1] if line.startswith(("run", "cut")) else out)
    check("error", last)
    assert last["error"]["exit_code"] == code


def test_the_events_of_a_run_are_what_their_schema_says(here, capsys):
    change(here / "board.yaml", "The harbour.", "The harbour. FAIL")
    change(here / "board.yaml", "Gulls.", "Gulls. NOTE")
    code, out, talk = said(capsys, "run", "--backend", "quick", "--format", "json")
    assert (code, talk) == (ExitCode.SHOT_FAILED, "")
    events = [json.loads(line) for line in out.splitlines()]
    for event in events:
        check("events", event)
    kinds = [event["event"] for event in events]
    assert kinds[0] == "run_started"
    assert kinds[-1] == "run_ended"
    assert events[-1]["exit_code"] == code
    assert {"shot_started", "shot_progress", "shot_done", "shot_failed", "cut_left"} <= set(kinds)
    failed = next(event for event in events if event["event"] == "shot_failed")
    assert (failed["shot"], failed["message"], failed["remedy"]) == ("harbour", "the film tore", "splice it")
    noted = next(event for event in events if event["event"] == "shot_done" and event["shot"] == "gulls")
    assert noted["notes"] == ["no font has 🜁"]


def test_a_request_for_programs_names_media_by_file_or_shot(capsys):
    whole = json.loads(said(capsys, "plan", "--format", "json")[1])
    harbour = next(step for step in whole["shots"] if step["shot"] == "harbour")
    assert harbour["request"]["inputs"]["frameImages"] == [{"image": {"shot": "lamp", "frame": 95}}]
    assert whole["order"] == [step["shot"] for step in whole["shots"]] == ["lamp", "harbour", "gulls"]
    assert whole["total_cost"] == pytest.approx(sum(step["cost"] for step in whole["shots"]))


@pytest.mark.parametrize("line", ["plan", "show lamp", "graph", "status", "schema", "doctor"])
def test_an_answer_is_data_and_all_of_it_on_stdout(capsys, line):
    code, out, talk = said(capsys, *line.split())
    assert (code, talk) == (ExitCode.DONE, "")
    assert out.endswith("\n")
    assert not any(line != line.rstrip() for line in out.splitlines())
    assert said(capsys, *line.split(), *([] if line == "schema" else ["--quiet"]))[1] == out


def test_problems_are_the_answer_of_validate_and_talk_of_every_other_verb(capsys):
    code, out, talk = said(capsys, "validate", "wrong.yaml")
    assert (code, talk) == (ExitCode.INVALID, "")
    assert "error[SF0401]: 'wether' is not defined" in out
    assert out.endswith("2 errors\n")
    assert said(capsys, "plan", "wrong.yaml") == (ExitCode.INVALID, "", out)


def test_validate_says_that_a_board_is_good_to_people_only(capsys):
    assert said(capsys, "validate") == (0, "", "board.yaml is valid: 3 shots, a cut of 9.0 s\n")
    assert said(capsys, "validate", "--quiet") == (0, "", "")
    assert said(capsys, "validate", "--format", "github") == (0, "", "")
    assert said(capsys, "validate", "--format", "json") == (0, '{\n  "problems": []\n}\n', "")


def test_strict_takes_warnings_for_errors_in_every_verb(capsys):
    code, out, talk = said(capsys, "validate", "warned.yaml")
    assert (code, out.splitlines()[-1]) == (ExitCode.DONE, "1 warning")
    assert "is valid" in talk
    assert said(capsys, "validate", "warned.yaml", "--strict")[0] == ExitCode.INVALID
    assert said(capsys, "plan", "warned.yaml")[0] == ExitCode.DONE
    code, out, talk = said(capsys, "plan", "warned.yaml", "--strict")
    assert (code, out) == (ExitCode.INVALID, "")
    assert "warning[SF0806]" in talk


def test_github_gets_a_line_for_each_problem(capsys):
    code, out, talk = said(capsys, "validate", "wrong.yaml", "--format", "github")
    assert (code, talk) == (ExitCode.INVALID, "")
    for line in out.splitlines():
        assert re.match(r"::error file=wrong\.yaml,line=3,col=\d+,title=SF\d{4}::\S", line)
    assert len(out.splitlines()) == 2


@pytest.mark.parametrize(
    "line", ["validate", "validate wrong.yaml", "plan", "show lamp", "graph", "status", "gc --dry-run", "doctor"]
)
def test_looking_writes_nothing(here, capsys, line):
    before = files_in(here)
    said(capsys, *line.split())
    assert files_in(here) == before


@pytest.mark.parametrize("verb", ["run", "retake lamp", "cut", "pick lamp 1"])
def test_a_wrong_board_is_never_touched(here, capsys, verb):
    name, *words = verb.split()
    before = files_in(here)
    assert said(capsys, name, "wrong.yaml", *words)[0] == ExitCode.INVALID
    assert files_in(here) == before


def test_a_run_prints_the_path_of_its_cut_and_nothing_else(here, capsys):
    code, out, talk = said(capsys, "run", "--backend", "quick")
    assert (code, out) == (ExitCode.DONE, "out/board/quick/cut.mp4\n")
    assert "lamp: making take 1 (new)" in talk
    assert "gulls: making takes 1 and 2 (new)" in talk
    assert "3 made in" in talk
    assert "the cut is at out/board/quick/cut.mp4 (9.0 s)" in talk
    assert (here / out.strip()).is_file()
    code, out, talk = said(capsys, "run", "--backend", "quick")
    assert (code, out) == (ExitCode.DONE, "out/board/quick/cut.mp4\n")
    assert "nothing to make: 3 shots unchanged" in talk
    assert "lamp" not in talk
    assert "lamp: unchanged" in said(capsys, "run", "--backend", "quick", "--verbose")[2]
    assert said(capsys, "run", "--backend", "quick", "--quiet") == (0, "out/board/quick/cut.mp4\n", "")


def test_a_failed_shot_stops_only_what_needs_it_and_the_last_lines_say_what_to_do(here, capsys):
    change(here / "board.yaml", "A lamp in", "FAIL in")
    change(here / "board.yaml", "Gulls.", "Gulls. NOTE")
    code, out, talk = said(capsys, "run", "--backend", "quick")
    assert (code, out) == (ExitCode.SHOT_FAILED, "")
    assert "harbour: skipped, because lamp failed" in talk
    assert "gulls: made takes 1 and 2" in talk
    assert talk.count("no font has 🜁") == 1
    assert talk.splitlines()[-5:] == [
        "note: no font has 🜁",
        "no cut: lamp, harbour are not there",
        "error: the film tore",
        "  help: splice it",
        "next: mend lamp, then run again; everything that was made is kept",
    ]


def test_a_defect_of_a_backend_is_a_line_of_json_too(here, capsys):
    change(here / "board.yaml", "A lamp in", "ODD in")
    code, out, talk = said(capsys, "run", "--backend", "quick", "--format", "json")
    assert code == ExitCode.SHOT_FAILED
    assert "Traceback" not in talk
    for line in out.splitlines():
        check("events", json.loads(line))


class TestTheProgramItself:
    """In a process of its own, with real pipes."""

    def test_colour_is_for_terminals_unless_it_is_asked_for(self, here):
        plain = skyflow("plan", cwd=here, NO_COLOR="")
        assert not ESCAPE.search(plain.stdout + plain.stderr)
        forced = skyflow("plan", cwd=here, NO_COLOR="", FORCE_COLOR="1")
        assert ESCAPE.search(forced.stdout)
        assert ESCAPE.sub("", re.sub(r"\x1b\[[0-9;]*m", "", forced.stdout)).split() == plain.stdout.split()
        refused = skyflow("plan", cwd=here, NO_COLOR="1", FORCE_COLOR="1")
        assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", refused.stdout)

    def test_forced_colour_moves_no_cursor_in_a_log(self, here):
        ended = skyflow("run", "--backend", "quick", cwd=here, plugged=here / "plugged", NO_COLOR="", FORCE_COLOR="1")
        assert ended.returncode == 0
        assert set(re.findall(r"\x1b\[[0-9;?]*([A-Za-z])", ended.stderr)) <= {"m"}
        assert ended.stdout == "out/board/quick/cut.mp4\n"

    def test_a_reader_who_goes_away_stops_no_run(self, here):
        program = [sys.executable, "-m", "skyflow", "run", "--backend", "quick", "--format", "json"]
        reading, writing = os.pipe()
        os.close(reading)
        with os.fdopen(writing, "wb") as gone:
            ended = subprocess.run(  # noqa: S603 - our own program
                program, cwd=here, env=environment(here / "plugged"), stdout=gone, stderr=subprocess.PIPE, check=False
            )
        assert (ended.returncode, ended.stderr) == (0, b"")
        assert (here / "out/board/quick/cut.mp4").is_file()

    @pytest.mark.parametrize("words", [["--help"], ["plan"], ["schema"], ["validate", "wrong.yaml"]])
    def test_a_reader_who_goes_away_hears_no_complaint(self, here, words):
        reading, writing = os.pipe()
        os.close(reading)
        with os.fdopen(writing, "wb") as gone:
            ended = subprocess.run(  # noqa: S603 - our own program
                [sys.executable, "-m", "skyflow", *words],
                cwd=here, env=environment(here), stdout=gone, stderr=subprocess.PIPE, check=False,
            )  # fmt: skip
        assert ended.stderr == b""
        assert ended.returncode in {0, 2}

    def test_a_full_disk_under_stdout_is_an_error_and_no_traceback(self, here):
        full = Path("/dev/full")
        if not full.exists():
            pytest.skip("no /dev/full on this system")
        with full.open("wb") as stdout:
            ended = subprocess.run(
                [sys.executable, "-m", "skyflow", "plan"],
                cwd=here, env=environment(here), stdout=stdout, stderr=subprocess.PIPE, text=True, check=False,
            )  # fmt: skip
        assert ended.returncode == 1
        assert "No space left" in ended.stderr
        assert "Traceback" not in ended.stderr

    @pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
    @pytest.mark.slow
    def test_every_encoding_can_say_every_board(self, here, encoding):
        (here / "board.yaml").write_text('skyflow: 1\nshots:\n  a: {prompt: "看 😀 é → 🜁"}\n', "utf-8")
        setting = {"PYTHONUTF8": "0", "PYTHONIOENCODING": encoding}
        told = skyflow("show", "a", "--format", "json", cwd=here, **setting)
        assert json.loads(told.stdout)["prompt"] == "看 😀 é → 🜁"
        for words in (["show", "a"], ["plan"], ["validate"]):
            assert skyflow(*words, cwd=here, **setting).returncode == 0

    def test_a_closed_stdin_and_no_terminal_are_no_hindrance(self, here):
        assert skyflow("status", cwd=here, TERM="dumb").returncode == 0
