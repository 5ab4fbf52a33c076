"""The program. What needs no import is answered before there is any: the version, help, and what was asked before."""

from __future__ import annotations

import os
import sys

USUAL_WIDTH = 80


def main() -> int:
    """Run the command line; give the exit code."""
    if sys.argv[1:] == ["--version"]:
        from skyflow._version import __version__  # noqa: PLC0415 - before anything is imported, on purpose

        return _say(f"skyflow {__version__}\n")
    if sys.argv[1:] == ["--help"] and _columns() >= USUAL_WIDTH:
        with open(f"{__file__.removesuffix('__main__.py')}overview.txt", encoding="utf-8") as file:  # noqa: PTH123 - as above
            return _say(file.read())
    from skyflow.memo import Memo  # noqa: PLC0415 - see above

    memo = Memo(sys.argv[1:])
    if (code := memo.answer()) is not None:
        return code
    from skyflow.cli import run  # noqa: PLC0415 - see above

    return run(sys.argv[1:], memo)


def _say(text: str) -> int:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # who read it has gone, and Python flushes once more when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _columns() -> int:
    """How wide the terminal is, as ``shutil.get_terminal_size`` says, which takes longer to import than this does."""
    told = os.environ.get("COLUMNS", "")
    try:
        return int(told) if told.isdecimal() and int(told) else os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):  # no terminal
        return USUAL_WIDTH


if __name__ == "__main__":
    sys.exit(main())
