"""``skyflow schema``: a JSON Schema of the product, as it is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyflow import published
from skyflow.errors import ExitCode

if TYPE_CHECKING:
    from skyflow.terminal import Terminal


def schema(*, terminal: Terminal, name: str = "storyboard") -> ExitCode:
    """Print a schema; the storyboard's where none is named."""
    terminal.data(published.schema_text(name))
    return ExitCode.DONE
