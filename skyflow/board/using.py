"""``use``: files whose vars, tags and defaults a board takes over.

A later library wins over an earlier one and the board over all. Paths in a library are relative to it; here they
become relative to the board, so that nobody later has to ask where a tag comes from.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skyflow.board import schema
from skyflow.board.files import FileFault
from skyflow.board.source import Source
from skyflow.board.written import sound_part
from skyflow.problems import Problem, Related

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from skyflow.board.files import Files
    from skyflow.board.findings import Findings

SECTIONS = ("vars", "tags", "defaults")
NO_PATH = re.compile(r"/|[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True, slots=True)
class Library:
    """One library.

    Attributes:
        data: its vars, tags and defaults, without what the schema refused; paths relative to the board.
    """

    source: Source
    data: Mapping[str, Mapping[str, Any]]


def libraries(board: Source, files: Files, findings: Findings) -> list[Library]:
    """The libraries that a board uses, in order; what is wrong with one is noted at its place in that file."""
    named = board.data.get("use") if isinstance(board.data, dict) else None
    found = []
    for number, path in enumerate(named if isinstance(named, list) else ()):
        if not isinstance(path, str) or not path:
            continue  # the board's own schema says so
        try:
            source = Source(board.beside(path), files.text(path).encode())
        except FileFault as fault:
            findings.add(fault.code, ("use", number), fault.message, fault.remedy)
            continue
        held = dict(_sections(source, posixpath.dirname(path), findings))
        if source.data is not None:
            found.append(Library(source, held))
    return found


def _sections(source: Source, folder: str, findings: Findings) -> Iterator[tuple[str, Mapping[str, Any]]]:
    nothing = source.data is None and all(problem.code == "SF0104" for problem in source.problems)
    findings.take([_blank(source)] if nothing else source.problems)
    if source.data is None:
        return
    faults = list(schema.check(source, SECTIONS))
    noted = {problem.place for problem in source.problems}
    findings.take(problem for _, problem in faults if problem.place not in noted)
    sound = sound_part(source.data, (path for path, _ in faults))
    for section in SECTIONS if isinstance(sound, dict) else ():
        held: Mapping[str, Any] = sound.get(section) or {}
        if section == "defaults":
            findings.take(_size_twice(source, held))
        yield section, {name: _tag(tag, folder) for name, tag in held.items()} if section == "tags" else held


def overlaid(board: Mapping[str, Any], used: list[Library], findings: Findings) -> dict[str, Any]:
    """The board's data with what it takes over. What two libraries say and the board does not is a warning."""
    findings.waive(board.get("ignore", ()))
    whole = dict(board)
    for section in SECTIONS:
        own: Mapping[str, Any] = board.get(section) or {}
        merged: dict[str, Any] = {}
        said: dict[str, Source] = {}
        for library in used:
            for name, value in library.data.get(section, {}).items():
                path = (section, name)
                if name in said and name not in own and said[name].name != library.source.name:
                    message = f"'{name}' stands in {said[name].name} too; this one, used later, wins"
                    where = library.source.place(path, key=True)
                    findings.add(
                        "SF0808", path, message, "rename one, or say in the board which is meant", place=where
                    )
                _make_way(merged, section, {name})
                merged[name], said[name] = value, library.source
        _make_way(merged, section, own.keys())
        findings.belong({(section, name): source for name, source in said.items() if name not in own})
        if merged or own:
            whole[section] = {**merged, **own}
    return whole


def _size_twice(source: Source, defaults: Mapping[str, Any]) -> Iterator[Problem]:
    """The problem of a library whose defaults say twice how large the picture is."""
    clash = sorted(defaults.keys() & {"resolution", "aspect"})
    if "size" in defaults and clash:
        related = tuple(Related(source.place(("defaults", key)), f"'{key}' stands here") for key in clash)
        remedy = f"remove size, or {' and '.join(clash)}"
        where = source.place(("defaults", "size"))
        yield Problem("SF0602", where, "defaults.size", "size says resolution and aspect already", remedy, related)


def _blank(source: Source) -> Problem:
    """The problem of a library that says nothing."""
    return Problem(
        "SF0104", source.text.place(0, 0), "", "the library says nothing", "write `vars:`, `tags:` or `defaults:`"
    )


def _make_way(merged: dict[str, Any], section: str, names: Collection[str]) -> None:
    """One default size takes the place of a resolution and an aspect, and the other way round."""
    if section == "defaults" and "size" in names:
        merged.pop("resolution", None)
        merged.pop("aspect", None)
    elif section == "defaults" and {"resolution", "aspect"} & set(names):
        merged.pop("size", None)


def _tag(tag: Mapping[str, Any], folder: str) -> Mapping[str, Any]:
    """A tag with its paths relative to the board."""

    def moved(path: Any) -> Any:  # noqa: ANN401 - a path, a frame of a shot, or None for what was refused
        inside = isinstance(path, str) and not NO_PATH.match(path)
        return posixpath.normpath(posixpath.join(folder, path)) if inside else path

    files = {key: moved(tag[key]) for key in ("grid", "video", "voice") if key in tag}
    return {**tag, **files, **({"images": [moved(image) for image in tag["images"]]} if "images" in tag else {})}
