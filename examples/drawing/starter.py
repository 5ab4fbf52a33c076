"""The starter: a paper boat."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from drawing.canvas import Canvas

if TYPE_CHECKING:
    from pathlib import Path

PAPER, SHADE, FOLD = "#fbf5e6", "#ddd2ba", "#b9ab8d"


def draw(folder: Path) -> None:
    boat().save(folder / "paper-boat.jpg", grain=1.2)


def boat() -> Canvas:
    """Folded from a page, afloat in a gutter after rain."""
    sheet = Canvas(960, 720, ("#35596b", "#24414f"))
    sheet.shape([(0, 0), (960, 0), (960, 250), (0, 300)], ("#6f6a72", "#8a8086"))
    for x in range(-40, 960, 165):
        sheet.line([(x, 300 - x * 0.052), (x + 34, 0)], "#5d5961", 5)
    sheet.line([(0, 300), (960, 250)], "#4c4850", 13)
    sheet.glow((640, 330), 380, "#ffcf8a", strength=0.35)
    for row in range(9):
        y = 330 + row * 46
        wave = [(x, y - x * 0.02 + 5 * math.sin(x / (60 + row * 9) + row * 1.7)) for x in range(0, 961, 12)]
        sheet.line(wave, "#7fa9b4", 2.5, alpha=0.4)
    sheet.disc((480, 566), 290, "#1a313d", tall=0.1, alpha=0.65, soft=8)
    sheet.shape([(480, 190), (592, 470), (368, 470)], (PAPER, "#efe5cf"))
    sheet.shape([(480, 190), (592, 470), (492, 470)], SHADE)
    sheet.shape([(190, 410), (480, 470), (480, 580), (300, 560)], (PAPER, "#eadfc7"))
    sheet.shape([(770, 410), (480, 470), (480, 580), (660, 560)], (SHADE, "#cabd9f"))
    sheet.line([(480, 470), (480, 580)], FOLD, 3)
    sheet.line([(480, 196), (486, 470)], FOLD, 2.5)
    for row in range(4):
        left = [(250 + row * 18, 446 + row * 25), (452, 486 + row * 22)]
        sheet.line(left, FOLD, 2.5, alpha=0.55)
    for x, y, radius in ((180, 560, 46), (800, 620, 64), (720, 380, 30)):
        sheet.disc((x, y), radius, "#cfe3e6", tall=0.3, alpha=0.25)
        sheet.disc((x, y + 2), radius * 0.8, "#2f5162", tall=0.28, alpha=0.8)
    return sheet
