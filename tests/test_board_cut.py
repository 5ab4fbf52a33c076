"""In and out points: seconds on the board, frames in the film."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from skyflow.board.model import CutEntry
from tests import fakes
from tests.paper import board, codes

HEAD = "skyflow: 1\nshots:\n  a: {prompt: x, duration: 4}\n  film: {footage: odd.mov}\n"


def test_points_snap_to_the_nearest_frame_of_their_own_shot():
    text = HEAD + "cut: [{shot: a, in: 0.51, out: 3.99}, film, {shot: film, in: 1, out: 6.0}]\n"
    made = board(text)
    assert made.cut == (CutEntry("a", 16, 128), CutEntry("film"), CutEntry("film", 30, 180))
    assert made.cut_shots == ("a", "film")
    assert made.cut_seconds == Fraction(112, 32) + (180 + 150) * Fraction(1001, 30000)


@given(st.floats(0, 6, allow_nan=False), st.floats(0, 6, allow_nan=False))
def test_an_entry_is_a_stretch_of_the_shot_or_an_error(begin, end):
    text = HEAD + f"cut: [{{shot: a, in: {begin:.6f}, out: {end:.6f}}}]\n"
    frames = [int(Fraction(f"{seconds:.6f}") * 32 + Fraction(1, 2)) for seconds in (begin, end)]
    if 0 <= frames[0] < frames[1] <= 128:
        assert board(text).cut == (CutEntry("a", *frames),)
    else:
        assert codes(text) == ["SF0617"]


def test_a_shot_that_is_wrong_itself_says_nothing_of_its_points():
    assert codes("skyflow: 1\nshots: {a: {prompt: ''}}\ncut: [{shot: a, in: 99}]\n") == ["SF0402"]


def test_a_moved_point_puts_the_cut_together_anew_and_makes_no_shot(project):
    aside = fakes.FakeAside()
    shots = (fakes.shot("a"), fakes.shot("b", extends="a"))
    for cut in (["a", "b"], [CutEntry("a", 3, 9), CutEntry("b", 0)], [CutEntry("a", 3, 9), CutEntry("b", 0)]):
        backend = fakes.FakeBackend()
        fakes.run_board(fakes.board(*shots, cut=cut), project, backend, aside=aside)
    assert backend.made == []
    points = [[(piece.label, piece.start, piece.end) for piece in pieces] for pieces in aside.cuts]
    assert points == [[("a", None, None), ("b", None, None)], [("a", 3, 9), ("b", 0, None)]]
