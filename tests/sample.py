"""Which of many equal cases a suite takes: enough of them for everybody's wait, or with ``SKYFLOW_EVERY=1`` each."""

from __future__ import annotations

import os

EVERY = bool(os.environ.get("SKYFLOW_EVERY"))


def ends(count: int) -> list[int]:
    """Of things that are counted from 1 the first, the one in the middle and the last, or all."""
    return list(range(1, count + 1)) if EVERY else sorted({1, (count + 1) // 2, count})


def some(count: int, step: int) -> range:
    """Of things that are counted from 1 each ``step``-th from the first on, or all."""
    return range(1, count + 1, 1 if EVERY else step)
