"""A sandbox in process, and small tasks for it."""

from __future__ import annotations

import base64
import io
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
from PIL import Image

from skyflow.sandbox import app
from skyflow.sandbox.trouble import Dropped
from tests.fakes import in_virtual_time

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

KEY = {"Authorization": "Bearer any-key"}


class InProcess(httpx.ASGITransport):
    """Calls the application; a connection that it drops is what a client expects of one."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except Dropped as error:
            raise httpx.RemoteProtocolError("the server closed the connection", request=request) from error


class Here:
    """A sandbox and a client of it."""

    def __init__(self, sandbox: app.Sandbox, client: httpx.AsyncClient) -> None:
        self.sandbox = sandbox
        self.client = client

    async def post(self, *tasks: Any, **headers: str) -> httpx.Response:
        return await self.client.post("/v1", json=list(tasks), headers=headers)

    async def rows(self, *tasks: Any) -> list[dict[str, Any]]:
        answer = await self.post(*tasks)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert "errors" not in body, body
        rows: list[dict[str, Any]] = body["data"]
        return rows

    async def codes(self, *tasks: Any, status: int = 400) -> list[str]:
        answer = await self.post(*tasks)
        assert answer.status_code == status, answer.text
        return [error["code"] for error in answer.json()["errors"]]

    async def poll(self, task: dict[str, Any]) -> httpx.Response:
        return await self.post(asked(task))

    async def page(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.client.get(f"/{name}")).json()
        return found


@asynccontextmanager
async def opened(folder: Path, faults: Any = None, **settings: Any) -> AsyncIterator[Here]:
    """A sandbox on a folder, closed at the end."""
    sandbox = app.create(folder, faults=faults, **settings)
    async with httpx.AsyncClient(
        transport=InProcess(sandbox), base_url="http://sandbox", headers=KEY, timeout=60
    ) as client:
        yield Here(sandbox, client)
    sandbox.close()


def sandboxed(function: Callable[[Here], Awaitable[None]], folder: Path, faults: Any = None, **settings: Any) -> None:
    """Run the inside of a test with a sandbox, in virtual time."""

    async def running() -> None:
        async with opened(folder, faults, **settings) as here:
            await function(here)

    in_virtual_time(running)


def task(**more: Any) -> dict[str, Any]:
    """A valid task of its own; None leaves a parameter out."""
    body = {
        "taskType": "videoInference",
        "taskUUID": str(uuid.uuid4()),
        "model": "skywork:skyreels@v4",
        "positivePrompt": "a lamp in the rain",
        "width": 848,
        "height": 480,
        "duration": 3,
        "includeCost": True,
    } | more
    return {key: value for key, value in body.items() if value is not None}


def asked(body: dict[str, Any], kind: str = "getResponse") -> dict[str, Any]:
    return {"taskType": kind, "taskUUID": body["taskUUID"]}


def stored(media: str, **more: Any) -> dict[str, Any]:
    return {"taskType": "mediaStorage", "taskUUID": str(uuid.uuid4()), "operation": "upload", "media": media} | more


def picture(width: int = 64, height: int = 36, colour: str = "red") -> str:
    """A PNG as a data URI."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
