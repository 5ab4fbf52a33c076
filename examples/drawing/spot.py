"""The vertical spot: two bottles of the same drink, a runner, a splash, the card at the end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from drawing.canvas import Canvas, curve, mirrored

if TYPE_CHECKING:
    from pathlib import Path

CREAM, INK = "#f6ecdc", "#1b1620"
EMBER = ("#ffb15c", "#e2412f")
TIDE = ("#a8ead9", "#157f94")


def draw(folder: Path) -> None:
    bottle(("#3a1420", "#120a14"), EMBER, "#ffb08a").save(folder / "ember.png")
    bottle(("#0e3440", "#071720"), TIDE, "#c8fff2").save(folder / "tide.png")
    runner().save(folder / "runner.jpg", grain=1.2)
    splash().save(folder / "splash.jpg", grain=1.6, vignette=0.35)
    card().save(folder / "end-card.png")


def bottle(ground: tuple[str, str], drink: tuple[str, str], light: str) -> Canvas:
    """A bottle on wet stone, lit from behind."""
    sheet = Canvas(720, 960, ground)
    sheet.glow((360, 440), 460, drink[1], strength=0.95)
    sheet.glow((360, 400), 240, drink[0], strength=0.55)
    sheet.shape([(0, 800), (720, 800), (720, 960), (0, 960)], "#0b0a10", alpha=0.55)
    sheet.line([(0, 800), (720, 800)], light, 1.5, alpha=0.35)
    _bottle(sheet, 360, 120, 1.0, drink, light)
    sheet.disc((360, 816), 150, "#000000", tall=0.08, alpha=0.5, soft=5)
    sheet.shape([(262, 826), (458, 826), (430, 950), (290, 950)], drink[1], alpha=0.3, soft=12)
    return sheet


def _bottle(sheet: Canvas, x: float, y: float, size: float, drink: tuple[str, str], light: str) -> None:
    def at(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(x + size * px, y + size * py) for px, py in points]

    half = curve([(40, 66), (41, 190), (52, 238), (96, 300), (112, 352), (112, 640), (106, 686), (86, 696)])
    sheet.shape(at(mirrored(half, 0)), drink)
    sheet.shape(at(mirrored([(40, 66), (41, 190), (50, 236)], 0)), CREAM, alpha=0.22)
    sheet.shape(at([(70, 290), (96, 330), (98, 660), (80, 684), (66, 684), (72, 400)]), INK, alpha=0.16, soft=4)
    sheet.line(at(curve([(-78, 300), (-94, 350), (-94, 640)])), light, 9 * size, alpha=0.75, soft=1.5)
    sheet.line(at([(-26, 90), (-28, 190)]), light, 6 * size, alpha=0.7, soft=1)
    sheet.shape(at([(-112, 408), (112, 408), (112, 580), (-112, 580)]), CREAM)
    sheet.disc(at([(0, 476)])[0], 42 * size, drink[1])
    for row in range(3):
        wave = [(-64 + step * 8, 534 + row * 13 + 4 * math.sin(step * 0.9 + row)) for step in range(17)]
        sheet.line(at(wave), INK, 3 * size, alpha=0.85)
    sheet.line(at(curve([(-26, 486), (-12, 466), (0, 480), (14, 462), (28, 478)])), CREAM, 6 * size)
    sheet.shape(at([(-46, 20), (46, 20), (46, 70), (-46, 70)]), (INK, "#3a3240"))
    for ridge in range(-40, 41, 10):
        sheet.line(at([(ridge, 26), (ridge, 64)]), "#554a5c", 2 * size)
    for number in range(26):
        drop = (math.sin(number * 12.9898) * 98, 300 + (number * 97) % 370)
        if not 400 < drop[1] < 588:
            sheet.disc(at([drop])[0], (2.4 + number % 4) * size, light, tall=1.25, alpha=0.75)


def runner() -> Canvas:
    """Seen from the chest up, breath short, the street behind out of focus."""
    sheet = Canvas(800, 1000, ("#2b2350", "#d2566b"))
    for x, y, radius, color in (
        (120, 210, 70, "#ff9e6b"), (660, 150, 90, "#6fd6d2"), (720, 420, 55, "#ffd27a"), (70, 520, 85, "#7d5ac9"),
    ):  # fmt: skip
        sheet.disc((x, y), radius, color, alpha=0.4, soft=7)
    shirt = [(470, 640), (590, 690), (680, 770), (720, 1040)]
    sheet.blob(mirrored(shirt, 400), ("#15b0a8", "#0b6a76"))
    sheet.shape(curve([(470, 650), (560, 690), (500, 1000), (446, 1000)]), "#f6ecdc", alpha=0.9)
    sheet.blob(mirrored([(448, 560), (456, 660), (480, 690), (430, 730)], 400), "#8a5138")
    sheet.blob(mirrored([(448, 600), (454, 660), (430, 690)], 400), "#6d3d2b", alpha=0.7)
    sheet.blob(mirrored([(440, 250), (514, 300), (526, 420), (500, 520), (448, 596)], 400), "#a5653f")
    sheet.blob([(470, 262), (516, 310), (526, 420), (500, 520), (446, 596), (476, 440)], "#87492f", alpha=0.6)
    hair = [(430, 176), (520, 214), (560, 310), (538, 400), (522, 330), (470, 290), (430, 300)]
    sheet.blob(mirrored(hair, 400), INK)
    sheet.blob([(490, 200), (566, 130), (632, 160), (640, 250), (590, 300), (548, 280)], INK)
    for curl in range(9):
        angle = curl * 0.7
        sheet.disc((576 + 48 * math.cos(angle), 212 + 52 * math.sin(angle)), 24, "#2b2333")
    sheet.line(curve([(284, 286), (330, 262), (400, 256), (470, 262), (516, 286)]), "#ffb52e", 24)
    _features(sheet)
    return sheet


def _features(sheet: Canvas) -> None:
    for side in (-1, 1):
        sheet.line(curve([(400 + side * 28, 372), (400 + side * 58, 358), (400 + side * 92, 370)]), INK, 9)
        sheet.line(curve([(400 + side * 34, 404), (400 + side * 58, 414), (400 + side * 84, 402)]), INK, 8)
        sheet.disc((400 + side * 82, 462), 24, "#d0734f", alpha=0.5, soft=6)
    sheet.line(curve([(402, 400), (392, 456), (398, 474), (418, 474)]), "#6d3d2b", 6, alpha=0.9)
    sheet.blob([(352, 512), (400, 506), (448, 512), (424, 548), (400, 554), (376, 548)], "#5c2a24")
    sheet.blob([(360, 514), (400, 510), (440, 514), (426, 526), (374, 526)], CREAM)
    for x, y in ((318, 330), (468, 330), (338, 500), (476, 470), (436, 640)):
        sheet.disc((x, y), 5, "#ffe9cf", tall=1.5, alpha=0.85)


def splash() -> Canvas:
    """A crown of drink, frozen at its height."""
    sheet = Canvas(720, 1280, ("#2a0f18", "#5e1c20"))
    sheet.glow((360, 640), 620, "#ff7a3c", strength=0.9)
    for number in range(11):
        lean = (number - 5) / 5
        foot, tip = 360 + lean * 170, 360 + lean * 320
        high = 610 - 250 * math.cos(lean * 1.25) + (number * 37) % 70
        tongue = [
            (foot - 34, 900),
            (foot - 12 + lean * 40, 760),
            (tip - 13, high + 70),
            (tip, high),
            (tip + 15, high + 64),
        ]
        tongue += [(foot + 22 + lean * 40, 760), (foot + 38, 900)]
        sheet.blob(tongue, EMBER if number % 2 else ("#ffd08a", "#c92f2a"), alpha=0.94)
        sheet.disc((tip + lean * 24, high - 34 - (number * 13) % 40), 9 + number % 4 * 4, "#ffb46a", tall=1.15)
        sheet.disc((tip + lean * 22 - 3, high - 38 - (number * 13) % 40), 3, CREAM)
    pool = [(40, 930), (180, 872), (360, 858), (540, 872), (680, 930), (540, 1000), (360, 1018), (180, 1000)]
    sheet.blob(pool, ("#ff9a4e", "#a51f24"))
    for ring, alpha in ((210, 0.5), (140, 0.65), (76, 0.8)):
        sheet.disc((360, 934), ring, "#ffc98f", tall=0.24, alpha=alpha * 0.5)
        sheet.disc((360, 938), ring - 9, "#c93a2c", tall=0.23, alpha=0.8)
    for number in range(30):
        x, y = 360 + math.sin(number * 7.7) * (120 + number * 8), 160 + (number * 131) % 520
        sheet.disc((x, y), 2 + number % 5 * 1.4, "#ffcf97", alpha=0.8)
    return sheet


def card() -> Canvas:
    """The last frame: both bottles, room for the client's line below."""
    sheet = Canvas(720, 1280, ("#f7dcb8", "#f3a36a"))
    sheet.disc((360, 520), 300, "#fff1d6", alpha=0.85)
    sheet.disc((360, 520), 372, "#fff1d6", alpha=0.25)
    sheet.shape([(0, 900), (720, 900), (720, 1280), (0, 1280)], ("#2a1a2b", "#1b1620"))
    sheet.disc((262, 902), 100, "#000000", tall=0.1, alpha=0.6, soft=4)
    sheet.disc((460, 902), 100, "#000000", tall=0.1, alpha=0.6, soft=4)
    _bottle(sheet, 262, 330, 0.82, EMBER, "#fff0da")
    _bottle(sheet, 460, 330, 0.82, TIDE, "#ffffff")
    for y, wide in ((1040, 190), (1082, 130)):
        sheet.line([(360 - wide, y), (360 + wide, y)], "#f3a36a", 9, alpha=0.9)
    return sheet
