"""The sandbox as a client meets it, in process and in virtual time."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import httpx
import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import IN_MEMORY
from tests.sandboxing import Here, asked, picture, sandboxed, stored, task


def test_a_task_is_acknowledged_polled_and_fetched(tmp_path):
    async def client(here: Here):
        one = task(numberResults=2)
        assert await here.rows(one) == [{"taskType": "videoInference", "taskUUID": one["taskUUID"]}]
        waiting = await here.rows(asked(one))
        assert [row["status"] for row in waiting] == ["processing", "processing"]
        await anyio.sleep(2)
        done = await here.rows(asked(one))
        assert [row["status"] for row in done] == ["success", "success"]
        assert [row["videoUUID"] for row in done] == [row["videoUUID"] for row in waiting]
        assert len({row["seed"] for row in done}) == 2
        assert [row["cost"] for row in done] == [0.33, 0.33]
        assert done == await here.rows(asked(one))
        clips = [(await here.client.get(row["videoURL"])).content for row in done]
        assert len(set(clips)) == 2
        assert json.loads(clips[0])["measures"] == [848, 480, 96, "32", False]
        assert clips[0] == (await here.client.get(done[0]["videoURL"])).content

    sandboxed(client, tmp_path)


def test_the_same_uuid_is_charged_once_and_refused_ever_after(tmp_path):
    one = task()

    async def client(here: Here):
        await here.rows(one)
        for body in (one, one | {"positivePrompt": "something else"}):
            answer = await here.post(body)
            assert answer.status_code == 400
            (error,) = answer.json()["errors"]
            assert (error["code"], error["parameter"]) == ("conflictTaskUUID", "taskUUID")
            assert error["taskUUID"] == one["taskUUID"]
            assert answer.json()["data"] == []
        (row,) = (await here.page("ledger"))["tasks"]
        assert row["charged"] == 0.33

    async def after_a_restart(here: Here):
        assert await here.codes(one) == ["conflictTaskUUID"]
        ledger = await here.page("ledger")
        assert (ledger["charged"], ledger["balance"]) == (0.33, 999.67)
        (row,) = await here.rows(asked(one))
        await anyio.sleep(3)
        (row,) = await here.rows(asked(one))
        assert (await here.client.get(row["videoURL"])).status_code == 200

    sandboxed(client, tmp_path)
    sandboxed(after_a_restart, tmp_path)


def test_the_same_uuid_twice_in_one_request_is_one_task_and_one_conflict(tmp_path):
    async def client(here: Here):
        one = task()
        answer = await here.post(one, one)
        assert answer.status_code == 200
        assert len(answer.json()["data"]) == len(answer.json()["errors"]) == 1
        assert answer.json()["errors"][0]["code"] == "conflictTaskUUID"
        assert len((await here.page("ledger"))["tasks"]) == 1

    sandboxed(client, tmp_path)


def test_errors_of_one_task_do_not_fail_the_others(tmp_path):
    async def client(here: Here):
        good, bad = task(), task(duration=20)
        answer = await here.post(good, bad)
        assert answer.status_code == 200
        assert [row["taskUUID"] for row in answer.json()["data"]] == [good["taskUUID"]]
        (error,) = answer.json()["errors"]
        assert error["taskUUID"] == bad["taskUUID"]
        assert (error["code"], error["parameter"], error["min"], error["max"]) == (
            "unsupportedDuration", "duration", 3, 15,
        )  # fmt: skip
        assert await here.codes(bad) == ["unsupportedDuration"]

    sandboxed(client, tmp_path)


@pytest.mark.parametrize("key", ["", "Bearer", "Bearer  ", "Basic abc", "Bearer wrong"])
def test_a_key_that_is_missing_or_wrong_is_refused_as_the_provider_does(tmp_path, key):
    async def client(here: Here):
        answer = await here.post(task(), Authorization=key)
        assert answer.status_code == 401
        (error,) = answer.json()["errors"]
        assert error["code"] == "invalidApiKey"
        assert (error["parameter"], error["taskType"]) == ("apiKey", "authentication")
        assert (await here.page("ledger"))["tasks"] == []

    sandboxed(client, tmp_path, {"key": "right"})


def test_the_key_may_be_the_first_element(tmp_path):
    async def client(here: Here):
        one = task()
        key = {"taskType": "authentication", "apiKey": "right"}
        answer = await here.post(key, one, Authorization="")
        first, second = answer.json()["data"]
        assert first["taskType"] == "authentication"
        assert first["connectionSessionUUID"]
        assert second["taskUUID"] == one["taskUUID"]
        assert (await here.post(key | {"apiKey": "wrong"}, one, Authorization="")).status_code == 401

    sandboxed(client, tmp_path, {"key": "right"})


def test_uploads_are_kept_and_may_stand_in_a_task(tmp_path):
    async def client(here: Here):
        bare = picture(colour="blue").partition(",")[2]
        (first,) = await here.rows(stored(picture()))
        (second,) = await here.rows(stored(bare))
        assert first["operation"] == "upload"
        assert first["mediaUUID"] != second["mediaUUID"]
        (third,) = await here.rows({**stored(""), "taskType": "imageUpload", "image": picture()})
        assert (await here.client.get(third["imageURL"])).content.startswith(b"\x89PNG")
        images = [first["mediaUUID"], second["mediaURL"], third["imageUUID"], picture(), bare]
        one = task(width=None, height=None, inputs={"frameImages": images})
        await here.rows(one)
        gone = stored(first["mediaUUID"], operation="delete")
        assert (await here.rows(gone))[0]["mediaUUID"] == first["mediaUUID"]
        assert await here.codes(task(inputs={"frameImages": [first["mediaUUID"]]})) == ["invalidFrameImages"]
        assert await here.codes(gone, status=404) == ["mediaNotFound"]

    sandboxed(client, tmp_path)


def test_a_clip_of_an_earlier_task_may_be_extended_by_its_uuid(tmp_path):
    async def client(here: Here):
        first = task(width=1920, height=1080)
        await here.rows(first)
        (waiting,) = await here.rows(asked(first))
        clip = {"type": "extend", "tag": "@clip", "video": waiting["videoUUID"]}
        too_early = task(width=None, height=None, resolution="720p", inputs={"referenceVideos": [clip]})
        assert await here.codes(too_early) == ["invalidVideo"]
        await anyio.sleep(2)
        later = too_early | {"taskUUID": task()["taskUUID"]}
        await here.rows(later)
        await anyio.sleep(2)
        (done,) = await here.rows(asked(later))
        assert done["cost"] == 0.75
        drawn = json.loads((await here.client.get(done["videoURL"])).content)
        assert drawn["measures"] == [1280, 720, 96, "32", False]

    sandboxed(client, tmp_path)


def test_ranges_of_a_clip_can_be_fetched(tmp_path):
    async def client(here: Here):
        one = task()
        await here.rows(one)
        await anyio.sleep(2)
        (row,) = await here.rows(asked(one))
        get = partial(here.client.get, row["videoURL"])
        whole = (await get()).content
        part = await get(headers={"Range": "bytes=5-9"})
        assert (part.status_code, part.content) == (206, whole[5:10])
        assert part.headers["content-range"] == f"bytes 5-9/{len(whole)}"
        assert (await get(headers={"Range": "bytes=10-"})).content == whole[10:]
        assert (await get(headers={"Range": "bytes=-4"})).content == whole[-4:]
        assert (await get(headers={"Range": f"bytes={len(whole)}-"})).status_code == 416
        assert (await here.client.head(row["videoURL"])).headers["content-length"] == str(len(whole))

    sandboxed(client, tmp_path)


def test_a_url_expires_and_a_poll_gives_another(tmp_path):
    async def client(here: Here):
        one = task(ttl=60)
        await here.rows(one)
        await anyio.sleep(2)
        (row,) = await here.rows(asked(one))
        await anyio.sleep(61)
        assert (await here.client.get(row["videoURL"])).status_code == 410
        (again,) = await here.rows(asked(one))
        assert again["videoURL"] != row["videoURL"]
        assert (await here.client.get(again["videoURL"])).status_code == 200

    sandboxed(client, tmp_path, {"expired": 410})


def test_a_dry_run_is_checked_and_priced_and_costs_nothing(tmp_path):
    async def client(here: Here):
        answer = await here.post(task(numberResults=4), **{"X-Runware-Dry-Run": "1"})
        assert answer.json()["data"][0]["cost"] == 1.32
        bad = await here.post(task(duration=1), **{"X-Runware-Dry-Run": "1"})
        assert bad.status_code == 400
        assert (await here.page("ledger"))["tasks"] == []

    sandboxed(client, tmp_path)


def test_a_task_that_the_balance_does_not_cover_is_refused(tmp_path):
    async def client(here: Here):
        await here.rows(task())
        assert await here.codes(task(), status=402) == ["insufficientCredits"]
        (account,) = await here.rows(
            {"taskType": "accountManagement", "taskUUID": task()["taskUUID"], "operation": "getDetails"}
        )
        assert account["balance"] == pytest.approx(0.17)

    sandboxed(client, tmp_path, {"balance": 0.5})


def test_details_show_the_request_and_after_a_refused_replay_the_refusal(tmp_path):
    async def client(here: Here):
        one = task()
        await here.rows(one)
        await anyio.sleep(2)
        (row,) = await here.rows(asked(one, "getTaskDetails"))
        assert row["request"] == [one]
        assert row["response"]["data"][0]["status"] == "success"
        await here.post(one)
        (row,) = await here.rows(asked(one, "getTaskDetails"))
        assert row["response"]["errors"][0]["code"] == "conflictTaskUUID"

    sandboxed(client, tmp_path)


def test_an_unknown_task_is_empty_or_not_found(tmp_path):
    async def empty(here: Here):
        assert await here.rows(asked(task())) == []

    async def not_found(here: Here):
        assert await here.codes(asked(task()), status=404) == ["taskNotFound"]

    sandboxed(empty, tmp_path / "a")
    sandboxed(not_found, tmp_path / "b", {"unknown_tasks": "not found"})


def test_polls_may_stand_together_unless_the_sandbox_refuses_that(tmp_path):
    async def together(here: Here):
        one, two = task(), task(numberResults=2)
        await here.rows(one, two)
        rows = await here.rows(asked(one), asked(two))
        assert [row["taskUUID"] for row in rows] == [one["taskUUID"], two["taskUUID"], two["taskUUID"]]

    async def alone(here: Here):
        one, two = task(), task()
        await here.rows(one, two)
        assert await here.codes(asked(one), asked(two)) == ["maxTasks", "maxTasks"]
        assert len(await here.rows(asked(one))) == 1

    sandboxed(together, tmp_path / "a")
    sandboxed(alone, tmp_path / "b", {"batched_polls": False})


def test_requests_are_counted_by_type_and_by_task(tmp_path):
    async def client(here: Here):
        one, two = task(), task()
        await here.rows(one, two)
        await here.rows(asked(one))
        await here.rows(asked(one), asked(two))
        counted = await here.page("requests")
        assert counted["http"] == 3
        assert counted["byTaskType"] == {"videoInference": 2, "getResponse": 3}
        assert counted["tasks"][one["taskUUID"]] == {"videoInference": 1, "getResponse": 2}

    sandboxed(client, tmp_path)


def test_the_ledger_comes_as_csv(tmp_path):
    async def client(here: Here):
        one = task(numberResults=3)
        await here.rows(one)
        head, line = (await here.client.get("/ledger?format=csv")).text.splitlines()
        row = dict(zip(head.split(","), line.split(","), strict=True))
        assert (row["taskUUID"], row["takes"], row["charged"]) == (one["taskUUID"], "3", "0.99")

    sandboxed(client, tmp_path)


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b"[", b"[NaN]", b'[{"taskUUID": Infinity}]', b"\xff\xfe", b"[1]", b'[["a"]]', b'"x"',
     b'[{"taskType": "videoInference", "positivePrompt": "\\ud800"}]', b"[" * 100_000, b'[{"taskType": ["x"]}]',
     b'[{"taskType": "videoInference", "taskUUID": {"a": 1}}]', b'[{"taskType": "getResponse"}]',
     b'[{"taskType": "getResponse", "taskUUID": "not-one"}]', b'[{"taskType": "imageInference"}]'],
)  # fmt: skip
def test_what_is_no_request_is_refused_with_an_error(tmp_path, body):
    async def client(here: Here):
        answer = await here.client.post("/v1", content=body)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["code"]
        assert answer.json()["errors"][0]["message"]

    sandboxed(client, tmp_path)


WORDS = st.sampled_from(
    ["taskType", "taskUUID", "apiKey", "operation", "media", "image", "model", "inputs", "positivePrompt", "duration"]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4)
    | st.sampled_from(["videoInference", "getResponse", "mediaStorage", "imageUpload", "getTaskDetails", "upload"])
    | st.sampled_from(["accountManagement", "authentication", "ping", "getDetails", "delete", task()["taskUUID"]]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(WORDS, VALUES) | VALUES | st.builds(task, duration=VALUES, seed=VALUES), max_size=3))
@hypothesis.settings(max_examples=100)
def test_whatever_is_posted_is_answered_in_the_providers_form(tasks):
    async def client(here: Here):
        answer = await here.client.post("/v1", json=tasks)
        body = answer.json()
        assert answer.status_code in {200, 400, 401, 402, 404}
        assert set(body) <= {"data", "errors"}
        assert (answer.status_code == 200) == bool(body.get("data") or not body.get("errors"))
        for error in body.get("errors", ()):
            assert error["code"]
            assert error["message"]
        ledger = await here.page("ledger")
        assert ledger["charged"] == pytest.approx(sum(row["charged"] for row in ledger["tasks"]))

    with TemporaryDirectory(dir=IN_MEMORY) as folder:
        sandboxed(client, Path(folder))


def test_other_paths_and_methods_are_refused(tmp_path):
    async def client(here: Here):
        assert (await here.client.get("/v1")).status_code == 405
        assert (await here.client.get("/v2")).status_code == 404
        assert (await here.client.post("/ledger")).status_code == 405
        for path in ("/video/x.mp4", "/video/../sandbox.db", "/media/x", "/media/..%2fsandbox.db"):
            assert (await here.client.get(path)).status_code == 404

    sandboxed(client, tmp_path)


def test_a_dropped_connection_is_one_for_the_client(tmp_path):
    async def client(here: Here):
        one = task()
        with pytest.raises(httpx.RemoteProtocolError):
            await here.post(one)
        assert (await here.page("ledger"))["tasks"] == []
        with pytest.raises(httpx.RemoteProtocolError):
            await here.post(one)
        assert await here.codes(one) == ["conflictTaskUUID"]

    faults = [{"do": "drop", "at": 1}, {"do": "drop", "at": 2, "when": "after"}]
    sandboxed(client, tmp_path, {"faults": faults})
