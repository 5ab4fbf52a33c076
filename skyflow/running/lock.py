"""The lock: the record of what was made, and of which take of it is picked.

A shot's versions stand side by side under their keys, each with its takes and its own pick, so going back to an
earlier wording of a shot goes back to its earlier takes. Nothing is dropped but by ``prune``, which only ``gc``
asks for. The text is stable to the byte, knows no time and no place, and keeps what it does not know: a later
skyflow may add to a version what this one passes over.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from skyflow.errors import Refused, StoreError, UsageError
from skyflow.media import plain
from skyflow.running.record import (
    ID,
    SHA256,
    Unreadable,
    mapping,
    read_version,
    text,
    whole,
    write_takes,
    write_version,
)
from skyflow.store import files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from skyflow.planning.takes import Take, Version

VERSION = 1

MAX_BYTES = 128 << 20
"""Some 150,000 takes: more than any board has shots for."""


class Lock:
    """A lock in memory. ``save`` is the only thing that writes it.

    The document stays as it was read, so that what a later skyflow added to it is kept; beside it stand the versions
    that were read out of it, since a run asks for them again and again.

    Attributes:
        path: where it is kept.
    """

    def __init__(self, path: Path, document: dict[str, Any], versions: Mapping[str, Mapping[str, Version]]) -> None:
        """Use ``load``."""
        self.path = path
        self._document = document
        self._versions = {shot: dict(own) for shot, own in versions.items()}
        self._owners: dict[str, set[str]] = {}
        for shot, own in versions.items():
            for key in own:
                self._owners.setdefault(key, set()).add(shot)
        every = (version for own in versions.values() for version in own.values())
        self._clips = {take.sha256: take for version in every for take in version.takes.values()}
        self._texts: dict[str, str] = {}
        self._changed = False

    @classmethod
    def load(cls, path: Path, backend: str) -> Lock:
        """The lock of a backend as it is on the disk, or an empty one where there is none yet.

        Raises:
            Refused: a newer skyflow wrote it.
            StoreError: it cannot be read, or is not what skyflow writes.
        """
        try:
            content = plain.read(path, MAX_BYTES)
        except FileNotFoundError:
            return cls(path, {"skyflow_lock": VERSION, "backend": backend, "shots": {}}, {})
        except OSError as error:
            raise StoreError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
        if len(content) > MAX_BYTES:
            raise StoreError(f"{path.name} is damaged: it is over {MAX_BYTES >> 20} MiB", _remedy(path))
        try:
            return cls(path, *_judged(content, path))
        except (Unreadable, ValueError, RecursionError) as error:
            raise StoreError(f"{path.name} is damaged: {_why(content, error)}", _remedy(path)) from error

    def save(self) -> bool:
        """Write the lock if it says something new; give whether it was written.

        Raises:
            StoreError: the disk refused.
        """
        if not self._changed:
            return False
        content = self._text().encode()
        with files.disk_errors(self.path):
            before = self.path.read_bytes() if self.path.exists() else None
        if content != before:
            files.write(self.path, content)
        self._changed = False
        return content != before

    def _text(self) -> str:
        """The document as JSON, a take to a line; the text of a shot is kept until the shot changes."""
        for shot, entry in self._shots.items():
            if shot not in self._texts:
                self._texts[shot] = f"    {json.dumps(shot)}: {_indented(entry, 3)}"
        shots = ",\n".join(self._texts[shot] for shot in sorted(self._shots))
        written = {"shots": f"{{\n{shots}\n  }}" if shots else "{}"}
        others = {name: _indented(value, 2) for name, value in self._document.items() if name != "shots"}
        parts = (f"  {json.dumps(name)}: {text}" for name, text in sorted((others | written).items()))
        return "{\n" + ",\n".join(parts) + "\n}\n"

    @property
    def _shots(self) -> dict[str, Any]:
        shots: dict[str, Any] = self._document["shots"]
        return shots

    def shots(self) -> tuple[str, ...]:
        """Every shot that was ever made, sorted; also those that the board no longer has."""
        return tuple(sorted(self._shots))

    def versions(self, shot: str) -> Iterator[Version]:
        """All versions of a shot, by key."""
        yield from (version for _, version in sorted(self._versions.get(shot, {}).items()))

    def current(self, shot: str) -> Version | None:
        """The version that the shot was last made or reused as."""
        return self._versions[shot].get(self._shots[shot]["key"]) if shot in self._shots else None

    def version(self, shot: str, key: str) -> Version | None:
        """What is recorded under a key: by this shot, else by another, so that a renamed shot finds its takes."""
        owner = self._owner(shot, key)
        return self._versions[owner][key] if owner is not None else None

    def clip(self, sha256: str) -> Take | None:
        """The take whose clip this is the hash of."""
        return self._clips.get(sha256)

    def record(self, shot: str, made: Version) -> Version:
        """Add takes to a shot's version, which is then its current one, and give the whole version.

        A pick that stands stays; ``made.pick`` counts only for a version that is new. But where the pick is the first
        take that is there and an earlier one comes late, that is the pick: which take arrived first, or before a
        kill, must not decide what later shots are made of.
        """
        self._add(shot, made)
        self._shots[shot]["key"] = made.key
        return self._noted(shot, made.key)

    def keep(self, shot: str, bought: Version) -> None:
        """Add takes that were paid for to a shot's version, whether or not the shot still is what they show.

        A shot that has a current version keeps it.
        """
        self._add(shot, bought)
        self._noted(shot, bought.key)

    def use(self, shot: str, key: str) -> None:
        """Make a version that is there the current one of a shot, whichever shot it was made for."""
        if self._owner(shot, key) is None:
            raise KeyError(f"nothing was made under {key}")
        entry = self._shots.setdefault(shot, {"key": "", "versions": {}})
        if entry["key"] == key:
            return
        self._inherit(shot, key)
        entry["key"] = key
        self._noted(shot, key)

    def pick(self, shot: str, take: int) -> None:
        """Have the film use another take of a shot's current version.

        Raises:
            UsageError: there is no such take; the remedy says which there are.
        """
        version = self.current(shot)
        if version is None or take not in version.takes:
            there = ", ".join(map(str, sorted(version.takes))) if version else "none"
            raise UsageError(f"{shot} has no take {take}", f"its takes are: {there}")
        self._shots[shot]["versions"][version.key]["pick"] = take
        self._noted(shot, version.key)

    @property
    def cut(self) -> tuple[str, str] | None:
        """What the final edit was put together from, and its SHA-256."""
        cut = self._document.get("cut")
        return (cut["key"], cut["sha256"]) if cut else None

    def record_cut(self, key: str, sha256: str) -> None:
        """Note what the final edit was put together from, and its SHA-256."""
        self._document["cut"] = {**self._document.get("cut", {}), "key": key, "sha256": sha256}
        self._changed = True

    def objects(self) -> set[str]:
        """The SHA-256 of every object that this lock names: clips, and the identities of their versions."""
        versions = [version for shot in self._shots for version in self.versions(shot)]
        clips = {take.sha256 for version in versions for take in version.takes.values()}
        return clips | {version.request for version in versions}

    def prune(self, shots: Collection[str]) -> None:
        """Forget every shot but these, and every version but the current ones."""
        for shot in self.shots():
            entry = self._shots[shot]
            current = entry["key"]
            for key in [key for key in self._versions[shot] if shot not in shots or key != current]:
                del entry["versions"][key], self._versions[shot][key]
                self._owners[key].discard(shot)
            if shot not in shots:
                del self._shots[shot], self._versions[shot]
            self._texts.pop(shot, None)
        self._changed = True

    def _add(self, shot: str, made: Version) -> None:
        """Have a shot's document hold takes of a version, beside those that it has already."""
        entry = self._shots.setdefault(shot, {"key": made.key, "versions": {}})
        self._inherit(shot, made.key)
        version = entry["versions"].setdefault(made.key, write_version(made))
        if version["pick"] == min(map(int, version["takes"])):
            version["pick"] = min(version["pick"], *made.takes)
        version["takes"] |= write_takes(made.takes)

    def _inherit(self, shot: str, key: str) -> None:
        """What another shot was made as under this key becomes this shot's own too, pick and all."""
        versions = self._shots[shot]["versions"]
        owner = self._owner(shot, key)
        if key not in versions and owner is not None:
            versions[key] = copy.deepcopy(self._shots[owner]["versions"][key])

    def _owner(self, shot: str, key: str) -> str | None:
        """Who has a version: this shot, else the first of the others by name."""
        owners = self._owners.get(key) or ()
        return shot if shot in owners else min(owners, default=None)

    def _noted(self, shot: str, key: str) -> Version:
        """Read a version of a shot again after its document has changed."""
        version = read_version(key, self._shots[shot]["versions"][key], shot)
        self._versions.setdefault(shot, {})[key] = version
        self._owners.setdefault(key, set()).add(shot)
        self._clips |= {take.sha256: take for take in version.takes.values()}
        self._texts.pop(shot, None)
        self._changed = True
        return version


FOLDED = 6
"""From this depth on a value stands on one line: what is recorded of one take."""


def _indented(value: Any, depth: int) -> str:  # noqa: ANN401 - any JSON
    if not isinstance(value, dict) or not value or depth > FOLDED:
        return json.dumps(value, sort_keys=True)
    inner = "  " * depth
    parts = (f"{inner}{json.dumps(name)}: {_indented(item, depth + 1)}" for name, item in sorted(value.items()))
    return "{\n" + ",\n".join(parts) + f"\n{inner[2:]}}}"


def _judged(content: bytes, path: Path) -> tuple[dict[str, Any], dict[str, dict[str, Version]]]:
    """The document, once all of it that this version knows is known to be sound, and the versions in it."""
    document = mapping(json.loads(content, object_pairs_hook=_unique, parse_constant=_no_number), "the whole")
    version = whole(document.get("skyflow_lock"), "skyflow_lock")
    if version > VERSION:
        message = f"{path.name} is of version {version}; this skyflow knows version {VERSION}"
        raise Refused(message, "use the newer skyflow that wrote it")
    found: dict[str, dict[str, Version]] = {}
    for shot, entry in mapping(document.get("shots"), "shots").items():
        text(shot, "the name of a shot", ID)
        versions = mapping(mapping(entry, shot).get("versions"), f"{shot}.versions")
        found[shot] = {key: read_version(key, raw, f"{shot}.versions.{key:.12}") for key, raw in versions.items()}
        if text(entry.get("key"), f"{shot}.key", SHA256) not in versions:
            raise Unreadable(f"{shot}.key names a version that is not there")
    if "cut" in document:
        cut = mapping(document["cut"], "cut")
        text(cut.get("key"), "cut.key", SHA256)
        text(cut.get("sha256"), "cut.sha256", SHA256)
    return document, found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("a name stands twice in one mapping")
    return found


def _no_number(name: str) -> float:
    raise Unreadable(f"{name} is no number")


def _why(content: bytes, error: Exception) -> str:
    if b"\n<<<<<<< " in content or content.startswith(b"<<<<<<< "):
        return "it holds an unresolved merge"
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: {error.msg.lower()}"
    return str(error) if isinstance(error, Unreadable) else "it is not the text that skyflow writes"


def _remedy(path: Path) -> str:
    if path.parent.name == ".skyflow":
        return f"delete {path.parent.name}/{path.name}: what it records can be made again for nothing"
    return f"restore it from version control: git checkout -- {path.name}"
