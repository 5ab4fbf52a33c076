"""Jinja2 for boards from anywhere: sandboxed, strict about names, bounded in time and memory, the same every time.

Work is counted and not timed, so the bound is the same on every machine: each line that a template executes, and
the size of what goes into an operator, a filter or a call, before it is carried out. What grows by multiplying, as
``replace`` and ``join`` do, is counted by the product. Whatever a template makes is thus no larger than what is left.
"""

from __future__ import annotations

import functools
import math
import re
import sys
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import jinja2
import jinja2.compiler
import jinja2.sandbox
import jinja2.utils

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

MAX_WORK = 2_000_000
"""For one prompt; a prompt of many words and a loop takes some thousands."""
MAX_BOARD_WORK = 4_000_000
"""For all prompts of a board together, beside their shares: two greedy prompts, and not a thousand."""
SHARE = 5_000
"""What each prompt adds to that."""
LINE = 20
"""The work of a line, which is slower than a character."""
MAX_KEPT = 100_000
"""The largest text or list that a name may hold: cutting it up is not counted."""
MAX_BITS = 4096
"""The largest whole number."""
PLAIN = frozenset({int, float, bool, type(None)})
"""What has no parts."""

MULTIPLY = {"format", "indent", "join", "replace", "tojson", "wordwrap"}
LEFT_OUT = {"pprint", "random", "urlize", "xmlattr"}
"""Filters that a prompt has no use for: its words are the same every time, and no HTML."""


class TooMuch(Exception):
    """A template does or makes too much."""


class NotText(Exception):
    """What should be printed is no text."""


class Environment(jinja2.sandbox.ImmutableSandboxedEnvironment):
    """Templates of one board, which share their work.

    Args:
        load: gives a template's text by its name, or raises.
        prompts: how many there are.
    """

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, load: Callable[[str], str], prompts: int = 0) -> None:
        super().__init__(
            loader=jinja2.FunctionLoader(lambda name: (load(name), name, None)),
            undefined=jinja2.StrictUndefined,
            keep_trailing_newline=True,
            finalize=printed,
        )
        self.code_generator_class = _Generator
        self.globals = {"range": self.globals["range"], "dict": dict, "namespace": _Namespace}
        self.filters = {
            name: self._counted(name, call) for name, call in self.filters.items() if name not in LEFT_OUT
        }
        self._left = self._board_left = MAX_BOARD_WORK + SHARE * prompts

    def __enter__(self) -> None:
        """Begin one prompt: what it does is counted until it is left."""
        self._left = min(MAX_WORK, self._board_left)
        self._allowed = self._left
        self._before = sys.gettrace()
        sys.settrace(self._entered)

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)
        self._board_left -= self._allowed - max(self._left, 0)

    def spend(self, work: float) -> None:
        """Take work off what is left.

        Raises:
            TooMuch: there is not so much left.
        """
        cost = min(int(work), MAX_WORK + 1)
        if cost > self._left:  # and what is not done is not counted
            raise TooMuch
        self._left -= cost

    def joined(self, values: tuple[object, ...]) -> str:
        """What ``~`` makes; the compiled template calls it."""
        self.spend(sum(map(size, values)))
        return "".join(map(str, values))

    def call_binop(self, context: jinja2.runtime.Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401 - Jinja2's signature
        if isinstance(left, int | float) and isinstance(right, int | float):
            _check_number(operator, left, right)
        elif operator == "*":
            self.spend(_argument(left) * _argument(right))
        elif operator == "%":
            self.spend(_argument(left) + _filled(right))
        else:
            self.spend(_argument(left) + _argument(right))
        return super().call_binop(context, operator, left, right)

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401, N805, PYI063 - Jinja2's signature
        receiver = getattr(getattr(__obj, "__wrapped__", __obj), "__self__", None)
        plain = size if isinstance(__obj, type | jinja2.runtime.Macro) else _argument
        measure = _filled if isinstance(receiver, str) else plain
        sizes = [measure(value) for value in (*args, *kwargs.values())]
        if isinstance(receiver, str | Sequence | dict):
            __self.spend(math.prod([_argument(receiver), *sizes]))
        else:
            __self.spend(sum(sizes))
        return super().call(__context, __obj, *args, **kwargs)

    def _counted(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """A filter that spends before it works. Its value is the first argument, or the second beside a context."""
        first = 1 if hasattr(call, "jinja_pass_arg") else 0

        @functools.wraps(call)
        def counted(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any filter
            value, *rest = (_listed(item) for item in args[first:])
            sizes = [
                _argument(value) if name == "format" else size(value),
                *map(_argument, rest),
                *map(_argument, kwargs.values()),
            ]
            work = math.prod(sizes) if name in MULTIPLY else sum(sizes)
            self.spend(sizes[0] ** 2 if name == "sum" and _of_lists(value) else work)
            return call(*args[:first], value, *rest, **kwargs)

        return counted

    def _entered(self, frame: FrameType, _event: str, _argument: object) -> Any:  # noqa: ANN401 - a trace function gives the next
        inside = "debug_info" in frame.f_globals and "environment" in frame.f_globals
        return self._stepped if inside else None

    def _stepped(self, frame: FrameType, event: str, _argument: object) -> Any:  # noqa: ANN401 - as above
        if event == "line":
            self.spend(LINE)
            for value in frame.f_locals.values():
                _check_kept(value)
        return self._stepped


class _Generator(jinja2.compiler.CodeGenerator):
    """Compiles ``~`` to a call that counts; the operators in ``intercepted_binops`` are calls already."""

    def visit_Concat(self, node: jinja2.nodes.Concat, frame: jinja2.compiler.Frame) -> None:  # noqa: N802 - Jinja2's name
        self.write("environment.joined((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")


class _Namespace(jinja2.utils.Namespace):
    """What ``namespace()`` gives: the one thing that outlives a loop's turn, so the one that could grow unseen."""

    def __setitem__(self, name: str, value: object) -> None:
        _check_kept(value)
        super().__setitem__(name, value)


def printed(value: Any) -> Any:  # noqa: ANN401 - whatever stands between the braces
    """What ``{{ … }}`` prints; a null or a thing without words, such as ``map``'s, would only look like text.

    Raises:
        NotText: it is no text, number or data.
    """
    if value is None:
        raise NotText("the value is null, which is no text")
    if not isinstance(value, str | int | float | list | tuple | dict | jinja2.Undefined):
        raise NotText(f"a {type(value).__name__} is no text")
    return value


def size(value: object) -> int:
    """How much of it there is: characters and items, nested ones too, until it is more than any template may use."""
    total, parts = 0, [value]
    while parts and total <= MAX_WORK:
        part = parts.pop()
        total += 1
        if isinstance(part, str):
            total += len(part)
        elif isinstance(part, dict):
            parts += [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple):
            if PLAIN.issuperset(map(type, part)):  # a list of a thousand numbers a thousand times over took seconds
                total += len(part)
            else:
                parts += part
    return total


def _argument(value: object) -> int:
    """The size of an argument: a number may be a width or a count, and text a format that holds such numbers."""
    if isinstance(value, int | float):
        return 1 + int(min(abs(value), MAX_WORK)) if math.isfinite(value) else 1
    if isinstance(value, str):
        return size(value) + sum(min(int(digits[:8]), MAX_WORK) for digits in re.findall(r"[0-9]+", value))
    return size(value)


def _filled(value: object) -> int:
    """The size of what a format is filled with: a number that is a part of it may be a width as well."""
    total, parts = 0, [value]
    while parts and total <= MAX_WORK:
        part = parts.pop()
        if isinstance(part, dict):
            parts += [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple):
            parts += part
        else:
            total += _argument(part)
        total += 1
    return total


def _check_number(operator: str, left: float, right: float) -> None:
    bits = [value.bit_length() if isinstance(value, int) else 64 for value in (left, right)]
    if (bits[0] * abs(right) if operator == "**" else sum(bits)) > MAX_BITS:
        raise TooMuch


def _check_kept(value: object) -> None:
    if isinstance(value, str | list | tuple | dict) and len(value) > MAX_KEPT:
        raise TooMuch


def _listed(value: Any) -> Any:  # noqa: ANN401 - any value
    """What is made while it is used (a range, a filter's output) as a list, so that it has a size."""
    if isinstance(value, str | dict | list | tuple | jinja2.Undefined) or not isinstance(value, Iterable):
        return value
    return list(islice(value, MAX_WORK + 1))


def _of_lists(value: object) -> bool:
    return isinstance(value, list | tuple) and any(isinstance(item, list | tuple | str) for item in value)
