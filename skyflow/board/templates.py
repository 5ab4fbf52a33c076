"""Prompts are Jinja2 templates: sandboxed, strict about names, with no way out but the project's own files.

A template cannot run for ever: the lines that it executes are counted, so the bound is the same on every machine.
What it writes is capped while it writes.
"""

from __future__ import annotations

import functools
import re
import sys
from typing import TYPE_CHECKING, Any

import jinja2
import jinja2.sandbox
import jinja2.utils

from skyflow.board.files import FileFault
from skyflow.problems import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import FrameType, TracebackType

    from skyflow.board.files import Files

MAX_OUTPUT = 64 * 1024
MAX_LINES = 50_000
MAX_VALUE = 100_000
"""The longest text or list, and the largest power, that an operator in a template may make."""


class TemplateFault(Exception):
    """A template cannot be rendered.

    Attributes:
        file: the included file that the fault is in; None for the prompt itself.
        line: in that text, from 1.
        word: the name at fault, where one is; it is what the caret belongs under.
    """

    def __init__(
        self, message: str, remedy: str = "", *, file: str | None = None, line: int = 1, word: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.file = file
        self.line = line
        self.word = word


class _TooMuch(Exception):
    """A bound was passed."""


def _bounded(value: object) -> None:
    if isinstance(value, str | list | tuple | dict) and len(value) > MAX_VALUE:
        raise _TooMuch


class _Namespace(jinja2.utils.Namespace):
    """What ``namespace()`` gives: the one thing that outlives a loop's turn, so the one that could grow unseen."""

    def __setitem__(self, name: str, value: object) -> None:
        _bounded(value)
        super().__setitem__(name, value)


class _Environment(jinja2.sandbox.ImmutableSandboxedEnvironment):
    """The sandbox, with operators, calls and filters that cannot be made to fill the memory."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, load: Callable[[str], tuple[str, str, None]]) -> None:
        super().__init__(
            loader=jinja2.FunctionLoader(load), undefined=jinja2.StrictUndefined, keep_trailing_newline=True
        )
        self.globals = {"range": self.globals["range"], "dict": dict, "namespace": _Namespace}
        self.filters = {name: _modest(call) for name, call in self.filters.items()}

    def call_binop(self, context: jinja2.runtime.Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401 - Jinja2's signature
        if operator == "*" and not (isinstance(left, int | float) and isinstance(right, int | float)):
            _small(_size(left) * _size(right))
        if operator == "**":
            _small(abs(left), abs(right) ** 3)
        if operator == "%" and isinstance(left, str):
            _small(*map(int, re.findall(r"[0-9]+", left)))
        return super().call_binop(context, operator, left, right)

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401, N805, PYI063 - Jinja2's signature
        _small(*args, *kwargs.values())
        return super().call(__context, __obj, *args, **kwargs)


def _small(*values: object) -> None:
    """No width, count or length over the bound; a filter such as ``center`` would make it."""
    for value in values:
        if isinstance(value, int | float) and abs(value) > MAX_VALUE:
            raise _TooMuch


def _size(value: object) -> int:
    """How much of it there is: a text's or list's length; a number counts as itself, as a text is repeated by it."""
    if isinstance(value, str | list | tuple):
        return len(value)
    return abs(value) if isinstance(value, int) else 1


def _modest(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def bounded(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any filter
        _small(*args[1:], *kwargs.values())
        return call(*args, **kwargs)

    return bounded


class Templates:
    """Renders the prompts of one board."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._prompts: dict[str, str] = {}
        self._environment = _Environment(self._load)

    def render(self, text: str, scope: Mapping[str, Any]) -> str:
        """A prompt in its final words, mentions and all.

        Raises:
            TemplateFault: it cannot be rendered; says where.
        """
        if not any(mark in text for mark in ("{{", "{%", "{#")):
            return text
        name = f"<prompt {len(self._prompts)}>"
        self._prompts[name] = text
        try:
            return self._write(name, scope)
        except jinja2.TemplateSyntaxError as error:
            fault = TemplateFault(_sentence(error.message or ""), "mend the template", line=error.lineno)
            fault.file = None if error.name in {None, name} else error.name
            raise fault from None
        except jinja2.UndefinedError as error:
            raise self._undefined(error, scope) from None
        except _TooMuch as error:
            raise self._located(
                error.__traceback__, "the template does or writes too much", "let it do less"
            ) from None
        except FileFault as error:
            raise self._located(error.__traceback__, error.message, error.remedy) from None
        except jinja2.TemplateNotFound as error:
            raise self._located(error.__traceback__, f"{error.name} is not there", "mend the path") from None
        except RecursionError:
            raise TemplateFault("the template calls itself without end", "end the recursion") from None
        except Exception as error:  # noqa: BLE001 - a template may raise anything that Python can
            raise self._located(error.__traceback__, _sentence(str(error)), "mend the expression") from None

    def _load(self, name: str) -> tuple[str, str, None]:
        return self._prompts.get(name) or self._files.text(name), name, None

    def _write(self, name: str, scope: Mapping[str, Any]) -> str:
        template = self._environment.get_template(name)
        written, pieces = 0, []
        with _Counted():
            for piece in template.generate(scope):
                written += len(piece)
                if written > MAX_OUTPUT:
                    raise _TooMuch
                pieces.append(piece)
        return "".join(pieces)

    def _undefined(self, error: jinja2.UndefinedError, scope: Mapping[str, Any]) -> TemplateFault:
        message = str(error.message)
        name = re.match(r"'([^']*)' is undefined", message)
        attribute = re.search(r"has no (?:attribute|element) '?([^']*)'?$", message)
        if name:
            remedy = did_you_mean(name[1], scope) or f"add it to vars; known: {', '.join(sorted(scope))}"
            return self._located(error.__traceback__, f"'{name[1]}' is not defined", remedy, name[1])
        word = attribute[1] if attribute else ""
        return self._located(error.__traceback__, f"'{word}' is not defined" if word else message, "", word)

    def _located(self, trace: TracebackType | None, message: str, remedy: str, word: str = "") -> TemplateFault:
        """The fault at the innermost template line of a traceback."""
        file, line = None, 1
        while trace:
            if (
                "__jinja_exception__" in trace.tb_frame.f_globals
            ):  # the frames that Jinja2 puts in for a template's lines
                file, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
            trace = trace.tb_next
        inside = None if file is None or file in self._prompts else file
        return TemplateFault(message, remedy, file=inside, line=line, word=word)


class _Counted:
    """While it is entered, the lines that templates execute are counted, and too many end them."""

    def __enter__(self) -> None:
        self._left = MAX_LINES
        self._before = sys.gettrace()
        sys.settrace(self._call)

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _call(self, frame: FrameType, _event: str, _argument: object) -> Any:  # noqa: ANN401 - a trace function returns itself
        return self._line if "debug_info" in frame.f_globals and "environment" in frame.f_globals else None

    def _line(self, frame: FrameType, event: str, _argument: object) -> Any:  # noqa: ANN401 - as above
        if event == "line":
            self._left -= 1
            if self._left < 0:
                raise _TooMuch
            for value in frame.f_locals.values():
                _bounded(value)
        return self._line


def _sentence(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")
