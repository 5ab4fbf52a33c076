"""A run with real clips, real stills and a real cut, on asyncio as the verbs run it; only the drawing is plain."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import numpy as np
import pytest
from PIL import Image

from skyflow import digest
from skyflow.backends.base import Made
from skyflow.board.model import FileMedia
from skyflow.errors import ExitCode
from skyflow.media import probe
from skyflow.running.runner import run
from skyflow.store.hold import hold
from skyflow.store.project import Project
from tests.fakes import FakeBackend, board, cut_of, failure, files_in, shot, words
from tests.filming import RATE, WIDE, film, numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skyflow.backends.base import Assignment, Progress
    from skyflow.board.model import Board, Shot
    from skyflow.running.outcome import Result

OUT = "out/board/film"


class FilmBackend(FakeBackend):
    """Draws real clips: each picture shows a number, counted on from where the shot before left off."""

    def __init__(self) -> None:
        super().__init__(name="film")
        self.stills: list[NDArray[Any]] = []

    async def make(self, assignment: Assignment, progress: Progress) -> list[Made]:
        self.made.append(assignment)
        first = 0
        for item in assignment.inputs.values():
            if item.kind == "clip":
                first = numbers(Path(item.path))[-1]
            else:
                self.stills.append(np.asarray(Image.open(item.path).convert("L")))
        path = Path(assignment.folder) / "take.mp4"
        film(path, range(first, first + assignment.output.frames), size=assignment.output.size)
        progress(1.0)
        return [Made(take, str(path)) for take in assignment.takes]


class Careless(FilmBackend):
    """Cuts off what it has written."""

    async def make(self, assignment: Assignment, progress: Progress) -> list[Made]:
        made = await super().make(assignment, progress)
        os.truncate(made[0].path, os.stat(made[0].path).st_size - 200)  # noqa: PTH116 - a fake may block
        return made


def small(name: str, **options: Any) -> Shot:
    return shot(name, seconds=1, size=WIDE, **options)


def run_for_real(whole: Board, folder: Path, backend: FilmBackend) -> Result:
    with hold(Project.of(folder / "board.yaml"), "run") as held:
        return anyio.run(run, whole, backend, held)


def footage_of(folder: Path) -> FileMedia:
    path = film(folder / "pickup.mp4", range(500, 516))
    return FileMedia("pickup.mp4", digest.of_file(path), probe.clip(path))


def test_real_clips_become_a_real_cut_and_the_second_run_touches_nothing(project):
    whole = board(
        small("one"),
        small("two", extends="one"),
        small("three", frames=[("one", 31), ("pickup", 15)]),
        small("pickup", footage=footage_of(project)),
    )
    backend = FilmBackend()
    result = run_for_real(whole, project, backend)
    assert result.exit_code is ExitCode.DONE, result
    assert numbers(project / OUT / "two.mp4") == list(range(31, 63))
    assert [still.shape for still in backend.stills] == [(96, 160)] * 2
    cut = cut_of(result).path
    facts = probe.clip(cut)
    assert facts.rate == RATE
    assert numbers(cut)[:32] == list(range(32))
    assert numbers(cut)[-16:] == list(range(500, 516))
    before = files_in(project)
    again = run_for_real(whole, project, FilmBackend())
    assert set(words(again).values()) == {"Reused", "Footage"}
    assert files_in(project) == before


def test_a_clip_that_is_cut_off_never_enters_the_store(project):
    result = run_for_real(board(small("one"), small("two", extends="one")), project, Careless())
    assert words(result) == {"one": "Failed", "two": "Skipped"}
    assert failure(result, "one").message.startswith("take 1 of one: take.mp4 is cut off")
    assert not list((project / ".skyflow").rglob("*.mp4"))
    assert not (project / OUT).exists()


@pytest.mark.parametrize("change", ["size", "frames", "sound"])
def test_a_real_clip_of_other_measures_is_no_result(project, change):
    class Stubborn(FilmBackend):
        async def make(self, assignment: Assignment, progress: Progress) -> list[Made]:
            output = assignment.output
            wrong = {
                "size": replace(output, size=type(output.size)(output.size.height, output.size.width)),
                "frames": replace(output, frames=output.frames + 2),
                "sound": output,
            }[change]
            made = await super().make(replace(assignment, output=wrong), progress)
            if change == "sound":
                film(Path(made[0].path), range(output.frames), size=output.size, level=0.1)
            return made

    result = run_for_real(board(small("one")), project, Stubborn())
    assert failure(result, "one").message.startswith("take 1 of one is not what was asked for: its ")
