"""Does an extension hold its source? It must be found where it does, and never where it only looks alike."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyflow.board.model import Size
from skyflow.media.cut import Piece, assemble
from skyflow.media.encode import ClipWriter
from skyflow.media.overlap import overlap
from skyflow.media.pace import Stretch
from skyflow.media.track import track
from tests.filming import RATE, film, grey, numbers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

SIZE = Size(320, 180)
LONG = 24
"""Pictures of a source."""


def landscape(shift: float, size: Size = SIZE) -> NDArray[np.float64]:
    """Soft hills with some detail, seen from a camera that has moved by ``shift`` of the picture's width."""
    x = np.arange(size.width)[None, :] / size.width + shift
    y = np.arange(size.height)[:, None] / size.height
    hills: NDArray[np.float64] = (
        60 * np.sin(5 * x) + 40 * np.sin(9 * y + 3 * x) + 15 * np.sin(60 * x) * np.cos(45 * y)
    )
    return 128 + hills


def shoot(path: Path, pictures: Iterable[NDArray[np.float64]], size: Size = SIZE, rate: Fraction = RATE) -> Path:
    with ClipWriter(path, size, rate, sound=False) as writer:
        for picture in pictures:
            writer.picture(grey(np.clip(picture, 16, 235).astype(np.uint8)))
    return path


def drawn_again(picture: NDArray[np.float64], number: int) -> NDArray[np.float64]:
    """What a model makes of a picture that it was given: grain, a little brighter, a little softer."""
    grain = np.random.default_rng(number).normal(0, 6, picture.shape)
    return 0.97 * picture + 0.03 * np.roll(picture, 1, axis=1) + 2 + grain


def shared(source: Path, extension: Path) -> int:
    one, other = track(source), track(extension)
    return overlap(Stretch(source, one, 0, one.frames), Stretch(extension, other, 0, other.frames))


def pan(begin: int, end: int, speed: float, size: Size = SIZE) -> list[NDArray[np.float64]]:
    return [landscape(speed * number, size) for number in range(begin, end)]


@pytest.mark.parametrize("speed", [0.002, 0.01, 0.05])
def test_an_extension_that_repeats_its_source_is_found(tmp_path: Path, speed: float) -> None:
    source = shoot(tmp_path / "source.mp4", pan(0, LONG, speed))
    whole = [drawn_again(picture, number) for number, picture in enumerate(pan(0, LONG * 2, speed))]
    assert shared(source, shoot(tmp_path / "extension.mp4", whole)) == LONG


@pytest.mark.parametrize("speed", [0.0, 0.0001, 0.0005, 0.002, 0.01, 0.05])
def test_one_that_goes_on_from_the_last_picture_is_kept(tmp_path: Path, speed: float) -> None:
    """The usual case: its first picture is the source's last, however slowly the camera moves."""
    source = shoot(tmp_path / "source.mp4", pan(0, LONG, speed))
    fresh = [drawn_again(picture, number) for number, picture in enumerate(pan(LONG - 1, LONG * 3, speed))]
    assert shared(source, shoot(tmp_path / "extension.mp4", fresh)) == 0


def test_a_still_source_proves_nothing(tmp_path: Path) -> None:
    source = shoot(tmp_path / "source.mp4", pan(0, LONG, 0))
    same = shoot(tmp_path / "same.mp4", pan(0, LONG * 2, 0))
    grainy = shoot(tmp_path / "grainy.mp4", [drawn_again(p, n) for n, p in enumerate(pan(0, LONG * 2, 0))])
    moving = shoot(tmp_path / "moving.mp4", pan(0, LONG, 0) + pan(0, LONG, 0.01))
    assert [shared(source, clip) for clip in (same, grainy, moving)] == [0, 0, 0]


def gull(number: int) -> NDArray[np.float64]:
    """Nothing moves but something small."""
    picture = landscape(0)
    picture[60:72, 10 * number : 10 * number + 12] = 235
    return picture


def test_something_small_that_moves_is_evidence_enough(tmp_path: Path) -> None:
    source = shoot(tmp_path / "source.mp4", map(gull, range(LONG)))
    again = [drawn_again(gull(min(number, 30)), number) for number in range(LONG * 2)]
    gone = [drawn_again(gull(LONG - 1), number) for number in range(LONG * 2)]
    assert shared(source, shoot(tmp_path / "again.mp4", again)) == LONG
    assert shared(source, shoot(tmp_path / "gone.mp4", gone)) == 0


def test_a_source_that_ends_as_it_began_is_not_taken_for_repeated(tmp_path: Path) -> None:
    swing = [landscape(0.05 * np.sin(np.pi * number / (LONG - 1))) for number in range(LONG)]
    source = shoot(tmp_path / "source.mp4", swing)
    assert shared(source, shoot(tmp_path / "on.mp4", swing[-1:] + pan(0, LONG * 2, 0.01))) == 0


def test_part_of_the_source_is_not_the_source(tmp_path: Path) -> None:
    source = shoot(tmp_path / "source.mp4", pan(0, LONG, 0.01))
    most = shoot(tmp_path / "most.mp4", pan(0, LONG - 4, 0.01) + [landscape(2)] * LONG)
    tail = shoot(tmp_path / "tail.mp4", pan(LONG // 2, LONG * 2, 0.01))
    assert shared(source, most) == 0
    assert shared(source, tail) == 0


def test_an_extension_with_nothing_of_its_own_is_kept(tmp_path: Path) -> None:
    source = shoot(tmp_path / "source.mp4", pan(0, LONG, 0.01))
    assert shared(source, source) == 0
    assert shared(source, shoot(tmp_path / "less.mp4", pan(0, LONG - 4, 0.01))) == 0


def test_the_source_is_found_at_another_size(tmp_path: Path) -> None:
    source = shoot(tmp_path / "source.mp4", pan(0, LONG, 0.01))
    large = Size(640, 360)
    assert shared(source, shoot(tmp_path / "large.mp4", pan(0, LONG * 2, 0.01, large), large)) == LONG


def test_the_source_is_found_at_another_rate(tmp_path: Path) -> None:
    slow = [landscape(0.01 * 4 / 3 * number) for number in range(18)]
    source = shoot(tmp_path / "source.mp4", slow, rate=Fraction(24))
    # A model that works at 32 and was given 24: it sees each picture at its time.
    retimed = [slow[min(17, int((number + 0.5) * 24 / 32))] for number in range(LONG)]
    fresh = [landscape(0.01 * number) for number in range(LONG, LONG * 2)]
    assert shared(source, shoot(tmp_path / "extension.mp4", retimed + fresh)) == LONG


@settings(max_examples=10)
@given(speed=st.floats(0, 0.05), grain=st.integers(0, 8), begin=st.integers(LONG // 2, LONG - 1))
def test_what_is_new_is_never_trimmed(
    speed: float, grain: int, begin: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """However slow, however grainy: begun in the source's second half, its pictures would be lost."""
    folder = tmp_path_factory.mktemp("pan")
    source = shoot(folder / "source.mp4", pan(0, LONG, speed))
    noise = np.random.default_rng(grain).normal(0, grain, (LONG + 6, SIZE.height, SIZE.width))
    fresh = [picture + noise[n] for n, picture in enumerate(pan(begin, begin + LONG + 6, speed))]
    assert shared(source, shoot(folder / "extension.mp4", fresh)) == 0


# In the cut


def chain(folder: Path) -> tuple[Path, Path, Path]:
    """opening, climb that holds opening, top that holds climb."""
    return (
        film(folder / "opening.mp4", range(40), level=0.1),
        film(folder / "climb.mp4", range(70), level=0.1),
        film(folder / "top.mp4", range(95), level=0.1),
    )


def test_an_extension_is_trimmed_where_its_source_is_in_the_cut(tmp_path: Path) -> None:
    opening, climb, top = chain(tmp_path)
    pieces = [Piece("opening", opening), Piece("climb", climb, opening), Piece("top", top, climb)]
    facts = assemble(pieces, tmp_path / "cut.mp4")
    assert numbers(tmp_path / "cut.mp4") == list(range(95))
    assert [section.trimmed for section in facts.sections] == [0, 40, 70]
    # Neither 40 nor 70 is a key picture: those two are encoded again and nothing else.
    assert [bool(section.encoded) for section in facts.sections] == [False, True, True]


def test_an_extension_that_goes_on_is_not_trimmed(tmp_path: Path) -> None:
    opening, climb = film(tmp_path / "o.mp4", range(40)), film(tmp_path / "c.mp4", range(39, 90))
    facts = assemble([Piece("opening", opening), Piece("climb", climb, opening)], tmp_path / "cut.mp4")
    assert numbers(tmp_path / "cut.mp4") == [*range(40), *range(39, 90)]
    assert [section.encoded for section in facts.sections] == ["", ""]


def test_without_its_source_in_the_cut_an_extension_is_whole(tmp_path: Path) -> None:
    opening, climb, _ = chain(tmp_path)
    facts = assemble([Piece("climb", climb, opening)], tmp_path / "cut.mp4")
    assert (facts.frames, facts.sections[0].trimmed) == (70, 0)


def test_an_editor_who_says_where_to_begin_is_obeyed(tmp_path: Path) -> None:
    opening, climb, _ = chain(tmp_path)
    assemble([Piece("opening", opening), Piece("climb", climb, opening, start=10)], tmp_path / "cut.mp4")
    assert numbers(tmp_path / "cut.mp4") == [*range(40), *range(10, 70)]


def test_a_source_that_is_left_early_leaves_its_end_to_the_extension(tmp_path: Path) -> None:
    opening, climb, _ = chain(tmp_path)
    assemble([Piece("opening", opening, end=20), Piece("climb", climb, opening)], tmp_path / "cut.mp4")
    assert numbers(tmp_path / "cut.mp4") == [*range(20), *range(70)]


def test_a_stretch_inside_what_is_shared_is_left_alone(tmp_path: Path) -> None:
    opening, climb, _ = chain(tmp_path)
    assemble([Piece("opening", opening), Piece("climb", climb, opening, end=30)], tmp_path / "cut.mp4")
    assert numbers(tmp_path / "cut.mp4") == [*range(40), *range(30)]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_where_the_two_stand_in_the_cut_makes_no_difference(tmp_path: Path, order: tuple[int, int]) -> None:
    opening, climb, _ = chain(tmp_path)
    both = [Piece("opening", opening), Piece("climb", climb, opening)]
    stretches = [list(range(40)), list(range(40, 70))]
    assemble([both[place] for place in order], tmp_path / "cut.mp4")
    assert numbers(tmp_path / "cut.mp4") == [number for place in order for number in stretches[place]]
