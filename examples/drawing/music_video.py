"""The music video: a singer, a drummer, a board of moods, the record's sleeve."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from drawing.canvas import Canvas, curve, mirrored

if TYPE_CHECKING:
    from pathlib import Path

NIGHT = ("#17123a", "#5a2a6e")
PINK, CYAN, GOLD, INK, PALE = "#ff5fa2", "#4fe0e6", "#ffc857", "#120e26", "#fbeef2"


def draw(folder: Path) -> None:
    singer().save(folder / "singer.jpg", grain=1.2)
    drummer().save(folder / "drummer.jpg", grain=1.2)
    moods().save(folder / "moods.jpg", grain=1.2)
    sleeve().save(folder / "sleeve.jpg", grain=1.6)


def singer() -> Canvas:
    sheet = Canvas(800, 1000, NIGHT)
    _neon(sheet)
    sheet.glow((180, 420), 520, PINK, strength=0.6)
    sheet.glow((660, 420), 520, CYAN, strength=0.5)
    back = [(430, 150), (540, 190), (590, 330), (596, 520), (640, 640), (560, 720), (470, 700)]
    sheet.blob(mirrored(back, 400), "#0d0a1c")
    jacket = [(450, 660), (560, 700), (660, 770), (700, 1040)]
    sheet.blob(mirrored(jacket, 400), ("#c8cbe0", "#5b5f8c"))
    for step in range(7):
        y = 740 + step * 44
        sheet.line([(170 + step * 2, y), (300, y + 18)], "#eef0ff", 5, alpha=0.5)
        sheet.line([(630 - step * 2, y), (500, y + 18)], "#8d92c4", 5, alpha=0.6)
    sheet.blob(mirrored([(446, 570), (452, 660), (486, 700), (420, 800)], 400), "#c08497")
    sheet.blob(mirrored([(440, 610), (446, 660), (420, 690)], 400), "#8d5570", alpha=0.7)
    sheet.blob(mirrored([(436, 250), (500, 296), (512, 410), (486, 510), (440, 590)], 400), "#e3a7a8")
    sheet.blob([(456, 256), (500, 296), (512, 410), (486, 510), (440, 588), (462, 430)], "#7fb6c9", alpha=0.5)
    fringe = [(400, 214), (470, 214), (520, 280), (530, 420), (506, 350), (470, 330), (400, 336)]
    sheet.blob(mirrored(fringe, 400), "#16112e")
    sheet.line(curve([(300, 330), (320, 260), (372, 226)]), PINK, 6, alpha=0.8, soft=1)
    sheet.line(curve([(500, 330), (480, 260), (428, 226)]), CYAN, 6, alpha=0.7, soft=1)
    _made_up(sheet)
    _microphone(sheet)
    return sheet


def _neon(sheet: Canvas) -> None:
    for radius, color in ((330, PINK), (290, CYAN)):
        ring = [
            (400 + radius * math.cos(turn / 60 * math.pi), 400 + radius * math.sin(turn / 60 * math.pi))
            for turn in range(121)
        ]
        sheet.line(ring, color, 16, alpha=0.4, soft=9)
        sheet.line(ring, color, 5)


def _made_up(sheet: Canvas) -> None:
    for side, shadow in ((-1, PINK), (1, CYAN)):
        lid = [(400 + side * 26, 412), (400 + side * 54, 388), (400 + side * 96, 384), (400 + side * 84, 414)]
        sheet.blob(lid, shadow, alpha=0.8)
        sheet.line(curve([(400 + side * 28, 416), (400 + side * 56, 424), (400 + side * 86, 410)]), INK, 8)
        sheet.line(curve([(400 + side * 26, 372), (400 + side * 58, 358), (400 + side * 94, 366)]), INK, 7)
        sheet.line([(400 + side * 98, 480), (400 + side * 104, 540)], GOLD, 5)
        sheet.disc((400 + side * 105, 552), 11, GOLD)
    sheet.line(curve([(402, 410), (394, 462), (400, 478), (416, 476)]), "#a8667c", 5)
    sheet.blob([(358, 522), (388, 510), (400, 516), (412, 510), (442, 522), (400, 556)], "#c22559")
    sheet.blob([(372, 524), (400, 520), (428, 524), (400, 536)], INK)


def _microphone(sheet: Canvas) -> None:
    sheet.line([(470, 1000), (430, 680)], "#2b2744", 26)
    sheet.blob([(370, 616), (410, 584), (452, 600), (462, 650), (430, 692), (388, 680)], ("#d9dbea", "#777aa0"))
    for step in range(4):
        sheet.line([(378 + step * 20, 612 + step % 2 * 6), (400 + step * 18, 684)], "#5b5f8c", 3, alpha=0.8)
    sheet.line([(380, 668), (458, 660)], GOLD, 8)
    for finger in range(4):
        sheet.line([(420, 760 + finger * 34), (478, 750 + finger * 34)], "#c08497", 27)


def drummer() -> Canvas:
    sheet = Canvas(800, 1000, ("#0f1f3d", "#1c5066"))
    for x in range(60, 800, 136):
        sheet.shape([(x, 0), (x + 34, 0), (x + 150, 1000), (x - 110, 1000)], "#7fe8ff", alpha=0.08, soft=10)
    sheet.glow((400, 330), 460, "#39b9d6", strength=0.55)
    sheet.blob(mirrored([(452, 560), (560, 590), (650, 680), (640, 860), (520, 880)], 400), ("#e8563f", "#8c2a3c"))
    sheet.blob(mirrored([(446, 500), (450, 580), (424, 620)], 400), "#8a6048")
    sheet.blob(mirrored([(436, 240), (498, 280), (506, 380), (482, 470), (436, 530)], 400), "#b98262")
    sheet.blob([(456, 246), (498, 280), (506, 380), (482, 470), (436, 528), (462, 400)], "#8a5a46", alpha=0.6)
    sheet.blob(mirrored([(436, 196), (506, 226), (522, 330), (500, 300), (440, 274)], 400), "#f2e6d0")
    sheet.line([(306, 300), (494, 300)], "#e8563f", 18)
    sheet.shape([(300, 348), (392, 348), (384, 398), (314, 398)], INK)
    sheet.shape([(408, 348), (500, 348), (486, 398), (416, 398)], INK)
    sheet.line([(390, 356), (410, 356)], INK, 8)
    sheet.line([(318, 356), (340, 390)], CYAN, 5, alpha=0.8)
    sheet.line([(426, 356), (448, 390)], CYAN, 5, alpha=0.8)
    sheet.line(curve([(370, 466), (400, 476), (434, 462)]), "#5c3326", 7)
    for side in (-1, 1):
        sheet.line(curve([(400 + side * 185, 650), (400 + side * 268, 760), (400 + side * 262, 800)]), "#8c2a3c", 70)
        sheet.line(curve([(400 + side * 268, 800), (400 + side * 230, 800), (400 + side * 176, 760)]), "#b98262", 46)
        sheet.line([(400 + side * 216, 726), (400 + side * 60, 850)], "#f2d6a2", 11)
        sheet.disc((400 + side * 176, 758), 31, "#b98262")
    _kit(sheet)
    return sheet


def _kit(sheet: Canvas) -> None:
    for x, y, wide, tilt in ((120, 640, 150, -24), (690, 610, 160, 26)):
        sheet.line([(x, y), (x + tilt, 1000)], "#93a5b5", 8)
        plate = [(x - wide, y - tilt), (x, y - 22), (x + wide, y + tilt), (x, y + 22)]
        sheet.blob(plate, (GOLD, "#a8741c"))
        sheet.disc((x, y - 10), 16, "#fff0c9", tall=0.6)
    for x, y, wide in ((400, 890, 210), (150, 900, 130), (650, 900, 130)):
        sheet.shape(
            [(x - wide, y), (x + wide, y), (x + wide * 0.94, 1000), (x - wide * 0.94, 1000)], ("#e8563f", "#7a2238")
        )
        sheet.disc((x, y), wide, "#d9dbe6", tall=0.26)
        sheet.disc((x, y), wide * 0.9, "#fbf6ea", tall=0.25)


def moods() -> Canvas:
    """Four pictures of how the film should feel, in one."""
    sheet = Canvas(1212, 812, "#0c0a18")
    sheet.grid([_tunnel(), _rooftop(), _rain_window(), _dance_floor()], columns=2, gap=12)
    return sheet


def _tunnel() -> Canvas:
    panel = Canvas(588, 388, "#0a0818")
    for step in range(11):
        wide = 330 * 0.76**step
        box = [(294 - wide, 194 - wide * 0.62), (294 + wide, 194 - wide * 0.62)]
        box += [(294 + wide, 194 + wide * 0.62), (294 - wide, 194 + wide * 0.62)]
        panel.line([*box, box[0]], PINK if step % 2 else CYAN, 9 * 0.85**step, alpha=0.9)
    panel.glow((294, 194), 240, "#c86bff", strength=0.8)
    return panel


def _rooftop() -> Canvas:
    panel = Canvas(588, 388, ("#2b1b55", "#ff8a5c"))
    panel.disc((400, 250), 92, "#ffd9a0")
    for number, x in enumerate(range(0, 600, 42)):
        high = 90 + (number * 53) % 120
        panel.shape([(x, 388 - high), (x + 38, 388 - high), (x + 38, 388), (x, 388)], "#24123f")
        for window in range(4):
            if (number * 7 + window * 3) % 4 == 0:
                panel.disc((x + 12 + window % 2 * 14, 388 - high + 22 + window * 18), 3.5, GOLD)
    panel.line([(0, 350), (588, 340)], "#120a26", 20)
    panel.blob([(180, 342), (176, 296), (188, 262), (202, 296), (200, 342)], "#120a26")
    panel.disc((189, 250), 13, "#120a26")
    return panel


def _rain_window() -> Canvas:
    panel = Canvas(588, 388, ("#0d2a3f", "#1b4f5e"))
    for x, y, radius, color in (
        (110, 120, 58, GOLD), (260, 230, 74, PINK), (430, 110, 66, CYAN),
        (520, 280, 52, GOLD), (60, 310, 50, "#8a6bff"),
    ):  # fmt: skip
        panel.disc((x, y), radius, color, alpha=0.5, soft=9)
    for number in range(64):
        x, y = number * 0.7549 % 1 * 588, number * 0.5698 % 1 * 388
        panel.disc((x, y), 2.5 + number % 4 * 1.5, PALE, tall=1.3, alpha=0.55)
        if number % 6 == 0:
            panel.line([(x, y), (x + 2, y + 70)], PALE, 2.5, alpha=0.3)
    return panel


def _dance_floor() -> Canvas:
    panel = Canvas(588, 388, ("#1a0f38", "#3c1458"))
    for row in range(5):
        near, far = 190 + row * row * 9 + row * 6, 190 + (row + 1) ** 2 * 9 + (row + 1) * 6
        for column in range(-6, 6):
            color = (PINK, CYAN, "#5b2aa0", "#2a1560")[(row * 3 + column * 5) % 4]
            a, b = (near - 150) / 60, (far - 150) / 60
            tile = [(294 + column * 66 * a, near), (294 + (column + 1) * 66 * a, near)]
            tile += [(294 + (column + 1) * 66 * b, far), (294 + column * 66 * b, far)]
            panel.shape(tile, color, alpha=0.85)
    panel.disc((294, 92), 56, "#c9cbe6")
    for number in range(40):
        angle, away = number * 2.4, 54 * math.sqrt(number / 40)
        panel.disc((294 + away * math.cos(angle), 92 + away * math.sin(angle)), 4.5, (PALE, "#8287bd")[number % 2])
    panel.line([(294, 0), (294, 36)], "#8287bd", 3)
    panel.glow((294, 92), 230, "#b79bff", strength=0.6)
    return panel


def sleeve() -> Canvas:
    """The record's sleeve: two profiles, one sun, and the sea between."""
    sheet = Canvas(1000, 1000, ("#20124d", "#ff7b6b"))
    sheet.disc((500, 520), 270, "#ffd489")
    for step in range(8):
        y = 560 + step * 30
        sheet.shape([(180, y), (820, y), (820, y + 4 + step * 2.2), (180, y + 4 + step * 2.2)], "#e8606c", alpha=0.95)
    for row in range(7):
        y = 780 + row * 34
        wave = [(x, y + 12 * math.sin(x / 60 + row * 1.3)) for x in range(0, 1001, 10)]
        sheet.shape([*wave, (1000, 1000), (0, 1000)], ("#3b1c63", "#2c1654", "#1d0f42")[row % 3], alpha=0.85)
    left = [
        (-40, 250),
        (130, 262),
        (222, 330),
        (246, 420),
        (236, 462),
        (280, 520),
        (326, 566),
        (268, 584),
        (296, 616),
    ]
    left += [
        (270, 634),
        (290, 660),
        (252, 684),
        (276, 730),
        (240, 776),
        (160, 790),
        (150, 880),
        (190, 1040),
        (-40, 1040),
    ]
    for flip in (False, True):
        sheet.shape(
            curve([(1000 - x if flip else x, y) for x, y in left], closed=True), "#150b33" if flip else "#1b0e3d"
        )
    sheet.line([(40, 60), (960, 60), (960, 940), (40, 940), (40, 60)], PALE, 4, alpha=0.8)
    return sheet
