"""The path of a board, for verbs and for programs: load it, plan it, run it.

Every verb goes this one way, each only as far as it needs. These three are also the package's public calls::

    import skyflow

    board = skyflow.load("board.yaml")
    plan = skyflow.plan(board)
    result = skyflow.run(board)
"""

from __future__ import annotations

import gc
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from skyflow import backends
from skyflow.backends.paid import PaidBackend
from skyflow.board.read import Reading, read
from skyflow.board.source import MAX_BYTES
from skyflow.errors import BoardInvalid, UsageError
from skyflow.late import late
from skyflow.media import plain
from skyflow.media.local import LocalFiles
from skyflow.media.seen import Seen
from skyflow.planning.conform import faults
from skyflow.planning.plan import Plan
from skyflow.planning.plan import plan as decide_all
from skyflow.planning.request import request
from skyflow.problems import Place, Problem, did_you_mean
from skyflow.running.known import LockKnown
from skyflow.store.hold import hold
from skyflow.store.project import BOARD_ENDINGS, Project

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import anyio

    from skyflow.backends.base import Backend
    from skyflow.board.model import Board
    from skyflow.running import runner
    from skyflow.running.events import Watcher
    from skyflow.running.options import Options
    from skyflow.running.outcome import Result
    from skyflow.running.recovering import Recovered
    from skyflow.store.hold import Held
else:
    anyio, runner = late("anyio"), late("skyflow.running.runner")

DEFAULT_BACKEND = "animatic"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A board that has no errors, and where it stands.

    Attributes:
        board: resolved; its ``warnings`` are what was found beside.
        project: its folders.
        rests_on: every file that was looked for to read it.
    """

    board: Board
    project: Project
    rests_on: frozenset[Path | str] = frozenset()


class Checked(NamedTuple):
    """What was found in a board.

    Attributes:
        rests_on: every file that was looked for to read it.
    """

    project: Project
    reading: Reading
    rests_on: frozenset[Path | str]


@contextmanager
def uncollected() -> Iterator[None]:
    """While much is made and nothing is let go: the collector would look through all of it again and again."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@uncollected()
def check(path: str | Path, overrides: Mapping[str, Any] | None = None) -> Checked:
    """Read a board and every file that it names; find every problem, stop at none.

    Args:
        path: the board file.
        overrides: values that win over the board's ``vars``.

    Raises:
        UsageError: there is no such file.
    """
    file = Path(path)
    project = Project.of(file)
    content = _content(file)
    local = LocalFiles(project.folder, project.root, seen := Seen(project.state))
    reading = read(project.name, str(path), content, local, overrides or {})
    seen.save()
    if reading.board and (refused := tuple(_refused(reading.board, str(path)))):
        reading = Reading(None, (*reading.problems, *refused))
    return Checked(project, reading, frozenset((file, *local.looked, *project.marks())))


def load(path: str | Path, overrides: Mapping[str, Any] | None = None) -> Loaded:
    """A board that can be planned.

    Args:
        path: the board file.
        overrides: values that win over the board's ``vars``.

    Raises:
        UsageError: there is no such file.
        BoardInvalid: the board has errors; carries every problem, warnings too.
    """
    project, reading, rests_on = check(path, overrides)
    if reading.board is None:
        raise BoardInvalid(reading.problems)
    return Loaded(reading.board, project, rests_on)


@uncollected()
def plan(
    loaded: Loaded,
    backend: str | Backend = DEFAULT_BACKEND,
    *,
    proxy: str | None = None,
    known: LockKnown | None = None,
) -> Plan:
    """What a run would do, and why. Nothing is made; written is only what spares the next plan a second look.

    Args:
        backend: a name, or a backend of your own.
        proxy: the animatic's size for a fast look, such as ``480p``.
        known: what lock and store know, where the caller has read it already.

    Raises:
        UsageError: no backend has this name.
        StoreError, Refused: the lock cannot be read, or a newer skyflow wrote it.
    """
    maker = backends.get(backend, proxy=proxy)
    known = known or LockKnown.of(loaded.project, maker)
    decided = decide_all(loaded.board, backends.maker_of(maker), known)
    known.objects.remember()
    return decided


def rests_on(loaded: Loaded, maker: Backend, known: LockKnown) -> frozenset[Path]:
    """Every file beside the board's own that decides what a run with a backend would find to do."""
    project = loaded.project
    journal = {project.journal, project.journal.with_name(f"{project.journal.name}-journal")}
    return known.rests_on(loaded.board.shots) | backends.rests_on(maker) | journal


def run(  # noqa: PLR0913 - what to run, then what to run it with, each with its default
    loaded: Loaded,
    backend: str | Backend = DEFAULT_BACKEND,
    *,
    proxy: str | None = None,
    options: Options | None = None,
    watcher: Watcher | None = None,
    held: Held | None = None,
) -> Result:
    """Make what is missing, in dependency order, then the cut.

    Runs an event loop of its own; inside another one, call it in a thread (``anyio.to_thread.run_sync``).

    Args:
        backend, proxy: as in ``plan``.
        options: which shots, how many at once, what to do on failure.
        watcher: told of everything as it happens.
        held: the proof that the caller holds the board already, from ``store.hold.hold``; without it the board is
            held for as long as this takes.

    Returns:
        What became of every shot and of the cut. A shot that failed is in it and raises nothing.

    Raises:
        UsageError: no such backend or shot.
        Refused: BoardHeld, or ``options.locked`` and something is not there.
        StoreError: the disk refused.
        KeyboardInterrupt: Ctrl-C; everything is stopped, and what was finished is kept.
    """
    maker = backends.get(backend, proxy=proxy)
    with nullcontext(held) if held else hold(loaded.project, "run") as proof:

        async def main() -> Result:
            return await runner.run(loaded.board, maker, proof, options=options, watcher=watcher)

        return anyio.run(main)


def recover(project: Project, backend: str | PaidBackend, *, give_up: bool = False) -> tuple[Recovered, ...]:
    """Fetch what earlier runs of a board paid for and never fetched. Nothing is bought; the board is not read.

    Args:
        give_up: write all of it off instead, asking nobody.

    Raises:
        UsageError: there is no such board, no such backend, the backend costs nothing, or it has no key.
        Refused: BoardHeld.
        StoreError: the disk refused.
    """
    maker = backends.get(backend)
    if not isinstance(maker, PaidBackend):
        raise UsageError(f"{maker.name} costs nothing: there is nothing to recover", "name one that is paid for")
    if not project.board.is_file():
        raise UsageError(f"there is no {project.board.name}", "name the board whose runs were interrupted")
    with hold(project, "recover") as held:

        async def main() -> tuple[Recovered, ...]:
            return await runner.recover_all(maker, held, give_up=give_up)

        return anyio.run(main)


def _content(file: Path) -> bytes:
    try:
        return plain.read(file, MAX_BYTES)
    except FileNotFoundError as error:
        boards = sorted(str(other) for ending in BOARD_ENDINGS for other in file.parent.glob(f"*{ending}"))
        start = f"name a board: {', '.join(boards[:5])}" if boards else "start one with `skyflow init`"
        raise UsageError(f"there is no {file}", did_you_mean(str(file), boards) or start) from error
    except IsADirectoryError as error:
        inside = file / "board.yaml"
        remedy = f"name a file, such as {inside}" if inside.is_file() else "name a board file"
        raise UsageError(f"{file} is a folder, not a board", remedy) from error
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(f"{file} cannot be read: {why}", "mend the path or its permissions") from error


def _refused(board: Board, shown: str) -> Iterator[Problem]:
    """What the model's own schema refuses after every rule has passed: a defect of ours, and never sent."""
    remedy = "report this as a defect of skyflow: its own checks let it through"
    for shot in board.shots.values():
        for fault in () if shot.footage else faults(request(shot, board.model)):
            yield Problem("SF0699", Place(shown), f"shots.{shot.id}", str(fault), remedy)
