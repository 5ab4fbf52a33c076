"""Everything that a sandbox can be told to do wrong, as its client meets it."""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest

from skyflow.errors import UsageError
from skyflow.published import schema
from skyflow.sandbox.faults import PLACES, SHORT, load
from skyflow.sandbox.settings import Settings
from tests.sandboxing import Here, asked, picture, sandboxed, stored, task

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = (Path(__file__).parent.parent / "docs" / "sandbox.md").read_text("utf-8")
ACCOUNT = {"taskType": "accountManagement", "taskUUID": task()["taskUUID"], "operation": "getDetails"}


def rules(*faults: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return {"faults": list(faults), **settings}


async def finished(here: Here, one: dict[str, Any]) -> httpx.Response:
    """Submit a task, wait, and poll it."""
    await here.rows(one)
    await anyio.sleep(100)
    return await here.poll(one)


def test_page_and_schema_know_every_fault_and_every_setting():
    known = set(PLACES) | set(SHORT)
    published = schema("sandbox")
    rule = published["$defs"]["rule"]["properties"]
    assert set(rule["do"]["enum"]) == known
    assert set(rule["on"]["enum"]) == {place for places in PLACES.values() for place in places}
    table = PAGE.partition("**What happens**")[2].partition("**How it behaves")[0]
    said = {
        name for line in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall("`([^`]+)`", line)
    }
    assert said - {"do"} == known
    settings = set(Settings.__dataclass_fields__)
    assert set(published["properties"]) == settings | {"faults"}
    behaves = PAGE.partition("**How it behaves")[2]
    assert set(re.findall(r"^\| `(\w+)` \|", behaves, re.MULTILINE)) == settings - {"seed", "latency"}
    assert all(f"`{key}" in PAGE or f"{{{key}:" in PAGE or f"{key}:" in PAGE for key in rule)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"do": "queue full"}, 429, "rateLimitExceeded"),
        ({"do": "bad key"}, 401, "invalidApiKey"),
        ({"do": "forbidden"}, 403, "forbidden"),
        ({"do": "status"}, 500, "internalServerError"),
        *(({"do": "status", "status": number}, number, None) for number in (408, 429, 500, 502, 503, 504)),
        ({"do": "status", "status": 418, "code": "teapot"}, 418, "teapot"),
        ({"do": "no credit"}, 402, "insufficientCredits"),
        ({"do": "unknown model"}, 400, "unknownModel"),
        ({"do": "refuse", "code": "noAvailableServer"}, 400, "noAvailableServer"),
        ({"do": "refuse", "code": "serviceUnavailable"}, 503, "serviceUnavailable"),
    ],
)
def test_a_submission_may_be_refused_before_it_is_taken(tmp_path, fault, status, code):
    async def client(here: Here):
        one = task()
        answer = await here.post(one)
        assert answer.status_code == status
        (error,) = answer.json()["errors"]
        assert error["message"]
        if code:
            assert error["code"] == code
        assert (await here.page("ledger"))["charged"] == 0
        await here.rows(one)
        assert (await here.page("ledger"))["charged"] == 0.33
        (fired,) = (await here.page("faults"))["fired"]
        assert (fired["on"], fired["call"], fired["subject"]) == ("submit", 1, one["taskUUID"])

    sandboxed(client, tmp_path, rules(fault | {"at": 1}))


@pytest.mark.parametrize(
    "fault", [{"do": "status", "status": 503}, {"do": "drop"}, {"do": "hang"}, {"do": "conflict"}]
)
def test_a_submission_may_be_taken_and_charged_and_its_answer_lost(tmp_path, fault):
    async def client(here: Here):
        one = task()
        try:
            answer = await here.post(one)
        except httpx.RemoteProtocolError:
            assert fault["do"] in {"drop", "hang"}
        else:
            assert answer.status_code == fault.get("status", 400)
        assert (await here.page("ledger"))["charged"] == 0.33
        assert await here.codes(one) == ["conflictTaskUUID"]
        (row,) = (await here.poll(one)).json()["data"]
        assert row["taskUUID"] == one["taskUUID"]
        assert (await here.page("ledger"))["charged"] == 0.33

    sandboxed(client, tmp_path, rules({"when": "after", "at": 1} | fault))


def test_a_hanging_request_takes_the_time_that_is_said_and_may_be_given_up(tmp_path):
    async def client(here: Here):
        one = task()
        with anyio.move_on_after(30) as waiting:
            await here.post(one)
        assert waiting.cancelled_caught
        began = anyio.current_time()
        with pytest.raises(httpx.RemoteProtocolError):
            await here.post(one)
        assert anyio.current_time() - began == 600
        assert (await here.page("ledger"))["tasks"] == []
        began = anyio.current_time()
        await here.rows(one)
        assert anyio.current_time() - began == 5

    sandboxed(client, tmp_path, rules({"do": "timeout", "at": [1, 2]}, {"do": "slow", "on": "submit"}))


def test_retry_after_is_seconds_or_a_date(tmp_path):
    async def client(here: Here):
        assert (await here.post(task())).headers["retry-after"] == "7"
        date = parsedate_to_datetime((await here.post(task())).headers["retry-after"])
        assert date.utcoffset() is not None
        assert "retry-after" not in (await here.post(task())).headers

    faults = [
        {"do": "queue full", "at": 1, "retry_after": 7},
        {"do": "queue full", "at": 2, "retry_after": 7, "as_date": True},
        {"do": "queue full", "at": 3},
    ]
    sandboxed(client, tmp_path, rules(*faults))


@pytest.mark.parametrize(
    ("form", "seen"),
    [
        ("json", lambda answer: answer.json()["errors"][0]["code"] == "providerBadGateway"),
        ("single", lambda answer: answer.json()["error"]["code"] == "providerBadGateway"),
        (
            "html",
            lambda answer: answer.headers["content-type"] == "text/html" and answer.text.startswith("<!DOCTYPE"),
        ),
        ("empty", lambda answer: answer.content == b""),
    ],
)
def test_an_error_page_comes_in_every_form(tmp_path, form, seen):
    async def client(here: Here):
        for call in (here.post(task()), here.poll(task()), here.post(stored(picture())), here.post(ACCOUNT)):
            answer = await call
            assert answer.status_code == 502
            assert seen(answer)

    where = ("submit", "poll", "upload", "account")
    faults = [{"do": "status", "status": 502, "body": form, "on": on} for on in where]
    sandboxed(client, tmp_path, rules(*faults))


def test_a_task_may_come_to_an_error_of_any_code_and_is_charged_all_the_same(tmp_path):
    async def client(here: Here):
        one = task()
        await here.rows(one)
        assert (await here.rows(asked(one)))[0]["status"] == "processing"
        await anyio.sleep(2)
        answer = await here.poll(one)
        assert answer.status_code == 200
        assert answer.json()["data"] == []
        (error,) = answer.json()["errors"]
        assert (error["code"], error["status"], error["taskUUID"]) == ("timeoutProvider", "error", one["taskUUID"])
        assert error["taskType"] == "videoInference"
        ledger = await here.page("ledger")
        assert (ledger["charged"], ledger["tasks"][0]["status"]) == (0.33, "error")

    sandboxed(client, tmp_path, rules({"do": "fail", "code": "timeoutProvider"}))


def test_a_poll_of_nothing_but_errors_may_be_400_and_a_failure_may_be_refunded(tmp_path):
    async def client(here: Here):
        assert (await finished(here, task())).status_code == 400
        assert (await here.page("ledger"))["charged"] == 0

    sandboxed(client, tmp_path, rules({"do": "fail", "refund": True}, failed_poll=400))


def test_some_takes_may_fail_and_the_others_come(tmp_path):
    async def client(here: Here):
        one = task(numberResults=4)
        answer = await finished(here, one)
        assert answer.status_code == 200
        assert [row["status"] for row in answer.json()["data"]] == ["success", "success"]
        assert len(answer.json()["errors"]) == 2
        assert (await here.page("ledger"))["tasks"][0]["status"] == "partial"
        assert answer.json() == (await here.poll(one)).json()

    sandboxed(client, tmp_path, rules({"do": "fail", "takes": [1, 3]}))


def test_takes_may_be_flagged_late_or_forgotten(tmp_path):
    async def client(here: Here):
        one = task(numberResults=3, width=1920, height=1080)
        await here.rows(one)
        await anyio.sleep(3)
        rows = await here.rows(asked(one))
        assert [row["status"] for row in rows] == ["success", "processing", "success"]
        assert [row.get("NSFWContent") for row in rows] == [True, None, False]
        await anyio.sleep(60)
        assert [row["status"] for row in await here.rows(asked(one))] == ["success"] * 3
        clips = [{"type": "extend", "tag": "@c", "video": row["videoUUID"]} for row in rows]
        asks = [task(positivePrompt="more", inputs={"referenceVideos": [clip]}) for clip in clips]
        assert (await here.post(asks[0])).status_code == 200
        assert await here.codes(asks[2]) == ["invalidVideo"]

    faults = [{"do": "nsfw", "takes": [1]}, {"do": "late", "takes": [2]}, {"do": "forget", "takes": [3]}]
    sandboxed(client, tmp_path, rules(*({"prompt": "lamp"} | fault for fault in faults)))


@pytest.mark.parametrize(("fault", "reported"), [({"factor": 2}, 0.66), ({"factor": 0}, 0.0), ({}, None)])
def test_the_reported_cost_may_differ_or_be_missing_and_the_ledger_has_the_truth(tmp_path, fault, reported):
    async def client(here: Here):
        (row,) = (await finished(here, task())).json()["data"]
        assert row.get("cost") == reported
        assert (await here.page("ledger"))["charged"] == 0.33

    sandboxed(client, tmp_path, rules({"do": "cost"} | fault))


def test_a_clip_may_come_out_with_other_measures(tmp_path):
    async def client(here: Here):
        (row,) = (await finished(here, task())).json()["data"]
        clip = json.loads((await here.client.get(row["videoURL"])).content)
        assert clip["measures"] == [640, 360, 90, "32", False]

    sandboxed(client, tmp_path, rules({"do": "measures", "width": 640, "height": 360, "frames": 90}))


def test_an_upload_may_be_forgotten_at_once(tmp_path):
    async def client(here: Here):
        first, second = [(await here.rows(stored(picture())))[0]["mediaUUID"] for _ in range(2)]
        pin = [{"image": first}]
        assert await here.codes(task(inputs={"frameImages": pin})) == ["invalidImage"]
        await here.rows(task(inputs={"frameImages": [second]}))

    sandboxed(client, tmp_path, rules({"do": "forget", "on": "upload", "at": 1}))


POLLS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "empty": lambda body: body == {"data": []},
    "misplace": lambda body: [row["status"] for row in body["data"]] == ["success", "error"] and "errors" not in body,
    "single": lambda body: body["error"]["status"] == "error" and "errors" not in body,
    "extra": lambda body: "futureField" in body["data"][0],
}


@pytest.mark.parametrize("do", POLLS)
def test_a_poll_may_be_odd_and_the_next_is_as_ever(tmp_path, do):
    async def client(here: Here):
        one = task(numberResults=2)
        assert POLLS[do]((await finished(here, one)).json())
        plain = (await here.poll(one)).json()
        assert [row["status"] for row in plain["data"]] == ["success"]
        assert [row["status"] for row in plain["errors"]] == ["error"]

    sandboxed(client, tmp_path, rules({"do": "fail", "takes": [2]}, {"do": do, "on": "poll", "at": 1}))


def test_rows_may_come_in_another_order(tmp_path):
    async def client(here: Here):
        one, two = task(), task()
        await here.rows(one, two)
        rows = await here.rows(asked(one), asked(two))
        assert [row["taskUUID"] for row in rows] == [two["taskUUID"], one["taskUUID"]]

    sandboxed(client, tmp_path, rules({"do": "shuffle"}))


def test_older_words_and_rows_without_a_name_can_be_had(tmp_path):
    async def client(here: Here):
        one = task()
        await here.rows(one)
        waiting = {"taskType": "videoInference", "taskUUID": one["taskUUID"], "status": "pending"}
        assert await here.rows(asked(one)) == [waiting]

    sandboxed(client, tmp_path, {"waiting": "pending", "future_uuids": False})


def test_results_may_be_gone_after_a_while(tmp_path):
    async def client(here: Here):
        one = task()
        assert len((await finished(here, one)).json()["data"]) == 1
        await anyio.sleep(100)
        assert (await here.poll(one)).json() == {"data": []}
        assert await here.codes(one) == ["conflictTaskUUID"]

    sandboxed(client, tmp_path, {"retention": 120})


def test_a_download_may_break_in_every_way_and_the_next_is_whole(tmp_path):
    async def client(here: Here):
        one = task()
        (row,) = (await finished(here, one)).json()["data"]
        url = row["videoURL"]
        with pytest.raises(httpx.RemoteProtocolError):
            await here.client.get(url)
        short = (await here.client.get(url)).content
        corrupt = (await here.client.get(url)).content
        assert (await here.client.get(url)).status_code == 422
        with pytest.raises(httpx.RemoteProtocolError):
            await here.client.get(url)
        assert (await here.client.get(url)).status_code == 403
        assert (await here.client.get(url)).status_code == 404
        (fresh,) = await here.rows(asked(one))
        assert fresh["videoURL"] != url
        whole = (await here.client.get(fresh["videoURL"])).content
        assert whole.startswith(short)
        assert len(short) == len(whole) // 4
        assert (len(corrupt), corrupt == whole) == (len(whole), False)
        began = anyio.current_time()
        assert (await here.client.get(fresh["videoURL"])).content == whole
        assert anyio.current_time() - began == pytest.approx(30)
        assert (await here.page("requests"))["downloads"] == {row["videoUUID"]: 9}

    faults = [
        {"do": "truncate", "at": 1},
        {"do": "truncate", "at": 2, "quietly": True, "share": 0.25},
        {"do": "corrupt", "at": 3},
        {"do": "status", "status": 422, "on": "download", "at": 4},
        {"do": "drop", "on": "download", "at": 5},
        {"do": "expire", "at": 6, "status": 403},
        {"do": "slow", "on": "download", "at": 9, "seconds": 30},
    ]
    sandboxed(client, tmp_path, rules(*faults))


def test_a_rule_counts_for_all_or_for_each_and_ends_after_so_many(tmp_path):
    async def client(here: Here):
        one, two = task(), task()
        await here.rows(one, two)
        statuses = [(await here.poll(body)).status_code for body in (one, one, two, two, two)]
        assert statuses == [503, 200, 503, 200, 200]
        assert [(await here.post(ACCOUNT)).status_code for _ in range(4)] == [500, 500, 200, 200]

    faults = [
        {"do": "status", "status": 503, "on": "poll", "at": 1, "each": True},
        {"do": "status", "on": "account", "times": 2},
    ]
    sandboxed(client, tmp_path, rules(*faults))


def test_counting_goes_on_after_a_restart_and_begins_anew_with_another_file(tmp_path):
    async def refused(here: Here):
        await here.codes(task(), status=429)

    async def taken(here: Here):
        await here.rows(task())

    first = rules({"do": "queue full", "at": 1})
    sandboxed(refused, tmp_path, first)
    sandboxed(taken, tmp_path, first)
    sandboxed(refused, tmp_path, rules({"do": "queue full", "at": [1, 9]}))


def test_chance_follows_from_the_seed_and_not_from_the_order(tmp_path):
    tasks = [task() for _ in range(60)]

    def failed(name: str, seed: int, order: list[dict[str, Any]]) -> set[str]:
        found: set[str] = set()

        async def client(here: Here):
            for body in order:
                if (await here.post(body)).status_code == 503:
                    found.add(body["taskUUID"])

        fault = {"do": "status", "status": 503, "on": "submit", "chance": 0.3}
        sandboxed(client, tmp_path / name, rules(fault, seed=seed))
        return found

    once = failed("a", 1, tasks)
    assert 5 < len(once) < 35
    assert failed("b", 1, tasks[::-1]) == once
    assert failed("c", 2, tasks) != once


def test_latency_is_seeded_and_grows_with_the_clip(tmp_path):
    async def client(here: Here):
        one = task(numberResults=4, duration=10)
        await here.rows(one)
        await anyio.sleep(2.99)
        assert {row["status"] for row in await here.rows(asked(one))} == {"processing"}
        await anyio.sleep(5)
        counts = {row["status"] for row in await here.rows(asked(one))}
        assert counts == {"processing", "success"}
        await anyio.sleep(5.02)
        assert {row["status"] for row in await here.rows(asked(one))} == {"success"}

    uneven = {"latency": {"base": 1, "per_second": 0.2, "jitter": 10}, "seed": 3}
    sandboxed(client, tmp_path, uneven)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({"faults": [{"do": "explode"}]}, "faults[0].do 'explode' is not one of"),
        ({"faults": [{"do": "corrupt", "on": "poll"}]}, "faults[0] corrupt does not happen to a poll"),
        ({"faults": [{"do": "fail", "prompt": "("}]}, "faults[0].prompt is no pattern"),
        ({"faults": [{"do": "fail", "at": 0}]}, "faults[0].at"),
        ({"faults": [{"at": 1}]}, "'do' is a required property"),
        ({"balanse": 3}, "'balanse' was unexpected"),
        ({"latency": {"base": -1}}, "latency.base"),
    ],
)
def test_a_file_that_says_nothing_sensible_is_refused_with_its_place(data, complaint):
    with pytest.raises(UsageError) as caught:
        load(data)
    assert complaint in caught.value.message


@pytest.mark.parametrize("text", ["[]", "a: [", "- x", "\x00", "&a [*a]", "3"])
def test_what_is_no_file_of_faults_is_refused(tmp_path, text):
    (tmp_path / "faults.yaml").write_text(text)
    with pytest.raises(UsageError, match=r"faults\.yaml"):
        load(tmp_path / "faults.yaml")


def test_the_pages_example_is_a_file_of_faults(tmp_path):
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "faults.yaml").write_text(example)
    plan = load(tmp_path / "faults.yaml")
    assert [rule.do for rule in plan.rules] == ["status", "drop", "status", "truncate", "fail"]
    assert plan.settings.latency.jitter == 3
