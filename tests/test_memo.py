"""What was said last time is said again only while every file that it rests on stands."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from skyflow import cli
from skyflow.memo import GRAIN, KEPT, Memo
from tests.plugging import ROOT, plug_in

if TYPE_CHECKING:
    from pathlib import Path

BOARD = """\
skyflow: 1
use: [cast.yaml]
vars: {weather: storm}
shots:
  lamp: {prompt: "{% include 'words.txt' %} in a {{ weather }}", resolution: 480p, duration: 3}
  harbour: {frames: [{image: face.png}], prompt: the harbour, resolution: 480p, duration: 3}
"""


@pytest.fixture
def film(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A film that is made, its files older than any clock's grain."""
    monkeypatch.syspath_prepend(plug_in(project / "plugged"))
    monkeypatch.chdir(project)
    (project / "board.yaml").write_text(BOARD)
    Image.new("RGB", (640, 360), "navy").save(project / "face.png")
    (project / "cast.yaml").write_text("tags: {keeper: {describe: a man}}\n")
    (project / "words.txt").write_text("a lamp")
    assert cli.run(["run", "--backend", "quick", "-q"]) == 0
    monkeypatch.setattr("skyflow.memo.GRAIN", 0)
    monkeypatch.setattr("skyflow.memo._package", lambda: iter(()))  # who edits the program meanwhile is not the case
    return project


RUN = ["run", "--backend", "quick"]
PLAN = ["plan", "--backend", "quick"]


def said(words: list[str]) -> tuple[int, list[tuple[str, str]]] | None:
    return Memo(words).recall()


def ask(words: list[str]) -> int:
    return cli.run(words, Memo(words))


@pytest.mark.usefixtures("film")
@pytest.mark.parametrize("words", [PLAN, RUN, ["validate"], [*PLAN, "--format", "json"]], ids=" ".join)
def test_the_same_words_are_said_again_to_the_letter(words, capsys):
    assert said(words) is None
    code = ask(words)
    first = capsys.readouterr()
    assert Memo(words).answer() == code
    assert capsys.readouterr() == first
    assert first.out + first.err


@pytest.mark.parametrize(
    "change",
    [
        "board.yaml", "cast.yaml", "words.txt", "face.png", ".skyflow/quick.lock", "out/board/quick/lamp.mp4",
        "out/board/quick/cut.mp4",
    ],
)  # fmt: skip
def test_a_change_of_any_file_is_noticed_whatever_its_time_says(film, change):
    ask(RUN)
    assert said(RUN) is not None
    path = film / change
    before = path.stat()
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])  # as long as it was
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # and as old
    assert said(RUN) is None


@pytest.mark.parametrize("gone", ["words.txt", "face.png", "out/board/quick/harbour.mp4", ".skyflow/quick.lock"])
def test_a_file_that_is_gone_is_noticed(film, gone):
    ask(RUN)
    (film / gone).unlink()
    assert said(RUN) is None


def test_a_clip_that_is_gone_from_the_store_is_noticed_though_its_other_name_stands(film):
    ask(RUN)
    for clip in (film / ".skyflow/objects").rglob("*"):
        if clip.is_file() and clip.stat().st_nlink > 1:
            clip.unlink()
            break
    assert said(RUN) is None


def test_a_file_that_another_took_the_place_of_is_noticed(film):
    ask(PLAN)
    shutil.copy2(film / "words.txt", film / "new.txt")
    (film / "new.txt").replace(film / "words.txt")
    assert said(PLAN) is None


def test_what_changed_while_the_command_ran_leaves_no_memo(film):
    memo = Memo(PLAN)
    (film / "words.txt").write_text("a match")
    assert cli.run(PLAN, memo) == 0
    assert said(PLAN) is None


@pytest.mark.usefixtures("film")
def test_what_changed_within_the_clocks_grain_leaves_no_memo(monkeypatch):
    monkeypatch.setattr("skyflow.memo.GRAIN", 10**15)
    ask(PLAN)
    assert said(PLAN) is None


@pytest.mark.usefixtures("film")
def test_a_clock_that_went_back_leaves_no_memo(monkeypatch):
    monkeypatch.setattr("time.time_ns", lambda: 10**18)
    ask(PLAN)
    assert said(PLAN) is None


def test_a_run_that_made_something_leaves_no_memo(film):
    (film / "words.txt").write_text("a match")
    ask(RUN)
    assert said(RUN) is None
    ask(RUN)
    assert said(RUN) is not None


def test_other_words_another_folder_and_other_colours_have_memos_of_their_own(film, monkeypatch):
    ask(PLAN)
    assert said([*PLAN, "--select", "lamp"]) is None
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert said(PLAN) is None
    monkeypatch.delenv("FORCE_COLOR")
    (film / "below").mkdir()
    monkeypatch.chdir(film / "below")
    assert said(PLAN) is None


@pytest.mark.usefixtures("film")
def test_another_version_of_the_program_is_noticed(monkeypatch):
    ask(PLAN)
    monkeypatch.setattr("skyflow.memo.__version__", "99")
    assert said(PLAN) is None


def test_a_memo_that_is_cut_off_or_changed_anywhere_is_passed_over(film):
    ask(PLAN)
    (memo,) = (film / ".skyflow/memo").iterdir()
    whole = memo.read_bytes()
    for end in range(0, len(whole), 7):
        memo.write_bytes(whole[:end])
        assert said(PLAN) is None
    for place in range(0, len(whole), 5):
        memo.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        assert said(PLAN) is None
    memo.write_bytes(whole)
    assert said(PLAN) is not None


@pytest.mark.parametrize("payload", ["[]", "null", "{}", '{"with": 1}', "[" * 100_000, '{"with": [], "files": 3}'])
def test_a_memo_of_another_form_is_passed_over(film, payload):
    ask(PLAN)
    (memo,) = (film / ".skyflow/memo").iterdir()
    memo.write_bytes(hashlib.sha256(payload.encode()).hexdigest().encode() + b"\n" + payload.encode())
    assert said(PLAN) is None


def test_who_only_looks_at_a_film_that_was_never_made_leaves_nothing(project, monkeypatch):
    monkeypatch.chdir(project)
    (project / "board.yaml").write_text("skyflow: 1\nshots: {lamp: {prompt: a lamp}}\n")
    assert ask(["plan"]) == 0
    assert not (project / ".skyflow").exists()


def test_only_so_many_are_kept(film):
    for number in range(KEPT + 5):
        ask([*PLAN, "--set", f"weather={number}"])
    assert len(list((film / ".skyflow/memo").iterdir())) == KEPT


def test_a_failure_is_never_remembered(film):
    (film / "board.yaml").write_text(BOARD.replace("harbour", "har bour"))
    assert ask(PLAN) == 2
    assert not (film / ".skyflow/memo").exists()


@pytest.mark.usefixtures("film")
def test_a_closed_or_full_disk_only_means_that_nothing_is_remembered(monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", refuse)
    monkeypatch.setattr(Memo, "_write", refuse)
    assert ask(PLAN) == 0
    assert said(PLAN) is None


@pytest.mark.slow
def test_an_unchanged_run_imports_nothing_that_makes_films(film):
    program = (
        "import sys; sys.argv[1:] = sys.argv[2:]\n"
        "from skyflow.__main__ import main\n"
        "code = main()\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)\n"
        "sys.exit(code)"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(film / "plugged"), str(ROOT)])}
    for _ in range(2):
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", program, "-", *RUN],
            check=True,
            capture_output=True,
            text=True,
            env=environ,
            cwd=film,
        )
    modules = set(json.loads(done.stderr.splitlines()[-1].replace("'", '"')))
    assert not modules & {"networkx", "httpx", "jinja2", "numpy", "av", "yaml", "anyio", "rich", "jsonschema"}
    assert done.stdout.strip() == "out/board/quick/cut.mp4"


def test_the_grain_is_that_of_a_file_system():
    assert 1_000_000 <= GRAIN <= 1_000_000_000
