"""A project of tiny media for boards in tests: real files, each the cheapest of its kind."""

from __future__ import annotations

import os
import shutil
import wave
from fractions import Fraction
from typing import TYPE_CHECKING

from PIL import Image

from skyflow.board.model import Size
from tests.filming import film, foreign

if TYPE_CHECKING:
    from pathlib import Path

FULL = Size(1920, 1080)
SLOW = Fraction(1)
"""One picture a second: a long clip of few pictures."""


def stage(project: Path, *boards: Path) -> Path:
    """Make a folder the root of a project, with media good and bad, and what is in some folders of boards."""
    (project / ".git").mkdir(parents=True)
    pictures(project)
    voices(project)
    clips(project)
    traps(project)
    for folder in boards:
        shutil.copytree(folder, project, dirs_exist_ok=True)
    return project


def pictures(project: Path) -> None:
    Image.new("RGB", (64, 64), "teal").save(project / "face.png")
    Image.new("RGB", (64, 36), "navy").save(project / "wide.png")
    Image.new("RGB", (64, 64), "plum").save(project / "face.webp")
    whole = (project / "face.png").read_bytes()
    (project / "cut-off.png").write_bytes(whole[: len(whole) // 2])
    (project / "note.png").write_text("A note, not a picture.\n")


def voices(project: Path) -> None:
    for name, seconds in (("voice.wav", 1), ("long-voice.wav", 16)):
        with wave.open(str(project / name), "wb") as voice:
            voice.setnchannels(1)
            voice.setsampwidth(2)
            voice.setframerate(8000)
            voice.writeframes(b"\0\1" * 8000 * seconds)


def clips(project: Path) -> None:
    film(project / "wide.mp4", range(4), size=FULL, level=0.1)
    foreign(project / "small.mp4", range(4), rate=SLOW, size=Size(1280, 720))
    foreign(project / "eleven.mp4", range(11), rate=SLOW, size=FULL)
    foreign(project / "long.mp4", range(16), rate=SLOW, size=FULL)
    (project / "cut-off.mp4").write_bytes((project / "wide.mp4").read_bytes()[:40])


def traps(project: Path) -> None:
    """What a path may lead to that is no file of the project."""
    outside = project.parent / "outside"
    outside.mkdir()
    shutil.copy(project / "face.png", outside / "outside.png")
    shutil.copy(project / "face.png", project.parent / "outside.png")
    (project.parent / "outside.j2").write_text("secret")
    (project / "link-outside.png").symlink_to(outside / "outside.png")
    (project / "linked-folder").symlink_to(outside)
    (project / "loop.png").symlink_to("loop.png")
    (project / "folder.png").mkdir()
    os.mkfifo(project / "pipe.png")
    (project / "latin.txt").write_bytes("Café".encode("latin-1"))
