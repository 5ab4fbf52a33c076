"""Killed with nothing spared: ``skyflow run`` and ``skyflow sandbox`` as programs, real clips, waits and a cut."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from PIL import Image

from skyflow.media import probe
from skyflow.running.lock import Lock
from skyflow.store.objects import Objects
from tests.plugging import ROOT, skyflow
from tests.serving import Served, served
from tests.studio import leftovers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

BOARD = """\
skyflow: 1
title: Three Shots
defaults: {resolution: 480p, duration: 3}
shots:
  lamp: {prompt: A lamp., takes: 2}
  harbour: {prompt: The harbour., frames: [{shot: lamp, frame: last}]}
  face: {prompt: A face., frames: [face.png]}
"""
RUN = ("run", "--backend", "runware", "--max-cost", "2")
PRICE = 0.33
SECONDS = 200


@pytest.fixture
def film(project: Path) -> Path:
    """A project with a board."""
    folder = project / "film"
    (folder / ".git").mkdir(parents=True)
    (folder / "board.yaml").write_text(BOARD)
    Image.new("RGB", (848, 480), "orange").save(folder / "face.png")
    return folder


@contextmanager
def running(film: Path, sandbox: Served) -> Iterator[subprocess.Popen[bytes]]:
    """A run under way."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "skyflow", *RUN],
        cwd=film,
        env={**os.environ, "PYTHONPATH": str(ROOT), **sandbox.exported},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(process: subprocess.Popen[bytes], there: Callable[[], Any]) -> None:
    """Wait until something is seen from outside."""
    until = time.monotonic() + SECONDS
    while not there():
        assert time.monotonic() < until
        assert process.poll() is None, "it has ended before"


def again(film: Path, sandbox: Served, *words: str) -> subprocess.CompletedProcess[str]:
    return skyflow(*RUN, *words, cwd=film, plugged=None, **sandbox.exported)


def see_whole(film: Path, sandbox: Served) -> None:
    """Three tasks are charged once, every clip decodes, and a run that may make nothing is content."""
    tasks = sandbox.page("ledger")["tasks"]
    assert len({task["taskUUID"] for task in tasks}) == len(tasks) == 3
    assert sum(task["charged"] for task in tasks) == pytest.approx(4 * PRICE)
    lock, objects = Lock.load(film / "board.lock", "runware"), Objects(film / ".skyflow" / "objects")
    assert lock.shots() == ("face", "harbour", "lamp")
    for shot in lock.shots():
        version = lock.current(shot)
        assert version is not None
        assert version.pick == 1
        for take in version.takes.values():
            assert objects.intact(take.sha256)
            assert probe.clip(objects.path(take.sha256)).frames == 96
    assert probe.clip(film / "out" / "board" / "runware" / "cut.mp4").frames == 3 * 96
    assert leftovers(film) == []
    assert again(film, sandbox, "--locked").returncode == 0


def charged(sandbox: Served, count: int) -> Callable[[], Any]:
    return lambda: len(sandbox.page("ledger")["tasks"]) >= count


SEEN: dict[str, Callable[[Path, Served], Any]] = {
    "the board is held": lambda film, _: (film / ".skyflow" / "journal.sqlite").exists(),
    "a task is charged": lambda _, sandbox: sandbox.page("ledger")["tasks"],
    "a clip is asked for": lambda _, sandbox: sandbox.page("requests")["downloads"],
    "a clip is on its way": lambda film, _: list(film.glob(".skyflow/tmp/run-*/*/*.mp4")),
    "the last task is charged": lambda _, sandbox: len(sandbox.page("ledger")["tasks"]) == 3,
    "results get their names": lambda film, _: list(film.glob("out/board/runware/*.mp4")),
}


@pytest.mark.parametrize("seen", SEEN)
def test_a_run_that_is_killed_is_finished_by_the_next(film, project, seen):
    with served(project, "--latency", "1") as sandbox:
        with running(film, sandbox) as process:
            wait_for(process, lambda: SEEN[seen](film, sandbox))
            process.kill()
            assert process.wait() == -signal.SIGKILL
        finished = again(film, sandbox)
        assert finished.returncode == 0, finished.stderr
        see_whole(film, sandbox)


def test_a_sandbox_that_is_killed_and_comes_back_is_outlived(film, project):
    with served(project, "--latency", "1") as sandbox, running(film, sandbox) as process:
        wait_for(process, lambda: sandbox.page("ledger")["tasks"])
        port = str(httpx.URL(sandbox.url).port)
        sandbox.end(signal.SIGKILL)
        with served(project, "--latency", "1", "--port", port) as next_one:
            assert process.wait(SECONDS) == 0
            see_whole(film, next_one)
