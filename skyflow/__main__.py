"""The program. What needs no import is answered before there is any: ``--version``, and what was asked before."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; give the exit code."""
    if sys.argv[1:] == ["--version"]:
        from skyflow._version import __version__  # noqa: PLC0415 - before anything is imported, on purpose

        sys.stdout.write(f"skyflow {__version__}\n")
        return 0
    from skyflow.memo import Memo  # noqa: PLC0415 - see above

    memo = Memo(sys.argv[1:])
    if (code := memo.answer()) is not None:
        return code
    from skyflow.cli import run  # noqa: PLC0415 - see above

    return run(sys.argv[1:], memo)


if __name__ == "__main__":
    sys.exit(main())
