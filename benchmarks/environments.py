"""Where the peers live: each in a virtual environment of its own under ``.bench``, made when it is first needed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
BENCH = ROOT / ".bench"
PACKAGES = {
    "ninja": "ninja",
    "doit": "doit",
    "snakemake": "snakemake",
    "dvc": "dvc",
    "ffmpeg": "imageio-ffmpeg",  # the command line program in a wheel, for machines that have none
    "plots": "matplotlib",
}


class Absent(Exception):
    """A peer is not here and cannot be installed; says why."""


@cache
def environment(name: str) -> Path:
    """The folder of programs of a peer's environment.

    Raises:
        Absent: it cannot be installed.
    """
    folder = BENCH / "peers" / name
    done = folder / "installed"
    if not done.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        print(f"installing {PACKAGES[name]} into .bench/peers/{name} (once)", flush=True)
        for command in (
            [sys.executable, "-m", "venv", folder],
            [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGES[name]],
        ):
            ended = subprocess.run(command, capture_output=True, text=True, check=False)
            if ended.returncode:
                last = (ended.stderr.strip().splitlines() or ["no reason given"])[-1]
                raise Absent(f"{PACKAGES[name]} cannot be installed: {last}")
        done.touch()
    return folder / "bin"


@cache
def program(name: str) -> Path:
    """A peer's program.

    Raises:
        Absent: the machine does not have it and it cannot be installed.
    """
    if name in ("make", "ffmpeg"):
        here = shutil.which(name)
        if here:
            return Path(here)
        if name == "make":
            raise Absent("there is no make on this machine")
        return _bundled_ffmpeg()
    return environment(name) / name


def _bundled_ffmpeg() -> Path:
    asked = [environment("ffmpeg") / "python", "-c", "import imageio_ffmpeg as f; print(f.get_ffmpeg_exe())"]
    ended = subprocess.run(asked, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise Absent("there is no ffmpeg on this machine, and none in a wheel for it")
    return Path(ended.stdout.strip())


def version(name: str) -> str:
    """What a peer says of itself, or why it is not here; nothing is installed to hear it."""
    of_the_machine = name in {"make", "ffmpeg"} and shutil.which(name)
    if not of_the_machine and not (BENCH / "peers" / name / "installed").is_file():
        return "absent: not installed"
    try:
        asked = [program(name), "-version" if name == "ffmpeg" else "--version"]
        said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    except (Absent, OSError, subprocess.CalledProcessError) as error:
        return f"absent: {error}"
    return said.strip().splitlines()[0].partition(" Copyright")[0]
