"""What a disk refuses, in words, and how what is unfinished on it is called."""

from __future__ import annotations

import errno

TEMPORARY = ".skyflow-tmp-"
"""How the name of every temporary starts. The rest ends as the file's own name does: encoders go by the ending."""

_REMEDIES = {
    errno.ENOSPC: "free some space on that disk and run again; what is finished is kept",
    errno.EDQUOT: "free some space under your quota and run again; what is finished is kept",
    errno.EROFS: "the disk is mounted read-only: use a copy of the project on one that can be written",
    errno.EACCES: "give yourself the right to write there",
    errno.EPERM: "give yourself the right to write there",
    errno.ENOTDIR: "something that is not a folder stands where one is needed: move it away",
    errno.EEXIST: "something that is not a folder stands where one is needed: move it away",
}


def remedy(number: int | None) -> str:
    """What helps against an error of the system, given its ``errno``."""
    return _REMEDIES.get(number or 0, "see to the disk, then run again")
