"""The final edit: which stretches of which shots are seen, in frames."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from skyflow.board.draft import known_shot
from skyflow.board.model import CutEntry
from skyflow.facts import exact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from skyflow.board.findings import Findings
    from skyflow.board.model import Shot
    from skyflow.board.source import Path
    from skyflow.board.written import WrittenBoard


def final_edit(written: WrittenBoard, shots: Mapping[str, Shot], findings: Findings) -> tuple[CutEntry, ...]:
    """The cut as the board says, else every shot that does not leave itself out.

    Args:
        shots: those that could be resolved; an entry of another is left out, its problem being noted.
    """
    if written.cut is None:
        return tuple(CutEntry(name) for name in written.shots if name in shots and shots[name].in_cut)
    return tuple(_entries(written, shots, findings))


def _entries(written: WrittenBoard, shots: Mapping[str, Shot], findings: Findings) -> Iterator[CutEntry]:
    for number, item in enumerate(written.cut or ()):
        path: Path = ("cut", number)
        if isinstance(item, str):
            if known_shot(item, path, written, findings):
                yield CutEntry(item)
        elif item is not None and known_shot(item["shot"], (*path, "shot"), written, findings):
            shot = shots.get(item["shot"])
            entry = _stretch(shot, item, path, findings) if shot else None
            if entry:
                yield entry


def _stretch(shot: Shot, item: Mapping[str, Any], path: Path, findings: Findings) -> CutEntry | None:
    """An entry with in and out points; None where the shot has no such stretch, which is noted."""
    rate, length = shot.output.rate, shot.output.frames
    start, end = (_frame(item[key], rate) if key in item else None for key in ("in", "out"))
    for key, does, frame, most in (("out", "end", end, length), ("in", "begin", start, length - 1)):
        if frame is not None and frame > most:
            message = f"{shot.id} lasts {float(shot.output.seconds):.2f} s: nothing of it can {does} at {item[key]} s"
            findings.add("SF0617", (*path, key), message, "name an earlier point, or lengthen the shot")
            return None
    if end is not None and end <= (start or 0):
        message = f"nothing of {shot.id} is left: it would be seen from {item.get('in', 0)} s to {item['out']} s"
        findings.add("SF0617", (*path, "out"), message, "let it end at least a frame after it begins")
        return None
    return CutEntry(shot.id, start, end)


def _frame(seconds: float, rate: Fraction) -> int:
    """The frame boundary nearest to a time, halves up."""
    return int(exact(seconds) * rate + Fraction(1, 2))
