"""How amounts and places are written for people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction


def length(seconds: Fraction | float) -> str:
    """``6.0 s``, and minutes where there are some."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    return f"{minutes} min {rest / 10:04.1f} s" if minutes else f"{rest / 10:.1f} s"


def size(count: int) -> str:
    """``3.4 kB``, ``12.0 MB``: how much a disk holds."""
    for unit, worth in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= worth:
            return f"{count / worth:.1f} {unit}"
    return f"{count} B"


def clock(seconds: float) -> str:
    """``0:05``, ``1:02:03``: how long something has been going on, for what changes while it is read."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def number(count: int, noun: str) -> str:
    """``1 shot``, ``3 shots``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(words: list[str], most: int = 6) -> str:
    """``a, b and c``; a long list is cut off and counted."""
    shown = [*words[:most], f"{len(words) - most} more"] if len(words) > most else words
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def shown(path: Path) -> str:
    """A path for people: relative to the working folder where it lies below it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
