"""skyflow as a program that finds the benchmark's backend, as it finds anybody's: by an entry point on its path."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.environments import BENCH, ROOT
from benchmarks.processes import Program

if TYPE_CHECKING:
    from collections.abc import Callable

ENTRY_POINTS = "[skyflow.backends]\ncheap = cheap_clips:Cheap\n"
METADATA = "Metadata-Version: 2.1\nName: cheap-clips\nVersion: 1\n"
SKYFLOW = Path(sys.executable).parent / "skyflow"


def plug_in() -> dict[str, str]:
    """Write what an installer would of the package ``plugin/cheap_clips``; give the environment that finds it."""
    info = BENCH / "plugged" / "cheap_clips-1.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (info / "METADATA").write_text(METADATA)
    (BENCH / "clips").mkdir(exist_ok=True)
    path = os.pathsep.join(map(str, (info.parent, ROOT / "benchmarks" / "plugin")))
    return {"PYTHONPATH": path, "SKYFLOW_BENCH_CLIPS": str(BENCH / "clips")}


def nothing() -> None:
    """Do so."""


def skyflow(
    *words: str,
    folder: Path,
    before: Callable[[], object] = nothing,
    after: Callable[[], object] = nothing,
) -> Program:
    """The installed program, as a person starts it."""
    return Program("skyflow", [SKYFLOW, *words], folder, plug_in(), before, after)
