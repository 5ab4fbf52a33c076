"""A text file, and the places in it."""

from __future__ import annotations

import re
from bisect import bisect_right

from skyflow.problems import Place


class Text:
    """Characters, and how a person finds them.

    Attributes:
        name: what a person calls the file.
        characters: the whole text, lines ended by a line feed.
    """

    def __init__(self, name: str, characters: str) -> None:
        self.name = name
        self.characters = characters
        self._starts = [0, *(match.end() for match in re.finditer("\n", characters))]
        self._lines: dict[int, str] = {}  # many problems may share one long line, and then share its text

    def place(self, start: int, end: int) -> Place:
        """The place of a stretch, cut off at the end of its first line.

        Args:
            start, end: offsets into the text, from 0.
        """
        line = bisect_right(self._starts, start) - 1
        first = self._starts[line]
        text = self.line(line + 1)
        stop = min(end, first + len(text))
        return Place(self.name, line + 1, start - first + 1, max(1, stop - start), text)

    def line(self, number: int) -> str:
        """A line by its number, from 1, without its line break."""
        if number not in self._lines:
            first = self._starts[number - 1]
            last = self._starts[number] - 1 if number < len(self._starts) else len(self.characters)
            self._lines[number] = self.characters[first:last]
        return self._lines[number]

    def offset(self, line: int) -> int:
        """Where a line starts; the last line's start for a number beyond the text."""
        return self._starts[min(max(line, 1), len(self._starts)) - 1]


def decode(content: bytes) -> str:
    """UTF-8 to text; a byte-order mark is dropped, every line break becomes a line feed.

    Raises:
        UnicodeDecodeError: the bytes are not UTF-8.
    """
    return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
