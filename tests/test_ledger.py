"""The ledger as its reader meets it: every attempt, and no amount that is not known."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyflow import cli
from skyflow.backends.paid import Failed, Ready, Refusal
from skyflow.errors import ExitCode
from skyflow.published import schema
from skyflow.running.journal import SqliteJournal
from skyflow.running.ledger import attempts, totals
from skyflow.running.stages import after
from tests.bought import REFUSAL, arrival, failure, life, task

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from skyflow.backends.paid import Record, Stage

AT = 1_772_366_400.0
"""2026-03-01 12:00 UTC."""


@pytest.fixture
def here(project, monkeypatch):
    (project / "board.yaml").write_text("skyflow: 1\nshots: {}\n")  # has problems, which do not matter
    monkeypatch.chdir(project)
    monkeypatch.setenv("COLUMNS", "160")
    return project


def bought(here: Path, *stages: Stage) -> None:
    with SqliteJournal.open(here / ".skyflow" / "journal.sqlite", clock=lambda: AT) as journal:
        for stage in stages:
            journal.record(stage)


def said(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = cli.run(["ledger", *argv])
    out, talk = capsys.readouterr()
    return code, out, talk


def asked(capsys: pytest.CaptureFixture[str], *argv: str) -> Any:
    code, out, talk = said(capsys, *argv, "--format", "json")
    assert (code, talk) == (ExitCode.DONE, "")
    answer = json.loads(out)
    jsonschema.validate(answer, schema("ledger"), cls=jsonschema.Draft202012Validator)
    return answer


def rows(capsys: pytest.CaptureFixture[str], *argv: str) -> list[dict[str, str]]:
    code, out, _ = said(capsys, *argv, "--format", "csv")
    assert code == ExitCode.DONE
    return list(csv.DictReader(io.StringIO(out)))


def all_kinds() -> list[Stage]:
    """An attempt in every state, each with a bill of its own kind."""
    return [
        *failure(task("aaaaaaaa-1")),
        *life(task("bbbbbbbb-2", attempt=2, takes=(1, 2), estimate=Decimal("1.68"))),
        *life(task("cccccccc-3", shot="climb"), until=2),
        *life(task("dddddddd-4", shot="lamp"), until=1),
        *life(task("eeeeeeee-5", shot="sea"), cost=None),
    ]


def test_before_anything_was_bought_it_says_so_and_writes_nothing(here, capsys):
    assert said(capsys) == (ExitCode.DONE, "", "nothing was bought yet\n")
    assert asked(capsys) == {
        "board": "board",
        "entries": [],
        "totals": {"billed": 0, "in_flight": 0, "unknown": 0},
    }
    assert rows(capsys) == []
    assert sorted(path.name for path in here.iterdir()) == [".git", "board.yaml"]


def test_a_person_reads_every_attempt_and_what_it_came_to(here, capsys, monkeypatch):
    monkeypatch.setattr("skyflow.terminal.UNWRAPPED", 160)
    bought(here, *all_kinds())
    code, out, talk = said(capsys)
    assert (code, talk) == (ExitCode.DONE, "")
    lines = [line.split()[2:] for line in out.splitlines()]  # without the reader's own date and time
    assert [" ".join(line) for line in lines[1:-1]] == [
        "opening 1 1 failed unbilled aaaaaaaa-1 providerError: the model had a bad day",
        "opening 1, 2 2 kept billed $1.68 bbbbbbbb-2",
        "climb 1 1 in flight unknown ~$0.84 cccccccc-3",
        "lamp 1 1 not sent dddddddd-4",
        "sea 1 1 kept unknown ~$0.84 eeeeeeee-5",
    ]
    assert out.splitlines()[-1] == "$1.68 billed, up to $0.84 in flight, up to $0.84 of which nobody knows"


def test_a_program_reads_the_same(here, capsys):
    bought(here, *all_kinds())
    answer = asked(capsys)
    assert [(one["state"], one["billed"], one["cost"]) for one in answer["entries"]] == [
        ("failed", "unbilled", None),
        ("kept", "billed", 1.68),
        ("in flight", "unknown", None),
        ("not sent", "unbilled", None),
        ("kept", "unknown", None),
    ]
    assert answer["entries"][1] == {
        "when": "2026-03-01T12:00:00Z",
        "board": "board",
        "shot": "opening",
        "key": task("x").key,
        "takes": [1, 2],
        "kept": [1, 2],
        "attempt": 2,
        "task_uuid": "bbbbbbbb-2",
        "backend": "runware",
        "model": "skywork:skyreels@v4",
        "state": "kept",
        "billed": "billed",
        "estimate": 1.68,
        "cost": 1.68,
        "said": "",
    }
    assert answer["totals"] == {"billed": 1.68, "in_flight": 0.84, "unknown": 0.84}


def test_a_spreadsheet_reads_it_to_the_digit(here, capsys):
    bought(here, *life(task("a", estimate=Decimal("0.8400")), cost=Decimal("8.4E-1")))
    (row,) = rows(capsys)
    assert (row["estimate_usd"], row["cost_usd"], row["takes"], row["when"]) == (
        "0.8400",
        "0.84",
        "1",
        "2026-03-01T12:00:00Z",
    )


def test_a_board_has_its_own_attempts_and_the_folder_has_all(here, capsys):
    bought(here, *life(task("a")), *life(task("b", board="other"), until=2))
    assert [one["task_uuid"] for one in asked(capsys)["entries"]] == ["a"]
    everything = asked(capsys, "--all")
    assert everything["board"] is None
    assert [one["board"] for one in everything["entries"]] == ["board", "other"]
    assert " other " in said(capsys, "--all")[1]


def test_a_board_that_is_gone_still_has_its_ledger_among_all(here, capsys):
    bought(here, *life(task("a")))
    (here / "board.yaml").unlink()
    code, out, talk = said(capsys)
    assert (code, out) == (ExitCode.INVALID, "")
    assert "there is no board.yaml" in talk
    assert "--all" in talk
    assert len(asked(capsys, "--all")["entries"]) == 1


def test_what_a_run_just_died_with_is_in_flight_and_looking_changes_nothing(here, capsys):
    bought(here, *life(task("a"), until=3))
    before = {path: path.read_bytes() for path in (here / ".skyflow").iterdir()}
    (entry,) = asked(capsys)["entries"]
    assert (entry["state"], entry["billed"]) == ("in flight", "unknown")
    assert {path: path.read_bytes() for path in (here / ".skyflow").iterdir()} == before


def test_a_damaged_journal_is_said_with_what_helps(here, capsys):
    bought(here, *life(task("a")))
    with sqlite3.connect(here / ".skyflow" / "journal.sqlite") as connection:
        connection.execute("DELETE FROM events")
        connection.execute("UPDATE tasks SET said = '{}'")
    connection.close()
    code, out, talk = said(capsys)
    assert (code, out) == (ExitCode.SHOT_FAILED, "")
    assert "journal.sqlite is damaged" in talk
    assert "put a copy of it in its place" in talk


HOSTILE = (
    '=HYPERLINK("http://x.example")',
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "＝1",
    "\x1b[31mred",
    "a,b\n=c",
    '"',
    "\u202e",
)


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("place", ["code", "board"])
def test_no_word_of_a_provider_or_a_file_name_is_a_formula_or_moves_the_cursor(here, capsys, words, place):
    refusal = replace(REFUSAL, code=words) if place == "code" else REFUSAL
    bought(here, *failure(task("a", board=words if place == "board" else "board"), refusal))
    _, out, _ = said(capsys, "--all", "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(out))
    for cell in row.values():
        assert not cell.startswith(tuple("=+-@\t\r＝"))
    for form in ("csv", "text", "json"):
        shown = said(capsys, "--all", "--format", form)[1]
        assert "\x1b" not in shown
        assert "\u202e" not in shown or form == "json"


def test_the_widths_of_narrow_terminals_hold_it(here, capsys, monkeypatch):
    monkeypatch.setattr("skyflow.terminal.UNWRAPPED", 80)
    bought(here, *all_kinds())
    lines = said(capsys)[1].splitlines()
    assert max(map(len, lines)) <= 80
    assert any("bbbbbbbb" in line and "$1.68" in line for line in lines)


def known(stages: Iterable[Stage]) -> Record:
    record: Record | None = None
    for stage in stages:
        record = after(record, stage)
    assert record is not None
    return record


def bill(*stages: Stage) -> tuple[str, str, Decimal | None]:
    (entry,) = attempts([known(stages)], None)
    return entry.state, entry.billed, entry.cost


TAKEN = life(task("a", takes=(1, 2)), until=3)
FREE = replace(REFUSAL, billed="unbilled")
DEAR = replace(REFUSAL, billed="billed")
OPEN = replace(REFUSAL, billed="unknown")


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        (Ready("a", (arrival(1),), whole=False), ("in flight", "billed", Decimal("0.84"))),
        (Ready("a", (arrival(1, None),), whole=False), ("in flight", "unknown", None)),
        (Ready("a", (arrival(1, Decimal(0)), arrival(2, Decimal(0)))), ("in flight", "unknown", None)),
        (Ready("a", (arrival(1, Decimal(-1)),)), ("in flight", "unknown", None)),
        (Ready("a", (), (FREE, FREE)), ("failed", "unbilled", None)),
        (Ready("a", (), (FREE, OPEN)), ("failed", "unknown", None)),
        (Ready("a", (), (FREE, DEAR)), ("failed", "billed", None)),
        (Ready("a", ()), ("failed", "unknown", None)),
        (Failed("a", FREE), ("failed", "unbilled", None)),
        (Failed("a", OPEN), ("failed", "unknown", None)),
        (Failed("a", DEAR), ("failed", "billed", None)),
    ],
)
def test_what_is_said_of_a_bill_is_what_is_known(stage, expected):
    assert bill(*TAKEN, stage) == expected


def test_a_result_that_was_lost_is_failed_and_billed():
    lost: list[Stage] = [Ready("a", (arrival(1), arrival(2))), Failed("a", OPEN)]
    assert bill(*TAKEN, *lost) == ("failed", "billed", Decimal("1.68"))


COSTS = st.none() | st.decimals(0, 5, places=4)
ENDS = st.sampled_from([None, FREE, DEAR, OPEN])


@st.composite
def histories(draw: st.DrawFn) -> list[Stage]:
    one = task("a", takes=(1, 2), estimate=draw(st.decimals(0, 5, places=4)))
    whole = [*life(one, until=3), Ready("a", tuple(arrival(number, draw(COSTS)) for number in one.takes))]
    stages = whole[: draw(st.integers(1, len(whole)))]
    refusal: Refusal | None = draw(ENDS)
    return [*stages, Failed("a", refusal)] if refusal and len(stages) > 1 else stages


@given(st.lists(histories(), max_size=8))
def test_the_totals_count_every_amount_once_and_no_other(found):
    entries = attempts([known(stages) for stages in found], None)
    sums = totals(entries)
    assert sums.billed + sums.in_flight + sums.unknown == sum(
        (entry.amount for entry in entries if entry.billed != "unbilled"), Decimal(0)
    )
    assert sums.billed == sum((entry.amount for entry in entries if entry.billed == "billed"), Decimal(0))
    assert all(entry.cost is None or entry.billed == "billed" for entry in entries)
