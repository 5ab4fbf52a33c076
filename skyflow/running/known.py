"""What lock and store know, as the plan asks for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from skyflow import digest
from skyflow.backends.paid import PaidBackend
from skyflow.planning.takes import Version
from skyflow.running.journal import SqliteJournal
from skyflow.running.lock import Lock
from skyflow.running.out import CUT
from skyflow.store import files
from skyflow.store.objects import Objects

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from skyflow.backends.base import Backend
    from skyflow.backends.paid import Journal, Record, Task
    from skyflow.planning.key import Bound
    from skyflow.planning.takes import CutState, Take
    from skyflow.store.project import Project


@dataclass(frozen=True, slots=True)
class LockKnown:
    """``planning.takes.Known``: the lock's records, the store's bytes and the journal of what was bought, together.

    Attributes:
        journal: None for a backend that costs nothing.
    """

    lock: Lock
    objects: Objects
    cut_file: Path
    journal: Journal | None = None

    @classmethod
    def of(
        cls, project: Project, backend: Backend, objects: Objects | None = None, journal: Journal | None = None
    ) -> LockKnown:
        """What a board's own lock of a backend says, and what the journal says beyond it.

        Args:
            journal: the run's own; without it the one on the disk is read.

        Raises:
            Refused: a newer skyflow wrote the lock or the journal.
            StoreError: one of them is damaged.
        """
        path = project.lock(backend.name, repeatable=backend.repeatable)
        cut_file = project.out(backend.name) / CUT
        if journal is None and isinstance(backend, PaidBackend):
            journal = SqliteJournal.read(project.journal)
        known = cls(Lock.load(path, backend.name), objects or Objects.of(project), cut_file, journal)
        known.adopt(project.name, backend.name)
        return known

    def adopt(self, board: str, backend: str) -> None:
        """Have the lock say what the journal says is in the store: a run that died between the two left it so."""
        for record in self.journal.records() if self.journal else ():
            if record.kept and (record.task.board, record.task.backend) == (board, backend):
                self.adopt_takes(record)

    def adopt_takes(self, record: Record) -> None:
        """Have the lock say which takes of a task are in the store, where it does not know them."""
        there = self.version(record.task.shot, record.task.key)
        takes = {
            number: take
            for number, take in record.kept.items()
            if there is None or number not in there.takes or self._better(take, there.takes[number])
        }
        if takes:
            self.lock.keep(record.task.shot, version_of(record.task, takes))

    def _better(self, take: Take, old: Take) -> bool:
        """Whether a take that was bought again stands for one that is lost."""
        return take.sha256 != old.sha256 and self.held(take) and not self.held(old)

    def remote(self, sha256: str) -> str | None:
        """The provider's own name of a clip that it made; None for any other."""
        take = self.lock.clip(sha256)
        return take.receipt.video_uuid if take and take.receipt else None

    def in_flight(self, key: str, takes: Collection[int]) -> tuple[int, ...]:
        return tuple(take for take in takes if any(record.accepted for record in self._under_way(key, take)))

    def unsure(self, key: str, takes: Collection[int]) -> tuple[int, ...]:
        return tuple(take for take in takes if any(not record.accepted for record in self._under_way(key, take)))

    def _under_way(self, key: str, take: int) -> list[Record]:
        return [record for record in self.journal.of_take(key, take) if record.in_flight] if self.journal else []

    def rests_on(self, shots: Iterable[str]) -> frozenset[Path]:
        """The files that all this is known from, clips of current takes among them; but for the journal."""
        versions = filter(None, map(self.lock.current, shots))
        clips = {take.sha256 for version in versions for take in version.takes.values()}
        return frozenset((self.lock.path, self.cut_file, *map(self.objects.path, clips)))

    def version(self, shot: str, key: str) -> Version | None:
        found = self.lock.version(shot, key)
        return found if found is not None else self._bought_elsewhere(shot, key)

    def _bought_elsewhere(self, shot: str, key: str) -> Version | None:
        """The takes of a key that a board of another name bought, which from now on are this shot's too."""
        records = [record for record in self._of_key(key) if record.kept]
        takes = {number: take for record in records for number, take in record.kept.items() if self.held(take)}
        if takes:
            self.lock.keep(shot, version_of(records[0].task, takes))
        return self.lock.version(shot, key)

    def _of_key(self, key: str) -> Iterator[Record]:
        """Every task of a key; its takes are numbered without a gap."""
        for number in count(1):
            records = self.journal.of_take(key, number) if self.journal else ()
            if not records:
                return
            yield from records

    def current(self, shot: str) -> Version | None:
        return self.lock.current(shot)

    def cut_stands(self, key: str, path: Path) -> bool:
        """Whether the file at ``path`` is the cut that was put together from what ``key`` is the hash of."""
        recorded = self.lock.cut
        if recorded is None or recorded[0] != key or path.is_symlink() or not path.is_file():
            return False
        with files.disk_errors(path, "read"):
            return digest.of_file(path) == recorded[1]

    def cut(self, key: str) -> CutState:
        """How the cut that is there stands to what this key is the hash of."""
        if self.cut_stands(key, self.cut_file):
            return "stands"
        return "other" if self.cut_file.exists() else "none"

    def identity(self, version: Version) -> Mapping[str, Any] | None:
        """What the key was taken of; None where the store lost it, or it is not what this key was taken of."""
        content = self.objects.read(version.request)
        if content is None:
            return None
        try:
            identity: dict[str, Any] = json.loads(content)
            return identity if digest.of_json("shot", identity) == version.key else None
        except (ValueError, RecursionError):
            return None

    def intact(self, take: Take) -> bool:
        return self.objects.intact(take.sha256)

    def held(self, take: Take) -> bool:
        return self.objects.held(take.sha256)

    def keep_identity(self, bound: Bound) -> str:
        """Have the store hold what a key is taken of; give its SHA-256, which a version names as its request."""
        return self.objects.put_bytes(digest.canonical(bound.identity))


def version_of(task: Task, takes: Mapping[int, Take]) -> Version:
    """The version that takes of a task belong to."""
    return Version(
        key=task.key,
        request=task.identity,
        backend=task.backend,
        backend_version=task.backend_version,
        model=task.model,
        pick=min(takes),
        takes=takes,
    )
