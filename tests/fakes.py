"""Small boards and a backend that draws nothing: for tests of what happens around the making of clips.

A fake clip is a line of JSON with the measures that a real one would have and with all that it was drawn from. So
its bytes follow from its prompt and its inputs as a real clip's pixels do: words behind a ``#`` in the prompt
change the key and not the bytes.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple, Unpack

import anyio
import networkx as nx
import trio
import trio.testing

from skyflow import digest
from skyflow.backends.base import Assignment, Input, Made, Progress
from skyflow.board.model import (
    Board,
    ClipReference,
    CutEntry,
    FileMedia,
    Output,
    Pin,
    Shot,
    ShotClip,
    ShotFrame,
    Size,
)
from skyflow.facts import ClipFacts, ImageFacts
from skyflow.media.cut import CutFacts, Piece
from skyflow.models import skyreels_v4
from skyflow.running.aside import Aside
from skyflow.running.options import Options
from skyflow.running.outcome import Cut
from skyflow.running.runner import run
from skyflow.store.hold import hold
from skyflow.store.project import Project

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from skyflow.errors import SkyflowError
    from skyflow.running.events import Event
    from skyflow.running.outcome import Result

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
IN_MEMORY = next((folder for folder in ("/dev/shm",) if os.access(folder, os.W_OK)), None)  # noqa: S108 - mkdtemp's
"""A disk that is flushed at once, for tests that run many boards; None leaves it to tempfile."""
SMALL = Size(848, 480)
RATE = Fraction(32)


def shot(
    name: str,
    prompt: str = "",
    *,
    extends: str | None = None,
    frames: Sequence[tuple[str, int]] = (),
    pictures: Sequence[FileMedia] = (),
    needs: Sequence[str] = (),
    footage: FileMedia | None = None,
    takes: int = 1,
    seconds: float = 3,
    size: Size = SMALL,
) -> Shot:
    """A shot; ``board`` gives it its place."""
    pins = [Pin(ShotFrame(*frame), "first", 0) for frame in frames] + [Pin(file, "last", 0) for file in pictures]
    clips = (ClipReference(extends, "extend", ShotClip(extends)),) if extends else ()
    before = dict.fromkeys([*([extends] if extends else []), *(name for name, _ in frames), *needs])
    output = Output(size, round(seconds * RATE), RATE, sound=False)
    if footage:
        assert isinstance(footage.facts, ClipFacts)
        facts = footage.facts
        output = Output(Size(facts.width, facts.height), facts.frames, facts.rate, facts.sound)
    return Shot(
        id=name,
        index=0,
        prompt="" if footage else prompt or f"the picture of {name}",
        duration=seconds,
        resolution="480p",
        size=None if pins or clips else size,
        takes=takes,
        audio=False,
        pins=tuple(pins),
        references=(),
        clips=clips,
        footage=footage,
        depends_on=tuple(before),
        output=output,
        in_cut=True,
    )


def board(*shots: Shot, cut: Iterable[str | CutEntry] | None = None, name: str = "board") -> Board:
    """A board of shots, given in file order; every shot is in the cut unless ``cut`` says which."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(one.id for one in shots)
    graph.add_edges_from((before, one.id) for one in shots for before in one.depends_on)
    places = {one.id: number for number, one in enumerate(shots)}
    return Board(
        name=name,
        title="",
        model=skyreels_v4.ID,
        shots={one.id: one for one in shots},
        order=tuple(nx.lexicographical_topological_sort(graph, key=places.__getitem__)),
        cut=tuple(
            entry if isinstance(entry, CutEntry) else CutEntry(entry) for entry in (places if cut is None else cut)
        ),
        sources={one.id: {before: frozenset({"needs"}) for before in one.depends_on} for one in shots},
    )


def picture(folder: Path, name: str, content: bytes = b"pixels") -> FileMedia:
    """A file beside the board that is taken for a picture."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return FileMedia(name, digest.of_bytes(content), ImageFacts(16, 9))


def footage(folder: Path, name: str) -> FileMedia:
    """A file beside the board that is taken for a clip of 64 frames."""
    content = fake_clip(Output(SMALL, 64, RATE, sound=False), name)
    (folder / name).write_bytes(content)
    return FileMedia(name, digest.of_bytes(content), ClipFacts(848, 480, 64, RATE, sound=False))


def fake_clip(output: Output, *drawn: Any) -> bytes:
    """The bytes of a clip of these measures."""
    size = output.size
    measures = [size.width, size.height, output.frames, str(output.rate), output.sound]
    return json.dumps({"measures": measures, "drawn": drawn}).encode()


@dataclass
class FakeBackend:
    """Makes fake clips in virtual time.

    Attributes:
        seconds: how long each shot takes, by id; 1 where it is not named.
        fails: what to raise instead of making a shot, by id.
        measures: what to make instead of what was asked for, by id.
        leaves: how many of the takes asked for to leave out at the end, by id.
        made: every assignment, in the order of their beginning.
        ended: when each shot was finished, in virtual seconds.
        at_once: how many were under way together at most.
    """

    name: str = "fake"
    version: str = "1"
    repeatable: bool = True
    jobs: int = 2
    seconds: Mapping[str, float] = field(default_factory=dict)
    fails: Mapping[str, BaseException] = field(default_factory=dict)
    measures: Mapping[str, Output] = field(default_factory=dict)
    leaves: Mapping[str, int] = field(default_factory=dict)
    made: list[Assignment] = field(default_factory=list)
    began: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)
    cancelled: list[str] = field(default_factory=list)
    at_once: int = 0
    running: int = 0

    def default_jobs(self) -> int:
        return self.jobs

    def output(self, planned: Output) -> Output:
        return planned

    @property
    def shots(self) -> list[str]:
        """The shots that were made, in the order of their beginning."""
        return [assignment.shot for assignment in self.made]

    async def make(self, assignment: Assignment, progress: Progress) -> list[Made]:
        self.made.append(assignment)
        self.running += 1
        self.at_once = max(self.at_once, self.running)
        self.began[assignment.shot] = anyio.current_time()
        try:
            progress(0.0)
            (Path(assignment.folder) / "half-written").write_bytes(b"...")
            await anyio.sleep(self.seconds.get(assignment.shot, 1))
            if error := self.fails.get(assignment.shot):
                raise error
            progress(1.0)
            return self._takes(assignment)
        except anyio.get_cancelled_exc_class():
            self.cancelled.append(assignment.shot)
            raise
        finally:
            self.running -= 1
            self.ended[assignment.shot] = anyio.current_time()

    def _takes(self, assignment: Assignment) -> list[Made]:
        output = self.measures.get(assignment.shot, assignment.output)
        drawn = assignment.request["positivePrompt"].partition("#")[0]
        inputs = [self._look(item) for item in assignment.inputs.values()]
        takes = assignment.takes[: len(assignment.takes) - self.leaves.get(assignment.shot, 0)]
        made = []
        for take in takes:
            path = Path(assignment.folder) / f"{take}.mp4"
            path.write_bytes(fake_clip(output, drawn, take, *inputs))
            made.append(Made(take, str(path), seed=take))
        return made

    @staticmethod
    def _look(item: Input) -> list[str]:
        return [item.kind, digest.of_file(Path(item.path))]


class FakeAside(Aside):
    """Does everything at once, in the run's own thread, with fake clips. A cut takes ``cut_seconds``."""

    def __init__(self, cut_seconds: float = 0) -> None:
        self.cut_seconds = cut_seconds
        self.cuts: list[tuple[Piece, ...]] = []
        self.stills: Counter[tuple[str, int]] = Counter()

    async def call(self, function: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        await anyio.lowlevel.checkpoint()
        return function(*args)

    async def probe(self, clip: Path) -> ClipFacts:
        width, height, frames, rate, sound = json.loads(await self.call(clip.read_bytes))["measures"]
        return ClipFacts(width, height, frames, Fraction(rate), sound)

    async def measures(self, clip: Path) -> ClipFacts:
        return await self.probe(clip)

    async def bad_pictures(self, clip: Path) -> int:  # noqa: ARG002 - Aside's own
        return 0

    async def still(self, clip: Path, index: int, target: Path) -> None:
        self.stills[digest.of_file(clip), index] += 1
        await self.call(target.write_bytes, f"frame {index} of {digest.of_file(clip)}".encode())

    async def assemble(self, pieces: Sequence[Piece], target: Path) -> CutFacts:
        self.cuts.append(tuple(pieces))
        with target.open("wb") as file:
            for piece in pieces:
                file.write(piece.path.read_bytes())
                await anyio.sleep(self.cut_seconds / len(pieces))
        return CutFacts(SMALL, RATE, len(pieces), sound=False, sections=())


class Seen:
    """A watcher that keeps everything."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def see(self, event: Event, /) -> None:
        self.events.append(event)

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def in_virtual_time(function: Callable[[], Awaitable[Any]]) -> Any:
    """Run an asynchronous function under a clock that jumps as soon as everybody sleeps."""
    return trio.run(function, clock=trio.testing.MockClock(autojump_threshold=0))


def run_board(
    whole: Board,
    folder: Path,
    backend: FakeBackend | None = None,
    *,
    watcher: Seen | None = None,
    aside: Aside | None = None,
    **options: Any,
) -> Result:
    """Hold the board of a folder and run it in virtual time, with fakes."""

    async def running() -> Result:
        with hold(Project.of(folder / f"{whole.name}.yaml"), "run") as held:
            return await run(
                whole,
                backend or FakeBackend(),
                held,
                options=Options(**options),
                watcher=watcher,
                aside=aside or FakeAside(),
            )

    result: Result = in_virtual_time(running)
    return result


def words(result: Result) -> dict[str, str]:
    """What became of each shot, in a word."""
    return {outcome.shot: type(outcome).__name__ for outcome in result.outcomes}


def outcome(result: Result, name: str) -> Any:
    """What became of one shot; its kind is what a test knows."""
    return next(outcome for outcome in result.outcomes if outcome.shot == name)


def cut_of(result: Result) -> Cut:
    """The cut of a run that has one."""
    assert isinstance(result.cut, Cut)
    return result.cut


def failure(result: Result, name: str) -> SkyflowError:
    """Why a shot failed."""
    return next(outcome.error for outcome in result.failed if outcome.shot == name)


def files_in(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file below a folder with its bytes and its time."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
