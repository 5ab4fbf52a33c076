"""What a run would do and why, told from results that nobody made."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyflow.planning import cut
from skyflow.planning.plan import Action, CutStep, Maker, Step, as_json
from tests.boarding import boards, written
from tests.paper import PaperFiles, PaperKnown, planned, run

FILM = """
skyflow: 1
vars: {weather: storm}
tags:
  keeper: {images: [face.png], describe: an old man}
shots:
  opening: {prompt: "@keeper in a {{ weather }}"}
  climb: {extends: opening, prompt: up}
  lamp: {frames: [{shot: climb}], prompt: lit, takes: 2}
  alone: {prompt: by itself}
  film: {footage: clip.mp4}
  after: {extends: film, prompt: on, needs: [lamp]}
"""


BELOW = {"climb": "waits for opening", "lamp": "waits for climb"}


def steps(text: str = FILM, known: PaperKnown | None = None, files: PaperFiles | None = None) -> dict[str, Step]:
    return {step.shot.id: step for step in planned(text, known, files).steps}


def actions(text: str = FILM, known: PaperKnown | None = None, files: PaperFiles | None = None) -> dict[str, str]:
    return {shot: str(step.action) for shot, step in steps(text, known, files).items()}


def reasons(text: str = FILM, known: PaperKnown | None = None, files: PaperFiles | None = None) -> dict[str, str]:
    """Of the shots that something happens to."""
    found = steps(text, known, files)
    return {shot: step.reason for shot, step in found.items() if step.action in {"make", "wait"}}


def made(text: str = FILM) -> PaperKnown:
    known = PaperKnown()
    run(text, known)
    return known


def test_at_first_what_can_be_made_is_and_the_rest_waits():
    assert actions() == {
        "opening": "make", "climb": "wait", "lamp": "wait", "alone": "make", "film": "footage", "after": "make",
    }  # fmt: skip
    found = steps()
    assert found["opening"].reason == "new"
    assert found["climb"].reason == "waits for opening"
    assert found["climb"].waits_for == ("opening",)
    assert found["climb"].key is None
    assert found["lamp"].missing == (1, 2)
    assert found["film"].clip == PaperFiles().clip("clip.mp4").sha256


def test_at_last_everything_is_reused():
    known = made()
    assert set(actions(known=known).values()) == {"reuse", "footage"}
    assert planned(FILM, known).no_shot_to_make
    assert run(FILM, known) == []
    assert not planned(FILM).no_shot_to_make


def test_the_cut_is_a_step_of_the_plan_too():
    assert planned(FILM).cut == CutStep(Action.WAIT, "waits for opening, climb, lamp, alone, after")
    known = made()
    whole = planned(FILM, known)
    assert (whole.cut, whole.nothing_to_make) == (CutStep(Action.MAKE, "new"), False)
    known.cut_key = cut.key(whole.board, {step.shot.id: step.clip for step in whole.steps})
    whole = planned(FILM, known)
    assert (whole.cut, whole.nothing_to_make) == (CutStep(Action.REUSE, "unchanged"), True)
    other = planned(FILM + "cut: [climb, opening]\n", known)
    assert (other.no_shot_to_make, other.nothing_to_make) == (True, False)
    assert other.cut == CutStep(Action.MAKE, "shows something else than the board")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("weather: storm", "weather: fog", {"opening": "prompt changed", **BELOW}),
        ("by itself", "quite by itself", {"alone": "prompt changed"}),
        ("by itself", "by itself, duration: 7", {"alone": "duration 5 → 7"}),
        ("by itself", "by itself, duration: 7.5, audio: true", {"alone": "duration 5 → 7.5, audio changed"}),
        ("by itself", "by itself, aspect: 9:16", {"alone": "size changed"}),
        ("by itself", "by itself, frames: [face.png]", {"alone": "frames changed"}),
        ("by itself", "'by itself, @keeper'", {"alone": "prompt changed, tags changed"}),
        ("by itself", "'@video1', edits: clip.mp4", {"alone": "prompt changed, clip changed, audio changed"}),
        ("prompt: on", "resolution: 720p, prompt: on", {"after": "resolution 1080p → 720p"}),
        ("extends: film", "edits: film", {"after": "clip changed, audio changed"}),
        ("footage: clip.mp4", "footage: long.mp4", {"after": "film's clip changed"}),
        ("[{shot: climb}]", "[{shot: climb, frame: 5}]", {"lamp": "another frame of climb"}),
        ("[{shot: climb}]", "[{shot: climb, at: 5}]", {"lamp": "frames changed"}),
        ("[{shot: climb}]", "[{shot: climb}, face.png]", {"lamp": "frames changed"}),
        ("[{shot: climb}]", "[face.png]", {"lamp": "face.png changed"}),
        ("takes: 2", "takes: 3", {"lamp": "take 3 not made yet"}),
        ("alone:", "renamed:", {}),
        ("needs: [lamp]", "needs: []", {}),
    ],
)
def test_a_reason_names_what_changed(old, new, why):
    assert old in FILM
    found = reasons(FILM.replace(old, new), made())
    assert found == why


def test_a_changed_file_is_named():
    files = PaperFiles(content={"face.png": b"another face"})
    assert reasons(FILM, made(), files)["opening"] == "face.png changed"


def test_a_changed_clip_upstream_is_named():
    known = made()
    text = FILM.replace("weather: storm", "weather: fog")
    opening = steps(text, known)["opening"]
    known.make(opening)
    assert reasons(text, known) == {"climb": "opening's clip changed", "lamp": "waits for climb"}


def test_a_new_clip_of_the_same_bytes_changes_nothing_below():
    known = made()
    before = steps(FILM, known)["climb"].key
    sha256 = steps(FILM, known)["opening"].clip
    text = FILM.replace("weather: storm", "weather: fog")
    known.make(steps(text, known)["opening"])
    [*_, version] = known.versions["opening"]
    object.__setattr__(version.takes[1], "sha256", sha256)
    assert steps(text, known)["climb"].key == before
    assert actions(text, known)["climb"] == "reuse"


def test_another_backend_says_so():
    found = {step.shot.id: step.reason for step in planned(FILM, made(), maker=Maker("animatic", "2")).steps}
    assert found["alone"] == "animatic 1 is now animatic 2"


def test_a_lost_identity_still_has_a_reason():
    known = made()
    known.identities.clear()
    lost = "changed; what it was made from is no longer known"
    assert reasons(FILM.replace("by itself", "else"), known) == {"alone": lost}


def test_going_back_to_what_was_made_before_makes_nothing():
    known = made()
    fog = FILM.replace("weather: storm", "weather: fog")
    assert run(fog, known) == ["opening", "climb", "lamp"]
    assert run(FILM, known) == []
    assert run(fog, known) == []


def test_a_renamed_shot_is_found_by_its_key_and_says_what_its_slate_says():
    found = steps(FILM.replace("alone:", "single:"), made())["single"]
    assert (found.action, found.reason) == ("reuse", "unchanged; its slate says alone")


# --- takes ---------------------------------------------------------------------------------------------------------


def test_more_takes_make_only_those_that_are_missing():
    known = made()
    lamp = steps(FILM.replace("takes: 2", "takes: 4"), known)["lamp"]
    assert (lamp.action, lamp.missing, lamp.reason) == ("make", (3, 4), "take 3 not made yet, take 4 not made yet")
    assert lamp.clip == steps(FILM, known)["lamp"].clip


def test_fewer_takes_are_enough():
    assert run(FILM.replace(", takes: 2", ""), made()) == []


def test_the_pick_is_what_later_shots_use():
    text = FILM.replace("extends: film", "extends: lamp")
    known = made(text)
    before = steps(text, known)["after"].key
    known.pick("lamp", 2)
    assert steps(text, known)["after"].key != before
    assert reasons(text, known) == {"after": "lamp's clip changed"}


def test_a_picked_take_is_kept_though_fewer_are_asked_for():
    known = made()
    known.pick("lamp", 2)
    lamp = steps(FILM, known)["lamp"]
    assert lamp.clip
    known.gone.add(lamp.clip)
    again = steps(FILM.replace(", takes: 2", ""), known)["lamp"]
    assert (again.action, again.missing, again.reason) == ("make", (2,), "take 2 gone from the store")


@pytest.mark.parametrize(("loss", "why"), [("gone", "gone from the store"), ("damaged", "damaged in the store")])
def test_a_lost_clip_is_made_again_and_what_needs_it_waits(loss, why):
    known = made()
    clip = steps(FILM, known)["opening"].clip
    assert clip
    getattr(known, loss).add(clip)
    assert reasons(FILM, known) == {"opening": f"take 1 {why}", **BELOW}


def test_a_lost_take_that_is_not_picked_holds_nobody_up():
    text = FILM.replace("extends: film", "extends: lamp")
    known = made(text)
    take = known.versions["lamp"][-1].takes[2]
    known.damaged.add(take.sha256)
    assert reasons(text, known) == {"lamp": "take 2 damaged in the store"}


# --- for programs, and for every board -----------------------------------------------------------------------------


def test_the_plan_for_programs():
    plan = json.loads(json.dumps(as_json(planned(FILM))))
    opening, climb, *_ = plan["shots"]
    assert plan["order"] == ["opening", "climb", "lamp", "alone", "film", "after"]
    assert (opening["action"], opening["frames"], opening["fps"], opening["missing_takes"]) == (
        "make",
        160,
        "32",
        [1],
    )
    assert opening["request"]["inputs"]["referenceImages"][0]["images"][0]["file"] == "face.png"
    assert climb["request"]["inputs"]["referenceVideos"][0]["video"] == {"shot": "opening"}
    assert climb["waits_for"] == ["opening"]
    assert plan["total_cost"] == sum(shot["cost"] for shot in plan["shots"])


@settings(max_examples=60)
@given(boards())
def test_a_run_makes_each_shot_once_and_then_nothing(data):
    known = PaperKnown()
    text = written(data)
    generated = [name for name, shot in data["shots"].items() if "footage" not in shot]
    by_key = run(text, known)
    assert set(by_key) <= set(generated)
    assert run(text, known) == []
    assert planned(text, known).total_cost == planned(text).total_cost


@settings(max_examples=60)
@given(boards(), st.data())
def test_an_edit_makes_a_shot_and_its_true_descendants_at_most(data, draw):
    generated = [name for name, shot in data["shots"].items() if "footage" not in shot]
    if not generated:
        return
    known = PaperKnown()
    run(written(data), known)
    edited = draw.draw(st.sampled_from(generated))
    shots = {**data["shots"], edited: {**data["shots"][edited], "prompt": "Quite another prompt"}}
    again = planned(written({**data, "shots": shots}), known)
    below = {edited}
    for shot in again.board.order:
        request = next(step.request for step in again.steps if step.shot.id == shot)
        if request and below & {getattr(medium, "shot", "") for _, medium in request.media()}:
            below.add(shot)
    assert set(run(written({**data, "shots": shots}), known)) <= below
