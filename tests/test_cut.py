"""The final edit as a person meets it: what is in the file, in which order, how long, and what was touched."""

from __future__ import annotations

import hashlib
import pickle
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyflow.board.model import Size
from skyflow.media.cut import CutFacts, Piece, assemble
from tests.filming import RATE, TALL, WIDE, film, foreign, levels, numbers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NTSC = Fraction(30_000, 1_001)


def payloads(path: Path) -> list[str]:
    with av.open(str(path)) as container:
        packets = list(container.demux(container.streams.video[0]))
        return [hashlib.sha256(bytes(packet)).hexdigest() for packet in packets if packet.size]


def assert_steady(path: Path, facts: CutFacts) -> None:
    """Every picture decodes, exactly where the rate puts it, and the tracks are exactly as long as they are."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        assert (video.width, video.height) == (facts.size.width, facts.size.height)
        assert video.average_rate == facts.rate
        assert video.time_base is not None
        assert video.duration is not None
        assert video.duration * video.time_base == facts.seconds
        shown = [(frame.pts or 0) * video.time_base for frame in container.decode(video)]
        assert shown == [number / facts.rate for number in range(facts.frames)]
        assert len(container.streams.audio) == int(facts.sound)
        for audio in container.streams.audio:
            assert audio.time_base == Fraction(1, 48_000)
            assert audio.duration == round(facts.seconds * 48_000)
    with av.open(str(path)) as container:
        stamps = [packet.dts for packet in container.demux(container.streams.video[0]) if packet.dts is not None]
        assert all(one < other for one, other in pairwise(stamps))


def cut(target: Path, *pieces: Piece) -> CutFacts:
    facts = assemble(pieces, target)
    assert facts.frames == sum(section.frames for section in facts.sections)
    assert_steady(target, facts)
    assert [path.name for path in target.parent.glob(".*")] == []
    return facts


def test_takes_that_agree_are_copied_packet_by_packet(tmp_path: Path) -> None:
    clips = [film(tmp_path / f"{n}.mp4", range(100 * n, 100 * n + 40 + n), level=0.1) for n in range(3)]
    facts = cut(tmp_path / "cut.mp4", *(Piece(f"shot{n}", clip) for n, clip in enumerate(clips)))

    assert payloads(tmp_path / "cut.mp4") == [packet for clip in clips for packet in payloads(clip)]
    assert numbers(tmp_path / "cut.mp4") == [*range(40), *range(100, 141), *range(200, 242)]
    assert [section.encoded for section in facts.sections] == ["", "", ""]
    assert [section.first for section in facts.sections] == [0, 40, 81]
    assert (facts.size, facts.rate, facts.seconds) == (WIDE, RATE, Fraction(123, 32))


def test_chapters_carry_the_shots_names(tmp_path: Path) -> None:
    clip = film(tmp_path / "a.mp4", range(32))
    cut(tmp_path / "cut.mp4", Piece("opening", clip), Piece("灯塔", clip))
    with av.open(str(tmp_path / "cut.mp4")) as container:
        found = container.chapters()
    assert [chapter["metadata"]["title"] for chapter in found] == ["opening", "灯塔"]
    assert [chapter["start"] * (chapter["time_base"] or 0) for chapter in found] == [0, 1]


def test_the_same_pieces_give_the_same_bytes(tmp_path: Path) -> None:
    pieces = [
        Piece("a", film(tmp_path / "a.mp4", range(40), level=0.2)),
        Piece("b", foreign(tmp_path / "b.mp4", range(30), size=TALL, rate=NTSC)),
        Piece("c", film(tmp_path / "c.mp4", range(50, 90)), start=5),
    ]
    assemble(pieces, tmp_path / "one.mp4")
    (tmp_path / "elsewhere").mkdir()
    assemble(pieces, tmp_path / "elsewhere" / "two.mp4")
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "elsewhere" / "two.mp4").read_bytes()


def test_pieces_and_facts_travel_between_processes(tmp_path: Path) -> None:
    piece = Piece("a", film(tmp_path / "a.mp4", range(8)))
    facts = cut(tmp_path / "cut.mp4", pickle.loads(pickle.dumps(piece)))  # noqa: S301 - our own bytes
    assert pickle.loads(pickle.dumps(facts)) == facts  # noqa: S301 - our own bytes


def test_one_take_twice_is_shown_twice(tmp_path: Path) -> None:
    clip = film(tmp_path / "a.mp4", range(40))
    facts = cut(tmp_path / "cut.mp4", Piece("a", clip), Piece("again", clip))
    assert numbers(tmp_path / "cut.mp4") == [*range(40), *range(40)]
    assert facts.sections[1].encoded == ""


def test_a_clip_without_sound_is_silent_where_others_are_heard(tmp_path: Path) -> None:
    loud = film(tmp_path / "loud.mp4", range(33), level=0.5)
    mute = film(tmp_path / "mute.mp4", range(33))
    facts = cut(tmp_path / "cut.mp4", Piece("a", loud), Piece("b", mute), Piece("c", loud))

    heard = levels(tmp_path / "cut.mp4")
    joins = [round(frames * 48_000 / 32) for frames in (0, 33, 66, 99)]
    for (begin, end), level in zip(pairwise(joins), (0.5, 0, 0.5), strict=True):
        # AAC smears a step by a packet; the middle is clean.
        assert np.abs(heard[begin + 2048 : end - 2048] - level).max() < 0.02
    assert facts.sound
    assert [section.encoded for section in facts.sections] == ["", "", ""]


def test_a_cut_of_silent_clips_has_no_sound_track(tmp_path: Path) -> None:
    assert not cut(tmp_path / "cut.mp4", Piece("a", film(tmp_path / "a.mp4", range(8)))).sound


def test_sound_does_not_drift_over_many_shots_of_odd_length(tmp_path: Path) -> None:
    loud = film(tmp_path / "loud.mp4", range(7), rate=NTSC, level=0.5)
    mute = film(tmp_path / "mute.mp4", range(7), rate=NTSC)
    cut(tmp_path / "cut.mp4", *(Piece("x", clip) for clip in [mute, mute] * 20), Piece("last", loud))
    heard = np.flatnonzero(levels(tmp_path / "cut.mp4") > 0.25)
    assert abs(heard[0] - 280 * 48_000 / NTSC) < 64


def test_footage_of_another_size_and_rate_is_fitted_and_the_rest_still_copied(tmp_path: Path) -> None:
    made = film(tmp_path / "made.mp4", range(64))
    footage = foreign(tmp_path / "footage.mp4", range(60), size=TALL, rate=NTSC)
    facts = cut(tmp_path / "cut.mp4", Piece("made", made), Piece("footage", footage), Piece("again", made))

    assert [bool(section.encoded) for section in facts.sections] == [False, True, False]
    assert "96x160" in facts.sections[1].encoded
    assert facts.sections[1].frames == round(60 / NTSC * 32) == 64
    assert payloads(tmp_path / "cut.mp4")[:64] == payloads(made) == payloads(tmp_path / "cut.mp4")[-64:]
    # 96x160 in 160x96 is 58x96 in the middle; each picture is the one of its time.
    seen = numbers(tmp_path / "cut.mp4", (51, 0, 58, 96))[64:128]
    assert seen == [int((place + 0.5) / 32 * float(NTSC)) for place in range(64)]


def test_bars_are_black_and_the_picture_is_in_the_middle(tmp_path: Path) -> None:
    made = film(tmp_path / "made.mp4", range(64))
    light = foreign(tmp_path / "light.mp4", [1023] * 20, size=Size(96, 96))
    cut(tmp_path / "cut.mp4", Piece("made", made), Piece("light", light))
    with av.open(str(tmp_path / "cut.mp4")) as container:
        luma = [frame.to_ndarray()[:96] for frame in container.decode(video=0)][70]
    assert luma[:, :30].max() <= 20
    assert luma[:, -30:].max() <= 20
    assert luma[:, 36:124].min() >= 200


def test_a_turned_clip_stands_upright(tmp_path: Path) -> None:
    made = film(tmp_path / "made.mp4", range(64), size=TALL)
    for angle in (90, 180, 270):
        phone = foreign(tmp_path / f"{angle}.mp4", [1] * 20, size=WIDE if angle % 180 else TALL, rotation=angle)
        facts = cut(tmp_path / "cut.mp4", Piece("made", made), Piece("phone", phone))
        assert facts.sections[1].encoded
        with av.open(str(tmp_path / "cut.mp4")) as container:
            luma = [frame.to_ndarray()[:160] for frame in container.decode(video=0)][70]
        # Number 1 is dark but for the last stripe, at the right; turned anticlockwise that comes to the top.
        light = {90: luma[4, 48], 180: luma[80, 4], 270: luma[155, 48]}
        assert {turn for turn, value in light.items() if value > 150} == {angle}


def test_pixels_that_are_not_square_are_made_so(tmp_path: Path) -> None:
    made = film(tmp_path / "made.mp4", range(64))
    narrow = foreign(tmp_path / "narrow.mp4", range(20), size=Size(80, 96), aspect=Fraction(2))
    cut(tmp_path / "cut.mp4", Piece("made", made), Piece("narrow", narrow))
    assert numbers(tmp_path / "cut.mp4")[64:] == list(range(20))


@pytest.mark.parametrize("codec", ["libx264", "libvpx-vp9"])
def test_clips_by_another_encoder_are_copied_where_all_agree(tmp_path: Path, codec: str) -> None:
    ending = "mp4" if codec == "libx264" else "webm"
    one = foreign(tmp_path / f"one.{ending}", range(40), codec=codec)
    two = foreign(tmp_path / f"two.{ending}", range(40, 75), codec=codec)
    facts = cut(tmp_path / "cut.mp4", Piece("one", one), Piece("two", two))
    assert numbers(tmp_path / "cut.mp4") == list(range(75))
    assert [section.encoded for section in facts.sections] == ["", ""]
    assert payloads(tmp_path / "cut.mp4") == payloads(one) + payloads(two)


def test_other_settings_at_the_same_size_are_encoded_again(tmp_path: Path) -> None:
    made = film(tmp_path / "made.mp4", range(40))
    other = foreign(tmp_path / "other.mp4", range(40, 80))
    facts = cut(tmp_path / "cut.mp4", Piece("other", other), Piece("made", made))
    assert [section.encoded for section in facts.sections] == ["it was encoded with other settings", ""]
    assert numbers(tmp_path / "cut.mp4") == [*range(40, 80), *range(40)]


def test_the_format_is_the_one_that_spares_most(tmp_path: Path) -> None:
    """Footage is longer here, but it would have to be encoded again in any case."""
    made = film(tmp_path / "made.mp4", range(20))
    footage = foreign(tmp_path / "footage.mp4", range(90), size=TALL)
    facts = cut(tmp_path / "cut.mp4", Piece("footage", footage), Piece("made", made))
    assert facts.size == WIDE
    assert facts.sections[1].encoded == ""


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("prores.mov", {"codec": "prores", "pixels": "yuv422p10le"}),
        ("ffv1.mkv", {"codec": "ffv1", "rate": NTSC}),
        ("odd.mkv", {"codec": "ffv1", "size": Size(151, 85), "pixels": "yuv444p"}),
    ],
)
def test_what_no_player_expects_in_an_mp4_is_encoded_again(tmp_path: Path, name: str, made: dict[str, Any]) -> None:
    facts = cut(tmp_path / "cut.mp4", Piece("a", foreign(tmp_path / name, range(20), **made)))
    assert numbers(tmp_path / "cut.mp4") == list(range(20))
    assert facts.sections[0].encoded
    assert facts.rate == made.get("rate", RATE)


def test_a_clip_of_varying_rate_is_shown_by_time(tmp_path: Path) -> None:
    times = [0, 500, 600, 700, 1500, 1900]  # milliseconds
    vfr = foreign(tmp_path / "vfr.mp4", range(1, 7), times=times, tick=Fraction(1, 1000))
    made = film(tmp_path / "made.mp4", range(320))
    cut(tmp_path / "cut.mp4", Piece("made", made), Piece("vfr", vfr))
    seen = numbers(tmp_path / "cut.mp4")[320:]
    for place, number in enumerate(seen):
        shown = [time for time in times if time <= (place + 0.5) * 1000 / 32]
        assert number == len(shown)


def test_pictures_that_a_file_hides_stay_hidden(tmp_path: Path) -> None:
    edited = foreign(tmp_path / "edited.mp4", range(40), hidden=7)
    facts = cut(tmp_path / "cut.mp4", Piece("edited", edited))
    assert numbers(tmp_path / "cut.mp4") == list(range(7, 40))
    assert "hides" in facts.sections[0].encoded


def test_in_and_out_points_between_groups_of_pictures_copy(tmp_path: Path) -> None:
    clip = film(tmp_path / "a.mp4", range(100), level=0.1)  # a key picture each second: 0, 32, 64, 96
    facts = cut(tmp_path / "cut.mp4", Piece("a", clip, start=32, end=70), Piece("b", clip, start=64))
    assert [section.encoded for section in facts.sections] == ["", ""]
    assert numbers(tmp_path / "cut.mp4") == [*range(32, 70), *range(64, 100)]


@settings(max_examples=8)
@given(points=st.tuples(st.integers(0, 69), st.integers(0, 69)).map(sorted), make=st.sampled_from([film, foreign]))
def test_any_stretch_is_shown_exactly(
    points: list[int], make: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("stretch")
    clip = make(folder / "a.mp4", range(70))  # ours has no B-frames, the other has
    start, end = points[0], points[1] + 1
    cut(folder / "cut.mp4", Piece("whole", clip), Piece("part", clip, start=start, end=end))
    assert numbers(folder / "cut.mp4") == [*range(70), *range(start, end)]


def test_the_sound_of_a_stretch_is_its_own(tmp_path: Path) -> None:
    steps = tmp_path / "steps.mp4"
    first, second = film(tmp_path / "1.mp4", range(32), level=0.1), film(tmp_path / "2.mp4", range(32), level=0.6)
    assemble([Piece("1", first), Piece("2", second)], steps)
    cut(tmp_path / "cut.mp4", Piece("part", steps, start=20, end=44))
    heard = levels(tmp_path / "cut.mp4")
    assert abs(int(np.flatnonzero(heard > 0.35)[0]) - 12 * 1500) < 64
