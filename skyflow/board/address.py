"""Addresses: how they are written, and how they are shown without what may be secret in them.

A URL's query often is a key to what it leads to (a presigned one), and what stands before an ``@`` is a password. No
message, plan, lock or file of state holds either.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from skyflow.board.files import FileFault
from skyflow.board.model import HeldMedia, UrlMedia

if TYPE_CHECKING:
    from collections.abc import Callable

    from skyflow.board.model import MediaKind

HIDDEN = "***"

SCHEME = re.compile(r"(https|http|uuid|data|file|[A-Za-z][A-Za-z0-9+.-]*(?=://)):", re.IGNORECASE)
"""How a medium begins that is no path; of the schemes that are not taken, those that no file's name looks like."""

LONGEST = 8000
"""Characters of a URL, which servers are asked to take at least (RFC 9110); a presigned one has some 2000."""

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

NOT_IN_URL = re.compile(r"[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]")
"""What no URL holds as it is (RFC 3986)."""

USER = re.compile(r"(?<=:)((?:\\?/){2})([^\s/?#\"'<>]+)@")
"""What stands before the host of a URL; YAML, like JSON, knows ``\\/`` for a slash."""

WEB = re.compile(r":(?:\\?/){2}")
QUERY = re.compile(r"[?#]|\\(?!/)")
"""Where the part begins that may be secret; an escape in YAML may stand for the question mark."""

WORD = re.compile(r"\S+")
AFTER = "\"'])},;:.|`…"
"""What may stand behind a URL in a text and be no part of it."""


def scheme(written: str) -> str:
    """What a medium begins with that is no path, in lower case; empty for a path."""
    found = SCHEME.match(written)
    return found[1].lower() if found else ""


def without_secrets(text: str, hide: Callable[[str], str] = lambda _: HIDDEN) -> str:
    """A text without what may be secret in the URLs that it holds.

    Args:
        hide: gives what takes the place of a secret.
    """
    if "/" not in text:
        return text
    plain = USER.sub(lambda user: f"{user[1]}{hide(user[2])}@", text)
    return WORD.sub(lambda word: _hidden(word[0], hide), plain)


def _hidden(word: str, hide: Callable[[str], str]) -> str:
    web = WEB.search(word)
    query = QUERY.search(word, web.end()) if web else None
    secret = word[query.end() :].rstrip(AFTER) if query else ""
    if query is None or not secret:
        return word
    return word[: query.end()] + hide(secret) + word[query.end() + len(secret) :]


def shown(url: str) -> str:
    """A URL for people: without its query and fragment, ``?***`` where it has one."""
    end = QUERY.search(url)
    plain = USER.sub(rf"\1{HIDDEN}@", url[: end.start()] if end else url)
    return f"{plain}{end[0]}{HIDDEN}" if end else plain


def url_medium(url: str, kind: MediaKind, sha256: str | None = None) -> UrlMedia:
    """The medium at a URL.

    Raises:
        FileFault: it is not one that a provider could fetch and a board may hold; the message holds no secret.
    """
    if len(url) > LONGEST:
        message = f"a URL of {len(url)} characters is longer than servers take"
        raise FileFault("SF0701", message, "give a shorter one, or download the file into the project")
    said = shown(url)[:120]
    if scheme(url) != "https":
        near = f"write `{shown('https:' + url[5:])[:120]}`, or name a file" if scheme(url) == "http" else ""
        raise FileFault("SF0701", f"{said} is no https URL", near or "begin it with https://")
    if bad := NOT_IN_URL.search(url):
        code = "".join(f"%{byte:02X}" for byte in bad[0].encode("utf-8", "surrogatepass"))
        message = f"a URL cannot hold the character {_named(bad[0])}"
        raise FileFault("SF0701", message, f"write it as {code}, or remove it")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host:
        raise FileFault("SF0701", f"{said} names no host", "write it as in https://example.com/face.png")
    if "@" in parts.netloc:
        message = f"{said} holds a user name or password"
        remedy = "leave it out and give a signed URL, or download the file into the project and name that"
        raise FileFault("SF0702", message, remedy)
    plain = f"https{url[5:]}"
    return UrlMedia(plain, kind, sha256.lower() if sha256 else None, shown(plain))


def held_medium(written: str, kind: MediaKind) -> HeldMedia:
    """The medium that the provider calls by the UUID in ``uuid:…``.

    Raises:
        FileFault: it is no UUID.
    """
    uuid = written[len("uuid:") :].lower()
    if not UUID.fullmatch(uuid):
        remedy = "write it as the provider gave it, as in uuid:2f1d8e0a-6b1c-4c7e-9a3f-51d0a7c4e201"
        raise FileFault("SF0703", f"{without_secrets(written)[:60]} is no UUID", remedy)
    return HeldMedia(uuid, kind)


def _named(character: str) -> str:
    return f"'{character}'" if character.isprintable() and character != " " else f"U+{ord(character):04X}"
