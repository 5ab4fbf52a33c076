"""What is to go wrong, and when: rules from a small file, each of which fires the same way every time.

A rule counts the calls that it is about. Where it names some of them (``at``) it fires on these; where it has a
``chance`` that is decided by the seed, the rule, the subject and how often the subject was called about, and so not
by who comes first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from skyflow import digest
from skyflow.errors import UsageError
from skyflow.published import schema
from skyflow.sandbox import dice
from skyflow.sandbox.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from skyflow.sandbox.book import Book

SCHEMA = "sandbox"

ANSWERS = ("submit", "poll", "upload", "details", "account")
REQUESTS = (*ANSWERS, "download")

PLACES: dict[str, tuple[str, ...]] = {
    "status": REQUESTS, "drop": REQUESTS, "hang": REQUESTS, "slow": REQUESTS, "refuse": ANSWERS,
    "fail": ("submit",), "nsfw": ("submit",), "cost": ("submit",), "late": ("submit",), "measures": ("submit",),
    "forget": ("submit", "upload"),
    "empty": ("poll",), "misplace": ("poll",), "single": ("poll",), "shuffle": ("poll",), "extra": ANSWERS,
    "truncate": ("download",), "corrupt": ("download",), "expire": ("download",),
    "twice": ("webhook",), "lost": ("webhook",), "flat": ("webhook",), "envelope": ("webhook",),
}  # fmt: skip
"""Everything that can go wrong, and the kinds of call that it can happen to; the first where none is said."""

SHORT: dict[str, Mapping[str, Any]] = {
    "queue full": {"do": "status", "status": 429, "code": "rateLimitExceeded"},
    "bad key": {"do": "status", "status": 401, "code": "invalidApiKey"},
    "forbidden": {"do": "status", "status": 403, "code": "forbidden"},
    "no credit": {"do": "refuse", "code": "insufficientCredits"},
    "unknown model": {"do": "refuse", "code": "unknownModel"},
    "conflict": {"do": "refuse", "code": "conflictTaskUUID", "when": "after"},
    "timeout": {"do": "hang"},
}
"""Faults that are others with some of their words said already."""


class _Loader(yaml.SafeLoader):
    """YAML with the booleans of 1.2: in 1.1 the key ``on`` is one."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as its parent has it
        letter: [pair for pair in pairs if letter in "tTfF" or not pair[0].endswith(":bool")]
        for letter, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the file.

    Attributes:
        number: from 1.
        how: the rule's other words, such as ``status``.
    """

    number: int
    do: str
    on: str
    at: frozenset[int]
    chance: float | None
    each: bool
    times: int | None
    task: str
    prompt: re.Pattern[str] | None
    how: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that has fired on one call."""

    do: str
    on: str
    how: Mapping[str, Any] = field(default_factory=dict)

    @property
    def after(self) -> bool:
        """Whether it happens once the work is done, and not instead of it."""
        return self.do == "slow" or self.how.get("when", "before") == "after"

    def takes(self, count: int) -> frozenset[int]:
        """Which takes of a task are meant: all where the rule names none."""
        return frozenset(self.how.get("takes") or range(1, count + 1))


@dataclass(frozen=True, slots=True)
class Plan:
    """A file of faults: how the sandbox behaves, and what goes wrong."""

    settings: Settings = field(default_factory=Settings)
    rules: tuple[Rule, ...] = ()
    written: str = ""


def load(source: Mapping[str, Any] | Path | None) -> Plan:
    """Read a file of faults, or a mapping of the same shape.

    Raises:
        UsageError: there is no such file, or it says what nobody understands.
    """
    if source is None:
        return Plan()
    data = dict(source) if isinstance(source, Mapping) else _read(source)
    where = "the faults" if isinstance(source, Mapping) else source.name
    if error := best_match(Draft202012Validator(schema(SCHEMA)).iter_errors(data)):
        raise UsageError(f"{where}: {_place(error.absolute_path)} {error.message}", "docs/sandbox.md has every key")
    rules = tuple(_rule(number, one, where) for number, one in enumerate(data.get("faults", ()), 1))
    return Plan(Settings.of(data), rules, digest.of_bytes(json.dumps(data, sort_keys=True, default=str).encode()))


def _read(path: Path) -> dict[str, Any]:
    try:
        data = yaml.load(path.read_text("utf-8"), _Loader)  # noqa: S506 - a SafeLoader that knows fewer booleans
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        said = " ".join(str(getattr(error, "strerror", None) or error).split())
        raise UsageError(f"{path.name} cannot be read: {said}", "name a YAML file of faults") from error
    if not isinstance(data, dict):
        raise UsageError(f"{path.name} is no mapping", "docs/sandbox.md shows a file of faults")
    return data


def _place(path: Any) -> str:  # noqa: ANN401 - jsonschema's deque
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(steps).removeprefix(".") or "the file"


def _rule(number: int, written: Mapping[str, Any], where: str) -> Rule:
    words = {**SHORT.get(written["do"], {}), **{key: value for key, value in written.items() if key != "do"}}
    do = words.pop("do", written["do"])
    on = words.pop("on", PLACES[do][0])
    if on not in PLACES[do]:
        known = ", ".join(PLACES[do])
        raise UsageError(
            f"{where}: faults[{number - 1}] {written['do']} does not happen to a {on}", f"one of {known}"
        )
    at = words.pop("at", ())
    try:
        prompt = re.compile(words.pop("prompt")) if "prompt" in words else None
    except re.error as error:
        raise UsageError(f"{where}: faults[{number - 1}].prompt is no pattern: {error}") from error
    return Rule(
        number=number,
        do=do,
        on=on,
        at=frozenset(at if isinstance(at, list) else [at]) if at != () else frozenset(),
        chance=words.pop("chance", None),
        each=words.pop("each", False),
        times=words.pop("times", None),
        task=words.pop("task", "").lower(),
        prompt=prompt,
        how=words,
    )


class Faults:
    """The rules at work.

    Args:
        book: remembers what was counted, so that a restart does not begin anew; another plan does.
        clock: for the list of what has fired.
    """

    def __init__(self, plan: Plan, book: Book, clock: Callable[[], float]) -> None:
        self._plan = plan
        self._book = book
        self._clock = clock
        if book.remember("plan", plan.written) not in {None, plan.written}:
            book.forget_counts()

    def of(self, on: str, subject: str, body: Mapping[str, Any] | None = None) -> list[Fault]:
        """What goes wrong with a call; each is on the list once it is given here.

        Args:
            on: the kind of call.
            subject: what it is about: a task's UUID, a clip's, or a medium's.
            body: the task that it belongs to.
        """
        return list(self._of(on, subject, body or {}))

    def _of(self, on: str, subject: str, body: Mapping[str, Any]) -> Iterator[Fault]:
        for rule in self._plan.rules:
            if rule.on != on or not _meant(rule, body):
                continue
            call = self._book.count(f"{rule.number}", subject if rule.each or rule.chance is not None else "")
            if not self._happens(rule, subject, call):
                continue
            if rule.times is not None and self._book.count(f"{rule.number} fired", "") > rule.times:
                continue
            fired = {"at": self._clock(), "rule": rule.number, "do": rule.do, "on": on, "call": call}
            self._book.fire(fired | {"subject": subject})
            yield Fault(rule.do, on, rule.how)

    def _happens(self, rule: Rule, subject: str, call: int) -> bool:
        if rule.at and call not in rule.at:
            return False
        return rule.chance is None or dice.roll(self._plan.settings.seed, rule.number, subject, call) < rule.chance


def _meant(rule: Rule, body: Mapping[str, Any]) -> bool:
    """Whether a rule is about this task."""
    if rule.task and str(body.get("taskUUID", "")).lower() != rule.task:
        return False
    return rule.prompt is None or rule.prompt.search(str(body.get("positivePrompt", ""))) is not None
