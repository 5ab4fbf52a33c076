"""Content addresses: SHA-256, and one canonical form of JSON to take it of.

A hash of something that we compose starts with the kind of thing it is, so that a key can never equal the hash
of a file; a file's own hash is the plain SHA-256 that every other tool prints.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    Json: TypeAlias = "str | int | float | bool | Mapping[str, Json] | Sequence[Json] | None"


def canonical(value: Json) -> bytes:
    """The one byte form of a JSON value: sorted keys, no spaces, UTF-8, a whole float as an integer.

    Raises:
        ValueError: the value holds a number that JSON cannot (infinity, not a number).
    """
    return json.dumps(
        _whole(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def _whole(value: Json) -> Json:
    """5 and 5.0 are the same number; Python's printer would write them differently."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    return value


def of_bytes(content: bytes) -> str:
    """The SHA-256 of bytes, 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def of_file(path: Path) -> str:
    """The SHA-256 of a file's content, 64 hex digits, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def of_json(kind: str, value: Json) -> str:
    """The SHA-256 of a JSON value under its kind, 64 hex digits."""
    return of_bytes(f"skyflow {kind}\n".encode() + canonical(value))
