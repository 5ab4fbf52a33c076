"""Why a shot is made: what stands in its identity now that did not stand there when it was last made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skyflow.board.model import Address, DataMedia, FileMedia, ShotFrame

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from skyflow.board.model import Media
    from skyflow.planning.key import Bound

WORDS = {
    "positivePrompt": "prompt",
    "width": "size",
    "height": "size",
    "inputs.frameImages": "frames",
    "inputs.referenceImages": "tags",
    "inputs.referenceVideos": "clip",
    "settings.audio": "audio",
    "settings.promptExtend": "prompt_extend",
    "outputFormat": "format",
    "outputQuality": "quality",
}
"""A field of the request in the board's words, where they differ."""


def changes(before: Mapping[str, Any], now: Bound) -> list[str]:
    """What changed, each in a few words, in the order of the request.

    Args:
        before: the identity that the shot was last made with.
        now: the request as it is.
    """
    found: dict[str, None] = {}
    old_backend = f"{before['backend']} {before['version']}"
    new_backend = f"{now.identity['backend']} {now.identity['version']}"
    if old_backend != new_backend:
        found[f"{old_backend} is now {new_backend}"] = None
    differences = list(_differences(before["request"], now.identity["request"], ()))
    # With the first pinned frame or clip the size gives way to the resolution: that is no change of its own.
    told = [change for change in differences if not _gives_way(*change)] or differences
    found |= dict.fromkeys(_words(path, was, becomes, now.media) for path, was, becomes in told)
    return list(found)


def _gives_way(path: tuple[str, ...], was: Any, becomes: Any) -> bool:  # noqa: ANN401 - any JSON
    return path[0] in {"width", "height", "resolution"} and (was is None or becomes is None)


def _differences(old: Any, new: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any, Any]]:  # noqa: ANN401 - any JSON
    """The smallest parts that differ; a list of another length differs as a whole."""
    if isinstance(old, dict | None) and isinstance(new, dict | None) and old != new:
        old, new = old or {}, new or {}
        for key in [*new, *(key for key in old if key not in new)]:
            yield from _differences(old.get(key), new.get(key), (*path, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for was, becomes in zip(old, new, strict=True):
            yield from _differences(was, becomes, path)
    elif old != new:
        yield path, old, new


def _words(path: tuple[str, ...], was: Any, becomes: Any, media: Mapping[str, Media]) -> str:  # noqa: ANN401
    medium = media.get(becomes) if isinstance(becomes, str) else None
    if medium is not None and isinstance(was, str):
        return _medium_changed(medium, was, becomes)
    dotted = ".".join(path)
    name = next((WORDS[key] for key in (dotted, ".".join(path[:2]), path[0]) if key in WORDS), dotted)
    if path[0] in {"duration", "resolution"} and was is not None and becomes is not None:
        return f"{name} {was} → {becomes}"
    return f"{name} changed"


def _medium_changed(medium: Media, was: str, becomes: str) -> str:
    if isinstance(medium, FileMedia):
        return f"{medium.path} changed"
    if isinstance(medium, DataMedia):
        return "a picture that stands in the board changed"
    if isinstance(medium, Address):
        return f"{medium.shown} changed"
    if isinstance(medium, ShotFrame) and was.partition("#")[0] == becomes.partition("#")[0]:
        return f"another frame of {medium.shot}"
    return f"{medium.shot}'s clip changed"
