"""The verbs as their users meet them: projects that are started, takes that are chosen, stores that are tidied."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from skyflow import cli
from skyflow.errors import ExitCode
from skyflow.published import examples, schema_text
from skyflow.running.lock import Lock
from skyflow.store.project import Project
from tests.fakes import files_in
from tests.plugging import BOARD, Quick, change, plug_in

if TYPE_CHECKING:
    from pathlib import Path

QUICK = ("--backend", "quick")
OTHER = "skyflow: 1\ndefaults: {resolution: 480p, duration: 3}\nshots:\n  sea: {prompt: The sea.}\n"


@pytest.fixture(autouse=True)
def here(project, monkeypatch):
    (project / "board.yaml").write_text(BOARD)
    monkeypatch.syspath_prepend(plug_in(project / "plugged"))
    monkeypatch.chdir(project)
    return project


def said(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = cli.run(argv)
    out, talk = capsys.readouterr()
    return code, out, talk


def asked(capsys: pytest.CaptureFixture[str], *argv: str) -> Any:
    """The JSON answer to a question."""
    code, out, _ = said(capsys, *argv, "--format", "json")
    assert code == ExitCode.DONE
    return json.loads(out)


def objects(here: Path) -> set[str]:
    return {path.parent.name + path.name for path in (here / ".skyflow" / "objects").glob("??/*")}


def takes(capsys: pytest.CaptureFixture[str], shot: str) -> tuple[int, list[int]]:
    states = asked(capsys, "status", *QUICK)["shots"]
    return next(
        (state["pick"], [take["take"] for take in state["takes"]]) for state in states if state["shot"] == shot
    )


class TestInit:
    @pytest.mark.parametrize("example", sorted(entry.name for entry in examples().iterdir() if entry.is_dir()))
    def test_every_example_starts_a_project_that_plans(self, capsys, monkeypatch, example):
        assert said(capsys, "init", "film", "--example", example)[0] == ExitCode.DONE
        monkeypatch.chdir("film")
        assert said(capsys, "validate", "--strict")[0] == ExitCode.DONE
        assert said(capsys, "plan", "--detailed-exitcode")[0] == 2

    def test_a_new_project_runs_at_once(self, here, capsys, monkeypatch):
        code, out, talk = said(capsys, "init", "my film")
        assert (code, out) == (ExitCode.DONE, "")
        assert "cd 'my film'" in talk
        assert "skyflow run" in talk
        monkeypatch.chdir("my film")
        assert said(capsys, "run", *QUICK)[0] == ExitCode.DONE
        assert (here / "my film/out/board/quick/cut.mp4").is_file()

    def test_editors_find_the_schema_beside_the_board_and_git_ignores_what_runs_leave(self, here, capsys):
        said(capsys, "init", "film")
        first = (here / "film/board.yaml").read_text().splitlines()[0]
        named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
        assert named
        assert (here / "film" / named[1]).read_text("utf-8") == schema_text("storyboard")
        assert {".skyflow/", "out/", ".env"} <= set((here / "film/.gitignore").read_text().splitlines())

    def test_nothing_that_is_there_is_overwritten(self, here, capsys):
        (here / "film").mkdir()
        (here / "film/board.yaml").write_text("mine")
        before = files_in(here)
        code, out, talk = said(capsys, "init", "film")
        assert (code, out) == (ExitCode.INVALID, "")
        assert "error: film/board.yaml is there already" in talk
        assert files_in(here) == before

    def test_a_gitignore_that_is_there_stays_as_it_is(self, here, capsys):
        (here / "film").mkdir()
        (here / "film/.gitignore").write_text("mine\n")
        assert said(capsys, "init", "film")[0] == ExitCode.DONE
        assert (here / "film/.gitignore").read_text() == "mine\n"

    def test_a_folder_that_cannot_be_is_an_error(self, here, capsys):
        (here / "film").write_text("a file")
        code, _, talk = said(capsys, "init", "film")
        assert code != ExitCode.DONE
        assert talk.startswith("error: ")


class TestPlan:
    def test_it_says_what_why_and_for_how_much_to_the_part_of_a_cent(self, here, capsys):
        change(
            here / "board.yaml",
            "{prompt: Gulls., takes: 2}",
            "{prompt: Gulls., takes: 2, resolution: 1080p, duration: 5}",
        )
        change(here / "board.yaml", "prompt: The harbour.", "prompt: The harbour., audio: true")
        out = said(capsys, "plan")[1]
        assert re.search(r"^lamp +make +3\.0 s +848x480 +1 +\$0\.33 +new$", out, re.MULTILINE)
        assert re.search(r"^harbour +wait .* waits for lamp$", out, re.MULTILINE)
        whole = asked(capsys, "plan")
        assert f"would cost ${whole['total_cost']:.2f}" in out
        assert "The longest chain is lamp → harbour." in out

    def test_what_changed_is_named(self, here, capsys):
        said(capsys, "run", *QUICK)
        change(here / "board.yaml", "Gulls.", "Terns.")
        out = said(capsys, "plan", *QUICK)[1]
        assert re.search(r"^gulls +make .* prompt changed$", out, re.MULTILINE)
        assert re.search(r"^lamp +reuse .* unchanged$", out, re.MULTILINE)
        assert "1 to make, 2 unchanged." in out

    def test_words_in_place_of_pictures_are_said_without_being_asked(self, here, capsys):
        shutil.copytree(str(examples() / "lighthouse"), here / "film")
        out = said(capsys, "plan", "film/board.yaml")[1]
        assert re.search(r"^climb +@keeper in words: an old lighthouse keeper", out, re.MULTILINE)

    def test_the_exit_code_says_on_request_whether_there_is_something_to_do(self, here, capsys):
        assert said(capsys, "plan", *QUICK)[0] == ExitCode.DONE
        assert said(capsys, "plan", *QUICK, "--detailed-exitcode")[0] == 2
        said(capsys, "run", *QUICK)
        code, out, _ = said(capsys, "plan", *QUICK, "--detailed-exitcode")
        assert code == ExitCode.DONE
        assert "Nothing to make." in out
        change(here / "board.yaml", "Gulls.", "Terns.")
        assert said(capsys, "plan", *QUICK, "--detailed-exitcode", "--select", "lamp")[0] == ExitCode.DONE

    @pytest.mark.parametrize("columns", [50, 60, 80, 120])
    def test_no_line_is_wider_than_the_terminal(self, here, capsys, monkeypatch, columns):
        shutil.copytree(str(examples() / "lighthouse"), here / "film")
        monkeypatch.setattr("skyflow.terminal.UNWRAPPED", columns)
        for line in ("plan film/board.yaml", "status film/board.yaml", "doctor film/board.yaml"):
            tables = said(capsys, *line.split())[1].partition("\n\n3 to make")[0]  # prose is wrapped by what shows it
            assert max(map(len, tables.splitlines()[1:])) <= columns

    def test_dry_run_is_plan(self, capsys):
        assert said(capsys, "run", "--dry-run", *QUICK) == said(capsys, "plan", *QUICK)
        assert asked(capsys, "run", "--dry-run", "--select", "+harbour") == asked(
            capsys, "plan", "--select", "+harbour"
        )

    def test_values_come_from_files_and_the_command_line_in_their_order(self, here, capsys):
        (here / "fog.yaml").write_text("weather: fog\n")
        assert asked(capsys, "show", "lamp", "--vars", "fog.yaml")["prompt"] == "A lamp in a fog."
        assert asked(capsys, "show", "lamp", "--vars", "fog.yaml", "--set", "weather=3")["prompt"] == "A lamp in a 3."
        (here / "fog.yaml").write_text("- weather\n")
        assert "is no mapping" in said(capsys, "plan", "--vars", "fog.yaml")[2]
        (here / "fog.yaml").write_text("a: 1\na: 2\n")
        assert "SF0108" in said(capsys, "plan", "--vars", "fog.yaml")[2]


class TestTakes:
    def test_takes_accumulate_the_pick_stays_and_another_one_changes_the_film(self, here, capsys):
        said(capsys, "run", *QUICK)
        cut = (here / "out/board/quick/cut.mp4").read_bytes()
        code, _, talk = said(capsys, "retake", "gulls", *QUICK, "--takes", "2")
        assert code == ExitCode.DONE
        assert "gulls: making takes 3 and 4 (one more take)" in talk
        assert "; `skyflow pick gulls TAKE --backend quick` changes it" in talk
        assert takes(capsys, "gulls") == (1, [1, 2, 3, 4])
        assert (here / "out/board/quick/cut.mp4").read_bytes() == cut
        made = objects(here)
        assert said(capsys, "pick", "gulls", "3", *QUICK) == (
            0, "", "gulls: take 3 is picked, it was 1; `skyflow run --backend quick` brings the film up to date\n",
        )  # fmt: skip
        assert objects(here) == made
        assert said(capsys, "cut", *QUICK)[0] == ExitCode.DONE
        assert (here / "out/board/quick/cut.mp4").read_bytes() != cut
        assert takes(capsys, "gulls") == (3, [1, 2, 3, 4])
        assert said(capsys, "pick", "gulls", "3", *QUICK)[2] == "gulls: take 3 was picked already\n"

    def test_a_pick_makes_what_comes_of_the_shot_anew(self, capsys):
        said(capsys, "run", *QUICK)
        said(capsys, "retake", "lamp", *QUICK)
        said(capsys, "pick", "lamp", "2", *QUICK)
        steps = {step["shot"]: step for step in asked(capsys, "plan", *QUICK)["shots"]}
        assert (steps["lamp"]["action"], steps["harbour"]["action"], steps["gulls"]["action"]) == (
            "reuse",
            "make",
            "reuse",
        )
        assert steps["harbour"]["reason"] == "lamp's clip changed"

    def test_a_pick_is_of_the_shot_as_it_stands_now_and_not_as_it_was_made_last(self, here, capsys):
        said(capsys, "run", *QUICK)
        change(here / "board.yaml", "Gulls.", "Terns.")
        said(capsys, "run", *QUICK)
        change(here / "board.yaml", "Terns.", "Gulls.")
        said(capsys, "pick", "gulls", "2", *QUICK)
        assert takes(capsys, "gulls") == (2, [1, 2])
        change(here / "board.yaml", "Gulls.", "Terns.")
        assert takes(capsys, "gulls") == (1, [1, 2])

    def test_a_take_that_is_not_there_cannot_be_picked(self, here, capsys):
        said(capsys, "run", *QUICK)
        before = files_in(here / ".skyflow")
        code, _, talk = said(capsys, "pick", "gulls", "9", *QUICK)
        assert code == ExitCode.INVALID
        assert "gulls has no take 9, only 1, 2" in talk
        assert files_in(here / ".skyflow") == before

    def test_a_cut_of_shots_that_are_not_made_is_refused_before_anything_is_done(self, here, capsys):
        said(capsys, "run", *QUICK, "--select", "lamp")
        before = files_in(here / "out")
        code, out, talk = said(capsys, "cut", *QUICK)
        assert (code, out) == (ExitCode.SHOT_FAILED, "")
        assert "error: the cut needs harbour and gulls as the board stands" in talk
        assert files_in(here / "out") == before

    def test_locked_restores_what_was_made_and_refuses_what_was_not(self, here, capsys):
        code, _, talk = said(capsys, "run", *QUICK, "--locked")
        assert code == ExitCode.REFUSED
        assert "cannot be restored" in talk
        said(capsys, "run", *QUICK)
        shutil.rmtree(here / "out")
        assert said(capsys, "run", *QUICK, "--locked")[0] == ExitCode.DONE
        assert (here / "out/board/quick/lamp.mp4").is_file()

    def test_fail_fast_stops_the_rest(self, here, capsys):
        change(here / "board.yaml", "A lamp in", "FAIL in")
        change(here / "board.yaml", "Gulls.", "WAIT for gulls.")
        code, _, talk = said(capsys, "run", *QUICK, "--fail-fast")
        assert code == ExitCode.SHOT_FAILED
        assert "1 failed, 1 skipped, 1 stopped in" in talk

    def test_a_picture_that_vanishes_while_the_board_runs_fails_its_own_shot(self, here, capsys, monkeypatch):
        shutil.copy(str(examples() / "starter/assets/paper-boat.jpg"), here / "boat.jpg")
        change(here / "board.yaml", "Gulls., takes: 2", "Gulls., frames: [{image: boat.jpg}]")
        make = Quick.make

        async def vanishing(self, assignment, progress):
            (here / "boat.jpg").unlink(missing_ok=True)
            return await make(self, assignment, progress)

        monkeypatch.setattr(Quick, "make", vanishing)
        code, _, talk = said(capsys, "run", *QUICK, "--jobs", "1")
        assert code == ExitCode.SHOT_FAILED
        assert "2 made, 1 failed" in talk
        assert "next: mend gulls" in talk


class TestGc:
    def made(self, here: Path, capsys: pytest.CaptureFixture[str]) -> set[str]:
        """A board, and another in the same folder, both run; then the first changes and runs again."""
        (here / "other.yaml").write_text(OTHER)
        for board in ("board.yaml", "other.yaml"):
            assert said(capsys, "run", board, *QUICK)[0] == ExitCode.DONE
        before = objects(here)
        change(here / "board.yaml", "Gulls.", "Terns.")
        assert said(capsys, "run", *QUICK)[0] == ExitCode.DONE
        return before

    def test_it_drops_old_versions_and_what_nobody_names_and_nothing_else(self, here, capsys):
        old = self.made(here, capsys)
        (here / ".skyflow/objects/ab").mkdir(exist_ok=True)
        (here / ".skyflow/objects/ab" / ("c" * 62)).write_bytes(b"nobody's")
        before = objects(here)
        code, out, talk = said(capsys, "gc", "--yes")
        assert (code, out) == (ExitCode.DONE, "")
        dropped = before - objects(here)
        assert talk.startswith("dropped 4 objects, ")
        assert "ab" + "c" * 62 in dropped
        assert len(dropped & old) == 3  # two takes of the gulls and what their key was taken of
        for board in ("board.yaml", "other.yaml"):
            assert said(capsys, "plan", board, *QUICK, "--detailed-exitcode")[0] == ExitCode.DONE
            assert said(capsys, "run", board, *QUICK, "--locked")[0] == ExitCode.DONE
        assert said(capsys, "gc", "--yes")[2] == "nothing to drop\n"

    def test_without_a_yes_and_without_a_terminal_it_refuses(self, here, capsys):
        self.made(here, capsys)
        before = files_in(here)
        code, _, talk = said(capsys, "gc")
        assert code == ExitCode.REFUSED
        assert "nobody to ask" in talk
        assert "--yes" in talk
        assert said(capsys, "gc", "--dry-run")[2].endswith(" would go\n")
        assert files_in(here) == before

    @pytest.mark.parametrize("text", ["skyflow: [", "", "- x\n", "shots: {lamp: {prompt: '{{ nope }}'}}\n"])
    def test_a_board_that_is_wrong_loses_nothing_that_its_shots_need(self, here, capsys, text):
        said(capsys, "run", *QUICK)
        before = (here / "board.yaml").read_text()
        kept = said(capsys, "gc", "--yes")[2]
        assert kept == "nothing to drop\n"
        (here / "board.yaml").write_text(text)
        assert said(capsys, "gc", "--yes")[0] == ExitCode.DONE
        (here / "board.yaml").write_text(before)
        steps = {step["shot"]: step["action"] for step in asked(capsys, "plan", *QUICK)["shots"]}
        assert steps["lamp"] == "reuse"
        if "lamp" not in text:
            assert set(steps.values()) == {"reuse"}

    def test_what_cost_something_is_kept_whatever_the_board_says(self, here, capsys, monkeypatch):
        monkeypatch.setattr(Quick, "repeatable", False)
        said(capsys, "run", *QUICK)
        change(here / "board.yaml", "gulls: {prompt: Gulls., takes: 2}", "terns: {prompt: Terns.}")
        said(capsys, "run", *QUICK)
        before = (objects(here), (here / "board.lock").read_bytes())
        assert said(capsys, "gc", "--yes")[2] == "nothing to drop\n"
        assert (objects(here), (here / "board.lock").read_bytes()) == before
        assert {"gulls", "terns"} <= set(Lock.load(here / "board.lock", "quick").shots())

    def test_a_damaged_lock_stops_it_before_anything_goes(self, here, capsys):
        self.made(here, capsys)
        (here / ".skyflow/other.quick.lock").write_text("{")
        before = files_in(here)
        code, _, talk = said(capsys, "gc", "--yes")
        assert code == ExitCode.SHOT_FAILED
        assert "other.quick.lock is damaged" in talk
        assert files_in(here) == before

    def test_where_nothing_was_made_there_is_nothing_to_drop(self, here, capsys):
        assert said(capsys, "gc") == (0, "", "nothing to drop: nothing was made here yet\n")
        assert not Project.of(here / "board.yaml").state.exists()


class TestGraph:
    def test_mermaid_and_dot_draw_every_shot_and_every_reason(self, capsys):
        assert said(capsys, "graph")[1] == (
            'flowchart LR\n    s_lamp["lamp"]\n    s_harbour["harbour"]\n    s_gulls["gulls"]\n'
            "    s_lamp -->|frames| s_harbour\n"
        )
        assert said(capsys, "graph", "--format", "dot")[1] == (
            'digraph board {\n    rankdir=LR;\n    node [shape=box, fontname="sans-serif"];\n'
            '    "lamp";\n    "harbour";\n    "gulls";\n    "lamp" -> "harbour" [label="frames"];\n}\n'
        )

    def test_words_that_the_drawing_languages_keep_for_themselves_are_no_hindrance(self, here, capsys):
        change(here / "board.yaml", "lamp", "end")
        change(here / "board.yaml", "gulls", "graph")
        out = said(capsys, "graph")[1]
        assert 's_end["end"]' in out
        assert not re.search(r"^\s*end\b", out, re.MULTILINE)
        assert '    "graph";' in said(capsys, "graph", "--format", "dot")[1]

    def test_a_part_has_only_the_edges_within_it(self, capsys):
        part = asked(capsys, "graph", "--select", "harbour gulls")
        assert [shot["shot"] for shot in part["shots"]] == ["harbour", "gulls"]
        assert part["edges"] == []
        assert asked(capsys, "graph", "--select", "+harbour")["edges"] == [
            {"from": "lamp", "to": "harbour", "kinds": ["frames"]}
        ]


class TestStatus:
    def test_a_lost_take_is_said(self, here, capsys):
        said(capsys, "run", *QUICK)
        lock = Lock.load(here / ".skyflow/quick.lock", "quick").current("gulls")
        assert lock is not None
        stored = here / ".skyflow/objects" / lock.takes[2].sha256[:2] / lock.takes[2].sha256[2:]
        stored.unlink()
        out = said(capsys, "status", *QUICK)[1]
        assert re.search(r"^gulls +to make +1, 2 \(lost\) +1 .* take 2 gone from the store$", out, re.MULTILINE)
        assert re.search(r"^lamp +there +1 +1 ", out, re.MULTILINE)


class TestDoctor:
    def test_it_says_whether_a_key_is_there_and_never_what_it_is(self, here, capsys, monkeypatch):
        assert "no RUNWARE_API_KEY" in said(capsys, "doctor")[1]
        (here / ".env").write_text("RUNWARE_API_KEY=hush-hush\n")
        out = said(capsys, "doctor")[1]
        assert "stands in .env" in out
        assert "hush" not in out
        monkeypatch.setenv("RUNWARE_API_KEY", "hush-hush")
        assert "hush" not in "".join(said(capsys, "doctor", "--verbose")[1:])
        assert "hush" not in json.dumps(asked(capsys, "doctor"))

    def test_a_board_that_is_wrong_or_not_there_is_a_finding_and_no_failure(self, here, capsys):
        (here / "board.yaml").write_text("skyflow: 1\n")
        code, out, _ = said(capsys, "doctor")
        assert code == ExitCode.DONE
        assert "board.yaml has problems" in out
        assert said(capsys, "doctor", "nope.yaml")[0] == ExitCode.DONE
