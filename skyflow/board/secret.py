"""What a board says in confidence: the addresses that ``webhook`` and ``upload_to`` give, which often hold a key.

A problem shows the line that it is on, and that line may hold such an address. Stars take its place, as many as it
has characters, so that the caret stays under what is meant.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from skyflow.problems import Place, Problem

KEYS = ("upload_to", "webhook")

WRITTEN = re.compile(
    rf"(?:{'|'.join(KEYS)}|webhookURL|uploadEndpoint)[\"']?\s*:\s*(\"[^\"\n]*|'[^'\n]*|[^\s,}}#][^\s,}}]*)"
)
"""A key and what follows it on the line, for text that is too broken to be read as data."""

SHORT = 8
"""A value of fewer characters is no address; to look for it everywhere would hide other words."""


def hidden(problems: Iterable[Problem], data: Any) -> Iterator[Problem]:  # noqa: ANN401 - any YAML
    """The problems, with stars wherever they would show a secret.

    Args:
        data: the board, as far as it could be read: an alias shows nothing of what it stands for.
    """
    secrets = sorted({value for value in _values(data) if len(value) >= SHORT}, key=len, reverse=True)
    for problem in problems:
        others = tuple(replace(other, place=_starred(other.place, secrets)) for other in problem.related)
        yield replace(problem, place=_starred(problem.place, secrets), related=others)


def _starred(place: Place, secrets: list[str]) -> Place:
    text = WRITTEN.sub(_stars, place.text)
    for secret in secrets:
        text = text.replace(secret, "*" * len(secret))
    return place if text == place.text else replace(place, text=text)


def _stars(found: re.Match[str]) -> str:
    whole, secret = found[0], found[1]
    return whole[: len(whole) - len(secret)] + "*" * len(secret)


def _values(data: Any) -> Iterator[str]:  # noqa: ANN401 - any YAML
    """Each line of every secret of a board's defaults and shots."""
    board = data if isinstance(data, dict) else {}
    shots = board.get("shots")
    holders = [board.get("defaults"), *(shots.values() if isinstance(shots, dict) else ())]
    for holder in holders:
        for key in KEYS:
            value = holder.get(key) if isinstance(holder, dict) else None
            if isinstance(value, str):
                yield from value.splitlines()
