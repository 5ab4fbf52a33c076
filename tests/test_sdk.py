"""The sandbox before those who know the provider best: its own SDKs submit, poll, upload and fail against it.

Each runs in an environment of its own, as one program of ``tests/sdk`` that goes through everything at once and
says what it saw; ``make sdk`` puts the environments there. What an SDK gets wrong about the provider it must get
wrong about the sandbox too: one of them pays twice for a lost acknowledgement, and the ledger has both charges.
"""

from __future__ import annotations

import fcntl
import json
import os
import pickle
import re
import shutil
import subprocess
import wave
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from PIL import Image

from skyflow.board.model import Size
from skyflow.facts import ClipFacts
from skyflow.media import probe
from tests.filming import film
from tests.serving import served

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parent.parent
SDK = ROOT / "tests" / "sdk"
KEY = "the-right-key"
PATIENCE = 150
"""Seconds for all that one SDK does; one that waits for ever is ended, so that a test fails and does not hang."""

LATE, NEVER = 6, 3600
"""Seconds by which the second take of a task is late: soon enough to be waited for, and not."""


@dataclass(frozen=True, slots=True)
class Kit:
    """One of the provider's SDKs over one transport.

    Attributes:
        runs: its interpreter, without which it is not installed.
        needs: what else has to be there.
        words: its program, and the program's own first words.
    """

    name: str
    runs: Path
    needs: Path
    words: tuple[str, ...]
    late: int = LATE


NEW = SDK / ".venv-new" / "bin" / "python"
LEGACY = SDK / ".venv-legacy" / "bin" / "python"
NODE = Path(shutil.which("node") or "node")
PACKAGE = SDK / "node_modules" / "@runware" / "sdk-js" / "package.json"

OVER_HTTP = Kit("Python over HTTP", NEW, NEW, ("python_new.py", "rest"))
OVER_SOCKET = Kit("Python over WebSocket", NEW, NEW, ("python_new.py", "websocket"))
OLD_PYTHON = Kit("older Python", LEGACY, LEGACY, ("python_legacy.py",), NEVER)
OLD_JAVASCRIPT = Kit("older JavaScript", NODE, PACKAGE, ("javascript_legacy.mjs",))
KITS = (OVER_HTTP, OVER_SOCKET, OLD_PYTHON, OLD_JAVASCRIPT)

pytestmark = pytest.mark.slow


def faults(kit: Kit) -> dict[str, Any]:
    """The same for all: whatever is to happen to a task follows from its prompt."""
    lost = {"do": "drop", "on": "submit", "when": "after"}
    return {
        "key": KEY,
        "faults": [
            {**lost, "at": 1, "prompt": "^lost acknowledgement"},
            {**lost, "at": 1, "prompt": "^named by its caller"},
            {**lost, "prompt": "^never acknowledged"},
            {"do": "drop", "on": "poll", "at": 1, "prompt": "^cut while waiting"},
            {"do": "queue full", "at": 1, "prompt": "^full queue"},
            {"do": "fail", "prompt": "^comes to nothing", "message": "It came to nothing."},
            {"do": "fail", "prompt": "^half of it", "takes": [2], "message": "The other half."},
            {"do": "late", "prompt": "^one by one", "takes": [2], "seconds": kit.late},
        ],
    }


PAID_BY_ALL = {
    "one take": [0.33],
    "two takes": [0.66],
    "one by one": [0.66],
    "comes to nothing": [0.33],
    "half of it": [0.66],
    "from a picture": [0.33],
    "@keeper speaks": [0.33],
    "@film goes on": [0.54],
    "sent twice": [0.33],
    "lost acknowledgement": [0.33],
    "cut while waiting": [0.33],
}
"""USD of each charge, by prompt: 3 seconds at 480p cost 0.33, and 0.54 where a clip is extended."""

PAID: dict[str, dict[str, list[float]]] = {
    OVER_HTTP.name: PAID_BY_ALL | {"asked about": [0.33], "of a type looked up": [0.33], "full queue": [0.33]},
    OVER_SOCKET.name: PAID_BY_ALL | {"asked about": [0.33], "of a type looked up": [0.33]},
    OLD_PYTHON.name: PAID_BY_ALL | {"asked about": [0.33]},
    OLD_JAVASCRIPT.name: PAID_BY_ALL
    | {"lost acknowledgement": [0.33] * 2, "never acknowledged": [0.33] * 2, "named by its caller": [0.33]},
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to a GET of a result's URL; ``promised`` are the bytes that its header speaks of."""

    status: int
    promised: int
    content: bytes


def fetched(answer: httpx.Response) -> Fetched:
    return Fetched(answer.status_code, int(answer.headers["Content-Length"]), answer.content)


@dataclass(frozen=True, slots=True)
class Run:
    """What one SDK saw, and what the sandbox says of it.

    Attributes:
        seen: by the name of what was tried; usually the prompt.
        paid: USD of every charge, by prompt.
        asked: how many tasks of each type the sandbox got.
        fired: every fault that happened, as ``drop poll``.
        fetched: by URL, every result of which the SDK was told.
    """

    kit: Kit
    seen: Mapping[str, Any]
    ledger: Mapping[str, Any]
    paid: Mapping[str, Sequence[float]]
    asked: Mapping[str, int]
    fired: Sequence[str]
    fetched: Mapping[str, Fetched]

    def gave(self, name: str) -> Any:
        assert "error" not in self.seen[name], self.seen[name]
        return self.seen[name]["gave"]

    def videos(self, name: str) -> list[str]:
        return [row["videoUUID"] for row in self.gave(name)]

    def error(self, name: str) -> Mapping[str, Any]:
        assert "gave" not in self.seen[name], self.seen[name]
        found: Mapping[str, Any] = self.seen[name]["error"]
        return found

    def refused(self, name: str, code: str, kind: str) -> bool:
        """Whether it failed with the provider's code; the current SDK tells no more than the kind of that."""
        return bool(self.error(name)["code"] == (kind if self.kit.runs == NEW else code))


@contextmanager
def sandbox(folder: Path, settings: Mapping[str, Any]) -> Iterator[str]:
    """The URL of a sandbox in a process of its own, which must end without a word of a defect."""
    with served(folder, "--state", "state", "--latency", "0.3", settings=settings) as running:
        yield running.url.removesuffix("/v1")
        assert "Traceback" not in running.end()


def media(folder: Path) -> Path:
    """A picture, a clip that may be extended, and a voice."""
    folder.mkdir()
    Image.new("RGB", (64, 36), "red").save(folder / "picture.png")
    film(folder / "clip.mp4", range(8), size=Size(1920, 1080))
    with wave.open(str(folder / "voice.wav"), "wb") as voice:
        voice.setnchannels(1)
        voice.setsampwidth(2)
        voice.setframerate(8000)
        voice.writeframes(bytes(16_000))
    return folder


def results(seen: Any) -> Iterator[Mapping[str, Any]]:
    """Every row with a clip, however deep."""
    if isinstance(seen, dict):
        if seen.get("videoURL"):
            yield seen
        seen = list(seen.values())
    if isinstance(seen, list):
        for one in seen:
            yield from results(one)


def paid(client: httpx.Client, ledger: Mapping[str, Any]) -> dict[str, list[float]]:
    """The ledger by prompt; what a task's prompt was is asked for as anybody can ask."""
    found: dict[str, list[float]] = {}
    for charge in ledger["tasks"]:
        body = {"taskType": "getTaskDetails", "taskUUID": charge["taskUUID"]}
        (row,) = client.post("/v1", json=[body]).raise_for_status().json()["data"]
        found.setdefault(row["request"][0]["positivePrompt"], []).append(charge["charged"])
    return found


@pytest.fixture(params=[pytest.param(kit, id=kit.name) for kit in KITS])
def run(request, tmp_path_factory) -> Run:
    """All that one SDK does: once, whichever process of the tests asks first."""
    kit: Kit = request.param
    if not (kit.runs.exists() and kit.needs.exists()):
        pytest.skip(f"the provider's SDK, {kit.name}, is not installed: run `make sdk`")
    if kit.name not in RUNS:
        base: Path = tmp_path_factory.getbasetemp()
        shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
        RUNS[kit.name] = shared_run(kit, shared / kit.name.replace(" ", "-"))
    return RUNS[kit.name]


RUNS: dict[str, Run] = {}


def shared_run(kit: Kit, folder: Path) -> Run:
    """What another process has written down already, or will have when it lets go."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        file = folder / "run.pickle"
        if not file.exists():
            file.write_bytes(pickle.dumps(ran(kit, folder)))
        found: Run = pickle.loads(file.read_bytes())  # noqa: S301 - our own
        return found


def ran(kit: Kit, folder: Path) -> Run:
    """Let an SDK do all that its program has."""
    with (
        sandbox(folder, faults(kit)) as url,
        httpx.Client(base_url=url, headers={"Authorization": f"Bearer {KEY}"}, timeout=30) as client,
    ):
        program, *words = kit.words
        done = subprocess.run(  # noqa: S603 - our own program
            [kit.runs, SDK / program, *words, url, KEY, media(folder / "media")],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        seen = json.loads(done.stdout)
        ledger = client.get("/ledger").json()
        return Run(
            kit,
            seen,
            ledger,
            paid(client, ledger),
            client.get("/requests").json()["byTaskType"],
            [f"{one['do']} {one['on']}" for one in client.get("/faults").json()["fired"]],
            {row["videoURL"]: fetched(client.get(row["videoURL"])) for row in results(seen)},
        )


def only(*kits: Kit) -> pytest.MarkDecorator:
    """For a test of what not every SDK can do."""
    params = [pytest.param(kit, id=kit.name) for kit in kits]
    return pytest.mark.parametrize("run", params, indirect=True)


def test_the_ledger_has_every_charge_and_no_other(run):
    assert run.paid == PAID[run.kit.name]
    assert run.ledger["charged"] == pytest.approx(sum(sum(charges) for charges in run.paid.values()))


def test_a_wrong_key_is_told_so_and_buys_nothing(run):
    error = run.error("a wrong key")
    assert error["message"] == "Invalid API key."
    known = {OLD_PYTHON.name: "ConnectionError", OLD_JAVASCRIPT.name: "invalidApiKey"}
    assert error["code"] == known.get(run.kit.name, "auth")


def test_one_task_comes_to_one_clip_at_its_price(run):
    (row,) = run.gave("one take")
    assert row["taskType"] == "videoInference"
    assert row["status"] == "success"
    assert row["taskUUID"] == run.seen["one take"]["task"]
    assert row["cost"] == 0.33


def test_one_task_comes_to_two_clips_in_the_same_order_for_everybody(run):
    rows = run.gave("two takes")
    assert len(set(run.videos("two takes"))) == len({row["videoURL"] for row in rows}) == 2
    assert rows[0]["seed"] != rows[1]["seed"]


def test_every_result_can_be_fetched_whole_and_is_the_clip_that_was_asked_for(run, tmp_path):
    assert len(run.fetched) >= 10
    for url, answer in run.fetched.items():
        assert answer.status == 200, url
        assert len(answer.content) == answer.promised
        file = tmp_path / "clip.mp4"
        file.write_bytes(answer.content)
        assert probe.clip(file) == ClipFacts(848, 480, 96, Fraction(32), sound=False)
    contents = {run.fetched[row["videoURL"]].content for row in run.gave("two takes")}
    assert len(contents) == 2


@only(OVER_HTTP, OVER_SOCKET)
def test_what_is_finished_first_is_handed_over_first(run):
    """The second take is late, and its row says processing until then: both rows are in every answer."""
    assert len(set(run.videos("one by one"))) == 2
    first, second = run.seen["one by one"]["answers"]
    assert first < second


@only(OLD_PYTHON)
def test_who_counts_the_rows_of_all_answers_takes_the_first_clip_for_the_second(run):
    """Answers are cumulative, which this SDK does not know: it has one take twice while the other is made."""
    assert run.videos("one by one") == [run.videos("one by one")[0]] * 2


@only(OLD_JAVASCRIPT)
def test_who_tells_clips_apart_has_both_in_the_end(run):
    assert len(set(run.videos("one by one"))) == 2


def test_uploads_have_names_and_clips_are_made_with_them(run):
    uploaded = run.seen["media: uploaded"]
    assert uploaded["picture"]["imageURL"].endswith(f"/media/{uploaded['picture']['imageUUID']}")
    names = {uploaded["picture"]["imageUUID"], uploaded["clip"]["mediaUUID"], uploaded["voice"]["mediaUUID"]}
    assert len(names) == 3
    for name in ("media: a picture", "media: a voice", "media: a clip"):
        assert len(run.gave(name)) == 1


def test_what_is_no_medium_is_refused(run):
    assert run.refused("media: not one", "invalidMedia", "validation")


@only(OVER_HTTP, OVER_SOCKET)
def test_a_medium_is_deleted_once(run):
    (row,) = run.gave("media: deleted")
    assert row["mediaUUID"] == run.seen["media: uploaded"]["clip"]["mediaUUID"]
    assert run.error("media: deleted again")["code"] == "notFound"


def test_a_size_that_is_none_is_refused_and_both_sides_are_named(run):
    assert run.refused("of no such size", "unsupportedDimensions", "validation")
    error = run.error("of no such size")
    assert error["message"] == "1000x1000 is not supported by this model."
    assert "width" in error["parameter"]


def test_a_task_that_fails_is_told_and_nobody_waits_for_it(run):
    assert run.refused("comes to nothing", "providerError", "provider")
    assert run.error("comes to nothing")["message"] == "It came to nothing."


def test_of_a_task_that_half_fails_every_sdk_shows_the_failure_and_drops_the_clip(run):
    assert run.refused("half of it", "providerError", "provider")
    assert run.error("half of it")["message"] == "The other half."
    assert not run.seen["half of it"].get("partial")
    assert [charge["status"] for charge in run.ledger["tasks"] if charge["taskUUID"] == half(run)] == ["partial"]


def half(run: Run) -> str:
    error = run.error("half of it")
    return str(error.get("taskUUID") or error["task_uuid"])


def test_a_task_that_is_sent_again_is_refused_for_its_name(run):
    assert len(run.gave("sent twice")) == 1
    assert run.refused("sent twice: again", "conflictTaskUUID", "validation")
    error = run.error("sent twice: again")
    assert error["parameter"] == "taskUUID"
    assert (error.get("taskUUID") or error["task_uuid"]) == run.seen["sent twice"]["task"]


@only(OVER_SOCKET, OLD_PYTHON)
def test_after_a_lost_acknowledgement_the_same_name_is_sent_and_the_conflict_taken_for_it(run):
    """Bought once, and the clip arrives."""
    assert len(run.gave("lost acknowledgement")) == 1
    assert run.gave("lost acknowledgement")[0]["taskUUID"] == run.seen["lost acknowledgement"]["task"]


@only(OVER_HTTP)
def test_after_a_lost_acknowledgement_the_conflict_is_raised_over_http_and_the_clip_orphaned(run):
    """Bought once, and lost to whoever does not ask again by hand."""
    error = run.error("lost acknowledgement")
    assert (error["code"], error["parameter"], error["status_code"]) == ("validation", "taskUUID", 400)
    (row,) = run.gave("lost acknowledgement: asked later")
    assert row["status"] == "success"


@only(OLD_JAVASCRIPT)
def test_after_a_lost_acknowledgement_a_new_name_is_sent_and_paid_again(run):
    """The second task is another to the provider; an honest fake charges for both."""
    assert len(run.gave("lost acknowledgement")) == 1
    assert run.paid["lost acknowledgement"] == [0.33, 0.33]
    names = [charge["taskUUID"] for charge in run.ledger["tasks"]]
    assert len(set(names)) == len(names)
    assert run.gave("lost acknowledgement")[0]["taskUUID"] in names


@only(OLD_JAVASCRIPT)
def test_where_every_acknowledgement_is_lost_two_are_paid_for_and_none_arrives(run):
    assert run.error("never acknowledged")["message"].startswith("Response could not be received")
    assert run.paid["never acknowledged"] == [0.33, 0.33]


@only(OLD_JAVASCRIPT)
def test_a_name_of_the_caller_saves_the_second_charge_and_not_the_clip(run):
    assert run.error("named by its caller")["code"] == "conflictTaskUUID"
    assert run.paid["named by its caller"] == [0.33]


def test_a_connection_that_breaks_between_polls_costs_nothing(run):
    assert len(run.gave("cut while waiting")) == 1
    assert "drop poll" in run.fired


@only(OVER_SOCKET)
def test_a_session_goes_on_over_another_connection(run):
    before, after = run.seen["session"]
    assert before
    assert after == before


def test_everything_that_was_to_go_wrong_did(run):
    wanted = {"drop submit", "drop poll", "status submit", "fail submit", "late submit"}
    assert set(run.fired) == wanted
    lost = {OLD_JAVASCRIPT.name: 4}
    assert run.fired.count("drop submit") == lost.get(run.kit.name, 1)


@only(OVER_SOCKET, OLD_PYTHON, OLD_JAVASCRIPT)
def test_a_ping_is_answered_in_the_form_that_the_sdk_waits_for(run):
    assert run.seen["a ping"]["connected"]
    assert run.asked["ping"] >= 1


@only(OVER_SOCKET, OLD_PYTHON, OLD_JAVASCRIPT)
def test_a_full_queue_reaches_the_one_task_that_it_is_about(run):
    assert run.refused("full queue", "rateLimitExceeded", "rateLimit")
    error = run.error("full queue")
    assert error.get("taskUUID") or error["task_uuid"]


@only(OVER_HTTP)
def test_a_full_queue_is_tried_again_over_http_and_bought_once(run):
    assert len(run.gave("full queue")) == 1


@only(OVER_HTTP, OVER_SOCKET, OLD_PYTHON)
def test_a_task_can_be_asked_about_later(run):
    details = run.gave("details")
    details = details[0] if isinstance(details, list) else details
    assert details["request"][0]["positivePrompt"] == "asked about"
    response = details["response"]  # the older SDK unwraps it
    rows = response if isinstance(response, list) else response["data"]
    assert [row["videoUUID"] for row in rows] == run.videos("asked about")


@only(OVER_HTTP, OVER_SOCKET)
def test_the_account_shows_what_was_spent(run):
    (row,) = run.gave("account")
    assert row["balance"] + row["usage"]["total"]["credits"] == pytest.approx(1000)


@only(OVER_HTTP, OVER_SOCKET)
def test_the_type_of_a_task_and_its_schema_come_from_the_registry(run):
    """The SDK's own check refuses a seed before anything is sent, and adds nothing to what it lets through."""
    assert run.seen["looked up: type"] == "videoInference"
    assert "seed" in run.error("looked up: refused")["message"]
    assert run.error("looked up: refused")["code"] == "validation"
    assert len(run.gave("looked up")) == 1


@only(OLD_JAVASCRIPT)
def test_a_dry_run_prices_and_refuses_and_buys_nothing(run):
    assert run.gave("a dry run")["cost"] == 0.66
    assert run.error("a dry run: refused")["code"] == "unsupportedDimensions"
    assert "a dry run" not in run.paid


def test_there_is_no_registry_and_no_other_machine_in_what_is_installed():
    """Packages are pinned, and where they come from is each machine's own business."""
    for file in (SDK / "package-lock.json", *SDK.glob("requirements-*.txt")):
        text = file.read_text("utf-8")
        assert "resolved" not in text
        assert "--index-url" not in text
    pins = [line for file in SDK.glob("requirements-*.txt") for line in file.read_text("utf-8").splitlines()]
    assert all(re.fullmatch(r"#.*|[\w-]+==[\w.]+", line) for line in pins), pins
