"""The shape of a board: what JSON Schema finds, said in the board's own words."""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import jsonschema_rs

from skyflow.board.address import without_secrets
from skyflow.board.source import dotted
from skyflow.late import late
from skyflow.problems import Problem, did_you_mean, listed
from skyflow.published import schema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    import jsonschema
    from jsonschema.exceptions import ValidationError

    from skyflow.board.source import Path, Source
else:
    jsonschema = late("jsonschema")

MAX_PROBLEMS = 1000
"""After so many the rest of the data is not compared: nobody mends more at once."""

KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
}

NOT_IN_THIS_MODEL = {
    "seed": "the model takes no seed; the lock records the seed that each take came with",
    "negative_prompt": "the model takes no negative prompt",
    "fps": "every clip is taken to have 32 frames a second: the model takes no rate",
    "steps": "the model takes no number of steps",
}
"""Keys that people bring from other models, and why they are not here."""


PLAIN = re.compile(r"[A-Za-z0-9./](?:[^:#,\"'{}\[\]\n]|:(?=\S))*")
"""Text that stands for itself in YAML, inside brackets too."""


class Fault(NamedTuple):
    """One thing that JSON Schema finds, without its library's types.

    Attributes:
        path: of the value that is at fault; of its mapping where a key's name is.
        rule: the keyword that failed, and ``wanted`` its value.
        found: what stands there; the key where its name is at fault.
        part: the schema that it stands in.
        key: whether a key's name is at fault, not a value.
        example: what the schema gives as one.
    """

    path: Path
    rule: str
    wanted: Any
    found: Any
    part: dict[str, Any]
    key: bool
    example: Any


def check(source: Source, sections: Collection[str] = ()) -> Iterator[tuple[Path, Problem]]:
    """Every place where the data is not of the published schema, with the path to what is at fault.

    Args:
        sections: the only keys at the top that a library may have, beside the version; none for a board.
    """
    rules = dict(schema("storyboard"))
    if sections:
        known = rules["properties"]
        rules |= {"required": [], "properties": {key: known[key] for key in ("skyflow", *sections)}}
    if _accepted(source.data, rules):
        return
    errors = islice(jsonschema.Draft202012Validator(rules).iter_errors(source.data), MAX_PROBLEMS)
    faults = [_fault(meant) for error in errors for meant in _meant(error)]
    wrong_kind = {fault.path for fault in faults if fault.rule == "type"}
    astray = _astray(source.data, wrong_kind)
    for fault in faults:
        if fault.path in astray:
            yield fault.path, _beside(source, *astray[fault.path])
            continue
        # What is of the wrong kind is not among the values allowed either; once is enough.
        if fault.rule == "type" or fault.path not in wrong_kind or fault.key:
            yield from _explain(source, fault)


def _beside(source: Source, shot: str, key: str) -> Problem:
    """The problem of a key that stands beside its shot."""
    path = ("shots", key)
    message = f"'{key}' stands beside the shot '{shot}', not in it"
    return Problem("SF0203", source.place(path, key=True), dotted(path), message, f"indent '{key}' under '{shot}'")


def _astray(data: Any, wrong_kind: Collection[Path]) -> dict[Path, tuple[str, str]]:  # noqa: ANN401 - any YAML
    """The keys of a shot that stand beside it, and the empty shot itself: each with the shot's name and the key's."""
    shots = data.get("shots") if isinstance(data, dict) else None
    keys = schema("storyboard")["$defs"]["shot"]["properties"]
    found: dict[Path, tuple[str, str]] = {}
    above = ""
    for name, value in shots.items() if isinstance(shots, dict) else ():
        if value is None and name not in keys:
            above = str(name)
        elif above and name in keys and ("shots", name) in wrong_kind:
            found.setdefault(("shots", above), (above, name))
            found["shots", name] = (above, name)
        else:
            above = ""
    return found


def _accepted(data: Any, rules: dict[str, Any]) -> bool:  # noqa: ANN401 - any YAML
    """Whether the data is of the schema, in a fiftieth of the time that it takes to say where it is not."""
    try:
        return jsonschema_rs.Draft202012Validator(rules).is_valid(data)
    except ValueError:  # a value that JSON has no form for: it is explained, if it is a fault
        return False


def _meant(error: ValidationError) -> list[ValidationError]:
    """The errors of the alternative that the author had in mind, in place of a list of all that failed."""
    if error.validator != "anyOf":
        return [error]
    branches: dict[int, list[ValidationError]] = {}
    for inner in error.context or []:
        branches.setdefault(int(inner.relative_schema_path[0]), []).append(inner)
    here = len(error.absolute_path)
    fitting = [
        errors
        for errors in branches.values()
        if not any(inner.validator == "type" and len(inner.absolute_path) == here for inner in errors)
    ]
    if not fitting:
        return [error]
    best = min(fitting, key=lambda errors: (len(errors), -sum(map(_nearly_known, errors))))
    return [meant for inner in best for meant in _meant(inner)]


def _nearly_known(error: ValidationError) -> int:
    """How many keys that an alternative does not know are nearly ones that it does."""
    if error.validator != "additionalProperties" or not isinstance(error.schema, dict):
        return 0
    known, keys = error.schema["properties"], cast("Mapping[str, Any]", error.instance)
    return sum(key not in known and bool(did_you_mean(key, known)) for key in keys)


def _fault(error: ValidationError) -> Fault:
    part = error.schema if isinstance(error.schema, dict) else {}
    key = "propertyNames" in error.absolute_schema_path
    path = tuple(error.absolute_path)
    return Fault(path, str(error.validator), error.validator_value, error.instance, part, key, _example(error))


def _example(error: ValidationError) -> Any:  # noqa: ANN401 - any YAML
    """The example of the schema that failed, or of the choice that it is part of; None without one."""
    here = len(error.absolute_path)
    at: Any = error
    while at is not None and len(at.absolute_path) == here:
        if isinstance(at.schema, dict) and at.schema.get("examples"):
            return at.schema["examples"][0]
        at = at.parent
    return None


def _explain(source: Source, fault: Fault) -> Iterator[tuple[Path, Problem]]:
    path = fault.path
    if fault.key:
        yield (*path, str(fault.found)), _bad_name(source, fault)
    elif fault.rule == "additionalProperties":
        yield from _unknown_keys(source, fault)
    elif fault.rule == "required":
        for missing in (key for key in fault.wanted if not (key in fault.found or _misspelt(key, fault))):
            remedy = _add(missing, fault.part["properties"][missing])
            yield path, Problem("SF0202", source.place(path), dotted(path), f"'{missing}' is missing", remedy)
    else:
        code, message = _value(fault)
        yield path, Problem(code, source.place(path), dotted(path), message, _remedy(fault))


def _misspelt(missing: str, fault: Fault) -> bool:
    """Whether a key that is missing seems to be there under a name that is nearly its own."""
    known = fault.part["properties"]
    return any(f"'{missing}'" in did_you_mean(key, known) for key in fault.found if key not in known)


def _unknown_keys(source: Source, fault: Fault) -> Iterator[tuple[Path, Problem]]:
    known = fault.part.get("properties", {})
    unknown = (key for key in fault.found if not (key in known or key.startswith("x-")))
    for key in islice(unknown, MAX_PROBLEMS):
        path = (*fault.path, key)
        where = source.place(path, key=True)
        if key in NOT_IN_THIS_MODEL:
            yield path, Problem("SF0208", where, dotted(path), NOT_IN_THIS_MODEL[key], f"remove '{key}'")
            continue
        message, remedy = _unknown(key, fault.path, known)
        yield path, Problem("SF0201", where, dotted(path), message, remedy)


def _unknown(key: str, above: Path, known: Collection[str]) -> tuple[str, str]:
    """Message and remedy for a key that has no place where it stands."""
    if above == ("defaults",) and key in schema("storyboard")["$defs"]["shot"]["properties"]:
        return f"'{key}' is each shot's own, and no default", "write it on the shots"
    if key != key.strip():
        return f"the key {json.dumps(key)} holds a blank that is no plain space", "use plain spaces"
    return f"unknown key '{key}'", did_you_mean(key, known) or f"known here: {listed(known)}"


def _bad_name(source: Source, fault: Fault) -> Problem:
    path = (*fault.path, str(fault.found))
    rule: str = fault.part["description"]
    message = f"{_shown(fault.found)} is no name: {rule[0].lower()}{rule[1:].rstrip('.')}"
    return Problem("SF0207", source.place(path, key=True), dotted(path), message, "rename it")


def _value(fault: Fault) -> tuple[str, str]:
    """Code and message for a value that is not what the key takes."""
    found, wanted = fault.found, fault.wanted
    match fault.rule:
        case "anyOf":
            titles = [branch["title"] for branch in wanted if "title" in branch]
            return "SF0203", f"needs {' or '.join(titles)}, has {_shown(found)}"
        case "enum":
            return "SF0204", f"{_shown(found)} is not one of {', '.join(map(str, wanted))}"
        case "const":
            return "SF0204", f"must be {wanted}, is {_shown(found)}"
        case "minimum" | "maximum" | "exclusiveMinimum":
            return "SF0205", f"{_shown(found)} is out of range: {_range(fault.part)}"
        case "pattern" if "title" in fault.part and found.strip():
            return "SF0203", f"needs {fault.part['title']}, has {_shown(found)}"
        case "maxLength":
            return "SF0205", f"has {len(found):,} characters, {wanted:,} is the most"
        case "minItems" | "minProperties" | "minLength" | "pattern":
            return "SF0206", "must not be empty"
        case _:
            return "SF0203", f"needs {_kind_of(wanted)}, has {_shown(found)}"


def refusal(part: dict[str, Any], value: Any) -> tuple[str, str]:  # noqa: ANN401 - any YAML
    """Code and message for a value that a schema refuses."""
    error = next(iter(jsonschema.Draft202012Validator(part).iter_errors(value)))
    return _value(_fault(error))


def _range(part: dict[str, Any]) -> str:
    if "exclusiveMinimum" in part:
        return f"more than {part['exclusiveMinimum']}"
    low, high = part.get("minimum"), part.get("maximum")
    return f"{low} to {high}" if high is not None else f"{low} or more"


def _kind_of(wanted: Any) -> str:  # noqa: ANN401 - a schema's own value
    names = wanted if isinstance(wanted, list) else [wanted]
    return " or ".join(KINDS[name] for name in names if name != "null")  # an empty key is taken, not asked for


def _shown(found: Any) -> str:  # noqa: ANN401 - any YAML may stand there
    """A value as a person would call it, short."""
    if found is None:
        return "nothing"
    if isinstance(found, dict):
        return "a mapping"
    if isinstance(found, list):
        return "a list"
    text = json.dumps(without_secrets(found) if isinstance(found, str) else found, ensure_ascii=False)
    return text if len(text) <= 40 else text[:39] + "…"


def _add(key: str, part: dict[str, Any]) -> str:
    example = part.get("examples", [None])[0]
    if isinstance(example, str | int | float):
        return f"add `{key}: {example}`"
    return f"add `{key}:`"


def _remedy(fault: Fault) -> str:
    """The schema's own example, so that a message teaches what hover text teaches."""
    allowed = fault.part.get("enum", [fault.part["const"]] if "const" in fault.part else [])
    if meant := did_you_mean(str(fault.found), map(str, allowed)):
        return meant
    key = next((step for step in reversed(fault.path) if isinstance(step, str)), "")
    if not key:
        return "write keys and values, beginning with `skyflow: 1`"
    if fault.example is None:
        return ""
    inside = isinstance(fault.path[-1], int)
    return f"for example `{key}: {_flow([fault.example] if inside else fault.example)}`"


def _flow(value: Any) -> str:  # noqa: ANN401 - any YAML may stand there
    """A value in YAML's flow style, plain where it can be."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    plain = isinstance(value, str) and PLAIN.fullmatch(value)
    return value if plain else json.dumps(value, ensure_ascii=False)
