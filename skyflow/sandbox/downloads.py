"""Results and uploads over HTTP: whole or in part, late, broken or gone, as the faults have it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from skyflow.errors import SkyflowError
from skyflow.sandbox.house import fault_of
from skyflow.sandbox.provider import dumped, interrupted
from skyflow.sandbox.trouble import Dropped

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Send

    from skyflow.sandbox.clips import Clips
    from skyflow.sandbox.faults import Fault
    from skyflow.sandbox.house import House
    from skyflow.sandbox.records import Take

VIDEO = re.compile(r"/video/([0-9a-f-]{36})\.(mp4|webm|mov)")
PIECES = 10
"""In how many a slow body comes."""

LINK = re.compile("[0-9]{1,15}")
RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, slots=True)
class Part:
    """What of a file is asked for: from ``start`` up to and without ``end``."""

    start: int
    end: int
    whole: bool


async def video(house: House, clips: Clips, request: Request, send: Send) -> None:
    """Serve a take's clip.

    Raises:
        Dropped: the connection is to end here.
    """
    match = VIDEO.fullmatch(request.url.path)
    take = house.book.take(match[1]) if match else None
    if take is None:
        return await answer(send, 404, b"")
    given = request.query_params.get("link", "")
    link = int(given) if LINK.fullmatch(given) else 0
    task = house.book.task(take.task)
    assert task is not None
    with house.book.at_once():
        house.book.ask("download", take.video)
        faults = house.faults.of("download", take.video, task.body)
        if expired := fault_of(faults, "expire"):
            house.book.kill_link(link)
    if expired:
        return await answer(send, expired.how.get("status", house.settings.expired), b"")
    for fault in faults:
        if fault.do in {"status", "drop", "hang"}:
            said = await interrupted(fault)
            return await answer(send, said.status, dumped(said.body), said.headers)
    if not house.book.lives(link, take.video, house.clock()):
        return await answer(send, house.settings.expired, b"")
    return await _clip(clips, take, request, send, faults)


async def upload(house: House, request: Request, send: Send) -> None:
    """Serve something that was uploaded, for people to look at."""
    medium = house.book.medium(request.url.path.removeprefix("/media/"))
    path = house.shelf.file(medium.uuid) if medium and not medium.forgotten else None
    if path is None:
        return await answer(send, 404, b"")
    return await file(send, path.read_bytes(), "application/octet-stream", request)


async def _clip(clips: Clips, take: Take, request: Request, send: Send, faults: list[Fault]) -> None:
    try:
        content = (await clips.clip(take)).read_bytes()
    except (SkyflowError, OSError) as error:
        return await answer(send, 500, str(error).encode())
    if fault_of(faults, "corrupt"):
        content = _corrupted(content)
    return await file(send, content, "video/mp4", request, fault_of(faults, "truncate", "slow"))


async def file(send: Send, content: bytes, kind: str, request: Request, fault: Fault | None = None) -> None:
    """Serve bytes: all of them, or the range that was asked for.

    Raises:
        Dropped: the answer is to be cut off.
    """
    part = _part(request.headers.get("range", ""), len(content))
    if part is None:
        return await answer(send, 416, b"", {"Content-Range": f"bytes */{len(content)}"})
    headers = {"Content-Type": kind, "Accept-Ranges": "bytes"}
    if not part.whole:
        headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{len(content)}"
    body = content[part.start : part.end]
    status = 200 if part.whole else 206
    if fault is None or request.method == "HEAD":
        return await answer(send, status, body, headers, head=request.method == "HEAD")
    if fault.do == "slow":
        return await _slowly(send, status, body, headers, fault.how.get("seconds", 5))
    short = body[: int(len(body) * fault.how.get("share", 0.5))]
    if fault.how.get("quietly"):
        return await answer(send, status, short, headers)
    # Less than was promised: a server that watches over that ends the connection here.
    await send(_start(status, headers | {"Content-Length": str(len(body))}))
    await send({"type": "http.response.body", "body": short, "more_body": True})
    raise Dropped


async def _slowly(send: Send, status: int, body: bytes, headers: dict[str, str], seconds: float) -> None:
    """Send a body in pieces, evenly over some time."""
    await send(_start(status, {"Content-Length": str(len(body))} | headers))
    size = max(1, -(-len(body) // PIECES))
    for start in range(0, len(body), size):
        await anyio.sleep(seconds / PIECES)
        await send({"type": "http.response.body", "body": body[start : start + size], "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def answer(
    send: Send, status: int, body: bytes, headers: dict[str, str] | None = None, *, head: bool = False
) -> None:
    """Send a whole answer."""
    await send(_start(status, {"Content-Length": str(len(body))} | (headers or {})))
    await send({"type": "http.response.body", "body": b"" if head else body})


def _start(status: int, headers: dict[str, str]) -> dict[str, object]:
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": pairs}


def _part(asked: str, size: int) -> Part | None:
    """The part that a Range header means; all of it where there is none that is understood, None beyond the end."""
    match = RANGE.fullmatch(asked)
    if match is None or match[0] == "bytes=-":
        return Part(0, size, whole=True)
    first, last = match.groups()
    if not first:
        return Part(max(0, size - int(last)), size, whole=False) if int(last) else None
    end = min(size, int(last) + 1) if last else size
    return Part(int(first), end, whole=False) if int(first) < end else None


def _corrupted(content: bytes) -> bytes:
    """The same length, and another content from a third on."""
    third = len(content) // 3
    return content[:third] + bytes(byte ^ 0x5A for byte in content[third : 2 * third]) + content[2 * third :]
