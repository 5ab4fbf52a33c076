"""A backend that plugs in as anybody's would: a package with an entry point, on the path of the program.

It makes real clips, but tiny and at once, so that the command line can be tried end to end. Words in a shot's
prompt say what is to happen to it: FAIL, ODD (a defect), NOTE, and WAIT, which goes on until it is stopped.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from skyflow.backends.base import Assignment, Made, Progress
from skyflow.board.model import Output, Size
from skyflow.errors import MakeError
from tests.filming import film

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parent.parent
ENTRY_POINTS = "[skyflow.backends]\nquick = tests.plugging:Quick\n"
METADATA = "Metadata-Version: 2.1\nName: quick\nVersion: 1\n"

BOARD = """\
skyflow: 1
title: Two Lamps
defaults: {resolution: 480p, duration: 3}
vars: {weather: storm}
shots:
  lamp: {prompt: "A lamp in a {{ weather }}."}
  harbour: {prompt: The harbour., frames: [{shot: lamp, frame: last}]}
  gulls: {prompt: Gulls., takes: 2}
"""


class Quick:
    """Makes clips of 160x96 whose pictures are numbered."""

    name = "quick"
    version = "1"
    repeatable = True

    def default_jobs(self) -> int:
        return 2

    def output(self, planned: Output) -> Output:
        return replace(planned, size=Size(160, 96))

    async def make(self, assignment: Assignment, progress: Progress) -> list[Made]:
        prompt = str(assignment.request["positivePrompt"])
        progress(0.5)
        (Path(assignment.folder) / "half-written").write_bytes(b"...")
        if "FAIL" in prompt:
            raise MakeError("the film tore", "splice it")
        if "ODD" in prompt:
            raise ZeroDivisionError(f"in {Path.home()}")
        if "WAIT" in prompt:
            await anyio.sleep_forever()
        notes = ("no font has 🜁",) if "NOTE" in prompt else ()
        first = zlib.crc32(prompt.encode()) % 500
        return [self._take(assignment, take, first + take, notes) for take in assignment.takes]

    @staticmethod
    def _take(assignment: Assignment, take: int, first: int, notes: tuple[str, ...]) -> Made:
        path = Path(assignment.folder) / f"{take}.mp4"
        shown = range(first, first + assignment.output.frames)
        film(path, shown, size=assignment.output.size, level=0.1 if assignment.output.sound else None)
        return Made(take, str(path), seed=take, notes=notes)


def plug_in(folder: Path) -> Path:
    """Write what an installer would of a package with this backend; give the folder for the path."""
    info = folder / "quick-1.dist-info"
    info.mkdir(parents=True)
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (info / "METADATA").write_text(METADATA)
    return folder


def environment(plugged: Path, **more: str) -> Mapping[str, str]:
    """The environment of a program that finds the backend."""
    path = os.pathsep.join([str(plugged), str(ROOT)])
    return os.environ | {"PYTHONPATH": path, "PYTHONUTF8": "1"} | more


def skyflow(*words: str, cwd: Path, plugged: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the program itself, in a process of its own, with nobody at its standard input."""
    env = environment(plugged or cwd, **more)
    program = [sys.executable, "-m", "skyflow", *words]
    return subprocess.run(  # noqa: S603 - our own program
        program,
        cwd=cwd,
        env=env,
        capture_output=True,
        check=False,
        encoding=more.get("PYTHONIOENCODING", "utf-8"),
        stdin=subprocess.DEVNULL,
    )


def change(board: Path, old: str, new: str) -> None:
    """Edit a board."""
    text = board.read_text("utf-8")
    assert re.search(re.escape(old), text), old
    board.write_text(text.replace(old, new), "utf-8")
