"""Colours: a mood for each shot, an accent for each tag, and the numbers that vary with the request.

The moods are chosen by hand; a request only picks among them, by a word where it has one and else by its hash. So a
board looks like one film and not like random colours.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np

Colour = tuple[int, int, int]
Ground = Literal["hills", "peaks", "dunes", "sea", "city"]

PAPER: Colour = (247, 245, 239)
"""The lightest ink, for type on pictures."""

INK: Colour = (15, 17, 20)
"""The slate."""

QUIET: Colour = (138, 144, 152)
"""Secondary type on the slate."""


@dataclass(frozen=True, slots=True)
class Mood:
    """The light of a composition, from the top of the sky to the ground at our feet."""

    zenith: Colour
    horizon: Colour
    light: Colour
    far: Colour
    near: Colour


def _colour(text: str) -> Colour:
    return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)


def _mood(*colours: str) -> Mood:
    return Mood(*map(_colour, colours))


MOODS: dict[str, Mood] = {
    "dawn": _mood("3b4a6b", "f0c3a2", "fff0d8", "9a8fa6", "1b2030"),
    "day": _mood("3f7398", "cfe0e4", "fff9ea", "86abb9", "17303c"),
    "dusk": _mood("2a2350", "e08d6c", "ffd7a8", "7d5a7d", "181226"),
    "night": _mood("080d1c", "2b4168", "e4ebf5", "20304f", "05070f"),
    "storm": _mood("23292f", "7d8a8f", "cdd5d4", "566269", "101418"),
    "fog": _mood("7d898d", "d3d5d0", "f4f2ea", "a2aaab", "2b343b"),
    "forest": _mood("2b463f", "b7cbab", "f3f1d2", "5f8570", "0e1d18"),
    "sea": _mood("1f5068", "a9cfcd", "f7f4e0", "4c8894", "092430"),
    "desert": _mood("5d7d95", "eec69b", "fff1d3", "c48b63", "3d1e14"),
    "snow": _mood("6f89a6", "e2e9ef", "ffffff", "a3b4c6", "22303f"),
    "ember": _mood("1e1311", "b86432", "ffe0a4", "70412a", "130a08"),
    "neon": _mood("140c2b", "74307a", "ffa6c9", "40215f", "0a0617"),
}

_Words = tuple[tuple[str, str], ...]

_LIGHTS: _Words = (
    ("storm", r"storm\w*|thunder\w*|rain\w*|gale|hail\w*|overcast"),
    ("fog", r"fog\w*|mist\w*|haze|hazy|smoke\w*"),
    ("dusk", r"dusk|sunset|twilight|evening|golden hour|violet"),
    ("dawn", r"dawn|sunrise|morning|daybreak|first light"),
    ("night", r"night\w*|midnight|moon\w*|stars?|starry|dark\w*"),
    ("snow", r"snow\w*|ice|icy|frost\w*|winter\w*"),
    ("ember", r"lamps?|lanterns?|fire\w*|candle\w*|embers?|ignites?"),
    ("neon", r"neon|cyber\w*|hologram\w*"),
    ("day", r"noon|sunny|sunlit|summer|daylight"),
)
"""Hours and weathers: they decide the light wherever they are spoken of."""

_WEATHERS = frozenset({"storm", "fog", "snow"})
"""Lights that yield to an hour where a look is asked for: a storm may be what the edit takes away."""

_PAINTS: dict[str, Colour] = {
    words: _colour(colour)
    for words, colour in (
        (r"rose|rosy|pink|blush|magenta", "e58fa3"),
        (r"gold|golden|yellow|honey", "f3cd7a"),
        (r"amber|orange|copper|rust", "e08a3c"),
        (r"red|crimson|scarlet|ruby", "c23b36"),
        (r"violet|purple|lilac|lavender|mauve", "8a6fc0"),
        (r"blue|azure|indigo|cobalt|navy", "4a78b8"),
        (r"teal|turquoise|cyan|aqua", "3f9c9c"),
        (r"green|emerald|olive|jade", "5f9a63"),
        (r"sepia|brown|umber|tobacco", "a67c52"),
        (r"silver|grey|gray|pewter|monochrome|black[- ]and[- ]white", "b4b8bd"),
        (r"white|ivory|cream|chalk|pearl", "f1ece0"),
        (r"black|ink|ebony|charcoal", "3a3d42"),
    )
}
"""Colours that an edit may ask for by name, first to last in a sentence."""

_PLACES: _Words = (
    ("snow", r"glacier\w*|arctic|polar"),
    ("desert", r"desert\w*|dunes?|sand\w*|canyon\w*"),
    ("ember", r"kitchen|room|interior|indoors|cellar|tavern"),
    ("neon", r"club|futuristic|spaceship"),
    ("forest", r"forests?|woods?|trees?|jungle|meadow\w*|garden\w*|moss\w*"),
    ("sea", r"sea|ocean|surf|waves?|harbou?r|shore|coast\w*|boats?|ships?|lighthouse|beach"),
)
"""Places, where nothing is said of the light."""

_GROUNDS: _Words = (
    ("sea", r"sea|ocean|surf|waves?|harbou?r|shore|coast\w*|boats?|ships?|lighthouse|beach|lake|river"),
    ("peaks", r"mountains?|peaks?|alps|cliffs?|summit|glacier\w*"),
    ("city", r"city|street\w*|town|urban|buildings?|skyline|rooftops?|office|apartment"),
    ("dunes", r"desert\w*|dunes?|sand\w*"),
    ("hills", r"hills?|fields|forests?|meadow\w*|valley|garden\w*|farm\w*|countryside"),
)

_ACCENTS = tuple(
    map(
        _colour,
        ("f2b84b", "6fc3df", "ef7f6c", "8fd19e", "c79bf2", "f29bbd", "5ed0c0", "d9c77a", "8fa8ff", "f0975a"),
    )
)


def accent(tag: str) -> Colour:
    """The colour of a tag, the same wherever it is named.

    Args:
        tag: its name, with or without the ``@``.
    """
    return _ACCENTS[hashed(tag.lstrip("@"), "accent") % len(_ACCENTS)]


def hashed(*parts: str | int) -> int:
    """A number that is the same on every machine and in every process, unlike ``hash``."""
    return int.from_bytes(hashlib.sha256("\n".join(map(str, parts)).encode()).digest()[:8], "big")


def dice(*parts: str | int) -> np.random.Generator:
    """A source of numbers that these parts decide."""
    return np.random.Generator(np.random.PCG64(hashed(*parts)))


def mood_of(prompt: str, take: int) -> Mood:
    """The light that the prompt speaks of, else the place, else one by its hash; a later take leans elsewhere."""
    names = sorted(MOODS)
    name = _first(_LIGHTS, prompt) or _first(_PLACES, prompt) or names[hashed(prompt, "mood") % len(names)]
    return _leaning(MOODS[name], prompt, take)


def look_of(prompt: str, take: int) -> Mood:
    """The light of an edit: its hour and its colours by name, before any weather, which may be what it takes away."""
    hour = _first(tuple(light for light in _LIGHTS if light[0] not in _WEATHERS), prompt)
    paints = sorted((match.start(), colour) for words, colour in _PAINTS.items() if (match := _search(words, prompt)))
    if paints:
        return _leaning(_painted(MOODS[hour or "day"], [colour for _, colour in paints]), prompt, take)
    return _leaning(MOODS[hour], prompt, take) if hour else mood_of(prompt, take)


def _leaning(mood: Mood, prompt: str, take: int) -> Mood:
    """The mood of a take: the first has it pure."""
    if take == 1:
        return mood
    others = [name for name in sorted(MOODS) if MOODS[name] != mood]
    return _mixed(mood, MOODS[others[hashed(prompt, "mood", take) % len(others)]], 0.35)


def _painted(mood: Mood, colours: list[Colour]) -> Mood:
    """A mood in other colours: the first for the middle tones, the second for the lights."""
    first, second = (*colours, mix(colours[0], (255, 255, 255), 0.6))[:2]
    return Mood(
        mix(mood.zenith, first, 0.5),
        mix(mood.horizon, first, 0.75),
        mix(mood.light, second, 0.65),
        mix(mood.far, mix(first, (0, 0, 0), 0.35), 0.75),
        mix(mood.near, mix(first, (0, 0, 0), 0.8), 0.5),
    )


def ground_of(prompt: str) -> Ground:
    """What lies under the sky: what the prompt speaks of, else one by its hash."""
    open_grounds = ("hills", "peaks", "dunes", "sea")
    name = _first(_GROUNDS, prompt) or open_grounds[hashed(prompt, "ground") % len(open_grounds)]
    return cast("Ground", name)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """``share`` of the second colour in the first."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _mixed(first: Mood, second: Mood, share: float) -> Mood:
    return Mood(
        mix(first.zenith, second.zenith, share),
        mix(first.horizon, second.horizon, share),
        mix(first.light, second.light, share),
        mix(first.far, second.far, share),
        mix(first.near, second.near, share),
    )


def _first(table: _Words, prompt: str) -> str | None:
    """The name whose words the prompt has first."""
    found = [(match.start(), name) for name, words in table if (match := _search(words, prompt)) is not None]
    return min(found)[1] if found else None


def _search(words: str, text: str) -> re.Match[str] | None:
    return re.search(rf"\b(?:{words})\b", text, re.IGNORECASE)
