"""What files of a project were found to be, so that a picture that was decoded once is not decoded for every plan."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from skyflow.facts import ClipFacts, ImageFacts, VoiceFacts
from skyflow.marks import Marks, mark, now

if TYPE_CHECKING:
    from pathlib import Path

    Facts: TypeAlias = ImageFacts | ClipFacts | VoiceFacts
    Found: TypeAlias = "tuple[str, Facts]"


class Seen:
    """The memory of one project.

    Args:
        folder: ``.skyflow``; nothing is remembered where it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._marks = Marks(folder / "media.json")

    def find(self, kind: str, file: str) -> Found | None:
        """SHA-256 and facts of a file, where it is known and stands as it was.

        Raises:
            OSError: it cannot be looked at.
        """
        said: Any = self._marks.find(f"{kind} {file}", mark(file))
        with suppress(KeyError, TypeError, ValueError, ZeroDivisionError):
            return None if said is None else (str(said[0]), _facts(kind, said[1]))
        return None

    def looking(self, file: str) -> tuple[int, list[int]]:
        """What has to be asked for before a file is looked at, and given to ``keep`` afterwards."""
        return now(), mark(file)

    def keep(self, kind: str, file: str, before: tuple[int, list[int]], found: Found) -> None:
        """Remember what a file was found to be, if it did not change while it was looked at nor just before."""
        self._marks.keep(f"{kind} {file}", [found[0], _plain(found[1])], *before, mark(file))

    def save(self) -> None:
        """Write what is new to the disk; a disk that is full or closed is no matter."""
        self._marks.save()


def _plain(facts: Facts) -> list[Any]:
    match facts:
        case ImageFacts():
            return [facts.width, facts.height]
        case ClipFacts():
            return [facts.width, facts.height, facts.frames, str(facts.rate), facts.sound]
        case VoiceFacts():
            return [str(facts.seconds)]


def _facts(kind: str, plain: list[Any]) -> Facts:
    match kind, plain:
        case "image", [int(width), int(height)]:
            return ImageFacts(width, height)
        case "clip", [int(width), int(height), int(frames), str(rate), bool(sound)]:
            return ClipFacts(width, height, frames, Fraction(rate), sound)
        case "voice", [str(seconds)]:
            return VoiceFacts(Fraction(seconds))
    raise ValueError(kind)
