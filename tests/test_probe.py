"""Looking at media: what is right is measured exactly, what is wrong is named for what it is."""

from __future__ import annotations

import os
import struct
import wave
import zlib
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from skyflow.board.model import Size
from skyflow.errors import MediaError
from skyflow.facts import ClipFacts, ImageFacts, VoiceFacts
from skyflow.media import probe
from tests.filming import film, foreign

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Look = Callable[[Path], object]

LOOKS: list[Look] = [probe.image, probe.clip, probe.voice]


def refused(look: Look, path: Path) -> MediaError:
    with pytest.raises(MediaError) as caught:
        look(path)
    assert path.name in caught.value.message
    assert not caught.value.message.endswith(".")
    assert caught.value.remedy
    return caught.value


def photo(path: Path, size: tuple[int, int] = (64, 48), **how: Any) -> Path:
    grain = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(grain).save(path, **how)
    return path


def tone(path: Path, seconds: float, rate: int = 44_100) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        samples = np.sin(np.arange(round(seconds * rate)) * 0.05) * 9000
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def spoken(path: Path, codec: str, seconds: int = 2, **how: Any) -> Path:
    with av.open(str(path), "w", **how) as container:
        stream = container.add_stream(codec, rate=48_000)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 48_000 * seconds), np.float32), "fltp", "mono")
        frame.sample_rate = 48_000
        converted = av.AudioResampler(stream.format or "fltp", "mono", 48_000).resample(frame)
        for part in converted:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


# Pictures


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "bmp", "gif"])
def test_a_picture_is_measured(tmp_path: Path, ending: str) -> None:
    assert probe.image(photo(tmp_path / f"a.{ending}")) == ImageFacts(64, 48)


def test_the_name_says_nothing(tmp_path: Path) -> None:
    photo(tmp_path / "a.png").rename(tmp_path / "a.jpg")
    assert probe.image(tmp_path / "a.jpg") == ImageFacts(64, 48)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_measured_upright(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    facts = probe.image(photo(tmp_path / "a.jpg", exif=exif))
    assert facts == (ImageFacts(48, 64) if orientation >= 5 else ImageFacts(64, 48))


@settings(max_examples=40)
@given(kept=st.floats(0, 0.98), ending=st.sampled_from(["png", "jpg", "webp", "bmp", "gif"]))
def test_a_picture_that_was_cut_off(kept: float, ending: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = photo(tmp_path_factory.mktemp("cut") / f"a.{ending}")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    refused(probe.image, path)


def png(path: Path, width: int, height: int, rows: bytes = b"") -> Path:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )
    return path


@pytest.mark.parametrize(("width", "height"), [(9_000, 9_000), (11_000, 11_000), (60_000, 60_000), (2**31 - 1, 1)])
def test_a_picture_too_large_to_decode_is_never_decoded(tmp_path: Path, width: int, height: int) -> None:
    error = refused(probe.image, png(tmp_path / "bomb.png", width, height))
    assert "more than is safe to decode" in error.message


def test_a_picture_in_a_format_that_the_provider_does_not_take(tmp_path: Path) -> None:
    assert "a TIFF picture" in refused(probe.image, photo(tmp_path / "a.tiff")).message


# Clips


@pytest.mark.parametrize(
    ("name", "made", "facts"),
    [
        ("a.mp4", {}, ClipFacts(160, 96, 45, Fraction(32), sound=False)),
        ("a.mov", {"rate": Fraction(25)}, ClipFacts(160, 96, 45, Fraction(25), sound=False)),
        ("a.webm", {"codec": "libvpx-vp9"}, ClipFacts(160, 96, 45, Fraction(32), sound=False)),
        (
            "ntsc.webm",
            {"codec": "libvpx-vp9", "rate": Fraction(30_000, 1001)},
            ClipFacts(160, 96, 45, Fraction(30_000, 1001), sound=False),
        ),
        ("ntsc.mp4", {"rate": Fraction(24_000, 1001)}, ClipFacts(160, 96, 45, Fraction(24_000, 1001), sound=False)),
        ("phone.mp4", {"rotation": 90}, ClipFacts(96, 160, 45, Fraction(32), sound=False)),
        ("flipped.mp4", {"rotation": 180}, ClipFacts(160, 96, 45, Fraction(32), sound=False)),
        ("wide.mp4", {"aspect": Fraction(4, 3)}, ClipFacts(213, 96, 45, Fraction(32), sound=False)),
        ("edited.mp4", {"hidden": 5}, ClipFacts(160, 96, 40, Fraction(32), sound=False)),
        ("odd.mkv", {"codec": "ffv1", "size": Size(151, 85)}, ClipFacts(151, 85, 45, Fraction(32), sound=False)),
    ],
)
def test_a_clip_is_measured(tmp_path: Path, name: str, made: dict[str, Any], facts: ClipFacts) -> None:
    assert probe.clip(foreign(tmp_path / name, range(45), **made)) == facts


def test_a_clip_of_one_picture_and_its_sound(tmp_path: Path) -> None:
    clip = film(tmp_path / "a.mp4", [1], level=0.1)
    assert probe.clip(clip) == ClipFacts(160, 96, 1, Fraction(32), sound=True)


def test_a_varying_rate_is_the_mean(tmp_path: Path) -> None:
    times = [0, 1, 4, 5, 10]  # four pictures in a tenth of a second, and the last
    facts = probe.clip(foreign(tmp_path / "a.mp4", range(5), times=times, tick=Fraction(1, 100)))
    assert facts == ClipFacts(160, 96, 5, Fraction(40), sound=False)


@settings(max_examples=30)
@given(kept=st.floats(0, 0.999), which=st.integers(0, 2))
def test_a_clip_that_was_cut_off(kept: float, which: int, clips: list[bytes], tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("cut") / "a.mp4"
    path.write_bytes(clips[which][: int(len(clips[which]) * kept)])
    refused(probe.clip, path)


@settings(max_examples=60)
@given(place=st.floats(0, 1), noise=st.binary(min_size=1, max_size=64), which=st.integers(0, 2))
def test_damage_anywhere_is_a_media_error_or_harmless(
    place: float, noise: bytes, which: int, clips: list[bytes], tmp_path_factory: Any
) -> None:
    """Whatever the bytes say, nothing foreign is raised and nothing hangs."""
    path = tmp_path_factory.mktemp("noise") / "a.mp4"
    content = bytearray(clips[which])
    begin = int(place * (len(content) - len(noise)))
    content[begin : begin + len(noise)] = noise
    path.write_bytes(content)
    try:
        facts = probe.clip(path)
    except MediaError:
        return
    assert facts.frames > 0


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Index in front, index behind, WebM."""
    folder = tmp_path_factory.mktemp("clips")
    made = [
        film(folder / "a.mp4", range(40), level=0.1),
        foreign(folder / "b.mp4", range(40)),
        foreign(folder / "c.webm", range(40), codec="libvpx-vp9"),
    ]
    return [path.read_bytes() for path in made]


def test_a_last_picture_that_does_not_decode(tmp_path: Path) -> None:
    clip = foreign(tmp_path / "a.mov", range(20), codec="prores", pixels="yuv422p10le")
    with av.open(str(clip)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    place, size = places[-1]
    content = bytearray(clip.read_bytes())
    content[place or 0 : (place or 0) + size] = bytes(size)
    clip.write_bytes(content)
    assert "damaged" in refused(probe.clip, clip).message


def test_two_picture_tracks_are_not_guessed_between(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        streams = [container.add_stream("libx264", rate=32, width=64, height=64) for _ in range(2)]
        for stream in streams:
            assert isinstance(stream, av.VideoStream)
            container.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
            container.mux(stream.encode(None))
    assert "2 picture tracks" in refused(probe.clip, tmp_path / "a.mp4").message


def test_only_sound_is_no_clip(tmp_path: Path) -> None:
    assert "only sound" in refused(probe.clip, spoken(tmp_path / "a.m4a", "aac", format="mp4")).message


# Voices


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp3", "libmp3lame"), ("a.flac", "flac"), ("a.ogg", "libopus"), ("a.m4a", "aac"), ("a.aac", "aac")],
)
def test_a_voice_is_measured(tmp_path: Path, name: str, codec: str) -> None:
    how: dict[str, Any] = {"format": "mp4"} if name.endswith("m4a") else {}
    facts = probe.voice(spoken(tmp_path / name, codec, **how))
    assert abs(facts.seconds - 2) < Fraction(1, 10)  # a lossy codec pads its last block


def test_a_wave_file_is_measured_to_the_sample(tmp_path: Path) -> None:
    assert probe.voice(tone(tmp_path / "a.wav", 1.5)) == VoiceFacts(Fraction(3, 2))


def test_the_sound_of_a_clip_is_a_voice(tmp_path: Path) -> None:
    assert probe.voice(film(tmp_path / "a.mp4", range(32), level=0.2)).seconds >= 1
    assert "no sound" in refused(probe.voice, film(tmp_path / "b.mp4", range(32))).message


def test_a_wave_file_without_samples(tmp_path: Path) -> None:
    refused(probe.voice, tone(tmp_path / "a.wav", 0))


# What is something else


@pytest.mark.parametrize("look", LOOKS)
def test_what_is_not_there_or_is_no_file(tmp_path: Path, look: Look) -> None:
    assert "No such file" in refused(look, tmp_path / "gone.mp4").message
    (tmp_path / "folder.mp4").mkdir()
    assert "is a folder" in refused(look, tmp_path / "folder.mp4").message
    (tmp_path / "empty.mp4").touch()
    assert "is empty" in refused(look, tmp_path / "empty.mp4").message
    os.mkfifo(tmp_path / "pipe.mp4")  # opening it would wait for ever
    assert "no regular file" in refused(look, tmp_path / "pipe.mp4").message


def test_a_message_says_what_was_found_instead(tmp_path: Path) -> None:
    picture = photo(tmp_path / "a.png").rename(tmp_path / "picture.mp4")
    clip = film(tmp_path / "clip.png", range(3))
    sound = tone(tmp_path / "sound.mp4", 1)
    pointer = tmp_path / "pointer.mp4"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    words = tmp_path / "words.mp4"
    words.write_text("<html>404 — nicht gefunden</html>" * 40)

    assert refused(probe.clip, picture).message == "picture.mp4 is a PNG picture, not a clip"
    assert refused(probe.clip, sound).message == "sound.mp4 is a WAV sound, not a clip"
    assert refused(probe.clip, words).message == "words.mp4 is a text, not a clip"
    assert "Git LFS pointer" in refused(probe.clip, pointer).message
    assert refused(probe.voice, picture).message == "picture.mp4 is a PNG picture, not a voice"
    assert refused(probe.image, clip).message == "clip.png is an MP4 or QuickTime file and not a picture"


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXTINF:1,\nfile://{secret}\n",
        "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:{port}/a.mp4\n",
        "ffconcat version 1.0\nfile {secret}\n",
        "file '{secret}'\n",
        '<?xml version="1.0"?><MPD><Period><BaseURL>file://{secret}</BaseURL></Period></MPD>',
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video {port} RTP/AVP 96\r\n",
        "{secret}\n",
    ],
)
def test_a_file_cannot_make_us_open_another(tmp_path: Path, look: Look, text: str) -> None:
    """Playlists and the like are refused by their first bytes; FFmpeg never sees them."""
    secret = film(tmp_path / "secret.mp4", range(3), level=0.1)
    path = tmp_path / "crafted.mp4"
    path.write_text(text.format(secret=secret, port=9))
    assert " is a " in refused(look, path).message


@settings(max_examples=100)
@given(content=st.binary(min_size=1, max_size=600), look=st.sampled_from(LOOKS))
def test_noise_is_a_media_error(content: bytes, look: Look, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("noise") / "noise.bin"
    path.write_bytes(content)
    refused(look, path)


@settings(max_examples=100)
@given(
    magic=st.sampled_from(
        [b"\0\0\0\x18ftypisom", b"\x1a\x45\xdf\xa3\x84", b"RIFF\xff\0\0\0WAVEfmt ", b"ID3\4\0\0\0"]
    ),
    content=st.binary(max_size=400),
    look=st.sampled_from(LOOKS),
)
def test_noise_behind_a_right_beginning_is_a_media_error(
    magic: bytes, content: bytes, look: Look, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("noise") / "noise.bin"
    path.write_bytes(magic + content)
    refused(look, path)
