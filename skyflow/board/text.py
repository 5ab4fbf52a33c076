"""A text file, and the places in it."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate

from skyflow.problems import Place

BLOCK = 4096
"""Characters between two places whose line is known."""


class Text:
    """Characters, and how a person finds them.

    Attributes:
        name: what a person calls the file.
        characters: the whole text, lines ended by a line feed.
    """

    def __init__(self, name: str, characters: str) -> None:
        self.name = name
        self.characters = characters
        # How many lines end before each block: a text of nothing but line breaks needs no more memory than others.
        counts = (characters.count("\n", at, at + BLOCK) for at in range(0, len(characters), BLOCK))
        self._ended = [0, *accumulate(counts)]
        self._lines: dict[int, str] = {}  # many problems may share one long line, and then share its text

    def place(self, start: int, end: int) -> Place:
        """The place of a stretch, cut off at the end of its first line.

        Args:
            start, end: offsets into the text, from 0.
        """
        block = min(start, len(self.characters)) // BLOCK
        line = self._ended[block] + self.characters.count("\n", block * BLOCK, start)
        first = self.offset(line + 1)
        text = self.line(line + 1)
        stop = min(end, first + len(text))
        return Place(self.name, line + 1, start - first + 1, max(1, stop - start), text)

    def line(self, number: int) -> str:
        """A line by its number, from 1, without its line break."""
        if number not in self._lines:
            first = self.offset(number)
            last = self.characters.find("\n", first)
            self._lines[number] = self.characters[first : last if last >= 0 else len(self.characters)]
        return self._lines[number]

    def offset(self, line: int) -> int:
        """Where a line starts; the last line's start for a number beyond the text."""
        ended = min(max(line, 1) - 1, self._ended[-1])
        if not ended:
            return 0
        block = bisect_left(self._ended, ended) - 1
        at = block * BLOCK - 1
        for _ in range(ended - self._ended[block]):
            at = self.characters.index("\n", at + 1)
        return at + 1


def decode(content: bytes) -> str:
    """UTF-8 to text; a byte-order mark is dropped, every line break becomes a line feed.

    Raises:
        UnicodeDecodeError: the bytes are not UTF-8.
    """
    return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
