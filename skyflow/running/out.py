"""Results under names for people: ``opening.mp4``, and where a shot has several takes ``harbour.take2.mp4`` too.

A name is a link to the object where the object can be made again for nothing: it costs no space, and if somebody
writes into it the damage is seen and mended by the next run. What was paid for is copied, so that nothing done to
a file in ``out/`` can reach the only copy of a take.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from skyflow import digest
from skyflow.store import files
from skyflow.store.objects import show

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from skyflow.planning.takes import Version
    from skyflow.running.lock import Lock
    from skyflow.store.objects import Objects

CUT = "cut.mp4"


@dataclass(frozen=True)
class Out:
    """The folder ``out/<board>/<backend>/``.

    Attributes:
        shots: the board's, in file order; two whose names a disk may not tell apart get different ones.
        link: whether names are links to the objects.
    """

    folder: Path
    objects: Objects
    shots: tuple[str, ...]
    link: bool

    @property
    def cut(self) -> Path:
        return self.folder / CUT

    def show(self, shot: str, version: Version) -> set[str]:
        """Have the folder show the takes of a shot, and give the names that it uses for them.

        Raises:
            StoreError: the picked take is gone, or the disk refused.
        """
        stem = self._stems[shot]
        names = {f"{stem}.mp4": version.picked.sha256}
        if len(version.takes) > 1:
            there = {number: take for number, take in version.takes.items() if self.objects.intact(take.sha256)}
            names |= {f"{stem}.take{number}.mp4": take.sha256 for number, take in there.items()}
        for name, sha256 in names.items():
            show(self.objects, sha256, self.folder / name, link=self.link)
        return set(names)

    def refresh(self, versions: Mapping[str, Version], lock: Lock) -> None:
        """Show these versions, and remove what shows takes that no shot of the board has any more.

        A shot of the board that has no version here (it failed, it was left out) keeps the names that it has.

        Raises:
            StoreError: a picked take is gone, or the disk refused.
        """
        used: set[str] = set()
        for shot, version in versions.items():
            used |= self.show(shot, version)
        kept = {self._stems[shot] for shot in self.shots if shot not in versions}
        self._remove_stale(used, kept, lock)

    def sweep(self) -> None:
        """Remove what killed processes left half written. Only for who holds the board."""
        files.sweep(self.folder)

    def _remove_stale(self, used: Collection[str], kept: Collection[str], lock: Lock) -> None:
        """A file is ours, and stale, if the lock gave it its name and its bytes are those of a take in the lock."""
        ours = {stem for shot in lock.shots() for stem in (shot, _apart(shot))}
        clips = lock.objects()
        still_used = {name.casefold() for name in used}  # a disk that is blind to case may list them otherwise
        for path in sorted(self.folder.glob("*.mp4")):
            stem = re.sub(r"(\.take[1-9]\d*)?\.mp4$", "", path.name)
            if stem not in ours or stem in kept or path.name.casefold() in still_used:
                continue
            with files.disk_errors(path, "remove"):
                if path.is_file() and not path.is_symlink() and digest.of_file(path) in clips:
                    path.unlink()

    @cached_property
    def _stems(self) -> dict[str, str]:
        """Each shot's id, unless an earlier shot or the cut has that name on a disk that is blind to case."""
        stems, taken = {}, {"cut"}
        for shot in self.shots:
            stems[shot] = _apart(shot) if shot.casefold() in taken else shot
            taken.add(shot.casefold())
        return stems


def _apart(shot: str) -> str:
    """A name for a shot that no other shot has."""
    return f"{shot}.{digest.of_bytes(shot.encode())[:6]}"
