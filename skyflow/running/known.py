"""What lock and store know, as the plan asks for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skyflow import digest
from skyflow.running.lock import Lock
from skyflow.store.objects import Objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skyflow.backends.base import Backend
    from skyflow.planning.key import Bound
    from skyflow.planning.takes import Take, Version
    from skyflow.store.project import Project


@dataclass(frozen=True, slots=True)
class LockKnown:
    """``planning.takes.Known``: the lock's records and the store's bytes, together."""

    lock: Lock
    objects: Objects

    @classmethod
    def of(cls, project: Project, backend: Backend, objects: Objects | None = None) -> LockKnown:
        """What a board's own lock of a backend says.

        Raises:
            Refused: a newer skyflow wrote the lock.
            StoreError: the lock is damaged.
        """
        path = project.lock(backend.name, repeatable=backend.repeatable)
        return cls(Lock.load(path, backend.name), objects or Objects(project.objects))

    def version(self, shot: str, key: str) -> Version | None:
        return self.lock.version(shot, key)

    def current(self, shot: str) -> Version | None:
        return self.lock.current(shot)

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
