"""What an animatic shows: exactly the size and length asked for, and the content that the request carries."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from PIL import Image

from skyflow.backends.animatic.render import render
from skyflow.backends.animatic.slate import layout
from skyflow.backends.base import Assignment, Input, Made
from skyflow.board.model import Output, Size
from skyflow.errors import MakeError, MediaError, SkyflowError
from skyflow.media.encode import SOUND_RATE, ClipWriter
from skyflow.media.frames import frame_at, samples
from skyflow.models.skyreels_v4 import SIZES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

SMALL = Size(848, 480)
RATE = Fraction(32)
PROMPT = "Wide shot of a lighthouse in a storm; @keeper climbs the outer stair."


def assignment(
    folder: Path,
    prompt: str = PROMPT,
    *,
    size: Size = SMALL,
    frames: int = 24,
    sound: bool = False,
    takes: tuple[int, ...] = (1,),
    media: Mapping[str, Any] | None = None,
    inputs: Mapping[str, Input] | None = None,
    shot: str = "opening",
) -> Assignment:
    folder.mkdir(parents=True, exist_ok=True)
    request: dict[str, Any] = {"positivePrompt": prompt}
    if media:
        request["inputs"] = media
    return Assignment(shot, "key", request, inputs or {}, takes, Output(size, frames, RATE, sound), str(folder))


def made(wanted: Assignment) -> list[Made]:
    return render(wanted, lambda _: None)


def draw(folder: Path, prompt: str = PROMPT, **how: Any) -> Path:
    return Path(made(assignment(folder, prompt, **how))[0].path)


def scenery(path: Path, index: int) -> NDArray[np.float64]:
    """The picture area of one frame, without the slate."""
    image = frame_at(path, index)
    return np.asarray(image.crop((0, 0, *layout(*image.size).picture)), float)


def apart(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The mean difference of two pictures, 0 to 255."""
    return float(np.abs(first - second).mean())


def flat(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (400, 300)) -> Input:
    Image.new("RGB", size, colour).save(path)
    return Input(str(path), "image")


def footage(path: Path, levels: list[int], rate: Fraction = RATE, sound: NDArray[np.float32] | None = None) -> Input:
    """A clip that gets brighter or darker, 320x240."""
    with ClipWriter(path, Size(320, 240), rate, sound=sound is not None) as clip:
        if sound is not None:
            clip.sound(sound)
        for level in levels:
            planes = np.full((360, 320), 128, np.uint8)
            planes[:240] = level
            clip.picture(av.VideoFrame.from_ndarray(planes, format="yuv420p"))
    return Input(str(path), "clip")


@pytest.mark.parametrize("size", [size for (tier, _), size in SIZES.items() if tier == "480p"])
@pytest.mark.parametrize("sound", [True, False])
def test_a_clip_is_exactly_what_was_asked_for(tmp_path: Path, size: tuple[int, int], sound: bool) -> None:  # noqa: FBT001
    path = draw(tmp_path, size=Size(*size), frames=19, sound=sound)
    with av.open(str(path)) as clip:
        video = clip.streams.video[0]
        assert (video.width, video.height, video.frames, video.average_rate) == (*size, 19, RATE)
        assert len(clip.streams.audio) == sound


def test_the_band_is_even_and_leaves_most_of_every_size_to_the_picture() -> None:
    for size in SIZES.values():
        width, height = layout(*size).picture
        assert width == size[0]
        assert height % 2 == 0
        assert 0.74 < height / size[1] < 0.9


def test_takes_differ_and_say_which_they_are(tmp_path: Path) -> None:
    takes = made(assignment(tmp_path, takes=(1, 3)))
    assert [item.take for item in takes] == [1, 3]
    first, third = (Path(item.path) for item in takes)
    assert apart(scenery(first, 12), scenery(third, 12)) > 8
    top = layout(848, 480).picture[1]
    slates = [np.asarray(frame_at(path, 12).crop((0, top, 250, 480)), float) for path in (first, third)]
    assert apart(*slates) > 0.1


def test_the_picture_moves(tmp_path: Path) -> None:
    path = draw(tmp_path, "Snow on the mountain pass", frames=48)
    assert apart(scenery(path, 0), scenery(path, 47)) > 1


def test_the_name_of_the_shot_is_the_only_thing_that_the_request_does_not_decide(tmp_path: Path) -> None:
    one, other = (draw(tmp_path / name, shot=name) for name in ("opening", "harbour"))
    assert np.array_equal(scenery(one, 0), scenery(other, 0))
    assert one.read_bytes() != other.read_bytes()
    assert draw(tmp_path / "again", shot="opening").read_bytes() == one.read_bytes()


def test_an_extension_starts_on_the_last_picture_of_its_source_and_leaves_it(tmp_path: Path) -> None:
    source = draw(tmp_path / "a", frames=32)
    media = {"referenceVideos": [{"type": "extend", "tag": "@opening", "video": "clip"}]}
    path = draw(
        tmp_path / "b",
        "@opening A neon city at night.",
        frames=96,
        media=media,
        inputs={"clip": Input(str(source), "clip", drawn=True)},
    )
    assert apart(scenery(source, 31), scenery(path, 0)) < 1.5
    assert apart(scenery(source, 31), scenery(path, 95)) > 15


def test_an_extension_of_footage_takes_all_of_its_picture(tmp_path: Path) -> None:
    clip = footage(tmp_path / "a.mp4", [60] * 8 + [200])
    media = {"referenceVideos": [{"type": "extend", "tag": "@pickup", "video": "clip"}]}
    path = draw(tmp_path / "b", media=media, inputs={"clip": clip})
    assert abs(scenery(path, 0).mean() - (200 - 16) * 255 / 219) < 3


def test_pins_stand_at_their_places_and_blend_between(tmp_path: Path) -> None:
    inputs = {
        "red": flat(tmp_path / "r.png", (200, 30, 30)),
        "green": flat(tmp_path / "g.png", (30, 180, 30)),
        "blue": flat(tmp_path / "b.png", (30, 30, 200)),
    }
    media = {
        "frameImages": [
            {"image": "red", "frame": "first"},
            {"image": "green", "frame": 20},
            {"image": "blue", "frame": -1},
        ]
    }
    path = draw(tmp_path / "out", frames=48, media=media, inputs=inputs)
    for index, colour in ((0, (200, 30, 30)), (20, (30, 180, 30)), (47, (30, 30, 200))):
        assert apart(scenery(path, index), np.array(colour, float)) < 4, index
    halfway = scenery(path, 10).mean((0, 1))
    assert 60 < halfway[0] < 170
    assert 60 < halfway[1] < 150


def test_pins_without_places_are_spread_by_the_rule_of_the_model(tmp_path: Path) -> None:
    inputs = {
        "red": flat(tmp_path / "r.png", (200, 30, 30)),
        "green": flat(tmp_path / "g.png", (30, 180, 30)),
        "blue": flat(tmp_path / "b.png", (30, 30, 200)),
    }
    path = draw(
        tmp_path / "out",
        frames=33,
        media={"frameImages": [{"image": name} for name in inputs]},
        inputs=inputs,
    )
    for index, colour in ((0, (200, 30, 30)), (16, (30, 180, 30)), (32, (30, 30, 200))):
        assert apart(scenery(path, index), np.array(colour, float)) < 4, index


def test_a_drawn_frame_is_pinned_without_its_slate(tmp_path: Path) -> None:
    source = draw(tmp_path / "a", frames=8)
    frame_at(source, 7).save(tmp_path / "f.png")
    inputs = {"f": Input(str(tmp_path / "f.png"), "image", drawn=True)}
    path = draw(tmp_path / "b", "The lamp ignites.", media={"frameImages": [{"image": "f"}]}, inputs=inputs)
    assert apart(scenery(source, 7), scenery(path, 0)) < 2


def test_an_edit_shows_its_source_in_another_light(tmp_path: Path) -> None:
    source = draw(tmp_path / "a", "Snow on the mountain pass", frames=24)
    media = {"referenceVideos": [{"type": "reference", "tag": "@pass", "video": "clip"}]}
    inputs = {"clip": Input(str(source), "clip", drawn=True)}
    path = draw(tmp_path / "b", "@pass The same at dusk", media=media, inputs=inputs, frames=24)
    for index in (0, 20):
        was, now = scenery(source, index), scenery(path, index)
        assert apart(was, now) > 10
        shape = np.corrcoef(was.mean(2).ravel(), now.mean(2).ravel())[0, 1]
        assert shape > 0.85


@pytest.mark.parametrize(
    ("words", "warmer"),
    [
        ("The storm blown out; rose and pale gold", True),
        ("Rain still falling, in teal and silver", False),
        ("Amber, after the fog", True),
        ("Snow, then a blue night", False),
    ],
)
def test_an_edit_takes_the_colours_that_it_names_whatever_the_weather(
    tmp_path: Path,
    words: str,
    warmer: bool,  # noqa: FBT001
) -> None:
    clip = footage(tmp_path / "a.mp4", [110] * 4)
    media = {"referenceVideos": [{"type": "reference", "tag": "@lamp", "video": "clip"}]}
    path = draw(tmp_path / "b", f"@lamp. {words}", media=media, inputs={"clip": clip}, frames=4)
    red, _, blue = scenery(path, 2)[200:].mean((0, 1))
    assert (red - blue > 15) if warmer else (blue - red > 5)


@pytest.mark.parametrize("words", ["dawn", "night", "violet", "silver", "as it was"])
def test_an_edit_is_never_taken_for_its_source_not_even_one_of_the_same_words(tmp_path: Path, words: str) -> None:
    clip = Input(str(draw(tmp_path / "a", f"The bay, {words}", frames=4)), "clip", drawn=True)
    media = {"referenceVideos": [{"type": "reference", "tag": "@bay", "video": "clip"}]}
    edit = Path(draw(tmp_path / "b", f"@bay, {words}", media=media, inputs={"clip": clip}, frames=4))
    again = draw(
        tmp_path / "c", f"@bay, {words}", media=media, inputs={"clip": Input(str(edit), "clip", drawn=True)}, frames=4
    )
    assert apart(scenery(Path(clip.path), 2), scenery(edit, 2)) > 8
    assert apart(scenery(edit, 2), scenery(again, 2)) > 8


def test_a_second_clip_is_seen_in_a_corner_as_it_is(tmp_path: Path) -> None:
    clips = {"one": footage(tmp_path / "1.mp4", [90] * 8), "two": footage(tmp_path / "2.mp4", [40] * 4 + [220] * 4)}
    items = [{"type": "reference", "tag": f"@{name}", "video": name} for name in clips]
    alone = draw(tmp_path / "a", "@one at dusk", media={"referenceVideos": items[:1]}, inputs=clips, frames=8)
    both = draw(tmp_path / "b", "@one at dusk", media={"referenceVideos": items}, inputs=clips, frames=8)
    height, width, _ = scenery(both, 0).shape
    corner = (slice(height * 7 // 10, height * 5 // 6), slice(width * 4 // 5, width * 19 // 20))
    for index, level in ((1, 40), (6, 220)):
        assert abs(scenery(both, index)[corner].mean() - (level - 16) * 255 / 219) < 4
    left = (slice(None), slice(0, width // 2))
    assert apart(scenery(alone, 4)[left], scenery(both, 4)[left]) < 0.5


def test_a_slow_camera_moves_evenly_and_stays_sharp(tmp_path: Path) -> None:
    stripes = np.zeros((480, 848, 3), np.uint8)
    stripes[:, ::16] = stripes[:, 1::16] = 255
    Image.fromarray(stripes).save(tmp_path / "s.png")
    inputs = {"s": Input(str(tmp_path / "s.png"), "image")}
    path = draw(tmp_path / "b", media={"frameImages": [{"image": "s"}]}, inputs=inputs, frames=64)
    seen = [scenery(path, index).mean(2) for index in (0, 20, 40, 41, 42, 43, 63)]
    contrast = [float(picture.std()) for picture in seen]
    assert min(contrast) > 0.85 * max(contrast)
    steps = [apart(one, other) for one, other in pairwise(seen[2:6])]
    assert max(steps) < 2 * min(steps) + 1


def test_footage_of_another_rate_is_shown_by_time_and_holds_its_end(tmp_path: Path) -> None:
    levels = [40, 40, 40, 40, 40, 200, 200, 200, 200, 200]
    clip = footage(tmp_path / "a.mp4", levels, rate=Fraction(10))
    media = {"referenceVideos": [{"type": "reference", "tag": "@surf", "video": "clip"}]}
    path = draw(tmp_path / "b", "Dusk", media=media, inputs={"clip": clip}, frames=64)
    dark, light = scenery(path, 0).mean(), scenery(path, 63).mean()
    assert light > dark + 60
    assert abs(scenery(path, 15).mean() - dark) < 4
    assert abs(scenery(path, 17).mean() - light) < 4
    assert abs(scenery(path, 40).mean() - light) < 4


def test_an_edit_carries_the_sound_of_its_source(tmp_path: Path) -> None:
    wave = (0.4 * np.sin(np.arange(SOUND_RATE) * 2 * np.pi * 1000 / SOUND_RATE)).astype(np.float32)
    clip = footage(tmp_path / "a.mp4", [90] * 32, sound=np.stack((wave, wave)))
    media = {"referenceVideos": [{"type": "reference", "tag": "@surf", "video": "clip"}]}
    path = draw(tmp_path / "b", "Dusk", media=media, inputs={"clip": clip}, frames=32, sound=True)
    heard = samples(path, 1)[0, SOUND_RATE // 4 : SOUND_RATE // 2]
    spectrum = np.abs(np.fft.rfft(heard))
    assert abs(np.fft.rfftfreq(heard.size, 1 / SOUND_RATE)[spectrum.argmax()] - 1000) < 10


def test_a_shot_of_words_is_quiet_and_begins_and_ends_in_silence(tmp_path: Path) -> None:
    heard = samples(draw(tmp_path, frames=64, sound=True), 2)
    assert 0.005 < float(np.sqrt((heard**2).mean())) < 0.15
    assert np.abs(heard[:, :200]).max() < 0.01
    assert np.abs(heard[:, 2 * SOUND_RATE - 200 :]).max() < 0.02


def test_reference_pictures_are_seen_and_a_voice_is_heard(tmp_path: Path) -> None:
    wave = (0.5 * np.sin(np.arange(SOUND_RATE) * 2 * np.pi * 2000 / SOUND_RATE)).astype(np.float32)
    inputs = {
        "face": flat(tmp_path / "k.png", (250, 40, 220), (300, 400)),
        "voice": Input(footage(tmp_path / "v.mp4", [90] * 32, sound=np.stack((wave, wave))).path, "voice"),
    }
    reference = {"type": "image", "tag": "@keeper", "images": ["face"], "audio": "voice"}
    path = draw(tmp_path / "b", media={"referenceImages": [reference]}, inputs=inputs, frames=64, sound=True)
    seen = (np.abs(scenery(path, 30) - np.array((250, 40, 220))).max(2) < 25).mean()
    assert seen > 0.08
    heard = samples(path, 2)[0]
    late = np.abs(np.fft.rfft(heard[SOUND_RATE * 3 // 4 : SOUND_RATE]))
    assert late.argmax() * 4 == pytest.approx(2000, abs=12)


def test_pins_and_references_and_a_clip_go_together(tmp_path: Path) -> None:
    inputs = {
        "red": flat(tmp_path / "r.png", (200, 30, 30)),
        "face": flat(tmp_path / "k.png", (250, 40, 220), (300, 400)),
        "clip": footage(tmp_path / "a.mp4", [90] * 16),
    }
    media = {
        "frameImages": [{"image": "red", "frame": 12}],
        "referenceImages": [{"type": "grid", "tag": "@keeper", "images": ["face"]}],
        "referenceVideos": [
            {"type": "extend", "tag": "@opening", "video": "clip"},
            {"type": "reference", "tag": "@surf", "video": "clip"},
        ],
    }
    path = draw(tmp_path / "out", media=media, inputs=inputs, frames=48)
    assert apart(scenery(path, 12), np.array((200.0, 30, 30))) < 4
    assert apart(scenery(path, 40), np.array((200.0, 30, 30))) > 20


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, b"GIF89a" + b"\xff" * 30, b"II*\0\xff\xff"]
)
def test_a_picture_that_is_broken_is_named_and_nothing_is_left(tmp_path: Path, content: bytes) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(content)
    media = {"frameImages": [{"image": "x"}]}
    with pytest.raises(MediaError, match="does not decode"):
        draw(tmp_path / "out", media=media, inputs={"x": Input(str(broken), "image")})
    assert list((tmp_path / "out").iterdir()) == []


def test_a_truncated_photograph_and_a_bomb_are_refused(tmp_path: Path) -> None:
    photograph = tmp_path / "p.jpg"
    Image.effect_noise((500, 400), 80).convert("RGB").save(photograph)
    photograph.write_bytes(photograph.read_bytes()[:9000])
    bomb = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(bomb)
    for path in (photograph, bomb):
        with pytest.raises(MediaError, match="does not decode"):
            draw(
                tmp_path / "out",
                media={"frameImages": [{"image": "x"}]},
                inputs={"x": Input(str(path), "image")},
            )


def test_a_clip_that_breaks_off_is_an_error_of_the_shot(tmp_path: Path) -> None:
    clip = footage(tmp_path / "a.mp4", [90] * 32)
    Path(clip.path).write_bytes(Path(clip.path).read_bytes()[:700])
    for kind in ("extend", "reference"):
        media = {"referenceVideos": [{"type": kind, "tag": "@a", "video": "clip"}]}
        with pytest.raises(SkyflowError):
            draw(tmp_path / "out", media=media, inputs={"clip": clip})


def test_pictures_of_any_kind_are_taken(tmp_path: Path) -> None:
    kinds = {"1": "png", "L": "jpg", "P": "gif", "LA": "png", "RGBA": "webp", "CMYK": "jpg", "I;16": "png"}
    for mode, ending in kinds.items():
        path = tmp_path / f"{mode.replace(';', '')}.{ending}"
        Image.new(mode, (7, 301)).save(path)
        draw(
            tmp_path / "out",
            media={"referenceImages": [{"type": "image", "tag": "@a", "images": ["x"]}]},
            inputs={"x": Input(str(path), "image")},
            frames=1,
        )


def test_a_medium_that_was_not_handed_over_is_named(tmp_path: Path) -> None:
    with pytest.raises(MakeError, match="sha256:abc"):
        draw(tmp_path, media={"frameImages": [{"image": "sha256:abc"}]})


def test_words_in_no_known_script_are_noted(tmp_path: Path) -> None:
    (take,) = made(assignment(tmp_path, "The \U00010940 sign of Meroe \U000109a0", frames=1))
    if take.notes:  # a machine that has the font has nothing to say
        assert "boxes stand for it" in take.notes[0]


@pytest.mark.parametrize(
    "prompt", ["@", "a", "?!", "\u200d", "word " * 1024, "灯" * 5120, "منارة " * 800, "x" * 5000]
)
def test_any_prompt_can_be_drawn(tmp_path: Path, prompt: str) -> None:
    draw(tmp_path, prompt, frames=2, shot="x" * 64)
