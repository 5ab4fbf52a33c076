"""What the provider refuses: each kind is an outcome of its own, says what it cost, and stops what it must."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest

from skyflow.backends.paid import Accepted, Failed, Sent
from skyflow.backends.runware.errors import kind_of
from skyflow.errors import AccountRefused, MakeError, Refused
from tests.paying import PRICE, folder_in_memory, order, shopping

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.paying import Sent as Request
    from tests.paying import Shop

REFUSALS = {
    "invalidPositivePrompt": ("Runware refused the request", "change the shot"),
    "incompatibleParameters": ("Runware refused the request", "skyflow show"),
    "unknownModel": ("Runware does not have the model", "--backend animatic"),
    "promptBlocked": ("Runware's moderation refused it", "change the shot's prompt or pictures"),
    "mediaNotFound": ("Runware does not know it any more", "run again"),
}

__all__ = ("folder_in_memory",)


@pytest.mark.parametrize("code", REFUSALS)
def test_a_task_that_is_refused_costs_nothing_and_says_why(tmp_path, code):
    said, remedy = REFUSALS[code]

    async def inside(shop):
        with pytest.raises(MakeError) as caught:
            await shop.make(order(folder=tmp_path))
        assert caught.value.message.startswith(f"opening: {said}: ")
        assert f"({code})" in caught.value.message
        assert caught.value.message.endswith("it cost nothing")
        assert remedy in caught.value.remedy
        assert shop.purse.reserved == shop.purse.spent == 0
        (record,) = shop.records()
        assert isinstance(record.stage, Failed)
        assert record.stage.refusal.billed == "unbilled"
        assert len(shop.line.of("videoInference")) == 1

    shopping(inside, tmp_path, {"faults": [{"do": "refuse", "on": "submit", "code": code}]})


ACCOUNT = {
    "a bad key": ({"key": "another"}, "Runware refuses the account", "RUNWARE_API_KEY"),
    "a key without the right": ({"faults": [{"do": "forbidden"}]}, "Runware refuses the account", "RUNWARE_API_KEY"),
    "an empty account": ({"balance": 0.1}, "the Runware account has too little credit", "add credit"),
    "a payment that is required": (
        {"faults": [{"do": "status", "status": 402}]},
        "the Runware account has too little credit",
        "add credit",
    ),
    "an error page": (
        {"faults": [{"do": "status", "status": 401, "body": "html"}]},
        "Runware refuses the account",
        "RUNWARE_API_KEY",
    ),
}


@pytest.mark.parametrize("faults", ACCOUNT)
def test_an_account_that_is_refused_stops_everything_at_once(tmp_path, faults):
    how, said, remedy = ACCOUNT[faults]
    errors = {}

    async def inside(shop):
        async def one(name):
            try:
                await shop.make(order(name, tmp_path))
            except (AccountRefused, Refused) as error:
                errors[name] = error

        async with anyio.create_task_group() as group:
            for name in "abcdefgh":
                group.start_soon(one, name)
        assert len(errors) == 8
        refused = [error for error in errors.values() if isinstance(error, AccountRefused)]
        assert len(shop.line.of("videoInference")) <= 4
        assert said in refused[0].message
        assert "it cost nothing" in refused[0].message
        assert remedy in refused[0].remedy
        assert shop.purse.stopped
        assert shop.purse.reserved == 0
        with pytest.raises(Refused):
            await shop.make(order("later", tmp_path))

    shopping(inside, tmp_path, how, jobs=4)


def test_a_refused_account_leaves_open_what_an_earlier_try_may_have_bought(tmp_path):
    async def inside(shop):
        with pytest.raises(AccountRefused, match="whether it cost something is not known"):
            await shop.make(order(folder=tmp_path))
        (record,) = shop.records()
        assert isinstance(record.stage, Sent)
        assert shop.purse.reserved == PRICE

    faults = [{"do": "drop", "on": "submit", "when": "after", "at": [1]}, {"do": "status", "status": 401, "at": [2]}]
    shopping(inside, tmp_path, {"faults": faults})

    async def later(shop):
        await shop.make(order(folder=tmp_path))
        assert shop.journal.told[0] == Accepted(shop.records()[0].task.uuid, "poll")
        assert len(shop.charged) == 1

    shopping(later, tmp_path, {})


def test_an_empty_account_is_asked_what_an_earlier_try_bought(tmp_path):
    async def inside(shop):
        await shop.make(order(folder=tmp_path))
        assert len(shop.charged) == len(shop.kept) == 1

    faults = [{"do": "drop", "on": "submit", "when": "after", "at": [1]}, {"do": "status", "status": 402, "at": [2]}]
    shopping(inside, tmp_path, {"faults": faults})


def test_an_empty_account_behind_a_full_queue_costs_nothing_and_leaves_nothing_in_flight(tmp_path):
    async def inside(shop):
        with pytest.raises(AccountRefused, match="it cost nothing"):
            await shop.make(order(folder=tmp_path))
        (record,) = shop.records()
        assert isinstance(record.stage, Failed)
        assert shop.purse.reserved == 0
        assert shop.charged == []

    faults = [
        {"do": "queue full", "on": "submit", "at": [1]},
        {"do": "status", "status": 402, "on": "submit", "at": [2]},
    ]
    shopping(inside, tmp_path, {"faults": faults})


def test_a_refusal_after_a_try_that_nobody_answered_is_checked_before_it_is_believed(tmp_path):
    async def inside(shop):
        await shop.make(order(folder=tmp_path))
        assert len(shop.charged) == len(shop.kept) == 1

    faults = [
        {"do": "drop", "on": "submit", "when": "after", "at": [1]},
        {"do": "refuse", "on": "submit", "code": "invalidPositivePrompt", "at": [2]},
    ]
    shopping(inside, tmp_path, {"faults": faults})


def test_a_key_that_is_refused_while_a_task_renders_loses_nothing(tmp_path):
    async def inside(shop):
        with pytest.raises(AccountRefused):
            await shop.make(order(folder=tmp_path))
        (record,) = shop.records()
        assert record.in_flight
        assert shop.purse.stopped

    shopping(inside, tmp_path, {"faults": [{"do": "bad key", "on": "poll"}]})

    async def later(shop):
        await shop.make(order(folder=tmp_path))
        assert len(shop.charged) == len(shop.kept) == 1

    shopping(later, tmp_path, {})


FAILED_READS: dict[str, dict[str, Any]] = {
    "a queue that is full": {"do": "queue full", "on": "poll"},
    "a server in trouble": {"do": "status", "status": 500},
    "an error page": {"do": "status", "status": 502, "body": "html"},
    "no credit": {"do": "status", "status": 402},
    "a wall on the way": {"do": "status", "status": 403, "body": "html"},
    "nothing at that address": {"do": "status", "status": 404, "body": "html"},
    "silence": {"do": "hang"},
    "a broken connection": {"do": "drop"},
    "a gateway's time": {"do": "status", "status": 504},
    "a single error": {"do": "status", "status": 503, "body": "single"},
}


@pytest.mark.parametrize("fault", FAILED_READS)
def test_a_question_that_fails_says_nothing_about_the_task(tmp_path, fault):
    async def inside(shop):
        await shop.make(order(folder=tmp_path))
        assert len(shop.charged) == len(shop.kept) == 1
        assert len(shop.records()) == 1

    shopping(inside, tmp_path, {"faults": [{"on": "poll", "at": [1, 2, 3]} | FAILED_READS[fault]]})


def test_a_failed_question_that_names_the_task_is_not_taken_for_its_end(tmp_path):
    async def inside(shop):
        failures = [429, 500, 503, 400]

        async def instead(sent):
            if sent.kind != "getResponse" or not failures:
                return None
            status = failures.pop(0)
            code = {429: "rateLimitExceeded", 400: "invalidTaskUUID"}.get(status, "internalServerError")
            error = {"code": code, "message": "no", "taskUUID": sent.tasks[0]["taskUUID"], "parameter": "taskUUID"}
            return httpx.Response(status, json={"errors": [error]})

        shop.line.instead = instead
        await shop.make(order(folder=tmp_path))
        assert failures == []
        assert len(shop.charged) == 1

    shopping(inside, tmp_path)


@pytest.mark.parametrize("status", [200, 400])
def test_a_failure_is_understood_whatever_the_status_of_its_answer(tmp_path, status):
    async def inside(shop):
        with pytest.raises(MakeError, match="invalidProviderContent"):
            await shop.make(order(folder=tmp_path))
        assert len(shop.charged) == 1

    faults = {"failed_poll": status, "faults": [{"do": "fail", "code": "invalidProviderContent"}]}
    shopping(inside, tmp_path, faults)


def test_several_questions_in_one_request_are_given_up_where_they_are_refused(tmp_path):
    async def inside(shop):
        async with anyio.create_task_group() as group:
            for name in "abcd":
                group.start_soon(shop.make, order(name, tmp_path))
        polls = shop.line.of("getResponse")
        assert sum(len(poll.tasks) > 1 for poll in polls) == 1
        assert len(shop.kept) == len(shop.charged) == 4

    shopping(inside, tmp_path, {"batched_polls": False, "latency": {"base": 20}})


def answered(shop: Shop, change: Callable[[Any], Any]) -> None:
    """Have the answers to several questions changed on their way."""

    async def instead(sent: Request) -> httpx.Response | None:
        if sent.kind != "getResponse" or len(sent.tasks) == 1:
            return None
        line, shop.line.instead = shop.line.instead, None
        request = httpx.Request("POST", sent.url, headers=sent.headers, content=sent.content)
        try:
            answer = await shop.line.handle_async_request(request)
            await answer.aread()
        finally:
            shop.line.instead = line
        return httpx.Response(200, json=change(answer.json()))

    shop.line.instead = instead


def test_a_provider_that_answers_only_the_first_of_several_questions_starves_nobody(tmp_path):
    async def inside(shop):
        answered(shop, lambda body: {"data": body["data"][:1]})
        async with anyio.create_task_group() as group:
            for name in "abcd":
                group.start_soon(shop.make, order(name, tmp_path))
        assert len(shop.kept) == len(shop.charged) == 4
        assert anyio.current_time() < 120

    shopping(inside, tmp_path, {"latency": {"base": 20}})


def test_an_error_that_names_no_task_is_given_to_whom_it_belongs(tmp_path):
    async def inside(shop):
        failed = []

        def nameless(body):
            for error in body.get("errors", ()):
                del error["taskUUID"]
            return body

        async def one(name):
            try:
                await shop.make(order(name, tmp_path))
            except MakeError as error:
                failed.append(error.message)

        answered(shop, nameless)
        async with anyio.create_task_group() as group:
            for name in "abcd":
                group.start_soon(one, name)
        assert len(failed) == 1
        assert failed[0].startswith("c: Runware's moderation")
        assert len(shop.kept) == 3
        assert len(shop.charged) == 4

    faults = [{"do": "fail", "code": "promptBlocked", "prompt": "c"}]
    shopping(inside, tmp_path, {"faults": faults, "latency": {"base": 20}})


def test_places_at_the_provider_shrink_when_it_is_full_and_grow_again(tmp_path):
    sizes = []

    async def inside(shop):
        async with anyio.create_task_group() as group:
            for number in range(24):
                group.start_soon(shop.make, order(f"shot_{number}", tmp_path))
            for _ in range(40):
                await anyio.sleep(5)
                sizes.append(shop.session.buying.places.size)
        assert len(shop.charged) == len(shop.kept) == 24
        assert min(sizes) < 4 < max(sizes)

    shopping(inside, tmp_path, {"latency": {"base": 10}, "faults": [{"do": "queue full", "at": [2]}]})


CODES = {
    "conflict": "conflictTaskUUID",
    "auth": "invalidApiKey missingApiKey apiKeyRevoked unauthorized forbidden authTimeout tokenExpired",
    "quota": "insufficientCredits providerInsufficientCredits paymentRequired quotaExceeded balanceTooLow",
    "rateLimit": "rateLimitExceeded providerRateLimitExceeded rateLimit",
    "safety": "contentPolicyViolation providerContentPolicyViolation moderationFailed invalidProviderContent",
    "model": "unknownModel invalidModel",
    "timeout": "timeoutProvider providerTimeout providerGatewayTimeout webhookTimeout timeout",
    "notFound": "taskNotFound taskExpired taskCancelled taskFailedOrNotFound imageNotFound",
    "provider": "providerError providerUnavailable providerBadGateway inferenceError modelUnavailable taskFailed",
    "server": "internalServerError serviceUnavailable unknownError unrecognizedResponse",
    "validation": "invalidWidth missingPositivePrompt unsupportedDuration valueTooLong arrayTooShort "
    "maxLength duplicateTag conflictingParameters unknownParameter validationFailed",
    "unknown": "somethingNew invalidated providers maximal",
}


PAIRS = [(code, kind) for kind, codes in CODES.items() for code in codes.split()]


@pytest.mark.parametrize(("code", "kind"), PAIRS)
def test_a_code_has_its_class(code, kind):
    assert kind_of(code) == kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *[(400, "validation"), (401, "auth"), (402, "quota"), (403, "auth"), (404, "notFound"), (408, "timeout")],
        *[(429, "rateLimit"), (500, "server"), (502, "server"), (503, "server"), (504, "timeout"), (200, "unknown")],
    ],
)
def test_a_code_that_nobody_knows_is_judged_by_its_status(status, kind):
    assert kind_of("somethingNew", status) == kind_of("", status) == kind


def test_a_bill_far_above_its_estimate_stops_the_buying(tmp_path):
    async def inside(shop):
        await shop.make(order(folder=tmp_path))
        assert shop.purse.spent == 2 * PRICE
        with pytest.raises(Refused, match="was expected"):
            await shop.make(order("second", tmp_path))

    shopping(inside, tmp_path, {"faults": [{"do": "cost", "factor": 2}]}, limit=Decimal(100))
