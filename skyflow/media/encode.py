"""Pictures and samples become a clip: H.264 and AAC in MP4, the same bytes for the same input.

Every clip of one size and rate is written with the same settings, so that a cut can join them by copying
packets. That decides two of them: no B-frames, since they would shift the first timestamp behind an edit
list, and closed groups of pictures, so that each can be decoded by itself. One thread and the bit-exact flags
keep machine, clock and version strings out of the file.
"""

from __future__ import annotations

import contextlib
from fractions import Fraction
from typing import TYPE_CHECKING, Self

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.codec.context import Flags
from av.error import FFmpegError
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from skyflow import disk
from skyflow.errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

    from skyflow.board.model import Size

SOUND_RATE = 48_000
"""Samples per second of every track that is written."""

SOUND_BITS = 160_000

PICTURE = {
    "preset": "ultrafast",
    # A constant quantiser: every picture is as good as the one before, where a quality that follows what it sees
    # spends most of its bits, and half of its time, on drawings that are perfect already.
    "qp": "19",
    "profile": "high",
    "threads": "1",
    # Key frames are far finer than the rest (ipratio): what does not move is copied from them, and only so fine they
    # keep the grain that hides the steps of a smooth sky. CABAC would save a quarter of the bytes, for a fifth more
    # time on the way in and twice the time on the way out, where one shot is drawn from another.
    "x264-params": ("8x8dct=1:ipratio=3.8:weightp=0:bframes=0:open-gop=0:scenecut=0:sliced-threads=0:force-cfr=1"),
}
"""What x264 is told. A change here changes every clip: backends that draw must then raise their version."""


class ClipWriter:
    """Writes one clip; a context manager. Leaving it completes the file, an exception removes it.

    Args:
        path: the file to write; an older one is replaced.
        size: of every picture, even in both directions.
        rate: pictures per second.
        sound: whether the clip has a stereo track; it is made exactly as long as the pictures: the rest is
            silence, what is too much is left out.

    Raises:
        MediaError: the file cannot be written.
    """

    def __init__(self, path: Path, size: Size, rate: Fraction, *, sound: bool) -> None:
        self._path = path
        self._size = size
        self._rate = Fraction(rate)
        self._pictures = 0
        self._samples = 0
        self._pending: NDArray[np.float32] = np.zeros((2, 0), np.float32)
        try:
            self._container: OutputContainer = av.open(
                str(path),
                "w",
                format="mp4",
                options={"movflags": "+faststart", "fflags": "+bitexact"},
            )
            self._video = _video_stream(self._container, size, self._rate)
            self._audio = _audio_stream(self._container) if sound else None
            self._container.start_encoding()
        except (FFmpegError, OSError) as error:
            raise _cannot_write(path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        except BaseException:
            self._abandon()
            raise
        if kind is not None:
            self._abandon()

    def picture(self, frame: VideoFrame) -> None:
        """The next picture, yuv420p in exactly the clip's size; its timestamp is set here.

        Raises:
            ValueError: it has another size or pixel format.
            MediaError: the file cannot be written.
        """
        if (frame.width, frame.height, frame.format.name) != (self._size.width, self._size.height, "yuv420p"):
            raise ValueError(f"{frame.width}x{frame.height} {frame.format.name} in a clip of {self._size}")
        frame.pts = self._pictures
        frame.time_base = 1 / self._rate
        frame.pict_type = 0  # a decoded picture would ask to be a key frame again
        with self._writing():
            self._container.mux(self._video.encode(frame))
        self._pictures += 1
        self._drain()

    def sound(self, samples: NDArray[np.float32]) -> None:
        """The next samples, float32 of shape (2, n) at SOUND_RATE, in -1 … 1. May run ahead of the pictures.

        Raises:
            ValueError: the clip was opened without sound, or the shape is another.
            MediaError: the file cannot be written.
        """
        if self._audio is None:
            raise ValueError("sound for a clip without any")
        if samples.ndim != 2 or samples.shape[0] != 2:
            raise ValueError(f"sound of shape {samples.shape}, not (2, n)")
        self._pending = np.concatenate((self._pending, samples.astype(np.float32, copy=False)), axis=1)
        self._drain()

    def _due(self) -> int:
        """How many samples last as long as the pictures so far, to the nearest."""
        return round(self._pictures * SOUND_RATE / self._rate)

    def _drain(self) -> None:
        """Encode the samples that belong to pictures already written: the last picture ends both."""
        if self._audio is None:
            return
        ready = min(self._due() - self._samples, self._pending.shape[1])
        if ready <= 0:
            return
        frame = AudioFrame.from_ndarray(
            np.ascontiguousarray(self._pending[:, :ready]), format="fltp", layout="stereo"
        )
        frame.sample_rate = SOUND_RATE
        frame.time_base = Fraction(1, SOUND_RATE)
        frame.pts = self._samples
        self._pending = self._pending[:, ready:]
        self._samples += ready
        with self._writing():
            self._container.mux(self._audio.encode(frame))

    def _finish(self) -> None:
        if not self._pictures:
            raise ValueError("a clip without pictures")
        if self._audio is not None:
            missing = self._due() - self._samples
            if missing > 0:
                self._pending = np.concatenate((self._pending, np.zeros((2, missing), np.float32)), axis=1)
            self._drain()
        with self._writing():
            self._container.mux(self._video.encode(None))
            if self._audio is not None:
                self._container.mux(self._audio.encode(None))
            self._container.close()

    def _abandon(self) -> None:
        """Close what is open and leave no half file; the error under way is the one to report."""
        with contextlib.suppress(FFmpegError, OSError):
            self._container.close()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (FFmpegError, OSError) as error:
            raise _cannot_write(self._path, error) from error


def _video_stream(container: OutputContainer, size: Size, rate: Fraction) -> VideoStream:
    keyint = str(max(1, round(rate)))
    stream = container.add_stream("libx264", rate=rate, options=PICTURE | {"g": keyint, "keyint_min": keyint})
    stream.width, stream.height, stream.pix_fmt = size.width, size.height, "yuv420p"
    stream.time_base = 1 / rate
    context = stream.codec_context
    context.time_base = 1 / rate
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    context.colorspace = Colorspace.ITU709
    context.color_range = ColorRange.MPEG
    context.flags |= Flags.bitexact | Flags.global_header
    return stream


def _audio_stream(container: OutputContainer) -> AudioStream:
    stream = container.add_stream("aac", rate=SOUND_RATE, layout="stereo")
    stream.codec_context.bit_rate = SOUND_BITS
    stream.codec_context.flags |= Flags.bitexact | Flags.global_header
    return stream


def _cannot_write(path: Path, error: FFmpegError | OSError) -> MediaError:
    reason = error.strerror or type(error).__name__
    return MediaError(f"cannot write the clip {path.name}: {reason}", disk.remedy(error.errno))
