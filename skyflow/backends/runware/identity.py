"""The name under which the provider knows a task, which follows from the work itself.

Whoever wants the same takes, on any machine and with or without a journal, asks under the same UUID: so the
provider sees a repetition where otherwise there would be a second bill.
"""

from __future__ import annotations

from uuid import UUID

from skyflow import digest

KIND = "runware task 1"
"""Another number here gives every task another name, so that what is in flight would be bought again."""


def task_uuid(key: str, first: int, attempt: int) -> str:
    """A UUID shaped as version 4.

    Args:
        key: what the result will be known by.
        first: the lowest number among the takes of the task.
        attempt: from 1.
    """
    named = digest.of_json(KIND, {"key": key, "take": first, "attempt": attempt})
    return str(UUID(bytes=bytes.fromhex(named[:32]), version=4))
