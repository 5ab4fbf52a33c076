"""The Lighthouse: a keeper in yellow, his lamp, his coats, and the sea."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from drawing.canvas import Canvas, curve, mirrored

if TYPE_CHECKING:
    from pathlib import Path

STORM = ("#16303b", "#4b6a70")
YELLOW, AMBER, OCHRE = "#f2b92e", "#d9951f", "#a96a16"
SKIN, SHADE, ROSE = "#d9a27c", "#b97c5b", "#c98468"
WOOL, WHITE, NAVY, INK = "#e9e2d2", "#f7f2e6", "#20384a", "#14232c"
BRASS, BRONZE, GLASS = "#c9973f", "#7d5a22", "#8fb8b4"


def draw(folder: Path) -> None:
    keeper_front().save(folder / "keeper-front.png")
    keeper_side().save(folder / "keeper-side.jpg", grain=1.2)
    wardrobe().save(folder / "wardrobe-collage.jpg", grain=1.2)
    lamp_room(lit=False).save(folder / "lamp-dark.jpg", grain=1.6, vignette=0.5)
    lamp_room(lit=True).save(folder / "lamp-lit.jpg", grain=1.6, vignette=0.35)


def keeper_front() -> Canvas:
    sheet = Canvas(800, 1000, STORM)
    sheet.disc((400, 400), 320, "#6d8b8c", alpha=0.55)
    sheet.disc((400, 400), 250, "#9db3ab", alpha=0.45)
    sheet.rain(110, "#d7e4e2", alpha=0.35)
    coat = mirrored([(460, 585), (560, 640), (668, 705), (722, 830), (745, 1040)], 400)
    sheet.blob(coat, (YELLOW, AMBER))
    sheet.blob(
        [(560, 640), (668, 705), (722, 830), (760, 1020), (640, 1020), (628, 860), (600, 740)], OCHRE, alpha=0.5
    )
    sheet.line(curve([(236, 1000), (232, 890), (210, 800)]), OCHRE, 5, alpha=0.7)
    sheet.line([(400, 690), (400, 1000)], OCHRE, 6)
    for y in (770, 870, 970):
        sheet.disc((424, y), 11, INK)
        sheet.disc((421, y - 3), 3.5, "#6c7f86")
    _collar(sheet)
    _face(sheet)
    _hat_front(sheet)
    return sheet


def _collar(sheet: Canvas) -> None:
    sheet.blob(mirrored([(430, 560), (540, 590), (560, 660), (470, 720), (410, 735)], 400), NAVY)
    for x in range(290, 520, 22):
        sheet.line([(x, 612), (x + (400 - x) * 0.1, 705)], "#2f4d62", 7)


def _face(sheet: Canvas) -> None:
    sheet.blob(mirrored([(430, 330), (505, 350), (520, 440), (505, 530), (450, 590)], 400), SKIN)
    sheet.blob([(455, 340), (505, 350), (520, 440), (505, 530), (450, 590), (470, 470)], SHADE, alpha=0.55)
    beard = [(452, 505), (512, 455), (540, 540), (515, 640), (455, 705), (415, 722)]
    sheet.blob(mirrored(beard, 400), WOOL)
    sheet.blob([(512, 455), (540, 540), (515, 640), (455, 705), (430, 715), (480, 600)], "#c6bfae", alpha=0.8)
    for offset in (-62, -30, 0, 30, 62):
        strand = [(400 + offset * 0.9, 585), (400 + offset * 0.95, 640), (400 + offset * 0.6, 692)]
        sheet.line(curve(strand), "#bdb5a2", 3.5, alpha=0.8)
    for side in (-1, 1):
        sheet.disc((400 + side * 47, 437), 9, INK, tall=0.95)
        sheet.disc((400 + side * 47 + 3, 433), 2.8, WHITE)
        sheet.line(curve([(400 + side * 26, 414), (400 + side * 50, 404), (400 + side * 78, 416)]), WOOL, 13)
        sheet.line(curve([(400 + side * 64, 447), (400 + side * 76, 443), (400 + side * 86, 448)]), SHADE, 3)
        sheet.disc((400 + side * 68, 480), 20, ROSE, alpha=0.55, soft=5)
    sheet.blob([(392, 430), (410, 430), (430, 490), (415, 508), (386, 508), (372, 490)], "#cf936c")
    sheet.disc((408, 492), 20, ROSE, tall=0.75, alpha=0.7)
    moustache = [(402, 515), (440, 508), (482, 530), (502, 562), (452, 556), (412, 545)]
    sheet.blob(mirrored(moustache, 400), WHITE)


def _hat_front(sheet: Canvas) -> None:
    sheet.blob(mirrored([(440, 350), (520, 372), (530, 430), (505, 398), (440, 384)], 400), INK, alpha=0.35, soft=6)
    sheet.blob(mirrored([(425, 165), (500, 195), (528, 270), (535, 335), (440, 350)], 400), (YELLOW, AMBER))
    sheet.blob([(430, 165), (500, 195), (528, 270), (535, 335), (470, 345), (486, 260)], OCHRE, alpha=0.45)
    sheet.line(curve([(400, 164), (396, 250), (400, 335)]), OCHRE, 4, alpha=0.7)
    brim = mirrored([(440, 312), (560, 335), (622, 395), (600, 412), (520, 378), (440, 366)], 400)
    sheet.blob(brim, (YELLOW, AMBER))
    sheet.line(curve([(204, 404), (290, 350), (400, 336), (510, 350), (596, 404)]), OCHRE, 4, alpha=0.65)
    sheet.line(curve([(300, 210), (330, 190), (362, 182)]), "#ffe08a", 8, alpha=0.8)


def keeper_side() -> Canvas:
    sheet = Canvas(800, 1000, STORM)
    sheet.disc((430, 400), 320, "#6d8b8c", alpha=0.55)
    sheet.disc((430, 400), 250, "#9db3ab", alpha=0.45)
    sheet.rain(110, "#d7e4e2", alpha=0.35, seed=2)
    back = [(300, 600), (205, 680), (150, 830), (130, 1040), (690, 1040), (668, 840), (600, 690), (500, 610)]
    sheet.blob(back, (YELLOW, AMBER))
    sheet.blob([(300, 600), (205, 680), (150, 830), (130, 1040), (280, 1040), (270, 820)], OCHRE, alpha=0.5)
    sheet.line(curve([(430, 1000), (420, 860), (380, 760), (330, 720)]), OCHRE, 5, alpha=0.75)
    sheet.line(curve([(610, 1000), (600, 860), (560, 720)]), OCHRE, 5, alpha=0.75)
    sheet.blob([(330, 560), (470, 580), (530, 640), (510, 712), (400, 690), (305, 660)], NAVY)
    for x in range(330, 520, 24):
        sheet.line([(x, 600), (x + 12, 680)], "#2f4d62", 7)
    _profile(sheet)
    return sheet


def _profile(sheet: Canvas) -> None:
    head = [(360, 330), (540, 350), (556, 420), (600, 488), (560, 506), (540, 590), (400, 600), (330, 470)]
    sheet.blob(head, SKIN)
    sheet.blob([(360, 330), (420, 360), (410, 480), (430, 600), (380, 590), (330, 470)], SHADE, alpha=0.6)
    sheet.blob([(398, 432), (430, 424), (440, 466), (418, 496), (398, 470)], "#cf936c")
    sheet.line(curve([(408, 448), (424, 446), (422, 476)]), SHADE, 4)
    beard = [(430, 480), (480, 520), (560, 512), (588, 570), (572, 660), (500, 712), (440, 650), (412, 540)]
    sheet.blob(beard, WOOL)
    for offset in (0, 34, 68):
        strand = [(470 + offset, 570), (484 + offset, 620), (488 + offset * 0.7, 672)]
        sheet.line(curve(strand), "#bdb5a2", 3.5, alpha=0.8)
    sheet.blob([(520, 508), (570, 506), (602, 540), (592, 560), (540, 548), (500, 552)], WHITE)
    sheet.disc((528, 428), 9, INK)
    sheet.disc((532, 424), 2.8, WHITE)
    sheet.line(curve([(498, 410), (524, 396), (552, 404)]), WOOL, 13)
    sheet.disc((490, 478), 22, ROSE, alpha=0.5, soft=6)
    crown = [(330, 350), (320, 260), (360, 185), (440, 160), (520, 195), (552, 270), (560, 350), (440, 372)]
    sheet.blob(crown, (YELLOW, AMBER))
    sheet.blob([(330, 350), (320, 260), (360, 185), (410, 168), (376, 250), (384, 360)], OCHRE, alpha=0.5)
    brim = [
        (560, 322),
        (648, 350),
        (668, 378),
        (570, 372),
        (430, 380),
        (320, 420),
        (212, 520),
        (206, 490),
        (300, 360),
    ]
    sheet.blob(brim, (YELLOW, AMBER))
    sheet.line(curve([(656, 370), (560, 352), (430, 356), (310, 392), (216, 500)]), OCHRE, 4, alpha=0.65)
    sheet.line(curve([(430, 186), (476, 190), (508, 216)]), "#ffe08a", 8, alpha=0.8)


def lamp_room(*, lit: bool) -> Canvas:
    sheet = Canvas(1600, 900, ("#3a2b3f", "#c4783f") if lit else ("#0f1f2b", "#2d4855"))
    _weather(sheet, lit=lit)
    if not lit:
        sheet.rain(220, "#b9d0d2", alpha=0.4, lean=-0.35, seed=3)
    if lit:
        for side in (-1, 1):
            beam = [(800, 330), (800, 500), (800 + side * 900, 640), (800 + side * 900, 120)]
            sheet.shape(beam, "#ffe6a3", alpha=0.4, soft=14)
            core = [(800, 385), (800, 445), (800 + side * 900, 480), (800 + side * 900, 300)]
            sheet.shape(core, "#fff6d6", alpha=0.45, soft=10)
    _panes(sheet, lit=lit)
    _lens(sheet, lit=lit)
    if lit:
        sheet.glow((800, 415), 760, "#ffb648", strength=0.75)
        sheet.glow((800, 415), 300, "#fff1c4", strength=1.0)
    else:
        sheet.glow((800, 380), 420, "#5f8a8f", strength=0.35)
    return sheet


def _weather(sheet: Canvas, *, lit: bool) -> None:
    clouds = "#57374a" if lit else "#1a303c"
    for x, y, wide in ((150, 140, 330), (620, 90, 380), (1180, 150, 420), (1500, 80, 300)):
        sheet.disc((x, y), wide, clouds, tall=0.24, alpha=0.7, soft=22)
    seas = ("#6b4147", "#54343f", "#3d2834") if lit else ("#1d3a46", "#162d38", "#0f222c")
    for depth, color in enumerate(seas):
        top = 560 + depth * 70
        crest = [(x, top + 13 * math.sin(x / (95 + 30 * depth) + depth * 2)) for x in range(0, 1601, 20)]
        sheet.shape([*crest, (1600, 900), (0, 900)], color)


def _panes(sheet: Canvas, *, lit: bool) -> None:
    iron = "#2a1a1c" if lit else "#0a141b"
    for x in (130, 470, 1130, 1470):
        lean = (x - 800) * 0.05
        sheet.line([(x - lean, 0), (x + lean, 800)], iron, 16)
        sheet.line([(x - lean + 7, 0), (x + lean + 7, 800)], "#e79a4c" if lit else "#35525d", 2.5, alpha=0.7)
    sheet.line(curve([(0, 236), (400, 216), (800, 210), (1200, 216), (1600, 236)]), iron, 12)
    sheet.shape([(0, 0), (1600, 0), (1600, 40), (800, 74), (0, 40)], iron)
    sill = [(0, 780), (400, 752), (800, 744), (1200, 752), (1600, 780), (1600, 900), (0, 900)]
    sheet.shape(sill, ("#4d2f22", "#1d1216") if lit else ("#16262f", "#091117"))
    sheet.line([(0, 780), (400, 752), (800, 744), (1200, 752), (1600, 780)], "#f0b264" if lit else "#3e5a64", 4)


def _lens(sheet: Canvas, *, lit: bool) -> None:
    """A Fresnel lens: a bull's eye between bands of prisms, in a brass cage around the burner."""
    glass, rim = ("#ffd67d", "#fff3cb") if lit else ("#4f777d", "#9dbdbb")
    metal, dark = (BRASS, BRONZE) if lit else ("#806431", "#4a3a1c")
    sheet.shape([(650, 690), (950, 690), (1000, 900), (600, 900)], (metal, dark))
    sheet.disc((800, 410), 236, glass, tall=1.16, alpha=0.6 if lit else 0.45)
    for y in (*range(150, 286, 24), *range(536, 672, 24)):
        wide = _barrel(y)
        bow = 12 if y > 410 else -12
        band = [*curve([(800 - wide, y), (800, y + bow), (800 + wide, y)])]
        sheet.line(band, rim, 9, alpha=0.42)
        sheet.line([(x, edge + 7) for x, edge in band], dark, 2, alpha=0.45)
    for ring in range(5):
        radius = 128 - ring * 27
        sheet.disc((800, 410), radius, rim, alpha=0.42)
        sheet.disc((800, 410), radius - 9, glass, alpha=0.7)
    for share in (-1, -0.5, 0.5, 1):
        rib = [(800 + share * _barrel(y), y) for y in range(136, 690, 12)]
        sheet.line(rib, metal, 9)
    sheet.shape([(784, 60), (816, 60), (824, 128), (776, 128)], metal)
    sheet.disc((800, 134), 92, metal, tall=0.2)
    sheet.shape([(610, 668), (990, 668), (990, 700), (610, 700)], metal)
    sheet.line([(612, 668), (988, 668)], "#f0cf85" if lit else "#a78749", 3)
    sheet.line([(800, 456), (800, 664)], BRONZE if lit else "#33290f", 11)
    flame = [(800, 338), (826, 398), (816, 446), (800, 458), (784, 446), (774, 398)]
    sheet.blob(flame, "#fffbe8" if lit else "#22383f")


def _barrel(y: float) -> float:
    """Half the lens's width at a height."""
    return 246 * math.sqrt(max(0.06, 1 - ((y - 410) / 292) ** 2))


def wardrobe() -> Canvas:
    """Six panels as a costume department pins them up."""
    sheet = Canvas(1212, 812, "#efe9dc")
    panels = [draw_panel() for draw_panel in (_raincoat, _jersey, _hat, _boots, _lantern, _mug)]
    sheet.grid(panels, columns=3, gap=12)
    return sheet


def _panel(color: str) -> Canvas:
    return Canvas(388, 388, color)


def _raincoat() -> Canvas:
    sheet = _panel("#2f5161")
    sheet.line(curve([(194, 40), (206, 26), (222, 34), (214, 54), (194, 66)]), BRASS, 7)
    sheet.blob(
        mirrored([(214, 66), (262, 88), (318, 130), (336, 250), (300, 256), (282, 200), (290, 352)], 194),
        (YELLOW, AMBER),
    )
    sheet.line([(194, 80), (194, 350)], OCHRE, 4)
    sheet.blob(mirrored([(206, 62), (232, 78), (214, 120)], 194), NAVY)
    for y in (150, 210, 270):
        sheet.disc((208, y), 7, INK)
    sheet.shape([(222, 268), (268, 262), (270, 276), (223, 283)], OCHRE)
    sheet.shape([(118, 262), (166, 268), (165, 283), (116, 276)], OCHRE)
    return sheet


def _jersey() -> Canvas:
    sheet = _panel("#c9bfa9")
    outline = [(216, 74), (266, 92), (326, 150), (352, 268), (312, 282), (276, 196), (284, 336)]
    sheet.blob(mirrored(outline, 194), (NAVY, "#16293a"))
    for row, y in enumerate(range(150, 330, 26)):
        for x in range(126, 268, 22):
            sheet.line([(x, y), (x + 7, y + 9), (x + 14, y)], "#3d5c75" if row % 2 else "#cfc4ab", 3, alpha=0.8)
    sheet.blob(mirrored([(210, 64), (240, 74), (236, 104), (208, 112)], 194), "#2c485c")
    return sheet


def _hat() -> Canvas:
    sheet = _panel("#8c4a3c")
    sheet.disc((200, 286), 130, "#5f2f27", tall=0.14, alpha=0.8, soft=6)
    sheet.blob([(100, 240), (120, 150), (194, 110), (268, 150), (288, 240), (194, 262)], (YELLOW, AMBER))
    sheet.blob(
        [(44, 286), (110, 232), (194, 222), (278, 232), (344, 286), (270, 274), (194, 266), (118, 274)],
        (YELLOW, AMBER),
    )
    sheet.line(curve([(56, 280), (120, 244), (194, 236), (268, 244), (332, 280)]), OCHRE, 4, alpha=0.8)
    sheet.line(curve([(194, 112), (190, 170), (194, 226)]), OCHRE, 3.5, alpha=0.7)
    sheet.line(curve([(138, 150), (156, 134), (176, 128)]), "#ffe08a", 6, alpha=0.8)
    return sheet


def _boots() -> Canvas:
    sheet = _panel("#dba24a")
    for shift, color in ((70, "#0f1c24"), (0, "#1d313d")):
        leg = [(96, 70), (176, 70), (178, 210), (196, 250), (268, 270), (280, 312), (96, 312)]
        sheet.shape([(x + shift - 16, y + shift * 0.12) for x, y in curve(leg, closed=True)], color)
        sheet.line([(84 + shift, 318 + shift * 0.12), (262 + shift, 318 + shift * 0.12)], "#0a1217", 13)
        sheet.line([(86 + shift, 92 + shift * 0.12), (154 + shift, 92 + shift * 0.12)], "#c9574a", 9)
    sheet.line(curve([(100, 130), (98, 190), (108, 240)]), "#4d6b7a", 6, alpha=0.7)
    return sheet


def _lantern() -> Canvas:
    sheet = _panel("#172832")
    sheet.glow((194, 214), 190, "#ffbf58", strength=0.95)
    sheet.line(curve([(130, 120), (150, 56), (194, 36), (238, 56), (258, 120)]), BRASS, 7)
    sheet.shape([(144, 112), (244, 112), (262, 140), (126, 140)], BRASS)
    sheet.shape([(140, 140), (248, 140), (258, 288), (130, 288)], "#ffe2a0")
    sheet.blob([(194, 168), (218, 220), (210, 256), (178, 256), (170, 220)], "#ff9e2c")
    sheet.blob([(194, 198), (206, 230), (200, 252), (188, 252), (182, 230)], "#fff7dd")
    for x in (134, 194, 254):
        sheet.line([(194 + (x - 194) * 0.9, 140), (x, 288)], BRONZE, 5)
    sheet.shape([(118, 288), (270, 288), (278, 326), (110, 326)], BRASS)
    sheet.line([(118, 290), (270, 290)], "#f0cf85", 3)
    return sheet


def _mug() -> Canvas:
    sheet = _panel("#5d7f79")
    sheet.disc((190, 316), 120, "#40605b", tall=0.16, alpha=0.9, soft=4)
    sheet.line(curve([(250, 180), (316, 184), (316, 262), (246, 270)]), "#e8e0cf", 17)
    sheet.blob([(104, 150), (262, 150), (258, 300), (230, 316), (136, 316), (108, 300)], (WHITE, "#cfc6b2"))
    sheet.disc((183, 152), 80, "#fbf7ee", tall=0.22)
    sheet.disc((183, 154), 68, "#3b2417", tall=0.2)
    sheet.line([(108, 196), (262, 196)], "#2f5161", 7)
    for x, lean in ((150, -10), (186, 10), (222, -8)):
        sheet.line(curve([(x, 124), (x + lean, 98), (x, 72), (x + lean, 46)]), WHITE, 6, alpha=0.55, soft=2)
    return sheet
