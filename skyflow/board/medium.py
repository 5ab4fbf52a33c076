"""A medium as a board gives it: a path, a URL with or without its hash, a data URI, or a name at the provider."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any, TypeAlias

from skyflow import digest
from skyflow.board.address import held_medium, scheme, shown, url_medium, without_secrets
from skyflow.board.files import FileFault
from skyflow.board.model import DataMedia, FileMedia, UrlMedia

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skyflow.board.files import Files
    from skyflow.board.findings import Findings
    from skyflow.board.model import Address, MediaKind
    from skyflow.board.source import Path

    Written: TypeAlias = "str | Mapping[str, Any]"

MAX_DATA_BYTES = 8 * 1024 * 1024
"""How large a picture may be that stands in the board; a larger one is a file's business."""

TYPES = ("image/png", "image/jpeg", "image/webp", "image/bmp", "image/gif")

DATA = re.compile(r"data:([^,;]*)((?:;[^,;]*)*),", re.IGNORECASE)

BARE = re.compile(r"(?:\A|/)(?:iVBORw0KGgo|9j/|R0lGOD|UklGR)[A-Za-z0-9+/=\s]{30,}\Z")
"""Base64 of a picture, by how each format begins."""

WORDS: Mapping[MediaKind, str] = {"image": "picture", "clip": "clip", "voice": "voice"}


def picture(written: Written, files: Files) -> FileMedia | DataMedia | Address:
    """A picture; raises FileFault."""
    if isinstance(written, str) and scheme(written) == "data":
        return _data(written, files)
    return _by_address(written, "image") or files.image(_path(written))


def clip(written: Written, files: Files) -> FileMedia | Address:
    """A clip; raises FileFault."""
    return _by_address(written, "clip") or files.clip(_path(written))


def voice(written: Written, files: Files) -> FileMedia | Address:
    """A voice; raises FileFault."""
    return _by_address(written, "voice") or files.voice(_path(written))


def footage(written: str, files: Files) -> FileMedia:
    """A clip that is here: it is cut, and so it cannot be an address; raises FileFault."""
    if scheme(written) not in {"", "data"}:
        message = f"footage is cut here, and {without_secrets(written)[:120]} is elsewhere"
        raise FileFault("SF0706", message, "download it into the project, and name the file")
    found = clip(written, files)
    assert isinstance(found, FileMedia)
    return found


def warn_unpinned(medium: object, path: Path, findings: Findings) -> None:
    """Note a URL that comes without the hash of what is expected there."""
    if isinstance(medium, UrlMedia) and medium.sha256 is None:
        message = f"nobody would notice if {medium.shown[:120]} led to something else one day"
        findings.add("SF0809", path, message, "pin it: `{url: …, sha256: …}`, or name a file of the project")


def _by_address(written: Written, kind: MediaKind) -> Address | None:
    """The medium of an address; None for a path."""
    if not isinstance(written, str):
        return url_medium(written["url"], kind, written.get("sha256"))
    match scheme(written):
        case "":
            return None
        case "uuid":
            return held_medium(written, kind)
        case "data":
            message = f"a {WORDS[kind]} cannot stand in the board as a data URI: the provider takes pictures so"
            raise FileFault("SF0705", message, "save it as a file of the project, and name that")
        case "https" | "http":
            return url_medium(written, kind)
        case other:
            message = f"{shown(written)[:60]} is nothing that a provider could fetch: {other} is not https"
            raise FileFault("SF0701", message, "name a file of the project by its path, or give an https:// URL")


def _path(written: Written) -> str:
    assert isinstance(written, str)
    if BARE.search(written):
        message = f"{written[:12]}… looks like base64 and is taken for a path"
        raise FileFault("SF0704", message, "put `data:image/png;base64,` in front, with the type that it is")
    return written


def _data(written: str, files: Files) -> DataMedia:
    """The picture of a data URI, decoded and looked at as a file is."""
    head = DATA.match(written)
    if head is None or head[2].lower() != ";base64":
        said = head[0] if head else f"{written[:30]}…"
        remedy = "write `data:image/png;base64,` and then the picture in base64"
        raise FileFault("SF0704", f"{said[:60]} is not how a picture stands in a board", remedy)
    claimed = head[1].lower()
    if claimed not in TYPES:
        raise FileFault(
            "SF0704", f"a data URI of type '{claimed[:40]}' is no picture", f"give one of {', '.join(TYPES)}"
        )
    content = _decoded(written[head.end() :])
    found, facts = files.picture(content)
    if found != claimed:
        message = f"the data URI says {claimed} and holds {found}"
        raise FileFault("SF0704", message, f"write `data:{found};base64,`")
    return DataMedia(found, content, digest.of_bytes(content), facts)


def _decoded(text: str) -> bytes:
    """What base64 stands for, strictly: its own alphabet, no spaces, padded, no bits to spare."""
    most = MAX_DATA_BYTES // 1024 // 1024
    if len(text) > (MAX_DATA_BYTES + 2) // 3 * 4:
        raise FileFault("SF0704", f"the data URI holds over {most} MiB", "save it as a file, and name that")
    if bad := re.search(r"[^A-Za-z0-9+/=]", text):
        where = f"character {bad.start() + 1} of the data URI's base64 is U+{ord(bad[0]):04X}"
        raise FileFault("SF0704", f"{where}, which base64 does not know", "write it on one line, without spaces")
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not content or base64.b64encode(content).decode() != text:
        raise FileFault("SF0704", "the data URI's base64 is cut off or damaged", "encode the picture again")
    return content
