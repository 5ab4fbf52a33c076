"""Tasks, takes and what a provider says of them, for tests of what is kept about money."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from skyflow.backends.paid import Accepted, Arrival, Failed, Fetched, Intended, Ready, Refusal, Sent, Task
from skyflow.board.model import Output, Size
from skyflow.digest import of_bytes
from skyflow.planning.takes import Receipt, Take

if TYPE_CHECKING:
    from skyflow.backends.paid import Stage

PRICE = Decimal("0.84")
REFUSAL = Refusal("providerError", "the model had a bad day", "provider", "unbilled")


def task(uuid: str, *, takes: tuple[int, ...] = (1,), estimate: Decimal = PRICE, **other: Any) -> Task:
    """A task; its key follows from ``shot``, so attempts of one shot belong together."""
    shot = other.get("shot", "opening")
    fields: dict[str, Any] = {
        "attempt": 1,
        "board": "board",
        "backend": "runware",
        "backend_version": "1",
        "model": "skywork:skyreels@v4",
        "shot": shot,
        "key": of_bytes(shot.encode()),
        "identity": of_bytes(b"identity"),
        "body": {"taskUUID": uuid, "positivePrompt": "a lamp \u2028\ud83d \x00 é", "duration": 3.5, "n": [1, None]},
        "output": Output(Size(848, 480), 96, Fraction(30000, 1001), sound=True),
        "longer": 0,
    }
    return Task(uuid=uuid, takes=takes, estimate=estimate, **fields | other)


def take(number: int, uuid: str = "t", cost: Decimal | None = PRICE) -> Take:
    return Take(
        take=number,
        label="opening",
        sha256=of_bytes(f"{uuid} {number}".encode()),
        bytes=10,
        width=848,
        height=480,
        frames=96,
        rate=Fraction(32),
        sound=True,
        seed=7,
        receipt=Receipt(uuid, f"video-{number}", cost, nsfw=False),
    )


def arrival(number: int, cost: Decimal | None = PRICE) -> Arrival:
    return Arrival(number, f"video-{number}", seed=7, nsfw=False, cost=cost)


def life(bought: Task, *, until: int = 5, cost: Decimal | None = PRICE) -> list[Stage]:
    """The first stages of a task that goes well: all of them, with a ``Fetched`` for each take."""
    uuid = bought.uuid
    whole: list[Stage] = [
        Intended(bought),
        Sent(uuid),
        Accepted(uuid, "acknowledgement"),
        Ready(uuid, tuple(arrival(number, cost) for number in bought.takes)),
        *(Fetched(uuid, take(number, uuid, cost)) for number in bought.takes),
    ]
    return whole[:until] if until < 5 else whole


def failure(bought: Task, refusal: Refusal = REFUSAL) -> list[Stage]:
    """All stages of a task that the provider took and could not make."""
    return [*life(bought, until=3), Failed(bought.uuid, refusal)]
