"""A shot becomes the task that the provider would get.

The body is exact but for two things that are not known yet when a board is planned: each medium stands as the
board's own object (a file, a clip or frame of a shot), and the task has no UUID. ``bind`` puts hashes in place of
the media once they exist; ``shown`` puts what a person wants to read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

from skyflow.board.address import HIDDEN
from skyflow.board.model import DataMedia, FileMedia, HeldMedia, Media, ShotClip, ShotFrame, UrlMedia

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from skyflow.board.model import Delivery, Shot

SECRETS = frozenset({"webhookURL", "uploadEndpoint"})
"""Parts of a request that nobody but the provider may see."""


MEDIA = frozenset(get_args(Media))
"""Every type of a medium; each is final, and to ask for a type is quick."""


@dataclass(frozen=True, slots=True)
class Request:
    """One provider task, its media still the board's.

    Attributes:
        body: the task as JSON, but that a medium is the board's own object for it.
        beside: what of it the board adds by itself, unchecked.
    """

    body: Mapping[str, Any]
    beside: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def media(self) -> Iterator[tuple[tuple[str | int, ...], Media]]:
        """Every medium with the path that leads to it in the body, in the order of the body."""
        return _media(self.body.get("inputs"), ("inputs",))


def request(shot: Shot, model: str) -> Request:
    """The task of a shot that is generated."""
    body: dict[str, Any] = {
        "taskType": "videoInference",
        "model": model,
        "positivePrompt": shot.prompt,
    }
    if shot.size is not None:
        body |= {"width": shot.size.width, "height": shot.size.height}
    else:
        body["resolution"] = shot.resolution
    body["duration"] = shot.duration
    body["numberResults"] = shot.takes
    if inputs := _inputs(shot):
        body["inputs"] = inputs
    sound = {} if shot.audio is None else {"audio": shot.audio}
    body["settings"] = {**sound, "promptExtend": shot.prompt_extend}
    return Request(merged(body | _delivery(shot.delivery), shot.beside), shot.beside)


def merged(body: Mapping[str, Any], beside: Mapping[str, Any]) -> dict[str, Any]:
    """The body with more parameters, those of mappings that it has already among the others there."""
    both = dict(body)
    for key, value in beside.items():
        old = both.get(key)
        both[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return both


def _delivery(delivery: Delivery) -> dict[str, Any]:
    body: dict[str, Any] = {
        "outputType": "URL",
        "outputFormat": delivery.format.upper(),
        "outputQuality": delivery.quality,
        "deliveryMethod": "async",
        "includeCost": True,
    }
    if delivery.safety:
        body["safety"] = {"mode": delivery.safety} | ({} if delivery.safety == "none" else {"checkContent": True})
    beside = {"ttl": delivery.ttl, "webhookURL": delivery.webhook, "uploadEndpoint": delivery.upload_to}
    return body | {key: value for key, value in beside.items() if value is not None}


def _inputs(shot: Shot) -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    if shot.pins:
        inputs["frameImages"] = [
            {"image": pin.image} if pin.at is None else {"image": pin.image, "frame": pin.at} for pin in shot.pins
        ]
    if shot.references:
        inputs["referenceImages"] = [
            {"type": item.kind, "tag": f"@{item.tag}", "images": list(item.images)}
            | ({"audio": item.voice} if item.voice else {})
            for item in shot.references
        ]
    if shot.clips:
        inputs["referenceVideos"] = [
            {"type": item.kind, "tag": f"@{item.tag}", "video": item.clip} for item in shot.clips
        ]
    return inputs


def shown(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body for people and programs: files by path and hash, upstream media by shot, no secrets."""
    return {key: HIDDEN if key in SECRETS else replaced(value, show_medium) for key, value in body.items()}


def show_medium(medium: Media) -> dict[str, Any]:
    """One medium as ``show`` and ``plan`` print it."""
    match medium:
        case FileMedia():
            return {"file": medium.path, "sha256": medium.sha256}
        case DataMedia():
            return {"data": medium.type, "sha256": medium.sha256}
        case UrlMedia():
            return {"url": medium.shown} | ({"sha256": medium.sha256} if medium.sha256 else {})
        case HeldMedia():
            return {"uuid": medium.uuid}
        case ShotClip():
            return {"shot": medium.shot}
        case ShotFrame():
            return {"shot": medium.shot, "frame": medium.index}


def filled(body: Mapping[str, Any], put: Callable[[Media], Any]) -> dict[str, Any]:
    """A task's body with every medium replaced; all of them stand in its inputs."""
    return {**body, "inputs": replaced(body["inputs"], put)} if "inputs" in body else dict(body)


def replaced(value: Any, put: Callable[[Media], Any]) -> Any:  # noqa: ANN401 - any JSON goes in and comes out
    """The same JSON with every medium replaced by what ``put`` gives for it."""
    if isinstance(value, dict):
        return {key: replaced(item, put) for key, item in value.items()}
    if isinstance(value, list):
        return [replaced(item, put) for item in value]
    return put(value) if type(value) in MEDIA else value


def _media(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Media]]:  # noqa: ANN401
    if isinstance(value, dict | list):
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            if type(item) in MEDIA:
                yield (*path, step), item
            elif isinstance(item, dict | list):
                yield from _media(item, (*path, step))
