"""A cut that cannot be made says which shot is to blame, and leaves everything as it was."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from skyflow.errors import MediaError
from skyflow.media.cut import Piece, assemble
from tests.filming import film, foreign, numbers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def refused(target: Path, *pieces: Piece) -> MediaError:
    """The error; an older cut must have stayed as it was, and nothing may be left beside it."""
    target.write_bytes(b"the cut from before")
    before = sorted(target.parent.iterdir())
    with pytest.raises(MediaError) as caught:
        assemble(pieces, target)
    assert target.read_bytes() == b"the cut from before"
    assert sorted(target.parent.iterdir()) == before
    assert caught.value.remedy
    assert not caught.value.message.endswith(".")
    return caught.value


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def replaced_by_words(path: Path) -> None:
    path.write_text("502 Bad Gateway")


def removed(path: Path) -> None:
    path.unlink()


def zeroed_in_the_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    begin, end = len(content) * 4 // 10, len(content) * 6 // 10
    content[begin:end] = bytes(end - begin)
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [emptied, halved, replaced_by_words, removed])
def test_a_damaged_clip_names_its_shot(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    good, bad = film(tmp_path / "good.mp4", range(20)), film(tmp_path / "bad.mp4", range(20))
    damage(bad)
    error = refused(tmp_path / "cut.mp4", Piece("opening", good), Piece("harbour", bad))
    assert error.message.startswith("shot harbour: ")


def test_pictures_that_do_not_decode_name_their_shot(tmp_path: Path) -> None:
    """Found only while it is encoded again, when others have been already."""
    good = film(tmp_path / "good.mp4", range(60))
    bad = foreign(tmp_path / "bad.mov", range(20), codec="prores", pixels="yuv422p10le")
    zeroed_in_the_middle(bad)
    error = refused(tmp_path / "cut.mp4", Piece("a", good, start=3), Piece("harbour", bad), Piece("c", good))
    assert error.message.startswith("shot harbour: bad.mov is damaged")


@pytest.mark.parametrize(("start", "end"), [(20, None), (5, 5), (7, 3), (0, 21), (-1, 10)])
def test_a_stretch_that_the_clip_has_not(tmp_path: Path, start: int, end: int | None) -> None:
    clip = film(tmp_path / "a.mp4", range(20))
    error = refused(tmp_path / "cut.mp4", Piece("climb", clip, start=start, end=end))
    assert "climb" in error.message
    assert "20 pictures" in error.message


def test_a_cut_of_nothing(tmp_path: Path) -> None:
    assert "no shots" in refused(tmp_path / "cut.mp4").message


def test_a_target_that_is_a_folder(tmp_path: Path) -> None:
    clip = film(tmp_path / "a.mp4", range(8))
    (tmp_path / "cut.mp4" / "keep").mkdir(parents=True)
    with pytest.raises(MediaError, match=r"cannot be written to cut\.mp4"):
        assemble([Piece("a", clip)], tmp_path / "cut.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "cut.mp4"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    clip = film(tmp_path / "a.mp4", range(8))
    (tmp_path / "out").mkdir(mode=0o500)
    with pytest.raises(MediaError, match="cannot be written"):
        assemble([Piece("a", clip)], tmp_path / "out" / "cut.mp4")


def test_what_a_killed_process_left_is_replaced(tmp_path: Path) -> None:
    clip = film(tmp_path / "a.mp4", range(8))
    left = tmp_path / ".cut.mp4.partial"
    left.mkdir()
    (left / "0.mp4").write_bytes(b"half")
    assemble([Piece("a", clip)], tmp_path / "cut.mp4")
    assert not left.exists()


def test_the_folder_of_the_cut_is_made(tmp_path: Path) -> None:
    clip = film(tmp_path / "a.mp4", range(8))
    assemble([Piece("a", clip)], tmp_path / "out" / "lighthouse" / "animatic" / "cut.mp4")
    assert numbers(tmp_path / "out" / "lighthouse" / "animatic" / "cut.mp4") == list(range(8))


@pytest.mark.parametrize("name", ["concat:a.mp4", "%03d.mp4", "-y.mp4", "ein Schiff.mp4", "灯塔.mp4"])
def test_a_name_that_ffmpeg_might_read_as_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    film(tmp_path / "clip.mp4", range(8)).rename(tmp_path / name)
    place = tmp_path.relative_to(tmp_path)
    assemble([Piece("a", place / name), Piece("b", place / name, start=1)], place / f"cut {name}")
    assert numbers((tmp_path / f"cut {name}").rename(tmp_path / "plain.mp4")) == [*range(8), *range(1, 8)]
