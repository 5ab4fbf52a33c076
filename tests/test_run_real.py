"""A run with real clips, real stills and a real cut, on asyncio as the verbs run it; only the drawing is plain."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import anyio
import numpy as np
import pytest
from PIL import Image

from fakes import FakeBackend, board, failure, files_in, shot, words
from filming import RATE, WIDE, film, numbers
from skyflow import digest
from skyflow.backends.base import Made
from skyflow.board.model import FileMedia
from skyflow.errors import ExitCode
from skyflow.media import probe
from skyflow.run.outcome import Cut
from skyflow.run.runner import run
from skyflow.store.hold import hold
from skyflow.store.project import Project

OUT = "out/board/film"


class FilmBackend(FakeBackend):
    """Draws real clips: each picture shows a number, counted on from where the shot before left off."""

    def __init__(self, **options):
        super().__init__(name="film", **options)
        self.stills = []

    async def make(self, assignment, progress):
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

    async def make(self, assignment, progress):
        made = await super().make(assignment, progress)
        path = Path(made[0].path)
        path.write_bytes(path.read_bytes()[:-200])
        return made


def small(name, **options):
    return shot(name, seconds=1, size=WIDE, **options)


def run_for_real(whole, folder, backend):
    with hold(Project.of(folder / "board.yaml"), "run") as held:
        return anyio.run(run, whole, backend, held)


def footage_of(folder):
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
    assert isinstance(result.cut, Cut)
    facts = probe.clip(result.cut.path)
    assert facts.rate == RATE
    assert numbers(result.cut.path)[:32] == list(range(32))
    assert numbers(result.cut.path)[-16:] == list(range(500, 516))
    before = files_in(project)
    again = run_for_real(whole, project, FilmBackend())
    assert set(words(again).values()) == {"Reused", "Footage"}
    assert files_in(project) == before


def test_a_clip_that_is_cut_off_never_enters_the_store(project):
    result = run_for_real(board(small("one"), small("two", extends="one")), project, Careless())
    assert words(result) == {"one": "Failed", "two": "Skipped"}
    assert "damaged or cut off" in failure(result, "one").message
    assert not list((project / ".skyflow").rglob("*.mp4"))
    assert not (project / OUT).exists()


@pytest.mark.parametrize("change", ["size", "frames", "sound"])
def test_a_real_clip_of_other_measures_is_no_result(project, change):
    class Stubborn(FilmBackend):
        async def make(self, assignment, progress):
            output = assignment.output
            wrong = {
                "size": replace(output, size=type(output.size)(output.size.height, output.size.width)),
                "frames": replace(output, frames=output.frames + 1),
                "sound": output,
            }[change]
            made = await super().make(replace(assignment, output=wrong), progress)
            if change == "sound":
                film(Path(made[0].path), range(output.frames), size=output.size, level=0.1)
            return made

    result = run_for_real(board(small("one")), project, Stubborn())
    assert failure(result, "one").message.startswith("take 1 of one is not what was asked for: its ")
