"""Runs that die, and those that come after: what was paid for comes home, and is never paid for again."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest

from skyflow.backends.paid import Accepted, Failed, Fetched, Intended, Ready, Refusal, Sent
from skyflow.errors import MakeError, StoreError
from tests.paying import PRICE, folder_in_memory, order, shopping

if TYPE_CHECKING:
    from pathlib import Path

STAGES = (Intended, Sent, Accepted, Ready, Fetched)

__all__ = ("folder_in_memory",)


class Killed(BaseException):
    """The process is gone; nothing of it runs any more."""


def dies(tmp_path: Path, stage: type, *, before: bool, takes: tuple[int, ...] = (1,), faults: Any = None) -> None:
    """A run that ends at a stage: before it is on the disk, or right after."""

    async def inside(shop):
        plain = type(shop.journal).record

        def record(one):
            if isinstance(one, stage) and before:
                raise Killed
            plain(shop.journal, one)
            if isinstance(one, stage):
                raise Killed

        shop.journal.record = record
        await shop.make(order(folder=tmp_path, takes=takes))

    with pytest.raises(BaseException) as caught:  # noqa: PT011 - in a group, or as it is
        shopping(inside, tmp_path, faults)
    assert _killed(caught.value)


def _killed(error: BaseException) -> bool:
    return isinstance(error, Killed) or any(_killed(one) for one in getattr(error, "exceptions", ()))


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
def test_a_run_that_dies_at_any_stage_is_finished_by_the_next_for_the_same_money(tmp_path, stage, before):
    dies(tmp_path, stage, before=before, takes=(1, 2))

    async def inside(shop):
        wanted = tuple(take for take in (1, 2) if not any(take in record.kept for record in shop.records()))
        if wanted:
            await shop.make(order(folder=tmp_path, takes=wanted))
        (record,) = shop.records()
        assert record.finished
        assert set(record.kept) == {1, 2}
        assert len(shop.charged) == 1
        assert shop.spent == 2 * PRICE
        videos = {take.receipt.video_uuid for take in record.kept.values()}
        assert len(videos) == 2

    shopping(inside, tmp_path)


def test_what_was_sent_and_never_answered_is_asked_for_before_it_is_sent_again(tmp_path):
    dies(tmp_path, Accepted, before=True)

    async def inside(shop):
        await shop.make(order(folder=tmp_path))
        assert shop.line.sent[0].kind == "getResponse"
        assert shop.line.of("videoInference") == []
        assert shop.journal.told[0] == Accepted(shop.records()[0].task.uuid, "poll")

    shopping(inside, tmp_path)


def test_what_never_arrived_is_sent_again_with_the_same_bytes(tmp_path):
    contents = []

    async def first(shop):
        async def instead(sent):
            if sent.kind == "videoInference":
                contents.append(sent.content)
                raise Killed

        shop.line.instead = instead
        await shop.make(order(folder=tmp_path))

    with pytest.raises(BaseException):  # noqa: B017, PT011 - whatever it is wrapped in
        shopping(first, tmp_path)

    async def second(shop):
        await shop.make(order(folder=tmp_path))
        assert [sent.content for sent in shop.line.of("videoInference")] == contents
        assert len(shop.charged) == 1

    shopping(second, tmp_path)


def test_a_task_that_was_taken_and_is_not_shown_is_never_sent_again(tmp_path):
    async def inside(shop):
        with pytest.raises(
            MakeError, match="opening: Runware has it and it did not come: it was not finished within 20"
        ) as late:
            await shop.make(order(folder=tmp_path))
        assert "skyflow recover" in late.value.remedy
        assert anyio.current_time() < 1300
        assert len(shop.line.of("videoInference")) == 1
        with pytest.raises(MakeError):
            await shop.make(order(folder=tmp_path))
        assert len(shop.line.of("videoInference")) == 1
        (record,) = shop.records()
        assert record.in_flight

    shopping(inside, tmp_path, {"faults": [{"do": "empty"}]})


def test_a_task_that_is_shown_late_is_waited_for(tmp_path):
    async def inside(shop):
        await shop.make(order(folder=tmp_path))
        assert len(shop.charged) == 1

    shopping(inside, tmp_path, {"faults": [{"do": "empty", "at": [1, 2, 3, 4, 5, 6, 7]}]})


def test_a_clip_that_the_store_lost_is_fetched_again_for_nothing(tmp_path):
    async def inside(shop):
        await shop.make(order(folder=tmp_path))
        first = shop.content["opening", 1]
        shop.content.clear()
        await shop.make(order(folder=tmp_path))
        assert shop.content["opening", 1] == first
        assert len(shop.charged) == 1
        assert len(shop.line.of("videoInference")) == 1

    shopping(inside, tmp_path)


@pytest.mark.parametrize("unknown", ["empty", "not found"])
def test_a_lost_clip_is_bought_again_only_where_the_provider_no_longer_has_it(tmp_path, unknown):
    async def inside(shop):
        await shop.make(order(folder=tmp_path))
        await anyio.sleep(7200)
        (note,) = await shop.make(order(folder=tmp_path))
        assert note.startswith("opening: take 1 had been paid for")
        assert [record.task.attempt for record in shop.records()] == [1, 2]
        assert len(shop.charged) == 2
        assert len(shop.records()) == 2

    shopping(inside, tmp_path, {"retention": 3600, "unknown_tasks": unknown})


@pytest.mark.parametrize("stage", [Accepted, Ready])
def test_what_the_provider_says_is_gone_before_it_was_fetched_is_bought_again_once_it_is_written_off(tmp_path, stage):
    dies(tmp_path, stage, before=False)

    async def inside(shop):
        await anyio.sleep(10)
        began = anyio.current_time()
        with pytest.raises(MakeError, match="does not know it any more") as caught:
            await shop.make(order(folder=tmp_path))
        assert anyio.current_time() - began < 70
        assert "recover --give-up" in caught.value.remedy
        (record,) = shop.records()
        assert record.in_flight
        said = await shop.recover(record)
        assert said.startswith("the provider no longer knows it: ")
        assert "recover --give-up" in said
        assert shop.records()[0].in_flight
        assert len(shop.charged) == 1
        refusal = Refusal("givenUp", "written off by hand", "notFound", "unknown")
        shop.journal.record(Failed(record.task.uuid, refusal))
        with suppress(MakeError):  # a provider that keeps nothing shows nothing of the second either
            await shop.make(order(folder=tmp_path))
        assert [record.task.attempt for record in shop.records()] == [1, 2]
        assert len(shop.charged) == 2

    shopping(inside, tmp_path, {"retention": 0, "unknown_tasks": "not found"})


def test_recover_fetches_what_a_dead_run_left_and_sends_nothing(tmp_path):
    dies(tmp_path, Ready, before=False, takes=(1, 2))

    async def inside(shop):
        (record,) = shop.records()
        assert await shop.recover(record) == "takes 1, 2 fetched"
        assert set(shop.records()[0].kept) == {1, 2}
        assert await shop.recover(shop.records()[0]) == "there is nothing left to fetch"
        assert shop.line.of("videoInference") == []

    shopping(inside, tmp_path)


def test_recover_says_what_it_cannot_fetch(tmp_path):
    dies(tmp_path, Intended, before=False)

    async def unsent(shop):
        (record,) = shop.records()
        assert await shop.recover(record) == "it was never sent"
        shop.journal.record(Sent(record.task.uuid))
        (record,) = shop.records()
        assert "the provider shows nothing of it" in await shop.recover(record)
        shop.journal.record(Accepted(record.task.uuid, "acknowledgement"))
        (record,) = shop.records()
        assert await shop.recover(record) == "the provider shows nothing of it now"
        assert shop.line.of("videoInference") == []

    shopping(unsent, tmp_path)


def test_recover_tells_of_a_task_that_failed(tmp_path):
    dies(tmp_path, Accepted, before=False, faults={"faults": [{"do": "fail", "code": "promptBlocked"}]})

    async def inside(shop):
        (record,) = shop.records()
        await anyio.sleep(5)
        assert "failed" in await shop.recover(record)
        assert isinstance(shop.records()[0].stage, Failed)

    shopping(inside, tmp_path, {"faults": [{"do": "fail", "code": "promptBlocked"}]})


def test_a_disk_that_refuses_the_journal_lets_nothing_be_sent(tmp_path):
    async def inside(shop):
        plain = type(shop.journal).record

        def record(stage):
            if isinstance(stage, Sent):
                raise StoreError("the disk is full")
            plain(shop.journal, stage)

        shop.journal.record = record
        with pytest.raises(StoreError):
            await shop.make(order(folder=tmp_path))
        assert shop.line.sent == []

    shopping(inside, tmp_path)


def test_an_earlier_failure_leads_to_the_next_attempt(tmp_path):
    async def inside(shop):
        with pytest.raises(MakeError):
            await shop.make(order(folder=tmp_path))
        await shop.make(order(folder=tmp_path))
        assert [record.task.attempt for record in shop.records()] == [1, 2]
        assert len(shop.kept) == 1

    shopping(inside, tmp_path, {"faults": [{"do": "fail", "code": "promptBlocked", "at": [1]}]})


def test_only_the_takes_that_a_run_wants_are_handed_over(tmp_path):
    dies(tmp_path, Accepted, before=False, takes=(1, 2))

    async def inside(shop):
        await shop.make(order(folder=tmp_path, takes=(2,)))
        assert list(shop.kept) == [("opening", 2)]
        (record,) = shop.records()
        assert record.in_flight
        assert await shop.recover(record) == "take 1 fetched"
        assert len(shop.charged) == 1

    shopping(inside, tmp_path)


def test_a_take_on_its_way_arrives_though_the_provider_forgets_its_task_meanwhile(tmp_path):
    async def inside(shop):
        async def instead(sent):
            if sent.kind == "download":
                await anyio.sleep(25)
                return None if len(shop.line.of("download")) > 3 else httpx.Response(502)
            if sent.kind == "getResponse" and shop.line.of("download"):
                uuid = sent.tasks[0]["taskUUID"]
                return httpx.Response(404, json={"errors": [{"code": "taskNotFound", "taskUUID": uuid}]})
            return None

        shop.line.instead = instead
        with pytest.raises(MakeError, match="does not know it any more"):
            await shop.make(order(folder=tmp_path, takes=(1, 2)))
        assert list(shop.kept) == [("opening", 1)]
        (record,) = shop.records()
        assert record.in_flight
        assert set(record.kept) == {1}
        shop.line.instead = None
        await shop.make(order(folder=tmp_path, takes=(2,)))
        assert sorted(shop.kept) == [("opening", 1), ("opening", 2)]
        assert len(shop.charged) == 1

    shopping(inside, tmp_path, {"faults": [{"do": "late", "takes": [2], "seconds": 500}]})
