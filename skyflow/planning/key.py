"""What a shot's result is known by.

A key is the hash of all that can change the pixels and of nothing else: the request with every medium replaced by
the hash of its content (of its URL, where the board does not say what it expects there), under the backend that
draws it. Left out are how many takes are wanted (each take stands beside its siblings under one key), how the result
travels and how closely it is looked at, and the names of shots: where a prompt mentions the clip of a shot, the key's
own copy of it holds that clip's number, so renaming a shot makes nothing anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skyflow import digest
from skyflow.board.mentions import MENTION
from skyflow.board.model import DataMedia, FileMedia, HeldMedia, ShotClip, ShotFrame, UrlMedia
from skyflow.planning.request import SECRETS, filled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skyflow.board.model import Media, Shot
    from skyflow.planning.request import Request

NOT_PIXELS = {
    *("taskType", "taskUUID", "numberResults", "outputType", "deliveryMethod", "includeCost", "safety", "ttl"),
    *SECRETS,
}


@dataclass(frozen=True, slots=True)
class Bound:
    """A request whose media all exist.

    Attributes:
        body: the task, each medium a handle: ``sha256:…`` of a file, clip or pinned URL, ``sha256:…#frame=N`` of a
            frame, ``url:…`` with the hash of a URL that is not pinned, ``uuid:…`` of what the provider holds.
        media: the board's own name for each handle.
        identity: what the key is taken of, as JSON; without shot names, secrets or delivery.
        key: 64 hex digits.
    """

    body: Mapping[str, Any]
    media: Mapping[str, Media]
    identity: Mapping[str, Any]
    key: str


def bind(shot: Shot, request: Request, clips: Mapping[str, str], backend: str, version: str) -> Bound:
    """Put hashes in place of media.

    Args:
        clips: for each shot whose clip or frame the request names, the SHA-256 of its picked take.
        backend, version: which backend draws it; a free preview never stands in for a paid take.

    Raises:
        KeyError: a clip is named that ``clips`` does not have.
    """
    media: dict[str, Media] = {}

    def put(medium: Media) -> str:
        handle = handle_of(medium, clips)
        media.setdefault(handle, medium)
        return handle

    body: dict[str, Any] = filled(request.body, put)
    identity: dict[str, Any] = {"backend": backend, "version": version, "request": _nameless(shot, body)}
    return Bound(body, media, identity, digest.of_json("shot", identity))


def handle_of(medium: Media, clips: Mapping[str, str]) -> str:
    """The string that stands for a medium in a bound request."""
    match medium:
        case FileMedia() | DataMedia():
            return f"sha256:{medium.sha256}"
        case UrlMedia(sha256=None):
            return f"url:{digest.of_bytes(medium.url.encode())}"
        case UrlMedia():
            return f"sha256:{medium.sha256}"
        case HeldMedia():
            return f"uuid:{medium.uuid}"
        case ShotClip():
            return f"sha256:{clips[medium.shot]}"
        case ShotFrame():
            return f"sha256:{clips[medium.shot]}#frame={medium.index}"


def _nameless(shot: Shot, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body without what cannot change the pixels, the clips of shots called by their number.

    A prompt that mentions such clips is a list: its words, and a number wherever a clip is mentioned.
    """
    kept = {key: value for key, value in body.items() if key not in NOT_PIXELS}
    numbers = {item.tag: n for n, item in enumerate(shot.clips) if isinstance(item.clip, ShotClip)}
    if not numbers:
        return kept
    kept["positivePrompt"] = _numbered(kept["positivePrompt"], numbers)
    videos = [item | {"tag": numbers.get(item["tag"][1:], item["tag"])} for item in kept["inputs"]["referenceVideos"]]
    kept["inputs"] = kept["inputs"] | {"referenceVideos": videos}
    return kept


def _numbered(prompt: str, numbers: Mapping[str, int]) -> list[str | int]:
    """A prompt's words, and a number in place of each name that has one."""
    pieces: list[str | int] = []
    end = 0
    for match in MENTION.finditer(prompt):
        if (number := numbers.get(match[1])) is not None:
            pieces += (prompt[end : match.start()], number)
            end = match.end()
    return [*pieces, prompt[end:]]
