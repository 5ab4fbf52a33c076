"""Everything goes wrong at random, and runs die at random: what is paid for is paid for once, and comes home."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import anyio
import pytest

from skyflow.errors import SkyflowError
from tests.paying import PRICE, folder_in_memory, order, shopping

if TYPE_CHECKING:
    from pathlib import Path

    from tests.paying import Shop

__all__ = ("folder_in_memory",)

SHOTS = {f"shot_{number}": tuple(range(1, 2 + number % 3)) for number in range(9)}

TROUBLE = [
    {"do": "drop", "on": "submit", "chance": 0.2},
    {"do": "drop", "on": "submit", "chance": 0.2, "when": "after"},
    {"do": "hang", "on": "submit", "chance": 0.1, "when": "after"},
    {"do": "status", "on": "submit", "status": 502, "body": "html", "chance": 0.2, "when": "after"},
    {"do": "queue full", "chance": 0.2},
    {"do": "status", "on": "poll", "status": 500, "chance": 0.1},
    {"do": "drop", "on": "poll", "chance": 0.05},
    {"do": "empty", "chance": 0.2},
    {"do": "extra", "on": "poll", "chance": 0.5},
    {"do": "shuffle", "chance": 0.2},
    {"do": "truncate", "chance": 0.3},
    {"do": "corrupt", "chance": 0.2},
    {"do": "expire", "chance": 0.2},
    {"do": "status", "on": "download", "status": 422, "chance": 0.2},
    {"do": "nsfw", "chance": 0.2},
]


def missing(shop: Shop, shot: str) -> tuple[int, ...]:
    """The takes of a shot that no journal says are kept."""
    kept = {take for record in shop.records(shot) for take in record.kept}
    return tuple(take for take in SHOTS[shot] if take not in kept)


async def run(shop: Shop, folder: Path, seconds: float) -> None:
    """One run, which dies after a while."""

    async def one(shot: str) -> None:
        try:
            if wanted := missing(shop, shot):
                await shop.make(order(shot, folder, takes=wanted))
        except SkyflowError:
            return  # the next run goes on from there

    with anyio.move_on_after(seconds):
        async with anyio.create_task_group() as group:
            for shot in SHOTS:
                group.start_soon(one, shot)


@pytest.mark.parametrize("seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 24))])
def test_whatever_goes_wrong_each_take_is_paid_for_once_and_comes_home(tmp_path, seed):
    random = Random(seed)  # noqa: S311 - the same trouble every time
    faults = {"seed": seed, "latency": {"base": 5, "jitter": 40}, "faults": TROUBLE}
    done = []

    async def dying(shop):
        await run(shop, tmp_path, random.choice([1, 3, 10, 60, 5000]))
        if not any(missing(shop, shot) for shot in SHOTS):
            done.append(True)

    for _ in range(40):
        shopping(dying, tmp_path, faults)
        if done:
            break
    else:
        pytest.fail("forty runs were not enough")

    async def after(shop):
        paid = sorted((body["positivePrompt"], body["numberResults"]) for body in shop.charged)
        assert paid == sorted((shot, len(takes)) for shot, takes in SHOTS.items())
        assert shop.spent == sum(len(takes) for takes in SHOTS.values()) * PRICE
        for shot, takes in SHOTS.items():
            kept = {number: take for record in shop.records(shot) for number, take in record.kept.items()}
            assert set(kept) == set(takes)
            assert len({take.receipt.video_uuid for take in kept.values()}) == len(takes)

    shopping(after, tmp_path, faults)


@pytest.mark.parametrize("seed", range(3))
def test_failures_among_the_trouble_are_bought_again_and_nothing_else_is(tmp_path, seed):
    trouble = [*TROUBLE, {"do": "fail", "chance": 0.3, "takes": [1]}]
    faults = {"seed": seed, "latency": {"base": 5, "jitter": 10}, "faults": trouble}
    done = []

    async def whole(shop):
        await run(shop, tmp_path, 5000)
        if not any(missing(shop, shot) for shot in SHOTS):
            done.append(True)

    for _ in range(20):
        shopping(whole, tmp_path, faults)
        if done:
            break

    async def after(shop):
        book = shop.sandbox.house.book
        good = [take for bought in book.tasks() for take in book.takes(bought.uuid) if not take.error]
        kept = [take for record in shop.journal.records() for take in record.kept.values()]
        assert sorted(take.video for take in good) == sorted(take.receipt.video_uuid for take in kept)
        assert len(kept) == sum(len(takes) for takes in SHOTS.values())

    assert done
    shopping(after, tmp_path, faults)
