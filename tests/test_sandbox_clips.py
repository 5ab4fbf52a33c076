"""The clips that a sandbox draws for real: the animatic's, from everything that a task brings along."""

from __future__ import annotations

import anyio
import numpy as np
import pytest

from skyflow.media import probe
from skyflow.media.frames import frame_at, last_picture
from skyflow.sandbox.render import Drawn, Plain
from tests.sandboxing import asked, opened, picture, stored, task

QUICK = {"latency": {"base": 0}, "media_limits": False}


@pytest.mark.slow
def test_the_animatic_draws_what_a_task_brings_along(tmp_path):
    async def client():
        async with opened(tmp_path / "state", QUICK, render=Drawn(tmp_path / "drawing")) as here:
            (red,) = await here.rows(stored(picture(colour="red")))
            group = {
                "type": "image",
                "tag": "@keeper",
                "images": [picture(colour="blue"), "https://example.org/x.png"],
            }
            first = task(
                positivePrompt="@keeper climbs",
                settings={"audio": True},
                inputs={"frameImages": [red["mediaUUID"]], "referenceImages": [group]},
            )
            await here.rows(first)
            (made,) = await here.rows(asked(first))
            (tmp_path / "first.mp4").write_bytes((await here.client.get(made["videoURL"])).content)

            clip = {"type": "extend", "tag": "@clip", "video": made["videoUUID"]}
            address = clip | {"video": made["videoURL"]}
            for name, item in (("second", clip), ("third", address), ("edit", clip | {"type": "reference"})):
                body = task(positivePrompt="@clip goes on", inputs={"referenceVideos": [item]})
                await here.rows(body)
                (row,) = await here.rows(asked(body))
                (tmp_path / f"{name}.mp4").write_bytes((await here.client.get(row["videoURL"])).content)

    anyio.run(client)
    facts = probe.clip(tmp_path / "first.mp4")
    assert (facts.width, facts.height, facts.frames, facts.sound) == (848, 480, 96, True)
    red, green, blue = map(int, np.asarray(frame_at(tmp_path / "first.mp4", 0))[20, 700])
    assert red > 2 * max(green, blue)
    assert probe.clip(tmp_path / "second.mp4").sound is False
    assert probe.clip(tmp_path / "edit.mp4").sound is True
    ends = last_picture(tmp_path / "first.mp4").to_ndarray(format="rgb24")[:200].mean(axis=(0, 1))
    begins = np.asarray(frame_at(tmp_path / "second.mp4", 0))[:200].mean(axis=(0, 1))
    assert np.abs(ends - begins).max() < 25
    assert list((tmp_path / "drawing").iterdir()) == []


def test_what_a_killed_one_left_is_swept_and_nothing_else(tmp_path):
    (tmp_path / ".skyflow-tmp-abc").mkdir()
    (tmp_path / ".skyflow-tmp-abc" / "take1.mp4").write_bytes(b"half")
    (tmp_path / "holiday.mp4").write_bytes(b"whole")
    Drawn(tmp_path)
    Plain(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.mp4"]


def test_plain_clips_are_real_differ_by_take_and_are_the_same_again(tmp_path):
    async def client():
        one = task(numberResults=2, settings={"audio": True})
        clips = []
        for name in ("a", "b"):
            async with opened(tmp_path / name, QUICK, render=Plain(tmp_path / "work")) as here:
                await here.rows(one)
                rows = await here.rows(asked(one))
                clips.append([(await here.client.get(row["videoURL"])).content for row in rows])
        assert clips[0] == clips[1]
        assert clips[0][0] != clips[0][1]
        (tmp_path / "clip.mp4").write_bytes(clips[0][0])

    anyio.run(client)
    facts = probe.clip(tmp_path / "clip.mp4")
    assert (facts.width, facts.height, facts.frames, facts.sound) == (848, 480, 96, True)
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize(("asked_for", "ending"), [("MP4", "mp4"), ("WEBM", "webm"), ("MOV", "mov")])
def test_the_url_ends_as_was_asked(tmp_path, asked_for, ending):
    async def client():
        async with opened(tmp_path, QUICK) as here:
            one = task(outputFormat=asked_for)
            await here.rows(one)
            (row,) = await here.rows(asked(one))
            assert row["videoURL"].partition("?")[0].endswith(f".{ending}")
            assert (await here.client.get(row["videoURL"])).status_code == 200

    anyio.run(client)
