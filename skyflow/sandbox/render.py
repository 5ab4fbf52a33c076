"""Who draws the clips: the animatic, or a stand-in that costs no time."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
from av import VideoFrame

from skyflow import digest
from skyflow.backends.animatic import Animatic
from skyflow.backends.base import Assignment, Input
from skyflow.disk import TEMPORARY
from skyflow.media.encode import ClipWriter
from skyflow.sandbox import dice
from skyflow.sandbox.media import named

if TYPE_CHECKING:
    from skyflow.board.model import Output


@dataclass(frozen=True, slots=True)
class Order:
    """One take to be drawn.

    Attributes:
        body: the task as it was sent.
        take: from 1.
        seed: as the provider reports it.
        output: the clip that is promised: size, frames, rate, sound.
        media: the file of every medium that the task names and that is here.
        made: those of them that the sandbox drew itself.
    """

    body: Mapping[str, Any]
    take: int
    seed: int
    output: Output
    media: Mapping[str, Path]
    made: frozenset[str]


Render = Callable[[Order], Awaitable[bytes]]
"""Gives the bytes of a clip. The same order gives the same bytes. Raises SkyflowError where it cannot."""


async def stand_in(order: Order) -> bytes:
    """No clip, but bytes that differ as clips would: a line of JSON with all that a real one would be drawn from."""
    size = order.output.size
    drawn = {
        "measures": [size.width, size.height, order.output.frames, str(order.output.rate), order.output.sound],
        "drawn": [
            order.body["positivePrompt"],
            order.take,
            *(digest.of_file(order.media[text]) if text in order.media else text for text, _ in named(order.body)),
        ],
    }
    return json.dumps(drawn).encode()


class Plain:
    """Real clips of one colour, made in no time.

    Args:
        folder: where it alone works; nothing of its own is left there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = _prepared(folder)

    async def __call__(self, order: Order) -> bytes:
        """Make one take.

        Raises:
            MediaError: it cannot be written.
        """
        return await anyio.to_thread.run_sync(_plain, order, self._folder)


def _plain(order: Order, work: Path) -> bytes:
    size = order.output.size
    frame = VideoFrame(size.width, size.height, "yuv420p")
    for plane, name in zip(frame.planes, ("luma", "blue", "red"), strict=True):
        plane.update(bytes([64 + dice.number(order.seed, name) % 128]) * plane.buffer_size)
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=work) as folder:
        path = Path(folder, "clip.mp4")
        with ClipWriter(path, size, order.output.rate, sound=order.output.sound) as clip:
            for _ in range(order.output.frames):
                clip.picture(frame)
        return path.read_bytes()


class Drawn:
    """Clips of the animatic.

    Args:
        folder: where it alone works; nothing of its own is left there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = _prepared(folder)
        self._animatic = Animatic()

    async def __call__(self, order: Order) -> bytes:
        """Draw one take.

        Raises:
            SkyflowError: a medium does not decode, or the drawing process did not finish.
        """
        with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=self._folder) as folder:
            made = await self._animatic.make(_assignment(order, folder), lambda _share: None)
            return await anyio.Path(made[0].path).read_bytes()


def _prepared(folder: Path) -> Path:
    """A folder to work in, without what a process that was killed left there."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{TEMPORARY}*"):
        shutil.rmtree(left, ignore_errors=True)
    return folder


def _assignment(order: Order, folder: str) -> Assignment:
    """What the animatic is told; a medium that is only an address is left out of the task."""
    kinds = {text: kind for text, kind in named(order.body) if text in order.media}
    inputs = {
        text: Input(str(order.media[text]), kind, text in order.made)  # type: ignore[arg-type]
        for text, kind in kinds.items()
    }
    return Assignment(
        shot=str(order.body["taskUUID"])[:8],
        key=str(order.body["taskUUID"]),
        request={**order.body, "inputs": _present(order.body.get("inputs") or {}, order.media)},
        inputs=inputs,
        takes=(order.take,),
        output=order.output,
        folder=folder,
    )


def _present(inputs: Mapping[str, Any], media: Mapping[str, Path]) -> dict[str, Any]:
    pins = [item for item in inputs.get("frameImages") or () if _image(item) in media]
    groups = [
        {**item, "images": images}
        for item in inputs.get("referenceImages") or ()
        if (images := [image for image in item["images"] if image in media])
    ]
    clips = [item for item in inputs.get("referenceVideos") or () if item["video"] in media]
    return {"frameImages": pins, "referenceImages": groups, "referenceVideos": clips}


def _image(item: Any) -> str:  # noqa: ANN401 - a pin as the task has it
    return str(item["image"] if isinstance(item, dict) else item)
