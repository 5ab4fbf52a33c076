"""``request``: parameters that a board adds to a shot's request because this version has no key for them.

It may add and not replace. What a plan says of a shot (its words, media, size, length, price) is read off the board's
own keys, and would be untrue if the request said something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from skyflow.board.findings import Findings
    from skyflow.board.source import Path
    from skyflow.board.written import WrittenShot

RUNNER = "skyflow sets it for every shot"
NOT_TAKEN = "the model takes none"

SAID_ELSEWHERE = {
    "taskType": RUNNER,
    "taskUUID": RUNNER,
    "model": RUNNER,
    "outputType": RUNNER,
    "deliveryMethod": RUNNER,
    "includeCost": RUNNER,
    "positivePrompt": "`prompt` says it",
    "width": "`size` says it",
    "height": "`size` says it",
    "resolution": "`resolution` says it",
    "duration": "`duration` says it",
    "numberResults": "`takes` says it",
    "inputs.frameImages": "`frames` says it",
    "inputs.referenceImages": "tags say it",
    "inputs.referenceVideos": "`extends`, `edits` and tags say it",
    "settings.audio": "`audio` says it",
    "settings.promptExtend": "`prompt_extend` says it",
    "outputFormat": "`format` says it",
    "outputQuality": "`quality` says it",
    "safety": "`safety` says it",
    "ttl": "`ttl` says it",
    "webhookURL": "`webhook` says it, and keeps it secret",
    "uploadEndpoint": "`upload_to` says it, and keeps it secret",
    "seed": NOT_TAKEN,
    "negativePrompt": NOT_TAKEN,
    "fps": NOT_TAKEN,
    "steps": NOT_TAKEN,
}
"""Parameters that ``request`` may not hold, and why."""

MAPPINGS = ("inputs", "settings")
"""Parameters that are mappings, which ``request`` may add to."""


def check(shot: WrittenShot, findings: Findings) -> None:
    """What a shot's ``request`` may not say is an error; what it may is a warning, for nobody has checked it."""
    written = shot.get("request") or {}
    for steps, value in _parameters(written):
        path: Path = (*shot.path_of("request"), *steps)
        name = ".".join(steps)
        if name in SAID_ELSEWHERE:
            message = f"a request cannot set {name} itself: {SAID_ELSEWHERE[name]}"
            findings.add("SF0210", path, message, f"remove '{steps[-1]}'")
        elif name in MAPPINGS:
            if not isinstance(value, dict):
                findings.add("SF0203", path, f"{name} needs a mapping", "add to it, as in `settings: {NAME: VALUE}`")
        else:
            findings.add("SF0807", path, f"{name} is sent as it is: skyflow does not know it", "see that it is right")


def _parameters(written: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every parameter, and those within the mappings that the request has already."""
    for key, value in written.items():
        yield (key,), value
        if key in MAPPINGS and isinstance(value, dict):
            yield from (((key, inner), item) for inner, item in value.items())
