"""A picture of a clip as a file: the right one, upright, in the right colours, the same bytes each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from skyflow.board.model import Size
from skyflow.errors import MediaError
from skyflow.media.encode import ClipWriter
from skyflow.media.still import still
from tests.filming import RATE, TALL, WIDE, film, foreign, read

if TYPE_CHECKING:
    from pathlib import Path


def number(path: Path) -> int:
    with Image.open(path) as picture:
        assert (picture.format, picture.mode) == ("PNG", "RGB")
        return read(av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24"))


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Ours; B-frames and rare key pictures; milliseconds; pictures that are hidden."""
    folder = tmp_path_factory.mktemp("clips")
    return [
        film(folder / "ours.mp4", range(70)),
        foreign(folder / "theirs.mp4", range(70)),
        foreign(folder / "vp9.webm", range(70), codec="libvpx-vp9"),
        foreign(folder / "edited.mp4", [*range(900, 907), *range(70)], hidden=7),
    ]


@settings(max_examples=20)
@given(index=st.integers(0, 69), which=st.integers(0, 3))
def test_it_is_exactly_the_picture_with_that_index(clips: list[Path], index: int, which: int) -> None:
    target = clips[which].parent / "still.png"
    still(clips[which], index, target)
    assert number(target) == index


def test_the_same_picture_gives_the_same_bytes(tmp_path: Path) -> None:
    clip = film(tmp_path / "a.mp4", range(40))
    still(clip, 39, tmp_path / "one.png")
    still(clip, 39, tmp_path / "new folder" / "two.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "new folder" / "two.png").read_bytes()


def test_colours_come_back_as_they_went_in(tmp_path: Path) -> None:
    red = np.zeros((96, 160, 3), np.uint8) + np.array([200, 30, 40], np.uint8)
    frame = av.VideoFrame.from_ndarray(red, format="rgb24").reformat(
        format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
    )
    with ClipWriter(tmp_path / "red.mp4", WIDE, RATE, sound=False) as writer:
        writer.picture(frame)
    still(tmp_path / "red.mp4", 0, tmp_path / "red.png")
    with Image.open(tmp_path / "red.png") as picture:
        assert np.abs(np.asarray(picture).astype(int) - (200, 30, 40)).max() <= 3


def test_a_turned_clip_gives_an_upright_picture(tmp_path: Path) -> None:
    phone = foreign(tmp_path / "phone.mp4", [1] * 3, rotation=90)
    still(phone, 2, tmp_path / "still.png")
    with Image.open(tmp_path / "still.png") as picture:
        assert picture.size == (TALL.width, TALL.height)
        luma = np.asarray(picture.convert("L"))
    assert luma[4, 48] > 150 > luma[150, 48]  # the light stripe at the right came to the top


def test_an_odd_size_stays_what_it_is(tmp_path: Path) -> None:
    odd = foreign(tmp_path / "odd.mkv", [5], codec="ffv1", size=Size(151, 85), pixels="yuv444p")
    still(odd, 0, tmp_path / "still.png")
    with Image.open(tmp_path / "still.png") as picture:
        assert picture.size == (151, 85)


@pytest.mark.parametrize("index", [-1, 40, 10**9])
def test_an_index_beyond_the_clip(tmp_path: Path, index: int) -> None:
    clip = film(tmp_path / "a.mp4", range(40))
    with pytest.raises(MediaError, match="has 40 pictures") as caught:
        still(clip, index, tmp_path / "still.png")
    assert caught.value.remedy == "name one from 0 to 39"
    assert list(tmp_path.iterdir()) == [clip]


def test_a_target_that_cannot_be_written(tmp_path: Path) -> None:
    clip = film(tmp_path / "a.mp4", range(3))
    (tmp_path / "still.png").mkdir()
    with pytest.raises(MediaError, match=r"still\.png cannot be written"):
        still(clip, 0, tmp_path / "still.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "still.png"]
