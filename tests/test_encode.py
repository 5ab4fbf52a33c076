"""The clip writer and reader: exact counts, the same bytes, no half files."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyflow.board.model import Size
from skyflow.errors import MediaError
from skyflow.media.encode import SOUND_RATE, ClipWriter
from skyflow.media.frames import frame_at, last_picture, pictures, samples

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SIZE = Size(96, 64)


def grey(level: int, size: Size = SIZE) -> av.VideoFrame:
    """A frame of one brightness."""
    frame = av.VideoFrame(size.width, size.height, "yuv420p")
    for number, plane in enumerate(frame.planes):
        plane.update(bytes([level if number == 0 else 128]) * plane.buffer_size)
    return frame


def tone(seconds: float) -> NDArray[np.float32]:
    wave = 0.2 * np.sin(np.arange(round(seconds * SOUND_RATE)) * 2 * np.pi * 330 / SOUND_RATE)
    return np.stack((wave, wave)).astype(np.float32)


def write(
    path: Path, count: int = 40, rate: Fraction = Fraction(32), *, sound: NDArray[np.float32] | None = None
) -> Path:
    with ClipWriter(path, SIZE, rate, sound=sound is not None) as clip:
        if sound is not None:
            clip.sound(sound)
        for number in range(count):
            clip.picture(grey(40 + 4 * number % 160))
    return path


@settings(max_examples=12, deadline=None)
@given(
    count=st.integers(1, 70),
    rate=st.sampled_from([Fraction(32), Fraction(24), Fraction(30000, 1001), Fraction(25)]),
    sounding=st.sampled_from([None, 0.0, 0.3, 5.0]),
)
def test_a_clip_is_exactly_as_long_as_its_pictures(
    tmp_path_factory: pytest.TempPathFactory, count: int, rate: Fraction, sounding: float | None
) -> None:
    path = write(
        tmp_path_factory.mktemp("clip") / "a.mp4",
        count,
        rate,
        sound=None if sounding is None else tone(sounding),
    )
    with av.open(str(path)) as clip:
        video = clip.streams.video[0]
        assert video.frames == count
        assert video.time_base is not None
        assert video.duration is not None
        assert video.duration * video.time_base == count / rate
        assert video.average_rate == rate
        assert video.start_time == 0
        times = [(frame.pts or 0) * video.time_base for frame in clip.decode(video)]
        assert times == [n / rate for n in range(count)]
        assert len(clip.streams.audio) == (sounding is not None)
        if sounding is not None:
            audio = clip.streams.audio[0]
            assert audio.duration is not None
            assert audio.time_base is not None
            assert abs(audio.duration * audio.time_base - count / rate) <= Fraction(1, 1000)


def test_the_same_pictures_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = (write(tmp_path / name, sound=tone(1)).read_bytes() for name in ("a.mp4", "b.mp4"))
    assert first == second


def test_the_stream_says_how_its_colours_are_meant_and_every_second_starts_afresh(tmp_path: Path) -> None:
    with av.open(str(write(tmp_path / "a.mp4", 70))) as clip:
        context = clip.streams.video[0].codec_context
        assert (context.pix_fmt, context.profile) == ("yuv420p", "High")
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
        packets = [packet for packet in clip.demux(video=0) if packet.size]
        assert [number for number, packet in enumerate(packets) if packet.is_keyframe] == [0, 32, 64]
        assert all(packet.pts == packet.dts for packet in packets)


def test_clips_of_one_size_agree_in_their_headers_so_that_a_cut_may_copy_them(tmp_path: Path) -> None:
    headers = []
    for name, count in (("a.mp4", 5), ("b.mp4", 64)):
        with av.open(str(write(tmp_path / name, count))) as clip:
            headers.append(clip.streams.video[0].codec_context.extradata)
    assert headers[0] == headers[1]


def test_sound_that_comes_in_pieces_is_kept_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    whole = tone(2)
    with ClipWriter(path, SIZE, Fraction(32), sound=True) as clip:
        for number in range(64):
            clip.picture(grey(90))
            clip.sound(whole[:, number * 1500 : (number + 1) * 1500])
    heard = samples(path, 2)
    assert heard.shape == (2, 2 * SOUND_RATE)
    assert np.abs(heard[:, 4800:-4800] - whole[:, 4800:-4800]).mean() < 0.01


def test_an_exception_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"

    def stop_half_way() -> None:
        with ClipWriter(path, SIZE, Fraction(32), sound=True) as clip:
            clip.picture(grey(90))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        stop_half_way()
    assert not path.exists()


def test_a_clip_without_pictures_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with pytest.raises(ValueError, match="without pictures"), ClipWriter(path, SIZE, Fraction(32), sound=False):
        pass
    assert not path.exists()


def test_pictures_and_sound_of_another_shape_are_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="in a clip of 96x64"),
        ClipWriter(tmp_path / "a.mp4", SIZE, Fraction(32), sound=False) as clip,
    ):
        clip.picture(grey(90, Size(64, 64)))
    with (
        pytest.raises(ValueError, match="not \\(2, n\\)"),
        ClipWriter(tmp_path / "b.mp4", SIZE, Fraction(32), sound=True) as clip,
    ):
        clip.sound(np.zeros(100, np.float32))


def test_a_folder_that_is_not_there_is_a_media_error(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="cannot write"):
        ClipWriter(tmp_path / "none" / "a.mp4", SIZE, Fraction(32), sound=False)


def test_frames_are_found_by_counting(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", 40)
    for index in (0, 1, 17, 39):
        level = np.asarray(frame_at(path, index)).mean()
        expected = (40 + 4 * index % 160 - 16) * 255 / 219
        assert abs(level - expected) < 3, index
    with pytest.raises(MediaError, match="has no frame 40"):
        frame_at(path, 40)
    with pytest.raises(MediaError, match="has no frame -1"):
        frame_at(path, -1)


def test_the_last_picture_is_the_one_that_counting_finds(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", 75)
    *_, last = pictures(path)
    assert np.array_equal(last_picture(path).to_ndarray(), last.to_ndarray())


@pytest.mark.parametrize("content", [b"", b"no clip at all" * 100, b"\x00\x00\x00\x18ftypmp42"])
def test_what_is_no_clip_is_a_media_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    for read in (lambda: list(pictures(path)), lambda: frame_at(path, 0), lambda: last_picture(path)):
        with pytest.raises(MediaError, match="does not decode"):
            read()
    with pytest.raises(MediaError, match="does not decode"):
        samples(path, 1)


def test_a_clip_that_breaks_off_is_a_media_error_or_shorter_and_never_a_crash(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.mp4", 64, sound=tone(2)).read_bytes()
    path = tmp_path / "b.mp4"
    for share in (0.3, 0.6, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        try:
            count = sum(1 for _ in pictures(path))
        except MediaError:
            continue
        assert count < 64


def test_a_clip_without_sound_has_no_samples(tmp_path: Path) -> None:
    assert samples(write(tmp_path / "a.mp4", 4), 1).shape == (2, 0)
