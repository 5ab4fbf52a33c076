"""Whatever happened to a project before, a run comes to what a first run in an empty folder comes to."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from skyflow.errors import ExitCode, MakeError
from tests.attacks import flip
from tests.fakes import IN_MEMORY, FakeBackend, board, run_board, shot

if TYPE_CHECKING:
    from skyflow.board.model import Board

NAMES = ("a", "b", "c", "d")
WORDS = ("rain", "snow", "snow # again", "fog")


@st.composite
def boards(draw: st.DrawFn) -> Board:
    """A few shots in few words, so that edits are often taken back, shared and renamed."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    shots = []
    for place, name in enumerate(names):
        before = st.none() | st.sampled_from(names[:place]) if place else st.none()
        extends = draw(before)
        frames = [(one, draw(st.integers(0, 1))) for one in [draw(before)] if one]
        shots.append(shot(name, draw(st.sampled_from(WORDS)), extends=extends, frames=frames))
    return board(*shots)


def damage(draw: st.DrawFn, folder: Path) -> None:
    """One bit of any object or result, or any file gone; the lock too, which costs nothing here."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in {"hold", ".gitignore"})
    if not found:
        return
    path = draw(st.sampled_from(found))
    if path.suffix == ".lock" or draw(st.booleans()):
        path.unlink()
    else:
        flip(path)


def film(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "out/board/fake").iterdir())}


@given(st.data())
@settings(max_examples=30)
def test_history_leaves_no_trace_in_the_film(data):
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as one, tempfile.TemporaryDirectory(dir=IN_MEMORY) as other:
        worn, fresh = Path(one), Path(other)
        hurt = False
        for _ in range(data.draw(st.integers(1, 4))):
            whole = data.draw(boards())
            fails = {name: MakeError("no") for name in data.draw(st.sets(st.sampled_from(NAMES), max_size=1))}
            run_board(whole, worn, FakeBackend(fails=fails), jobs=data.draw(st.integers(1, 3)))
            for _ in range(data.draw(st.integers(0, 2))):
                damage(data.draw, worn)
                hurt = True
        last = data.draw(boards())
        assert run_board(last, worn).exit_code is ExitCode.DONE
        assert run_board(last, fresh).exit_code is ExitCode.DONE
        expected, found = film(fresh), film(worn)
        assert {name: found.get(name) for name in expected} == expected
        assert (
            hurt or found.keys() == expected.keys()
        )  # what was written into, or is in no lock, is not ours to remove
        again = FakeBackend()
        assert run_board(last, worn, again).exit_code is ExitCode.DONE
        assert again.made == []
