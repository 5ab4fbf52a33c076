"""The text of a request becomes an array of tasks."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def parsed(body: bytes) -> list[Any]:
    """The tasks of a body.

    Raises:
        ValueError: it is no JSON, holds what no text can, or is no array of at least one element.
        RecursionError: it is too deep.
    """
    tasks = json.loads(body, parse_constant=_no_number)
    if not isinstance(tasks, list) or not tasks:
        raise ValueError("no array of tasks")
    if b"\\u" in body:  # half a surrogate pair can be written so, and nothing can be done with it
        json.dumps(tasks, ensure_ascii=False).encode()
    return tasks


def asks_dry(query: str) -> bool:
    """Whether a URL's query asks for a dry run."""
    return "dryRun=1" in query.split("&")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
