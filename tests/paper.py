"""A project on paper: files that a board may name and that are nowhere, and results that nobody made."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from skyflow import digest
from skyflow.board.files import FileFault
from skyflow.board.model import FileMedia
from skyflow.board.read import Reading, read
from skyflow.facts import ClipFacts, ImageFacts, VoiceFacts
from skyflow.media.local import LocalFiles
from skyflow.planning.plan import Maker, Plan, plan
from skyflow.planning.takes import CutState, Take, Version

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from skyflow.board.model import Board
    from skyflow.planning.key import Bound
    from skyflow.planning.plan import Step

MEDIA: dict[str, ImageFacts | ClipFacts | VoiceFacts] = {
    "face.png": ImageFacts(640, 640),
    "wide.png": ImageFacts(1600, 900),
    "tall.png": ImageFacts(900, 1600),
    "voice.wav": VoiceFacts(Fraction(4)),
    "clip.mp4": ClipFacts(1920, 1080, 100, Fraction(25), sound=True),
    "long.mp4": ClipFacts(1920, 1080, 300, Fraction(25), sound=False),
    "odd.mov": ClipFacts(1440, 1440, 180, Fraction(30000, 1001), sound=False),
}
TEXTS = {"look.j2": "35mm film", "scene.j2": '{% include "look.j2" %}, {{ shot.id }}'}

ANIMATIC = Maker("animatic", "1")


@dataclass
class PaperFiles:
    """``board.files.Files`` without a disk.

    Attributes:
        content: what a file holds, where that is not its own name; its hash is taken of it.
    """

    media: dict[str, ImageFacts | ClipFacts | VoiceFacts] = field(default_factory=lambda: dict(MEDIA))
    texts: dict[str, str] = field(default_factory=lambda: dict(TEXTS))
    content: dict[str, bytes] = field(default_factory=dict)

    def text(self, path: str) -> str:
        if path not in self.texts:
            raise FileFault("SF0501", f"{path} is not there", "mend the path")
        return self.texts[path]

    def image(self, path: str) -> FileMedia:
        return self._look(path, ImageFacts)

    def clip(self, path: str) -> FileMedia:
        return self._look(path, ClipFacts)

    def voice(self, path: str) -> FileMedia:
        return self._look(path, VoiceFacts)

    def picture(self, content: bytes) -> tuple[str, ImageFacts]:
        return LocalFiles.picture(content)

    def rename(self, old: str, new: str) -> None:
        self.content[new] = self.content.get(old, old.encode())
        self.media[new] = self.media.pop(old)

    def _look(self, path: str, kind: type) -> FileMedia:
        facts = self.media.get(path)
        if facts is None:
            raise FileFault("SF0501", f"{path} is not there", "mend the path")
        if not isinstance(facts, kind):
            raise FileFault("SF0504", f"{path} is something else", "name another file")
        return FileMedia(path, digest.of_bytes(self.content.get(path, path.encode())), facts)


def reading(text: str | bytes, files: PaperFiles | None = None, **overrides: Any) -> Reading:
    content = text if isinstance(text, bytes) else text.encode()
    return read("board", "board.yaml", content, files or PaperFiles(), overrides)


def board(text: str, files: PaperFiles | None = None, **overrides: Any) -> Board:
    found = reading(text, files, **overrides)
    assert found.board, found.problems
    return found.board


def codes(text: str | bytes, files: PaperFiles | None = None, **overrides: Any) -> list[str]:
    return [problem.code for problem in reading(text, files, **overrides).problems]


@dataclass
class PaperKnown:
    """``planning.takes.Known`` of what ``make`` pretended to make.

    Attributes:
        gone, damaged: hashes of clips that the store lost, or holds and should not trust.
    """

    versions: dict[str, list[Version]] = field(default_factory=dict)
    identities: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    damaged: set[str] = field(default_factory=set)
    cut_key: str | None = None
    flights: dict[str, frozenset[int]] = field(default_factory=dict)
    lost_answers: dict[str, frozenset[int]] = field(default_factory=dict)

    def version(self, shot: str, key: str) -> Version | None:
        named = [self.versions.get(shot, []), *self.versions.values()]
        return next((version for versions in named for version in versions if version.key == key), None)

    def current(self, shot: str) -> Version | None:
        versions = self.versions.get(shot)
        return versions[-1] if versions else None

    def cut(self, key: str) -> CutState:
        if self.cut_key is None:
            return "none"
        return "stands" if self.cut_key == key else "other"

    def identity(self, version: Version) -> Mapping[str, Any] | None:
        return self.identities.get(version.key)

    def intact(self, take: Take) -> bool:
        return take.sha256 not in self.gone | self.damaged

    def held(self, take: Take) -> bool:
        return take.sha256 not in self.gone

    def unsure(self, key: str, takes: Collection[int]) -> tuple[int, ...]:
        return tuple(sorted(set(takes) & self.lost_answers.get(key, frozenset())))

    def in_flight(self, key: str, takes: Collection[int]) -> tuple[int, ...]:
        return tuple(sorted(set(takes) & self.flights.get(key, frozenset())))

    def make(self, step: Step, *takes: int, salt: str = "") -> None:
        """Record takes of a step; the same key and salt give the same clip."""
        bound = step.bound
        assert bound
        known = self.version(step.shot.id, bound.key) or _version(bound)
        made = {number: _take(step, bound, number, salt) for number in takes or step.missing}
        rest = [version for version in self.versions.get(step.shot.id, []) if version.key != bound.key]
        self.versions[step.shot.id] = [*rest, replace(known, takes={**known.takes, **made})]
        self.identities[bound.key] = bound.identity

    def pick(self, shot: str, take: int) -> None:
        *rest, last = self.versions[shot]
        self.versions[shot] = [*rest, replace(last, pick=take)]


def _version(bound: Bound) -> Version:
    return Version(key=bound.key, request="", backend="", backend_version="", model="", pick=1, takes={})


def _take(step: Step, bound: Bound, number: int, salt: str) -> Take:
    output = step.shot.output
    return Take(
        take=number,
        label=step.shot.id,
        sha256=digest.of_bytes(f"{bound.key} {number} {salt}".encode()),
        bytes=1,
        width=output.size.width,
        height=output.size.height,
        frames=output.frames,
        rate=output.rate,
        sound=output.sound,
    )


def planned(
    text: str, known: PaperKnown | None = None, files: PaperFiles | None = None, maker: Maker = ANIMATIC
) -> Plan:
    return plan(board(text, files), maker, known or PaperKnown())


def run(text: str, known: PaperKnown, files: PaperFiles | None = None, maker: Maker = ANIMATIC) -> list[str]:
    """Make what a plan says, over and over until nothing is missing; give the shots that were made, in order."""
    made: list[str] = []
    for _ in range(100):
        now = planned(text, known, files, maker)
        step = next((step for step in now.steps if step.action == "make"), None)
        if step is None:
            return made
        known.make(step)
        made.append(step.shot.id)
    raise AssertionError(f"never done: {made[-5:]}")


def keys(text: str, files: PaperFiles | None = None, maker: Maker = ANIMATIC) -> dict[str, str]:
    """The key of every shot that is generated, once all that it waits for exists."""
    known = PaperKnown()
    run(text, known, files, maker)
    return {step.shot.id: step.key for step in planned(text, known, files, maker).steps if step.key}
