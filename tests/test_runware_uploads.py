"""Local media go up once for each content; clips of earlier takes are passed on by name for as long as that works."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest

from skyflow import digest
from skyflow.backends.base import Input
from skyflow.errors import AccountRefused, MakeError
from tests.paying import folder_in_memory, order, request, shopping
from tests.sandboxing import picture

if TYPE_CHECKING:
    from pathlib import Path

    from skyflow.backends.base import Assignment
    from tests.paying import Sent, Shop

PNG = base64.b64decode(picture(1280, 720).partition(",")[2])

__all__ = ("folder_in_memory",)


class Seen(Exception):
    """The request has been looked at."""


def pictured(tmp_path: Path, shot: str = "opening", content: bytes = PNG, **more: Any) -> Assignment:
    """An assignment that begins with a picture."""
    path = tmp_path / f"{digest.of_bytes(content)}.png"
    path.write_bytes(content)
    handle = f"sha256:{digest.of_bytes(content)}"
    item = Input(str(path), "image", sha256=digest.of_bytes(content), **more)
    body = request(shot, inputs={"frameImages": [{"image": handle, "frame": "first"}]})
    return order(shot, tmp_path, request=body, inputs={handle: item})


def named(shop: Shop, number: int = 0) -> Any:
    """What a task that was sent calls its picture."""
    return shop.line.of("videoInference")[number].tasks[0]["inputs"]["frameImages"][0]["image"]


def test_a_picture_goes_up_once_for_many_shots(tmp_path):
    async def inside(shop):
        async with anyio.create_task_group() as group:
            for name in "abc":
                group.start_soon(shop.make, pictured(tmp_path, name))
        (upload,) = shop.line.of("mediaStorage")
        assert upload.tasks[0]["media"] == f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
        assert int(upload.headers["content-length"]) == len(upload.content)
        assert {named(shop, number) for number in range(3)} == {shop.journal.upload(digest.of_bytes(PNG))}

    shopping(inside, tmp_path)

    async def later(shop):
        await shop.make(pictured(tmp_path, "d"))
        assert shop.line.of("mediaStorage") == []

    shopping(later, tmp_path)


@pytest.mark.parametrize("length", [1, 2, 3, 786_431, 786_432, 786_433, 3_000_000])
def test_a_file_of_any_length_arrives_as_it_is(tmp_path, length):
    content = bytes(number % 251 for number in range(length))

    async def inside(shop):
        async def instead(sent):
            if sent.kind != "mediaStorage":
                return
            media = sent.tasks[0]["media"]
            assert base64.b64decode(media.partition(",")[2], validate=True) == content
            raise Seen

        shop.line.instead = instead
        with pytest.raises(ExceptionGroup):
            await shop.make(pictured(tmp_path, content=content))

    shopping(inside, tmp_path)


def test_an_upload_that_the_provider_forgot_goes_up_again_and_the_task_under_a_new_attempt(tmp_path):
    async def inside(shop):
        await shop.make(pictured(tmp_path, "a"))
        await anyio.sleep(10)
        await shop.make(pictured(tmp_path, "b"))

    shopping(inside, tmp_path)

    async def later(shop):
        forget(shop)
        await shop.make(pictured(tmp_path, "c"))
        assert len(shop.line.of("mediaStorage")) == 1
        assert [record.task.attempt for record in shop.records("c")] == [1, 2]
        assert shop.purse.reserved == 0
        assert ("c", 1) in shop.kept

    shopping(later, tmp_path)


def forget(shop: Shop) -> None:
    """The provider loses every upload and every clip that it holds."""
    lost = known(shop)

    async def instead(sent: Sent) -> httpx.Response | None:
        if sent.kind == "videoInference" and any(one in sent.content.decode() for one in lost):
            uuid = sent.tasks[0]["taskUUID"]
            error = {"code": "invalidImage", "message": "unknown media", "parameter": "inputs.frameImages[0].image"}
            return httpx.Response(400, json={"errors": [error | {"taskUUID": uuid}]})
        return None

    shop.line.instead = instead


def known(shop: Shop) -> list[str]:
    upload = shop.journal.upload(digest.of_bytes(PNG))
    return [upload] if upload else []


def test_a_picture_that_is_refused_though_it_went_up_just_now_is_refused(tmp_path):
    async def inside(shop):
        async def instead(sent):
            if sent.kind != "videoInference":
                return None
            uuid = sent.tasks[0]["taskUUID"]
            error = {"code": "invalidImage", "message": "no", "parameter": "inputs.frameImages", "taskUUID": uuid}
            return httpx.Response(400, json={"errors": [error]})

        shop.line.instead = instead
        with pytest.raises(MakeError, match="Runware refused the request: no"):
            await shop.make(pictured(tmp_path))
        assert len(shop.line.of("videoInference")) == 1

    shopping(inside, tmp_path)


def test_the_clip_of_an_earlier_take_is_passed_on_by_its_name(tmp_path):
    async def inside(shop):
        await shop.make(order("first", tmp_path))
        video = shop.kept["first", 1].receipt.video_uuid
        clip = tmp_path / "clip"
        clip.write_bytes(shop.content["first", 1])
        item = Input(str(clip), "clip", sha256="0" * 64, remote=video)
        body = request(
            "@a goes on", inputs={"referenceVideos": [{"type": "extend", "tag": "@a", "video": "sha256:0"}]}
        )
        await shop.make(order("second", tmp_path, request=body, inputs={"sha256:0": item}))
        assert shop.line.of("videoInference")[1].tasks[0]["inputs"]["referenceVideos"][0]["video"] == video
        assert shop.line.of("mediaStorage") == []

    shopping(inside, tmp_path, {"media_limits": False})


def test_a_clip_that_the_provider_no_longer_knows_by_name_goes_up(tmp_path):
    async def inside(shop):
        video = "0d8f1f0e-0000-4000-8000-000000000001"

        async def instead(sent):
            if sent.kind == "videoInference" and video in sent.content.decode():
                uuid = sent.tasks[0]["taskUUID"]
                error = {"code": "mediaNotFound", "message": f"{video} does not exist", "taskUUID": uuid}
                return httpx.Response(404, json={"errors": [error]})
            return None

        shop.line.instead = instead
        await shop.make(pictured(tmp_path, remote=video))
        assert len(shop.line.of("mediaStorage")) == 1
        assert named(shop, 0) == video
        assert named(shop, 1) == shop.journal.upload(digest.of_bytes(PNG))
        await shop.make(pictured(tmp_path, "second", remote=video))
        assert len(shop.line.of("videoInference")) == 3

    shopping(inside, tmp_path)


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "drop"},
        {"do": "drop", "when": "after"},
        {"do": "hang"},
        {"do": "status", "status": 503, "body": "html"},
        {"do": "queue full", "retry_after": 7},
    ],
    ids=str,
)
def test_an_upload_that_fails_is_tried_again(tmp_path, fault):
    async def inside(shop):
        await shop.make(pictured(tmp_path))
        assert len(shop.line.of("mediaStorage")) == 3

    shopping(inside, tmp_path, {"faults": [{"on": "upload", "at": [1, 2]} | fault]})


def test_an_upload_that_never_works_costs_nothing_and_says_so(tmp_path):
    async def inside(shop):
        with pytest.raises(MakeError, match=r"opening: \w+\.png could not be uploaded: .* it cost nothing"):
            await shop.make(pictured(tmp_path))
        assert shop.records() == []
        assert shop.purse.reserved == 0

    shopping(inside, tmp_path, {"faults": [{"do": "drop", "on": "upload"}]})


def test_an_upload_that_is_refused_says_what_the_provider_said(tmp_path):
    async def inside(shop):
        with pytest.raises(MakeError, match=r"opening: Runware does not take \w+\.png: "):
            await shop.make(pictured(tmp_path))
        assert len(shop.line.of("mediaStorage")) == 1

    shopping(inside, tmp_path, {"faults": [{"do": "refuse", "on": "upload", "code": "invalidMedia"}]})


def test_a_bad_key_shows_at_the_upload(tmp_path):
    async def inside(shop):
        with pytest.raises(AccountRefused):
            await shop.make(pictured(tmp_path))
        assert shop.purse.stopped
        assert shop.line.of("videoInference") == []

    shopping(inside, tmp_path, {"key": "another"})


@pytest.mark.parametrize("status", [None, "processing"], ids=["named 1", "running without a name"])
def test_an_upload_that_is_not_ready_at_once_is_asked_for(tmp_path, status):
    name = "0d8f1f0e-0000-4000-8000-00000000000a"

    async def inside(shop):
        asked = []

        async def instead(sent):
            uuid = sent.tasks[0]["taskUUID"] if sent.tasks else ""
            row = {"taskType": "mediaStorage", "taskUUID": uuid, "operation": "upload"}
            if sent.kind == "mediaStorage":
                asked.append(uuid)
                return httpx.Response(200, json={"data": [row | {"mediaUUID": "1"}]})
            if sent.kind == "getResponse" and uuid in asked:
                asked.append(uuid)
                media = [None, "1", "fails", name][min(3, len(asked) - 2)]
                if media == "fails":
                    return httpx.Response(503, json={"errors": [{"code": "providerUnavailable", "taskUUID": uuid}]})
                shown = row | ({"status": status} if media == "1" and status else {"mediaUUID": media})
                return httpx.Response(200, json={"data": shown if media else []})
            if sent.kind == "videoInference":
                assert name in json.dumps(sent.tasks)
                return httpx.Response(400, json={"errors": [{"code": "promptBlocked", "taskUUID": uuid}]})
            return None

        shop.line.instead = instead
        with pytest.raises(MakeError, match="promptBlocked"):
            await shop.make(pictured(tmp_path))
        assert shop.journal.upload(digest.of_bytes(PNG)) == name
        assert len(shop.line.of("mediaStorage")) == 1

    shopping(inside, tmp_path)
