"""The words of a prompt that stand large in the picture, as a magazine pulls a line from its article."""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"[.;!?\u3002\uff01\uff1f\uff1b\n]+\s*")
_PHRASE = re.compile(r"[,:\u3001\uff0c\uff1a\u060c\u2014]+\s*")
_CRAFT = re.compile(
    r"\b(?:\d+ ?mm|film|lens|shot|close-?up|camera|cinematic|light(?:ing)?|style|colou?rs?|palette|grain|realistic"
    r"|\d+k|hdr|depth of field|bokeh|anamorphic|render\w*|quality|detailed|fps)\b",
    re.IGNORECASE,
)
_FRAMING = re.compile(
    r"^(?:(?:a|an|the)\s+)?(?:(?:extreme|very|slow|low|high|aerial|wide|medium|close|long|tracking|establishing)[\s-]+)*"
    r"(?:angle\s+)?(?:shot|close-?up|view)\s+(?:of|on|over)\s+",
    re.IGNORECASE,
)
_MENTION = re.compile(r"(?<!\w)@(?=[A-Za-z])")
LONGEST = 64


def pulled(prompt: str, clips: frozenset[str] = frozenset()) -> str:
    """The clause that says most about what is seen, at most about LONGEST characters.

    Args:
        clips: tags of reference clips, left out where they stand before everything.
    """
    clauses = [clause for part in _SENTENCE.split(_without(prompt, clips)) for clause in _split(part.strip())]
    clauses = [clause for clause in clauses if any(letter.isalnum() for letter in clause)]
    if not clauses:
        return prompt.strip()
    best = max(enumerate(clauses), key=lambda item: (_worth(item[1]), -item[0]))[1]
    words = _MENTION.sub("", _FRAMING.sub("", best)).strip(" -\u2013")
    return words[:1].upper() + words[1:]


def _without(prompt: str, clips: frozenset[str]) -> str:
    """The prompt without the mentions of clips that stand before it; within a sentence they are words like others."""
    if not clips:
        return prompt
    tags = "|".join(map(re.escape, sorted(clips)))
    return re.sub(rf"^(?:\s*(?:and\s+)?(?:{tags})(?![A-Za-z0-9_])[\s,:.]*)+", "", prompt)


def _split(sentence: str) -> list[str]:
    """A short sentence stays whole; a long one falls into its phrases."""
    return [sentence] if len(sentence) <= LONGEST else [part.strip() for part in _PHRASE.split(sentence)]


def _worth(clause: str) -> float:
    """Someone in it, a length that reads well, no talk of lenses."""
    length = len(clause)
    fits = 1.0 if 10 <= length <= LONGEST else 0.3
    return fits + 1.5 * bool(_MENTION.search(clause)) - 0.8 * len(_CRAFT.findall(clause)) + min(length, 48) / 96
