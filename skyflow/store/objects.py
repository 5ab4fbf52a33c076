"""Objects: bytes under the SHA-256 of their content, in ``.skyflow/objects/ab/cdef…``.

Only finished things get in: an object is written aside, flushed where losing it would cost something, and renamed to
its name, so what has a name was whole once. It can be damaged or edited later, so nothing is called intact but by
reading every byte; that is done once, for as long as the file's times, size and identity stay what they were then. An
object that was put a moment ago is read once more by the next command, as ``skyflow.marks`` says why.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self, TypeAlias

from skyflow import digest, disk
from skyflow.errors import StoreError
from skyflow.marks import Marks, mark, now
from skyflow.store import files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from skyflow.store.project import Project

Fingerprint: TypeAlias = "tuple[int, int, int, int]"

PIECE = 1 << 20
SHARD = re.compile(r"[0-9a-f]{2}")
REST = re.compile(r"[0-9a-f]{62}")
SHA256 = re.compile(r"[0-9a-f]{64}")


class Objects:
    """The objects of one folder. Several threads may use it at once; one process at a time may change it.

    Args:
        marks: what earlier commands found intact; without it nothing is known of them.
    """

    def __init__(self, folder: Path, marks: Marks | None = None) -> None:
        self.folder = folder
        self._marks = marks
        self._seen: dict[str, Fingerprint] = {}

    @classmethod
    def of(cls, project: Project) -> Self:
        """A project's store."""
        return cls(project.objects, Marks(project.state / "objects.json"))

    def remember(self) -> None:
        """Let later commands know what this one found intact; a disk that refuses is no matter."""
        if self._marks:
            self._marks.save()

    def path(self, sha256: str) -> Path:
        """Where an object is, or would be."""
        if not SHA256.fullmatch(sha256):
            raise ValueError(f"{sha256!r} is no SHA-256")
        return self.folder / sha256[:2] / sha256[2:]

    def held(self, sha256: str) -> bool:
        """Whether something is there under that name, intact or not."""
        return self.path(sha256).is_file()

    def intact(self, sha256: str) -> bool:
        """Whether the object is there, every byte as it was put."""
        path = self.path(sha256)
        try:
            began, before = now(), mark(path)
            if self._seen.get(sha256) == _fingerprint(before):
                return True
            if not (self._marks and self._marks.find(sha256, before)):
                if digest.of_file(path) != sha256:
                    return False
                if self._marks:
                    self._marks.keep(sha256, True, began, before, mark(path))
        except OSError:
            return False
        self._seen[sha256] = _fingerprint(before)
        return True

    def known(self, sha256: str) -> bool:
        """Whether the object was found intact before and its file is still that one: for the price of a look."""
        try:
            return self._seen.get(sha256) == _fingerprint(mark(self.path(sha256)))
        except OSError:
            return False

    def put(self, source: Path) -> str:
        """Keep a copy of a file; give its SHA-256.

        Raises:
            StoreError: the file cannot be read, or the disk refused.
        """
        with self._aside() as temporary, files.disk_errors(source, "keep"):
            sha256 = copy(source, temporary)
            return self._keep(temporary, sha256)

    def move(self, source: Path, *, durable: bool = True) -> str:
        """Keep a file itself, which is gone from its place afterwards; give its SHA-256.

        Args:
            durable: whether it is on the disk before this returns; otherwise whenever the system sees fit.

        Raises:
            StoreError: the file cannot be read, or the disk refused.
        """
        with self._aside() as temporary, files.disk_errors(source, "keep"):
            shutil.move(source, temporary)  # a rename, or a copy where the folders are on two disks
            return self._keep(temporary, digest.of_file(temporary), durable=durable)

    def put_bytes(self, content: bytes) -> str:
        """Keep bytes that can be had again, and so are not flushed; give their SHA-256.

        Raises:
            StoreError: the disk refused.
        """
        sha256 = digest.of_bytes(content)
        if not self.intact(sha256):
            with self._aside() as temporary, files.disk_errors(temporary):
                temporary.write_bytes(content)
                self._keep(temporary, sha256, durable=False)
        return sha256

    def read(self, sha256: str) -> bytes | None:
        """An object's bytes; None where it is not there or not what its name says."""
        try:
            content = self.path(sha256).read_bytes()
        except OSError:
            return None
        return content if digest.of_bytes(content) == sha256 else None

    def remove(self, sha256: str) -> None:
        """Drop an object, if it is there."""
        self._seen.pop(sha256, None)
        path = self.path(sha256)
        with files.disk_errors(path, "remove"):
            path.unlink(missing_ok=True)

    def __iter__(self) -> Iterator[str]:
        """The names of all objects, sorted; what is no object of ours is passed over."""
        for shard in sorted(self.folder.glob("*")):
            if SHARD.fullmatch(shard.name) and shard.is_dir():
                yield from (shard.name + path.name for path in sorted(shard.iterdir()) if REST.fullmatch(path.name))

    def sweep(self) -> None:
        """Remove what killed processes left half written. Only for who holds the board."""
        files.sweep(self.folder)

    @contextmanager
    def _aside(self) -> Iterator[Path]:
        """A place on the same disk for what is not finished; nothing stays there."""
        with files.disk_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / f"{disk.TEMPORARY}{secrets.token_hex(6)}"
        try:
            yield temporary
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _keep(self, finished: Path, sha256: str, *, durable: bool = True) -> str:
        """Give a finished file its name. A sound object stays as it is; a damaged one is replaced."""
        if not self.intact(sha256):
            path = self.path(sha256)
            if not path.parent.is_dir():
                path.parent.mkdir(exist_ok=True)
            # Nobody writes it by mistake; who reads it stays as it is.
            finished.chmod(finished.stat().st_mode & 0o444)
            files.settle(finished, path, durable=durable)
            self._seen[sha256] = _fingerprint(mark(path))
        return sha256


def copy(source: Path, target: Path) -> str:
    """Copy a file's content and give the SHA-256 of the very bytes that were copied.

    Raises:
        OSError: either file.
    """
    hashed = hashlib.sha256()
    with source.open("rb") as reader, target.open("wb") as writer:
        while piece := reader.read(PIECE):
            hashed.update(piece)
            writer.write(piece)
    return hashed.hexdigest()


def show(objects: Objects, sha256: str, path: Path, *, link: bool) -> bool:
    """Have ``path`` show an intact object, and give whether anything had to be done for it.

    Args:
        link: as a second name of the object itself, which costs no space but lets whoever writes into the file
            damage the object; otherwise, or where the disk cannot link, as a copy.

    Raises:
        StoreError: the object is not there, or the disk refused.
    """
    if _shows(path, objects.path(sha256), sha256):
        return False
    lost = StoreError(f"{path.name} cannot be restored: its object is gone from the store or damaged", "run again")
    if not objects.intact(sha256):
        raise lost
    if not (link and _link(objects.path(sha256), path)):
        with files.replacing(path, durable=False) as temporary, files.disk_errors(path):
            if copy(objects.path(sha256), temporary) != sha256:
                raise lost
    return True


def _shows(path: Path, stored: Path, sha256: str) -> bool:
    """Whether a name shows an object: as the same file, or as a copy whose bytes are the object's."""
    try:
        if path.is_symlink() or not path.is_file():
            return False
        return (stored.exists() and path.samefile(stored)) or digest.of_file(path) == sha256
    except OSError:
        return False


def _link(stored: Path, path: Path) -> bool:
    temporary = path.with_name(f"{disk.TEMPORARY}{secrets.token_hex(6)}-{path.name}")
    with files.disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        temporary.hardlink_to(stored)
        temporary.replace(path)
    except OSError:  # another disk, or one that knows no links
        return False
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return True


def _fingerprint(seen: list[int]) -> Fingerprint:
    """Of a mark what a link to the file does not change: when it was written, its length and identity."""
    written, _, length, inode, device = seen
    return written, length, inode, device
