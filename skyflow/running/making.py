"""One shot is made: inputs to files, the backend, a look at every take, then into the store.

A maker reports and decides nothing; what it kept is recorded by the run, which owns all state.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from skyflow.backends.base import Assignment
from skyflow.errors import MakeError, MediaError, SkyflowError, StoreError
from skyflow.planning.takes import Take

if TYPE_CHECKING:
    from skyflow.backends.base import Backend, Made, Progress
    from skyflow.board.model import Output
    from skyflow.facts import ClipFacts
    from skyflow.planning.key import Bound
    from skyflow.running.aside import Aside
    from skyflow.running.inputs import Inputs
    from skyflow.running.known import LockKnown


FRAMES_OFF = 1
"""By how many frames a clip may miss its length."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One shot that is to be made, everything about it decided.

    Attributes:
        label: what a slate calls it.
        takes: which of them.
        output: the clip that the board counts on.
        longer: by how many frames a clip may exceed that because it contains the clip that it extends.
    """

    shot: str
    label: str
    bound: Bound
    takes: tuple[int, ...]
    output: Output
    longer: int = 0


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
    """

    backend: Backend
    inputs: Inputs
    known: LockKnown
    aside: Aside
    work: Path

    async def make(self, wanted: Wanted, report: Report, progress: Progress) -> None:
        """Make takes of a shot, and fill the report as they come: cancellation loses none that is in the store.

        An error of this shot is reported and not raised; others can go on.
        """
        began = anyio.current_time()
        folder = Path(tempfile.mkdtemp(dir=self.work))
        try:
            report.request = await self.aside.call(self.known.keep_identity, wanted.bound)
            inputs = await self.inputs.of(wanted.bound)
            expected = self.backend.output(wanted.output)
            bound = wanted.bound
            assignment = Assignment(wanted.label, bound.key, bound.body, inputs, wanted.takes, expected, str(folder))
            await self._keep(await self._made(assignment, progress), assignment, wanted.longer, report)
        except (MakeError, MediaError, StoreError) as error:
            report.error = error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        report.seconds = anyio.current_time() - began
        report.ended = True

    async def _made(self, assignment: Assignment, progress: Progress) -> list[Made]:
        """What the backend makes of it. Whatever goes wrong in there is this shot's failure, and no other's."""
        watching: list[Exception] = []

        def told(done: float) -> None:
            try:
                progress(done)
            except Exception as error:
                watching.append(error)
                raise

        try:
            return await self.backend.make(assignment, told)
        except SkyflowError:
            raise
        except Exception as error:
            if watching:  # who watches the run has failed, and not the backend
                raise watching[0] from None
            what = f"{self.backend.name} failed with {type(error).__name__}: {error}"
            raise MakeError(what, "report this to who makes the backend") from error

    async def _keep(self, made: list[Made], assignment: Assignment, longer: int, report: Report) -> None:
        """Take in what is as it should be; the first thing that is not is the shot's error."""
        report.notes = tuple(dict.fromkeys(note for one in made for note in one.notes))
        for one in made:
            try:
                report.takes[one.take] = await self._take(one, assignment, longer)
            except (MakeError, MediaError, StoreError) as error:
                report.error = report.error or error
        absent = [str(number) for number in assignment.takes if number not in report.takes]
        if absent and report.error is None:
            report.error = MakeError(f"{self.backend.name} did not make take {', '.join(absent)} of {report.shot}")

    async def _take(self, made: Made, assignment: Assignment, longer: int) -> Take:
        what = f"take {made.take} of {assignment.shot}"
        path, length = _found(made, assignment, self.backend.name)
        try:
            facts = await self.aside.probe(path)
        except MediaError as error:
            raise MediaError(f"{what}: {error.message}", error.remedy) from error
        _compare(facts, assignment.output, longer, what)
        return Take(
            take=made.take,
            label=assignment.shot,
            sha256=await self.aside.call(self.known.objects.move, path),
            bytes=length,
            width=facts.width,
            height=facts.height,
            frames=facts.frames,
            rate=facts.rate,
            sound=facts.sound,
            seed=made.seed,
        )


def _found(made: Made, assignment: Assignment, backend: str) -> tuple[Path, int]:
    """The file that a backend says it left, and its length."""
    path = Path(made.path)
    if made.take not in assignment.takes or path.is_symlink() or not path.is_file():
        raise MakeError(f"{backend} left no clip where it said for take {made.take} of {assignment.shot}")
    return path, path.stat().st_size


def _compare(facts: ClipFacts, expected: Output, longer: int, what: str) -> None:
    """Later shots and the cut count on a clip's measures, so one that has others is no result.

    A frame more or less is a matter of rounding, and what was paid for is not thrown away for it.

    Args:
        longer: by how many frames a clip may exceed what is expected because it contains the clip that it extends.
    """
    pairs = (
        ("size", f"{facts.width}x{facts.height}", str(expected.size)),
        ("frame rate", facts.rate, expected.rate),
        ("sound", _yes(facts.sound), _yes(expected.sound)),
    )
    wrong = [f"its {name} is {found}, not {wanted}" for name, found, wanted in pairs if found != wanted]
    if min(abs(facts.frames - expected.frames), abs(facts.frames - expected.frames - longer)) > FRAMES_OFF:
        wrong.append(f"its number of frames is {facts.frames}, not {expected.frames}")
    if wrong:
        raise MediaError(f"{what} is not what was asked for: {'; '.join(wrong)}", "run again, or report the backend")


def _yes(there: bool) -> str:  # noqa: FBT001 - the word for a flag
    return "on" if there else "off"
