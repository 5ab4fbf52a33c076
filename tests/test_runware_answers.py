"""What the provider answers, in all the forms that were ever seen and in those that nobody has seen yet."""

from __future__ import annotations

import json
from decimal import Decimal
from random import Random

import anyio
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyflow.backends.runware.answers import Answer, Unreadable, read
from skyflow.backends.runware.identity import task_uuid
from skyflow.backends.runware.order import groups
from skyflow.backends.runware.places import Pace, Places
from skyflow.backends.runware.scrub import Scrubber
from skyflow.backends.runware.waits import Backoff
from skyflow.backends.runware.wire import retry_after
from tests.fakes import in_virtual_time

UUID = "2f1d8e0a-6b1c-4c7e-9a3f-51d0a7c4e201"


def answer(body: object, status: int = 200) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read(content, status, Scrubber())


def test_the_name_of_a_task_follows_from_its_work_and_never_changes():
    assert task_uuid("0" * 64, 1, 1) == "cf3801bc-8cad-4da0-9c2e-f3727b90d14f"
    names = {task_uuid(key * 64, first, attempt) for key in "01" for first in (1, 2) for attempt in (1, 2)}
    assert len(names) == 8
    assert all(name[14] == "4" and name[19] in "89ab" for name in names)


def test_money_is_read_as_it_is_written():
    (row,) = answer(b'{"data":[{"taskUUID":"x","status":"success","videoURL":"u","cost":0.84}]}').rows
    assert row.cost == Decimal("0.84")
    assert str(row.cost) == "0.84"


@pytest.mark.parametrize(
    ("said", "cost"),
    [("0", "0"), ("0.0", "0"), ("7", "7"), ("70", "70"), ('"0.50"', "0.5"), ("1e1", "10"), ("1e-9", "0")],
)
def test_money_is_written_without_zeros_that_say_nothing(said, cost):
    (row,) = answer(f'{{"data":[{{"status":"success","videoURL":"u","cost":{said}}}]}}'.encode()).rows
    assert str(row.cost) == cost


@pytest.mark.parametrize(
    "cost", ["-1", "1e99", "NaN", "Infinity", "true", "null", '"free"', "[]", "{}", "1e999999999"]
)
def test_money_that_cannot_be_right_is_none(cost):
    (row,) = answer(f'{{"data":[{{"status":"success","videoURL":"u","cost":{cost}}}]}}'.encode()).rows
    assert row.cost is None


STATES = {
    "processing": ("running", {"status": "processing"}),
    "pending": ("running", {"status": "pending"}),
    "another word": ("running", {"status": "dreaming", "videoURL": "u"}),
    "success": ("done", {"status": "success", "videoURL": "u"}),
    "success in capitals": ("done", {"status": "SUCCESS"}),
    "a URL alone": ("done", {"videoURL": "u"}),
    "names of older versions": ("done", {"mediaURL": "u", "mediaUUID": "m"}),
    "an acknowledgement": ("plain", {"taskType": "videoInference"}),
}


@pytest.mark.parametrize("what", STATES)
def test_a_row_has_a_state(what):
    state, row = STATES[what]
    assert [one.state for one in answer({"data": [row]}).rows] == [state]
    assert [one.state for one in answer({"data": row}).rows] == [state]


FAULTS = [
    {"errors": [{"code": "a", "message": "b"}]},
    {"errors": {"code": "a", "message": "b"}},
    {"error": {"code": "a", "message": "b"}},
    {"data": [], "error": [{"code": "a", "message": "b"}]},
    {"data": [{"status": "error", "error": {"code": "a", "message": "b"}}]},
    {"data": [{"error": {"code": "a", "message": "b"}}]},
    {"data": [{"status": "failed", "code": "a", "message": "b"}]},
    {"error": True, "errorCode": "a", "errorMessage": "b"},
]


@pytest.mark.parametrize("body", FAULTS, ids=str)
def test_a_fault_is_found_wherever_it_stands(body):
    (fault,) = answer(body).faults
    assert fault.said == "b (a)"
    assert answer(body).rows == ()


def test_a_fault_inside_a_row_belongs_to_the_rows_task():
    (fault,) = answer({"data": [{"taskUUID": UUID, "status": "error", "error": {"code": "a"}}]}).faults
    assert fault.task_uuid == UUID


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"1", b"null", b'"x"', b"{}", b"[" * 99_999, b'{"data":', b"\xff"]
)
def test_what_is_no_answer_is_none(body):
    with pytest.raises(Unreadable):
        answer(body)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a b", "", "x" * 500, 7, None, "a\nb", "ü"])
def test_a_name_that_is_none_is_not_believed(name):
    (row,) = answer({"data": [{"status": "success", "videoURL": "u", "videoUUID": name}]}).rows
    assert row.video_uuid is None


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
WORDS = st.sampled_from(
    [
        *["data", "errors", "error", "taskUUID", "status", "success", "processing", "videoURL", "videoUUID", "cost"],
        *["seed", "code", "message", "parameter", "request", "numberResults", "NSFWContent", "progress"],
    ]
)
JSON = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=6),
    max_leaves=30,
)


@settings(max_examples=60)
@given(JSON, st.sampled_from([200, 400, 401, 429, 500]))
def test_any_json_is_an_answer_or_none(body, status):
    try:
        found = answer(body, status)
    except Unreadable:
        return
    for row in found.rows:
        assert row.cost is None or row.cost >= 0
        assert row.seed is None or row.seed >= 0
    for fault in found.faults:
        assert fault.said.isprintable()


@given(st.binary(max_size=200))
def test_any_bytes_are_an_answer_or_none(content):
    try:
        answer(content)
    except Unreadable:
        return


@pytest.mark.parametrize(
    ("said", "date", "seconds"),
    [
        ("7", "", 7.0),
        ("0.5", "", 0.5),
        ("Wed, 21 Oct 2026 07:28:30 GMT", "Wed, 21 Oct 2026 07:28:00 GMT", 30.0),
        ("Wed, 21 Oct 2015 07:28:30 GMT", "", None),
        ("Wed, 21 Oct 2099 07:28:30 GMT", "", 300.0),
        ("Wed, 21 Oct 2099 07:28:30 GMT", "soon", None),
        ("99999", "", 300.0),
        ("-1", "", None),
        ("nan", "", None),
        ("inf", "", None),
        ("soon", "Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("", "", None),
    ],
)
def test_a_time_to_come_again_is_told_in_two_ways(said, date, seconds):
    assert retry_after(httpx.Headers({"Retry-After": said, "Date": date})) == seconds


def test_waits_grow_to_a_cap_and_are_never_the_same_as_anybody_elses():
    backoff, other = Backoff(Random(1)), Backoff(Random(2))  # noqa: S311 - the same waits every time
    waits = [backoff.next() for _ in range(12)]
    assert waits != [other.next() for _ in range(12)]
    assert all(0.5 * 2**n <= wait <= 1.1 * 2**n + 0.1 for n, wait in enumerate(waits[:5]))
    assert max(waits) <= 30.1
    assert 40 <= backoff.next(told=40) <= 41
    assert backoff.next(told=0) > 10
    assert backoff.next(told=0.001) >= 1


@given(st.sets(st.integers(1, 40)))
def test_takes_are_grouped_without_gaps_four_at_most(takes):
    found = list(groups(takes))
    assert sorted(take for group in found for take in group) == sorted(takes)
    assert all(len(group) <= 4 and list(group) == list(range(group[0], group[-1] + 1)) for group in found)


def test_places_grow_by_one_for_each_task_that_comes_back_and_halve_when_told_off():
    async def inside() -> None:
        places = Places(16)
        assert places.size == 4
        for _ in range(6):
            places.came_back(10)
        assert places.size == 10
        await anyio.sleep(1)
        places.told_off(anyio.current_time())
        places.told_off(anyio.current_time() - 0.5)
        assert places.size == 5
        places.came_back(10)
        assert places.size == 5.2
        for _ in range(20):
            await anyio.sleep(1)
            places.told_off(anyio.current_time())
        assert places.size == 1
        for _ in range(500):
            places.came_back(10)
        assert places.size == 16

    in_virtual_time(inside)


def test_places_do_not_grow_while_tasks_become_slower_for_what_they_are():
    async def inside() -> None:
        places = Places(64)
        for _ in range(4):
            places.came_back(10, weight=5)
        grown = places.size
        for _ in range(10):
            places.came_back(60, weight=5)
        slow = places.size
        for _ in range(10):
            places.came_back(60, weight=30)
        assert slow <= grown + 2
        assert places.size > slow

    in_virtual_time(inside)


def test_a_pace_holds_until_it_has_doubled():
    pace = Pace()
    assert all(pace.holds(seconds) for seconds in (10, 12, 9, 14))
    assert not all(pace.holds(60) for _ in range(5))


@pytest.mark.parametrize("most", [1, 2, 5])
def test_never_more_are_at_the_provider_than_places(most):
    async def inside() -> None:
        places, at_once = Places(most), []

        async def one() -> None:
            async with places.one():
                at_once.append(places.busy)
                await anyio.sleep(1)

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(one)
            await anyio.sleep(0.5)
            with anyio.move_on_after(0.1):
                await one()
        assert max(at_once) == min(most, 4)
        assert places.busy == 0
        async with places.one(), places.one(there=True):
            assert places.busy == 2

    in_virtual_time(inside)
