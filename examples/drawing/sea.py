"""The lighthouse's two clips: surf to borrow motion from, and a trawler as it was filmed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import av
import numpy as np
from PIL import Image, ImageColor

from drawing import sound
from drawing.canvas import Canvas, curve

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    Picture = NDArray[np.float32]


def surf(path: Path) -> None:
    """Three seconds of swell at 1920x1080 and 24 frames a second, without sound; it loops."""
    encode(path, (_surf(number / 72) for number in range(72)), size=(1920, 1080), rate=24, crf=33)


def trawler(path: Path) -> None:
    """Three seconds at 1280x720 and 25 frames a second, with sound: neither is what the model makes."""
    rate = 44_100
    noise = sound.swell(3, rate) + sound.horn(3, rate)
    frames = (_trawler(number / 75) for number in range(75))
    encode(path, frames, size=(1280, 720), rate=25, crf=28, noise=(noise, rate))


def encode(
    path: Path,
    frames: Iterable[Image.Image],
    *,
    size: tuple[int, int],
    rate: int,
    crf: int,
    noise: tuple[sound.Samples, int] | None = None,
) -> None:
    """H.264, and AAC where there is a noise, in MP4; one thread, so that the bytes do not depend on the machine."""
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        options = {"crf": str(crf), "preset": "medium", "tune": "animation"}
        video = container.add_stream("libx264", rate=rate, options=options)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.thread_count = 1
        audio = container.add_stream("aac", rate=noise[1], bit_rate=64_000, layout="mono") if noise else None
        for frame in frames:
            picture = av.VideoFrame.from_image(frame.resize(size, Image.Resampling.BICUBIC))
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        if audio and noise:
            container.mux(sound.encoded(audio, *noise))


def _surf(turn: float) -> Image.Image:
    picture = _sky(960, 540, "#8fb6bd", "#f2d9b0")
    layers = (
        (196, 7, 210, 1, "#86aeb2"), (226, 11, 260, -1, "#5f949c"), (268, 17, 330, 1, "#3f7a86"),
        (326, 24, 400, 2, "#2b6070"), (400, 32, 520, -1, "#1d4759"), (478, 36, 640, 1, "#123344"),
    )  # fmt: skip
    for number, (level, high, long, speed, color) in enumerate(layers):
        x = np.arange(960)
        phase = 2 * math.pi * (x / long + speed * turn) + number * 1.9
        crest = level - high * (np.sin(phase) + 0.35 * np.sin(2 * phase + 0.6))
        _cover(picture, crest - 2 - number * 0.7, "#e6f0ea", 0.75)
        _cover(picture, crest, color)
    return _image(picture)


def _trawler(share: float) -> Image.Image:
    picture = _sky(640, 360, "#0c1b2b", "#34536a")
    _beam(picture, (604, 92), angle=2.6 + 0.5 * share)
    _level(picture, 226, 3, 150, share, "#1d3a4d")
    _level(picture, 244, 4, 190, -share, "#16303f")
    image = _image(picture)
    boat, outline = _BOAT
    place = (round(120 + 150 * share), round(128 + 3 * math.sin(2 * math.pi * share * 1.5)))
    image.paste(boat, place, outline)
    picture = np.asarray(image).astype(np.float32)
    _level(picture, 272, 5, 230, 2 * share, "#112635")
    _level(picture, 316, 7, 320, share + 0.3, "#0b1a26")
    return _image(picture)


def _level(picture: Picture, level: float, high: float, long: float, turn: float, color: str) -> None:
    x = np.arange(picture.shape[1])
    _cover(picture, level - high * np.sin(2 * math.pi * (x / long + turn)), color)


def _cover(picture: Picture, crest: NDArray[np.float64], color: str, alpha: float = 1) -> None:
    """Fill everything under a line, its edge a pixel soft."""
    y = np.arange(picture.shape[0])[:, None]
    mask = (np.clip(y - crest[None, :] + 0.5, 0, 1) * alpha)[..., None]
    picture += mask.astype(np.float32) * (np.array(ImageColor.getrgb(color)[:3], np.float32) - picture)


def _beam(picture: Picture, lamp: tuple[float, float], *, angle: float) -> None:
    """The lighthouse's light, from beyond the right edge."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
    turned = np.arctan2(y - lamp[1], x - lamp[0])
    away = np.hypot(x - lamp[0], y - lamp[1])
    light = np.exp(-(((turned - angle) / 0.075) ** 2)) * np.exp(-away / 420) * 0.6 + np.exp(-((away / 26) ** 2))
    picture += np.clip(light, 0, 1)[..., None] * (np.array((255, 232, 176), np.float32) - picture)


def _sky(width: int, height: int, top: str, bottom: str) -> Picture:
    upper, lower = (np.array(ImageColor.getrgb(color)[:3], np.float32) for color in (top, bottom))
    share = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    return np.broadcast_to(upper * (1 - share) + lower * share, (height, width, 3)).copy()


def _image(picture: Picture) -> Image.Image:
    return Image.fromarray(picture.round().clip(0, 255).astype(np.uint8))


def _boat() -> tuple[Image.Image, Image.Image]:
    """A trawler with her lights on, and her outline as a mask."""
    sheet, outline = Canvas(230, 150, "#0c1b2b"), Canvas(230, 150, "#000000")
    for canvas, solid in ((sheet, False), (outline, True)):
        parts = (
            (curve([(8, 92), (60, 104), (150, 104), (222, 80), (206, 146), (30, 146)], closed=True), "#7d2f2c"),
            ([(62, 56), (118, 56), (122, 104), (58, 104)], "#d8d2c0"),
            ([(54, 50), (124, 50), (124, 58), (54, 58)], "#20313d"),
            ([(92, 8), (98, 8), (98, 52), (92, 52)], "#4a6274"),
            ([(176, 26), (181, 26), (181, 92), (176, 92)], "#4a6274"),
        )
        for points, color in parts:
            canvas.shape(points, "#ffffff" if solid else color)
        canvas.line([(98, 12), (178, 30), (214, 80)], "#ffffff" if solid else "#31485a", 2)
        for x in (70, 88, 106):
            canvas.disc((x, 74), 6, "#ffffff" if solid else "#ffd98a")
        canvas.disc((95, 8), 5, "#ffffff" if solid else "#fff6dc")
        canvas.disc((179, 26), 4, "#ffffff" if solid else "#ff6a55")
    return sheet.finished(), outline.finished().convert("L")


_BOAT = _boat()
