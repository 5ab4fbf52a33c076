"""What skyflow publishes beside its code: JSON Schemas for editors and programs, and example boards.

A wheel carries both inside the package; a checkout keeps them at the top of its tree, where people look.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skyflow.errors import UsageError
from skyflow.problems import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

ENDING = ".schema.json"
PACKAGE = Path(__file__).parent


def schema_names() -> tuple[str, ...]:
    """The name of every published schema, sorted: ``storyboard`` stands in ``storyboard.schema.json``."""
    names = (file.name for file in _folder("schemas", "schemas").iterdir())
    return tuple(sorted(name.removesuffix(ENDING) for name in names if name.endswith(ENDING)))


def schema_text(name: str) -> str:
    """A schema as it is published, to print.

    Raises:
        UsageError: no schema has this name.
    """
    known = schema_names()
    if name not in known:
        remedy = did_you_mean(name, known) or f"name one of {', '.join(known)}"
        raise UsageError(f"there is no schema {name!r}", remedy)
    return _folder("schemas", "schemas").joinpath(name + ENDING).read_text(encoding="utf-8")


@cache
def schema(name: str) -> Mapping[str, Any]:
    """A schema, parsed once; not to be changed.

    Raises:
        UsageError: no schema has this name.
    """
    parsed: dict[str, Any] = json.loads(schema_text(name))
    return parsed


def examples() -> Path:
    """The folder of example boards, one folder each."""
    return _folder("examples", "examples/storyboards")


def _folder(packed: str, checkout: str) -> Path:
    """A folder of the package or, in an editable install, its original in the checkout."""
    inside = PACKAGE / packed
    return inside if inside.is_dir() else PACKAGE.parent / checkout
