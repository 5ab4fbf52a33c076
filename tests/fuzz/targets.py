"""What is fuzzed: bytes to a board and its plan, and bytes to a template's words. Anything but words is a finding."""

from __future__ import annotations

from skyflow.board.source import Source
from skyflow.board.templates import TemplateFault, Templates
from skyflow.planning.conform import faults
from skyflow.planning.plan import plan
from tests.paper import ANIMATIC, PaperFiles, PaperKnown, reading

LIMIT = 20_000
"""Bytes of a case: what is only long has its own tests."""


class Finding(Exception):
    """The code broke a promise; what was read is the case."""


def board(content: bytes) -> None:
    """Any bytes are a board that plans into requests that the model takes, or problems that say where and what."""
    found = reading(content[:LIMIT])
    for problem in found.problems:
        place = problem.place
        if not problem.message or (not 1 <= place.column <= len(place.text) + 1 and place.text):
            raise Finding(f"a problem without words or place: {problem}")
    if found.board is None:
        if all(problem.severity == "warning" for problem in found.problems):
            raise Finding("no board, and no word why")
        return
    steps = plan(found.board, ANIMATIC, PaperKnown()).steps
    if refused := [fault for step in steps if step.request for fault in faults(step.request)]:
        raise Finding(f"what validates is not a request: {refused}")


def template(content: bytes) -> None:
    """Any text is a template's words or a fault; up to a line of three dots it is the vars, as YAML."""
    text = content[:LIMIT].decode("utf-8", "replace")
    head, dots, body = text.partition("\n...\n")
    scope = Source("vars", head.encode("utf-8", "replace")).data if dots else None
    shot = {"id": "a", "index": 0, "duration": 5, "resolution": "1080p"}
    files = PaperFiles(texts={"me.j2": "{% include 'me.j2' %}", "look.j2": "35mm"})
    try:
        words = Templates(files, scope if isinstance(scope, dict) else {}).render(body if dots else text, shot)
    except TemplateFault as fault:
        if not fault.message or fault.line < 1 or " at 0x" in fault.message:
            raise Finding(f"a fault that says nothing: {fault.message!r}, line {fault.line}") from fault
        return
    if " object at 0x" in words and "object at 0x" not in text:
        raise Finding("a thing of Python is printed")


TARGETS = {"board": board, "template": template}
