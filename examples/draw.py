"""Draw every picture, sound and clip that the example boards use.

    python examples/draw.py                 into examples/storyboards, where they are committed
    python examples/draw.py SOMEWHERE       into another folder, to compare

Nothing is downloaded and nothing is random: the same versions of Pillow and FFmpeg give the same files.
"""

from __future__ import annotations

import sys
from pathlib import Path

from drawing import lighthouse, music_video, sea, sound, spot, starter


def draw(folder: Path) -> None:
    """Fill the ``assets`` folder of each example under ``folder``."""
    names = ("starter", "lighthouse", "spot-9x16", "music-video")
    first, lights, advert, song = (folder / name / "assets" for name in names)
    for assets in (first, lights, advert, song):
        assets.mkdir(parents=True, exist_ok=True)
    starter.draw(first)
    lighthouse.draw(lights)
    sea.surf(lights / "surf.mp4")
    sea.trawler(lights / "trawler.mp4")
    spot.draw(advert)
    music_video.draw(song)
    voices(lights, advert, song)


def voices(lights: Path, advert: Path, song: Path) -> None:
    """One voice each, in the three forms that people have them in."""
    old = sound.hum([(98, 0.7), (110, 0.5), (87, 0.6), (98, 1.2)], 16_000, (420, 980, 2300))
    sound.write_wav(lights / "keeper.wav", old, 16_000)
    young = sound.hum([(233, 0.5), (262, 0.4), (294, 0.5), (262, 1.2)], 44_100, (560, 1500, 2700))
    sound.write_compressed(advert / "runner.mp3", young, 44_100, "libmp3lame")
    sung = sound.hum([(330, 0.6), (392, 0.6), (440, 0.9), (392, 0.5), (330, 1.4)], 44_100, (620, 1250, 2900))
    sound.write_compressed(song / "singer.m4a", sung, 44_100, "aac")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "storyboards"
    draw(target)
