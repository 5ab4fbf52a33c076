"""The client against the sandbox: takes are bought once, whatever happens to the requests that buy them."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import httpx
import pytest

from skyflow.backends import get
from skyflow.backends.paid import Accepted, Desk, Fetched, Intended, PaidBackend, Ready, Sent
from skyflow.backends.runware.backend import Runware
from skyflow.errors import MakeError, Refused, UsageError
from skyflow.running.journal import SqliteJournal
from skyflow.running.purse import Purse
from tests.fakes import IN_MEMORY, in_virtual_time
from tests.paying import OUTPUT, PRICE, folder_in_memory, order, request, shopping

if TYPE_CHECKING:
    from tests.paying import Shop

__all__ = ("folder_in_memory",)


def stages(shop: Shop) -> list[type]:
    return [type(stage) for stage in shop.journal.told]


def test_a_take_is_bought_fetched_and_recorded_stage_by_stage(tmp_path):
    async def inside(shop):
        await shop.make(order(folder=tmp_path))
        assert stages(shop) == [Intended, Sent, Accepted, Ready, Fetched]
        made = shop.kept["opening", 1]
        assert made.receipt.cost == PRICE
        assert made.receipt.nsfw is False
        assert shop.purse.spent == shop.spent == PRICE
        assert shop.purse.reserved == 0
        assert shop.progress == [0.0, 1.0]
        (record,) = shop.records()
        assert record.finished
        assert shop.journal.seconds() is not None

    shopping(inside, tmp_path)


def test_each_stage_is_on_the_disk_before_what_it_announces(tmp_path):
    seen = []

    async def inside(shop):
        shop.journal.stops = lambda stage: seen.append((type(stage), len(shop.line.of("videoInference"))))
        await shop.make(order(folder=tmp_path))
        assert seen[:3] == [(Intended, 0), (Sent, 0), (Accepted, 1)]

    shopping(inside, tmp_path)


def test_takes_are_bought_together_four_at_most(tmp_path):
    async def inside(shop):
        await shop.make(order(folder=tmp_path, takes=(1, 2, 3, 4, 5, 6)))
        assert sorted(body["numberResults"] for body in shop.charged) == [2, 4]
        assert [take for _, take in sorted(shop.kept)] == [1, 2, 3, 4, 5, 6]
        assert shop.purse.spent == 6 * PRICE

    shopping(inside, tmp_path)


def test_a_gap_in_the_numbers_makes_two_tasks(tmp_path):
    async def inside(shop):
        await shop.make(order(folder=tmp_path, takes=(2, 3, 7)))
        assert sorted(record.task.takes for record in shop.records()) == [(2, 3), (7,)]

    shopping(inside, tmp_path)


def test_the_takes_of_one_task_are_numbered_as_the_provider_lists_them(tmp_path):
    async def inside(shop):
        await shop.make(order(folder=tmp_path, takes=(3, 4)))
        (bought,) = shop.sandbox.house.book.tasks()
        videos = [take.video for take in shop.sandbox.house.book.takes(bought.uuid)]
        assert [shop.kept["opening", number].receipt.video_uuid for number in (3, 4)] == videos

    shopping(inside, tmp_path, {"faults": [{"do": "late", "takes": [1], "seconds": 90}]})


def test_a_take_is_fetched_while_its_sibling_is_still_in_the_making(tmp_path):
    at: dict[int, float] = {}

    async def inside(shop):
        shop.journal.stops = lambda stage: (
            at.setdefault(stage.take.take, anyio.current_time()) if isinstance(stage, Fetched) else None
        )
        await shop.make(order(folder=tmp_path, takes=(1, 2)))
        assert at[2] - at[1] > 60

    shopping(inside, tmp_path, {"faults": [{"do": "late", "takes": [2], "seconds": 90}]})


LOST = {
    "the connection drops before": {"do": "drop"},
    "the connection drops after it was taken": {"do": "drop", "when": "after"},
    "no answer comes": {"do": "hang"},
    "no answer comes though it was taken": {"do": "hang", "when": "after"},
    "an error page": {"do": "status", "status": 500, "body": "html"},
    "an error page though it was taken": {"do": "status", "status": 502, "body": "html", "when": "after"},
    "an empty answer": {"do": "status", "status": 503, "body": "empty"},
    "a page that is no answer": {"do": "status", "status": 400, "body": "html", "when": "after"},
    "a single error": {"do": "status", "status": 500, "body": "single"},
    "a gateway's time": {"do": "status", "status": 504, "when": "after"},
    "a queue that is full": {"do": "queue full"},
    "a queue that says when": {"do": "queue full", "retry_after": 9},
    "a conflict that nobody expects": {"do": "conflict"},
    "a slow answer": {"do": "slow", "seconds": 45},
}


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
def test_what_becomes_of_the_request_is_asked_with_the_same_bytes_until_it_is_known(tmp_path, fault):
    async def inside(shop):
        await shop.make(order(folder=tmp_path))
        sent = shop.line.of("videoInference")
        assert len({one.content for one in sent}) == 1
        assert len(sent) == (1 if fault["do"] == "conflict" else 3)
        assert len(shop.charged) == 1
        assert shop.spent == shop.purse.spent == PRICE
        assert stages(shop) == [Intended, Sent, Accepted, Ready, Fetched]

    at = [1] if fault["do"] == "conflict" else [1, 2]
    shopping(inside, tmp_path, {"faults": [{"on": "submit", "at": at} | fault]})


def test_a_provider_that_says_when_to_come_again_is_not_asked_before(tmp_path):
    times = []

    async def inside(shop):
        async def instead(sent):
            if sent.kind == "videoInference":
                times.append(anyio.current_time())

        shop.line.instead = instead
        await shop.make(order(folder=tmp_path))
        assert times[1] - times[0] >= 41

    shopping(inside, tmp_path, {"faults": [{"do": "queue full", "at": [1], "retry_after": 41}]})


def test_a_provider_that_never_says_what_became_of_it_ends_in_words_and_the_task_stays_in_flight(tmp_path):
    async def inside(shop):
        with pytest.raises(MakeError, match="opening: Runware did not say that it took the task: HTTP 503") as caught:
            await shop.make(order(folder=tmp_path))
        assert "never paid for twice" in caught.value.remedy
        (record,) = shop.records()
        assert record.in_flight
        assert not record.accepted
        assert shop.purse.reserved == PRICE

    shopping(inside, tmp_path, {"faults": [{"do": "status", "status": 503, "on": "submit"}]})


def test_a_colleague_on_the_same_account_does_not_pay_again(tmp_path):
    async def first(shop):
        await shop.make(order(folder=tmp_path))

    shopping(first, tmp_path)
    (tmp_path / "journal.sqlite").unlink()

    async def second(shop):
        await shop.make(order(folder=tmp_path))
        assert shop.journal.told[2] == Accepted(shop.records()[0].task.uuid, "conflict")
        assert len(shop.charged) == 1
        assert len(shop.kept) == 1

    shopping(second, tmp_path)


@pytest.mark.parametrize(
    "faults",
    [{}, {"faults": [{"do": "queue full", "at": [1], "on": "submit"}]}],
    ids=["at once", "after a full queue"],
)
def test_where_a_colleague_bought_fewer_takes_only_the_others_are_bought(tmp_path, faults):
    async def first(shop):
        await shop.make(order(folder=tmp_path))

    shopping(first, tmp_path)
    (tmp_path / "journal.sqlite").unlink()

    async def second(shop):
        await shop.make(order(folder=tmp_path, takes=(1, 2, 3)))
        assert anyio.current_time() < 60
        assert [take for _, take in sorted(shop.kept)] == [1, 2, 3]
        assert [body["numberResults"] for body in shop.charged] == [1, 2]
        assert sum(record.task.takes == (2, 3) for record in shop.records()) == 1
        assert len({made.receipt.video_uuid for made in shop.kept.values()}) == 3

    shopping(second, tmp_path, faults)


@pytest.mark.parametrize("unknown", ["empty", "not found"])
def test_what_a_colleague_bought_long_ago_is_not_bought_anew_whatever_the_provider_says_of_it(tmp_path, unknown):
    how = {"retention": 3600, "unknown_tasks": unknown}

    async def first(shop):
        await shop.make(order(folder=tmp_path))
        await anyio.sleep(7200)
        await shop.make(order("other", tmp_path))

    shopping(first, tmp_path, how)
    (tmp_path / "journal.sqlite").unlink()

    async def second(shop):
        said = {"empty": "has it and it did not come", "not found": "does not know it any more"}[unknown]
        with pytest.raises(MakeError, match=said):
            await shop.make(order(folder=tmp_path))
        assert len(shop.charged) == 2
        (record,) = shop.records()
        assert record.in_flight

    shopping(second, tmp_path, how)


def test_a_model_that_does_not_work_now_is_not_waited_for_long(tmp_path):
    async def inside(shop):
        with pytest.raises(MakeError, match="modelUnavailable"):
            await shop.make(order(folder=tmp_path))
        assert anyio.current_time() <= 61
        assert len(shop.line.of("videoInference")) < 10

    shopping(inside, tmp_path, {"faults": [{"do": "refuse", "on": "submit", "code": "modelUnavailable"}]})


def test_where_a_colleague_bought_more_takes_those_are_nobodys_loss(tmp_path):
    async def first(shop):
        await shop.make(order(folder=tmp_path, takes=(1, 2)))

    shopping(first, tmp_path)
    (tmp_path / "journal.sqlite").unlink()

    async def second(shop):
        await shop.make(order(folder=tmp_path, takes=(1,)))
        assert len(shop.charged) == 1
        assert list(shop.kept) == [("opening", 1)]

    shopping(second, tmp_path)


def test_a_reported_failure_that_may_pass_is_tried_again_under_a_new_attempt(tmp_path):
    async def inside(shop):
        await shop.make(order(folder=tmp_path))
        assert [record.task.attempt for record in shop.records()] == [1, 2]
        assert len({record.task.uuid for record in shop.records()}) == 2
        assert len(shop.kept) == 1

    shopping(inside, tmp_path, {"faults": [{"do": "fail", "at": [1], "code": "timeoutProvider"}]})


def test_after_three_attempts_a_run_gives_up_and_says_what_it_knows_of_the_cost(tmp_path):
    async def inside(shop):
        with pytest.raises(MakeError) as caught:
            await shop.make(order(folder=tmp_path))
        assert "opening: Runware failed" in caught.value.message
        assert "(providerError)" in caught.value.message
        assert "whether it cost something is not known" in caught.value.message
        assert len(shop.charged) == 3
        assert shop.purse.spent == 3 * PRICE

    shopping(inside, tmp_path, {"faults": [{"do": "fail"}]})


def test_a_failure_that_would_be_the_same_again_is_not_tried_again(tmp_path):
    async def inside(shop):
        with pytest.raises(MakeError, match="opening: Runware's moderation refused it") as caught:
            await shop.make(order(folder=tmp_path))
        assert "change the shot" in caught.value.remedy
        assert len(shop.charged) == 1

    shopping(inside, tmp_path, {"faults": [{"do": "fail", "code": "invalidProviderContent"}]})


def test_of_a_mixed_answer_the_good_takes_are_kept_and_only_the_others_bought_again(tmp_path):
    async def inside(shop):
        await shop.make(order(folder=tmp_path, takes=(1, 2, 3, 4)))
        assert [record.task.takes for record in shop.records()] == [(1, 2, 3, 4), (3, 4)]
        assert [record.task.attempt for record in shop.records()] == [1, 2]
        assert [take for _, take in sorted(shop.kept)] == [1, 2, 3, 4]
        assert len({made.receipt.video_uuid for made in shop.kept.values()}) == 4
        assert shop.spent == 6 * PRICE

    shopping(inside, tmp_path, {"faults": [{"do": "fail", "at": [1], "takes": [2, 4]}]})


def test_a_failure_inside_a_row_is_a_failure(tmp_path):
    async def inside(shop):
        with pytest.raises(MakeError, match="promptBlocked"):
            await shop.make(order(folder=tmp_path))
        assert len(shop.charged) == 1

    faults = [{"do": "fail", "code": "promptBlocked"}, {"do": "misplace"}]
    shopping(inside, tmp_path, {"faults": faults})


def test_a_flagged_take_is_kept_and_said_to_be_flagged(tmp_path):
    async def inside(shop):
        await shop.make(order(folder=tmp_path))
        made = shop.kept["opening", 1]
        assert made.receipt.nsfw is True
        assert made.notes == ("the provider flagged take 1 of opening as NSFW; it was paid for and is kept",)

    shopping(inside, tmp_path, {"faults": [{"do": "nsfw"}]})


def test_a_cost_that_is_not_told_leaves_the_estimate(tmp_path):
    async def inside(shop):
        await shop.make(order(folder=tmp_path, request=request(includeCost=False)))
        assert shop.kept["opening", 1].receipt.cost is None
        assert shop.purse.spent == PRICE

    shopping(inside, tmp_path)


def test_what_the_budget_does_not_allow_is_neither_sent_nor_recorded(tmp_path):
    async def inside(shop):
        await shop.make(order(folder=tmp_path))
        with pytest.raises(Refused, match="of the budget"):
            await shop.make(order("second", tmp_path))
        assert shop.records("second") == []
        assert len(shop.line.of("videoInference")) == 1

    shopping(inside, tmp_path, limit=PRICE + Decimal("0.01"))


def test_a_new_attempt_that_the_budget_does_not_allow_says_both(tmp_path):
    async def inside(shop):
        with pytest.raises(MakeError, match=r"providerError.*it is not tried again: .*budget"):
            await shop.make(order(folder=tmp_path))
        assert len(shop.charged) == 1

    shopping(inside, tmp_path, {"faults": [{"do": "fail"}]}, limit=PRICE)


def test_one_shot_that_is_refused_stops_no_other(tmp_path):
    async def inside(shop):
        failed = {}

        async def one(name):
            try:
                await shop.make(order(name, tmp_path))
            except MakeError as error:
                failed[name] = error

        async with anyio.create_task_group() as group:
            for name in ("a", "b", "c"):
                group.start_soon(one, name)
        assert set(failed) == {"b"}
        assert sorted(shop.kept) == [("a", 1), ("c", 1)]

    faults = [{"do": "refuse", "on": "submit", "prompt": "b", "code": "promptBlocked"}]
    shopping(inside, tmp_path, {"faults": faults})


def test_two_assignments_of_one_key_buy_once(tmp_path):
    async def inside(shop):
        async with anyio.create_task_group() as group:
            group.start_soon(shop.make, order(folder=tmp_path))
            group.start_soon(shop.make, order(folder=tmp_path))
        assert len(shop.charged) == 1

    shopping(inside, tmp_path)


def test_cancellation_buys_nothing_more_and_forgets_nothing(tmp_path):
    async def inside(shop):
        with anyio.move_on_after(1):
            await shop.make(order(folder=tmp_path))
        (record,) = shop.records()
        assert record.in_flight
        assert record.accepted
        await shop.make(order(folder=tmp_path))
        assert len(shop.charged) == 1
        assert len(shop.kept) == 1

    shopping(inside, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("latency", [{"base": 2}, {"base": 40, "jitter": 50}, {"base": 5, "jitter": 60}], ids=str)
def test_two_hundred_shots_need_few_requests(latency):
    async def inside(shop):
        limit = anyio.CapacityLimiter(16)

        async def one(number):
            async with limit:
                await shop.make(order(f"shot_{number}", shop.folder))

        async with anyio.create_task_group() as group:
            for number in range(200):
                group.start_soon(one, number)
        requests = [sent for sent in shop.line.sent if sent.kind not in {"download", "mediaStorage"}]
        assert len(shop.kept) == len(shop.charged) == 200
        assert len(requests) / 200 <= 1.8

    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        shopping(inside, Path(folder), {"latency": latency})


def test_answers_with_parts_that_nobody_knows_and_in_any_order_are_understood(tmp_path):
    async def inside(shop):
        await shop.make(order(folder=tmp_path, takes=(1, 2)))
        assert len(shop.kept) == 2

    faults = [{"do": "extra", "on": on} for on in ("submit", "poll")]
    shopping(inside, tmp_path, {"waiting": "pending", "future_uuids": False, "faults": faults})


def test_it_is_a_paid_backend_that_is_known_by_its_name(tmp_path):
    backend = get("runware")
    assert isinstance(backend, PaidBackend)
    assert (backend.name, backend.version, backend.repeatable) == ("runware", "1", False)
    assert backend.output(OUTPUT) == OUTPUT
    assert backend.default_jobs() == 16

    async def made() -> None:
        await backend.make(order(folder=tmp_path), print)

    with pytest.raises(MakeError, match="works through its session"):
        in_virtual_time(made)


def test_without_a_key_no_session_opens(tmp_path):
    async def opening() -> None:
        with SqliteJournal.open(tmp_path / "journal.sqlite") as journal:
            async with Runware().session(Desk(board="b", folder=tmp_path, journal=journal, purse=Purse(None))):
                pass

    with pytest.raises(UsageError, match="there is no Runware API key"):
        in_virtual_time(opening)


def test_a_session_lets_errors_out_as_they_are(tmp_path):
    async def inside(_):
        raise ZeroDivisionError("the run's own")

    with pytest.raises(ZeroDivisionError, match="the run's own"):
        shopping(inside, tmp_path)


def test_an_answer_of_the_network_is_no_answer_of_the_provider(tmp_path):
    async def inside(shop):
        failures = iter([httpx.ConnectError("no route"), httpx.ReadError(""), OSError("gone")])

        async def instead(_):
            if error := next(failures, None):
                raise error

        shop.line.instead = instead
        await shop.make(order(folder=tmp_path))
        assert len(shop.line.of("videoInference")) == 4

    shopping(inside, tmp_path)
