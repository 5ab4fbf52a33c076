"""The files of a project on this machine: what a board's paths lead to."""

from __future__ import annotations

import errno
import os
import re
import stat
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from skyflow import digest
from skyflow.board.address import scheme, without_secrets
from skyflow.board.files import FileFault
from skyflow.board.model import FileMedia
from skyflow.board.text import decode
from skyflow.errors import MediaError
from skyflow.late import late
from skyflow.media import plain
from skyflow.problems import did_you_mean

if TYPE_CHECKING:
    from skyflow.board.model import MediaKind
    from skyflow.facts import ClipFacts, ImageFacts, VoiceFacts
    from skyflow.media import probe
    from skyflow.media.seen import Seen
else:
    probe = late("skyflow.media.probe")

MAX_TEXT_BYTES = 1024 * 1024

MAX_PATH = 4096
"""Characters; no system takes more, and what is longer is only slow to look for."""

NOT_A_PATH = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
"""Characters that a file's name could hold on some systems, and that no message could show."""


NOT_RELATIVE = re.compile(r"/|[A-Za-z]:|.*\\", re.DOTALL)
"""How a path begins that is not relative, here or on Windows; no file of a project has a backslash in its name."""


class LocalFiles:
    """``board.files.Files`` over a folder. Each file is looked at once.

    Attributes:
        looked: every path that was looked for, whatever was found there.
    """

    def __init__(self, folder: Path, root: Path, seen: Seen | None = None) -> None:
        """Take the board's folder, which paths are relative to, and the project's root, which none may leave.

        Args:
            seen: what is known of the project's media from before.
        """
        self._folder = folder
        self._root = root.resolve()
        self._seen = seen
        self._folders: dict[str, str | None] = {}
        self._known: dict[tuple[str, str], FileMedia | FileFault] = {}
        self._texts: dict[str, str] = {}
        self.looked: set[str] = set()

    def text(self, path: str) -> str:
        """A prompt or template.

        Raises:
            FileFault: it is not there, leaves the project, is hidden, is too large or no UTF-8.
        """
        if path not in self._texts:
            found = Path(self._find(path))
            if any(part.startswith(".") for part in found.relative_to(self._root).parts):
                # A prompt is sent to the provider: keys in .env, and what git knows, must not become words of it.
                raise FileFault("SF0502", f"{path} is a hidden file, which no prompt may hold", "name another file")
            try:
                content = plain.read(found, MAX_TEXT_BYTES)
                if len(content) > MAX_TEXT_BYTES:
                    raise FileFault("SF0504", f"{path} is over 1 MiB", "name a text file")
                self._texts[path] = decode(content)
            except UnicodeDecodeError as error:
                raise FileFault("SF0504", f"{path} is not UTF-8 text", "save it as UTF-8") from error
            except OSError as error:
                raise _unreadable(path, error) from error
        return self._texts[path]

    def image(self, path: str) -> FileMedia:
        """A picture that decodes; raises FileFault."""
        return self._media("image", path)

    @staticmethod
    def picture(content: bytes) -> tuple[str, ImageFacts]:
        """A picture that decodes, with its media type; raises FileFault."""
        try:
            return probe.picture(content, "the data URI")
        except MediaError as error:
            raise FileFault("SF0704", error.message, error.remedy) from error

    def clip(self, path: str) -> FileMedia:
        """A clip that decodes; raises FileFault."""
        return self._media("clip", path)

    def voice(self, path: str) -> FileMedia:
        """A sound that decodes; raises FileFault."""
        return self._media("voice", path)

    def _media(self, kind: MediaKind, path: str) -> FileMedia:
        known = self._known.get((kind, path))
        if known is None:
            try:
                known = self._look(kind, path)
            except FileFault as fault:
                known = fault
            self._known[kind, path] = known
        if isinstance(known, FileFault):
            raise FileFault(known.code, known.message, known.remedy)
        return known

    def _look(self, kind: MediaKind, path: str) -> FileMedia:
        found = self._find(path)
        try:
            if known := self._seen.find(kind, found) if self._seen else None:
                return FileMedia(self._named(path, found), *known)
            before = self._seen.looking(found) if self._seen else None
            facts = _probed(kind, Path(found))  # first: gigabytes of anything else are not worth a hash
            sha256 = digest.of_file(Path(found))
            if self._seen and before:
                self._seen.keep(kind, found, before, (sha256, facts))
            return FileMedia(self._named(path, found), sha256, facts)
        except MediaError as error:
            raise FileFault("SF0504", error.message, error.remedy) from error
        except OSError as error:
            raise _unreadable(path, error) from error

    def _named(self, path: str, found: str) -> str:
        """The plainest spelling of a path; beside a linked folder ``..`` is not what it looks like, and stays."""
        plain = os.path.normpath(path)
        return plain if plain == path or os.path.realpath(self._folder / plain) == found else path

    def _find(self, path: str) -> str:
        """The regular file that a path leads to, every link followed."""
        if scheme(path):
            message = f"{without_secrets(path)[:60]} is no file of the project"
            raise FileFault("SF0502", message, "download it into the project, and name the file")
        if len(path) > MAX_PATH:
            raise FileFault("SF0503", f"a path of {len(path):,} characters leads nowhere", "name a file")
        if bad := NOT_A_PATH.search(path):
            raise FileFault("SF0503", f"a path cannot hold the character U+{ord(bad[0]):04X}", "remove it")
        if NOT_RELATIVE.match(path):
            raise FileFault("SF0502", f"{path} is not a path relative to the board", "use a relative path with /")
        self.looked.add(os.path.join(self._folder, path))  # noqa: PTH118 - Path takes as long as all the rest
        if (plainly := self._plainly(path)) is not None:
            return plainly
        try:
            found = (self._folder / path).resolve()
            if not found.is_relative_to(self._root):
                raise FileFault("SF0502", f"{path} leads out of the project", "copy the file into the project")
            mode = found.stat().st_mode
        except FileNotFoundError as error:
            raise FileFault("SF0501", f"{path} is not there", self._near(path)) from error
        except (OSError, RuntimeError) as error:  # Python 3.13 made an OSError of what was a RuntimeError
            raise _unreadable(path, error) from error
        if not stat.S_ISREG(mode):
            what = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
            raise FileFault("SF0503", f"{path} is {what}", "name a file")
        return str(found)

    def _plainly(self, path: str) -> str | None:
        """The same for a regular file that is no link, of a folder that was asked for before: nearly every one."""
        folder, _, name = path.rpartition("/")
        if folder not in self._folders:
            real = os.path.realpath(self._folder / folder)
            self._folders[folder] = real if Path(real).is_relative_to(self._root) else None
        inside = self._folders[folder]
        if inside is None or name in {"", ".", ".."}:
            return None
        try:
            found = os.path.join(inside, name)  # noqa: PTH118 - as above
            return found if stat.S_ISREG(os.lstat(found).st_mode) else None
        except (OSError, ValueError):
            return None

    def _near(self, path: str) -> str:
        """A file of a like name in the folder that is meant."""
        try:
            names = sorted(entry.name for entry in islice((self._folder / path).parent.iterdir(), 1000))
        except OSError:
            names = []
        known = [(PurePosixPath(path).parent / name).as_posix() for name in names]
        return did_you_mean(path, known) or "mend the path, or put the file there"


def _probed(kind: MediaKind, found: Path) -> ImageFacts | ClipFacts | VoiceFacts:
    match kind:
        case "image":
            return probe.image(found)
        case "clip":
            return probe.clip(found)
        case "voice":
            return probe.voice(found)


def _unreadable(path: str, error: Exception) -> FileFault:
    looping = isinstance(error, RuntimeError) or (isinstance(error, OSError) and error.errno == errno.ELOOP)
    why = "its links lead in a circle" if looping else getattr(error, "strerror", None) or "the path is not valid"
    return FileFault("SF0503", f"{path} cannot be read: {why.lower()}", "mend the path or its permissions")
