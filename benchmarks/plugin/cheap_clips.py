"""A backend whose shots cost almost nothing to make, as anybody might write one.

It makes one clip of each length that is asked for, small and of one colour, and every take is a copy of that with a
box at its end that says which shot it is: a `free` box, which players skip. So each take is a real clip that passes
every check of a run, and no two have the same bytes.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from skyflow.backends.base import Assignment, Made, Progress
from skyflow.board.model import Output, Size

if TYPE_CHECKING:
    from fractions import Fraction

SIZE = Size(192, 108)
CACHE = "SKYFLOW_BENCH_CLIPS"
"""The folder that the clips are kept in from one run to the next."""


class Cheap:
    """Copies a clip."""

    name = "cheap"
    version = "1"
    repeatable = True

    def __init__(self) -> None:
        self._clips: dict[tuple[int, Fraction, bool], bytes] = {}

    def default_jobs(self) -> int:
        return 2

    def output(self, planned: Output) -> Output:
        return replace(planned, size=SIZE)

    async def make(self, assignment: Assignment, progress: Progress) -> list[Made]:
        await anyio.lowlevel.checkpoint()
        clip = self._clip(assignment.output)
        made = []
        for take in assignment.takes:
            path = Path(assignment.folder, f"{take}.mp4")
            # Three kilobytes are written sooner than a thread is found for it.
            path.write_bytes(clip + free(f"{assignment.key} {take}"))  # noqa: ASYNC240
            made.append(Made(take, str(path), seed=take))
        progress(1.0)
        return made

    def _clip(self, output: Output) -> bytes:
        measures = (output.frames, output.rate, output.sound)
        if measures not in self._clips:
            kept = Path(os.environ[CACHE], f"{output.frames}-{output.rate.numerator}-{int(output.sound)}.mp4")
            if not kept.is_file():
                encode(kept, output)
            self._clips[measures] = kept.read_bytes()
        return self._clips[measures]


def free(words: str) -> bytes:
    """A box of words that no player looks at."""
    content = words.encode()
    return (8 + len(content)).to_bytes(4) + b"free" + content


def encode(target: Path, output: Output) -> None:
    """A clip of these measures, written aside and moved into place: two runs may want it at once."""
    import numpy as np  # noqa: PLC0415 - only the first run ever encodes
    from av import VideoFrame  # noqa: PLC0415

    from skyflow.media.encode import SOUND_RATE, ClipWriter  # noqa: PLC0415

    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f"{os.getpid()}-{target.name}")
    with ClipWriter(aside, output.size, output.rate, sound=output.sound) as clip:
        if output.sound:
            clip.sound(np.zeros((2, round(output.frames * SOUND_RATE / output.rate)), np.float32))
        planes = np.full((output.size.height * 3 // 2, output.size.width), 128, np.uint8)
        for _ in range(output.frames):
            clip.picture(VideoFrame.from_ndarray(planes, format="yuv420p"))
    aside.replace(target)
