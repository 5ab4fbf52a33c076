"""The provider's protocol: how long a run of paid shots takes, and how often it asks, through the sandbox.

Provider and run are two processes that speak over loopback. The provider takes 50 ms for a shot, and one run has 32
under way; no run can be faster than its longest chain, nor than all its work by 32 at once.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks import goals
from benchmarks.environments import BENCH, ROOT
from benchmarks.figures import Figure, alone, beside, missing
from benchmarks.plugged import SKYFLOW
from benchmarks.processes import Failed, measured
from benchmarks.workload import Workload, write_small_board

if TYPE_CHECKING:
    from collections.abc import Iterator

LATENCY = 0.05
AT_ONCE = 32


def figures(rounds: int) -> Iterator[Figure]:
    key = "makespan-sandbox"
    shots = Workload(1_000)
    bound = max(shots.critical() * LATENCY, len(shots) * LATENCY / AT_ONCE)
    try:
        walls = [_bought(shots, round_)[0] for round_ in range(rounds)]
        note = f"the whole process; the bound is {bound:.3f} s"
        yield beside(key, goals.beside(key), walls, [bound] * rounds, note=note)
    except (Failed, OSError) as error:
        yield missing(key, str(error), goals.beside(key))
    few = Workload(200)
    try:
        asked = [_bought(few, round_)[1] / len(few) for round_ in range(rounds)]
        yield alone("requests", asked, unit="requests", note="uploads and downloads included")
    except (Failed, OSError) as error:
        yield missing("requests", str(error))


def _bought(workload: Workload, round_: int) -> tuple[float, int]:
    """Seconds of one cold run, and how many requests the provider saw."""
    folder = BENCH / "work" / f"paid-{len(workload)}-{round_}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_small_board(workload, folder)
    with _provider(folder / "provider") as url:
        words = ("run", "--backend", "runware", "--jobs", str(AT_ONCE), "--yes", "--max-cost", "100000")
        environment = {"RUNWARE_BASE_URL": f"{url}/v1", "RUNWARE_API_KEY": "benchmark"}
        spent = measured([SKYFLOW, *words], folder, environment)
        with urllib.request.urlopen(f"{url}/requests", timeout=60) as answer:
            asked = json.load(answer)
    return spent.wall, asked["http"] + sum(asked["downloads"].values())


@contextmanager
def _provider(state: object) -> Iterator[str]:
    """A provider for as long as the ``with`` lasts; gives its URL.

    Raises:
        Failed: it does not start.
    """
    command = [sys.executable, "-m", "benchmarks.provider", str(state), str(LATENCY)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ
    ) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().strip()
            if not url:
                raise Failed("the provider did not start")
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
