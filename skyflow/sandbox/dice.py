"""Chance that follows from names: the same seed and the same names always fall the same, in any order of calls."""

from __future__ import annotations

import hashlib
import uuid


def roll(*names: object) -> float:
    """A number from 0 up to 1 that looks random."""
    return int.from_bytes(_digest(names)[:7], "big") / (1 << 56)


def number(*names: object) -> int:
    """A seed as the provider reports them."""
    return int.from_bytes(_digest(names)[:4], "big") % 2_000_000_000 + 1


def name(*names: object) -> str:
    """A UUID shaped as version 4."""
    return str(uuid.UUID(bytes=_digest(names)[:16], version=4))


def _digest(names: tuple[object, ...]) -> bytes:
    return hashlib.sha256("\0".join(map(str, names)).encode()).digest()
