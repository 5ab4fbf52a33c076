"""What says nothing about a task is no end of it: a task that was taken is not bought again for a bad answer."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest

from skyflow.backends.paid import Failed
from skyflow.errors import MakeError
from tests.paying import PRICE, folder_in_memory, order, shopping

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.paying import Sent, Shop

__all__ = ("folder_in_memory",)

NAMED, NAMELESS = True, False
BAD_ANSWERS = [
    (504, "gatewayTimeout", NAMED),
    (503, "providerUnavailable", NAMED),
    (502, "providerBadGateway", NAMED),
    (500, "taskFailed", NAMED),
    (200, "rateLimitExceeded", NAMED),
    (200, "internalServerError", NAMELESS),
    (200, "internalServerError", NAMED),
    (400, "invalidRequest", NAMED),
    (400, "providerError", NAMED),
    (200, "timeoutProvider", NAMED),
    (408, "providerTimeout", NAMED),
    (408, "requestTimeout", NAMELESS),
    (404, "taskNotFound", NAMED),
    (429, "providerError", NAMED),
    (403, "providerError", NAMED),
]


def answering(shop: Shop, answer: Callable[[list[dict[str, Any]], int], httpx.Response | None]) -> None:
    """Have questions answered otherwise; ``answer`` is told the tasks and which question it is, from 1."""
    asked = 0

    async def instead(sent: Sent) -> httpx.Response | None:
        nonlocal asked
        if sent.kind != "getResponse":
            return None
        asked += 1
        return answer(list(sent.tasks), asked)

    shop.line.instead = instead


def error(status: int, code: str, *names: str) -> httpx.Response:
    """An answer that holds one error for each name, or one without a name."""
    said = {"code": code, "message": "no"}
    return httpx.Response(status, json={"errors": [said | {"taskUUID": name} for name in names] or [said]})


def row(uuid: str, take: int | None = None, **more: Any) -> dict[str, Any]:
    """A row of a task: of a finished take, or of one that runs."""
    plain: dict[str, Any] = {"taskType": "videoInference", "taskUUID": uuid}
    if take is None:
        return plain | {"status": "processing"}
    url = f"http://127.0.0.1:7777/video/nowhere-{take}.mp4"
    return plain | {"status": "success", "videoUUID": f"video-{take}", "videoURL": url} | more


@pytest.mark.parametrize(("status", "code", "named"), BAD_ANSWERS)
@pytest.mark.parametrize("at", [1, 2])
def test_one_bad_answer_does_not_buy_again(tmp_path, status, code, named, at):
    async def inside(shop):
        def answer(tasks, asked):
            return error(status, code, *(one["taskUUID"] for one in tasks if named)) if asked == at else None

        answering(shop, answer)
        await shop.make(order(folder=tmp_path))
        assert len(shop.charged) == len(shop.kept) == len(shop.records()) == 1

    shopping(inside, tmp_path, {"latency": {"base": 20}})


@pytest.mark.parametrize(("status", "code"), [(503, "providerUnavailable"), (200, "internalServerError")])
def test_a_bad_answer_that_never_ends_is_no_failure_and_keeps_no_other_waiting(tmp_path, status, code):
    async def inside(shop):
        lost: list[str] = []

        def answer(tasks, _):
            names = [one["taskUUID"] for one in tasks]
            lost.extend(names[:1] if not lost else [])
            return error(status, code, lost[0]) if lost[0] in names else None

        async def first():
            with pytest.raises(MakeError):
                await shop.make(order("first", tmp_path))
            assert shop.records("first")[0].in_flight

        async def second():
            await anyio.sleep(2)
            await shop.make(order("second", tmp_path))
            assert anyio.current_time() < 300

        answering(shop, answer)
        async with anyio.create_task_group() as group:
            group.start_soon(first)
            group.start_soon(second)
        assert len(shop.charged) == 2

    shopping(inside, tmp_path)


def test_a_failure_that_is_repeated_is_one_and_costs_one_question_more(tmp_path):
    async def inside(shop):
        with pytest.raises(MakeError, match="promptBlocked"):
            await shop.make(order(folder=tmp_path))
        assert isinstance(shop.records()[0].stage, Failed)
        assert anyio.current_time() < 60

    shopping(inside, tmp_path, {"faults": [{"do": "fail", "code": "promptBlocked"}]})


async def answered(shop: Shop, sent: Sent) -> httpx.Response:
    """What the sandbox itself says to a request that a test answers instead."""
    line, shop.line.instead = shop.line.instead, None
    try:
        request = httpx.Request("POST", sent.url, headers=sent.headers, content=sent.content)
        answer = await shop.line.handle_async_request(request)
        await answer.aread()
    finally:
        shop.line.instead = line
    return answer


@pytest.mark.parametrize("status", [200, 400])
def test_the_late_take_of_a_task_that_shows_only_finished_ones_is_waited_for(tmp_path, status):
    async def inside(shop):
        async def instead(sent):
            if sent.kind != "getResponse":
                return None
            answer = await answered(shop, sent)
            rows = [one for one in answer.json().get("data", ()) if one["status"] != "processing"]
            return httpx.Response(200, json={"data": rows})

        shop.line.instead = instead
        await shop.make(order(folder=tmp_path, takes=(1, 2)))
        assert len(shop.charged) == 1
        assert shop.spent == 2 * PRICE
        assert sorted(take for _, take in shop.kept) == [1, 2]
        assert anyio.current_time() > 400

    faults = {"failed_poll": status, "faults": [{"do": "late", "takes": [2], "seconds": 500}]}
    shopping(inside, tmp_path, faults)


def test_a_take_that_never_shows_is_late_and_not_bought_again(tmp_path):
    async def inside(shop):
        def answer(tasks, _):
            return httpx.Response(200, json={"data": [row(one["taskUUID"], 1) for one in tasks]})

        answering(shop, answer)
        with pytest.raises(MakeError):
            await shop.make(order(folder=tmp_path, takes=(1, 2)))
        assert 1200 < anyio.current_time() < 1300
        (record,) = shop.records()
        assert record.in_flight
        assert len(shop.charged) == 1

    shopping(inside, tmp_path)


def test_one_error_for_a_task_of_several_takes_is_the_end_of_all_after_some_minutes(tmp_path):
    async def inside(shop):
        answering(shop, lambda tasks, _: error(200, "promptBlocked", tasks[0]["taskUUID"]))
        with pytest.raises(MakeError, match="promptBlocked"):
            await shop.make(order(folder=tmp_path, takes=(1, 2)))
        assert 300 < anyio.current_time() < 400
        assert isinstance(shop.records()[0].stage, Failed)

    shopping(inside, tmp_path)


def test_a_task_that_is_not_found_once_and_runs_on_is_waited_for(tmp_path):
    async def inside(shop):
        def answer(tasks, asked):
            return error(200, "taskNotFound", tasks[0]["taskUUID"]) if asked <= 3 else None

        answering(shop, answer)
        await shop.make(order(folder=tmp_path))
        assert len(shop.charged) == len(shop.kept) == 1
        assert anyio.current_time() > 200

    shopping(inside, tmp_path, {"latency": {"base": 240}})


@pytest.mark.parametrize("code", ["taskNotFound", "taskExpired", "taskFailedOrNotFound"])
def test_a_task_of_this_run_that_is_not_found_gets_all_its_time_and_is_not_bought_again(tmp_path, code):
    async def inside(shop):
        answering(shop, lambda tasks, _: error(404, code, *(one["taskUUID"] for one in tasks)))
        with pytest.raises(MakeError, match="does not know it any more") as caught:
            await shop.make(order(folder=tmp_path))
        assert "recover --give-up" in caught.value.remedy
        assert 1199 < anyio.current_time() < 1300
        (record,) = shop.records()
        assert record.in_flight
        assert len(shop.line.of("videoInference")) == 1
        shop.line.instead = None
        await shop.make(order(folder=tmp_path))
        assert len(shop.charged) == len(shop.kept) == 1

    shopping(inside, tmp_path)


def test_where_nobody_says_how_many_takes_a_colleague_bought_it_takes_minutes_to_conclude(tmp_path):
    async def first(shop):
        await shop.make(order(folder=tmp_path))

    shopping(first, tmp_path)
    (tmp_path / "journal.sqlite").unlink()

    async def second(shop):
        async def instead(sent):
            return httpx.Response(500) if sent.kind == "getTaskDetails" else None

        shop.line.instead = instead
        await shop.make(order(folder=tmp_path, takes=(1, 2)))
        assert [body["numberResults"] for body in shop.charged] == [1, 1]
        assert anyio.current_time() > 300

    shopping(second, tmp_path)


REFUSED = {
    "a message without a code": lambda: httpx.Response(400, json={"errors": [{"message": "one task only"}]}),
    "a page": lambda: httpx.Response(400, html="<p>bad request</p>"),
    "a method": lambda: httpx.Response(405, text="no"),
    "a length": lambda: httpx.Response(413),
    "an entity": lambda: httpx.Response(422, html="<p>no</p>"),
    "a server that falls": lambda: httpx.Response(500, json={"errors": [{"message": "oops"}]}),
    "a server that falls with a page": lambda: httpx.Response(502, html="<p>oops</p>"),
}


@pytest.mark.parametrize("how", REFUSED)
def test_several_questions_that_are_refused_without_a_code_are_asked_singly(tmp_path, how):
    async def inside(shop):
        answering(shop, lambda tasks, _: REFUSED[how]() if len(tasks) > 1 else None)
        async with anyio.create_task_group() as group:
            for name in "abcd":
                group.start_soon(shop.make, order(name, tmp_path))
        assert sum(len(poll.tasks) > 1 for poll in shop.line.of("getResponse")) <= 2
        assert len(shop.kept) == len(shop.charged) == 4
        assert anyio.current_time() < 120

    shopping(inside, tmp_path, {"latency": {"base": 20}})


@pytest.mark.parametrize("status", [401, 403, 408, 429])
def test_what_refuses_any_request_is_no_reason_to_ask_singly(tmp_path, status):
    async def inside(shop):
        def answer(tasks, asked):
            return httpx.Response(429 if status == 401 else status) if len(tasks) > 1 and asked < 4 else None

        answering(shop, answer)
        async with anyio.create_task_group() as group:
            for name in "abcd":
                group.start_soon(shop.make, order(name, tmp_path))
        assert sum(len(poll.tasks) > 1 for poll in shop.line.of("getResponse")) > 2

    shopping(inside, tmp_path, {"latency": {"base": 40}})


@pytest.mark.parametrize(
    ("costs", "spent"),
    [
        ((2 * PRICE, 2 * PRICE), 2 * PRICE),
        ((PRICE, PRICE), 2 * PRICE),
        ((Decimal("0.7"), Decimal("0.7")), Decimal("0.7")),
        ((2 * PRICE, PRICE), 3 * PRICE),
        ((3 * PRICE, 3 * PRICE), 6 * PRICE),
    ],
)
def test_the_cost_of_a_whole_task_that_each_row_tells_is_counted_once(tmp_path, costs, spent):
    async def inside(shop):
        async def instead(sent):
            if sent.kind != "getResponse":
                return None
            answer = await answered(shop, sent)
            rows = answer.json().get("data", [])
            told = [
                one | ({"cost": float(cost)} if "cost" in one else {}) for one, cost in zip(rows, costs, strict=True)
            ]
            return httpx.Response(200, json={"data": told})

        shop.line.instead = instead
        await shop.make(order(folder=tmp_path, takes=(1, 2), estimate=PRICE))
        assert shop.purse.spent == spent
        assert sum(made.receipt.cost for made in shop.kept.values()) == spent

    shopping(inside, tmp_path)


WRONG = {
    "a redirect": lambda: httpx.Response(301, headers={"Location": "https://elsewhere.example/"}),
    "a redirect with an answer": lambda: httpx.Response(308, json={"data": [{"taskUUID": "x"}]}),
    "a page that is not there": lambda: httpx.Response(404, html="<p>not found</p>"),
    "another's error": lambda: httpx.Response(404, json={"error": "no such route"}),
    "a method": lambda: httpx.Response(405),
}


@pytest.mark.parametrize("how", WRONG)
def test_an_address_that_is_not_the_providers_is_said_at_once_and_stops_the_run(tmp_path, how):
    async def inside(shop):
        async def instead(_):
            return WRONG[how]()

        shop.line.instead = instead
        with pytest.raises(MakeError, match="Runware is not at that address") as caught:
            await shop.make(order(folder=tmp_path))
        assert caught.value.remedy == "check RUNWARE_BASE_URL"
        assert "it cost nothing" in caught.value.message
        assert anyio.current_time() < 2
        assert len(shop.line.sent) == 1
        assert shop.purse.stopped
        assert shop.purse.reserved == 0
        assert isinstance(shop.records()[0].stage, Failed)

    shopping(inside, tmp_path)


def test_a_redirect_of_a_question_stops_the_run_and_forgets_nothing(tmp_path):
    async def inside(shop):
        answering(shop, lambda *_: httpx.Response(302, headers={"Location": "https://elsewhere.example/"}))
        with pytest.raises(MakeError, match="Runware is not at that address"):
            await shop.make(order(folder=tmp_path))
        assert shop.purse.stopped
        assert shop.records()[0].in_flight

    shopping(inside, tmp_path)
