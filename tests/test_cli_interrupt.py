"""A run that is stopped, and two that want the same board: real processes, real signals, a real terminal."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from skyflow import cli
from skyflow.store.hold import hold
from skyflow.store.project import Project
from tests.fakes import files_in
from tests.plugging import BOARD, change, environment, plug_in, skyflow

if TYPE_CHECKING:
    from collections.abc import Iterator

pty = pytest.importorskip("pty", reason="terminals are tried where the system has pseudo-terminals")
termios = pytest.importorskip("termios")
fcntl = pytest.importorskip("fcntl")

LONG = """\
skyflow: 1
defaults: {resolution: 480p, duration: 15}
shots:
  one: {prompt: A lamp., duration: 3}
  two: {prompt: The sea., frames: [{shot: one, frame: last}], resolution: 1080p}
"""


@pytest.fixture
def here(project, monkeypatch):
    (project / "board.yaml").write_text(BOARD)
    monkeypatch.syspath_prepend(plug_in(project / "plugged"))
    monkeypatch.chdir(project)
    return project


@contextmanager
def started(here: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The program, in a process group of its own, with pipes; gone at the end whatever happens."""
    program = [sys.executable, "-m", "skyflow", *words]
    process = subprocess.Popen(  # noqa: S603 - our own program
        program,
        cwd=here,
        env=environment(here / "plugged"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def until(process: subprocess.Popen[str], event: str, shot: str) -> list[dict[str, Any]]:
    """Read events until one of a shot."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(json.loads(line))
        if (seen[-1]["event"], seen[-1].get("shot")) == (event, shot):
            return seen
    pytest.fail(f"no {event} of {shot} in {seen}")


def unfinished(here: Path) -> list[str]:
    """What a run would have left half written."""
    work = here / ".skyflow" / "tmp"
    temporary = [path for path in here.rglob("*") if path.name.startswith(".tmp") or path.name == "half-written"]
    return [str(path) for path in [*work.rglob("*"), *temporary]]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_ends_cleanly_and_the_next_goes_on_from_there(here, stop):
    change(here / "board.yaml", "The harbour.", "WAIT at the harbour.")
    run = ("run", "--backend", "quick", "--format", "json", "--select", "lamp harbour")
    with started(here, *run) as process:
        until(process, "shot_progress", "harbour")
        os.killpg(process.pid, stop)
        out, talk = process.communicate()
    assert process.returncode == 130
    assert talk == ""
    assert json.loads(out.splitlines()[-1])["error"]["exit_code"] == 130
    assert unfinished(here) == []
    change(here / "board.yaml", "WAIT at", "At")
    ended = skyflow(*run, cwd=here, plugged=here / "plugged")
    assert ended.returncode == 0
    done = [json.loads(line) for line in ended.stdout.splitlines() if "shot_done" in line]
    assert {event["shot"]: event["how"] for event in done} == {"lamp": "reused", "harbour": "made"}


def test_stopping_it_twice_ends_it_at_once_and_as_cleanly(here):
    change(here / "board.yaml", "The harbour.", "WAIT at the harbour.")
    with started(here, "run", "--backend", "quick", "--format", "json") as process:
        until(process, "shot_progress", "harbour")
        os.killpg(process.pid, signal.SIGINT)
        os.killpg(process.pid, signal.SIGINT)
        _, talk = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in talk
    before = json.loads((here / ".skyflow" / "quick.lock").read_text())
    assert "lamp" in before["shots"]
    assert skyflow("status", "--backend", "quick", cwd=here, plugged=here / "plugged").returncode == 0


class Screen:
    """The program on a pseudo-terminal, and all that it wrote there."""

    def __init__(self, here: Path, *words: str, columns: int = 80, lines: int = 24, **more: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(
            theirs,
            termios.TIOCSWINSZ,
            lines.to_bytes(2, sys.byteorder) + columns.to_bytes(2, sys.byteorder) + b"\0" * 4,
        )
        self._before = termios.tcgetattr(theirs)
        env = dict(environment(here / "plugged", TERM="xterm-256color", **more))
        env.pop("COLUMNS", None)
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "skyflow", *words],
            cwd=here, env=env, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - it is what makes Ctrl-C work
        )  # fmt: skip
        os.close(theirs)
        self.text = ""

    def _read(self) -> bool:
        """Read what is there, or wait for it; False once nobody writes any more."""
        try:
            piece = os.read(self._ours, 65536)
        except OSError:  # how Linux says that the other side is closed
            return False
        self.text += piece.decode()
        return bool(piece)

    def until(self, pattern: str) -> None:
        """Read until something is on the screen."""
        while not re.search(pattern, self.text):
            assert self._read(), self.text

    def type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def end(self) -> int:
        """Read the rest; give the exit code. The terminal must be as it was."""
        while self._read():
            pass
        assert termios.tcgetattr(self._ours) == self._before
        os.close(self._ours)
        return self.process.wait()

    @property
    def plain(self) -> str:
        """What was written, without colours and movements."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.text).replace("\r", "")


def test_a_terminal_shows_a_table_while_it_runs_and_is_left_clean(here):
    screen = Screen(here, "run", "--backend", "quick", NO_COLOR="")
    assert screen.end() == 0
    assert screen.text.count("\x1b[?25l") == screen.text.count("\x1b[?25h") > 0
    assert re.search(r"3 made in \d\.\d s\nthe cut is at out/board/quick/cut\.mp4 \(9\.0 s\)\n$", screen.plain)
    assert screen.plain.count("out/board/quick/cut.mp4") == 1
    assert "harbour: made take 1" in screen.plain


def test_ctrl_c_on_a_terminal_stops_the_run_and_leaves_it_clean(here):
    change(here / "board.yaml", "The harbour.", "WAIT at the harbour.")
    screen = Screen(here, "run", "--backend", "quick")
    screen.until("gulls: made takes 1 and 2")
    screen.until(r"harbour +\d:\d\d")
    screen.type("\x03")
    assert screen.end() == 130
    assert screen.text.count("\x1b[?25l") == screen.text.count("\x1b[?25h") > 0
    assert "Traceback" not in screen.text
    table, erased, _ = screen.text.rpartition("\x1b[1A\x1b[2K")  # nothing is drawn after the table was taken away
    assert "harbour" in table
    assert "harbour" not in screen.text[len(table + erased) :]
    assert screen.plain.endswith("interrupted: what was finished is kept, and the next run goes on from there\n")
    assert unfinished(here) == []


@pytest.mark.parametrize(("answer", "code"), [("y\r", 0), ("n\r", 3), ("\x04", 3), ("\x03", 130)])
def test_gc_asks_on_a_terminal(here, answer, code):
    assert cli.run(["run", "--backend", "quick"]) == 0
    change(here / "board.yaml", "Gulls.", "Terns.")
    assert cli.run(["run", "--backend", "quick"]) == 0
    before = files_in(here / ".skyflow")
    screen = Screen(here, "gc")
    screen.until(r"Drop 3 objects, \d+\.\d kB\? \[y/N\] ")
    screen.type(answer)
    assert screen.end() == code
    assert (files_in(here / ".skyflow") == before) == (code != 0)


def test_a_second_run_refuses_and_says_who_is_at_it(here, capsys):
    change(here / "board.yaml", "The harbour.", "WAIT at the harbour.")
    with started(here, "run", "--backend", "quick", "--format", "json") as process:
        until(process, "shot_progress", "harbour")
        for words in (["run"], ["retake", "gulls"], ["cut"], ["pick", "gulls", "1"]):
            assert cli.run([*words, "--backend", "quick"]) == 3
            out, talk = capsys.readouterr()
            assert out == ""
            assert f"board.yaml is held by 'skyflow run' (process {process.pid})" in talk
            assert ("--wait" in talk) == (words == ["run"])
        assert cli.run(["gc"]) == 3
        assert [cli.run([verb]) for verb in ("plan", "status", "validate", "graph")] == [0] * 4
        assert process.poll() is None


def test_who_waits_for_a_board_runs_it_as_it_is_then(here):
    with ExitStack() as first:
        first.enter_context(hold(Project.of(here / "board.yaml"), "run"))
        with started(here, "run", "--backend", "quick", "--wait", "--select", "lamp", "--format", "json") as waiting:
            assert waiting.stderr is not None
            assert f"held by 'skyflow run' (process {os.getpid()}); waiting" in waiting.stderr.readline()
            change(here / "board.yaml", "A lamp in", "FAIL: a lamp in")
            first.close()
            out, _ = waiting.communicate()
    assert waiting.returncode == 1
    assert "the film tore" in out


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes where Linux lists them")
def test_no_drawing_process_outlives_its_run(here):
    (here / "board.yaml").write_text(LONG)
    with started(here, "run", "--format", "json") as process:
        until(process, "shot_progress", "two")
        drawing = children(process.pid)
        assert drawing
        os.killpg(process.pid, signal.SIGINT)
        _, talk = process.communicate()
    assert (process.returncode, talk) == (130, "")
    assert not [pid for pid in drawing if Path(f"/proc/{pid}").exists()]
    assert unfinished(here) == []
    lock = json.loads((here / ".skyflow" / "animatic.lock").read_text())
    assert list(lock["shots"]) == ["one"]


def children(pid: int) -> list[int]:
    """The processes that a process started and that still run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            after = path.read_text().rpartition(")")[2].split()
            if int(after[1]) == pid:
                found.append(int(path.parent.name))
    return found
