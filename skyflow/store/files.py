"""Writing a file so that nobody ever sees half of it.

Everything that skyflow leaves on a disk, but for what a backend writes into its own work folder, goes through
``replacing``: a temporary sibling, flushed to the disk, then renamed over the name. A process that is killed in
between leaves only the sibling, which ``sweep`` knows by its name. What is known by its hash and can be had again
for nothing is not flushed, which takes longer than all the rest: a pulled plug may then leave it empty or torn,
and whoever reads it next sees that.
"""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from skyflow import disk
from skyflow.disk import TEMPORARY
from skyflow.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Give a temporary path to write to; what is there at the end becomes ``path``, at once and durably.

    The folder is created. An exception in the body leaves ``path`` as it was and no temporary.

    Args:
        durable: as for ``settle``.

    Raises:
        StoreError: the disk refused: full, read-only, not permitted.
    """
    temporary = path.with_name(f"{TEMPORARY}{secrets.token_hex(6)}-{path.name}")
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield temporary
        with disk_errors(path):
            settle(temporary, path, durable=durable)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write(path: Path, content: bytes) -> None:
    """Write bytes as the whole content of ``path``, durably.

    Raises:
        StoreError: the disk refused.
    """
    with replacing(path) as temporary, disk_errors(path):
        temporary.write_bytes(content)


def settle(finished: Path, path: Path, *, durable: bool = True) -> None:
    """Flush a finished file to the disk and give it its final name, replacing what had it.

    Args:
        durable: otherwise nothing is flushed; for what is known by its hash and can be had again for nothing.
    """
    if durable:
        flush(finished)
    finished.replace(path)
    if durable:
        flush(path.parent)


def flush(path: Path) -> None:
    """Have the operating system put a file, or a folder's entries, on the disk now."""
    folder = path.is_dir()
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        if not folder:  # not every file system can flush a folder; a rename is atomic all the same
            raise
    finally:
        os.close(descriptor)


def sweep(folder: Path) -> None:
    """Remove the temporaries that killed processes left in a folder. Only for who holds the board."""
    for path in folder.glob(f"{TEMPORARY}*"):
        with suppress(OSError):
            path.unlink()


@contextmanager
def disk_errors(path: Path, what: str = "write") -> Iterator[None]:
    """Say what the disk refused to do with which file, and what helps."""
    try:
        yield
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise StoreError(f"cannot {what} {path}: {said}", disk.remedy(error.errno)) from error
