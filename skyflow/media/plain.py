"""Files of text, read whole and never further than they may be.

What a path leads to may be a pipe that nobody writes to, a device without end, or a file that grows while it is read.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path, most: int) -> bytes:
    """The content of a regular file; where it is longer than ``most`` bytes, one byte more than that of it.

    Raises:
        OSError: it is not there, is a folder or no regular file, or cannot be read.
    """
    _check(path.stat().st_mode, path)  # before it is opened: opening alone makes some devices do something
    # What has become a pipe in between is not waited for.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor has no path
        _check(os.fstat(descriptor).st_mode, path)
        return file.read(most + 1)


def _check(mode: int, path: Path) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
