"""Every bound of the model's page, from both sides: boards around each, judged by a second reading of the page.

The reading below (``refused``) knows nothing of skyflow's rules. It takes a shot as a handful of plain facts and says
which rules of the page the shot breaks, by words of its own; ``CODES`` says which problem stands for each.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyflow.facts import ClipFacts, ImageFacts, VoiceFacts
from skyflow.planning.conform import faults
from skyflow.planning.request import request
from tests.paper import PaperFiles, reading

# --- the page, read once more ---------------------------------------------------------------------------------------

PAGE_SIZES = [
    *("848x480", "480x848", "736x560", "560x736", "640x640"),
    *("1280x720", "720x1280", "1088x832", "832x1088", "960x960"),
    *("1920x1080", "1080x1920", "1664x1248", "1248x1664", "1440x1440"),
]
FRAMES_A_SECOND = 32


@dataclass(frozen=True)
class Clip:
    """A clip to extend, edit or move like."""

    mode: str
    seconds: Fraction = Fraction(5)
    width: int = 1920
    height: int = 1080


@dataclass(frozen=True)
class Asked:
    """What a board asks of the model for one shot. None: the board does not say."""

    prompt: str = "A lighthouse."
    duration: float | None = None
    takes: float | None = None
    quality: float | None = None
    ttl: float | None = None
    resolution: str | None = None
    size: str | None = None
    audio: bool | None = None
    format: str | None = None
    safety: str | None = None
    groups: int = 0
    grids: int = 0
    voice: Fraction | None = None
    clips: tuple[Clip, ...] = ()
    places: tuple[str | int | None, ...] = ()
    more: dict[str, Any] = field(default_factory=dict, hash=False)


def refused(asked: Asked) -> set[str]:  # noqa: C901, PLR0912 - the page is a list of rules, and so is this
    """The rules of the page that a shot breaks."""
    broken = set()
    ranges = {"duration": (3, 15), "takes": (1, 4), "quality": (20, 99), "ttl": (60, float("inf"))}
    for name, (least, most) in ranges.items():
        value = getattr(asked, name)
        if value is not None and not least <= value <= most:
            broken.add("range")
        if value is not None and name != "duration" and value != int(value):
            broken.add("whole number")
    if len(asked.prompt) > 5120:
        broken.add("prompt too long")
    if not asked.prompt.strip():
        broken.add("no prompt")
    if asked.size and asked.size not in PAGE_SIZES:
        broken.add("no such size")
    if asked.size and asked.resolution:
        broken.add("size and resolution")
    for value, allowed in (
        (asked.resolution, "480p 720p 1080p"),
        (asked.format, "mp4 webm mov"),
        (asked.safety, "none fast full"),
    ):
        if value is not None and value not in allowed.split():
            broken.add("no such value")
    if asked.groups and asked.grids:
        broken.add("mixed types")
    if asked.groups > 3:
        broken.add("groups")
    if asked.grids > 1:
        broken.add("grids")
    if asked.clips and (asked.groups or asked.grids):
        broken.add("pictures beside clips")
    if asked.audio and any(clip.mode == "reference" for clip in asked.clips):
        broken.add("audio beside reference")
    if asked.voice is not None and asked.voice > 15:
        broken.add("voice too long")
    for clip in asked.clips:
        if clip.seconds > 15:
            broken.add("clip too long")
        if clip.width * clip.height < 1_866_240:
            broken.add("clip too small")
    broken |= misplaced(asked)
    return broken


def misplaced(asked: Asked) -> set[str]:
    """What is wrong with the places of pictures: 1 is first, 2 first and last, more are spread evenly."""
    seconds = max(
        [Fraction(str(asked.duration or 5)), *(clip.seconds for clip in asked.clips if clip.mode == "reference")]
    )
    last = round(seconds * FRAMES_A_SECOND) - 1
    stand, broken = [], set()
    for number, place in enumerate(asked.places):
        spread = 0 if len(asked.places) == 1 else number * last // (len(asked.places) - 1)
        at = {"first": 0, "last": last, -1: last, None: spread}.get(place, place)
        if not isinstance(at, int):
            broken.add("no such value")
        elif at < 0:
            broken.add("range")
        elif at > last:
            broken.add("beyond the end")
        else:
            stand.append(at)
    return broken | ({"two at one place"} if len(set(stand)) < len(stand) else set())


CODES = {
    "range": "SF0205",
    "whole number": "SF0203",
    "prompt too long": "SF0610",
    "no prompt": "SF0402",
    "no such size": "SF0204",
    "no such value": "SF0204",
    "size and resolution": "SF0602",
    "mixed types": "SF0611",
    "groups": "SF0612",
    "grids": "SF0613",
    "pictures beside clips": "SF0306",
    "audio beside reference": "SF0603",
    "voice too long": "SF0616",
    "clip too long": "SF0615",
    "clip too small": "SF0614",
    "beyond the end": "SF0606",
    "two at one place": "SF0607",
}


# --- the same as a board --------------------------------------------------------------------------------------------


def verdict(asked: Asked) -> tuple[set[str], bool]:
    """The codes of errors that a board of this shot has, and whether the request of a good one is one."""
    files = PaperFiles()
    shot: dict[str, Any] = dict(asked.more)
    for key in ("duration", "takes", "quality", "ttl", "resolution", "size", "audio", "format", "safety"):
        if (value := getattr(asked, key)) is not None:
            shot[key] = value
    tags: dict[str, Any] = {}
    for number in range(asked.groups):
        tags[f"group{number}"] = {"images": ["face.png"]}
    for number in range(asked.grids):
        tags[f"grid{number}"] = {"grid": "face.png"}
    if asked.voice is not None and tags:
        files.media["said.wav"] = VoiceFacts(asked.voice)
        next(iter(tags.values()))["voice"] = "said.wav"
    board: dict[str, Any] = {"skyflow": 1, "tags": tags, "shots": {}}
    for number, clip in enumerate(asked.clips):
        name = f"clip{number}"
        rate = clip.seconds.denominator if clip.seconds.denominator > 1 else 25
        files.media[f"{name}.mp4"] = ClipFacts(
            clip.width, clip.height, int(clip.seconds * rate), Fraction(rate), sound=True
        )
        if clip.mode == "extend":
            board["shots"][name] = {"footage": f"{name}.mp4"}
            shot["extends"] = name
        else:
            tags[name] = {"video": f"{name}.mp4"}
    if asked.places:
        files.media |= {f"pin{number}.png": ImageFacts(64, 64) for number in range(len(asked.places))}
        shot["frames"] = [
            {"image": f"pin{number}.png"} | ({} if place is None else {"at": place})
            for number, place in enumerate(asked.places)
        ]
    mentioned = [f"@{name}" for name in tags]
    shot["prompt"] = " ".join([*mentioned, asked.prompt]) if mentioned else asked.prompt
    board["shots"]["shot"] = shot
    found = reading(json.dumps(board, ensure_ascii=False), files)
    errors = {problem.code for problem in found.problems if problem.severity == "error"}
    if found.board is None:
        return errors, False
    return errors, faults(request(found.board.shots["shot"], found.board.model)) == []


REFERENCE, EXTEND = Clip("reference"), Clip("extend")
LENGTHS = [Fraction(text) for text in ("15", "15.01", "15.001", "14.99", "1")]
"""Seconds; the page takes 15 at most."""

PIXELS = [
    *((1920, 972), (1919, 972), (1920, 971), (1366, 1366), (1367, 1367), (1280, 720), (2048, 912)),
    *((1600, 1167), (1600, 1166), (1866239, 1), (1866240, 1)),
]
"""Width and height; the page takes 1,866,240 in all at least."""

AROUND: dict[str, list[Any]] = {
    "duration": [3, 15, 2.99, 15.01, 3.0, 3.5, 14.999, 2.999, 15.001, 0, -5, 1e9, 7.03125],
    "takes": [0, 1, 4, 5, -1, 1.5, 4.0],
    "quality": [19, 20, 99, 100, 20.5, 0],
    "ttl": [59, 60, 61, 0, 10**9, 60.5],
    "resolution": ["480p", "720p", "1080p", "1080", "4k", "1080P", "360p"],
    "size": [*PAGE_SIZES, "480x640", "832x1089", "1920x1088", "1x1", "1248x1665", "736x561", "1080x1080"],
    "format": ["mp4", "webm", "mov", "MP4", "avi", "gif"],
    "safety": ["none", "fast", "full", "strict", ""],
    "audio": [True, False],
    "prompt": [
        *("x" * 5119, "x" * 5120, "x" * 5121, "看" * 5120, "看" * 5121, "🎬" * 5120, "🎬" * 5121),
        *("", " \n ", "a" + " " * 6000),
    ],
    "groups": [1, 2, 3, 4, 5],
    "grids": [1, 2, 3],
    "clips": [
        *((replace(clip, seconds=seconds),) for clip in (REFERENCE, EXTEND) for seconds in LENGTHS),
        *((replace(clip, width=width, height=height),) for clip in (REFERENCE, EXTEND) for width, height in PIXELS),
        (REFERENCE, REFERENCE),
        (EXTEND, REFERENCE),
    ],
    "places": [
        *((place,) for place in (None, "first", "last", 0, -1, 1, 159, 160, -2, "middle", 479, 480)),
        *(
            (None, None),
            (None, None, None),
            (None,) * 9,
            ("first", "last"),
            ("first", 0),
            ("last", -1),
            ("last", 159),
        ),
        *((None, "first"), ("last", None), (None, 159), (None, None, "first"), (0, 1, 2), (5, 5), (-1, "first", 80)),
        *((None, 79, None), (None, None, 79), (158, None)),
    ],
}

BESIDE: dict[str, Asked] = {
    "nothing": Asked(),
    "a group": Asked(groups=1),
    "three groups": Asked(groups=3),
    "a grid": Asked(grids=1),
    "a clip to move like": Asked(clips=(REFERENCE,)),
    "a clip to extend": Asked(clips=(EXTEND,)),
    "pictures at frames": Asked(places=(None, None)),
    "sound": Asked(audio=True),
    "no sound": Asked(audio=False),
    "a size": Asked(size="1280x720"),
    "a resolution": Asked(resolution="480p"),
    "the shortest": Asked(duration=3),
    "the longest": Asked(duration=15),
}
ALONE = {"takes", "quality", "ttl", "size", "format", "safety", "prompt"}
"""What no rule of the page joins to anything else: tried with few neighbours."""


def sensible(asked: Asked) -> bool:
    """Whether the board can say it at all, and skyflow takes the page's word: a size beside media is its own rule."""
    if asked.voice is not None and not (asked.groups or asked.grids):
        return False
    modes = [clip.mode for clip in asked.clips]
    return not (asked.size and (asked.clips or asked.places)) and modes.count("extend") < 2


CASES = {
    f"{name} {number} {value!r:.20} beside {beside}": replace(base, **{name: value})
    for name, values in AROUND.items()
    for number, value in enumerate(values)
    for beside, base in (list(BESIDE.items())[:2] if name in ALONE else BESIDE.items())
    if (getattr(base, name) in {None, 0, (), "A lighthouse."}) and sensible(replace(base, **{name: value}))
}
VOICES = {
    f"a voice of {float(seconds)} s with {beside}": replace(base, voice=seconds)
    for seconds in LENGTHS
    for beside, base in {"a group": Asked(groups=1), "a grid": Asked(grids=1)}.items()
}
ALL = list({**CASES, **VOICES}.items())


def marks(name: str) -> list[pytest.MarkDecorator]:
    """Every bound by itself is looked at every day, those beside something else with the slow tests."""
    return [] if name.endswith("nothing") else [pytest.mark.slow]


def judged(asked: Asked) -> None:
    broken = refused(mentioning(asked))
    errors, sound = verdict(asked)
    assert errors == {CODES[rule] for rule in broken} or later(broken, errors)
    assert sound == (not broken)


def mentioning(asked: Asked) -> Asked:
    """With the mentions that stand before the prompt, which count."""
    names = [f"@group{number}" for number in range(asked.groups)] + [
        f"@grid{number}" for number in range(asked.grids)
    ]
    names += [f"@clip{number}" for number, clip in enumerate(asked.clips) if clip.mode == "reference"]
    added = [f"@clip{number}" for number, clip in enumerate(asked.clips) if clip.mode == "extend"]
    said = " ".join([*names, asked.prompt]) if names else asked.prompt
    said = said.strip() and " ".join([*added, said.strip()])
    return replace(asked, prompt=said)


def later(broken: set[str], errors: set[str]) -> bool:
    """Whether only rules that need a sound shot first were left for later: never all of them."""
    expected = {CODES[rule] for rule in broken}
    return bool(errors) and errors < expected


@pytest.mark.parametrize("asked", [pytest.param(asked, id=name, marks=marks(name)) for name, asked in ALL])
def test_a_bound_is_where_the_page_says(asked):
    judged(asked)


def test_there_are_cases_on_both_sides_of_every_rule():
    rules = [refused(mentioning(asked)) for _, asked in ALL]
    assert sorted(set().union(*rules)) == sorted(CODES)
    alone = {rule for broken in rules if len(broken) == 1 for rule in broken}
    assert alone == set(CODES)
    assert len([broken for broken in rules if not broken]) > 200


@st.composite
def shots(draw: st.DrawFn) -> Asked:
    """Any of the values around a bound, together."""
    names = draw(st.lists(st.sampled_from(sorted(AROUND)), max_size=5, unique=True))
    asked = replace(Asked(), **{name: draw(st.sampled_from(AROUND[name])) for name in names})
    if asked.groups or asked.grids:
        asked = replace(asked, voice=draw(st.none() | st.sampled_from(LENGTHS)))
    return asked if sensible(asked) else Asked()


@pytest.mark.slow
@settings(max_examples=200)
@given(shots())
def test_bounds_hold_together_as_they_hold_alone(asked):
    judged(asked)


# --- chains, where what one shot asks bounds the next ---------------------------------------------------------------


@pytest.mark.parametrize("seconds", [3, 14.99, 15])
@pytest.mark.parametrize(("first", "second"), itertools.product(PAGE_SIZES, ("extends", "edits")))
def test_a_clip_goes_on_as_long_and_large_as_the_shot_before_makes_it(first, second, seconds):
    """Each clip of a chain is measured by itself: extending adds nothing to the length of the next source."""
    width, height = map(int, first.split("x"))
    board = {
        "skyflow": 1,
        "defaults": {"duration": seconds},
        "shots": {
            "a": {"prompt": "one", "size": first},
            "b": {"prompt": "two", second: "a", "resolution": "1080p"},
            "c": {"prompt": "three", second: "b"},
            "d": {"prompt": "four", second: "c"},
        },
    }
    errors = [
        problem for problem in reading(json.dumps(board, ensure_ascii=False)).problems if problem.severity == "error"
    ]
    large = width * height >= 1_866_240
    assert [(problem.code, problem.path) for problem in errors] == (
        [] if large else [("SF0614", f"shots.b.{second}")]
    )


@pytest.mark.parametrize("duration", [3, 4.5, 5, 15])
@pytest.mark.parametrize("beyond", [-2, -1, 0, 1])
def test_a_frame_of_an_earlier_shot_is_one_that_it_has(duration, beyond):
    frames = int(duration * FRAMES_A_SECOND)
    for frame, good in ((frames + beyond, beyond < 0), (-frames + beyond, beyond >= 0)):
        board = {
            "skyflow": 1,
            "shots": {
                "a": {"prompt": "one", "duration": duration},
                "b": {"prompt": "two", "frames": [{"shot": "a", "frame": frame}]},
            },
        }
        errors = {
            problem.code
            for problem in reading(json.dumps(board, ensure_ascii=False)).problems
            if problem.severity == "error"
        }
        assert errors == (set() if good else {"SF0605"})


@pytest.mark.parametrize("parameter", ["seed", "negativePrompt", "fps", "outputType", "deliveryMethod", "width"])
def test_what_the_page_does_not_let_a_request_say_is_refused_in_every_way_of_saying_it(parameter):
    shot = {"prompt": "one", "request": {parameter: 7}}
    found = reading(json.dumps({"skyflow": 1, "shots": {"a": shot}}))
    assert "SF0210" in {problem.code for problem in found.problems}
    assert found.board is None
