"""What a person is told when something came to nothing: which shot, who said what, what it cost, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from skyflow.backends.paid import Refusal
from skyflow.backends.runware.errors import ACCOUNT, remedy_of
from skyflow.errors import AccountRefused, MakeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skyflow.backends.runware.errors import Fault

_WHAT = {
    "address": "Runware is not at that address",
    "auth": "Runware refuses the account",
    "quota": "the Runware account has too little credit",
    "rateLimit": "Runware's queue is full",
    "safety": "Runware's moderation refused it",
    "model": "Runware does not have the model",
    "timeout": "Runware ran out of time",
    "notFound": "Runware does not know it any more",
    "validation": "Runware refused the request",
}
_COST = {
    "unbilled": "it cost nothing",
    "billed": "it was paid for",
    "unknown": "whether it cost something is not known",
}
RECOVER = "run 'skyflow recover' later: it fetches what was paid for and buys nothing"
"""What to do about takes that are at the provider."""
GIVE_UP = "'skyflow recover --give-up' writes it off, so that the next run buys it again"
"""What to do about a task that nobody can fetch and nobody has reported as failed."""


def refusal(fault: Fault, billed: Literal["billed", "unbilled", "unknown"] = "unknown") -> Refusal:
    """A fault as the journal keeps it."""
    return Refusal(code=fault.code, message=fault.message, kind=fault.kind, billed=billed)


class Misdirected(MakeError):
    """What answers is not the provider, so it would not be for any other shot."""


def refused(shot: str, fault: Fault, billed: Literal["billed", "unbilled", "unknown"] = "unknown") -> MakeError:
    """The error that a fault becomes once nothing more is tried."""
    what = f"{shot}: {_WHAT.get(fault.kind, 'Runware failed')}: {fault.said}; {_COST[billed]}"
    return _error(fault)(what, remedy_of(fault.kind))


def _error(fault: Fault) -> type[MakeError]:
    if fault.kind == "address":
        return Misdirected
    return AccountRefused if fault.kind in ACCOUNT else MakeError


def turned_away(fault: Fault) -> AccountRefused | Misdirected:
    """The error that a fault becomes that every other question would meet too."""
    kind = Misdirected if fault.kind == "address" else AccountRefused
    return kind(f"{_WHAT[fault.kind]}: {fault.said}", remedy_of(fault.kind))


def late(shot: str, why: str) -> MakeError:
    """A task that was accepted and has not come back."""
    return MakeError(f"{shot}: Runware has it and it did not come: {why}", RECOVER)


def forgotten(shot: str) -> MakeError:
    """A task that was accepted, and of which the provider says that it does not know it."""
    what = f"{shot}: Runware took it and does not know it any more; whether it was paid for is not known"
    return MakeError(what, GIVE_UP)


def not_sent(shot: str, why: str) -> MakeError:
    """A task of which nobody knows whether the provider has it."""
    what = f"{shot}: Runware did not say that it took the task: {why}; whether it cost something is not known"
    return MakeError(what, "run again later: it asks first, and the same task is never paid for twice")


def not_fetched(shot: str, take: int, why: str) -> MakeError:
    """A take that is finished at the provider and does not arrive."""
    what = f"{shot}: take {take} is paid for and could not be fetched: {why}"
    return MakeError(
        what, "run again, or 'skyflow recover': it is in the journal and is fetched without paying again"
    )


def numbers(takes: Iterable[int]) -> str:
    """``take 2`` or ``takes 2, 3``."""
    listed = [str(take) for take in takes]
    return f"take{'s' if len(listed) > 1 else ''} {', '.join(listed)}"
