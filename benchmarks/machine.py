"""What a bench ran on, in general terms: no name of a machine or of a person."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from benchmarks.environments import version
from skyflow._version import __version__


def about() -> dict[str, str]:
    """Words for the head of the report."""
    peers = {name: version(name) for name in ("make", "ninja", "doit", "snakemake", "dvc", "ffmpeg")}
    return {
        "processor": f"{len(os.sched_getaffinity(0))} cores, {_processor()}",
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        "skyflow": __version__,
        **peers,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine()
    )
