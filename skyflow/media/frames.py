"""A clip becomes pictures and samples again, streamed: no more than a few frames are in memory at once."""

from __future__ import annotations

import contextlib
from collections import deque
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.error import FFmpegError
from PIL import Image

from skyflow.errors import MediaError
from skyflow.media.encode import SOUND_RATE

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray


def pictures(path: Path | str) -> Generator[VideoFrame, None, None]:
    """Every picture of a clip, in the order of time.

    Raises:
        MediaError: it is no clip, or a part of it does not decode.
    """
    with _opened(path) as container:
        yield from _decoded(container, path)


def frame_at(path: Path | str, index: int) -> Image.Image:
    """One picture as RGB, found by counting and not by a guess from its time.

    Args:
        index: zero-based.

    Raises:
        MediaError: the clip does not decode, or has no such frame.
    """
    with contextlib.closing(pictures(path)) as frames:
        frame = next(islice(frames, index, None), None) if index >= 0 else None
        if frame is None:
            raise MediaError(f"{_name(path)} has no frame {index}")
        return Image.fromarray(frame.to_ndarray(format="rgb24"))


def last_picture(path: Path | str) -> VideoFrame:
    """The picture that a clip ends on, decoded from the last key frame.

    Raises:
        MediaError: it is no clip, or its end does not decode.
    """
    with _opened(path) as container:
        stream = container.streams.video[0]
        if stream.duration:
            with contextlib.suppress(FFmpegError):
                container.seek((stream.start_time or 0) + stream.duration, stream=stream)
        after_seek = _last(container.decode(stream))
    if after_seek is not None:
        return after_seek
    with contextlib.closing(pictures(path)) as frames:
        return cast("VideoFrame", _last(frames))


def samples(path: Path | str, seconds: float) -> NDArray[np.float32]:
    """The beginning of a file's sound, float32 of shape (2, n) at SOUND_RATE; empty where it has none.

    Args:
        seconds: how much at most; it is what bounds the memory.

    Raises:
        MediaError: the file has sound that does not decode.
    """
    wanted = round(seconds * SOUND_RATE)
    parts: list[NDArray[np.float32]] = []
    resampler = AudioResampler(format="fltp", layout="stereo", rate=SOUND_RATE)
    with _readable(path), av.open(str(path)) as container:
        if not container.streams.audio:
            return np.zeros((2, 0), np.float32)
        have = 0
        for frame in container.decode(container.streams.audio[0]):
            parts += [part.to_ndarray().astype(np.float32, copy=False) for part in resampler.resample(frame)]
            have = sum(part.shape[1] for part in parts)
            if have >= wanted:
                break
        else:
            parts += [part.to_ndarray().astype(np.float32, copy=False) for part in resampler.resample(None)]
    return np.concatenate(parts or [np.zeros((2, 0), np.float32)], axis=1)[:, :wanted]


@contextlib.contextmanager
def _opened(path: Path | str) -> Iterator[InputContainer]:
    with _readable(path), av.open(str(path)) as container:
        if not container.streams.video:
            raise MediaError(f"{_name(path)} has no pictures", "give a video file")
        container.streams.video[0].thread_type = "AUTO"
        yield container


def _decoded(container: InputContainer, path: Path | str) -> Iterator[VideoFrame]:
    found = False
    for frame in container.decode(container.streams.video[0]):
        found = True
        yield frame
    if not found:
        raise MediaError(f"{_name(path)} holds no picture that decodes", "replace the file")


def _last(frames: Iterator[VideoFrame]) -> VideoFrame | None:
    ends = deque(frames, maxlen=1)
    return ends[0] if ends else None


@contextlib.contextmanager
def _readable(path: Path | str) -> Iterator[None]:
    """FFmpeg's errors as ours."""
    try:
        yield
    except (FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise MediaError(f"{_name(path)} does not decode: {reason}", "replace the file") from error


def _name(path: Path | str) -> str:
    return Path(path).name
