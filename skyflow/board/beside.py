"""``request``: parameters that a board merges into a shot's request, deeply and last.

It is meant for what this version has no key for. A parameter that a key of the board does say counts as that key, so
that what a plan tells of the shot (length, size, sound, price) is what is sent. What skyflow itself sets, and the
words and media of a shot, cannot be said here.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from skyflow.board import schema
from skyflow.published import schema as published

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from skyflow.board.findings import Findings
    from skyflow.board.source import Path
    from skyflow.board.written import WrittenShot

PAGE = "skyreels-v4.request"

RUNNER = ("skyflow sets it for every shot", "")
NOT_TAKEN = ("the model takes none", "")

SAID_ELSEWHERE = {
    "taskType": RUNNER,
    "taskUUID": RUNNER,
    "model": RUNNER,
    "outputType": RUNNER,
    "deliveryMethod": RUNNER,
    "includeCost": RUNNER,
    "positivePrompt": ("`prompt` says it", "prompt"),
    "width": ("`size` says it", "size"),
    "height": ("`size` says it", "size"),
    "inputs.frameImages": ("`frames` says it", "frames"),
    "inputs.referenceImages": ("tags say it", ""),
    "inputs.referenceVideos": ("`extends`, `edits` and tags say it", ""),
    "webhookURL": ("`webhook` says it, and keeps it secret", "webhook"),
    "uploadEndpoint": ("`upload_to` says it, and keeps it secret", "upload_to"),
    "seed": NOT_TAKEN,
    "negativePrompt": NOT_TAKEN,
    "fps": NOT_TAKEN,
    "steps": NOT_TAKEN,
}
"""Parameters that ``request`` may not hold: why, and the shot's own key for it."""

KEYS = {
    "duration": "duration",
    "resolution": "resolution",
    "numberResults": "takes",
    "settings.audio": "audio",
    "settings.promptExtend": "prompt_extend",
    "outputFormat": "format",
    "outputQuality": "quality",
    "safety.mode": "safety",
    "ttl": "ttl",
}
"""Parameters that count as a key of the board."""

MAPPINGS = ("inputs", "settings", "safety")
"""Parameters that are mappings, which ``request`` may add to."""


def settled(shot: WrittenShot) -> WrittenShot:
    """A shot on which stand, as keys of its own, the parameters of its request that are keys by another name."""
    request = shot.get("request")
    if not request or "footage" in shot.own:
        return shot
    said = list(_counted(request))
    moved = {key: (*shot.path_of("request"), *steps) for key, steps, _ in said}
    return replace(shot, own={**shot.own, **{key: value for key, _, value in said}}, moved=moved)


def _counted(request: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """What of a request counts as a key of the board: the key, where it stands in the request, and its value."""
    for steps, value in _parameters(request):
        key = KEYS.get(".".join(steps))
        if key and _taken(steps, value):
            yield key, steps, value.lower() if key == "format" else value


def rest(request: Mapping[str, Any]) -> dict[str, Any]:
    """What of a request is merged as it stands."""
    left: dict[str, Any] = {}
    for steps, value in _parameters(request):
        name = ".".join(steps)
        if name in KEYS or (name in MAPPINGS and isinstance(value, dict)):
            continue
        *above, last = steps
        (left.setdefault(above[0], {}) if above else left)[last] = value
    return left


def check(shot: WrittenShot, findings: Findings) -> None:
    """What a shot's ``request`` may not say is an error; what it may is a warning."""
    for steps, value in _parameters(shot.get("request") or {}):
        path: Path = (*shot.path_of("request"), *steps)
        name = ".".join(steps)
        if name in SAID_ELSEWHERE:
            why, key = SAID_ELSEWHERE[name]
            remedy = f"write `{key}` on the shot" if key else f"remove '{steps[-1]}'"
            findings.add("SF0210", path, f"a request cannot set {name} itself: {why}", remedy)
        elif name in MAPPINGS:
            if not isinstance(value, dict):
                findings.add("SF0203", path, f"{name} needs a mapping", f"add to it, as in `{name}: {{NAME: VALUE}}`")
        elif _rules(steps) and not _taken(steps, value):
            code, message = schema.refusal(_rules(steps), value)
            findings.add(code, path, message, "give what the model takes")
        elif name in KEYS:
            message = f"{name} takes the place of what `{KEYS[name]}` says"
            findings.add("SF0807", path, message, f"write `{KEYS[name]}` on the shot")
        elif not _rules(steps):
            findings.add("SF0807", path, f"{name} is sent as it is: skyflow does not know it", "see that it is right")


@cache
def _rules(steps: tuple[str, ...]) -> dict[str, Any]:
    """What the model's page says of a parameter; nothing of one that it does not know."""
    part: Any = published(PAGE)
    for step in steps:
        part = part.get("properties", {}).get(step, {})
    return dict(part)


def _taken(steps: tuple[str, ...], value: Any) -> bool:  # noqa: ANN401 - any YAML
    return jsonschema_rs.Draft202012Validator(_rules(steps)).is_valid(value)


def _parameters(written: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every parameter, and those within the mappings that the request has already."""
    for key, value in written.items():
        yield (key,), value
        if key in MAPPINGS and isinstance(value, dict):
            yield from (((key, inner), item) for inner, item in value.items())
