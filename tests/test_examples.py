"""The example boards: free of problems, planned whole, small, and drawn by the script beside them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from PIL import Image

from skyflow import pipeline
from skyflow.planning.plan import Action
from skyflow.published import examples
from skyflow.running.outcome import Cut

if TYPE_CHECKING:
    from skyflow.board.model import EdgeKind

ROOT = Path(__file__).parent.parent
STORYBOARDS = ROOT / "examples" / "storyboards"
NAMES = ("first-shot", "lighthouse", "music-video", "spot-9x16", "starter")
ASSETS = sorted(file for file in STORYBOARDS.glob("*/assets/*") if file.is_file())
PICTURES = [file for file in ASSETS if file.suffix in {".png", ".jpg"}]
CLIPS = [file for file in ASSETS if file.suffix == ".mp4"]
VOICES = [file for file in ASSETS if file.suffix in {".wav", ".mp3", ".m4a"}]


def board(name: str) -> Path:
    return STORYBOARDS / name / "board.yaml"


def name_of(file: Path) -> str:
    return f"{file.parent.parent.name}/{file.name}"


def test_every_example_is_tested_here_and_published():
    assert {file.parent.name for file in STORYBOARDS.glob("*/board.yaml")} == set(NAMES)
    assert {folder.name for folder in examples().iterdir() if folder.is_dir()} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_there_is_nothing_to_say_against_it(name):
    reading = pipeline.check(board(name)).reading
    assert [(problem.code, problem.path, problem.message) for problem in reading.problems] == []


@pytest.mark.parametrize("name", NAMES)
def test_it_is_planned_whole(name, tmp_path):
    copy = shutil.copytree(STORYBOARDS / name, tmp_path / name, ignore=shutil.ignore_patterns("out", ".skyflow"))
    plan = pipeline.plan(pipeline.load(copy / "board.yaml"))
    assert {step.action for step in plan.steps} <= {Action.MAKE, Action.WAIT, Action.FOOTAGE}
    assert all(step.cost > 0 for step in plan.steps if step.action is not Action.FOOTAGE)
    assert plan.total_cost == sum((step.cost for step in plan.steps), Decimal(0))
    assert not (copy / ".skyflow").exists()
    assert not (copy / "out").exists()


def test_the_lighthouse_shows_every_way_that_shots_depend():
    loaded = pipeline.load(board("lighthouse")).board
    kinds: set[EdgeKind] = set().union(*(loaded.graph.edges[edge]["kinds"] for edge in loaded.graph.edges))
    assert kinds == {"extends", "edits", "frames", "tag", "needs"}
    shots = loaded.shots.values()
    references = [reference for shot in shots for reference in shot.references]
    assert {reference.kind for reference in references} == {"image", "grid"}
    assert any(reference.voice for reference in references)
    assert max(shot.takes for shot in shots) == 3
    assert any(shot.footage for shot in shots)
    assert len(loaded.cut) >= 8
    assert 40 <= loaded.cut_seconds <= 60


def test_the_music_video_fans_out_and_in():
    graph = pipeline.load(board("music-video")).board.graph
    assert len(graph) >= 20
    assert max(dict(graph.out_degree()).values()) >= 4
    assert max(dict(graph.in_degree()).values()) >= 3


def test_the_spot_changes_its_product_with_its_vars():
    ember = pipeline.load(board("spot-9x16")).board.shots
    tide = pipeline.load(board("spot-9x16"), {"product": "tide", "taste": "sea salt and lime"}).board.shots
    assert [reference.tag for reference in ember["hook"].references] == ["ember"]
    assert [reference.tag for reference in tide["hook"].references] == ["tide"]
    assert ember["pair"] == tide["pair"]
    assert all(shot.output.size.height > shot.output.size.width for shot in tide.values())


@pytest.mark.parametrize("name", NAMES)
def test_its_first_line_leads_an_editor_to_the_schema(name):
    first = board(name).read_text(encoding="utf-8").splitlines()[0]
    match = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert match
    assert (board(name).parent / match[1]).resolve() == ROOT / "schemas" / "storyboard.schema.json"


def test_the_first_shot_takes_five_lines():
    lines = board("first-shot").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if not line.startswith("#")]) == 5


@pytest.mark.parametrize("file", ASSETS, ids=name_of)
def test_an_asset_is_small_and_used(file):
    assert file.stat().st_size < 150_000
    text = board(file.parent.parent.name).read_text(encoding="utf-8")
    assert f"assets/{file.name}" in text


def test_all_of_it_is_small():
    assert sum(file.stat().st_size for file in ASSETS) < 1_500_000


@pytest.mark.slow
@pytest.mark.parametrize(("name", "seconds"), [("first-shot", 5), ("starter", 16)])
def test_the_small_ones_become_films(name, seconds, tmp_path):
    copy = shutil.copytree(STORYBOARDS / name, tmp_path / name, ignore=shutil.ignore_patterns("out", ".skyflow"))
    result = pipeline.run(pipeline.load(copy / "board.yaml"), proxy="480p")
    assert isinstance(result.cut, Cut)
    with av.open(str(result.cut.path)) as film:
        assert sum(1 for _ in film.decode(video=0)) == seconds * 32


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything, drawn again."""
    folder = tmp_path_factory.mktemp("drawn")
    subprocess.run([sys.executable, ROOT / "examples" / "draw.py", folder], check=True)  # noqa: S603 - our own
    return folder


@pytest.mark.slow
@pytest.mark.xdist_group("drawn")
class TestWhatIsCommittedIsWhatTheScriptDraws:
    """Encoders differ by version, so what is compared is what they decode to."""

    def test_no_file_more_or_less(self, drawn):
        again = {file.relative_to(drawn) for file in drawn.rglob("*") if file.is_file()}
        assert again == {file.relative_to(STORYBOARDS) for file in ASSETS}

    @pytest.mark.parametrize("file", PICTURES, ids=name_of)
    def test_picture(self, file, drawn):
        with Image.open(file) as committed, Image.open(drawn / file.relative_to(STORYBOARDS)) as again:
            assert committed.size == again.size
            assert difference(np.asarray(committed), np.asarray(again)) < 2

    @pytest.mark.parametrize("file", CLIPS, ids=name_of)
    def test_clip(self, file, drawn):
        committed, again = frames(file), frames(drawn / file.relative_to(STORYBOARDS))
        assert len(committed) == len(again)
        assert all(difference(one, other) < 3 for one, other in zip(committed, again, strict=True))

    @pytest.mark.parametrize("file", [*VOICES, *(clip for clip in CLIPS if clip.stem == "trawler")], ids=name_of)
    def test_sound(self, file, drawn):
        committed, again = loudness(file), loudness(drawn / file.relative_to(STORYBOARDS))
        assert len(committed) == len(again)
        assert np.abs(committed - again).max() < 0.05


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Mean distance of two pictures, in steps of 256."""
    return float(np.abs(one.astype(np.int16) - other.astype(np.int16)).mean())


def frames(file: Path) -> list[np.ndarray]:
    """Every picture of a clip, small."""
    with av.open(str(file)) as clip:
        return [frame.to_ndarray(width=320, height=180, format="rgb24") for frame in clip.decode(video=0)]


def loudness(file: Path) -> np.ndarray:
    """The level of each tenth of a second, 0 to 1."""
    with av.open(str(file)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=16_000)
        chunks = [piece.to_ndarray()[0] for frame in container.decode(audio=0) for piece in resampler.resample(frame)]
    samples = np.concatenate(chunks)
    return np.asarray([np.sqrt(np.mean(part**2)) for part in np.array_split(samples, len(samples) // 1600)])
