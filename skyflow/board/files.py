"""What reading a board needs from the disk, as an interface: a board itself opens nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from skyflow.board.model import FileMedia
    from skyflow.facts import ImageFacts


class FileFault(Exception):
    """A file that a board names cannot be used.

    Attributes:
        code: of the problem that this becomes.
        message, remedy: as in Problem.
    """

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy


class Files(Protocol):
    """The files of a project, named as the board names them: relative to its folder, with forward slashes.

    Every method raises FileFault where the file is not there, not in the project or not what it is taken for.
    """

    def text(self, path: str) -> str:
        """A text file's content, line breaks as line feeds."""
        ...

    def image(self, path: str) -> FileMedia:
        """A picture that decodes."""
        ...

    def picture(self, content: bytes) -> tuple[str, ImageFacts]:
        """What bytes are that stand in the board in place of a file: a picture that decodes, and its media type."""
        ...

    def clip(self, path: str) -> FileMedia:
        """A clip that decodes."""
        ...

    def voice(self, path: str) -> FileMedia:
        """A sound that decodes."""
        ...
