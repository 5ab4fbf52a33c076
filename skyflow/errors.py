"""Every error that skyflow raises on purpose, and the exit code that each becomes.

::

    SkyflowError                 1   something that was asked for could not be done
    ├── BoardInvalid             2   the board has problems; carries all of them
    ├── UsageError               2   the command line asks for what does not exist
    ├── Refused                  3   nothing was started: a lock, a limit or a person said no
    │   └── BoardHeld            3   another run holds the board
    ├── MediaError               1   a file is not the picture, clip or voice that it is taken for
    ├── StoreError               1   the disk would not keep or give back what it was asked to
    └── MakeError                1   a backend could not make a shot
        └── AccountRefused       4   the provider refuses the account, so it would refuse every other shot too

Library code raises these and never exits or prints; the verb decides what a person sees.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skyflow.problems import Problem


class ExitCode(IntEnum):
    """What a verb returns to the shell. Few, named, and decided in one place."""

    DONE = 0
    SHOT_FAILED = 1
    INVALID = 2
    REFUSED = 3
    ACCOUNT_REFUSED = 4
    INTERRUPTED = 130


class SkyflowError(Exception):
    """The root of the family.

    Args:
        message: what is wrong, one sentence, no trailing period.
        remedy: what to do about it, one sentence in the imperative, or empty.
    """

    exit_code: ExitCode = ExitCode.SHOT_FAILED

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[SkyflowError], tuple[str, str]]:
        """Errors travel from worker processes; both parts must survive."""
        return type(self), (self.message, self.remedy)


class BoardInvalid(SkyflowError):
    """The board has at least one problem of severity error."""

    exit_code = ExitCode.INVALID

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = sum(problem.severity == "error" for problem in self.problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} in the board")


class UsageError(SkyflowError):
    """The command line, or a program's call, names something that is not there."""

    exit_code = ExitCode.INVALID


class Refused(SkyflowError):
    """Nothing was started."""

    exit_code = ExitCode.REFUSED


class BoardHeld(Refused):
    """Another process is running this board."""


class MediaError(SkyflowError):
    """A file is not the picture, clip or voice that it is taken for."""


class StoreError(SkyflowError):
    """The store could not keep or give back an object."""


class MakeError(SkyflowError):
    """A backend could not make a shot."""


class AccountRefused(MakeError):
    """The provider refuses the account: its key, its rights or its credit."""

    exit_code = ExitCode.ACCOUNT_REFUSED
