"""The provider's older Python SDK at work against a sandbox: prints what it saw, as JSON, for tests/test_sdk.py.

Runs in the SDK's own environment::

    python_legacy.py http://127.0.0.1:8000 KEY FOLDER-WITH-MEDIA
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import uuid
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    Seen = dict[str, Any]

# Read when the SDK is imported: how often it polls, and how long it waits for an answer to a poll.
os.environ |= {"RUNWARE_VIDEO_POLLING_DELAY": "500", "RUNWARE_VIDEO_INITIAL_TIMEOUT": "20000"}
# By name: where types are checked there is no SDK.
sdk = importlib.import_module("runware")
types, utils = importlib.import_module("runware.types"), importlib.import_module("runware.utils")

BASE, KEY, MEDIA = sys.argv[1:]


@asynccontextmanager
async def client(key: str = KEY) -> AsyncIterator[Any]:
    runware = sdk.Runware(api_key=key, url=f"ws{BASE.removeprefix('http')}/v1")
    await runware.connect()
    try:
        yield runware
    finally:
        await runware.disconnect()


def task(prompt: str, **more: Any) -> Any:
    size = {} if "resolution" in more else {"width": 848, "height": 480}
    plain = {"model": "skywork:skyreels@v4", "duration": 3, "numberResults": 1, "includeCost": True}
    return sdk.IVideoInference(positivePrompt=prompt, **({"taskUUID": str(uuid.uuid4())} | plain | size | more))


async def told(doing: Awaitable[Any]) -> Seen:
    """What a call gave, or how it failed."""
    try:
        gave = await doing
    except utils.RunwareAPIError as error:
        return {"error": error.error_data}
    except ConnectionError as error:
        return {"error": {"code": "ConnectionError", "message": str(error)}}
    return {"gave": [asdict(one) for one in gave] if isinstance(gave, list) else asdict(gave)}


async def videos(runware: Any, prompt: str, **more: Any) -> Seen:
    """Submit a task, which gives an acknowledgement, and poll it to its end."""
    body = task(prompt, **more)
    accepted = await told(runware.videoInference(body))
    seen = accepted if "error" in accepted else await told(runware.getResponse(body.taskUUID, body.numberResults))
    return seen | {"task": body.taskUUID, "accepted": accepted.get("gave")}


async def alone(prompt: str, **more: Any) -> Seen:
    """Run a task over a connection of its own, since something happens to that."""
    async with client() as runware:
        return await videos(runware, prompt, **more)


async def media(runware: Any) -> Seen:
    """Upload one of each kind, and make clips with them."""
    picture = await runware.uploadImage(str(Path(MEDIA, "picture.png")))
    clip = await runware.uploadMedia(str(Path(MEDIA, "clip.mp4")))
    voice = await runware.uploadMedia(str(Path(MEDIA, "voice.wav")))
    cast = types.IVideoReferenceImage(
        refType="image", tag="@keeper", images=[picture.imageUUID], audio=voice.mediaUUID
    )
    film = types.IVideoReferenceVideo(refType="extend", tag="@film", video=clip.mediaUUID)
    frame = types.IInputFrame(image=picture.imageUUID, frame="first")
    pictured, spoken, extended = await asyncio.gather(
        videos(runware, "from a picture", inputs=types.IVideoInputs(frameImages=[frame])),
        videos(runware, "@keeper speaks", inputs=types.IVideoInputs(referenceImages=[cast])),
        videos(runware, "@film goes on", resolution="480p", inputs=types.IVideoInputs(referenceVideos=[film])),
    )
    return {
        "media: a picture": pictured, "media: a voice": spoken, "media: a clip": extended,
        "media: uploaded": {"picture": asdict(picture), "clip": asdict(clip), "voice": asdict(voice)},
        "media: not one": await told(runware.uploadMedia("nothing of the kind")),
    }  # fmt: skip


async def twice(runware: Any) -> Seen:
    """The same UUID once more, when its task is long finished."""
    first = await videos(runware, "sent twice")
    return {"sent twice": first, "sent twice: again": await videos(runware, "sent twice", taskUUID=first["task"])}


async def stranger() -> Seen:
    """A key that is not right: it connects, and every call says so."""
    async with client("a-wrong-key") as runware:
        seen = await told(runware.ensureConnection())
        return {"a wrong key": seen | {"connected": runware.connected()}}


async def pinged() -> Seen:
    """The ping that follows the authentication, and its answer."""
    async with client() as runware:
        at_first = runware._last_pong_time
        while runware._last_pong_time == at_first:  # noqa: ASYNC110 - the SDK keeps the moment and tells nobody
            await asyncio.sleep(0.1)
        return {"a ping": {"connected": runware.connected()}}


async def about(runware: Any) -> Seen:
    """What the provider says of a task."""
    made = await videos(runware, "asked about")
    return {"asked about": made, "details": await told(runware.getTaskDetails(made["task"]))}


async def two(runware: Any) -> Seen:
    """Both takes are finished before the SDK first asks for them: it counts the rows of all answers together."""
    body = task("two takes", numberResults=2)
    accepted = await told(runware.videoInference(body))
    details: Seen = {"status": "processing"}
    while "processing" in json.dumps(details):
        await asyncio.sleep(0.5)
        details = (await told(runware.getTaskDetails(body.taskUUID)))["gave"]["response"]
    seen = await told(runware.getResponse(body.taskUUID, 2))
    return {"two takes": seen | {"task": body.taskUUID, "accepted": accepted.get("gave")}}


async def plain(runware: Any) -> Seen:
    """What goes well, and what is simply refused or fails."""
    wanted: dict[str, Seen] = {
        "one by one": {"numberResults": 2},
        "one take": {},
        "comes to nothing": {},
        "half of it": {"numberResults": 2},
        "of no such size": {"width": 1000, "height": 1000},
    }
    seen = await asyncio.gather(*(videos(runware, prompt, **more) for prompt, more in wanted.items()))
    return dict(zip(wanted, seen, strict=True))


async def cutting() -> Seen:
    """What breaks its connection, or is refused for the whole of it."""
    names = ("lost acknowledgement", "cut while waiting", "full queue")
    return dict(zip(names, await asyncio.gather(*map(alone, names)), strict=True))


async def main() -> None:
    async with client() as runware:
        parts = await asyncio.gather(
            plain(runware), two(runware), media(runware), twice(runware), about(runware), cutting(), stranger(),
            pinged(),
        )  # fmt: skip
    json.dump({name: seen for part in parts for name, seen in part.items()}, sys.stdout)


asyncio.run(main())
