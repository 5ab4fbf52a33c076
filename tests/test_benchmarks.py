"""The bench measures what it says: its boards are valid, everybody gets the same graph, and its arithmetic is right.

Nothing here is timed.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import boards, compare, figures, goals, machine, peers, plugged, processes, report, samples, virtual
from benchmarks.workload import (
    CHAIN_MAX,
    REMADE,
    Workload,
    edit_picture,
    edit_text,
    named,
    png,
    write_board,
    write_small_board,
)
from skyflow import pipeline
from skyflow.board.model import FileMedia
from skyflow.media import probe
from tests.attacks import critical

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CURVES: boards.Curves = {"plan": {"skyflow": {"1000": 0.5, "10000": 5.0}}}


@pytest.fixture(scope="module")
def hundred() -> Workload:
    return Workload(100)


# The workload


@pytest.mark.parametrize("write", [write_board, write_small_board])
def test_a_workload_is_a_valid_board_without_a_warning_and_with_the_same_edges(tmp_path, hundred, write):
    loaded = pipeline.load(write(hundred, tmp_path))
    assert loaded.board.warnings == ()
    assert {name: set(shot.depends_on) for name, shot in loaded.board.shots.items()} == {
        name: set(parents) for name, parents in hundred.depends_on.items()
    }


def test_a_workload_has_the_shape_that_it_is_said_to_have():
    workload = Workload(1_000)
    kinds = [shot.kind for shot in workload.shots]
    assert kinds.count("root") == pytest.approx(200, abs=2)
    assert kinds.count("join") == pytest.approx(100, abs=2)
    assert all(len(shot.parents) == 2 for shot in workload.shots if shot.kind == "join")
    assert workload.critical() == critical(workload.depends_on, dict.fromkeys(workload.depends_on, 1)) == CHAIN_MAX
    assert len(workload.remade) == REMADE
    assert workload.shots == Workload(1_000).shots


def test_every_picture_decodes_and_none_is_like_another(tmp_path):
    pictures = [png(number, version) for number in (0, 1, 99_999) for version in range(40)]
    assert len(set(pictures)) == len(pictures)
    for number, content in enumerate(pictures):
        path = tmp_path / f"{number}.png"
        path.write_bytes(content)
        assert probe.image(path).width == 32


def test_an_edit_of_the_text_changes_one_prompt_and_one_of_a_picture_one_file(tmp_path, hundred):
    board = write_board(hundred, tmp_path)
    before = {shot.id: shot.prompt for shot in pipeline.load(board).board.shots.values()}
    edit_text(board)
    after = {shot.id: shot.prompt for shot in pipeline.load(board).board.shots.values()}
    assert sum(before[name] != after[name] for name in before) == 1
    files = {path: path.read_bytes() for path in (tmp_path / "media").iterdir()}
    edit_picture(hundred, tmp_path, 1)
    changed = [path.stem for path, content in files.items() if path.read_bytes() != content]
    assert changed == [hundred.edited.name]


# The peers


def of_makefile(text: str) -> dict[str, list[str]]:
    rules = re.findall(r"^(out/\S+): (.*)$", text, re.MULTILINE)
    return {made: inputs.split() for made, inputs in rules}


def of_ninja(text: str) -> dict[str, list[str]]:
    return {made: inputs.split() for made, inputs in re.findall(r"^build (\S+): make (.*)$", text, re.MULTILINE)}


def of_python(text: str) -> dict[str, list[str]]:
    found: dict[str, Any] = {}
    exec(next(line for line in text.splitlines() if line.startswith("GRAPH = ")), found)  # noqa: S102 - our own text
    graph: dict[str, list[str]] = found["GRAPH"]
    return graph


def of_dvc(text: str) -> dict[str, list[str]]:
    import yaml  # noqa: PLC0415 - as DVC reads it, where our own boards are read otherwise

    stages = yaml.safe_load(text)["stages"].values()
    return {stage["outs"][0]: stage["deps"] for stage in stages}


READ: Mapping[str, Callable[[str], dict[str, list[str]]]] = {
    "floor": json.loads,
    "make": of_makefile,
    "ninja": of_ninja,
    "doit": of_python,
    "snakemake": of_python,
    "dvc": of_dvc,
}


@pytest.mark.parametrize("name", peers.PEERS)
def test_every_peer_is_given_the_graph_and_the_pictures_of_the_board(tmp_path, hundred, name):
    peer = peers.PEERS[name]
    peer.prepare(hundred, tmp_path / name)
    graph = READ[name]((tmp_path / name / peer.file).read_text())
    loaded = pipeline.load(write_board(hundred, tmp_path / "board"))
    assert list(graph) == [peers.target(shot.index) for shot in loaded.board.shots.values()]
    for shot in loaded.board.shots.values():
        inputs = graph[peers.target(shot.index)]
        earlier = {Path(item).stem for item in inputs if item.startswith("out/")}
        own = [item for item in inputs if item.startswith("media/")]
        assert earlier == set(shot.depends_on)
        assert own == [pin.image.path for pin in shot.pins if isinstance(pin.image, FileMedia)]
        assert all((tmp_path / name / item).is_file() for item in own)


def beside(monkeypatch: pytest.MonkeyPatch, shots: int, *those: peers.Peer) -> boards.Boards:
    """A bench beside these peers only: it installs what it lacks, for which a test has neither network nor home."""
    monkeypatch.setattr(boards, "PEERS", {peer.name: peer for peer in those})
    return boards.Boards(shots, 1, slow=False, curves={})


@pytest.mark.parametrize("name", ["floor", "make"])
def test_peers_that_are_here_make_all_then_nothing_then_what_an_edit_asks_for(tmp_path, hundred, name, monkeypatch):
    if name == "make" and not shutil.which("make"):
        pytest.skip("there is no make here")
    peer, folder = peers.PEERS[name], tmp_path / name
    peer.prepare(hundred, folder)
    bench = beside(monkeypatch, 100, peer)
    command = peer.command(*peer.run)
    assert processes.measured(command, folder, {}).wall > 0
    edit = boards.Edit(bench, folder, "out/s?????.out")
    first = edit.seen()
    assert len(first) == 100
    processes.measured(command, folder, {})
    assert edit.seen() == first
    edit.make()
    processes.measured(command, folder, {})
    edit.check()
    peer.forget(folder)
    assert edit.seen() == {}


# The backend


@pytest.mark.slow
def test_a_cheap_run_keeps_real_clips_all_different_and_makes_anew_just_what_an_edit_asks_for(tmp_path, monkeypatch):
    monkeypatch.setattr(plugged, "BENCH", tmp_path / "bench")
    workload = Workload(30)
    write_board(workload, tmp_path)
    program = plugged.skyflow("run", "--backend", "cheap", folder=tmp_path)
    edit = boards.Edit(beside(monkeypatch, 30), tmp_path, "out/board/cheap/s?????.mp4")
    program.spend()
    clips = [path.read_bytes() for path in (tmp_path / "out/board/cheap").glob("s?????.mp4")]
    assert len(set(clips)) == len(clips) == 30
    assert probe.clip(tmp_path / "out/board/cheap/s00029.mp4").frames == 96
    edit.make()
    program.spend()
    edit.check()


# Processes


def test_a_process_that_fails_is_left_out_of_its_turn_with_the_reason(tmp_path):
    def program(name: str, code: str) -> processes.Program:
        return processes.Program(name, [sys.executable, "-c", code], tmp_path, reads=True)

    turns = processes.in_turn([program("good", "print(7)"), program("bad", "raise SystemExit('no more tea')")], 3)
    assert [one.said for one in turns.spent["good"]] == ["7\n"] * 3
    assert turns.failed == {"bad": f"{Path(sys.executable).name} ended with 1: no more tea"}
    assert "bad" not in turns.spent


def test_a_process_that_goes_on_for_ever_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "LIMIT", 1)
    asleep = processes.Program("asleep", [sys.executable, "-c", "import time; time.sleep(600)"], tmp_path)
    assert processes.in_turn([asleep], 3).failed == {"asleep": "stopped after 1 s"}


def test_the_memory_of_a_process_is_its_own(tmp_path):
    measuring = (
        "import sys; from pathlib import Path; from benchmarks import processes; "
        "command = [sys.executable, '-c', 'held = bytearray(300_000_000)']; "
        "print(processes.measured(command, Path(sys.argv[1]), {}).memory)"
    )  # from a process that is small itself: a child's peak starts at its parent's
    asked = [sys.executable, "-c", measuring, str(tmp_path)]
    root = Path(__file__).parent.parent
    said = subprocess.run(asked, check=True, capture_output=True, text=True, cwd=root).stdout  # noqa: S603 - ours
    assert 300 < float(said) < 600


# Arithmetic


def test_a_ratio_is_of_pairs_and_not_of_medians():
    found = samples.ratios([2, 20, 9], [1, 10, 3])
    assert (found.middle, found.least, found.most) == (2, 2, 3)


def test_nothing_measured_and_unequal_columns_are_errors():
    with pytest.raises(ValueError, match="nothing was measured"):
        samples.Spread.of([])
    with pytest.raises(ValueError, match="shorter"):
        samples.ratios([1, 2], [1])


@given(st.lists(st.floats(0.001, 1000), min_size=1), st.lists(st.floats(0.001, 1000), min_size=1))
def test_whether_two_ranges_meet_does_not_depend_on_who_asks(one, other):
    first, second = samples.Spread.of(one), samples.Spread.of(other)
    assert first.overlaps(second) == second.overlaps(first)
    assert first.overlaps(first)
    assert first.overlaps(second) == (max(min(one), min(other)) <= min(max(one), max(other)))


def test_goals_are_reached_from_their_own_side():
    less, more = goals.GOALS["cold-1000"], goals.GOALS["cut"]
    assert [less.reached(figure) for figure in (0.35, 0.36, 0.6, 0.61)] == ["stretch", "goal", "goal", "no"]
    assert [more.reached(figure) for figure in (1.2, 1.19, 1.0, 0.99)] == ["stretch", "goal", "goal", "no"]


def whole(*rows: figures.Figure) -> figures.Figures:
    return figures.Figures(rows, {"python": "3"}, CURVES)


def test_figures_come_back_from_the_disk_as_they_were(tmp_path):
    kept = whole(
        figures.beside("plan-1000", "doit", [1, 2, 3], [2, 2, 2], note="warm"),
        figures.alone("memory-cold", [100], unit="MB"),
        figures.missing("cut", "there is no ffmpeg"),
    )
    kept.save(tmp_path / "figures.json")
    assert figures.Figures.load(tmp_path / "figures.json") == kept


def test_a_part_that_was_measured_again_takes_the_place_of_what_was_there():
    old = whole(figures.alone("memory-cold", [100], unit="MB"), figures.beside("cut", "ffmpeg", [1], [1]))
    new = figures.Figures(
        (figures.alone("memory-cold", [50], unit="MB"),), {"python": "4"}, {"plan": {"skyflow": {"1000": 0.25}}}
    )
    both = new.over(old)
    assert [row.name for row in both.rows] == ["cut beside ffmpeg", "memory-cold"]
    assert both.rows[-1].counts == 50
    assert both.about == {"python": "4"}
    assert both.curves == {"plan": {"skyflow": {"1000": 0.25, "10000": 5.0}}}


def test_what_moved_beyond_its_spread_is_told_and_which_way():
    old = whole(
        figures.beside("plan-1000", "doit", [1.0, 1.1], [1, 1]),
        figures.beside("cut", "ffmpeg concat -c copy", [1.0, 1.1], [1, 1]),
        figures.beside("cold-1000", "make", [1.0, 1.1], [1, 1]),
        figures.alone("memory-cold", [100.0], unit="MB"),
        figures.beside("text-1000", "libyaml events", [5.0], [1]),
        figures.missing("requests", "the sandbox did not start"),
    )
    new = whole(
        figures.beside("plan-1000", "doit", [2.0, 2.1], [1, 1]),
        figures.beside("cut", "ffmpeg concat -c copy", [2.0, 2.1], [1, 1]),
        figures.beside("cold-1000", "make", [1.15, 1.3], [1, 1]),
        figures.alone("memory-cold", [50.0], unit="MB"),
        figures.missing("text-1000", "it fell over", "libyaml events"),
        figures.alone("requests", [2.0], unit="requests"),
    )
    moves = [(move.name, move.way) for move in compare.moved(old, new)]
    assert moves == [
        ("plan-1000 beside doit", "worse"),
        ("cut beside ffmpeg concat -c copy", "better"),
        ("memory-cold", "better"),
        ("text-1000 beside libyaml events", "gone"),
    ]
    assert list(compare.moved(old, old)) == []


def test_the_page_has_a_row_for_every_goal_measured_or_not():
    rows = list(
        report.goal_rows(
            whole(
                figures.beside("plan-1000", "doit", [0.2], [0.4]),
                figures.beside("plan-1000", "make", [0.2], [0.01]),
                figures.missing("cold-1000", "stopped after 600 s", "make"),
            )
        )
    )
    assert [row[0] for row in rows] == [goal.measure for goal in goals.GOALS.values()]
    words = {row[0]: row[-1] for row in rows}
    assert words[goals.GOALS["plan-1000"].measure] == "stretch"
    assert words[goals.GOALS["cold-1000"].measure] == "not measured: stopped after 600 s"
    assert words[goals.GOALS["cut"].measure] == "not measured: not part of this bench"


def test_growth_is_taken_from_the_two_lengths_and_is_missing_where_one_is():
    rows = {row.key: row for row in boards.growths(CURVES)}
    assert rows["growth-plan"].counts == 10
    assert rows["growth-plan"].verdict == "stretch"
    assert rows["growth-cold"].missing


def test_every_figure_that_a_goal_names_is_one_that_the_bench_takes():
    measured = {f"{name}-{shots}" for name in boards.MEASURES for shots in (100, 1_000, 10_000)}
    other = {"version", "help", "memory-nothing", "memory-cold", "makespan-sandbox", "makespan-virtual", "requests"}
    other |= {"animatic-720p", "animatic-1080p", "cut", "cores", "simulated"}
    grown = {f"growth-{name}" for name in boards.MEASURES}
    assert goals.GOALS.keys() <= measured | other | grown


def test_nothing_of_the_machine_is_told_but_general_words():
    said = json.dumps(machine.about())
    assert str(Path.home()) not in said
    assert re.search(r'"/\w', said) is None


# The ideal


def test_an_ideal_schedule_of_known_graphs():
    chain = {"a": (), "b": ("a",), "c": ("b",)}
    free: dict[str, tuple[str, ...]] = {"a": (), "b": (), "c": ()}
    assert virtual.list_schedule(chain, {"a": 1, "b": 2, "c": 3}, 4) == 6
    assert virtual.list_schedule(free, {"a": 1, "b": 2, "c": 3}, 1) == 6
    assert virtual.list_schedule(free, {"a": 1, "b": 2, "c": 3}, 2) == 3
    assert virtual.list_schedule(free, {"a": 1, "b": 2, "c": 3}, 3) == 3


def test_names_sort_as_their_numbers_do():
    assert sorted(map(named, (9, 10, 99_999))) == [named(9), named(10), named(99_999)]
