"""The storyboard that everything is measured with, in any length, and always the same one.

One shot in five is a root, one in ten joins two earlier shots, and of the others two in three continue the clip of
one and one in three begins with its last picture. No chain is longer than eight shots. Every shot but those that
continue a clip has a small picture of its own.
"""

from __future__ import annotations

import struct
import zlib
from collections import deque
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, count
from random import Random
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SEED = 7
CHAIN_MAX = 8
REMADE = 6
"""How many shots the edit of one picture makes anew: its own, and five that come of it."""

Kind = Literal["root", "join", "continue", "follow"]

HEAD = """\
skyflow: 1
title: Benchmark
defaults: {resolution: 1080p, duration: 3}
vars: {style: 35mm film in overcast light}
cut: [s00000]
shots:
"""
"""The cut is of one shot: joining clips is measured by itself, and no peer does it."""

PROMPTS = (
    "Shot {number}: a long look over the harbour wall while boats come home, gulls above, rain on the lens.",
    "Shot {number}: {{{{ style }}}}. The keeper climbs the outer stair, one hand on the rail, lamp in the other.",
    "Shot {number}: close on the lamp as it turns; salt on the glass, a moth, the beam going out over the water.",
)


@dataclass(frozen=True, slots=True)
class Shot:
    """One shot of the workload.

    Attributes:
        parents: the earlier shots that it is made from.
    """

    number: int
    kind: Kind
    parents: tuple[int, ...]

    @property
    def name(self) -> str:
        return named(self.number)

    @property
    def picture(self) -> str | None:
        """The shot's own file, beside the board; a shot that continues a clip has none."""
        return None if self.kind == "continue" else f"media/{self.name}.png"


class Workload:
    """All its shots, in file order; a parent always stands before its child."""

    def __init__(self, shots: int, seed: int = SEED) -> None:
        self.shots = tuple(_shots(shots, Random(seed)))

    @classmethod
    def of(cls, shots: Iterable[Shot]) -> Self:
        """Of shots that are known."""
        made = cls(0)
        made.shots = tuple(shots)
        return made

    def __len__(self) -> int:
        return len(self.shots)

    @property
    def depends_on(self) -> dict[str, tuple[str, ...]]:
        return {shot.name: tuple(map(named, shot.parents)) for shot in self.shots}

    @cached_property
    def children(self) -> list[list[int]]:
        after: list[list[int]] = [[] for _ in self.shots]
        for shot in self.shots:
            for parent in shot.parents:
                after[parent].append(shot.number)
        return after

    def offspring(self, number: int) -> set[int]:
        """All that is made from a shot, directly or not."""
        found: set[int] = set()
        edge = deque([number])
        while edge:
            for child in self.children[edge.popleft()]:
                if child not in found:
                    found.add(child)
                    edge.append(child)
        return found

    @cached_property
    def edited(self) -> Shot:
        """The shot nearest to the middle that has a picture and five offspring, or as nearly five as any has."""
        middle = len(self.shots) // 2
        nearest = sorted((shot for shot in self.shots if shot.picture), key=lambda shot: abs(shot.number - middle))
        five = (shot for shot in nearest if self._beyond(shot) == 0)
        return next(five, None) or min(nearest, key=self._beyond)

    @property
    def remade(self) -> set[str]:
        """What is made anew when the edited shot's picture has changed."""
        return {named(number) for number in {self.edited.number, *self.offspring(self.edited.number)}}

    def _beyond(self, shot: Shot) -> int:
        return abs(len(self.offspring(shot.number)) - (REMADE - 1))

    def critical(self) -> int:
        """The number of shots on the longest chain."""
        depths: list[int] = []
        for shot in self.shots:
            depths.append(1 + max((depths[parent] for parent in shot.parents), default=0))
        return max(depths)


def named(number: int) -> str:
    return f"s{number:05d}"


def _shots(many: int, random: Random) -> Iterator[Shot]:
    depths: list[int] = []

    def earlier() -> int:
        """Any earlier shot whose chain has room for one more."""
        return next(n for n in (random.randrange(len(depths)) for _ in count()) if depths[n] < CHAIN_MAX)

    for number in range(many):
        kind = _kind(number, random)
        parents = {"root": 0, "join": 2}.get(kind, 1)
        chosen = {earlier() for _ in range(parents)}
        while len(chosen) < parents:
            chosen.add(earlier())
        depths.append(1 + max((depths[parent] for parent in chosen), default=0))
        yield Shot(number, kind, tuple(sorted(chosen)))


def _kind(number: int, random: Random) -> Kind:
    if number < 2 or number % 5 == 0:
        return "root"
    if number % 10 == 7:
        return "join"
    return "continue" if random.random() < 2 / 3 else "follow"


def write_pictures(workload: Workload, folder: Path) -> None:
    """Every shot's own picture."""
    (folder / "media").mkdir(parents=True, exist_ok=True)
    for shot in workload.shots:
        if shot.picture:
            (folder / shot.picture).write_bytes(png(shot.number))


def write_board(workload: Workload, folder: Path) -> Path:
    """The workload as a board, with its pictures beside it."""
    write_pictures(workload, folder)
    return write_text(workload, folder)


def write_text(workload: Workload, folder: Path) -> Path:
    """The board alone; what stands beside it stays as it is."""
    board = folder / "board.yaml"
    board.write_text(HEAD + "".join(chain.from_iterable(map(_entry, workload.shots))), "utf-8")
    return board


def write_small_board(workload: Workload, folder: Path) -> Path:
    """The same graph at 480p: the model continues no clip of that size, so such a shot takes a picture from it."""
    shots = (replace(shot, kind="follow") if shot.kind == "continue" else shot for shot in workload.shots)
    small = Workload.of(shots)
    board = write_board(small, folder)
    board.write_text(board.read_text("utf-8").replace("1080p", "480p"), "utf-8")
    return board


def edit_text(board: Path) -> None:
    """Change the words of one root in the middle; all else stays as it is."""
    text = board.read_text("utf-8")
    place = text.index("boats come home", len(text) // 2)
    board.write_text(f"{text[:place]}the boats go out again{text[place + len('boats come home') :]}", "utf-8")


def edit_picture(workload: Workload, folder: Path, version: int) -> None:
    """Give the edited shot another picture; every version differs from every other."""
    assert workload.edited.picture
    (folder / workload.edited.picture).write_bytes(png(workload.edited.number, version))


def _entry(shot: Shot) -> Iterator[str]:
    yield f"  {shot.name}:\n    prompt: >-\n      {PROMPTS[shot.number % len(PROMPTS)].format(number=shot.number)}\n"
    parents = [named(parent) for parent in shot.parents]
    match shot.kind:
        case "root":
            yield f"    frames:\n      - {{image: {shot.picture}, at: first}}\n"
        case "join":
            yield f"    frames:\n      - {{shot: {parents[0]}, frame: last, at: first}}\n"
            yield f"      - {{image: {shot.picture}, at: 48}}\n"
            yield f"      - {{shot: {parents[1]}, frame: first, at: last}}\n"
        case "follow":
            yield f"    frames:\n      - {{shot: {parents[0]}, frame: last, at: first}}\n"
            yield f"      - {{image: {shot.picture}, at: last}}\n"
        case "continue":
            yield f"    extends: {parents[0]}\n"


def png(number: int, version: int = 0) -> bytes:
    """A small picture that no other number and version has."""
    width, height = 32, 18
    colour = bytes(((number >> shift) & 255) for shift in (0, 8, 16))
    pixels = b"".join(
        b"\0" + (colour * width if row != version % height else b"\xff" * 3 * width) for row in range(height)
    )
    mark = f"version\0{number}.{version}".encode()
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", size), (b"tEXt", mark), (b"IDAT", zlib.compress(pixels)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )
