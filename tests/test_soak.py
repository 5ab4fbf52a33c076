"""Large boards against the sandbox, in virtual time: nothing is lost, memory stays flat, requests are few."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from skyflow.backends.runware.account import Account, Key
from skyflow.backends.runware.backend import Runware
from skyflow.running import events
from skyflow.running.journal import SqliteJournal
from skyflow.running.lock import Lock
from skyflow.running.options import Options
from skyflow.running.runner import run
from skyflow.store.hold import hold
from skyflow.store.objects import Objects
from skyflow.store.project import Project
from tests.fakes import IN_MEMORY, board, in_virtual_time, shot
from tests.simulation.provider import Looking, Provider

CLIP = 64 * 1024
"""Bytes of a clip's stand-in: what held clips, or answers that brought them, would show at once."""
PER_SHOT = 24 * 1024
"""Bytes that a finished shot may leave in memory: its lines of the lock, its outcome; never its clip."""
FILES_MORE = 8

FIVE_IN_A_HUNDRED: list[dict[str, Any]] = [
    {"do": "drop", "on": "submit"},
    {"do": "drop", "on": "submit", "when": "after"},
    {"do": "status", "status": 503, "on": "submit", "when": "after"},
    {"do": "queue full", "retry_after": 3},
    {"do": "fail"},
    {"do": "late", "seconds": 300},
    {"do": "drop", "on": "poll"},
    {"do": "status", "status": 500, "on": "poll"},
    {"do": "empty"},
    {"do": "truncate", "share": 0.4},
    {"do": "corrupt"},
    {"do": "expire"},
    {"do": "drop", "on": "download"},
]


@pytest.fixture
def project():
    """A project's folder where flushing costs nothing: a run of a thousand shots flushes ten thousand times."""
    folder = Path(tempfile.mkdtemp(prefix="soak-", dir=IN_MEMORY))
    (folder / ".git").mkdir()
    yield folder
    shutil.rmtree(folder)


class Counting(httpx.AsyncBaseTransport):
    """The wire, which counts what goes over it."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.requests: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        content = await request.aread()
        self.requests["upload" if b"mediaStorage" in content else request.method] += 1
        return await self.provider.answer(request, content)


class Weighing:
    """A watcher that weighs the process when so many shots are done."""

    def __init__(self, *at: int) -> None:
        self.at = at
        self.done = 0
        self.bytes: dict[int, int] = {}
        self.files: dict[int, int] = {}

    def see(self, event: events.Event) -> None:
        if isinstance(event, events.ShotDone):
            self.done += 1
            if self.done in self.at:
                gc.collect()
                self.bytes[self.done] = resident()
                self.files[self.done] = len(list(Path("/proc/self/fd").iterdir()))


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def run_many(folder: Path, count: int, provider: Provider, watcher: Any = None) -> tuple[Any, Counting]:
    """A board of so many shots, some of which are made of others; what came of it, and the wire."""
    names = [f"s{number:04d}" for number in range(count)]
    shots = [
        shot(name, f"scene {name}", frames=[(names[number - 7], 0)] if number % 10 == 9 else ())
        for number, name in enumerate(names)
    ]
    project = Project.of(folder / "board.yaml")
    wire = Counting(provider)

    async def running():
        key, url = Key("any-key"), "http://127.0.0.1:7777/v1"
        backend = Runware(transport=wire, account=Account(key, url), random=Random(7))  # noqa: S311 - the same waits every time
        with hold(project, "run") as held:
            options = Options(yes=True, jobs=16)
            whole = replace(board(*shots), cut=())
            return await run(whole, backend, held, options=options, watcher=watcher, aside=Looking())

    return in_virtual_time(running), wire


@pytest.mark.slow
@pytest.mark.timeout(900)  # half a minute's work, on a machine that may have much else to do
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="weighs the process as Linux tells it")
def test_a_thousand_shots_with_faults_lose_nothing_and_leave_nothing_in_memory(project):
    faults = [{"chance": 0.05} | fault for fault in FIVE_IN_A_HUNDRED]
    behaviour = {"seed": 4711, "latency": {"base": 60, "jitter": 60}, "media_limits": False}
    provider = Provider(project / "provider", behaviour, faults, padding=CLIP)
    watcher = Weighing(300, 1000)

    result, _ = run_many(project, 1000, provider, watcher)

    assert result.exit_code == 0
    assert watcher.done == 1000
    assert watcher.bytes[1000] - watcher.bytes[300] < 700 * PER_SHOT
    assert watcher.files[1000] - watcher.files[300] < FILES_MORE
    see_all_home(project, provider, 1000)
    assert len(list(result.out.glob("*.mp4"))) == 1000


def see_all_home(project: Path, provider: Provider, count: int) -> None:
    """As many clips were bought as there are shots, and each is in the store under the lock's own word for it."""
    book = provider.sandbox.house.book
    good = {take.video for task in book.tasks() for take in book.takes(task.uuid) if take.error is None}
    place = Project.of(project / "board.yaml")
    lock = Lock.load(place.lock("runware", repeatable=False), "runware")
    takes = [version.picked for name in lock.shots() if (version := lock.current(name))]
    assert len(good) == len(takes) == count
    assert {take.receipt.video_uuid for take in takes if take.receipt} == good
    assert all(Objects(place.objects).intact(take.sha256) for take in takes)
    with SqliteJournal.read(place.journal) as journal:
        assert all(record.finished for record in journal.records())


@pytest.mark.slow
@pytest.mark.parametrize("latency", [{"base": 3}, {"base": 60, "jitter": 60}, {"base": 120, "jitter": 120}], ids=str)
def test_a_run_of_two_hundred_shots_needs_few_requests(project, latency, record_property):
    provider = Provider(project / "provider", {"latency": latency, "media_limits": False})

    result, wire = run_many(project, 200, provider)

    assert result.exit_code == 0
    record_property("requests for each shot", wire.requests["POST"] / 200)
    assert wire.requests["POST"] / 200 <= 3
    assert wire.requests["GET"] == 200
