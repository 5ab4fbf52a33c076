"""What lock and store know, as the plan asks for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skyflow import digest
from skyflow.running.lock import Lock
from skyflow.running.out import CUT
from skyflow.store import files
from skyflow.store.objects import Objects

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from skyflow.backends.base import Backend
    from skyflow.planning.key import Bound
    from skyflow.planning.takes import CutState, Take, Version
    from skyflow.store.project import Project


@dataclass(frozen=True, slots=True)
class LockKnown:
    """``planning.takes.Known``: the lock's records and the store's bytes, together."""

    lock: Lock
    objects: Objects
    cut_file: Path

    @classmethod
    def of(cls, project: Project, backend: Backend, objects: Objects | None = None) -> LockKnown:
        """What a board's own lock of a backend says.

        Raises:
            Refused: a newer skyflow wrote the lock.
            StoreError: the lock is damaged.
        """
        path = project.lock(backend.name, repeatable=backend.repeatable)
        cut_file = project.out(backend.name) / CUT
        return cls(Lock.load(path, backend.name), objects or Objects(project.objects), cut_file)

    def version(self, shot: str, key: str) -> Version | None:
        return self.lock.version(shot, key)

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
