"""Whose account pays, and where its tasks are sent.

Both come from the environment, or from a ``.env`` beside the board; the environment wins, as everywhere.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from skyflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KEY, URL = "RUNWARE_API_KEY", "RUNWARE_BASE_URL"
PROVIDER = "https://api.runware.ai/v1"
FILE = ".env"
FILE_MAX = 64 * 1024
"""Bytes of a ``.env`` that are read; a file of settings is never longer."""

_LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*
    (?: "(?P<double>[^"\n]*)" | '(?P<single>[^'\n]*)' | (?P<bare>[^\n]*?) ) [ \t]*(?:(?:(?<=[ \t=])\#)[^\n]*)?$""",
    re.MULTILINE | re.VERBOSE,
)


class Key:
    """An API key. It never shows itself; only ``bearer`` gives it away."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "***"

    @property
    def text(self) -> str:
        """The key itself."""
        return self._text

    @property
    def bearer(self) -> str:
        """The header's value."""
        return f"Bearer {self._text}"


@dataclass(frozen=True, slots=True)
class Account:
    """Where to send tasks and who pays for them.

    Attributes:
        url: tasks are POSTed to exactly this.
    """

    key: Key
    url: str = PROVIDER

    @property
    def local(self) -> bool:
        """Whether it is a sandbox on this machine."""
        return is_loopback(urlsplit(self.url).hostname)

    @classmethod
    def of(cls, folder: Path, environment: Mapping[str, str] | None = None) -> Account:
        """The account of a board's folder.

        Args:
            environment: that of the process unless a test gives another.

        Raises:
            UsageError: there is no key, or the address is none to which a key may be sent.
        """
        given = os.environ if environment is None else environment
        known = {**_beside(folder), **{name: given[name] for name in (KEY, URL) if given.get(name, "").strip()}}
        return cls(_key(known.get(KEY, "")), address(known.get(URL, "") or PROVIDER))


def _key(text: str) -> Key:
    remedy = f"set {KEY} in the environment, or in a {FILE} file beside the board; or run with --backend animatic"
    key = text.strip()
    if not key:
        raise UsageError("there is no Runware API key", remedy)
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(f"{KEY} holds characters that no key has", remedy)
    return Key(key)


def address(text: str) -> str:
    """The address to send tasks to.

    Raises:
        UsageError: it is neither https nor a server on this machine, or it holds a password or a query.
    """
    remedy = f"leave {URL} out, or give the address of a sandbox on this machine, like http://127.0.0.1:8000/v1"
    try:
        parts = urlsplit(text.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise UsageError(f"{URL} is no address", remedy) from None
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        raise UsageError(
            f"{URL} is neither https nor a server on this machine, so a key may not be sent there", remedy
        )
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise UsageError(f"{URL} holds more than a server and a path", remedy)
    return text.strip()


def on_this_machine() -> bool:
    """Whether the environment leads to a provider on this machine, which makes no real film."""
    try:
        return is_loopback(urlsplit(os.environ.get(URL, "")).hostname)
    except ValueError:
        return False


def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine, by its name alone; nothing is looked up."""
    return host is not None and (host in {"localhost", "::1"} or bool(re.fullmatch(r"127(\.\d{1,3}){3}", host)))


def _beside(folder: Path) -> dict[str, str]:
    path = folder / FILE
    try:
        if not path.is_file():
            return {}
        with path.open("rb") as file:
            content = file.read(FILE_MAX)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UsageError(f"{FILE} beside the board cannot be read: {reason}", "check its rights") from error
    return dict(_settings(content.decode("utf-8-sig", "replace").replace("\r\n", "\n")))


def _settings(text: str) -> list[tuple[str, str]]:
    found = []
    for line in _LINE.finditer(text):
        value = next(line[how] for how in ("double", "single", "bare") if line[how] is not None)
        if line["name"] in {KEY, URL} and value.strip():
            found.append((line["name"], value.strip()))
    return found
