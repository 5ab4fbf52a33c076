"""What users install: the wheel, in an environment that has nothing else, away from the source tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import av
import pytest

from skyflow.published import schema_names

ROOT = Path(__file__).parent.parent
FONTS = sorted((ROOT / "skyflow" / "backends" / "animatic" / "fonts").glob("[A-Z]*.*"))
PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "-qq")
OUTSIDE = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
"""The environment as it is before the tests' own rules: installing may use the network and its caches."""

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel"), pytest.mark.timeout(900)]


def call(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """What a program prints; its own words where it fails."""
    done = subprocess.run(  # noqa: S603 - our own programs
        command, cwd=cwd, env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the tree, with a film's leavings beside an example."""
    folder = tmp_path_factory.mktemp("wheel")
    left = shutil.ignore_patterns(".git", ".*_cache", ".venv", "__pycache__", "out", ".skyflow")
    tree = shutil.copytree(ROOT, folder / "tree", ignore=left)
    for leavings in ("out/board/animatic/cut.mp4", ".skyflow/objects/film"):
        file = tree / "examples" / "storyboards" / "first-shot" / leavings
        file.parent.mkdir(parents=True)
        file.write_bytes(b"a film")
    call(sys.executable, *PIP, "wheel", tree, "--no-deps", "--wheel-dir", folder, cwd=folder, env=OUTSIDE)
    (built,) = folder.glob("skyflow-*.whl")
    return built


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``skyflow``, installed from the wheel into an empty environment."""
    folder = tmp_path_factory.mktemp("empty")
    call(sys.executable, "-m", "venv", "venv", cwd=folder, env=OUTSIDE)
    call(folder / "venv" / "bin" / "python", *PIP, "install", wheel, cwd=folder, env=OUTSIDE)
    return folder / "venv" / "bin" / "skyflow"


def test_it_carries_what_a_user_needs_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    inside = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert inside == {"skyflow"}
    for name in schema_names():
        assert f"skyflow/schemas/{name}.schema.json" in names
    assert "skyflow/examples/lighthouse/prompts/look.j2" in names
    assert FONTS
    assert {file.name for file in FONTS} <= {Path(name).name for name in names}
    assert [name for name in names if {"out", ".skyflow", "__pycache__"} & set(name.split("/"))] == []
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_a_new_project_becomes_a_film(program, tmp_path):
    call(program, "init", "film", cwd=tmp_path)
    call(program, "run", "film/board.yaml", "--proxy", "480p", cwd=tmp_path)
    (cut,) = (tmp_path / "film" / "out").glob("board/*/cut.mp4")
    with av.open(str(cut)) as film:
        assert next(film.decode(video=0)).width > 0


def test_the_examples_come_along_and_run(program, tmp_path):
    script = "import shutil, skyflow.published as p; shutil.copytree(p.examples() / 'first-shot', 'first-shot')"
    call(program.parent / "python", "-c", script, cwd=tmp_path)
    call(program, "run", "first-shot/board.yaml", "--proxy", "480p", cwd=tmp_path)
    assert list((tmp_path / "first-shot" / "out").glob("board/*/cut.mp4"))
    assert call(program, "schema", "skyreels-v4.request", cwd=tmp_path).startswith("{")
