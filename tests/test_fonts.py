"""Type in any script: the bundled family always, others where the system has them, boxes where nobody does."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from skyflow.backends.animatic import fonts, lettering, quote
from skyflow.backends.animatic.lettering import Span, Style
from skyflow.backends.animatic.slate import coloured

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHITE = (255, 255, 255)
STYLE = Style("regular", 20)


@pytest.fixture
def no_system_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A container that has no font but ours."""
    fonts._system_face.cache_clear()
    monkeypatch.setattr(fonts, "_system_files", lambda: ())
    yield
    fonts._system_face.cache_clear()


def set_text(text: str, width: float = 300, limit: int = 4) -> list[lettering.Line]:
    return lettering.lines([Span(text, WHITE)], STYLE, width, limit)


def ink(line: lettering.Line) -> int:
    image = Image.new("L", (400, 40))
    lettering.paint(image, line, STYLE, (20, 28), ink=255)
    return int(np.asarray(image, np.int64).sum())


def read(line: lettering.Line) -> list[str]:
    return [piece.text for _, piece in line.pieces]


@pytest.mark.usefixtures("no_system_fonts")
def test_latin_greek_and_cyrillic_need_no_font_of_the_system() -> None:
    for text in ("Gulls scatter, 50 % €", "Žluťoučký kůň", "Ο φάρος ανάβει", "Маяк загорается"):
        assert fonts.missing(text) == set()
        assert ink(set_text(text)[0]) > 0


@pytest.mark.usefixtures("no_system_fonts")
def test_scripts_that_no_font_has_are_named_and_drawn_as_boxes() -> None:
    assert fonts.missing("Маяк 灯台 かもめ منارة 🎬") == {"CJK", "Hiragana", "Arabic", "Emoji"}
    (line,) = set_text("灯台")
    assert line.width > STYLE.size
    assert ink(line) > 0


def test_a_fallback_is_chosen_by_what_the_font_holds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"\0\1\0\0" + b"\xff" * 200)
    ours = fonts._bundled("regular").path
    fonts._system_face.cache_clear()
    monkeypatch.setattr(fonts, "_system_files", lambda: (str(tmp_path / "none.ttf"), str(broken), ours))
    monkeypatch.setattr(fonts, "_bundled", lambda _: fonts.Face(str(broken)))
    try:
        assert fonts.face_for("я", "regular") == fonts.Face(ours)
        assert fonts.face_for("灯", "regular") is None
    finally:
        fonts._system_face.cache_clear()


def test_what_leaves_no_ink_is_never_missing() -> None:
    assert fonts.missing(" \n\t\u200d\u200f\ufe0f\u00ad\ue000") == set()


def test_letters_are_told_from_their_absence() -> None:
    face = fonts.face_for("a", "regular")
    assert face is not None
    assert fonts.has(face, "é")
    assert not fonts.has(face, "灯")
    assert not fonts.has(face, "\U0010ffff")


@given(st.text(max_size=120), st.integers(30, 400), st.integers(1, 4))
def test_any_text_is_set_within_its_measure(text: str, width: int, limit: int) -> None:
    rows = set_text(text, width, limit)
    assert len(rows) <= limit
    for row in rows:
        words = [piece for _, piece in row.pieces]
        assert row.width <= width or len({offset for offset, _ in row.pieces}) <= 2, words
        ink(row)


@given(st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd", "Zs"]), max_size=80))
def test_nothing_is_lost_where_there_is_room(text: str) -> None:
    rows = set_text(text, 10_000, 1)
    shown = sorted("".join(piece.text for row in rows for _, piece in row.pieces))
    assert shown == sorted(letter for letter in text if not letter.isspace())


def test_long_text_ends_in_an_ellipsis() -> None:
    rows = set_text("The keeper climbs the stair. " * 30, 200, 3)
    assert len(rows) == 3
    assert read(rows[-1])[-1] == lettering.ELLIPSIS


def test_a_word_longer_than_the_line_is_broken() -> None:
    rows = set_text("a" * 200, 100, 99)
    assert len(rows) > 5
    assert all(row.width <= 100 for row in rows)


@pytest.mark.usefixtures("no_system_fonts")
def test_chinese_breaks_between_characters_but_never_before_a_full_stop() -> None:
    rows = set_text("灯台が光る。鳥が飛ぶ。" * 6, 130, 99)
    assert len(rows) > 3
    assert not any(read(row)[0].startswith("。") for row in rows)


@pytest.mark.usefixtures("no_system_fonts")
def test_hebrew_runs_from_the_right_and_latin_within_it_does_not() -> None:
    (line,) = set_text("שלום lighthouse keeper עולם", 1000)
    assert line.rtl
    assert read(line) == ["עולם", "lighthouse", "keeper", "שלום"]
    (line,) = set_text("hello שלום עולם 7", 1000)
    assert not line.rtl
    assert read(line) == ["hello", "עולם", "שלום", "7"]


def test_a_pillow_that_cannot_shape_still_draws_every_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "SHAPES", False)
    fonts._loaded.cache_clear()
    try:
        for text in ("keeper", "שלום עולם", "منارة", "灯台"):
            assert ink(set_text(text)[0]) > 0
    finally:
        fonts._loaded.cache_clear()


def test_marks_stay_with_their_letter() -> None:
    text = unicodedata.normalize("NFD", "Žluťoučký") * 20
    for row in set_text(text, 60, 999):
        assert unicodedata.category(read(row)[0][0])[0] != "M"


def test_mentions_have_the_colour_of_their_tag_and_addresses_none() -> None:
    spans = coloured("Ask @keeper, not ops@keeper.com, or @keeper again")
    named = [span for span in spans if span.text == "@keeper"]
    assert len(named) == 2
    assert len({span.colour for span in named}) == 1
    assert "".join(span.text for span in spans) == "Ask @keeper, not ops@keeper.com, or @keeper again"


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (
            "35mm film, overcast light. Wide shot of a lighthouse in a storm; @keeper climbs the outer stair.",
            "Keeper climbs the outer stair",
        ),
        (
            "@opening The camera follows @keeper up, hand on the rail.",
            "The camera follows keeper up, hand on the rail",
        ),
        ("Wide shot of a lighthouse", "A lighthouse"),
        ("夜の港、霧の中で灯台が光る。", "夜の港、霧の中で灯台が光る"),
        ("...", "..."),
    ],
)
def test_the_line_that_is_pulled_says_what_is_seen(prompt: str, expected: str) -> None:
    assert quote.pulled(prompt, frozenset({"@opening"})) == expected


@given(st.text(min_size=1).filter(str.strip))
def test_some_line_is_pulled_from_any_prompt(prompt: str) -> None:
    assert quote.pulled(prompt).strip()
