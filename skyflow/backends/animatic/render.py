"""One take, from its request to a finished file."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from av import VideoFrame

from skyflow.backends.animatic import fonts
from skyflow.backends.animatic.planes import Planes
from skyflow.backends.animatic.scene import scene
from skyflow.backends.animatic.slate import Slate
from skyflow.backends.animatic.sound import track
from skyflow.backends.base import Made
from skyflow.media.encode import ClipWriter

if TYPE_CHECKING:
    from concurrent.futures import Future

    import numpy as np
    from numpy.typing import NDArray

    from skyflow.backends.base import Assignment, Progress

AHEAD = 3
"""How many frames there are: one is drawn while another is encoded, and one waits."""


def render(assignment: Assignment, progress: Progress) -> list[Made]:
    """Draw and encode every take that is asked for, frame by frame.

    Raises:
        MediaError: an input does not decode, or the clip cannot be written.
        MakeError: the request names a medium that was not handed over.
    """
    made = []
    for number, take in enumerate(assignment.takes):
        path = Path(assignment.folder, f"take{take}.mp4")

        def part(share: float, number: int = number) -> None:
            progress((number + share) / len(assignment.takes))

        _take(assignment, take, path, part)
        made.append(Made(take, str(path), notes=_notes(assignment)))
    return made


class Drawing:
    """One take, laid out and ready to be drawn frame by frame, in order.

    Raises:
        MediaError: an input does not decode.
        MakeError: the request names a medium that was not handed over.
    """

    def __init__(self, assignment: Assignment, take: int) -> None:
        self._output = assignment.output
        self._take = take
        self._scene = scene(assignment, take)
        self._slate = Slate(self._scene.label, assignment.output)

    def sheet(self) -> Sheet:
        """A new frame with all on it that never changes."""
        frame = VideoFrame(self._output.size.width, self._output.size.height, "yuv420p")
        canvas = Planes.on(frame)
        self._slate.lay(canvas)
        return Sheet(frame, canvas)

    def draw(self, sheet: Sheet, number: int) -> None:
        """Draw a frame over any other of this take."""
        for layer in self._scene.layers:
            layer.draw(sheet.canvas, number)
        self._slate.draw(sheet.canvas, number)

    def sound(self) -> NDArray[np.float32]:
        """All that is heard, as ``track`` gives it."""
        return track(self._scene.score, float(self._output.seconds), self._scene.seed, self._take)


class Sheet(NamedTuple):
    """A frame, and the planes that draw on it."""

    frame: VideoFrame
    canvas: Planes


def _take(assignment: Assignment, take: int, path: Path, progress: Progress) -> None:
    """Draw and encode one take; a frame is encoded in a thread while the next is drawn."""
    output = assignment.output
    drawing = Drawing(assignment, take)
    sheets = [drawing.sheet() for _ in range(AHEAD)]
    with ClipWriter(path, output.size, output.rate, sound=output.sound) as clip, ThreadPoolExecutor(1) as encoding:
        if output.sound:
            clip.sound(drawing.sound())
        written: deque[Future[None]] = deque()
        for number in range(output.frames):
            if len(written) == AHEAD:
                written.popleft().result()
            sheet = sheets[number % AHEAD]
            drawing.draw(sheet, number)
            written.append(encoding.submit(clip.picture, sheet.frame))
            progress((number + 1) / output.frames)
        for last in written:
            last.result()


def _notes(assignment: Assignment) -> tuple[str, ...]:
    scripts = sorted(fonts.missing(str(assignment.request["positivePrompt"])))
    return (f"no font here has {', '.join(scripts)}: boxes stand for it",) if scripts else ()
