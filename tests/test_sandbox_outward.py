"""What a sandbox sends by itself: webhooks, PUTs of finished clips, and clips that are drawn ahead."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest

from skyflow.errors import MediaError
from skyflow.sandbox.render import Order, stand_in
from tests.sandboxing import Here, asked, sandboxed, task

if TYPE_CHECKING:
    from pathlib import Path

HOOK = "http://hooks.test/done?secret=1"
PUT = "http://bucket.test/clip.mp4?signature=x"


class Receiver(httpx.AsyncBaseTransport):
    """Everything that is sent, by method; answers with the statuses that it is given, then with 200."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.got: list[tuple[str, str, bytes, float]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.got.append((request.method, str(request.url), await request.aread(), anyio.current_time()))
        status = self.statuses.pop(0) if self.statuses else 200
        if not status:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(status)

    def bodies(self) -> list[Any]:
        return [json.loads(body) for method, _, body, _ in self.got if method == "POST"]


def tended(client: Any, tmp_path: Path, receiver: Any, faults: Any = None, **settings: Any) -> None:
    """Run the inside of a test while the sandbox is tended."""

    async def inside(here: Here):
        async with anyio.create_task_group() as group:
            group.start_soon(here.sandbox.tend)
            await client(here)
            group.cancel_scope.cancel()

    sandboxed(inside, tmp_path, faults, outward=receiver, **settings)


@pytest.mark.parametrize("form", ["envelope", "flat"])
def test_a_webhook_is_called_once_for_each_finished_take(tmp_path, form):
    receiver = Receiver()

    async def client(here: Here):
        one = task(numberResults=3, webhookURL=HOOK)
        await here.rows(one)
        await anyio.sleep(1.9)
        assert receiver.got == []
        await anyio.sleep(10)
        polled = (await here.poll(one)).json()
        got = receiver.bodies()
        assert {url for _, url, _, _ in receiver.got} == {HOOK}
        expected = [{"data": [row]} for row in polled["data"]] + [{"errors": [error]} for error in polled["errors"]]
        if form == "flat":
            expected = [*polled["data"], *polled["errors"]]
        assert sorted(map(str, got)) == sorted(map(str, expected))
        assert HOOK not in (await here.client.get("/deliveries")).text

    tended(client, tmp_path, receiver, {"webhook": form, "faults": [{"do": "fail", "takes": [2]}]})


def test_a_webhook_that_is_not_answered_well_is_tried_again_and_in_the_end_given_up(tmp_path):
    receiver = Receiver(500, 0, 302, 404)

    async def client(here: Here):
        await here.rows(task(webhookURL=HOOK))
        await anyio.sleep(60)
        times = [at for *_, at in receiver.got]
        assert len(times) == 5
        pauses = [late - early for early, late in pairwise(times)]
        assert all(later > earlier for earlier, later in pairwise(pauses))
        receiver.statuses = [500] * 99
        await here.rows(task(webhookURL=HOOK))
        await anyio.sleep(600)
        assert len(receiver.got) == 5 + 6
        outcomes = [one["outcome"] for one in (await here.page("deliveries"))["deliveries"]]
        assert sorted(outcomes) == ["HTTP 200", "given up"]

    tended(client, tmp_path, receiver)


def test_a_webhook_may_come_twice_or_never(tmp_path):
    receiver = Receiver()

    async def client(here: Here):
        twice, never = task(webhookURL=HOOK, positivePrompt="twice"), task(webhookURL=HOOK, positivePrompt="never")
        await here.rows(twice, never)
        await anyio.sleep(60)
        first, second = receiver.bodies()
        assert first == second
        assert first["data"][0]["taskUUID"] == twice["taskUUID"]

    faults = [{"do": "twice", "prompt": "twice"}, {"do": "lost", "prompt": "never"}]
    tended(client, tmp_path, receiver, {"faults": faults})


def test_the_finished_clip_is_put_where_it_was_asked_for(tmp_path):
    receiver = Receiver(503)

    async def client(here: Here):
        one = task(uploadEndpoint=PUT)
        await here.rows(one)
        await anyio.sleep(10)
        (row,) = await here.rows(asked(one))
        clip = (await here.client.get(row["videoURL"])).content
        assert [(method, url, body) for method, url, body, _ in receiver.got] == [("PUT", PUT, clip)] * 2
        assert PUT not in (await here.client.get("/deliveries")).text

    tended(client, tmp_path, receiver)


def test_nothing_is_sent_beyond_this_machine(tmp_path):
    async def client(here: Here):
        await here.rows(task(webhookURL="https://example.org/hook", uploadEndpoint="https://example.org/put"))
        await anyio.sleep(10)
        outcomes = {one["outcome"] for one in (await here.page("deliveries"))["deliveries"]}
        assert outcomes == {"not sent: a sandbox only reaches this machine"}

    tended(client, tmp_path, None)


def test_what_is_outstanding_is_sent_after_a_restart(tmp_path):
    receiver = Receiver()

    async def submits(here: Here):
        await here.rows(task(webhookURL=HOOK))

    async def delivers(here: Here):
        await here.sandbox.deliver()
        assert receiver.got == []
        await anyio.sleep(3)
        await here.sandbox.deliver()
        await here.sandbox.deliver()
        assert len(receiver.got) == 1

    sandboxed(submits, tmp_path, outward=receiver)
    sandboxed(delivers, tmp_path, outward=receiver)


def test_a_take_whose_clip_is_drawn_ahead_is_finished_with_it_and_not_before(tmp_path):
    orders: list[Order] = []

    async def slowly(order: Order) -> bytes:
        orders.append(order)
        await anyio.sleep(30)
        return await stand_in(order)

    async def client(here: Here):
        one = task(numberResults=2)
        await here.rows(one)
        await anyio.sleep(29)
        assert {row["status"] for row in await here.rows(asked(one))} == {"processing"}
        await anyio.sleep(70)
        rows = await here.rows(asked(one))
        assert {row["status"] for row in rows} == {"success"}
        for row in rows:
            await here.client.get(row["videoURL"])
        assert sorted(order.take for order in orders) == [1, 2]
        assert {order.seed for order in orders} == {row["seed"] for row in rows}

    tended(client, tmp_path, None, render=slowly, ahead=True)


def test_a_clip_that_cannot_be_drawn_fails_its_take(tmp_path):
    async def torn(order: Order) -> bytes:
        if order.take == 1:
            raise MediaError("the film tore")
        return await stand_in(order)

    async def client(here: Here):
        one = task(numberResults=2)
        await here.rows(one)
        await anyio.sleep(10)
        body = (await here.poll(one)).json()
        assert [row["status"] for row in body["data"]] == ["success"]
        assert [error["code"] for error in body["errors"]] == ["processingFailed"]
        assert "the film tore" in body["errors"][0]["message"]

    tended(client, tmp_path, None, render=torn, ahead=True)
