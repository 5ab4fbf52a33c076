"""How amounts are written for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal
    from fractions import Fraction


def dollars(amount: Decimal) -> str:
    """``$5.25``; a part of a cent is shown where there is one, since it is what the provider charges."""
    exact = f"{amount.normalize():f}"
    whole, _, cents = exact.partition(".")
    return f"${whole}.{cents.ljust(2, '0')}"


def length(seconds: Fraction | float) -> str:
    """``6.0 s``, and minutes where there are some."""
    value = float(seconds)
    return f"{value:.1f} s" if value < 60 else f"{int(value // 60)} min {value % 60:04.1f} s"


def number(count: int, noun: str) -> str:
    """``1 shot``, ``3 shots``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def listed(words: list[str], most: int = 6) -> str:
    """``a, b and c``; a long list is cut off and counted."""
    shown = [*words[:most], f"{len(words) - most} more"] if len(words) > most else words
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)
