"""One shot is made: inputs to files, the backend, a look at every take, then into the store.

A maker reports and decides nothing; what it kept is recorded by the run, which owns all state.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from skyflow.backends.base import Assignment
from skyflow.errors import MakeError, MediaError, Refused, SkyflowError, StoreError
from skyflow.running.keeping import Expected, see_left
from skyflow.store import files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skyflow.backends.base import Backend, Made, Progress
    from skyflow.board.model import Output
    from skyflow.planning.key import Bound
    from skyflow.planning.takes import Take
    from skyflow.running.aside import Aside
    from skyflow.running.inputs import Inputs
    from skyflow.running.keeping import Keeping
    from skyflow.running.known import LockKnown
    from skyflow.running.till import Till


@dataclass(frozen=True, slots=True)
class Wanted:
    """One shot that is to be made, everything about it decided.

    Attributes:
        label: what a slate calls it.
        takes: which of them.
        output: the clip that the board counts on.
        longer: by how many frames a clip may exceed that because it contains the clip that it extends.
        estimate: USD for one take, at the model's prices.
    """

    shot: str
    label: str
    bound: Bound
    takes: tuple[int, ...]
    output: Output
    longer: int = 0
    estimate: Decimal = Decimal(0)


@dataclass(slots=True)
class Report:
    """What came of making one shot. There may be takes and an error: the takes that are good are kept.

    Attributes:
        request: SHA-256 of the identity that the key was taken of, now in the store.
        takes: those that are in the store, by number.
        seconds: by the event loop's clock.
        ended: whether the maker came to its end; otherwise it was cancelled on the way.
    """

    shot: str
    request: str = ""
    takes: dict[int, Take] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    error: SkyflowError | None = None
    seconds: float = 0.0
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Making:
    """Makes the shots of one run, several at once.

    Attributes:
        work: an existing folder; each shot gets one of its own in it while it is made.
        till: what a paid backend's takes are bought with; None for a backend that costs nothing.
        asked: all that it was asked to make, each take by its key and number.
    """

    backend: Backend
    inputs: Inputs
    known: LockKnown
    keeping: Keeping
    work: Path
    till: Till | None = None
    asked: set[tuple[str, int]] = field(default_factory=set)

    @property
    def aside(self) -> Aside:
        """How blocking work is done."""
        return self.keeping.aside

    async def make(self, wanted: Wanted, report: Report, progress: Progress) -> None:
        """Make takes of a shot, and fill the report as they come: cancellation loses none that is in the store.

        An error of this shot is reported and not raised; others can go on.
        """
        began = anyio.current_time()
        self.asked.update((wanted.bound.key, take) for take in wanted.takes)
        try:
            with _folder(self.work) as folder:
                report.request = self.known.keep_identity(wanted.bound)  # done sooner than a thread is found for it
                assignment = await self._assignment(wanted, report, folder)
                with _watching(progress) as told:
                    await (self._buy if self.till else self._draw)(assignment, report, told)
        except (MakeError, MediaError, StoreError, Refused) as error:
            report.error = report.error or error
        report.seconds = anyio.current_time() - began
        report.ended = True

    async def _assignment(self, wanted: Wanted, report: Report, folder: Path) -> Assignment:
        return Assignment(
            shot=wanted.label,
            key=wanted.bound.key,
            request=wanted.bound.body,
            inputs=await self.inputs.of(wanted.bound),
            takes=wanted.takes,
            output=self.backend.output(wanted.output),
            folder=str(folder),
            longer=wanted.longer,
            identity=report.request,
            estimate=wanted.estimate,
        )

    async def _draw(self, assignment: Assignment, report: Report, progress: Progress) -> None:
        """Have takes made for nothing, and keep those that are as they should be."""
        with self._blaming_the_backend():
            made = await self.backend.make(assignment, progress)
        report.notes = tuple(dict.fromkeys(note for one in made for note in one.notes))
        expected = Expected(assignment.shot, assignment.output, assignment.longer)
        for one in made:
            try:
                see_left(one, assignment.takes, assignment.shot, self.backend.name)
                report.takes[one.take] = await self.keeping.made(one, expected)
            except (MakeError, MediaError, StoreError) as error:
                report.error = report.error or error
        self._see_all(assignment, report)

    async def _buy(self, assignment: Assignment, report: Report, progress: Progress) -> None:
        """Have takes bought, and keep each as it arrives."""
        till = self.till
        assert till is not None
        expected = Expected(assignment.shot, assignment.output, assignment.longer)

        async def keep(made: Made) -> None:
            see_left(made, assignment.takes, assignment.shot, self.backend.name)
            try:
                report.takes[made.take], notes = await self.keeping.bought(made, expected)
            except StoreError as error:
                till.purse.stop(f"a clip that was paid for cannot be kept: {error.message}")
                raise
            report.notes += (*made.notes, *notes)

        try:
            with self._blaming_the_backend():
                report.notes += await till.session.make(assignment, progress, keep)
        except StoreError as error:  # a disk that has room for a journal's row may have none for a clip
            till.purse.stop(f"the disk refused: {error.message}")
            raise
        self._see_all(assignment, report)

    def _see_all(self, assignment: Assignment, report: Report) -> None:
        absent = [str(number) for number in assignment.takes if number not in report.takes]
        if absent and report.error is None:
            report.error = MakeError(f"{self.backend.name} did not make take {', '.join(absent)} of {report.shot}")

    @contextmanager
    def _blaming_the_backend(self) -> Iterator[None]:
        """Whatever goes wrong in there is this shot's failure, and no other's."""
        try:
            yield
        except (SkyflowError, Unwatchable):
            raise
        except Exception as error:
            what = f"{self.backend.name} failed with {type(error).__name__}: {error}"
            raise MakeError(what, "report this to who makes the backend") from error


@contextmanager
def _folder(work: Path) -> Iterator[Path]:
    """A folder for what is not finished of one shot."""
    with files.disk_errors(work):
        folder = Path(tempfile.mkdtemp(dir=work))
    try:
        yield folder
    finally:
        try:
            folder.rmdir()  # what was in it is in the store by now
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)


class Unwatchable(Exception):
    """Who watches the run has failed, and not the backend; carries the error itself."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def _watching(progress: Progress) -> Iterator[Progress]:
    """Tell a watcher how far a backend is, and let a watcher's own error out as itself."""

    def told(done: float) -> None:
        try:
            progress(done)
        except Exception as error:
            raise Unwatchable(error) from error

    try:
        yield told
    except Unwatchable as failed:
        raise failed.error from None
