"""How fast the animatic draws, beside the fastest that it could be: its own encoder, fed frames that are ready.

Every kind of shot is drawn without an encoder, encoded without drawing, and made as a run makes it, all in this
process and in turn, so that what else the machine does meets all three. The best of several rounds counts.
"""

from __future__ import annotations

import argparse
import tempfile
from fractions import Fraction
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from skyflow.backends.animatic.render import Drawing, render
from skyflow.backends.base import Assignment, Input
from skyflow.board.model import Output, Size
from skyflow.media.encode import ClipWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from av import VideoFrame
    from numpy.typing import NDArray

ASSETS = Path(__file__).parent.parent / "examples" / "storyboards" / "lighthouse" / "assets"
RATE = Fraction(32)
SIZES = {"720p": Size(1280, 720), "1080p": Size(1920, 1080)}


class Kind(NamedTuple):
    """A request, and the media that it names."""

    prompt: str
    media: dict[str, Any]
    inputs: dict[str, Input]


def picture(name: str) -> Input:
    return Input(str(ASSETS / name), "image")


def kinds(source: Path) -> dict[str, Kind]:
    """Every way in which a shot is drawn; ``source`` is a clip of the same size that was drawn before."""
    drawn = {"clip": Input(str(source), "clip", drawn=True)}
    pins = {name: picture(name) for name in ("wardrobe-collage.jpg", "lamp-dark.jpg", "lamp-lit.jpg")}
    faces = {name: picture(name) for name in ("keeper-front.png", "keeper-side.jpg")}

    def videos(kind: str) -> dict[str, Any]:
        return {"referenceVideos": [{"type": kind, "tag": "@before", "video": "clip"}]}

    return {
        "words": Kind("A harbour at dawn, boats coming home.", {}, {}),
        "skyline": Kind("A neon city at night, rain on the roofs.", {}, {}),
        "cards": Kind(
            "@keeper climbs the outer stair of a lighthouse.",
            {"referenceImages": [{"type": "image", "tag": "@keeper", "images": list(faces)}]},
            faces,
        ),
        "pins": Kind("A match flares behind the lens.", {"frameImages": [{"image": name} for name in pins]}, pins),
        "extension": Kind("The camera rises along the wet rail.", videos("extend"), drawn),
        "edit": Kind("@before at first light, rose and pale gold.", videos("reference"), drawn),
        "footage": Kind(
            "Low over black water, heaving like @before.",
            videos("reference"),
            {"clip": Input(str(ASSETS / "surf.mp4"), "clip")},
        ),
    }


def assignment(name: str, kind: Kind, size: Size, frames: int, folder: str) -> Assignment:
    request = {"positivePrompt": kind.prompt, "inputs": kind.media}
    return Assignment(name, "benchmark", request, kind.inputs, (1,), Output(size, frames, RATE, sound=True), folder)


def draw(wanted: Assignment) -> None:
    drawing = Drawing(wanted, 1)
    drawing.sound()
    sheet = drawing.sheet()
    for number in range(wanted.output.frames):
        drawing.draw(sheet, number)


def ready(wanted: Assignment) -> tuple[list[VideoFrame], NDArray[np.float32]]:
    """The frames of a take, and its sound."""
    drawing = Drawing(wanted, 1)
    sheets = [drawing.sheet() for _ in range(wanted.output.frames)]
    for number, sheet in enumerate(sheets):
        drawing.draw(sheet, number)
    return [sheet.frame for sheet in sheets], drawing.sound()


def encode(wanted: Assignment, frames: list[VideoFrame], sound: NDArray[np.float32]) -> None:
    path = Path(wanted.folder, "ready.mp4")
    with ClipWriter(path, wanted.output.size, RATE, sound=True) as clip:
        clip.sound(sound)
        for frame in frames:
            clip.picture(frame)


def best(rounds: int, *tasks: Callable[[], object]) -> list[float]:
    """The shortest time of each task, in seconds; they take turns."""
    times = [float("inf")] * len(tasks)
    for _ in range(rounds):
        for number, task in enumerate(tasks):
            start = perf_counter()
            task()
            times[number] = min(times[number], perf_counter() - start)
    return times


def row(wanted: Assignment, rounds: int) -> str:
    frames, sound = ready(wanted)
    drawing, encoding, whole = best(
        rounds,
        lambda: draw(wanted),
        lambda: encode(wanted, frames, sound),
        lambda: render(wanted, lambda _: None),
    )
    count = len(frames)
    rate, floor = count / whole, count / encoding
    return (
        f"{drawing / count * 1e3:8.1f} {encoding / count * 1e3:10.1f} {rate:10.0f} {floor:10.0f} {rate / floor:8.2f}"
        f" {Path(wanted.folder, 'take1.mp4').stat().st_size * 8 / 1e6 / (count / RATE):8.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=160, help="length of each shot (default 160: five seconds)")
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many counts (default 3)")
    parser.add_argument("--size", choices=SIZES, action="append", help="only this one (default both)")
    parser.add_argument("--kind", action="append", help="only these kinds of shot")
    chosen = parser.parse_args()
    print(f"{'':17}    draw     encode       made      ready   made /  Mbit/s")
    print(f"{'':17}ms/frame   ms/frame   frames/s   frames/s    ready")
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen.size or SIZES:
            source = Path(folder, f"{name}.mp4")
            pins = assignment("source", kinds(source)["pins"], SIZES[name], chosen.frames, folder)
            Path(render(pins, lambda _: None)[0].path).rename(source)
            for kind, request in kinds(source).items():
                if not chosen.kind or kind in chosen.kind:
                    wanted = assignment(kind, request, SIZES[name], chosen.frames, folder)
                    print(f"{name:6} {kind:10}{row(wanted, chosen.rounds)}", flush=True)


if __name__ == "__main__":
    main()
