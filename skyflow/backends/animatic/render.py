"""One take, from its request to a finished file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

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


def _take(assignment: Assignment, take: int, path: Path, progress: Progress) -> None:
    output = assignment.output
    scenery = scene(assignment, take)
    slate = Slate(scenery.label, output)
    frames = [VideoFrame(output.size.width, output.size.height, "yuv420p") for _ in range(AHEAD)]
    canvases = [Planes.on(frame) for frame in frames]
    for canvas in canvases:
        slate.lay(canvas)
    with ClipWriter(path, output.size, output.rate, sound=output.sound) as clip, ThreadPoolExecutor(1) as encoding:
        if output.sound:
            clip.sound(track(scenery.score, float(output.seconds), scenery.seed, take))
        written: list[Future[None]] = []
        for number in range(output.frames):
            if number >= AHEAD:
                written[number - AHEAD].result()
            canvas = canvases[number % AHEAD]
            for layer in scenery.layers:
                layer.draw(canvas, number)
            slate.draw(canvas, number)
            written.append(encoding.submit(clip.picture, frames[number % AHEAD]))
            progress((number + 1) / output.frames)
        for last in written[-AHEAD:]:
            last.result()


def _notes(assignment: Assignment) -> tuple[str, ...]:
    scripts = sorted(fonts.missing(str(assignment.request["positivePrompt"])))
    return (f"no font here has {', '.join(scripts)}: boxes stand for it",) if scripts else ()
