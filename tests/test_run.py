"""A board is run as its author meets it: what is made, what is reused, what lies in out/ and in the lock."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from skyflow.errors import ExitCode, Refused, UsageError
from skyflow.running import events
from skyflow.running.known import LockKnown
from skyflow.running.options import Retake
from skyflow.running.outcome import Cut, NoCut
from skyflow.store.hold import hold
from skyflow.store.project import Project
from tests.fakes import (
    FakeAside,
    FakeBackend,
    Seen,
    board,
    cut_of,
    failure,
    files_in,
    footage,
    outcome,
    picture,
    run_board,
    shot,
    words,
)

if TYPE_CHECKING:
    from pathlib import Path

    from skyflow.backends.base import Input
    from skyflow.board.model import Board

OUT = "out/board/fake"


def lock_of(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / ".skyflow/fake.lock").read_text())
    return document


def chain(first: str = "a", second: str = "b", third: str = "c") -> Board:
    return board(shot("one", first), shot("two", second, extends="one"), shot("three", third, extends="two"))


def test_a_board_becomes_clips_a_lock_and_a_cut(project):
    whole = board(shot("opening"), shot("climb", extends="opening"), shot("harbour", takes=3))
    result = run_board(whole, project)
    assert words(result) == {"opening": "Made", "climb": "Made", "harbour": "Made"}
    assert result.exit_code is ExitCode.DONE
    assert sorted(path.name for path in (project / OUT).iterdir()) == [
        "climb.mp4",
        "cut.mp4",
        "harbour.mp4",
        "harbour.take1.mp4",
        "harbour.take2.mp4",
        "harbour.take3.mp4",
        "opening.mp4",
    ]
    assert result.cut == Cut(project / OUT / "cut.mp4", made=True, facts=cut_of(result).facts)
    clips = [(project / OUT / f"{name}.mp4").read_bytes() for name in whole.cut_shots]
    assert cut_of(result).path.read_bytes() == b"".join(clips)
    assert lock_of(project)["shots"].keys() == {"opening", "climb", "harbour"}


def test_a_second_run_makes_nothing_and_leaves_every_byte_and_time(project):
    whole = board(
        shot("a", takes=2),
        shot("b", extends="a"),
        shot("c", frames=[("b", 5)]),
        shot("d", footage=footage(project, "d.mp4")),
    )
    run_board(whole, project)
    before = files_in(project)
    backend, aside = FakeBackend(), FakeAside()
    result = run_board(whole, project, backend, aside=aside)
    assert words(result) == {"a": "Reused", "b": "Reused", "c": "Reused", "d": "Footage"}
    assert (backend.made, aside.cuts, result.cut) == ([], [], Cut(project / OUT / "cut.mp4", made=False))
    assert files_in(project) == before


def test_an_unchanged_run_leaves_copies_alone_too(project):
    whole = board(shot("a"), shot("b"))
    run_board(whole, project, FakeBackend(repeatable=False))
    before = files_in(project)
    assert (project / "board.lock").exists()
    assert (project / OUT / "a.mp4").stat().st_nlink == 1
    run_board(whole, project, FakeBackend(repeatable=False))
    assert files_in(project) == before


def test_what_can_be_made_again_is_linked_and_takes_no_space(project):
    run_board(board(shot("a")), project)
    assert (project / OUT / "a.mp4").stat().st_nlink == 2


def test_an_edited_shot_takes_its_true_descendants_with_it_and_nothing_else(project):
    def fan(words: str) -> Board:
        return board(shot("a", words), shot("b", extends="a"), shot("c"), shot("d", frames=[("c", 0)]))

    run_board(fan("day"), project)
    backend = FakeBackend()
    result = run_board(fan("night"), project, backend)
    assert words(result) == {"a": "Made", "b": "Made", "c": "Reused", "d": "Reused"}
    assert backend.shots == ["a", "b"]


def test_an_upstream_that_comes_out_the_same_renders_nothing_below_it(project):
    run_board(chain("a # first thought"), project)
    result = run_board(chain("a # second thought"), project)
    assert words(result) == {"one": "Made", "two": "Reused", "three": "Reused"}


def test_taking_an_edit_back_takes_the_old_take_back_with_its_pick(project):
    run_board(board(shot("a", "day", takes=2)), project)
    choose(project, "a", 2)
    picked = outcome(run_board(board(shot("a", "day", takes=2)), project), "a").clip
    run_board(board(shot("a", "night", takes=2)), project)
    backend = FakeBackend()
    result = run_board(board(shot("a", "day", takes=2)), project, backend)
    assert (words(result), backend.made) == ({"a": "Reused"}, [])
    assert outcome(result, "a").clip == picked


def test_another_pick_renders_what_is_made_from_it_anew(project):
    whole = board(shot("a", takes=2), shot("b", extends="a"), shot("c"))
    run_board(whole, project)
    choose(project, "a", 2)
    result = run_board(whole, project)
    assert words(result) == {"a": "Reused", "b": "Made", "c": "Reused"}
    assert (project / OUT / "a.mp4").read_bytes() == (project / OUT / "a.take2.mp4").read_bytes()


def test_a_renamed_shot_keeps_its_take_and_its_old_name_goes(project):
    run_board(board(shot("lamp", "a lamp", takes=2)), project)
    (project / OUT / "mine.mp4").write_bytes(b"a file of my own")
    backend = FakeBackend()
    result = run_board(board(shot("light", "a lamp", takes=2)), project, backend)
    assert (words(result), backend.made) == ({"light": "Reused"}, [])
    assert sorted(path.name for path in (project / OUT).iterdir()) == [
        "cut.mp4",
        "light.mp4",
        "light.take1.mp4",
        "light.take2.mp4",
        "mine.mp4",
    ]


def test_a_file_of_ones_own_under_the_name_of_a_removed_shot_stays(project):
    run_board(board(shot("a"), shot("b")), project)
    (project / OUT / "b.mp4").unlink()
    (project / OUT / "b.mp4").write_bytes(b"graded by hand")
    run_board(board(shot("a")), project)
    assert (project / OUT / "b.mp4").read_bytes() == b"graded by hand"


def test_fewer_takes_than_before_keep_the_others(project):
    run_board(board(shot("a", takes=3)), project)
    result = run_board(board(shot("a", takes=1)), project)
    assert words(result) == {"a": "Reused"}
    assert (project / OUT / "a.take3.mp4").exists()


def test_more_takes_than_before_make_only_the_others(project):
    run_board(board(shot("a", takes=1)), project)
    backend = FakeBackend()
    run_board(board(shot("a", takes=3)), project, backend)
    assert [assignment.takes for assignment in backend.made] == [(2, 3)]


def test_a_retake_adds_a_take_and_keeps_the_pick(project):
    whole = board(shot("a", takes=2), shot("b", extends="a"))
    run_board(whole, project)
    backend = FakeBackend()
    result = run_board(whole, project, backend, retake=Retake("a", 2))
    assert [(assignment.shot, assignment.takes) for assignment in backend.made] == [("a", (3, 4))]
    assert words(result) == {"a": "Made", "b": "Reused"}
    assert result.cut == Cut(project / OUT / "cut.mp4", made=False)
    entry = lock_of(project)["shots"]["a"]
    version = entry["versions"][entry["key"]]
    assert (version["pick"], sorted(version["takes"])) == (1, ["1", "2", "3", "4"])
    assert (project / OUT / "a.take4.mp4").exists()


def test_only_what_is_selected_is_made(project):
    whole = board(shot("a"), shot("b"), shot("c", extends="b"))
    run_board(whole, project, select=frozenset({"a"}))
    result = run_board(whole, project, select=frozenset({"b"}))
    assert words(result) == {"a": "Reused", "b": "Made", "c": "NotSelected"}
    assert result.exit_code is ExitCode.DONE
    assert result.cut == NoCut("c is not there")


def test_a_selected_shot_says_what_it_needs(project):
    result = run_board(chain(), project, select=frozenset({"two"}))
    assert words(result) == {"one": "NotSelected", "two": "Failed", "three": "Skipped"}
    error = failure(result, "two")
    assert (error.message, error.remedy) == ("two needs one, which is not made", "select it too: +two")


def test_needs_orders_and_passes_nothing_on(project):
    backend = FakeBackend(jobs=8)
    run_board(board(shot("late", needs=["early"]), shot("early")), project, backend)
    assert backend.began["late"] >= backend.ended["early"]
    assert backend.made[1].inputs == {}
    result = run_board(board(shot("late", needs=["early"]), shot("early", "changed")), project)
    assert words(result) == {"late": "Reused", "early": "Made"}


def test_two_shots_in_the_same_words_are_made_once(project):
    backend = FakeBackend(jobs=4)
    result = run_board(board(shot("a", "rain"), shot("b", "rain"), shot("c", "rain", takes=2)), project, backend)
    assert [(assignment.shot, assignment.takes) for assignment in backend.made] == [("c", (1, 2))]
    assert words(result) == {"a": "Reused", "b": "Reused", "c": "Made"}


def test_a_shot_shares_the_takes_of_its_twin_and_adds_its_own(project):
    run_board(board(shot("a", "rain")), project)
    backend = FakeBackend()
    run_board(board(shot("a", "rain"), shot("b", "rain", takes=2)), project, backend)
    assert [(assignment.shot, assignment.takes) for assignment in backend.made] == [("b", (2,))]
    entry = lock_of(project)["shots"]["b"]
    version = entry["versions"][entry["key"]]
    assert (version["pick"], {number: take["label"] for number, take in version["takes"].items()}) == (
        1,
        {"1": "a", "2": "b"},
    )


def test_inputs_are_files_that_hold_what_the_key_says(project):
    whole = board(
        shot("a"),
        shot("f", footage=footage(project, "f.mp4")),
        shot("b", frames=[("a", 95), ("f", 0)], pictures=[picture(project, "assets/lamp.png")]),
        shot("c", extends="f"),
    )
    looked: dict[str, Input] = {}

    class Looking(FakeBackend):
        async def make(self, assignment, progress):
            for handle, item in assignment.inputs.items():
                assert handle.startswith("sha256:")
                looked[f"{assignment.shot} {item.kind} {item.drawn}"] = item
            return await super().make(assignment, progress)

    assert run_board(whole, project, Looking()).exit_code is ExitCode.DONE
    assert looked.keys() == {"b image True", "b image False", "c clip False"}


def test_a_still_is_extracted_once_for_all_who_want_it(project):
    aside = FakeAside()
    whole = board(shot("a"), *[shot(f"b{number}", frames=[("a", 7)]) for number in range(5)])
    run_board(whole, project, FakeBackend(jobs=1), aside=aside)
    assert list(aside.stills.values()) == [1]


def test_locked_restores_out_from_the_store_and_makes_nothing(project):
    whole = board(shot("a", takes=2), shot("b", extends="a"))
    run_board(whole, project)
    before = {name: content for name, (content, _) in files_in(project / OUT).items()}
    for path in (project / OUT).iterdir():
        path.unlink()
    backend = FakeBackend()
    result = run_board(whole, project, backend, locked=True)
    assert (words(result), backend.made) == ({"a": "Reused", "b": "Reused"}, [])
    assert {name: content for name, (content, _) in files_in(project / OUT).items()} == before


def test_locked_refuses_what_it_cannot_restore_and_names_it(project):
    run_board(board(shot("a", takes=2), shot("b"), shot("c", extends="b")), project)
    run_board(board(shot("a", takes=1), shot("b"), shot("c", extends="b")), project)
    take = lock_of(project)["shots"]["a"]
    lost = take["versions"][take["key"]]["takes"]["2"]["sha256"]
    (project / ".skyflow/objects" / lost[:2] / lost[2:]).unlink()
    before = files_in(project)
    with pytest.raises(Refused) as caught:
        run_board(board(shot("a", takes=1), shot("b", "edited"), shot("c", extends="b")), project, locked=True)
    assert caught.value.message == (
        "3 of 3 shots cannot be restored: a (take 2 gone from the store or damaged), "
        "b (prompt changed), c (waits for b)"
    )
    assert files_in(project) == before


def test_the_cut_is_made_again_when_it_is_missing_damaged_or_other(project):
    whole = board(shot("a"), shot("b"))
    run_board(whole, project)
    cut = project / OUT / "cut.mp4"
    whole_cut = cut.read_bytes()
    cut.unlink()
    assert cut_of(run_board(whole, project)).made
    cut.write_bytes(whole_cut[:-1] + b"!")
    assert cut_of(run_board(whole, project)).made
    assert cut.read_bytes() == whole_cut
    assert cut_of(run_board(board(shot("a"), shot("b"), cut=["b", "a"]), project)).made
    assert cut.read_bytes() != whole_cut


def test_an_extension_tells_the_cut_what_it_continues(project):
    aside = FakeAside()
    run_board(chain(), project, aside=aside)
    pieces = aside.cuts[0]
    assert [(piece.label, piece.source) for piece in pieces] == [
        ("one", None),
        ("two", pieces[0].path),
        ("three", pieces[1].path),
    ]


def test_without_a_shot_there_is_no_cut_and_the_old_one_is_called_old(project):
    run_board(board(shot("a"), shot("b")), project)
    cut = project / OUT / "cut.mp4"
    before = cut.read_bytes()
    seen = Seen()
    result = run_board(board(shot("a"), shot("b", "new")), project, select=frozenset(), watcher=seen)
    assert result.cut == NoCut("b is not there", cut)
    assert cut.read_bytes() == before
    assert [(event.reason, event.old) for event in seen.of(events.CutLeft)] == [("b is not there", f"{OUT}/cut.mp4")]


def test_a_board_without_a_cut_says_so(project):
    assert run_board(board(shot("a"), cut=[]), project).cut == NoCut("the board leaves every shot out of its cut")


def test_everything_is_told_as_it_happens_and_as_json(project):
    seen = Seen()
    run_board(board(shot("a"), shot("b", extends="a")), project, FakeBackend(seconds={"a": 2.5}), watcher=seen)
    told = [events.as_json(event) for event in seen.events]
    assert [event["event"] for event in told] == [
        "run_started",
        *["shot_started", "shot_progress", "shot_progress", "shot_done"] * 2,
        "cut_started",
        "cut_done",
        "run_ended",
    ]
    assert told[4] == {
        "event": "shot_done",
        "at": 2.5,
        "shot": "a",
        "how": "made",
        "takes": [1],
        "seconds": 2.5,
        "notes": [],
        "cost": None,
    }
    assert json.loads(json.dumps(told)) == told


def test_shots_whose_names_a_disk_may_confuse_have_files_of_their_own(project):
    run_board(board(shot("Lamp"), shot("lamp"), shot("cut")), project)
    names = [path.name.casefold() for path in (project / OUT).iterdir()]
    assert len(set(names)) == 4


def test_boards_of_one_folder_share_the_store_and_keep_their_own_locks(project):
    run_board(board(shot("a", "rain")), project)
    run_board(board(shot("b", "rain"), name="other"), project)
    assert sorted(path.name for path in (project / ".skyflow").glob("*.lock")) == ["fake.lock", "other.fake.lock"]
    assert (project / "out/other/fake/b.mp4").samefile(project / "out/board/fake/a.mp4")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"jobs": 0}, "0 jobs are too few"),
        ({"select": frozenset({"tow"})}, "the board has no shot 'tow'"),
        ({"retake": Retake("tow")}, "the board has no shot 'tow'"),
        ({"retake": Retake("f")}, "f is footage: there is nothing to make"),
        ({"retake": Retake("two"), "locked": True}, "a retake makes at least one take, so it cannot be locked"),
    ],
)
def test_options_that_make_no_sense_change_nothing(project, options, message):
    whole = board(shot("two"), shot("f", footage=footage(project, "f.mp4")))
    with pytest.raises(UsageError) as caught:
        run_board(whole, project, **options)
    assert caught.value.message == message
    assert not (project / "out").exists()


def choose(folder: Path, name: str, take: int) -> None:
    from_lock = Project.of(folder / "board.yaml")
    with hold(from_lock, "pick") as held:
        known = LockKnown.of(from_lock, FakeBackend(), held.objects)
        known.lock.pick(name, take)
        known.lock.save()
