"""The request schema: each rule of the model's page from both sides, and against a second reading of the page."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from skyflow.board.model import FileMedia, ShotClip, ShotFrame
from skyflow.errors import UsageError
from skyflow.facts import ClipFacts, ImageFacts, VoiceFacts
from skyflow.models import skyreels_v4
from skyflow.planning.conform import STAND_IN, Fault, body_faults, faults
from skyflow.planning.request import Request
from skyflow.published import schema, schema_names, schema_text

UUID = "5c0b79a4-1964-781a-ae78-8a4e29b91402"
URL = "https://media.example.com/a.png?signed=1"
DATA = "data:image/png;base64,iVBORw0KGgo="
BASE64 = "R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="

PICTURE = FileMedia("keeper.png", "a" * 64, ImageFacts(800, 1000))
VOICE = FileMedia("keeper.wav", "b" * 64, VoiceFacts(Fraction(3)))
CLIP = FileMedia("surf.mp4", "c" * 64, ClipFacts(1920, 1080, 75, Fraction(25), sound=False))


def task(**changes: Any) -> dict[str, Any]:
    """A good text-to-video task, changed; None takes a key away."""
    body = {
        "taskType": "videoInference",
        "taskUUID": STAND_IN,
        "model": "skywork:skyreels@v4",
        "positivePrompt": "Rain on the lamp room glass.",
        "width": 1920,
        "height": 1080,
    } | changes
    return {key: value for key, value in body.items() if value is not None}


def unsized(**changes: Any) -> dict[str, Any]:
    return task(width=None, height=None) | changes


def inputs(**lists: Any) -> dict[str, Any]:
    return task(inputs=lists)


def group(**changes: Any) -> dict[str, Any]:
    return {"type": "image", "tag": "@keeper", "images": [UUID]} | changes


def clip(**changes: Any) -> dict[str, Any]:
    return {"type": "extend", "tag": "@opening", "video": UUID} | changes


def pin(**changes: Any) -> dict[str, Any]:
    return {"image": UUID} | changes


GOOD = {
    "text to video": task(),
    "every plain parameter": task(
        duration=7.5,
        numberResults=4,
        settings={"audio": True, "promptExtend": False},
        outputType="URL",
        outputFormat="WEBM",
        outputQuality=20,
        deliveryMethod="async",
        includeCost=True,
        ttl=60,
        webhookURL="https://hooks.example.com/done",
        uploadEndpoint="https://bucket.example.com/put?signature=x",
        safety={"checkContent": True, "mode": "full"},
    ),
    "resolution for a size": unsized(resolution="480p"),
    "frames for a size": unsized(inputs={"frameImages": [UUID]}),
    "a clip for a size": unsized(inputs={"referenceVideos": [clip()]}),
    "frames with resolution": unsized(resolution="720p", inputs={"frameImages": [UUID]}),
    "frames, plain and placed": inputs(frameImages=[UUID, pin(frame="first"), pin(frame=-1), pin(frame=40)]),
    "pictures of every form": inputs(frameImages=[UUID, URL, DATA, BASE64]),
    "three groups": inputs(referenceImages=[group(), group(tag="@b"), group(tag="@c", images=[UUID, URL])]),
    "a voice": inputs(referenceImages=[group(audio=URL)]),
    "one grid": inputs(referenceImages=[group(type="grid")]),
    "sound for an extension": inputs(referenceVideos=[clip()]) | {"settings": {"audio": True}},
    "an edit": inputs(referenceVideos=[clip(type="reference")]) | {"settings": {"promptExtend": False}},
    "the longest prompt": task(positivePrompt="雨" * 5120),
    "the shortest clip": task(duration=3),
    "the longest clip": task(duration=15),
}

BAD = {
    "no prompt": (task(positivePrompt=None), "the request lacks positivePrompt"),
    "blank prompt": (task(positivePrompt=" \n"), "positivePrompt says nothing"),
    "prompt too long": (task(positivePrompt="a" * 5121), "positivePrompt has 5121 characters; at most 5120"),
    "a seed": (task(seed=7), "seed is not a parameter of this model"),
    "another task": (
        task(taskType="imageInference"),
        "taskType is 'imageInference'; the model takes videoInference only",
    ),
    "another model": (task(model="a:b@1"), "model is 'a:b@1'; the model takes skywork:skyreels@v4 only"),
    "task UUID of version 7": (task(taskUUID=UUID), "taskUUID is not a version 4 UUID"),
    "too short": (task(duration=2.9), "duration is 2.9; at least 3"),
    "too long": (task(duration=15.1), "duration is 15.1; at most 15"),
    "no take": (task(numberResults=0), "numberResults is 0; at least 1"),
    "five takes": (task(numberResults=5), "numberResults is 5; at most 4"),
    "half a take": (task(numberResults=1.5), "numberResults is 1.5, which is no integer"),
    "true for a number": (task(numberResults=True), "numberResults is True, which is no integer"),
    "low quality": (task(outputQuality=19), "outputQuality is 19; at least 20"),
    "quality 100": (task(outputQuality=100), "outputQuality is 100; at most 99"),
    "short ttl": (task(ttl=59), "ttl is 59; at least 60"),
    "no such format": (task(outputFormat="GIF"), "outputFormat is 'GIF'; one of MP4, WEBM, MOV"),
    "no such safety": (task(safety={"mode": "slow"}), "safety.mode is 'slow'; one of none, fast, full"),
    "base64 output": (task(outputType="base64Data"), "outputType is 'base64Data'; the model takes URL only"),
    "hook elsewhere": (task(webhookURL="ftp://x/y"), "webhookURL is not an http or https URL"),
    "width alone": (
        unsized(width=1920, resolution=None),
        "the request holds width or height alone; they go together",
    ),
    "no such size": (
        task(width=1080),
        "the request has a width and height that are none of the model's fifteen sizes",
    ),
    "size said twice": (task(resolution="1080p"), "the request holds resolution beside width and height"),
    "no size at all": (unsized(), "the request says nothing of its size"),
    "pictures are no size": (
        unsized(inputs={"referenceImages": [group()]}),
        "the request says nothing of its size",
    ),
    "no such tier": (unsized(resolution="4k"), "resolution is '4k'; one of 480p, 720p, 1080p"),
    "empty list": (inputs(frameImages=[]), "inputs.frameImages is empty; leave it out or fill it"),
    "frame before the first": (
        inputs(frameImages=[pin(frame=-2)]),
        "inputs.frameImages[0].frame is not first, last or a frame number from -1",
    ),
    "frame by a word": (
        inputs(frameImages=[UUID, pin(frame="middle")]),
        "inputs.frameImages[1].frame is not first, last or a frame number from -1",
    ),
    "pin without picture": (inputs(frameImages=[{"frame": 0}]), "inputs.frameImages[0] lacks image"),
    "pin with more": (
        inputs(frameImages=[pin(at=3)]),
        "inputs.frameImages[0].at is not a parameter of this model",
    ),
    "a path for a picture": (
        inputs(referenceImages=[group(images=["a.png"])]),
        "inputs.referenceImages[0].images[0] is no UUID, URL, data URI or base64 of a picture",
    ),
    "two grids": (
        inputs(referenceImages=[group(type="grid"), group(type="grid")]),
        "inputs.referenceImages holds more than the one group that type grid allows",
    ),
    "four groups": (
        inputs(referenceImages=[group()] * 4),
        "inputs.referenceImages holds more than the three groups that type image allows",
    ),
    "both types": (
        inputs(referenceImages=[group(), group(type="grid")]),
        "inputs.referenceImages mixes the types image and grid; all groups share one type",
    ),
    "no tag": (inputs(referenceVideos=[{"type": "extend", "video": UUID}]), "inputs.referenceVideos[0] lacks tag"),
    "tag without @": (
        inputs(referenceImages=[group(tag="keeper")]),
        "inputs.referenceImages[0].tag does not start with @ and a name",
    ),
    "data URI for a clip": (
        inputs(referenceVideos=[clip(video=DATA)]),
        "inputs.referenceVideos[0].video is no UUID and no URL",
    ),
    "base64 for a voice": (
        inputs(referenceImages=[group(audio=BASE64)]),
        "inputs.referenceImages[0].audio is no UUID and no URL",
    ),
    "pictures beside a clip": (
        inputs(referenceImages=[group()], referenceVideos=[clip()]),
        "inputs holds referenceImages beside referenceVideos; the model takes one or the other",
    ),
    "sound for an edit": (
        inputs(referenceVideos=[clip(type="reference")]) | {"settings": {"audio": False}},
        "settings holds audio beside a clip of type reference, which brings its own sound",
    ),
}


@pytest.mark.parametrize("body", GOOD.values(), ids=GOOD)
def test_what_the_page_allows_passes(body):
    assert body_faults(body) == []


@pytest.mark.parametrize(("body", "message"), BAD.values(), ids=BAD)
def test_what_the_page_rules_out_is_said_in_plain_words(body, message):
    assert any(str(fault).startswith(message) for fault in body_faults(body)), body_faults(body)


@pytest.mark.parametrize(("width", "height"), skyreels_v4.SIZES.values())
def test_every_size_of_the_model_passes_and_its_neighbour_does_not(width, height):
    assert body_faults(task(width=width, height=height)) == []
    assert body_faults(task(width=width + 1, height=height)) != []


def test_a_planned_request_is_checked_with_its_media_in_place():
    def planned(**lists: Any) -> Request:
        return Request({key: value for key, value in inputs(**lists).items() if key != "taskUUID"})

    pinned = [pin(image=PICTURE, frame="first"), pin(image=ShotFrame("climb", 191))]
    assert faults(planned(frameImages=pinned)) == []
    assert faults(planned(referenceImages=[group(images=[PICTURE], audio=VOICE)])) == []
    assert faults(planned(referenceVideos=[clip(video=CLIP)])) == []
    assert faults(planned(referenceVideos=[clip(video=ShotClip("opening"))])) == []
    assert faults(planned(referenceVideos=[clip(video=CLIP, tag="opening")])) != []


def test_every_fault_is_told_at_once_and_in_a_stable_order():
    body = task(duration=20, numberResults=9, seed=1, width=1, inputs={"frameImages": ["x", "y"]})
    found = body_faults(body)
    assert found == body_faults(dict(reversed(body.items())))
    assert [str(fault).split()[0] for fault in found] == [
        "the",
        "duration",
        "inputs.frameImages[0]",
        "inputs.frameImages[1]",
        "numberResults",
        "seed",
    ]


def test_a_huge_wrong_value_is_not_repeated_whole():
    (fault,) = body_faults(task(outputFormat="x" * 1_000_000))
    assert isinstance(fault, Fault)
    assert len(str(fault)) < 120


@pytest.mark.parametrize("name", schema_names())
def test_published_schemas_are_schemas(name):
    published = schema(name)
    Draft202012Validator.check_schema(published)
    assert published["title"]
    assert schema_text(name).endswith("}\n")


def test_every_key_of_the_request_is_described():
    def described(part: dict[str, Any]) -> bool:
        return "description" in part or "$ref" in part

    parts = [schema("skyreels-v4.request"), *schema("skyreels-v4.request")["$defs"].values()]
    parts += [key for key in parts[0]["properties"].values() if "properties" in key]
    silent = [key for part in parts for key, value in part.get("properties", {}).items() if not described(value)]
    assert silent == []


def test_an_unknown_schema_is_named_with_its_neighbours():
    with pytest.raises(UsageError) as caught:
        schema_text("skyreels-v4.reqest")
    assert "skyreels-v4.request" in caught.value.remedy


# A second reading of the model's page, in another language and by other means: the two must always agree.

UUID_SHAPE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
KEYS = {
    "taskType", "taskUUID", "model", "positivePrompt", "width", "height", "resolution", "duration", "ttl",
    "numberResults", "inputs", "settings", "outputType", "outputFormat", "outputQuality", "deliveryMethod",
    "webhookURL", "uploadEndpoint", "includeCost", "safety",
}  # fmt: skip


def allowed(body: dict[str, Any]) -> bool:
    """Whether the page allows the task; the types of plain parameters are taken for granted."""
    media = body.get("inputs", {})
    frames, groups, clips = (media.get(key) for key in ("frameImages", "referenceImages", "referenceVideos"))
    size = (body.get("width"), body.get("height"))
    sized = size != (None, None)
    return all(
        (
            set(body) <= KEYS,
            len(body["positivePrompt"].strip()) > 0 and len(body["positivePrompt"]) <= 5120,
            3 <= body.get("duration", 5) <= 15,
            1 <= body.get("numberResults", 1) <= 4,
            not sized or size in skyreels_v4.SIZES.values(),
            not (sized and "resolution" in body),
            sized or "resolution" in body or frames is not None or clips is not None,
            groups is None or clips is None,
            frames is None or (frames and all(map(good_frame, frames))),
            groups is None or good_groups(groups),
            clips is None or (clips and all(map(good_clip, clips))),
            not ("audio" in body.get("settings", {}) and any(c["type"] == "reference" for c in clips or [])),
        )
    )


def good_frame(item: Any) -> bool:
    if isinstance(item, str):
        return good_picture(item)
    place = item.get("frame", 0)
    return good_picture(item["image"]) and (place in {"first", "last"} if isinstance(place, str) else place >= -1)


def good_groups(items: list[dict[str, Any]]) -> bool:
    types = {item["type"] for item in items}
    most = {("image",): 3, ("grid",): 1}.get(tuple(types), 0)
    return 0 < len(items) <= most and all(
        item["tag"].startswith("@")
        and len(item["tag"]) > 1
        and item["images"]
        and all(map(good_picture, item["images"]))
        and good_stream(item.get("audio", UUID))
        for item in items
    )


def good_clip(item: dict[str, Any]) -> bool:
    return item["type"] in {"extend", "reference"} and item["tag"][:1] == "@" and good_stream(item["video"])


def good_stream(value: str) -> bool:
    return bool(UUID_SHAPE.fullmatch(value)) or value.split("://", maxsplit=1)[0] in {"http", "https"}


def good_picture(value: str) -> bool:
    return good_stream(value) or value in {DATA, BASE64}


pictures = st.sampled_from([UUID, URL, DATA, BASE64, UUID.upper(), "keeper.png", "", UUID[:-1], "data:text/plain,x"])
streams = st.sampled_from([UUID, URL, "http://h/x", DATA, BASE64, "surf.mp4", UUID + "0"])
tags = st.sampled_from(["@keeper", "@Actor-1", "keeper", "@é"])
pins = st.fixed_dictionaries(
    {"image": pictures}, optional={"frame": st.sampled_from(["first", "last", "mid", -2, -1, 0, 191])}
)
groups = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["image", "image", "grid"]),
        "tag": tags,
        "images": st.lists(pictures, min_size=1, max_size=2),
    },
    optional={"audio": streams},
)
clips = st.fixed_dictionaries({"type": st.sampled_from(["extend", "reference"]), "tag": tags, "video": streams})
tasks = st.fixed_dictionaries(
    {
        "taskType": st.just("videoInference"),
        "taskUUID": st.just(STAND_IN),
        "model": st.just(skyreels_v4.ID),
        "positivePrompt": st.sampled_from(["A storm.", "", "  ", "雨" * 5120, "a" * 5121]) | st.text(max_size=9),
    },
    optional={
        "width": st.sampled_from([1920, 1080, 848, 1440, 1280]),
        "height": st.sampled_from([1920, 1080, 480, 1440, 720]),
        "resolution": st.sampled_from(["480p", "720p", "1080p"]),
        "duration": st.integers(2, 16) | st.floats(2.5, 15.5),
        "numberResults": st.integers(0, 5),
        "seed": st.integers(),
        "settings": st.fixed_dictionaries({}, optional={"audio": st.booleans(), "promptExtend": st.booleans()}),
        "inputs": st.fixed_dictionaries(
            {},
            optional={
                "frameImages": st.lists(pictures | pins, max_size=3),
                "referenceImages": st.lists(groups, max_size=4),
                "referenceVideos": st.lists(clips, max_size=2),
            },
        ),
    },
)


@given(tasks)
def test_schema_and_plain_reading_agree(body):
    assert (body_faults(body) == []) == bool(allowed(body)), json.dumps(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(key=st.sampled_from(sorted(KEYS)), value=json_values)
def test_any_value_anywhere_gives_words_and_never_an_exception(key, value):
    for fault in body_faults(task() | {key: value}):
        assert fault.message
        assert "Draft" not in str(fault)


@given(
    key=st.sampled_from(["frameImages", "referenceImages", "referenceVideos"]),
    field=st.sampled_from(["type", "tag", "image", "images", "video", "audio", "frame"]),
    value=json_values,
)
def test_any_value_inside_inputs_gives_words_and_never_an_exception(key, field, value):
    whole = {"type": "image", "tag": "@a", "images": [UUID], "video": UUID, "image": UUID}
    for fault in body_faults(inputs(**{key: [whole | {field: value}, value]})):
        assert fault.message
