"""How things look: excerpts with carets, tables, the table that lives while a board runs."""

from __future__ import annotations

import io
import re
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from skyflow.commands import problems
from skyflow.commands.problems import window
from skyflow.commands.watching import LiveTable, sentence
from skyflow.commands.words import clock, length, listed, number, size
from skyflow.problems import Place, Problem, Related
from skyflow.running import events
from skyflow.terminal import CONTROL, Stream, Terminal, cells, table, visible
from tests.fakes import board, shot

ODD = st.sampled_from("ab {}:看ア🜁😀éé\u0301\u0301\u200d\t\x1b\u202e…")


@pytest.mark.parametrize(
    ("line", "start", "length", "shown", "carets"),
    [
        ("  lamp: {prompt: x}", 2, 4, "  lamp: {prompt: x}", "  ^^^^"),
        ("a: 看镜头 @keper", 7, 6, "a: 看镜头 @keper", "          ^^^^^^"),
        ("a: 看镜头", 3, 3, "a: 看镜头", "   ^^^^^^"),
        ("e\u0301e\u0301 x", 5, 1, "e\u0301e\u0301 x", "   ^"),
        ("\tx: y", 1, 1, " x: y", " ^"),
        ("", 0, 1, "", "^"),
        ("short", 5, 1, "short", "     ^"),
    ],
)
def test_carets_stand_under_what_is_meant(line, start, length, shown, carets):
    text, before, under = window(line, start, length, 60)
    assert text == shown
    assert " " * before + "^" * under == carets


def test_a_long_line_is_cut_so_that_what_is_meant_is_in_sight():
    line = "x" * 1_000_000 + "HERE" + "y" * 1_000_000
    text, before, under = window(line, 1_000_000, 4, 40)
    assert cell_len(text) <= 40
    assert text[before : before + under] == "HERE"
    assert (text[0], text[-1]) == ("…", "…")


@given(st.text(ODD, max_size=300), st.integers(0, 300), st.integers(1, 300), st.integers(20, 120))
def test_an_excerpt_fits_whatever_the_line_is(line, start, length, width):
    text, before, under = window(line, start, length, width)
    assert cell_len(text) <= width
    assert before + under <= width + 1  # one caret may stand behind the end of a line
    assert not CONTROL.search(text)


@given(st.text())
def test_nothing_visible_can_move_a_cursor(text):
    assert not CONTROL.search(visible(text))
    assert visible(visible(text)) == visible(text)


def test_a_hostile_board_is_shown_and_not_obeyed(capsys):
    place = Place("\x1b[2Jboard.yaml", 1, 1, 3, "a\x1b[31m\u202eb")
    problems.tell(Terminal(), [Problem("SF0301", place, "shots.\x1b]0;", "no \x1b[1m shot", "\x07 beep")], "text")
    talk = capsys.readouterr().err
    assert not CONTROL.search(talk)
    assert r"\x1b[2Jboard.yaml:1:1" in talk
    assert r"a\x1b[31m\u202eb" in talk


def many(count: int) -> list[Problem]:
    place = Place("board.yaml", 3, 3, 1, "  x")
    related = tuple(Related(place, f"place {number}") for number in range(count))
    return [Problem("SF0806", place, "", "first", related=related)] + [
        Problem("SF0301", place, "", f"problem {number}") for number in range(count - 1)
    ]


def test_very_many_problems_are_counted_and_not_all_listed(capsys):
    terminal = Terminal()
    problems.tell(terminal, many(1000), "text")
    talk = capsys.readouterr().err
    assert talk.count("error[SF0301]") == problems.MOST
    assert "warning" not in talk.rpartition("… and")[0]
    assert talk.splitlines()[-3:] == ["… and 950 more; --verbose shows them all", "", "999 errors, 1 warning"]
    terminal.verbose = True
    problems.tell(terminal, many(1000), "text")
    talk = capsys.readouterr().err
    assert talk.count("error[SF0301]") == 999
    assert "… and 992 places more" in talk


def test_a_problem_of_a_whole_file_has_no_excerpt(capsys):
    found = [Problem("SF0104", Place("board.yaml"), "", "the file is empty", "write a board")]
    problems.tell(Terminal(), found, "text")
    assert capsys.readouterr().err == (
        "error[SF0104]: the file is empty\n  --> board.yaml\n  help: write a board\n\n1 error\n"
    )
    problems.tell(Terminal(), found, "github")
    assert capsys.readouterr().out == "::error file=board.yaml,title=SF0104::the file is empty; write a board\n"


def test_annotations_escape_what_would_end_them(capsys):
    place = Place("a,b:c%.yaml", 1, 2, 1, "x")
    problems.tell(Terminal(), [Problem("SF0301", place, "", "two\nlines, 5%")], "github")
    assert capsys.readouterr().out == "::error file=a%2Cb%3Ac%25.yaml,line=1,col=2,title=SF0301::two%0Alines, 5%25\n"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (length(5.04), "5.0 s"),
        (length(59.96), "1 min 00.0 s"),
        (length(125.5), "2 min 05.5 s"),
        (clock(5.9), "0:05"),
        (clock(3725), "1:02:05"),
        (number(1, "shot"), "1 shot"),
        (number(2000, "shot"), "2,000 shots"),
        (size(999), "999 B"),
        (size(1_234_567), "1.2 MB"),
        (listed([]), ""),
        (listed(["a"]), "a"),
        (listed(["a", "b", "c"]), "a, b and c"),
        (listed(list("abcdefgh"), most=2), "a, b and 6 more"),
    ],
)
def test_amounts_in_words(said, expected):
    assert said == expected


FILM = board(
    shot("one"), shot("two", extends="one"), shot("three", needs=["two"]), *(shot(f"x{n}") for n in range(30))
)


class Drawn:
    """A live table with a clock that is set by hand, drawn to text."""

    def __init__(self, width: int = 80, height: int = 24) -> None:
        self.now = 0.0
        self.kept: list[str] = []
        terminal = SimpleNamespace(say=lambda text: self.kept.append(text.plain), verbose=False)
        self.table = LiveTable(terminal, FILM, lambda: self.now)  # type: ignore[arg-type]
        self.console = Console(file=io.StringIO(), width=width, height=height, no_color=True, force_terminal=True)

    def see(self, *seen: events.Event) -> None:
        for event in seen:
            self.table.see(event)

    def __str__(self) -> str:
        with self.console.capture() as captured:
            self.console.print(self.table)
        plain = re.sub(r"\x1b\[[0-9;]*m", "", captured.get())
        return "\n".join(line.rstrip() for line in plain.splitlines())


def begun(*making: str) -> events.RunStarted:
    return events.RunStarted(at=0, board="b", backend="quick", shots=tuple(FILM.shots), making=making, jobs=2)


def test_a_live_table_says_what_runs_for_how_long_and_what_waits_for_what():
    drawn = Drawn()
    assert str(drawn) == ""
    drawn.see(begun("one", "two", "three"), events.ShotStarted(at=0, shot="one", takes=(1, 2), reason="new"))
    drawn.now = 65
    drawn.see(events.ShotProgress(at=65, shot="one", done=0.5))
    head, one, two, three = str(drawn).splitlines()
    assert head == "quick: 0 of 3 shots, 1:05"
    assert re.fullmatch(r"one +1:05 +━+ +50% +2 takes", one)
    assert re.fullmatch(r"two +waits for one", two)
    assert re.fullmatch(r"three +waits for two", three)
    drawn.see(events.ShotDone(at=66, shot="one", how="made", takes=(1, 2), seconds=66.0))
    assert drawn.kept == ["one: made takes 1 and 2 in 66.0 s"]
    drawn.see(events.ShotFailed(at=67, shot="two", message="torn \x1b[2J", remedy="splice it"))
    drawn.see(events.ShotSkipped(at=67, shot="three", because="two"))
    assert drawn.kept[1:] == [r"two: failed: torn \x1b[2J; splice it", "three: skipped, because two failed"]
    assert str(drawn) == ""
    drawn.see(events.CutStarted(at=68))
    assert "putting it together" in str(drawn)
    drawn.see(events.CutDone(at=69, path="out/cut.mp4", made=True))
    assert str(drawn) == ""


@pytest.mark.parametrize(("width", "height"), [(100, 24), (60, 10), (40, 6)])
def test_a_live_table_never_outgrows_its_terminal(width, height):
    drawn = Drawn(width, height)
    drawn.see(
        begun(*FILM.shots), *(events.ShotStarted(at=0, shot=name, takes=(1,), reason="new") for name in ("one", "x1"))
    )
    lines = str(drawn).splitlines()
    assert len(lines) < height
    assert max(map(cell_len, lines)) <= width
    shown = len(lines) - 2
    assert lines[-1] == f"and {len(FILM.shots) - shown} more waiting"


def test_shots_that_are_used_again_are_no_news_unless_asked_for():
    event = events.ShotDone(at=0, shot="one", how="reused")
    assert sentence(event) == ""
    assert sentence(event, verbose=True) == "one: unchanged"


def stream_of(*, console_only: bool) -> Stream:
    made = Stream(io.StringIO())
    made._seen = console_only
    return made


PLAIN_OR_ODD = (ODD | st.sampled_from("\n\r 0")).filter(lambda text: "\u200d" not in text)
"""Without the joiner: how wide rich takes it to be depends on what it joins, and alone it joins nothing."""


def unfilled(text: str) -> str:
    return "\n".join(line.rstrip(" ") for line in text.split("\n"))


@given(
    st.lists(st.sampled_from(["", "shot", "cost>", "why", "看"]), min_size=1, max_size=4),
    st.lists(st.lists(st.text(PLAIN_OR_ODD, max_size=9), min_size=4, max_size=4), max_size=4),
)
def test_a_table_in_a_file_is_the_one_that_rich_draws(columns, rows):
    made = table(*columns)
    for row in rows:
        made.add_row(*cells(*row[: len(columns)]), style="green")
    assert unfilled(stream_of(console_only=False).drawn(made)) == unfilled(stream_of(console_only=True).drawn(made))


@given(st.text(ODD | st.sampled_from("\n\r\b 0[/]"), max_size=60))
def test_a_text_in_a_file_is_the_one_that_rich_writes(text):
    assert stream_of(console_only=False).drawn(text, "bold") == stream_of(console_only=True).drawn(text, "bold")


def test_a_table_too_wide_for_any_file_is_left_to_rich():
    made = table("shot", "why")
    made.add_row("lamp", "x" * 100_001)
    assert stream_of(console_only=False).drawn(made) == stream_of(console_only=True).drawn(made)
