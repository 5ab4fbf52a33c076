"""``skyflow sandbox`` as a process: what it prints, that it can be killed, and connections that it really cuts."""

from __future__ import annotations

import json
import signal
import socket
import threading
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from skyflow import cli
from skyflow.commands import sandbox as verb
from skyflow.media import probe
from skyflow.sandbox.server import listening
from tests.plugging import skyflow
from tests.sandboxing import asked, picture, stored, task
from tests.serving import served


@pytest.mark.slow
def test_it_prints_what_to_export_serves_a_real_clip_and_says_what_was_charged(tmp_path):
    with served(tmp_path) as sandbox:
        assert sandbox.exported["RUNWARE_API_KEY"]
        one = task(settings={"audio": True})
        assert sandbox.post(one).status_code == 200
        (row,) = sandbox.finished(one)
        (tmp_path / "clip.mp4").write_bytes(sandbox.client.get(row["videoURL"]).content)
        facts = probe.clip(tmp_path / "clip.mp4")
        assert (facts.width, facts.height, facts.frames, facts.sound) == (848, 480, 96, True)
        talk = sandbox.end()
        assert "1 task charged, $0.33 in all" in talk
        assert sandbox.process.returncode == 0
    assert [path.name for path in tmp_path.iterdir() if path.name != "clip.mp4"] == [".skyflow"]
    assert (tmp_path / ".skyflow" / ".gitignore").read_text() == "*\n"


@pytest.mark.slow
def test_killed_and_started_again_it_charges_nothing_twice_and_serves_what_was_made(tmp_path):
    one, two = task(numberResults=2), task()
    with served(tmp_path) as sandbox:
        media = sandbox.post(stored(picture())).json()["data"][0]["mediaUUID"]
        sandbox.post(one)
        (row, _) = sandbox.finished(one)
        clip = sandbox.client.get(row["videoURL"]).content
        assert sandbox.post(two).status_code == 200
        sandbox.end(signal.SIGKILL)
    with served(tmp_path) as sandbox:
        for body in (one, two):
            assert sandbox.post(body).json()["errors"][0]["code"] == "conflictTaskUUID"
        again, _ = sandbox.finished(one)
        assert sandbox.client.get(again["videoURL"]).content == clip
        (late,) = sandbox.finished(two)
        assert sandbox.client.get(late["videoURL"]).status_code == 200
        pinned = task(width=None, height=None, resolution="480p", inputs={"frameImages": [media]})
        assert sandbox.post(pinned).status_code == 200
        ledger = sandbox.page("ledger")
        assert ledger["charged"] == pytest.approx(0.33 * 4)
        assert [row["takes"] for row in ledger["tasks"]] == [2, 1, 1]


@pytest.mark.slow
def test_every_task_that_was_acknowledged_outlives_a_kill_in_the_midst_of_a_burst(tmp_path):
    tasks = [task() for _ in range(400)]
    sent: list[str] = []
    acknowledged: list[str] = []
    with served(tmp_path) as sandbox:

        def submit() -> None:
            with suppress(httpx.HTTPError):
                for body in tasks:
                    sent.append(body["taskUUID"])
                    if sandbox.post(body).status_code == 200:
                        acknowledged.append(body["taskUUID"])

        burst = threading.Thread(target=submit)
        burst.start()
        while len(acknowledged) < 20:
            burst.join(0.01)
        sandbox.process.kill()
        burst.join()
    assert 20 <= len(acknowledged) < len(tasks)
    with served(tmp_path) as sandbox:
        charged = [row["taskUUID"] for row in sandbox.page("ledger")["tasks"]]
        assert charged[: len(acknowledged)] == acknowledged
        assert len(charged) <= len(sent)  # one more may have been taken whose answer was lost
        answers = [sandbox.post(body).status_code for body in tasks if body["taskUUID"] in sent]
        assert answers == [400] * len(charged) + [200] * (len(sent) - len(charged))
        assert sandbox.page("ledger")["charged"] == pytest.approx(0.33 * len(sent))


@pytest.mark.slow
def test_connections_are_really_cut(tmp_path):
    faults = [
        {"do": "drop", "on": "submit", "at": 1},
        {"do": "drop", "on": "submit", "at": 2, "when": "after"},
        {"do": "truncate", "at": 1},
        {"do": "drop", "on": "account"},
    ]
    with served(tmp_path, faults=faults) as sandbox:
        one = task()
        for _ in range(2):
            with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
                sandbox.post(one)
        (row,) = sandbox.finished(one)
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            sandbox.client.get(row["videoURL"])
        assert sandbox.client.get(row["videoURL"]).status_code == 200
        assert len(sandbox.page("ledger")["tasks"]) == 1
        with connect(sandbox.url.replace("http", "ws", 1), proxy=None) as socket_:
            socket_.send(json.dumps([{"taskType": "authentication", "apiKey": "any"}]))
            assert json.loads(socket_.recv())["data"][0]["connectionSessionUUID"]
            socket_.send(json.dumps([asked(one)]))
            assert json.loads(socket_.recv())["data"][0]["status"] == "success"
            socket_.send(json.dumps([asked(one, "accountManagement") | {"operation": "getDetails"}]))
            with pytest.raises(ConnectionClosed):
                socket_.recv()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks for its children in /proc")
def test_ended_while_it_draws_and_while_a_request_hangs_it_leaves_no_process_and_draws_again_later(tmp_path):
    one = task(width=1920, height=1080, duration=15)
    words = ("--clips", "animatic")
    with served(tmp_path, *words, faults=[{"do": "hang", "on": "account"}]) as sandbox:
        assert sandbox.post(one).status_code == 200
        drawing = tmp_path / ".skyflow" / "sandbox" / "drawing"
        while not list(drawing.glob(".*/*.mp4")):
            pass
        with pytest.raises(httpx.ReadTimeout):
            sandbox.client.post(
                sandbox.url, json=[asked(one, "accountManagement") | {"operation": "getDetails"}], timeout=0.2
            )
        children = _children(sandbox.process.pid)
        assert children
        sandbox.end()
        assert sandbox.process.returncode == 0
        assert [child for child in children if Path(f"/proc/{child}").exists()] == []
    with served(tmp_path) as sandbox:
        (row,) = sandbox.finished(one)
        assert row["status"] == "success"
        assert list(drawing.iterdir()) == []


def _children(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for path in tasks for child in path.read_text().split()]


@pytest.mark.slow
def test_two_sandboxes_do_not_share_a_state_or_a_port(tmp_path):
    with served(tmp_path) as sandbox:
        second = skyflow("sandbox", cwd=tmp_path)
        assert second.returncode == 3
        assert "error: the sandbox's state cannot be opened" in second.stderr
        port = sandbox.url.split(":")[2].removesuffix("/v1")
        third = skyflow("sandbox", "--port", port, "--state", "other", cwd=tmp_path)
        assert third.returncode == 3
        assert f"error: port {port} cannot be had" in third.stderr


def test_without_the_extra_it_says_how_to_install_it(monkeypatch, capsys):

    monkeypatch.setattr(verb, "MISSING", "starlette")
    assert cli.run(["sandbox"]) == 2
    talk = capsys.readouterr().err
    assert "error: the sandbox needs starlette, which is not installed" in talk
    assert "pip install 'skyflow[sandbox]'" in talk


def test_a_state_that_is_no_folder_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "state").write_text("a file")
    assert cli.run(["sandbox", "--state", "state"]) == 1
    assert "error: cannot write state: not a directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--port", "65536"], "--port 65536 is no port"),
        (["--port", "-1"], "--port"),
        (["--latency", "-1"], "--latency"),
        (["--latency", "nan"], "--latency nan is no time"),
        (["--clips", "vhs"], "--clips vhs is not known"),
        (["--faults", "none.yaml"], "none.yaml cannot be read: No such file or directory"),
        (["extra"], "sandbox takes only options, and not extra"),
    ],
)
def test_what_it_cannot_do_it_says_at_once(tmp_path, monkeypatch, capsys, words, complaint):

    monkeypatch.chdir(tmp_path)
    assert cli.run(["sandbox", *words]) == 2
    assert complaint in capsys.readouterr().err


def test_it_listens_on_this_machine_only():

    with listening(0) as (listener, url):
        assert listener.family == socket.AF_INET
        assert listener.getsockname()[0] == "127.0.0.1"
        assert url == f"http://127.0.0.1:{listener.getsockname()[1]}"
