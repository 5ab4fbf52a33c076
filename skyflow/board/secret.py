"""What a board says in confidence: the addresses that ``webhook`` and ``upload_to`` give, which often hold a key, and
the queries of all others.

A problem shows the line that it is on, and that line may hold such an address. Stars take its place, as many as it
has characters, so that the caret stays under what is meant.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from skyflow.board.address import AFTER, QUERY, WEB, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from skyflow.problems import Place, Problem, Related

KEYS = ("upload_to", "webhook")

WRITTEN = re.compile(
    rf"(?:{'|'.join(KEYS)}|webhookURL|uploadEndpoint)[\"']?\s*:\s*(\"[^\"\n]*|'[^'\n]*|[^\s,}}#][^\s,}}]*)"
)
"""A key and what follows it on the line, for text that is too broken to be read as data."""

PIECE = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)|[^\s\\\"']+")
"""An escape of YAML, or what stands between white space, quotes and escapes."""

SHORT = 8
"""A value of fewer characters is no address; to look for it everywhere would hide other words."""


def hidden(problems: Iterable[Problem], data: Any) -> Iterator[Problem]:  # noqa: ANN401 - any YAML
    """The problems, with stars wherever they would show a secret.

    Args:
        data: the board, as far as it could be read: an alias shows nothing of what it stands for.
    """
    if not (problems := tuple(problems)):
        return
    secrets = sorted({value for value in _values(data) if len(value) >= SHORT}, key=len, reverse=True)
    queries = frozenset(query for query in _queries(data) if len(query) >= SHORT)
    lines: dict[str, str] = {}  # a line may be megabytes long, and stand in many problems

    def starred(place: Place) -> Place:
        if place.text not in lines:
            lines[place.text] = _starred(place.text, secrets, queries)
        return replace(place, text=lines[place.text])

    def other(related: Related) -> Related:
        return replace(related, place=starred(related.place), message=without_secrets(related.message))

    for problem in problems:
        yield replace(
            problem,
            place=starred(problem.place),
            path=without_secrets(problem.path),
            message=without_secrets(problem.message),
            remedy=without_secrets(problem.remedy),
            related=tuple(other(related) for related in problem.related),
        )


def _starred(line: str, secrets: list[str], queries: frozenset[str]) -> str:
    text = WRITTEN.sub(_stars, line)
    for secret in secrets:
        text = text.replace(secret, "*" * len(secret))
    text = without_secrets(text, lambda secret: "*" * len(secret))
    if not queries:
        return text
    # A URL may go on in another line than it begins in, or be written with escapes that hide what it is.
    return PIECE.sub(lambda piece: "*" * len(piece[0]) if piece[0].strip(AFTER) in queries else piece[0], text)


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


def _queries(data: Any) -> Iterator[str]:  # noqa: ANN401 - any YAML
    """The words that follow the question mark of each URL in a board; what an alias shares is looked at once."""
    left, seen = [data], set()
    while left:
        value = left.pop()
        if isinstance(value, dict | list):
            if id(value) not in seen:
                seen.add(id(value))
                left += [*value, *value.values()] if isinstance(value, dict) else value
        elif isinstance(value, str) and (web := WEB.search(value)) and (query := QUERY.search(value, web.end())):
            yield from (word.strip(AFTER) for word in value[query.end() :].split())
