"""The client against the sandbox: takes are bought, fetched and recorded, and nothing is paid for twice."""

from __future__ import annotations

from decimal import Decimal

import anyio

from skyflow.backends.paid import Accepted, Fetched, Intended, Ready, Sent
from tests.paying import PRICE, opened, order, shopping


def test_a_take_is_bought_fetched_and_recorded_stage_by_stage(tmp_path):
    async def inside(shop):
        await shop.make(order(folder=tmp_path))
        assert [type(stage) for stage in shop.journal.told] == [Intended, Sent, Accepted, Ready, Fetched]
        made = shop.kept["opening", 1]
        assert made.receipt is not None
        assert made.receipt.cost == PRICE
        assert shop.purse.spent == shop.spent == PRICE
        assert shop.purse.reserved == 0
        assert shop.progress[-1] == 1.0
        (record,) = shop.records()
        assert record.finished

    shopping(inside, tmp_path)
