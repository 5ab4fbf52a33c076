"""How a sandbox behaves when nothing goes wrong, and where the protocol leaves a choice."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Latency:
    """How long a take is in the making, in seconds: ``base + per_second × duration``, and up to ``jitter`` more."""

    base: float = 2.0
    per_second: float = 0.0
    jitter: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Attributes are the keys of the file of faults; docs/sandbox.md has them for people.

    Attributes:
        seed: decides every jitter and every fault that has a chance.
        key: the only API key that is right; empty takes any.
        balance: USD on the account at first; a task that costs more than is left is refused.
        batched_polls: whether several getResponse may stand in one request.
        unknown_tasks: what a poll for a task that never was says.
        waiting: the word for a take that is not finished.
        future_uuids: whether the row of such a take names its clip already.
        failed_poll: the HTTP status of a poll that has nothing but errors.
        webhook: the form of a webhook's body.
        link_seconds: how long a result's URL lives where the task has no ttl.
        expired: the HTTP status of a URL that has expired.
        retention: seconds after its end for which a task can be polled; None is for ever.
        upstream_rules: whether to refuse what the model's own maker forbids and the provider's page does not.
        media_limits: whether seconds and pixels of what was uploaded are held to the page's limits.
    """

    seed: int = 0
    latency: Latency = field(default_factory=Latency)
    key: str = field(default="", repr=False)
    balance: Decimal = Decimal(1000)
    batched_polls: bool = True
    unknown_tasks: Literal["empty", "not found"] = "empty"
    waiting: Literal["processing", "pending"] = "processing"
    future_uuids: bool = True
    failed_poll: int = 200
    webhook: Literal["envelope", "flat"] = "envelope"
    link_seconds: float = 86_400
    expired: int = 404
    retention: float | None = None
    upstream_rules: bool = False
    media_limits: bool = True

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> Settings:
        """From a mapping that its schema has passed."""
        known = {item.name for item in fields(cls)}
        values = {key: value for key, value in written.items() if key in known}
        if "latency" in values:
            values["latency"] = Latency(**values["latency"])
        if "balance" in values:
            values["balance"] = Decimal(str(values["balance"]))
        return cls(**values)
