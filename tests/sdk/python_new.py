"""The provider's current Python SDK at work against a sandbox: prints what it saw, as JSON, for tests/test_sdk.py.

Runs in the SDK's own environment::

    python_new.py websocket http://127.0.0.1:8000 KEY FOLDER-WITH-MEDIA
"""

from __future__ import annotations

import asyncio
import base64
import importlib
import json
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable

    Seen = dict[str, Any]

# By name: where types are checked there is no SDK.
sdk, calls = importlib.import_module("runware"), importlib.import_module("runware.client")
sockets, judging = importlib.import_module("runware.transport.websocket"), importlib.import_module("runware.validate")

TRANSPORT, BASE, KEY, MEDIA = sys.argv[1:]

MIME = {".png": "image/png", ".mp4": "video/mp4", ".wav": "audio/wav"}


class Frames:
    """What a client received, as its log has it."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._came = asyncio.Event()

    def __call__(self, entry: Any) -> None:
        if entry.category == "receive":
            self.texts.append(entry.message)
            self._came.set()

    async def until(self, word: str) -> None:
        """Wait for a frame with a word in it."""
        while not any(word in text for text in self.texts):
            self._came.clear()
            await self._came.wait()


def client(frames: Frames | None = None, key: str = KEY) -> Any:
    addresses = {"http_base_url": f"{BASE}/v1", "ws_base_url": f"ws{BASE.removeprefix('http')}/v1"}
    return sdk.Runware(
        api_key=key, transport=TRANSPORT, retry_delay=200, debug=frames is not None, log_sink=frames, **addresses
    )


def task(prompt: str, **more: Any) -> Seen:
    body = {
        "taskType": "videoInference",
        "taskUUID": str(uuid.uuid4()),
        "model": "skywork:skyreels@v4",
        "positivePrompt": prompt,
        "width": 848,
        "height": 480,
        "duration": 3,
        "includeCost": True,
    } | more
    return {key: value for key, value in body.items() if value is not None}


def wrong(error: Any) -> Seen:
    names = ("code", "message", "parameter", "task_type", "task_uuid", "status_code", "retryable")
    return {name: getattr(error, name) for name in names}


async def told(doing: Awaitable[Any]) -> Seen:
    """What a call gave, or how it failed."""
    try:
        return {"gave": await doing}
    except sdk.RunwareError as error:
        return {"error": wrong(error)}


async def videos(runware: Any, prompt: str, **more: Any) -> Seen:
    """Run a task to its end; with the results that were handed over on the way."""
    body, partial = task(prompt, **more), []
    seen = await told(runware.run(body, calls.RunOptions(on_result=lambda row: partial.append(row.get("videoUUID")))))
    return seen | {"task": body["taskUUID"], "partial": partial}


async def alone(prompt: str, **more: Any) -> Seen:
    """Run a task over a connection of its own, since something happens to that."""
    async with client() as runware:
        return await videos(runware, prompt, **more)


def data(name: str) -> str:
    """A file as a data URI."""
    path = Path(MEDIA, name)
    return f"data:{MIME[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode()}"


async def stored(runware: Any, name: str) -> Seen:
    return dict((await runware.media_storage({"operation": "upload", "media": data(name)}))[0])


async def media(runware: Any) -> Seen:
    """Upload one of each kind, and make clips with them."""
    picture = (await runware.image_upload({"image": data("picture.png")}))[0]
    clip, voice = await stored(runware, "clip.mp4"), await stored(runware, "voice.wav")
    cast = {"type": "image", "tag": "@keeper", "images": [picture["imageUUID"]], "audio": voice["mediaUUID"]}
    film = {"type": "extend", "tag": "@film", "video": clip["mediaUUID"]}
    pictured, spoken, extended = await asyncio.gather(
        videos(runware, "from a picture", inputs={"frameImages": [picture["imageUUID"]]}),
        videos(runware, "@keeper speaks", inputs={"referenceImages": [cast]}),
        videos(
            runware, "@film goes on", width=None, height=None, resolution="480p", inputs={"referenceVideos": [film]}
        ),
    )
    deleted = await told(runware.media_storage({"operation": "delete", "media": clip["mediaUUID"]}))
    again = await told(runware.media_storage({"operation": "delete", "media": clip["mediaUUID"]}))
    return {
        "media: a picture": pictured, "media: a voice": spoken, "media: a clip": extended,
        "media: uploaded": {"picture": dict(picture), "clip": clip, "voice": voice},
        "media: deleted": deleted, "media: deleted again": again,
        "media: not one": await told(runware.media_storage({"operation": "upload", "media": "nothing of the kind"})),
    }  # fmt: skip


async def twice(runware: Any) -> Seen:
    """The same UUID once more, when its task is long finished."""
    first = await videos(runware, "sent twice")
    return {"sent twice": first, "sent twice: again": await videos(runware, "sent twice", taskUUID=first["task"])}


async def lost() -> Seen:
    """The connection breaks when the task is accepted and before that is said; then look what became of it."""
    first = await alone("lost acknowledgement")
    async with client() as runware:
        later = await told(runware.get_response({"taskUUID": first["task"]}))
        while any(row["status"] == "processing" for row in later.get("gave", ())):
            await asyncio.sleep(0.5)
            later = await told(runware.get_response({"taskUUID": first["task"]}))
    return {"lost acknowledgement": first, "lost acknowledgement: asked later": later}


async def cut() -> Seen:
    """The connection breaks while the task is in the making."""
    runware = client()
    await runware.connect()
    before = runware._ws_transport.session_id if runware._ws_transport else None
    seen = await videos(runware, "cut while waiting")
    after = runware._ws_transport.session_id if runware._ws_transport else None
    await runware.close()
    return {"cut while waiting": seen, "session": [before, after]}


async def stranger() -> Seen:
    """A key that is not right."""
    runware = client(key="a-wrong-key")
    try:
        await runware.connect()
        seen = await videos(runware, "never made")
    except sdk.RunwareError as error:
        seen = {"error": wrong(error)}
    await runware.close()
    return {"a wrong key": seen}


async def pinged() -> Seen:
    """The heartbeat, sooner than after the SDK's own thirty seconds."""
    if TRANSPORT == "rest":
        return {}
    vars(sockets)["_HEARTBEAT_INTERVAL_SECONDS"] = 0.2
    frames = Frames()
    async with client(frames) as beating:
        await asyncio.wait_for(frames.until('"pong"'), 20)
        return {"a ping": {"connected": beating.is_connected}}


async def looked_up() -> Seen:
    """Without a task type, and judged by the schema: both come from a host that is a constant of the SDK."""
    for module in (calls, judging):
        vars(module)["SCHEMAS_BASE_URL"] = BASE
    async with client() as asking:
        await asking.refresh_registry()
        entry = await asking._registry.get_model_task_type("skywork:skyreels@v4")
        checked = await told(asking.run(task("never made", taskType=None, seed=7), calls.RunOptions(validate=True)))
        seen = await told(asking.run(task("of a type looked up", taskType=None), calls.RunOptions(validate=True)))
    return {"looked up": seen, "looked up: type": entry, "looked up: refused": checked}


async def about(runware: Any) -> Seen:
    """What the provider says of a task and of the account."""
    made = await videos(runware, "asked about")
    return {
        "asked about": made,
        "details": await told(runware.get_task_details({"taskUUID": made["task"]})),
        "account": await told(runware.account_management({"operation": "getDetails"})),
    }


async def one_by_one(came: asyncio.Event) -> Seen:
    """Two takes, the second much later: with the number of answers that had come when each was handed over."""
    frames, answers = Frames(), []

    def handed_over(_: object) -> None:
        answers.append(len(frames.texts))
        came.set()

    async with client(frames) as runware:
        body = task("one by one", numberResults=2)
        seen = await told(runware.run(body, calls.RunOptions(on_result=handed_over)))
    came.set()
    return {"one by one": seen | {"answers": answers}}


async def plain(runware: Any) -> Seen:
    """What goes well, and what is simply refused or fails."""
    wanted: dict[str, Seen] = {
        "one take": {},
        "two takes": {"numberResults": 2},
        "comes to nothing": {},
        "half of it": {"numberResults": 2},
        "of no such size": {"width": 1000, "height": 1000},
    }
    seen = await asyncio.gather(*(videos(runware, prompt, **more) for prompt, more in wanted.items()))
    return dict(zip(wanted, seen, strict=True))


async def main() -> None:
    came = asyncio.Event()
    waiting = asyncio.create_task(one_by_one(came))
    await came.wait()  # before the sandbox has anything else to draw
    async with client() as runware:
        parts = await asyncio.gather(
            waiting, plain(runware), media(runware), twice(runware), about(runware), lost(), cut(), stranger(),
            pinged(), looked_up(),
        )  # fmt: skip
    full = {"full queue": await alone("full queue")}
    json.dump({name: seen for part in (*parts, full) for name, seen in part.items()}, sys.stdout)


asyncio.run(main())
