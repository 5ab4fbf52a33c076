"""Media in a task: what a string stands for, and the files that a sandbox keeps of them."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import asdict
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from skyflow import digest
from skyflow.errors import MediaError
from skyflow.facts import ClipFacts, ImageFacts, VoiceFacts
from skyflow.media import probe
from skyflow.media.container import kind
from skyflow.sandbox import dice
from skyflow.sandbox.records import Medium
from skyflow.sandbox.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from skyflow.sandbox.book import Book
    from skyflow.sandbox.records import Take

    Look = Callable[[Path], "ImageFacts | ClipFacts | VoiceFacts | None"]

UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
DATA = re.compile(r"data:(image|video|audio)/[A-Za-z0-9.+-]+;base64,", re.IGNORECASE)
OWN = re.compile(r"^http://[^/]+/video/([0-9a-f-]{36})\.")
"""The URL of a clip that a sandbox made."""

BARE_MIN = 36
"""The smallest picture there is, in characters of base64; a shorter word only happens to use the alphabet."""

Form = Literal["uuid", "url", "data", "base64", "nothing"]


def form(text: str) -> Form:
    """What a medium's string is, by its looks."""
    if UUID.fullmatch(text):
        return "uuid"
    if is_url(text):
        return "url"
    if DATA.match(text):
        return "data" if content(text) else "nothing"
    return "base64" if len(text) >= BARE_MIN and content(text) else "nothing"


def is_url(text: str) -> bool:
    """Whether it is an address on the web, as far as a look at it can tell."""
    if re.search(r"[\s\x00-\x1f]", text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def content(text: str) -> bytes:
    """The bytes of a data URI or of bare base64; none where it is neither."""
    match = DATA.match(text)
    try:
        return base64.b64decode(text[match.end() :] if match else text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def look(path: Path) -> ImageFacts | ClipFacts | VoiceFacts:
    """Decode a file and say what it is.

    Raises:
        MediaError: it is neither a picture nor a clip nor a sound.
    """
    if kind(path).words.endswith("picture"):
        return probe.image(path)
    try:
        return probe.clip(path)
    except MediaError:
        return probe.voice(path)


def written(facts: ImageFacts | ClipFacts | VoiceFacts | None) -> dict[str, Any]:
    """Facts as the book keeps them; empty where nothing is known."""
    match facts:
        case ClipFacts():
            return {"kind": "clip"} | asdict(facts) | {"rate": str(facts.rate)}
        case ImageFacts():
            return {"kind": "image"} | asdict(facts)
        case VoiceFacts():
            return {"kind": "voice", "seconds": str(facts.seconds)}
        case None:
            return {}


def seconds(facts: Mapping[str, Any]) -> Fraction | None:
    """How long a clip or voice is; None where that is not known."""
    if facts.get("kind") == "clip":
        return Fraction(facts["frames"]) / Fraction(facts["rate"])
    return Fraction(facts["seconds"]) if facts.get("kind") == "voice" else None


class Shelf:
    """The media that a sandbox holds: uploads and the clips that it made.

    Args:
        folder: where the files are.
        look: says what a file is; gives None for what it does not know, and raises MediaError for what is to be
            refused.
    """

    def __init__(self, folder: Path, book: Book, look: Look) -> None:
        self._folder = folder
        self._book = book
        self._look = look
        for name in ("media", "clips", "inline"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def keep(self, text: str, now: float) -> Medium:
        """Take an upload in: a URL, a data URI or base64.

        Raises:
            MediaError: it is nothing that the provider stores.
        """
        number = self._book.next_medium()
        if form(text) == "url":
            medium = Medium(dice.name("medium", number, text), None, text, {}, forgotten=False)
            self._book.keep_medium(medium, "", now)
            return medium
        data = content(text)
        if not data:
            raise MediaError("the media is no URL, no data URI and no base64")
        sha256 = digest.of_bytes(data)
        medium_uuid = dice.name("medium", number, sha256)
        path = self._folder / "media" / medium_uuid
        path.write_bytes(data)
        try:
            facts = written(self._look(path))
        except MediaError:
            path.unlink()
            raise
        medium = Medium(medium_uuid, path.name, None, facts, forgotten=False)
        self._book.keep_medium(medium, sha256, now)
        return medium

    def facts(self, text: str, now: float) -> Mapping[str, Any] | None:
        """What is known of a medium that a task names: empty for one that cannot be looked at, None for no such.

        A clip of an earlier task counts once it is finished.
        """
        match form(text):
            case "uuid":
                return self._known(text.lower(), now)
            case "url":
                return self._known(match[1], now) if (match := OWN.search(text)) else {}
            case "data" | "base64":
                try:
                    return written(self._look(self._inline(text)))
                except MediaError:
                    return None
            case _:
                return None

    def _known(self, uuid: str, now: float) -> Mapping[str, Any] | None:
        if medium := self._book.medium(uuid):
            return None if medium.forgotten else medium.facts
        take = self._book.take(uuid)
        if take is None or take.forgotten or take.error or now < take.ready:
            return None
        task = self._book.task(take.task)
        assert task is not None
        return {"kind": "clip", **task.measures}

    def _inline(self, text: str) -> Path:
        data = content(text)
        path = self._folder / "inline" / digest.of_bytes(data)
        if not path.exists():
            path.write_bytes(data)
        return path

    def file(self, text: str) -> Path | None:
        """The file of a medium that was uploaded or stands in the task itself."""
        match form(text):
            case "uuid":
                medium = self._book.medium(text.lower())
                return self._folder / "media" / medium.name if medium and medium.name else None
            case "data" | "base64":
                return self._inline(text)
            case _:
                return None

    def own(self, text: str) -> Take | None:
        """The take whose clip a string names, by its UUID or by the sandbox's own URL of it."""
        found = text if form(text) == "uuid" else (match[1] if (match := OWN.search(text)) else "")
        return self._book.take(found.lower()) if found else None

    def clip(self, take: Take) -> Path:
        """Where the clip of a take is, or will be."""
        return self._folder / "clips" / f"{take.video}.mp4"


def named(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every medium that a task names, with its kind: image, voice or clip. The body is a valid one."""
    inputs = body.get("inputs") or {}
    for item in inputs.get("frameImages") or ():
        yield (item["image"] if isinstance(item, dict) else item), "image"
    for group in inputs.get("referenceImages") or ():
        for image in group["images"]:
            yield image, "image"
        if "audio" in group:
            yield group["audio"], "voice"
    for item in inputs.get("referenceVideos") or ():
        yield item["video"], "clip"


def refused(error: MediaError, parameter: str) -> Trouble:
    """An upload that is not stored."""
    return Trouble("invalidMedia", f"The provided media could not be read: {error.message}.", parameter)
