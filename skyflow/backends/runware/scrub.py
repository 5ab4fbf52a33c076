"""What others say, made fit to be shown and kept: without keys, without the secret parts of addresses.

A provider's message may quote the request, and an address of a result or of a webhook opens what it leads to. All
text that comes from outside passes here before it becomes part of an error, a record or a note.
"""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import parse_qsl, quote, urlsplit

HIDDEN = "***"
SHORT = 4
"""A secret of fewer characters is none, and to look for it everywhere would hide other words."""
WORDS_MAX = 400

_ADDRESS = re.compile(r"\b(https?|wss?)(?::|%3A)(?:\\?/|%2F){2}([^\s\"'<>]*)", re.IGNORECASE)
_PLACE = re.compile(r"(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?")
_USER = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^\s/\"'<>?#]*@")
_QUERY = re.compile(r"(?<=[\w/.~%-])[?#][^\s\"'<>]*=[^\s\"'<>]*")
_DATA = re.compile(r"data:[\w/+.-]*[;,][^\s\"'<>]*")
_BEARER = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE)
_NAMED = re.compile(
    r"\b([\w-]*(?:signature|token|secret|password|api[-_]?key|credential)[\w-]*[\"']?\s*[=:]\s*)[\"']?[^\s&\"',}]{6,}",
    re.IGNORECASE,
)


class Scrubber:
    """Knows the secrets of one session."""

    def __init__(self, *secrets: str) -> None:
        self._secrets: set[str] = set()
        for secret in secrets:
            self.know(secret)

    def __repr__(self) -> str:
        return f"Scrubber({HIDDEN})"

    def know(self, secret: str) -> None:
        """From now on this must not be seen, nor what its query holds where it is an address."""
        forms = {secret, quote(secret, safe="")}
        with suppress(ValueError):  # it is no address; then it has no query
            forms |= {value for _, value in parse_qsl(urlsplit(secret).query)}
        self._secrets |= {form for form in forms if len(form) >= SHORT}

    def clean(self, said: object) -> str:
        """The words on one line, in a length that a person reads, and without secrets."""
        text = str(said)[: 8 * WORDS_MAX]
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        text = _DATA.sub(f"data:{HIDDEN}", text)
        text = _ADDRESS.sub(_place, text)
        text = _USER.sub(r"\1", text)
        text = _QUERY.sub("", text)
        text = _BEARER.sub(rf"\1 {HIDDEN}", text)
        text = _NAMED.sub(rf"\1{HIDDEN}", text)
        text = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
        return text if len(text) <= WORDS_MAX else f"{text[: WORDS_MAX - 1]}…"


def _place(found: re.Match[str]) -> str:
    """Scheme and host of an address: its path may be what opens something, as that of a webhook mostly is."""
    server, *rest = re.split(r"[/?#\\]|%2F|%3F", found[2], maxsplit=1, flags=re.IGNORECASE)
    place = server.rpartition("@")[2].rstrip(".,;:)}")
    plain = _PLACE.fullmatch(place) and "@" not in "".join(rest)  # or else what looks like a host may be a password
    return f"{found[1]}://{place if plain else HIDDEN}{'/…' if rest else ''}"
