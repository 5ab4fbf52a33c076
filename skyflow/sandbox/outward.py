"""What a sandbox does by itself: it calls webhooks, puts clips where they were asked for, and draws ahead."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import anyio
import httpx

from skyflow.errors import SkyflowError
from skyflow.sandbox import dice
from skyflow.sandbox.asking import finished, outcome
from skyflow.sandbox.house import Reply

if TYPE_CHECKING:
    from skyflow.sandbox.clips import Clips
    from skyflow.sandbox.house import House
    from skyflow.sandbox.records import Delivery, Take

LOOK_SECONDS = 0.1
"""How often ``tend`` looks for something to do."""

ANSWER_SECONDS = 5
TRIES = 6
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 8.0
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Outward:
    """Everything that is sent and not asked for.

    Args:
        transport: carries it; None opens connections, to this machine only.
    """

    def __init__(self, house: House, clips: Clips, transport: httpx.AsyncBaseTransport | None) -> None:
        self._house = house
        self._clips = clips
        self._transport = transport
        self._drawing: set[str] = set()

    async def tend(self) -> None:
        """Go on until cancelled."""
        drawers = anyio.CapacityLimiter(max(1, os.cpu_count() or 1))
        async with anyio.create_task_group() as group:
            while True:
                for take in self._house.book.undrawn() if self._house.ahead else ():
                    if take.video not in self._drawing:
                        self._drawing.add(take.video)
                        group.start_soon(self._draw, take, drawers)
                await self._send_all()
                await anyio.sleep(LOOK_SECONDS)

    async def deliver(self) -> None:
        """Do what is due now."""
        for take in self._house.book.undrawn() if self._house.ahead else ():
            await self._clips.ahead(take)
        await self._send_all()

    async def _draw(self, take: Take, drawers: anyio.CapacityLimiter) -> None:
        async with drawers:
            await self._clips.ahead(take)

    async def _send_all(self) -> None:
        """Send everything that is due, at once: a receiver that does not answer delays no other."""
        due = [one for one in self._house.book.deliveries(outstanding=True) if one.due <= self._house.clock()]
        if not due:
            return
        async with (
            httpx.AsyncClient(transport=self._transport, timeout=ANSWER_SECONDS, trust_env=False) as client,
            anyio.create_task_group() as group,
        ):
            for one in due:
                group.start_soon(self._send, client, one)

    async def _send(self, client: httpx.AsyncClient, delivery: Delivery) -> None:
        take = self._house.book.take(delivery.video)
        assert take is not None
        if not finished(self._house, take):
            return
        now = self._house.clock()
        if self._transport is None and urlsplit(delivery.url).hostname not in LOOPBACK:
            self._house.book.delivered(delivery, "not sent: a sandbox only reaches this machine", now)
            return
        said = await self._tried(client, delivery, take)
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**delivery.tries)
        pause *= 1 + dice.roll("webhook", self._house.settings.seed, delivery.number, delivery.tries)
        over = said is not None or delivery.tries + 1 >= TRIES
        self._house.book.delivered(delivery, (said or "given up") if over else None, self._house.clock() + pause)

    async def _tried(self, client: httpx.AsyncClient, delivery: Delivery, take: Take) -> str | None:
        """What came of one try; None is to be tried again."""
        try:
            if delivery.kind == "upload":
                content = (await self._clips.clip(take)).read_bytes()
                with anyio.fail_after(ANSWER_SECONDS):
                    answer = await client.put(delivery.url, content=content)
            else:
                said = await self._called(client, delivery, take)
                if said is None:
                    return "lost on purpose"
                answer = said
        except (httpx.HTTPError, TimeoutError):
            return None
        except httpx.InvalidURL:
            return "not sent: no such address"
        except (SkyflowError, OSError) as error:
            return f"no clip: {error}"
        return f"HTTP {answer.status_code}" if answer.is_success else None

    async def _called(self, client: httpx.AsyncClient, delivery: Delivery, take: Take) -> httpx.Response | None:
        """Call a webhook, and once more where a fault says so; None where a fault says not to."""
        task = self._house.book.task(take.task)
        assert task is not None
        faults = {fault.do for fault in self._house.faults.of("webhook", take.video, task.body)}
        if "lost" in faults:
            return None
        reply = Reply()
        outcome(self._house, task, take, task.base, reply)
        form = next((form for form in ("flat", "envelope") if form in faults), self._house.settings.webhook)
        body: dict[str, Any] = {"data": reply.rows} if reply.rows else {"errors": reply.errors}
        if form == "flat":
            body = (reply.rows or reply.errors)[0]
        with anyio.fail_after(ANSWER_SECONDS):
            if "twice" in faults:
                await client.post(delivery.url, json=body)
            return await client.post(delivery.url, json=body)
