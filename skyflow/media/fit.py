"""A picture made to fit a frame: upright, square pixels, the asked size, black bars where the shape differs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from av.filter import Graph

from skyflow.board.model import Size

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from skyflow.media.track import Format

SD_LINES_MAX = 576
"""Up to here pictures without a colour matrix are taken for BT.601, above for BT.709, as players do."""

_TURNS: dict[int, tuple[tuple[str, ...], ...]] = {
    90: (("transpose", "cclock"),),
    180: (("hflip",), ("vflip",)),
    270: (("transpose", "clock"),),
}
"""The rotation that a file asks for (anticlockwise, as FFmpeg says it) as filters."""

_SCALER = "flags=bicubic+accurate_rnd+full_chroma_int+bitexact"

_UNSPECIFIED = 2
_MATRICES = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020", 10: "bt2020"}
"""Colour matrices by their number in the standards, in the scaler's words."""


def fitted(shown: Size, within: Size) -> Size:
    """The largest size of the shape of ``shown`` inside ``within``, even in both directions."""
    scale = min(within.width / shown.width, within.height / shown.height)

    def even(length: float, most: int) -> int:
        return min(most, max(2, 2 * round(length / 2)))

    return Size(even(shown.width * scale, within.width), even(shown.height * scale, within.height))


class Fit:
    """Turns, scales and letterboxes one picture after the other.

    Args:
        form: of the track that they are from.
        size: what they are to have.
        pixels: ``yuv420p``, in BT.709 and the range of television as ClipWriter labels it, or ``rgb24``.
    """

    def __init__(self, form: Format, size: Size, pixels: Literal["yuv420p", "rgb24"]) -> None:
        self._form = form
        self._size = size
        self._pixels = pixels
        self._graph: Graph | None = None
        self._shape: tuple[int, int, str] | None = None
        self._count = 0

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        shape = (frame.width, frame.height, frame.format.name)
        if self._graph is None or shape != self._shape:  # a WebM may change its size on the way
            self._graph, self._shape = self._chain(frame), shape
        frame.pts, frame.time_base = self._count, 1 / self._form.rate
        self._count += 1
        self._graph.vpush(frame)
        return self._graph.vpull()

    def _chain(self, frame: VideoFrame) -> Graph:
        size = self._size
        shown = replace(self._form, size=Size(frame.width, frame.height)).shown
        inner = size if shown == size else fitted(shown, size)
        tick = 1 / self._form.rate
        graph = Graph()
        graph.threads = 1
        steps = [
            graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=tick),
            *(graph.add(*step) for step in _TURNS.get(self._form.rotation, ())),
            graph.add("scale", f"{inner.width}:{inner.height}:{_SCALER}:{self._colours(frame)}"),
            graph.add("format", self._pixels),
            graph.add("pad", f"{size.width}:{size.height}:(ow-iw)/2:(oh-ih)/2"),
            graph.add("setsar", "1"),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*steps).configure()
        return graph

    def _colours(self, frame: VideoFrame) -> str:
        matrix = frame.colorspace
        if matrix == _UNSPECIFIED:
            matrix = 6 if min(frame.width, frame.height) <= SD_LINES_MAX else 1
        scale = "pc" if self._pixels == "rgb24" else "tv"
        return f"in_color_matrix={_MATRICES.get(matrix, 'auto')}:out_color_matrix=bt709:out_range={scale}"
