"""The animatic as a run sees it: another process that answers, fails politely, and never outlives the run."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import av
import pytest

from skyflow.backends.animatic import Animatic
from skyflow.backends.animatic.render import render
from skyflow.backends.base import Assignment, Input
from skyflow.board.model import Output, Size
from skyflow.errors import MakeError, UsageError
from skyflow.models.skyreels_v4 import SIZES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from anyio.abc import Process

    from skyflow.backends.base import Made

ON_BOTH = pytest.mark.parametrize("loop", ["asyncio", "trio"])


def assignment(folder: Path, *, frames: int = 24, takes: tuple[int, ...] = (1,), **request: Any) -> Assignment:
    folder.mkdir(parents=True, exist_ok=True)
    output = Output(Size(848, 480), frames, Fraction(32), sound=True)
    body = {"positivePrompt": "A lighthouse in a storm; @keeper climbs.", **request}
    return Assignment("opening", "key", body, {}, takes, output, str(folder))


def make(wanted: Assignment, loop: str = "asyncio", progress: Callable[[float], None] = lambda _: None) -> list[Made]:
    return anyio.run(Animatic().make, wanted, progress, backend=loop)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    """Every process that the backend starts."""
    seen: list[Process] = []
    really = anyio.open_process

    async def spy(*args: Any, **how: Any) -> Process:
        seen.append(await really(*args, **how))
        return seen[-1]

    monkeypatch.setattr(anyio, "open_process", spy)
    return seen


@ON_BOTH
def test_takes_are_made_in_order_with_their_progress(tmp_path: Path, loop: str, started: list[Process]) -> None:
    told: list[float] = []
    takes = make(assignment(tmp_path, takes=(2, 5)), loop, told.append)
    assert [take.take for take in takes] == [2, 5]
    assert all(Path(take.path).parent == tmp_path and take.seed is None for take in takes)
    for take in takes:
        with av.open(take.path) as clip:
            assert clip.streams.video[0].frames == 24
    assert told == sorted(told)
    assert told[0] < 0.3
    assert told[-1] == 1
    assert [process.returncode is None for process in started] == [False]


def test_the_bytes_are_the_same_in_every_process(tmp_path: Path) -> None:
    contents = {Path(make(assignment(tmp_path / name))[0].path).read_bytes() for name in "ab"}
    here = render(assignment(tmp_path / "c"), lambda _: None)
    assert contents == {Path(here[0].path).read_bytes()}


def test_an_input_that_is_broken_fails_the_shot_in_words(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n")
    wanted = replace(
        assignment(tmp_path / "out", inputs={"frameImages": [{"image": "x"}]}),
        inputs={"x": Input(str(broken), "image")},
    )
    with pytest.raises(MakeError, match="does not decode") as caught:
        make(wanted)
    assert caught.value.remedy


def test_a_request_that_nobody_checked_fails_the_shot_with_a_place_to_look_at(tmp_path: Path) -> None:
    with pytest.raises(MakeError, match=r"the animatic failed: .*\.py:\d+\)"):
        make(assignment(tmp_path, inputs={"frameImages": [{"wrong": 1}]}))


@ON_BOTH
def test_a_process_that_dies_fails_the_shot(tmp_path: Path, loop: str, started: list[Process]) -> None:
    def kill(_: float) -> None:
        started[0].kill()

    with pytest.raises(MakeError, match="ended with -9"):
        make(assignment(tmp_path, frames=480), loop, kill)


@ON_BOTH
def test_cancellation_leaves_nothing_running(tmp_path: Path, loop: str, started: list[Process]) -> None:
    async def run() -> None:
        with anyio.CancelScope() as scope:
            await Animatic().make(assignment(tmp_path, frames=480), lambda _: scope.cancel())
        assert scope.cancelled_caught

    anyio.run(run, backend=loop)
    assert started[0].returncode == -signal.SIGKILL


async def nothing(_: str) -> None:
    """What happens between two shots, usually."""


def made_in_turn(
    folder: Path, loop: str, names: str, between: Callable[[str], Awaitable[None]] = nothing
) -> list[bytes]:
    """Shots drawn one after the other while the backend is entered, as a run does; each draws other words."""

    async def run() -> list[Made]:
        found = []
        async with Animatic() as animatic:
            for name in names:
                wanted = assignment(folder / name, positivePrompt=f"{name}: a lighthouse in a storm")
                found += await animatic.make(wanted, lambda _: None)
                await between(name)
        return found

    return [Path(take.path).read_bytes() for take in anyio.run(run, backend=loop)]


@ON_BOTH
def test_a_process_draws_one_shot_after_the_other_and_ends_with_the_run(
    tmp_path: Path, loop: str, started: list[Process]
) -> None:
    one, two, again = made_in_turn(tmp_path, loop, "aba")
    assert one == again != two
    assert [process.returncode is None for process in started] == [False]


def test_what_a_process_drew_before_leaves_no_trace_in_what_it_draws_next(tmp_path: Path) -> None:
    in_turn = made_in_turn(tmp_path / "turn", "asyncio", "abc")
    assert in_turn == [*made_in_turn(tmp_path / "a", "asyncio", "a"), *in_turn[1:]]
    assert in_turn[2:] == made_in_turn(tmp_path / "c", "asyncio", "c")


@ON_BOTH
def test_a_process_that_dies_while_it_waits_is_not_asked_again(
    tmp_path: Path, loop: str, started: list[Process]
) -> None:
    async def kill(name: str) -> None:
        if name == "a":
            started[0].kill()
            await started[0].wait()

    assert len(made_in_turn(tmp_path, loop, "ab", kill)) == 2
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)


@ON_BOTH
def test_cancellation_in_a_run_ends_what_draws_and_what_waits(
    tmp_path: Path, loop: str, started: list[Process]
) -> None:
    async def run() -> None:
        with anyio.CancelScope() as scope:
            async with Animatic() as animatic, anyio.create_task_group() as group:

                async def second() -> None:
                    await animatic.make(assignment(tmp_path / "b", frames=480), lambda _: None)

                group.start_soon(second)
                await animatic.make(assignment(tmp_path / "a"), lambda _: None)
                scope.cancel()
        assert scope.cancelled_caught

    anyio.run(run, backend=loop)
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)


RUN = """
import sys
from fractions import Fraction
import anyio
from skyflow.backends.animatic import Animatic
from skyflow.backends.base import Assignment
from skyflow.board.model import Output, Size

really = anyio.open_process

async def spy(*args, **how):
    process = await really(*args, **how)
    print(process.pid, flush=True)
    return process

anyio.open_process = spy
output = Output(Size(848, 480), 480, Fraction(32), sound=False)
wanted = Assignment("opening", "key", {"positivePrompt": "A lighthouse"}, {}, (1, 2, 3, 4), output, sys.argv[1])
said = []

def progress(share):
    if not said:
        said.append(print("drawing", flush=True))

try:
    anyio.run(Animatic().make, wanted, progress, backend=sys.argv[2])
except KeyboardInterrupt:
    sys.exit(130)
"""


def begun(folder: Path, loop: str) -> tuple[subprocess.Popen[str], int]:
    """A run in a process group of its own that has started to draw, and the pid of what draws."""
    run = subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", RUN, str(folder), loop],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=Path(__file__).parent.parent,
    )
    assert run.stdout is not None
    pid = int(run.stdout.readline())
    return run, pid


@ON_BOTH
def test_ctrl_c_ends_the_run_and_what_draws_without_a_word(tmp_path: Path, loop: str) -> None:
    run, pid = begun(tmp_path, loop)
    assert run.stdout is not None
    assert run.stdout.readline() == "drawing\n"
    os.killpg(run.pid, signal.SIGINT)
    _, said = run.communicate(timeout=60)
    assert (run.returncode, said) == (130, "")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_ctrl_c_at_the_very_start_leaves_nothing_either(tmp_path: Path) -> None:
    run, pid = begun(tmp_path, "asyncio")
    os.killpg(run.pid, signal.SIGINT)
    _, said = run.communicate(timeout=60)
    assert (run.returncode, said) == (130, "")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a process that is not its child: Linux")
def test_what_draws_ends_by_itself_when_its_run_is_killed(tmp_path: Path) -> None:
    run, pid = begun(tmp_path, "asyncio")
    end = os.pidfd_open(pid)
    try:
        run.kill()
        run.communicate()
        ended, _, _ = select.select([end], [], [], 60)
        assert ended
    finally:
        os.close(end)
    assert not list(tmp_path.glob("*.mp4")), "a half clip was left"


MEASURED = """
import resource
import sys
from fractions import Fraction
from skyflow.backends.animatic.render import render
from skyflow.backends.base import Assignment, Input
from skyflow.board.model import Output, Size

output = Output(Size(1920, 1080), 480, Fraction(32), sound=True)
body = {"positivePrompt": "A lighthouse"}
media = {}
if len(sys.argv) > 2:
    body["inputs"] = {"referenceVideos": [{"type": "reference", "tag": "@a", "video": "a"}]}
    media = {"a": Input(sys.argv[2], "clip", drawn=True)}
made = render(Assignment("opening", "key", body, media, (1,), output, sys.argv[1]), lambda _: None)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, made[0].path)
"""


@pytest.mark.slow
def test_the_longest_shots_in_full_size_stay_within_their_memory(tmp_path: Path) -> None:
    clips: list[str] = []
    for name in ("words", "edit"):
        folder = tmp_path / name
        folder.mkdir()
        answer = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, "-c", MEASURED, str(folder), *clips],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parent.parent,
        )
        megabytes, clip = answer.stdout.split()
        assert int(megabytes) < 600
        clips = [clip]


def test_a_proxy_is_small_and_a_backend_of_its_own() -> None:
    full, proxy = Animatic(), Animatic("480p")
    assert (full.name, proxy.name) == ("animatic", "animatic-480p")
    assert full.version == proxy.version
    assert full.repeatable
    assert full.default_jobs() >= 1
    for (_, aspect), size in SIZES.items():
        planned = Output(Size(*size), 77, Fraction(32), sound=True)
        assert full.output(planned) == planned
        assert proxy.output(planned) == replace(planned, size=Size(*SIZES["480p", aspect]))
    with pytest.raises(UsageError, match="no proxy 240p"):
        Animatic("240p")
