"""Local media become names that the provider knows, each content once.

The provider tells nothing of how long it keeps an upload, so a name that it refuses is forgotten and the file goes up
again. The clip of an earlier take needs no upload for as long as the provider knows it by its own name.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import anyio

from skyflow import digest
from skyflow.backends.runware.answers import Answer, Row
from skyflow.backends.runware.errors import ACCOUNT, PASSING
from skyflow.backends.runware.waits import Backoff
from skyflow.backends.runware.wire import Unclear
from skyflow.backends.runware.wording import refused
from skyflow.errors import MakeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from random import Random

    from skyflow.backends.base import Assignment, Input
    from skyflow.backends.paid import Journal
    from skyflow.backends.runware.errors import Fault
    from skyflow.backends.runware.wire import Wire

TRIES = 5
SECONDS = 60.0
"""For one upload, beside what its length takes."""
SLOWEST = 128 * 1024
"""Bytes in a second below which an upload is given up."""
PIECE = 3 * 256 * 1024
"""Bytes that are encoded at once; a multiple of three, so that the pieces join to one base64 text."""
NOT_YET = "1"
"""The name of an upload that the provider is still working on."""
LATER, LATER_MAX = 2.0, 60
"""Seconds between questions after such an upload, and how many are asked."""

_KINDS = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
)
_BY_KIND = {"image": "image/png", "clip": "video/mp4", "voice": "audio/wav"}


@dataclass(slots=True)
class Uploads:
    """The media of one session.

    Attributes:
        fresh: names that came up in this session; when such a one is refused, the file is not what was lost.
        gone: names of takes that the provider no longer knows.
    """

    wire: Wire
    journal: Journal
    random: Random
    fresh: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    _one_by_one: dict[str, anyio.Lock] = field(default_factory=dict)

    async def names(self, assignment: Assignment) -> dict[str, str]:
        """The provider's name for each handle that stands for a file.

        Raises:
            MakeError: the provider does not take a file.
            AccountRefused: it does not take the account.
        """
        named = {}
        for handle, item in assignment.inputs.items():
            if item.address is None:
                named[handle] = await self._name(item, assignment.shot)
        return named

    async def _name(self, item: Input, shot: str) -> str:
        sha256 = item.sha256 or digest.of_file(Path(item.path))
        async with self._one_by_one.setdefault(sha256, anyio.Lock()):
            known = self._known(item)
            if known is None:
                known = await self._uploaded(item, shot)
                self.journal.keep_upload(sha256, known)
                self.fresh.add(known)
            return known

    def known(self, assignment: Assignment) -> dict[str, str]:
        """The names that are known already, by handle."""
        known = {handle: self._known(item) for handle, item in assignment.inputs.items()}
        return {handle: name for handle, name in known.items() if name is not None}

    def _known(self, item: Input) -> str | None:
        if item.address is not None:
            return None
        if item.remote is not None and item.remote not in self.gone and _is_uuid(item.remote):
            return item.remote
        return self.journal.upload(item.sha256 or digest.of_file(Path(item.path)))

    def forget(self, assignment: Assignment, named: dict[str, str], faults: tuple[Fault, ...]) -> bool:
        """Take a refusal for word that media are unknown, where it can be that.

        Args:
            named: what ``names`` gave for the task that was refused.

        Returns:
            Whether something is forgotten now, so that trying again may help.
        """
        said = " ".join(f"{fault.code} {fault.message} {' '.join(fault.parameters)}" for fault in faults).lower()
        old = {handle: name for handle, name in named.items() if name not in self.fresh and name not in self.gone}
        lost = {handle: name for handle, name in old.items() if name.lower() in said}
        if not lost and any(_is_about_media(fault) for fault in faults):
            lost = old
        for handle, name in lost.items():
            item = assignment.inputs[handle]
            if name == item.remote:
                self.gone.add(name)
            else:
                self.journal.forget_upload(item.sha256 or digest.of_file(Path(item.path)))
        return bool(lost)

    async def _uploaded(self, item: Input, shot: str) -> str:
        backoff = Backoff(self.random)
        why, path = "", Path(item.path)
        for attempt in range(TRIES):
            if attempt:
                await anyio.sleep(backoff.next())
            uuid = str(UUID(int=self.random.getrandbits(128), version=4))
            try:
                answer = (await self._sent(path, item.kind, uuid)).of_one(uuid)
                if name := await self._named(answer, uuid):
                    return name
            except Unclear as error:
                why = error.why
                continue
            fault = next(iter(answer.faults), None)
            if fault is not None and answer.elsewhere:
                fault = replace(fault, kind="address")
            if fault is not None and fault.kind not in PASSING:
                if fault.kind in ACCOUNT:
                    raise refused(f"{shot}: uploading {path.name}", fault, "unbilled")
                said = f"{shot}: Runware does not take {path.name}: {fault.said}; it cost nothing"
                raise MakeError(said, "use another file, then run again")
            why = fault.said if fault else "an answer without a name"
        raise MakeError(f"{shot}: {path.name} could not be uploaded: {why}; it cost nothing", "run again later")

    async def _sent(self, path: Path, kind: str, uuid: str) -> Answer:
        task = {"taskType": "mediaStorage", "taskUUID": uuid, "operation": "upload", "media": "\0"}
        length = _length(path)
        head, tail = json.dumps([task]).split('"\\u0000"')
        start = f'{head}"data:{_type(path, kind)};base64,'.encode()
        whole = len(start) + 4 * ((length + 2) // 3) + len(tail) + 1
        return await self.wire.stream(_encoded(path, start, f'"{tail}'.encode()), whole, SECONDS + whole / SLOWEST)

    async def _named(self, answer: Answer, uuid: str) -> str | None:
        """The name in an answer; where it is not ready, asked for until it is."""
        for _ in range(LATER_MAX):
            name = next((row.media_uuid for row in answer.rows if row.media_uuid), None)
            runs = name is None and any(row.state == "running" for row in answer.rows)
            if name != NOT_YET and not runs:
                return name
            await anyio.sleep(LATER)
            try:
                answer = (await self.wire.post([{"taskType": "getResponse", "taskUUID": uuid}])).of_one(uuid)
            except Unclear:
                continue
            unread = answer.status >= 500 or answer.status in {408, 429}
            if not answer.rows and (unread or not answer.faults):
                answer = Answer(answer.status, _waiting(uuid))
        raise Unclear("an upload was not finished in time")


def _length(path: Path) -> int:
    return path.stat().st_size


def _waiting(uuid: str) -> tuple[Row, ...]:
    return (Row(uuid, media_uuid=NOT_YET),)


async def _encoded(path: Path, head: bytes, tail: bytes) -> AsyncIterator[bytes]:
    """The request's text, a piece at a time: a clip in base64 is not held at once."""
    yield head
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield base64.b64encode(piece)
    yield tail


def _type(path: Path, kind: str) -> str:
    with path.open("rb") as file:
        head = file.read(16)
    for magic, name in _KINDS:
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF":
        return "image/webp" if head[8:12] == b"WEBP" else "audio/wav"
    if head[4:8] == b"ftyp" and head[8:10] == b"qt":
        return "video/quicktime"
    return _BY_KIND[kind]


def _is_uuid(name: str) -> bool:
    try:
        return str(UUID(name)) == name.lower()
    except ValueError:
        return False


def _is_about_media(fault: Fault) -> bool:
    """Whether a refusal may mean that a medium is unknown, though it names none."""
    if fault.kind == "notFound":
        return True
    return fault.kind == "validation" and any(
        name.lower().startswith(
            ("inputs", "frameimage", "referenceimage", "referencevideo", "image", "video", "audio")
        )
        for name in fault.parameters
    )
