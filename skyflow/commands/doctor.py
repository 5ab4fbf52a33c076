"""``skyflow doctor``: what this machine has for skyflow."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import av
import numpy as np
import PIL
from av.codec import Codec
from PIL import features

from skyflow import pipeline
from skyflow._version import __version__
from skyflow.backends.animatic import fonts
from skyflow.commands.words import listed
from skyflow.errors import ExitCode
from skyflow.terminal import cells, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skyflow.terminal import Terminal

SCRIPTS = {
    "Latin": "Shot é",
    "Greek": "Ωμέγα",
    "Cyrillic": "Кадр",
    "Chinese": "镜头鏡頭",
    "Japanese": "ショットあ",
    "Korean": "장면",
    "Arabic": "لقطة",
    "Hebrew": "צילום",
    "Devanagari": "दृश्य",
    "Thai": "ฉาก",
}
"""A few words of each script that prompts are often written in."""

KEY = "RUNWARE_API_KEY"
DISK_LOW = 1_000_000_000


class Finding(NamedTuple):
    """One thing that was looked at.

    Attributes:
        good: whether all that needs it will work.
        said: what was found.
    """

    name: str
    good: bool
    said: str


def doctor(*, terminal: Terminal, form: str, board: str = "board.yaml") -> ExitCode:
    """Look around; write nothing, ask no network."""
    findings = list(_findings(Path(board)))
    if form == "json":
        terminal.json({"findings": [finding._asdict() for finding in findings]})
        return ExitCode.DONE
    rows = table("", "", "")
    for finding in findings:
        row = cells("ok" if finding.good else "!!", finding.name, finding.said)
        rows.add_row(*row, style="" if finding.good else "yellow")
    terminal.show(rows)
    return ExitCode.DONE


def _findings(board: Path) -> Iterator[Finding]:
    yield Finding("skyflow", good=True, said=f"{__version__} on Python {platform.python_version()}")
    yield Finding("media", good=True, said=f"PyAV {av.__version__}, Pillow {PIL.__version__}, NumPy {np.__version__}")
    yield from _codecs()
    yield Finding("processors", good=True, said=f"{os.cpu_count()} for the animatic")
    yield from _type(board)
    folder = board.absolute().parent
    yield _disk(folder if folder.is_dir() else Path.cwd())
    yield _key(folder)


def _disk(folder: Path) -> Finding:
    """Whether a run finds room, and may write where it has to."""
    closed = [name for name in (".", ".skyflow", "out") if (folder / name).exists() and not _writable(folder / name)]
    if closed:
        said = f"cannot write in {listed(closed)} beside the board: see to its permissions"
        return Finding("disk", good=False, said=said)
    free = shutil.disk_usage(folder).free
    return Finding("disk", good=free > DISK_LOW, said=f"{free / 1e9:.1f} GB free beside the board")


def _writable(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _codecs() -> Iterator[Finding]:
    for name, what in (("libx264", "H.264 pictures"), ("aac", "AAC sound")):
        try:
            Codec(name, "w")
        except ValueError:  # PyAV's UnknownCodecError is one
            yield Finding(what, good=False, said=f"PyAV has no encoder {name}: install its wheel, not a system build")
        else:
            yield Finding(what, good=True, said=f"encoder {name}")


def _type(board: Path) -> Iterator[Finding]:
    """Which scripts can be set, and what of the board's own prompts cannot."""
    lacking = [script for script, sample in SCRIPTS.items() if fonts.missing(sample)]
    there = [script for script in SCRIPTS if script not in lacking]
    yield Finding("type", good=True, said=f"fonts for {listed(there, most=len(there))}")
    if lacking:
        remedy = "install a font that has them, such as Noto" if lacking else ""
        yield Finding("type", good=False, said=f"no font for {listed(lacking, most=len(lacking))}; {remedy}")
    shaping = features.check("raqm")
    said = "letters are joined and set right to left" if shaping else "Arabic and Hebrew will stand letter by letter"
    yield Finding("shaping", good=bool(shaping), said=said)
    if board.is_file():
        yield _prompts(board)


def _prompts(board: Path) -> Finding:
    """Whether every prompt of the board can be set."""
    reading = pipeline.check(board).reading
    if reading.board is None:
        return Finding("board", good=False, said=f"{board} has problems; `skyflow validate` lists them")
    without = sorted({name for shot in reading.board.shots.values() for name in fonts.missing(shot.prompt)})
    if without:
        return Finding("board", good=False, said=f"no font for {listed(without)} in the prompts of {board}")
    return Finding("board", good=True, said=f"every prompt of {board} can be set")


def _key(folder: Path) -> Finding:
    """Whether a key is there; never what it is."""
    if os.environ.get(KEY):
        return Finding("key", good=True, said=f"{KEY} is set")
    dotenv = folder / ".env"
    named = dotenv.is_file() and any(line.strip().startswith(f"{KEY}=") for line in _lines(dotenv))
    if named:
        return Finding("key", good=True, said=f"{KEY} stands in .env beside the board")
    return Finding("key", good=True, said=f"no {KEY}; the animatic needs none")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
