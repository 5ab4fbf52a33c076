"""The sandbox's own reading of the model's page: what it refuses, in which words, and what it charges."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyflow.board.model import Size
from skyflow.models import skyreels_v4
from skyflow.planning.conform import body_faults
from skyflow.sandbox.price import PER_SECOND, offer
from skyflow.sandbox.rules import troubles
from tests.filming import film
from tests.sandboxing import Here, picture, sandboxed, stored, task

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

UUID = "00000000-0000-4000-8000-00000000000"
CLIP = {"type": "extend", "video": UUID + "c", "tag": "@clip"}
EDIT = CLIP | {"type": "reference"}
IMAGE = {"type": "image", "images": [UUID + "1"], "tag": "@keeper"}
GRID = IMAGE | {"type": "grid", "tag": "@grid"}
FACTS: dict[str, Mapping[str, Any]] = {
    UUID + "1": {"kind": "image", "width": 900, "height": 1600},
    UUID + "c": {"kind": "clip", "width": 1920, "height": 1080, "frames": 320, "rate": "32", "sound": True},
    UUID + "5": {"kind": "voice", "seconds": "4"},
}


def known(text: str) -> Mapping[str, Any] | None:
    return FACTS.get(text, None if text.startswith(UUID) else {})


def codes(**more: Any) -> list[str]:
    return [trouble.code for trouble in troubles(task(**more), known)]


def sized(**inputs: Any) -> dict[str, Any]:
    """A task whose media are all that it says of its size."""
    return {"width": None, "height": None, "inputs": inputs}


GOOD: dict[str, dict[str, Any]] = {
    "a size": {},
    "a resolution": {"width": None, "height": None, "resolution": "720p"},
    "first and last": sized(frameImages=[UUID + "1", {"image": UUID + "1", "frame": "last"}]),
    "a frame by its index": {"inputs": {"frameImages": [{"image": picture(), "frame": 95}]}},
    "the last frame": {"inputs": {"frameImages": [{"image": picture().partition(",")[2], "frame": -1}]}},
    "an address": {"inputs": {"frameImages": ["https://example.org/a.png"]}},
    "three groups with a voice": {"inputs": {"referenceImages": [IMAGE, IMAGE, IMAGE | {"audio": UUID + "5"}]}},
    "a grid": {"inputs": {"referenceImages": [GRID]}},
    "an extension with sound": sized(referenceVideos=[CLIP]) | {"settings": {"audio": True}},
    "an edit": sized(referenceVideos=[EDIT]) | {"settings": {"promptExtend": False}},
    "an extension beside a resolution": sized(referenceVideos=[CLIP]) | {"resolution": "480p"},
    "everything else": {
        "numberResults": 4, "outputType": "URL", "outputFormat": "WEBM", "outputQuality": 20, "ttl": 60,
        "deliveryMethod": "async", "webhookURL": "https://example.org/h?s=1", "uploadEndpoint": "http://h:1/x",
        "safety": {"checkContent": True, "mode": "full"}, "duration": 3.5, "routing": {"a": 1},
        "positivePrompt": "é" * 5120,
    },
}  # fmt: skip

BAD: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no prompt": ({"positivePrompt": None}, ["missingPositivePrompt"]),
    "a blank prompt": ({"positivePrompt": " \n"}, ["invalidPositivePrompt"]),
    "a prompt that is no text": ({"positivePrompt": ["a"]}, ["invalidPositivePrompt"]),
    "a long prompt": ({"positivePrompt": "a" * 5121}, ["invalidPositivePromptLength"]),
    "no model": ({"model": None}, ["missingModel"]),
    "another model": ({"model": "skywork:skyreels@v3"}, ["invalidModel"]),
    "a seed": ({"seed": 1}, ["unsupportedParameter"]),
    "what other models take": ({"negativePrompt": "x", "fps": 32}, ["unsupportedParameter"] * 2),
    "no size": ({"width": None, "height": None}, ["missingDimensions"]),
    "only pictures that fix no size": (sized(referenceImages=[IMAGE]), ["missingDimensions"]),
    "a width alone": ({"height": None}, ["missingHeight"]),
    "a height alone": ({"width": None}, ["missingWidth"]),
    "a size that it does not make": ({"width": 854}, ["unsupportedDimensions"]),
    "a size turned round wrongly": ({"width": 560, "height": 640}, ["unsupportedDimensions"]),
    "a width in words": ({"width": "848"}, ["invalidWidth"]),
    "a width in fractions": ({"width": 848.5}, ["invalidWidth"]),
    "a size twice": ({"resolution": "480p"}, ["incompatibleParameters"]),
    "no such resolution": ({"width": None, "height": None, "resolution": "4k"}, ["invalidResolution"]),
    "too short": ({"duration": 2.9}, ["unsupportedDuration"]),
    "too long": ({"duration": 15.1}, ["unsupportedDuration"]),
    "true seconds": ({"duration": True}, ["unsupportedDuration"]),
    "five takes": ({"numberResults": 5}, ["invalidNumberResults"]),
    "half a take": ({"numberResults": 1.5}, ["invalidNumberResults"]),
    "low quality": ({"outputQuality": 19}, ["invalidOutputQuality"]),
    "a short life": ({"ttl": 59}, ["invalidTtl"]),
    "base64 out": ({"outputType": "base64Data"}, ["invalidOutputType"]),
    "at once": ({"deliveryMethod": "sync"}, ["invalidDeliveryMethod"]),
    "another format": ({"outputFormat": "mp4"}, ["invalidOutputFormat"]),
    "a hook that is no address": ({"webhookURL": "ftp://x"}, ["invalidWebhookURL"]),
    "an endpoint without a host": ({"uploadEndpoint": "http://"}, ["invalidUploadEndpoint"]),
    "cost in words": ({"includeCost": "yes"}, ["invalidIncludeCost"]),
    "a setting that is none": ({"settings": {"fps": 1}}, ["unsupportedParameter"]),
    "settings that are a list": ({"settings": []}, ["invalidSettings"]),
    "sound as a number": ({"settings": {"audio": 1}}, ["invalidAudio"]),
    "a mode that is none": ({"safety": {"mode": "slow"}}, ["invalidMode"]),
    "an input that is none": ({"inputs": {"masks": []}}, ["unsupportedParameter"]),
    "no frames": ({"inputs": {"frameImages": []}}, ["invalidFrameImages"]),
    "a frame beyond the end": ({"inputs": {"frameImages": [{"image": UUID + "1", "frame": 96}]}}, ["invalidFrame"]),
    "a frame before the first": ({"inputs": {"frameImages": [{"image": UUID + "1", "frame": -2}]}}, ["invalidFrame"]),
    "a frame called middle": ({"inputs": {"frameImages": [{"image": UUID + "1", "frame": "mid"}]}}, ["invalidFrame"]),
    "a frame of lists": ({"inputs": {"frameImages": [{"image": UUID + "1", "frame": []}]}}, ["invalidFrame"]),
    "a frame without a picture": ({"inputs": {"frameImages": [{"frame": 1}]}}, ["invalidImage"]),
    "an unknown picture": ({"inputs": {"frameImages": [UUID + "9"]}}, ["invalidFrameImages"]),
    "a clip for a picture": ({"inputs": {"frameImages": [UUID + "c"]}}, ["invalidFrameImages"]),
    "a word for a picture": ({"inputs": {"frameImages": ["lamp.png"]}}, ["invalidFrameImages"]),
    "no tag": ({"inputs": {"referenceImages": [{**IMAGE, "tag": "keeper"}]}}, ["invalidTag"]),
    "an empty tag": ({"inputs": {"referenceImages": [{**IMAGE, "tag": "@"}]}}, ["invalidTag"]),
    "four groups": ({"inputs": {"referenceImages": [IMAGE] * 4}}, ["maxReferenceImages"]),
    "two grids": ({"inputs": {"referenceImages": [GRID, GRID]}}, ["maxReferenceImages"]),
    "a mixture": ({"inputs": {"referenceImages": [GRID, IMAGE]}}, ["incompatibleParameters", "maxReferenceImages"]),
    "a group of no type": ({"inputs": {"referenceImages": [{**IMAGE, "type": "style"}]}}, ["invalidType"]),
    "a group without pictures": ({"inputs": {"referenceImages": [{**IMAGE, "images": []}]}}, ["invalidImages"]),
    "a voice inline": ({"inputs": {"referenceImages": [{**IMAGE, "audio": picture()}]}}, ["invalidAudio"]),
    "pictures beside a clip": (
        {"inputs": {"referenceImages": [IMAGE], "referenceVideos": [CLIP]}}, ["incompatibleParameters"]
    ),
    "sound beside an edit": (
        sized(referenceVideos=[EDIT]) | {"settings": {"audio": False}}, ["incompatibleParameters"]
    ),
    "a clip inline": (sized(referenceVideos=[CLIP | {"video": "data:video/mp4;base64,AAAA"}]), ["invalidVideo"]),
    "a clip that is a text": (sized(referenceVideos=["clip"]), ["invalidReferenceVideos"]),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_what_the_page_allows_is_taken(name):
    assert codes(**GOOD[name]) == []


@pytest.mark.parametrize("name", BAD)
def test_what_the_page_rules_out_is_refused_by_a_code_and_a_parameter(name):
    more, expected = BAD[name]
    found = troubles(task(**more), known)
    assert [trouble.code for trouble in found] == expected
    for trouble in found:
        row = trouble.row(task(**more))
        assert row["parameter"]
        assert row["message"].endswith(".")
        assert row["documentation"].startswith("https://")


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"kind": "clip", "width": 1920, "height": 972, "frames": 480, "rate": "32", "sound": False}, []),
        ({"kind": "clip", "width": 1920, "height": 971, "frames": 96, "rate": "32"}, ["invalidVideo"]),
        ({"kind": "clip", "width": 1920, "height": 1080, "frames": 481, "rate": "32"}, ["invalidVideo"]),
        ({"kind": "voice", "seconds": "3"}, ["invalidVideo"]),
        ({}, []),
    ],
)  # fmt: skip
def test_reference_clips_are_held_to_the_pages_seconds_and_pixels(facts, code):
    body = task(**sized(referenceVideos=[CLIP]))
    assert [trouble.code for trouble in troubles(body, lambda _: facts)] == code
    lax = [trouble.code for trouble in troubles(body, lambda _: facts, limits=False)]
    assert lax == (code if facts.get("kind") == "voice" else [])


def test_what_only_the_models_maker_forbids_is_refused_where_that_is_asked_for():
    mixed = task(inputs={"frameImages": [UUID + "1"], "referenceImages": [IMAGE]}, positivePrompt="no mention")
    assert troubles(mixed, known) == []
    assert [one.code for one in troubles(mixed, known, upstream=True)] == ["incompatibleParameters", "invalidTag"]


FRACTIONS = st.floats(allow_nan=False, allow_infinity=False).filter(lambda value: not value.is_integer())
"""5.0 is an integer to a schema and none to the sandbox; nobody knows which it is to the provider."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FRACTIONS | st.text(max_size=5) | st.sampled_from(
        ["@a", "first", "image", "reference", UUID + "1", UUID + "c", "http://x/y", picture()]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["type", "tag", "images", "image", "frame", "video", "audio", "mode", "x"]), inner, max_size=4
    ),
    max_leaves=6,
)  # fmt: skip
BODY = st.dictionaries(
    st.sampled_from(
        ["width", "height", "resolution", "duration", "numberResults", "settings", "safety", "ttl", "outputQuality",
         "includeCost", "webhookURL", "outputFormat", "positivePrompt", "model", "routing"]
    ),
    JSON,
) | st.fixed_dictionaries(
    {"inputs": JSON | st.dictionaries(
        st.sampled_from(["frameImages", "referenceImages", "referenceVideos"]), JSON, max_size=3
    )}
)  # fmt: skip


@given(BODY)
@settings(max_examples=150)
def test_whatever_a_task_holds_it_is_judged_as_the_published_schema_judges_it(more):
    """Two readings of one page, by different hands: a task is good for both or for neither."""
    body = {**task(), **more}
    found = troubles(body, lambda text: FACTS.get(text, {}))
    kinds = ("There is no such", "It is not", "seconds long", "total pixels", "index of a frame")
    beyond_a_schema = [one for one in found if any(words in one.message for words in kinds)]
    by_schema = [fault for fault in body_faults(body) if fault.path[:1] != ("routing",)]
    if "routing" in more and not isinstance(more["routing"], dict):
        return
    if len(found) == len(beyond_a_schema):
        assert by_schema == [] or _stricter(by_schema), (body, by_schema)
    else:
        assert by_schema != [], (body, found)


def _stricter(faults: list[Any]) -> bool:
    """What only the schema refuses: several pictures in a grid, which is upstream's rule."""
    return all("holds several pictures" in fault.message or "is not first, last" in fault.message for fault in faults)


@given(st.sampled_from(list(skyreels_v4.SIZES.items())), st.integers(3, 15), st.booleans())
def test_the_price_is_the_rate_by_the_seconds(size, seconds, clip):
    (tier, _), (width, height) = size
    body = task(width=width, height=height, duration=seconds, inputs={"referenceVideos": [CLIP]} if clip else None)
    made = offer(body, known)
    assert made.cost == PER_SECOND["clip" if clip else "words", tier] * seconds
    assert (made.width, made.height, made.frames) == (width, height, seconds * 32)


@pytest.mark.parametrize(
    ("more", "measures", "cost"),
    [
        ({"duration": None}, (848, 480, 160, False), "0.55"),
        (sized(frameImages=[UUID + "1"]), (1080, 1920, 96, False), "1.05"),
        (sized(frameImages=[UUID + "1"]) | {"resolution": "480p"}, (480, 848, 96, False), "0.33"),
        (sized(referenceVideos=[CLIP]) | {"resolution": "720p"}, (1280, 720, 96, False), "0.75"),
        (sized(referenceVideos=[EDIT]) | {"resolution": "480p"}, (848, 480, 320, True), "1.80"),
        ({"settings": {"audio": True}}, (848, 480, 96, True), "0.33"),
        ({"duration": 3.5}, (848, 480, 112, False), "0.385"),
    ],
)
def test_what_comes_out_follows_from_the_task_and_its_media(more, measures, cost):
    made = offer(task(**more), known)
    assert (made.width, made.height, made.frames, made.sound) == measures
    assert str(made.cost) == cost


def encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def test_real_media_are_looked_at_when_they_are_uploaded(tmp_path):
    small = film(tmp_path / "small.mp4", range(96), size=Size(160, 96))

    async def client(here: Here):
        (clip,) = await here.rows(stored(encoded(small)))
        (found,) = (await here.page("uploads"))["uploads"]
        assert (found["facts"]["kind"], found["facts"]["frames"]) == ("clip", 96)
        extend = CLIP | {"video": clip["mediaUUID"]}
        assert await here.codes(task(**sized(referenceVideos=[extend]))) == ["invalidVideo"]
        assert await here.codes(task(inputs={"frameImages": [clip["mediaUUID"]]})) == ["invalidFrameImages"]
        for nothing in ("", "AAAA", "data:image/png;base64,AAAA", "no base64!", 3, None, encoded(small)[:400]):
            assert len(await here.codes(stored(nothing))) == 1  # type: ignore[arg-type]
        assert len((await here.page("uploads"))["uploads"]) == 1

    sandboxed(client, tmp_path / "state")
