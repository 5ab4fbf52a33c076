"""What a shot's key holds: everything that can change the pixels, and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyflow.facts import ImageFacts
from skyflow.planning.plan import Maker
from tests.boarding import boards, written
from tests.paper import PaperFiles, keys

FILM = """
skyflow: 1
vars: {weather: storm}
defaults: {duration: 4, resolution: 1080p}
tags:
  keeper: {images: [face.png], voice: voice.wav, describe: an old man}
  lantern: {images: [{shot: lamp, frame: 3}]}
shots:
  opening: {prompt: "@keeper in a {{ weather }}"}
  climb: {extends: opening, prompt: "on from @opening, mail ops@sea.example, @keeper climbs"}
  lamp: {frames: [{shot: climb}, {image: wide.png, at: last}], prompt: it is lit, takes: 2}
  dusk: {edits: lamp, prompt: in the evening}
  rest: {prompt: by the light of @lantern, needs: [dusk]}
  film: {footage: clip.mp4}
  after: {extends: film, prompt: and on}
cut: [opening, climb, dusk, film]
"""
BEFORE = keys(FILM)
ALL = set(BEFORE)
BELOW_CLIMB = {"lamp", "dusk", "rest"}


def changed(old: str, new: str, files: PaperFiles | None = None) -> set[str]:
    """The shots whose keys are others once the text is another."""
    assert old in FILM
    now = keys(FILM.replace(old, new), files)
    assert now.keys() == ALL
    return {shot for shot in ALL if now[shot] != BEFORE[shot]}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("skyflow: 1\n", "# a comment\nskyflow: 1\ntitle: Another\nx-mine: 5\n"),
        ("takes: 2", "takes: 3"),
        (", takes: 2", ""),
        ("needs: [dusk]", "needs: [after, opening]"),
        (", needs: [dusk]", ""),
        ("cut: [opening, climb, dusk, film]", "cut: [film]"),
        ("after: {extends: film, ", "after: {cut: false, x-why: not, extends: film, "),
        ("{edits: lamp, prompt: in the evening}", "{prompt: in the evening, edits: lamp}"),
        (
            "{duration: 4, resolution: 1080p}",
            "{resolution: 1080p, duration: 4.0, audio: false, aspect: 16:9, takes: 3}",
        ),
        ("prompt: in the evening", "prompt: 'in the {{ \"evening\" }}'"),
        ("prompt: in the evening", "prompt: '  in the evening  '"),
        ("prompt: in the evening", "prompt: '@lamp in the evening'"),
        ("{{ weather }}", "storm"),
        ("opening: {prompt", "opening: {size: 1920x1080, duration: 4, audio: false, prompt"),
        ("prompt: and on", "safety: full, ttl: 60, prompt: and on"),
        ("prompt: and on", "prompt_extend: true, format: mp4, quality: 95, prompt: and on"),
        ("{shot: climb}", "{shot: climb, frame: last}"),
        ("{shot: climb}", "{shot: climb, frame: -1}"),
        ("{shot: climb}", "{shot: climb, frame: 127}"),
    ],
)
def test_what_does_not_change_the_pixels_changes_no_key(old, new):
    assert changed(old, new) == set()


@pytest.mark.parametrize(
    ("old", "new", "shots"),
    [
        ("weather: storm", "weather: fog", {"opening", "climb", *BELOW_CLIMB}),
        ("prompt: in the evening", "prompt: in the morning", {"dusk"}),
        ("by the light", "by a light", {"rest"}),
        ("describe: an old man", "describe: an old woman", {"climb", *BELOW_CLIMB}),
        ("film: {footage: clip.mp4}", "film: {footage: long.mp4}", {"after"}),
        ("frame: 3", "frame: 4", {"rest"}),
        ("at: last", "at: 64", BELOW_CLIMB),
        ("wide.png", "tall.png", BELOW_CLIMB),
        (", voice: voice.wav", "", {"opening", "climb", *BELOW_CLIMB}),
        ("edits: lamp", "extends: lamp", {"dusk"}),
        ("prompt: and on", "duration: 5, prompt: and on", {"after"}),
        ("prompt: and on", "audio: true, prompt: and on", {"after"}),
        ("prompt: and on", "resolution: 720p, prompt: and on", {"after"}),
        ("prompt: and on", "prompt_extend: false, prompt: and on", {"after"}),
        ("prompt: and on", "format: webm, prompt: and on", {"after"}),
        ("prompt: and on", "quality: 94, prompt: and on", {"after"}),
        ("rest: {prompt", "rest: {aspect: 9:16, prompt", {"rest"}),
    ],
)
def test_what_changes_the_pixels_changes_the_keys_of_it_and_what_comes_of_it(old, new, shots):
    assert changed(old, new) == shots


@pytest.mark.parametrize("name", ["opening", "climb", "lamp", "dusk", "film", "after"])
def test_renaming_a_shot_changes_no_key(name):
    now = keys(re.sub(rf"\b{name}\b", "start_2", FILM))
    assert {shot.replace("start_2", name): key for shot, key in now.items()} == BEFORE


def test_a_word_that_is_no_mention_is_not_renamed():
    text = "skyflow: 1\nshots:\n  a: {prompt: x}\n  b: {extends: a, prompt: 'write to ops@a'}\n"
    assert keys(text)["b"] != keys(text.replace("ops@a", "ops@b"))["b"]


def test_renaming_a_file_changes_no_key():
    files = PaperFiles()
    for name in ("face.png", "wide.png", "clip.mp4", "voice.wav"):
        files.rename(name, f"assets/{name}")
    text = re.sub(r"(face\.png|wide\.png|clip\.mp4|voice\.wav)", r"assets/\1", FILM)
    assert keys(text, files) == BEFORE


@pytest.mark.parametrize(
    ("file", "shots"),
    [
        ("face.png", {"opening", "climb", *BELOW_CLIMB}),
        ("voice.wav", {"opening", "climb", *BELOW_CLIMB}),
        ("wide.png", BELOW_CLIMB),
        ("clip.mp4", {"after"}),
        ("tall.png", set()),
    ],
)
def test_another_content_of_a_file_is_another_key(file, shots):
    now = keys(FILM, PaperFiles(content={file: b"other"}))
    assert {shot for shot in ALL if now[shot] != BEFORE[shot]} == shots


def test_facts_of_a_file_beyond_its_content_do_not_count():
    files = PaperFiles()
    files.media["face.png"] = ImageFacts(64, 64)
    assert keys(FILM, files) == BEFORE


@pytest.mark.parametrize("maker", [Maker("runware", "1"), Maker("animatic", "2")])
def test_another_backend_or_version_is_another_key(maker):
    now = keys(FILM, maker=maker)
    assert all(now[shot] != BEFORE[shot] for shot in ALL)


def test_a_prompt_cannot_pass_for_a_mention():
    """The clip's number stands in a key beside the prompt's words, never within them."""
    text = "skyflow: 1\nshots:\n  a: {prompt: x}\n  b: {extends: a, prompt: 'PROMPT'}\n"
    prompts = ["@a @a", "@a @@a ", "@a 0", "@a {0}", "@a @@{0}", "@a [0]", "@a", "@a @a @a"]
    found = [keys(text.replace("PROMPT", prompt))["b"] for prompt in prompts]
    assert found[0] == found[1]  # these two are sent as the same words
    assert len(set(found)) == len(prompts) - 1


def test_a_tag_named_like_nothing_else_keeps_its_name():
    """What a tag is called is in the prompt that is sent, so it counts."""
    assert keys(FILM.replace("keeper", "warden"))["opening"] != BEFORE["opening"]


@settings(max_examples=40)
@given(boards(), st.integers())
def test_keys_do_not_depend_on_how_a_board_is_written(data, shuffle):
    before = keys(written(data))
    assert keys(written(data, shuffle)) == before
    data = {**data, "cut": list(data["shots"])[:1], "title": "Another"}
    data["shots"] = {
        name: {**shot, **({} if "footage" in shot else {"takes": 2})} for name, shot in data["shots"].items()
    }
    assert keys(written(data)) == before


@settings(max_examples=40)
@given(boards())
def test_defaults_written_out_give_the_same_keys(data):
    before = keys(written(data))
    shots = {}
    for name, shot in data["shots"].items():
        own = dict(shot)
        if "footage" not in shot:
            own.setdefault("duration", data["defaults"].get("duration", 5))
        shots[name] = own
    assert keys(written({**data, "shots": shots})) == before
