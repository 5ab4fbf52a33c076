"""Which font has a letter.

Inter is part of the package (version 4.1, the web release unpacked to plain TrueType), so Latin, Greek and Cyrillic
look the same on every machine. For other scripts the fonts of the system are asked, by reading their tables of
characters and not by trusting their names.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Literal

from PIL import ImageFont, features

Weight = Literal["regular", "semibold", "display"]

_BUNDLED: dict[Weight, str] = {
    "regular": "Inter-Regular.ttf",
    "semibold": "Inter-SemiBold.ttf",
    "display": "InterDisplay-SemiBold.ttf",
}
_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts", "/Library/Fonts")
_FOLDERS_MAC = ("/System/Library/Fonts", "~/Library/Fonts")
_ENDINGS = (".ttf", ".otf", ".ttc", ".otc")

SHAPES = bool(features.check("raqm"))
"""Whether Pillow can join Arabic letters and place marks; without it each letter stands by itself."""


@dataclass(frozen=True, slots=True)
class Face:
    """One font in a file.

    Attributes:
        path: the file.
        index: its place in a collection.
    """

    path: str
    index: int = 0

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """The font at so many pixels to the em."""
        return _loaded(self, size)


def face_for(character: str, weight: Weight, region: str = "SC") -> Face | None:
    """The font to set a character in; None where no font here has it.

    Args:
        weight: which cut of the bundled family; system fonts are taken in regular.
        region: as ``region_of`` has it, for Han characters: their form depends on the language around them.
    """
    bundled = _bundled(weight)
    if has(bundled, character):
        return bundled
    return _system_face(character, region)


def missing(text: str) -> set[str]:
    """Scripts in ``text`` that no font here can show, by name: ``Arabic``, ``CJK``, ``Emoji`` and the like."""
    return {
        _script(character)
        for character in set(text)
        if is_drawn(character) and face_for(character, "regular") is None
    }


def is_drawn(character: str) -> bool:
    """Whether a character leaves ink: no space, control, joiner or variation selector."""
    return unicodedata.category(character)[0] not in "ZC" and not 0xFE00 <= ord(character) <= 0xFE0F


def has(face: Face, character: str) -> bool:
    """Whether a font has a glyph for a character."""
    ranges = _coverage(face)
    place = bisect_right(ranges, (ord(character), 0x110000)) - 1
    return place >= 0 and ranges[place][1] >= ord(character)


def _script(character: str) -> str:
    word = unicodedata.name(character, "UNKNOWN").split()[0].split("-")[0]
    if unicodedata.category(character) == "So":
        return "Emoji"
    return word if word == "CJK" else word.capitalize()


def region_of(text: str) -> str:
    """JP where there is kana, KR where there is hangul, else SC: the only clues that a text gives."""
    for character in text:
        if "\u3040" <= character <= "\u30ff":
            return "JP"
        if "\uac00" <= character <= "\ud7af":
            return "KR"
    return "SC"


@cache
def _bundled(weight: Weight) -> Face:
    return Face(str(resources.files("skyflow.backends.animatic") / "fonts" / _BUNDLED[weight]))


@lru_cache(maxsize=256)
def _loaded(face: Face, size: int) -> ImageFont.FreeTypeFont:
    engine = ImageFont.Layout.RAQM if SHAPES else ImageFont.Layout.BASIC
    return ImageFont.truetype(face.path, size, index=face.index, layout_engine=engine)


@lru_cache(maxsize=4096)
def _system_face(character: str, region: str) -> Face | None:
    for path in _system_files():
        face = Face(path)
        if has(face, character) and _opens(face):
            return Face(path, _index_for(path, region))
    return None


def _opens(face: Face) -> bool:
    """Fonts of coloured bitmaps have tables but no outline to scale."""
    try:
        face.at(24)
    except OSError:
        return False
    return True


@lru_cache(maxsize=64)
def _index_for(path: str, region: str) -> int:
    """Where in a collection the forms of a region are."""
    if not path.endswith(("c", "C")):
        return 0
    for index in range(_font_count(path)):
        try:
            family = Face(path, index).at(24).getname()[0] or ""
        except OSError:
            break
        if family.endswith(region):
            return index
    return 0


@cache
def _system_files() -> tuple[str, ...]:
    """Every font file, the plainest first: the same order on every run."""
    return tuple(sorted(_listed() or _walked(), key=_plainness))


def _listed() -> set[str]:
    """What fontconfig knows of, where it is installed."""
    program = shutil.which("fc-list")
    if program is None:
        return set()
    try:
        answer = subprocess.run(  # noqa: S603 - a program found on the path, fixed arguments
            [program, "--format", "%{file}\n"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return set()
    return {line for line in answer.stdout.splitlines() if line.lower().endswith(_ENDINGS)}


def _walked() -> set[str]:
    found = set()
    for folder in (*_FOLDERS, *_FOLDERS_MAC):
        for place, _, names in os.walk(Path(folder).expanduser()):
            found |= {str(Path(place, name)) for name in names if name.lower().endswith(_ENDINGS)}
    return found


def _plainness(path: str) -> tuple[int, str]:
    """Upright regular sans first: a fallback should look as much like Inter as it can."""
    name = Path(path).name.lower()
    odd = sum(word in name for word in ("bold", "italic", "oblique", "thin", "black", "light", "mono", "serif"))
    return odd * 2 + ("sans" not in name), path


def _font_count(path: str) -> int:
    with Path(path).open("rb") as file:
        head = file.read(12)
    return int(struct.unpack(">I", head[8:12])[0]) if head[:4] == b"ttcf" else 1


@lru_cache(maxsize=1024)
def _coverage(face: Face) -> list[tuple[int, int]]:
    """The characters that a font has, as sorted ranges; none where the file cannot be read as a font."""
    try:
        with Path(face.path).open("rb") as file:
            head = file.read(16)
            start = struct.unpack(">I", head[12:16])[0] if head[:4] == b"ttcf" else 0
            file.seek(start)
            tables = file.read(12 + 16 * 64)
            count = struct.unpack(">H", tables[4:6])[0]
            for number in range(min(count, 64)):
                tag, _, offset, length = struct.unpack(">4sIII", tables[12 + 16 * number : 28 + 16 * number])
                if tag == b"cmap":
                    file.seek(offset)
                    return sorted(_ranges(file.read(length)))
    except (OSError, struct.error, IndexError):
        pass
    return []


def _ranges(table: bytes) -> list[tuple[int, int]]:
    """The ranges of a ``cmap`` table: its full Unicode subtable (format 12), else the basic one (format 4)."""
    offsets = [
        struct.unpack(">I", table[8 + 8 * number : 12 + 8 * number])[0]
        for number in range(struct.unpack(">H", table[2:4])[0])
    ]
    formats = {struct.unpack(">H", table[offset : offset + 2])[0]: offset for offset in offsets}
    if 12 in formats:
        return _segmented_coverage(table, formats[12])
    return _basic_coverage(table, formats[4]) if 4 in formats else []


def _segmented_coverage(table: bytes, offset: int) -> list[tuple[int, int]]:
    (count,) = struct.unpack(">I", table[offset + 12 : offset + 16])
    groups = struct.iter_unpack(">III", table[offset + 16 : offset + 16 + 12 * count])
    return [(first, last) for first, last, _ in groups]


def _basic_coverage(table: bytes, offset: int) -> list[tuple[int, int]]:
    """Ranges as the table claims them; a hole inside one is drawn as the font's own sign for what it lacks."""
    (double,) = struct.unpack(">H", table[offset + 6 : offset + 8])
    ends = struct.unpack(f">{double // 2}H", table[offset + 14 : offset + 14 + double])
    starts = struct.unpack(f">{double // 2}H", table[offset + 16 + double : offset + 16 + 2 * double])
    return [(first, last) for first, last in zip(starts, ends, strict=True) if first != 0xFFFF]
