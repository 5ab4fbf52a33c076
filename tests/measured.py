"""skyflow in a process of its own, and what that process took: time of the processor, memory, words.

A process that stays has imported everything, and forks one child for each call: a hundred calls do not start Python
a hundred times. A child's time is its own, from the fork on. Its memory is all that it holds, together with what it
has from its parent, so no measure is flattered by the fork.
Elapsed time is no measure here: a busy machine stretches it. It only ends what hangs.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

HANGS = 120
"""Seconds after which a call that waits for something is killed; a busy machine makes every call wait."""

WORKS = 20
"""Seconds of the processor after which a call that works is killed."""

ADDRESSES = 4 << 30
"""Bytes that a call may map beyond what its parent has: enough for threads, and too little for what has no end."""

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended.

    Attributes:
        code: the exit code; negative for a signal.
        out, err: what it wrote.
        seconds: of the processor, its own and the system's, starting Python left out.
        megabytes: the most memory that it held at once.
    """

    code: int
    out: str
    err: str
    seconds: float
    megabytes: float

    @property
    def said(self) -> str:
        return self.out + self.err


class Measured:
    """Calls of skyflow, one after the other."""

    def __enter__(self) -> Self:
        self._host = subprocess.Popen(
            [sys.executable, "-m", "tests.measured"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._host.communicate()

    def __call__(self, folder: Path, *argv: str, environment: Mapping[str, str] | None = None) -> Ended:
        """Run skyflow with these arguments in a folder."""
        asked = {"folder": str(folder), "argv": argv, "environment": dict(environment or {})}
        assert self._host.stdin
        assert self._host.stdout
        self._host.stdin.write(json.dumps(asked) + "\n")
        self._host.stdin.flush()
        return Ended(**json.loads(self._host.stdout.readline()))


def main() -> None:
    """Answer calls until there are no more."""
    _import_all()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_measure(json.loads(line))) + "\n")
        sys.stdout.flush()


WARM = "skyflow: 1\nvars: {v: x}\nshots:\n  a: {prompt: '{{ v }}', duration: 5}\n  b: {prompt: x, nonsense: 1}\n"


def _import_all() -> None:
    """Have everything in memory that a call may need, by making such calls: no list of modules to keep.

    Nothing is decoded here: a decoder may leave threads, which no fork takes along.
    """
    import skyflow.media.probe  # noqa: F401, PLC0415 - only in the process that stays
    from skyflow.cli import run  # noqa: PLC0415

    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        os.chdir(folder)
        for board in (WARM, WARM.replace(", nonsense: 1", "")):
            Path("board.yaml").write_text(board)
            for verb in ("validate", "plan"):
                run([verb, "board.yaml"])
        os.chdir(before)
    gc.freeze()  # a child that looked for garbage would copy all of its parent


def _measure(asked: Mapping[str, Any]) -> dict[str, Any]:
    said = [os.memfd_create(name) for name in ("out", "err")]
    child = os.fork()
    if child == 0:
        _be_skyflow(asked, *said)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.alarm(HANGS)
    _, status, used = os.wait4(child, 0)
    signal.alarm(0)
    out, err = (_read(file) for file in said)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "out": out,
        "err": err,
        "seconds": used.ru_utime + used.ru_stime,
        "megabytes": used.ru_maxrss / 1024,
    }


def _be_skyflow(asked: Mapping[str, Any], out: int, err: int) -> None:
    status = 70
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.chdir(asked["folder"])
        os.environ |= asked["environment"]
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + ADDRESSES, mapped + ADDRESSES))
        resource.setrlimit(resource.RLIMIT_CPU, (WORKS, WORKS))
        from skyflow.cli import run  # noqa: PLC0415 - as above

        status = run(asked["argv"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _read(file: int) -> str:
    os.lseek(file, 0, os.SEEK_SET)
    with os.fdopen(file, "rb") as stream:
        return stream.read().decode("utf-8", "replace")


if __name__ == "__main__":
    main()
