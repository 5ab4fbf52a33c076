"""The animatic and the final cut beside the ffmpeg command line, in a process of its own.

    python -m benchmarks.encoding FFMPEG ROUNDS

prints figures as JSON: pairs of ours and theirs for each measure.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from av import VideoFrame

from benchmarks.animatic import RATE, SIZES, assignment, kinds, ready
from benchmarks.environments import BENCH
from benchmarks.plugin.cheap_clips import free
from skyflow.backends.animatic.render import render
from skyflow.board.model import Size
from skyflow.media.cut import Piece, assemble
from skyflow.media.encode import PICTURE, ClipWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from skyflow.backends.base import Assignment

FRAMES = 96
DRAWN = ("words", "cards", "pins")
"""The kinds of shot that need no other clip."""
PARTS = 40

Pair = tuple[float, float]


def seconds(task: Callable[[], object]) -> float:
    began = perf_counter()
    task()
    return perf_counter() - began


def animatic(ffmpeg: str, name: str, rounds: int, folder: Path) -> list[Pair]:
    """Frames a second of shots as a run makes them, and of ffmpeg encoding the same pictures from a file."""
    wanted = [silent(kind, name, folder) for kind in DRAWN]
    files = [raw(one, folder / f"{name}-{one.shot}.yuv") for one in wanted]
    pairs = []
    for _ in range(rounds):
        ours = sum(seconds(lambda one=one: render(one, lambda _: None)) for one in wanted)  # type: ignore[misc]
        theirs = sum(
            seconds(lambda file=file: encode(ffmpeg, file, SIZES[name], folder / "ffmpeg.mp4"))  # type: ignore[misc]
            for file in files
        )
        pairs.append((FRAMES * len(wanted) / ours, FRAMES * len(wanted) / theirs))
    for file in files:
        file.unlink()
    return pairs


def silent(kind: str, size: str, folder: Path) -> Assignment:
    """A shot without sound: ffmpeg is not given any either."""
    made = assignment(kind, kinds(Path("unused"))[kind], SIZES[size], FRAMES, str(folder))
    return replace(made, output=replace(made.output, sound=False))


def raw(wanted: Assignment, path: Path) -> Path:
    """The pictures of a shot as planes, ready for any encoder."""
    frames, _ = ready(replace(wanted, output=replace(wanted.output, sound=True)))
    with path.open("wb") as file:
        for frame in frames:
            frame.to_ndarray().tofile(file)
    return path


def encode(ffmpeg: str, source: Path, size: Size, target: Path) -> None:
    """What ClipWriter tells x264, told by the command line."""
    keys = str(round(RATE))
    settings = [word for name, value in PICTURE.items() for word in (f"-{name}", value)]
    picture = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", str(size), "-r", keys, "-i", str(source)]
    command = [ffmpeg, "-v", "error", "-y", *picture, "-c:v", "libx264", *settings, "-g", keys, "-keyint_min", keys]
    subprocess.run([*command, str(target)], check=True, stdin=subprocess.DEVNULL)


def cut(ffmpeg: str, rounds: int, folder: Path) -> list[Pair]:
    """MB a second of a cut of 40 clips, and of ffmpeg's."""
    clips = parts(folder)
    size = sum(clip.stat().st_size for clip in clips) / 1e6
    pieces = [Piece(clip.stem, clip) for clip in clips]
    listing = folder / "parts.txt"
    listing.write_text("".join(f"file '{clip}'\n" for clip in clips))
    command = [ffmpeg, "-v", "error", "-y", "-f", "concat", "-safe", "0", "-i", str(listing), "-c", "copy"]
    pairs = []
    for _ in range(rounds):
        ours = seconds(lambda: assemble(pieces, folder / "ours.mp4"))
        theirs = seconds(lambda: subprocess.run([*command, str(folder / "theirs.mp4")], check=True))
        pairs.append((size / ours, size / theirs))
    return pairs


def parts(folder: Path) -> list[Path]:
    """Clips of three seconds at 720p, all noise, so that they are as large as the real film's."""
    size, noise = Size(1280, 720), np.random.default_rng(7)
    first = folder / "part00.mp4"
    with ClipWriter(first, size, Fraction(32), sound=False) as clip:
        for _ in range(FRAMES):
            planes = noise.integers(96, 160, (size.height * 3 // 2, size.width), np.uint8)
            clip.picture(VideoFrame.from_ndarray(planes, format="yuv420p"))
    made = [first]
    for number in range(1, PARTS):
        path = folder / f"part{number:02}.mp4"
        shutil.copyfile(first, path)
        with path.open("ab") as file:
            file.write(free(path.stem))
        made.append(path)
    return made


def main() -> None:
    ffmpeg, rounds = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory(dir=BENCH) as name:
        folder = Path(name)
        found = {f"animatic-{size}": animatic(ffmpeg, size, rounds, folder) for size in SIZES}
        found["cut"] = cut(ffmpeg, rounds, folder)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
