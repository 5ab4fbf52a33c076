"""Prompts are Jinja2 templates: what they say once rendered, or why they cannot be, and where.

What a template may do, and how much of it, stands in ``bounded``; what it may read are the project's own files.
"""

from __future__ import annotations

import posixpath
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from skyflow.board import naming
from skyflow.board.files import FileFault
from skyflow.late import late
from skyflow.problems import did_you_mean, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    import jinja2

    from skyflow.board import bounded
    from skyflow.board.files import Files
else:
    jinja2, bounded = late("jinja2"), late("skyflow.board.bounded")

MAX_OUTPUT = 64 * 1024
MAX_TEMPLATE = 64 * 1024
"""Characters; far above what a prompt may have in the end."""

PROMPT = "<template>"
"""What Jinja2 calls a template that is not a file."""

OPENED, CLOSED = re.compile(r"\{[{%]"), re.compile(r"[%}]\}")
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

PARTS = ("title", "id", "index", "duration", "resolution", "describe")
"""What templates know of the board, of shots and of tags."""

TAGS = ("for", "if", "elif", "else", "set", "include", "import", "macro", "call", "filter", "with")
"""What begins a statement, as far as it is of use in a prompt."""

NOT_OFFERED = frozenset({"cycler", "joiner", "lipsum", "namespace", "range", "random", "dict"})
"""What Jinja2 itself would know; those that this has are defined and never get here."""

SYNTAX = "mend the template; `{{`, `{%` and `{#` begin an expression, a statement and a comment"


class TemplateFault(Exception):
    """A template cannot be rendered.

    Attributes:
        file: the included file that the fault is in; None for the prompt itself.
        line: in that text, from 1.
        word: the name at fault, where one is; it is what the caret belongs under.
        undefined: a name is used that nothing defines.
    """

    undefined = False

    def __init__(
        self, message: str, remedy: str = "", *, file: str | None = None, line: int = 1, word: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.file = file
        self.line = line
        self.word = word


class Templates:
    """Renders the prompts of one board.

    Args:
        files: what templates may include.
        scope: the names that every prompt knows.
    """

    def __init__(self, files: Files, scope: Mapping[str, Any]) -> None:
        self._files = files
        self._scope = scope
        self._names = sorted({*scope, "shot"})
        self.words: set[str] = set()
        """Every word of every expression that was read: a name that is none of them was not asked for."""

    @cached_property
    def _environment(self) -> bounded.Environment:
        """Made for the first prompt that is a template."""
        return bounded.Environment(self._load, len(self._scope.get("shots", ())))

    def render(self, text: str, shot: Mapping[str, Any]) -> str:
        """A prompt in its final words, mentions and all.

        Args:
            shot: what the prompt knows of its own shot.

        Raises:
            TemplateFault: it cannot be rendered; says where.
        """
        if not any(mark in text for mark in ("{{", "{%", "{#")):
            return text
        try:
            return self._write(text, shot)
        except Exception as error:  # noqa: BLE001 - a template may raise anything that Python can
            raise self._fault(error) from None

    def _fault(self, error: Exception) -> TemplateFault:
        """What an author is told of whatever a template raised."""
        match error:
            case jinja2.TemplateSyntaxError():
                message, remedy = self._misread(error.message or "")
                return TemplateFault(message, remedy, file=error.name, line=error.lineno)
            case jinja2.UndefinedError():
                return self._undefined(error)
            case jinja2.TemplateNotFound(__cause__=FileFault() as cause):
                return _located(error, cause.message, cause.remedy)
            case jinja2.TemplateNotFound():
                return _located(error, error.message or str(error.name), "mend the path")
            case FileFault():
                return _located(error, error.message, error.remedy)
            case bounded.NotText():
                return _located(error, str(error), "give it a value, or end with a filter such as `| join(', ')`")
            case bounded.TooMuch() | MemoryError():
                return _located(error, "the template does or writes too much", "let it do less")
            case RecursionError():
                return TemplateFault("the template calls itself without end, or nests too deep", "flatten it")
            case _:
                message, remedy = self._misread(str(error) or type(error).__name__, "mend the expression")
                return _located(error, message, remedy)

    def _misread(self, said: str, remedy: str = SYNTAX) -> tuple[str, str]:
        """What Jinja2 says, in a sentence, and how to mend it."""
        if unclosed := re.search(r"block that needs to be closed is '(\w+)'", said):
            return f"'{unclosed[1]}' is never closed", f"add {{% end{unclosed[1]} %}}"
        if re.search(r"unexpected end of template, expected 'end of (print|statement)", said):
            return "the expression is never closed", "end it with }} or %}"
        if ending := re.search(r"unknown tag '(end\w+)'", said):
            return f"'{ending[1]}' ends nothing that was begun", "remove it, or begin it before"
        for kind, known in (("filter", self._environment.filters), ("test", self._environment.tests), ("tag", TAGS)):
            if named := re.search(rf"\b{kind} (?:named )?'(\w+)'", said):
                return _sentence(said), did_you_mean(named[1], known) or f"known: {listed(sorted(known))}"
        return _sentence(said), remedy

    def _load(self, name: str) -> str:
        """A file of the board's own folder; Jinja2 itself knows what may be missing and what may not."""
        if posixpath.normpath(name).startswith(".."):
            raise FileFault("SF0502", f"{name} leads out of the board's folder", "include from the folder itself")
        try:
            text = self._files.text(name)
        except FileFault as fault:
            if fault.code == "SF0501":
                raise jinja2.TemplateNotFound(name, fault.message) from fault
            raise
        if len(text) > MAX_TEMPLATE:
            raise bounded.TooMuch
        self._note_words(text)
        return text

    def _note_words(self, text: str) -> None:
        # Cut at each mark: one pattern for both would look to the end of the text at every mark that has no end.
        for opened in OPENED.split(text)[1:]:
            self.words.update(WORD.findall(CLOSED.split(opened, 1)[0]))

    def _write(self, text: str, shot: Mapping[str, Any]) -> str:
        if len(text) > MAX_TEMPLATE:
            raise bounded.TooMuch
        self._note_words(text)
        plain = naming.written(text, self._scope, shot)
        if plain is not None and len(plain) <= MAX_OUTPUT:
            return plain
        written, pieces = 0, []
        with self._environment:
            self._environment.spend(len(self._names))  # Jinja2 copies the scope for each template
            for piece in self._environment.from_string(text).generate(self._scope, shot=shot):
                written += len(piece)
                if written > MAX_OUTPUT:
                    raise bounded.TooMuch
                pieces.append(piece)
        return "".join(pieces)

    def _undefined(self, error: jinja2.UndefinedError) -> TemplateFault:
        """A name, or a part of something, that is not there."""
        message = str(error.message)
        name = re.fullmatch(r"'([^']*)' is undefined", message)
        part = re.search(r"has no (?:attribute|element) '?([^']*?)'?$", message)
        if name:
            known = [*self._names, *self._environment.globals]
            remedy = did_you_mean(name[1], known) or f"add it to vars; known: {listed(self._names)}"
            if name[1] in NOT_OFFERED:
                remedy = "leave it out: Jinja2's own is not offered here"
            fault = _located(error, f"'{name[1]}' is not defined", remedy, name[1])
        elif part:
            remedy = did_you_mean(part[1], PARTS) or "mend the name, or define it"
            fault = _located(error, f"'{part[1]}' is not defined", remedy, part[1])
        else:
            fault = _located(error, _sentence(message), "mend the expression")
        fault.undefined = True
        return fault


def _located(error: Exception, message: str, remedy: str, word: str = "") -> TemplateFault:
    """The fault at the innermost line of a template in an error's traceback."""
    file, line, trace = None, 1, error.__traceback__
    while trace:
        if "__jinja_exception__" in trace.tb_frame.f_globals:  # the frames that Jinja2 puts in for a template's lines
            file, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
    return TemplateFault(message, remedy, file=None if file == PROMPT else file, line=line, word=word)


def _sentence(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")
