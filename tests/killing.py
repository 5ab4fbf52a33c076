"""Real processes that may be killed: verbs of skyflow and sandboxes, each forked from one that has imported all.

``python -m tests.killing`` reads orders from its stdin, one JSON object a line, and answers each with one; see
``Nursery``. What costs a run its time is taken out of a forked process: a clip is a line of JSON with its own sum,
and every wait of the client is a fiftieth of what it is. Files, requests, processes and kills are real.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from PIL import Image

import skyflow
from skyflow import cli, digest, disk
from skyflow.backends.runware import fetching, following, polls, uploads, waits
from skyflow.board.model import Size
from skyflow.errors import MediaError
from skyflow.facts import ClipFacts
from skyflow.media.cut import CutFacts
from skyflow.running.aside import Aside
from skyflow.sandbox import app, server
from skyflow.sandbox.media import look
from tests import points, refusing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from skyflow.media.cut import Piece
    from skyflow.sandbox.render import Order

ROOT = Path(__file__).parent.parent
SECONDS = 240
"""After which a forked process is ended by an alarm, so that no test hangs."""
FASTER = 50
WRITES = "writes"
"""In ``Ended.passed``: how often the process wrote."""
PADDING = b" " * 100_000
OTHERS = ("anyio._backends._asyncio", "httpcore", "trio", "uvicorn.loops.auto")
"""What is imported at the first use of what skyflow imports."""


class Ended(NamedTuple):
    """What became of a process.

    Attributes:
        code: as ``subprocess`` has it: negative for a signal.
        passed: how often it came by each place, where it lived on.
    """

    code: int
    out: str
    err: str
    passed: dict[str, int]


class Nursery:
    """The program, from the side of a test."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.killing"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def close(self) -> None:
        """End it, and with it all that it started."""
        self._process.communicate()

    def order(self, **order: Any) -> Any:
        """Have it do something."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(self, said: Path, **order: Any) -> int:
        """Start a verb; give its process."""
        return int(self.order(do="start", said=str(said), **order)["pid"])

    def wait(self, pid: int) -> int:
        """Wait for a process, and give its code."""
        return int(self.order(do="wait", pid=pid)["code"])

    def ended(self, pid: int, said: Path) -> Ended:
        """Wait for a verb."""
        code = self.wait(pid)
        passed = Path(f"{said}.passed")
        return Ended(
            code,
            Path(f"{said}.out").read_text(encoding="utf-8"),
            Path(f"{said}.err").read_text(encoding="utf-8"),
            json.loads(passed.read_text()) if passed.exists() else {},
        )


def main() -> None:
    """Take orders until there are no more."""
    _import_all()
    left: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "wait":
            _, status = os.waitpid(order["pid"], 0)
            left.discard(order["pid"])
            answer: dict[str, Any] = {"code": os.waitstatus_to_exitcode(status)}
        else:
            answer = _forked(order)
            left.add(answer["pid"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid in left:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _import_all() -> None:
    """Once, what every forked process would import anew: that took most of its time."""
    inside = [one.name for one in pkgutil.walk_packages(skyflow.__path__, "skyflow.")]
    for name in (*(name for name in inside if not name.endswith("__main__")), *OTHERS):
        importlib.import_module(name)
    Image.init()
    gc.freeze()  # what no process has to look through, none has to copy


def _forked(order: dict[str, Any]) -> dict[str, Any]:
    """Start a process; give its id, and for a sandbox its URL."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.close(read)
            code = _inside(order, write)
        except BaseException as error:  # noqa: BLE001 - nothing of the parent may run on in here
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            code = 99
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read) as pipe:
        return {"pid": pid, "url": pipe.read()}


def _inside(order: dict[str, Any], pipe: int) -> int:
    """The life of a forked process."""
    signal.alarm(SECONDS)
    os.chdir(order["cwd"])
    os.environ.update(order.get("env", {}))
    for descriptor, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, f"{order['said']}.out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, f"{order['said']}.err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        os.dup2(os.open(path, flags, 0o600), descriptor)
    places = points.Points(order.get("kill"))
    if "sandbox" in order:
        points.of_a_sandbox(places)
        _serve(order, pipe)
        return 0
    os.close(pipe)
    _hasten(order.get("gone"))
    disk = refusing.of_a_disk(order.get("full", (0, 0)))
    points.of_a_run(places)
    if jump := order.get("clock"):
        plain = time.time
        time.time = lambda: plain() + jump
    code = cli.run(order["argv"])
    sys.stdout.flush()
    sys.stderr.flush()
    with open(f"{order['said']}.passed", "w", encoding="utf-8") as file:  # noqa: PTH123 - Path.open may be refused
        json.dump(places.passed | {WRITES: disk.writes}, file)
    return code


def _serve(order: dict[str, Any], pipe: int) -> None:
    """Be a sandbox until killed."""
    sandbox = app.create(
        Path(order["sandbox"]),
        render=drawn,
        look=looked,
        clock=lambda: time.time() + order.get("later", 0),
        alone=True,
        latency=order.get("latency", 0),
        faults=order.get("faults"),
    )
    with server.listening(order.get("port", 0)) as (listener, url):
        os.write(pipe, url.encode())
        os.close(pipe)
        server.serve(sandbox, listener)


def _hasten(gone: float | None) -> None:
    """Take the waiting, the decoding and the encoding out of this process.

    Args:
        gone: seconds for which to ask about what should be there and is not, in place of the usual.
    """
    polls.FIRST, polls.OFTEN, polls.TOGETHER = polls.FIRST / FASTER, polls.OFTEN / FASTER, polls.TOGETHER / FASTER
    polls.UNKNOWN /= FASTER
    vars(fetching)["DELAYS"] = tuple(seconds / FASTER for seconds in fetching.DELAYS)
    uploads.LATER /= FASTER
    following.GONE_SECONDS = gone or following.GONE_SECONDS
    plain = waits.Backoff.next
    waits.Backoff.next = lambda self, told=None: plain(self, told) / FASTER  # type: ignore[method-assign]
    for plain_way in (probe, bad_pictures, still, assemble):
        setattr(Aside, plain_way.__name__, plain_way)


def clip(measures: list[Any], drawn: list[Any]) -> bytes:
    """What stands for a clip: its measures, what it shows, and the sum of both."""
    line = json.dumps({"measures": measures, "drawn": drawn}).encode()
    return line + b"\n" + PADDING + digest.of_bytes(line).encode()


def measured(content: bytes) -> ClipFacts | None:
    """The measures of a clip; None where it is damaged, or is none."""
    line, _, rest = content.partition(b"\n")
    if rest != PADDING + digest.of_bytes(line).encode():
        return None
    width, height, frames, rate, sound = json.loads(line)["measures"]
    return ClipFacts(width, height, frames, Fraction(rate), sound)


async def drawn(order: Order) -> bytes:
    """The sandbox's clips; other media, other clip."""
    size, media = order.output.size, sorted(digest.of_file(path) for path in order.media.values())
    measures = [size.width, size.height, order.output.frames, str(order.output.rate), order.output.sound]
    return clip(measures, [order.body["positivePrompt"], order.take, order.seed, *media])


def looked(path: Path) -> Any:
    """What the sandbox says that an upload is."""
    return measured(path.read_bytes()) or look(path)


async def probe(self: Aside, path: Path) -> ClipFacts:
    """In place of decoding."""
    facts = measured(await self.call(path.read_bytes))
    if facts is None:
        raise MediaError("it does not decode", "fetch it again")
    return facts


async def bad_pictures(self: Aside, path: Path) -> int:  # noqa: ARG001 - Aside's own
    """None: a clip of these has no pictures, and its damage shows in its sum."""
    return 0


@contextmanager
def _said(target: Path) -> Iterator[None]:
    """A disk's refusal in the words of what this stands for."""
    try:
        yield
    except OSError as error:
        raise MediaError(f"{target.name} cannot be written: {error.strerror}", disk.remedy(error.errno)) from error


async def still(self: Aside, path: Path, index: int, target: Path) -> None:
    """In place of a picture of a clip: one of a colour that follows from it."""
    seen = await self.call(digest.of_bytes, await self.call(path.read_bytes) + bytes([index % 256]))
    with _said(target):
        Image.new("RGB", (848, 480), f"#{seen[:6]}").save(target, "PNG")


async def assemble(self: Aside, pieces: Sequence[Piece], target: Path) -> CutFacts:
    """In place of encoding."""
    whole = "\n".join(f"{piece.label} {digest.of_file(piece.path)}" for piece in pieces)
    with _said(target):
        await self.call(target.write_text, whole)
    return CutFacts(Size(848, 480), Fraction(32), 1, sound=False, sections=())


if __name__ == "__main__":
    main()
