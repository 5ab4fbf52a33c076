"""A run in trouble: shots that fail, disks that rot, processes that are killed, people who change their mind."""

from __future__ import annotations

import json
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyflow.board.model import Output
from skyflow.disk import TEMPORARY
from skyflow.errors import BoardHeld, ExitCode, MakeError, MediaError, Refused, StoreError
from skyflow.running.lock import Lock
from skyflow.running.options import Options, Retake
from skyflow.running.outcome import NoCut
from skyflow.running.runner import run
from skyflow.store.hold import hold
from skyflow.store.objects import Objects
from skyflow.store.project import Project
from tests.attacks import critical, descendants, durable_steps_until_killed, flip, graphs, in_a_child
from tests.fakes import (
    IN_MEMORY,
    RATE,
    SMALL,
    FakeAside,
    FakeBackend,
    Seen,
    board,
    failure,
    files_in,
    footage,
    in_virtual_time,
    outcome,
    picture,
    run_board,
    shot,
    words,
)

if TYPE_CHECKING:
    from skyflow.board.model import Board

OUT = "out/board/fake"


def tree() -> Board:
    """Two takes that feed a chain, and one shot that stands alone."""
    return board(shot("a", takes=2), shot("b", extends="a"), shot("c", frames=[("b", 3)]), shot("d"))


def clip_of(folder: Path, name: str) -> str:
    entry = json.loads((folder / ".skyflow/fake.lock").read_text())["shots"][name]
    version = entry["versions"][entry["key"]]
    return str(version["takes"][str(version["pick"])]["sha256"])


def consistent(folder: Path) -> None:
    """Nothing is half written, and the lock names only what the store really has."""
    names = [path.name for path in folder.rglob("*")]
    assert not [name for name in names if name.startswith(TEMPORARY) or name == "half-written"]
    work = folder / ".skyflow/tmp"
    assert not work.exists() or not list(work.iterdir())
    objects = Objects(folder / ".skyflow/objects")
    assert all(objects.intact(sha256) for sha256 in objects)
    assert Lock.load(folder / ".skyflow/fake.lock", "fake").objects() <= set(objects)


def result_bytes(folder: Path) -> dict[str, bytes]:
    """What a run came to: out/ and the lock, without times."""
    kept = {**files_in(folder / "out"), "lock": ((folder / ".skyflow/fake.lock").read_bytes(), 0)}
    return {name: content for name, (content, _) in kept.items()}


@pytest.fixture
def quick():
    """A folder for many runs in one test."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def whole_result(tmp_path_factory):
    """What a run of ``tree`` comes to when nothing goes wrong."""
    folder = tmp_path_factory.mktemp("whole")
    run_board(tree(), folder)
    return result_bytes(folder)


# Shots that fail


@pytest.mark.parametrize("error", [MakeError("no", "try"), MediaError("no", "try"), StoreError("no", "try")])
def test_a_failed_shot_stops_its_descendants_and_nobody_else(project, error):
    seen = Seen()
    result = run_board(tree(), project, FakeBackend(fails={"b": error}), watcher=seen)
    assert words(result) == {"a": "Made", "b": "Failed", "c": "Skipped", "d": "Made"}
    assert (outcome(result, "c").because, failure(result, "b")) == ("b", error)
    assert result.exit_code is ExitCode.SHOT_FAILED
    assert result.cut == NoCut("b, c are not there")
    assert sorted(path.name for path in (project / OUT).iterdir()) == ["a.mp4", "a.take1.mp4", "a.take2.mp4", "d.mp4"]
    consistent(project)
    assert words(run_board(tree(), project)) == {"a": "Reused", "b": "Made", "c": "Made", "d": "Reused"}


def test_at_the_first_failure_everything_stops_when_asked(project):
    backend = FakeBackend(jobs=2, seconds={"a": 5}, fails={"d": MakeError("no")})
    result = run_board(tree(), project, backend, fail_fast=True)
    assert words(result) == {"a": "Interrupted", "b": "Interrupted", "c": "Interrupted", "d": "Failed"}
    assert (backend.cancelled, result.seconds) == (["a"], 1)
    consistent(project)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (Output(SMALL, 94, RATE, sound=False), "its number of frames is 94, not 96"),
        (Output(SMALL, 96, RATE / 2, sound=False), "its frame rate is 16, not 32"),
        (Output(SMALL, 96, RATE, sound=True), "its sound is on, not off"),
    ],
)
def test_a_take_of_other_measures_is_no_result(project, output, message):
    result = run_board(board(shot("a")), project, FakeBackend(measures={"a": output}))
    assert failure(result, "a").message == f"take 1 of a is not what was asked for: {message}"
    assert not (project / OUT / "a.mp4").exists()


def test_of_several_takes_the_good_ones_are_kept(project):
    whole = board(shot("a", takes=3))
    result = run_board(whole, project, FakeBackend(leaves={"a": 1}))
    assert failure(result, "a").message == "fake did not make take 3 of a"
    backend = FakeBackend()
    assert words(run_board(whole, project, backend)) == {"a": "Made"}
    assert [assignment.takes for assignment in backend.made] == [(3,)]


def test_a_failed_retake_leaves_the_film_as_it_was(project):
    run_board(tree(), project)
    before = result_bytes(project)
    result = run_board(tree(), project, FakeBackend(fails={"d": MakeError("no")}), retake=Retake("d"))
    assert words(result)["d"] == "Failed"
    assert result_bytes(project) == before


def test_a_backend_that_points_outside_its_takes_is_not_believed(project):
    class Lying(FakeBackend):
        async def make(self, assignment, progress):
            made = await super().make(assignment, progress)
            (project / "a link").replace(made[0].path)
            return made

    (project / "board.yaml").write_text("skyflow: 1")
    (project / "a link").symlink_to(project / "board.yaml")
    result = run_board(board(shot("a")), project, Lying())
    assert failure(result, "a").message == "fake left no clip where it said for take 1 of a"
    assert (project / "board.yaml").read_text() == "skyflow: 1"


def test_a_file_that_changes_under_the_run_fails_its_shot(project):
    lamp = picture(project, "lamp.png")
    (project / "lamp.png").write_bytes(b"other pixels")
    result = run_board(board(shot("a", pictures=[lamp]), shot("b")), project)
    assert failure(result, "a").message == "lamp.png changed after the board was checked"
    (project / "lamp.png").unlink()
    result = run_board(board(shot("a", pictures=[lamp]), shot("b")), project)
    assert failure(result, "a").message == "lamp.png cannot be read any more: no such file or directory"
    assert words(result)["b"] == "Reused"


def test_footage_that_changed_spoils_the_cut_and_says_so(project):
    whole = board(shot("a"), shot("f", footage=footage(project, "f.mp4")))
    (project / "f.mp4").write_bytes(b"other")
    result = run_board(whole, project)
    assert isinstance(result.cut, NoCut)
    assert result.cut.error is not None
    assert result.cut.error.message == "f.mp4 changed after the board was checked"
    assert result.exit_code is ExitCode.SHOT_FAILED


def test_a_mistake_in_a_backend_is_that_shots_failure_and_no_others(project):
    backend = FakeBackend(jobs=2, seconds={"a": 5}, fails={"d": ZeroDivisionError("a mistake")})
    result = run_board(tree(), project, backend)
    assert failure(result, "d").message == "fake failed with ZeroDivisionError: a mistake"
    assert words(result) == {"a": "Made", "b": "Made", "c": "Made", "d": "Failed"}
    consistent(project)


def test_a_lost_take_of_a_renamed_shot_is_made_again_as_it_was(project):
    run_board(board(shot("a", "same"), shot("z", extends="a")), project)
    run_board(board(shot("b", "same"), shot("z", extends="b")), project)
    (lock,) = (project / ".skyflow").glob("*.lock")
    before = lock.read_bytes()
    for path in sorted((project / ".skyflow" / "objects").glob("??/*")):
        path.unlink()
    backend = FakeBackend()
    run_board(board(shot("b", "same"), shot("z", extends="b")), project, backend)
    assert backend.shots == ["a", "z"]
    assert lock.read_bytes() == before


@pytest.mark.parametrize("frames", [95, 97])
def test_a_take_that_is_one_frame_off_is_kept_as_it_is(project, frames):
    output = Output(SMALL, frames, RATE, sound=False)
    result = run_board(board(shot("a")), project, FakeBackend(measures={"a": output}))
    assert words(result) == {"a": "Made"}


@pytest.mark.parametrize(("frames", "word"), [(192, "Made"), (191, "Made"), (193, "Made"), (150, "Failed")])
def test_an_extension_may_contain_the_clip_that_it_extends(project, frames, word):
    output = Output(SMALL, frames, RATE, sound=False)
    whole = board(shot("a"), shot("b", extends="a"))
    assert words(run_board(whole, project, FakeBackend(measures={"b": output})))["b"] == word


def test_takes_that_were_finished_when_the_run_was_cancelled_are_recorded(project):
    class Slow(FakeAside):
        async def probe(self, clip):
            if clip.name == "take2.mp4" or "2" in clip.stem:
                await anyio.sleep(100)
            return await super().probe(clip)

    async def cancelled() -> None:
        with anyio.move_on_after(10), hold(Project.of(project / "board.yaml"), "run") as held:
            await run(board(shot("a", takes=2)), FakeBackend(), held, aside=Slow())

    in_virtual_time(cancelled)
    backend = FakeBackend()
    assert words(run_board(board(shot("a", takes=2)), project, backend)) == {"a": "Made"}
    assert [assignment.takes for assignment in backend.made] == [(2,)]


@given(st.data(), graphs(most=7))
@settings(max_examples=25)
def test_any_board_runs_in_order_within_its_jobs_and_fails_only_downwards(data, depends_on):
    shots = [
        shot(name, frames=[(one, 0) for one in before if data.draw(st.booleans())], needs=before)
        for name, before in depends_on.items()
    ]
    seconds = {name: data.draw(st.integers(0, 5)) for name in depends_on}
    failing = data.draw(st.sets(st.sampled_from(sorted(depends_on))))
    jobs = data.draw(st.integers(1, 4))
    backend = FakeBackend(seconds=seconds, fails={name: MakeError("no") for name in failing})
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        result = run_board(board(*shots), Path(folder), backend, jobs=jobs)
    assert backend.at_once <= jobs
    for name in backend.began:
        assert all(backend.ended[before] <= backend.began[name] for before in depends_on[name])
    came = {name for name, word in words(result).items() if word != "Skipped"}
    assert depends_on.keys() - came == {later for name in failing & came for later in descendants(depends_on, name)}
    assert {outcome.shot for outcome in result.failed} == failing & came
    assert backend.made == [] or len(set(backend.shots)) == len(backend.shots)


@given(st.data(), graphs(most=7))
@settings(max_examples=25)
def test_a_run_takes_the_critical_path_and_never_more_than_graham_allows(data, depends_on):
    seconds = {name: data.draw(st.integers(0, 5)) for name in depends_on}
    whole = board(*(shot(name, needs=before) for name, before in depends_on.items()))
    longest, jobs = critical(depends_on, seconds), data.draw(st.integers(1, 4))
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        assert run_board(whole, Path(folder), FakeBackend(seconds=seconds), jobs=99).seconds == longest
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        taken = run_board(whole, Path(folder), FakeBackend(seconds=seconds), jobs=jobs).seconds
    assert longest <= taken <= sum(seconds.values()) / jobs + longest * (1 - 1 / jobs)


# Disks that rot


@pytest.mark.parametrize("through_out", [False, True])
def test_a_flipped_bit_is_noticed_and_the_clip_made_again(project, whole_result, through_out):
    run_board(tree(), project)
    sha256 = clip_of(project, "b")
    flip(project / OUT / "b.mp4" if through_out else project / ".skyflow/objects" / sha256[:2] / sha256[2:])
    backend = FakeBackend()
    result = run_board(tree(), project, backend)
    assert words(result) == {"a": "Reused", "b": "Made", "c": "Reused", "d": "Reused"}
    assert result_bytes(project) == whole_result
    consistent(project)


def test_a_copy_in_out_that_was_written_to_is_put_right_without_making_anything(project):
    run_board(tree(), project, FakeBackend(repeatable=False))
    before = (project / OUT / "b.mp4").read_bytes()
    (project / OUT / "b.mp4").write_bytes(b"graded over")
    backend = FakeBackend(repeatable=False)
    run_board(tree(), project, backend)
    assert backend.made == []
    assert (project / OUT / "b.mp4").read_bytes() == before


def test_a_lost_store_is_made_again_byte_by_byte(project, whole_result):
    run_board(tree(), project)
    for path in (project / ".skyflow/objects").rglob("*"):
        if path.is_file():
            path.unlink()
    assert run_board(tree(), project).exit_code is ExitCode.DONE
    assert result_bytes(project) == whole_result


def test_a_lost_lock_is_made_again_byte_by_byte(project, whole_result):
    run_board(tree(), project)
    (project / ".skyflow/fake.lock").unlink()
    run_board(tree(), project)
    assert result_bytes(project) == whole_result


def test_a_damaged_lock_stops_the_run_before_anything_is_made(project):
    run_board(tree(), project)
    (project / ".skyflow/fake.lock").write_text("{")
    backend = FakeBackend()
    with pytest.raises(StoreError, match=r"fake\.lock is damaged"):
        run_board(tree(), project, backend)
    (project / ".skyflow/fake.lock").write_text('{"skyflow_lock": 9}')
    with pytest.raises(Refused):
        run_board(tree(), project, backend)
    assert backend.made == []


def test_an_out_that_cannot_be_written_is_said_after_everything_was_made(project):
    (project / "out").write_text("not a folder")
    with pytest.raises(StoreError, match="cannot write"):
        run_board(tree(), project)
    (project / "out").unlink()
    backend = FakeBackend()
    assert run_board(tree(), project, backend).exit_code is ExitCode.DONE
    assert backend.made == []


# People who change their mind, processes that are killed


@pytest.mark.parametrize("tenths", range(0, 60, 3))
def test_a_run_that_is_cancelled_at_any_time_can_be_taken_up_again(project, whole_result, tenths):
    backend = FakeBackend(seconds={"d": 1.7})

    async def cancelled() -> None:
        with anyio.move_on_after(tenths / 10), hold(Project.of(project / "board.yaml"), "run") as held:
            await run(tree(), backend, held, aside=FakeAside(cut_seconds=1))

    in_virtual_time(cancelled)
    consistent(project)
    finished = {name for name, at in backend.ended.items() if name not in backend.cancelled}
    again = FakeBackend()
    assert run_board(tree(), project, again).exit_code is ExitCode.DONE
    assert not finished & set(again.shots)
    assert result_bytes(project) == whole_result


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_a_watcher_that_stops_the_run_at_any_event_breaks_nothing(quick, whole_result, error):
    class Stopping(Seen):
        def __init__(self, at: int) -> None:
            super().__init__()
            self.at = at

        def see(self, event, /):
            super().see(event)
            if len(self.events) == self.at:
                raise error

    for at in range(1, 99):
        folder = quick / str(at)
        folder.mkdir()
        try:
            run_board(tree(), folder, watcher=Stopping(at))
        except error:
            consistent(folder)
            run_board(tree(), folder)
            assert result_bytes(folder) == whole_result
        else:
            break
    assert at > 15


@pytest.mark.slow
def test_a_run_that_is_killed_at_any_durable_step_can_be_taken_up_again(quick, whole_result):
    for at in range(1, 500):
        folder = quick / str(at)
        folder.mkdir()

        def killed(folder=folder, at=at):
            durable_steps_until_killed(at)
            run_board(tree(), folder)

        status = in_a_child(killed)
        run_board(tree(), folder)
        consistent(folder)
        assert result_bytes(folder) == whole_result
        if status == 0:
            break
        assert status == -signal.SIGKILL
    assert at > 30


def test_what_a_killed_run_left_is_swept_by_the_next(project):
    work = project / ".skyflow/tmp/run-dead/a"
    work.mkdir(parents=True)
    (work / "half-written").write_bytes(b"...")
    for folder in (project, project / ".skyflow", project / ".skyflow/objects", project / OUT):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{TEMPORARY}00-x.mp4").write_bytes(b"half")
    run_board(tree(), project)
    consistent(project)


def test_two_runs_of_one_board_exclude_each_other(project):
    backend = FakeBackend()

    async def twice() -> None:
        with hold(Project.of(project / "board.yaml"), "run") as held:
            async with anyio.create_task_group() as group:
                group.start_soon(lambda: run(tree(), backend, held, options=Options(), aside=FakeAside()))
                await anyio.sleep(0.5)
                with pytest.raises(BoardHeld), hold(Project.of(project / "board.yaml"), "run"):
                    pass

    in_virtual_time(twice)
    assert sorted(backend.shots) == ["a", "b", "c", "d"]


def test_the_lock_is_written_as_the_run_goes_on(project):
    found = []

    class Reading(Seen):
        def see(self, event, /):
            if type(event).__name__ == "ShotDone":
                found.append(sorted(Lock.load(project / ".skyflow/fake.lock", "fake").shots()))

    run_board(tree(), project, FakeBackend(jobs=1), watcher=Reading())
    assert found == [[], ["a"], ["a", "b"], ["a", "b", "c"]]  # each shot takes a second


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files as Linux shows them")
def test_nothing_is_left_open(project):
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        run_board(tree(), project)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
