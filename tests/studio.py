"""A board that is bought in real processes of a sandbox on a real socket, and what must hold of it in the end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import ssl
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from PIL import Image

from skyflow.disk import TEMPORARY
from skyflow.running.journal import SqliteJournal
from skyflow.running.lock import Lock
from skyflow.store.objects import Objects
from tests.fakes import IN_MEMORY, files_in
from tests.killing import Nursery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.killing import Ended

BOARD = """\
skyflow: 1
title: Four Shots
budget: 20
defaults: {resolution: 480p, duration: 3}
shots:
  lamp: {prompt: A lamp., takes: 2, resolution: 1080p}
  storm: {prompt: The storm goes on., extends: lamp}
  harbour: {prompt: The harbour., frames: [{shot: lamp, frame: last}]}
  face: {prompt: A face in the rain., frames: [face.png]}
"""
RUN = ("run", "--backend", "runware", "--yes")
KEY = "rw-canary-KEY-4711-do-not-show"
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""An empty one: to read the machine's certificates takes longer than to ask a sandbox."""


@dataclass
class Studio:
    """A project in a folder, and a sandbox beside it.

    Attributes:
        sandbox: its process.
        env: what leads a client to it.
        elsewhere: where the project is, if it is not in the folder.
    """

    folder: Path
    nursery: Nursery
    sandbox: int = 0
    port: int = 0
    url: str = ""
    count: int = 0
    env: dict[str, str] = field(default_factory=dict)
    elsewhere: Path | None = None

    @classmethod
    def opened(cls, folder: Path, nursery: Nursery, board: str = BOARD, **sandbox: Any) -> Studio:
        """A new one; ``sandbox`` is what the nursery is told of it."""
        studio = cls(folder, nursery)
        for name in ("project", "logs"):
            (folder / name).mkdir(parents=True)
        (studio.project / ".git").mkdir()
        studio.write(board)
        Image.new("RGB", (848, 480), "orange").save(studio.project / "face.png")
        studio.begin(**sandbox)
        return studio

    @property
    def project(self) -> Path:
        return self.elsewhere or self.folder / "project"

    def copied(self, folder: Path) -> Studio:
        """The project as it stands in version control, in another folder, on the same account."""
        shutil.copytree(self.project, folder, ignore=shutil.ignore_patterns(".skyflow", "out"))
        return replace(self, elsewhere=folder, count=self.count + 1000)

    @property
    def lock(self) -> Path:
        return self.project / "board.lock"

    @property
    def state(self) -> Path:
        return self.project / ".skyflow"

    @property
    def journal(self) -> Path:
        return self.state / "journal.sqlite"

    def write(self, board: str) -> None:
        """Edit the board."""
        (self.project / "board.yaml").write_text(board, encoding="utf-8")

    def begin(self, **sandbox: Any) -> None:
        """Start the sandbox, where it was before."""
        said, state = str(self.folder / "logs" / "sandbox"), str(self.folder / "sandbox")
        told = self.nursery.order(
            do="start", said=said, cwd=str(self.folder), port=self.port, **{"sandbox": state} | sandbox
        )
        self.sandbox, self.url = told["pid"], told["url"]
        assert self.url, Path(f"{said}.err").read_text()
        self.port = int(self.url.rpartition(":")[2])
        self.env = {"RUNWARE_BASE_URL": f"{self.url}/v1", "RUNWARE_API_KEY": KEY}

    def end(self) -> None:
        """Kill the sandbox."""
        os.kill(self.sandbox, signal.SIGKILL)
        self.nursery.wait(self.sandbox)

    def start(self, *argv: str, project: Path | None = None, **order: Any) -> tuple[int, Path]:
        """Start a verb; give its process and where it says what it says."""
        self.count += 1
        said = self.folder / "logs" / str(self.count)
        cwd = str(project or self.project)
        return self.nursery.start(said, cwd=cwd, argv=list(argv), env=self.env, **order), said

    def do(self, *argv: str, **order: Any) -> Ended:
        """Do a verb to its end."""
        return self.nursery.ended(*self.start(*argv, **order))

    def run(self, **order: Any) -> Ended:
        """Run the board."""
        return self.do(*RUN, **order)

    def page(self, name: str) -> Any:
        """What the sandbox tells of itself."""
        return httpx.get(f"{self.url}/{name}", trust_env=False, timeout=60, verify=NO_TLS).json()

    def charged(self) -> list[str]:
        """The UUIDs of all tasks that were charged."""
        return sorted(row["taskUUID"] for row in self.page("ledger")["tasks"])

    def lost(self) -> set[str]:
        """The tasks that a kill met on their way: the journal has them as sent, and the provider never saw them.

        Nobody but a run sends one again, so ``recover`` leaves it, says so and ends with 1.
        """
        if not self.journal.exists():
            return set()
        with SqliteJournal.read(self.journal) as journal:
            return {record.task.uuid for record in journal.records() if record.in_flight} - set(self.charged())


@dataclass(frozen=True)
class Result:
    """What a run that nothing disturbs comes to.

    Attributes:
        passed: the places that it comes by.
    """

    charged: list[str]
    spent: float
    lock: bytes
    out: dict[str, bytes]
    objects: set[str]
    passed: dict[str, int]

    @classmethod
    def of(cls, studio: Studio) -> Result:
        """Run a board, and look at what came of it."""
        ended = studio.run()
        assert ended.code == 0, ended.err
        objects = set(Objects(studio.state / "objects"))
        spent = studio.page("ledger")["charged"]
        return cls(studio.charged(), spent, studio.lock.read_bytes(), out(studio), objects, ended.passed)

    def see(self, studio: Studio) -> None:
        """See that a board that was disturbed and run again came to the same, for the same money."""
        self.see_paid(studio)
        self.see_kept(studio)
        see_restored(studio)
        see_told(studio)

    def see_paid(self, studio: Studio) -> None:
        """Each task is charged once, and the journal knows the end of each."""
        assert studio.charged() == self.charged
        assert studio.page("ledger")["charged"] == self.spent
        with SqliteJournal.open(studio.journal) as journal:
            records = list(journal.records())
        assert all(record.finished for record in records)
        assert sorted(record.task.uuid for record in records) == self.charged

    def see_kept(self, studio: Studio) -> None:
        """The lock, ``out/`` and the store are what they would have been, and nothing lies about."""
        assert studio.lock.read_bytes() == self.lock
        assert out(studio) == self.out
        objects = Objects(studio.state / "objects")
        assert set(objects) == self.objects
        assert all(objects.intact(sha256) for sha256 in self.objects)
        assert leftovers(studio.project) == []


def out(studio: Studio) -> dict[str, bytes]:
    """The results under names for people."""
    return {name: content for name, (content, _) in files_in(studio.project / "out").items()}


def leftovers(project: Path) -> list[str]:
    """What a killed process may leave and the next run has to remove."""
    work = project / ".skyflow" / "tmp"
    found = [path for path in project.rglob("*") if path.name.startswith(TEMPORARY) or "-journal" in path.name]
    return [str(path) for path in (*found, *(work.iterdir() if work.is_dir() else ()))]


def see_restored(studio: Studio) -> None:
    """A run that may make nothing finds everything, and asks the provider nothing."""
    before = studio.page("requests")
    ended = studio.do(*RUN, "--locked")
    assert ended.code == 0, ended.err
    assert studio.page("requests") == before


def see_told(studio: Studio) -> None:
    """The verbs that only look say that nothing is in flight, and name every task."""
    status = studio.do("status", "--backend", "runware", "--format", "json")
    assert status.code == 0, status.err
    ledger = studio.do("ledger", "--format", "json")
    assert ledger.code == 0, ledger.err
    shots, entries = json.loads(status.out)["shots"], json.loads(ledger.out)["entries"]
    assert [(shot["state"], all(take["intact"] for take in shot["takes"])) for shot in shots] == [("there", True)] * 4
    assert sorted(entry["task_uuid"] for entry in entries) == studio.charged()
    assert {(entry["state"], entry["billed"]) for entry in entries} == {("kept", "billed")}
    assert KEY not in status.out + status.err + ledger.out + ledger.err


def object_of(studio: Studio, shot: str, take: int = 1) -> Path:
    """Where the clip of a take is."""
    version = Lock.load(studio.lock, "runware").current(shot)
    assert version is not None
    return Objects(studio.state / "objects").path(version.takes[take].sha256)


@pytest.fixture(name="nursery", scope="session")
def nursery_of_all() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture(name="result", scope="session")
def undisturbed(nursery: Nursery) -> Result:
    with opened(nursery) as studio:
        result = Result.of(studio)
        result.see(studio)
    return result


@contextmanager
def opened(nursery: Nursery, board: str = BOARD, **sandbox: Any) -> Iterator[Studio]:
    """A studio of its own, on a disk that is flushed at once."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        studio = Studio.opened(Path(folder) / "studio", nursery, board, **sandbox)
        yield studio
        studio.end()
