"""Text becomes a Board: the steps in their order, and every problem of the board in one pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from skyflow.board import beside, graph, mentions, rules, schema, secret
from skyflow.board.draft import draft
from skyflow.board.edit import final_edit
from skyflow.board.findings import Enough, Findings
from skyflow.board.model import Board, Delivery
from skyflow.board.prompts import Prompts
from skyflow.board.resolve import Resolver
from skyflow.board.shape import check_size
from skyflow.board.source import Source
from skyflow.board.using import libraries, overlaid
from skyflow.board.written import compose
from skyflow.models import skyreels_v4

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from skyflow.board.draft import Draft
    from skyflow.board.files import Files
    from skyflow.board.prompts import Prompt
    from skyflow.board.source import Path
    from skyflow.board.using import Library
    from skyflow.board.written import WrittenBoard, WrittenShot
    from skyflow.problems import Problem


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading a board.

    Attributes:
        board: None where there is at least one error.
        problems: errors and warnings, in file order.
    """

    board: Board | None
    problems: tuple[Problem, ...]


def read(name: str, shown: str, content: bytes, files: Files, overrides: Mapping[str, Any]) -> Reading:
    """Read a board.

    Args:
        name: of the board: its file's name without the ending.
        shown: what a person calls the file.
        content: its bytes.
        files: what the board's paths lead to.
        overrides: values that win over the board's ``vars``.
    """
    source = Source(shown, content)
    findings = Findings(source)
    findings.take(source.problems)
    if source.data is None:
        return Reading(None, tuple(secret.hidden(findings.sorted(), None)))
    faults = list(schema.check(source))
    noted = {problem.place for problem in source.problems}
    findings.take(problem for _, problem in faults if problem.place not in noted)
    used: list[Library] = []
    board = None
    try:
        if len(faults) < schema.MAX_PROBLEMS:  # else they are not all, and what is built on the rest would be wrong
            used = libraries(source, files, findings)
            board = _board(name, source, [path for path, _ in faults], used, overrides, files, findings)
        else:
            findings.enough(())
    except Enough:
        pass  # it is said
    problems = findings.sorted()
    for said in (source.data, *(library.source.data for library in used)):
        problems = tuple(secret.hidden(problems, said))
    if board is None or findings.errors:
        return Reading(None, problems)
    return Reading(replace(board, warnings=problems), problems)


def _board(  # noqa: PLR0913, PLR0917 - all that a board is made of
    name: str,
    source: Source,
    faulty: list[Path],
    used: list[Library],
    overrides: Mapping[str, Any],
    files: Files,
    findings: Findings,
) -> Board | None:
    """The board that data describes; None where there are no shots, or not every one could be resolved."""
    written = compose(source.data, faulty, overrides, lambda data: overlaid(data, used, findings))
    if written is None:
        return None
    written = replace(written, shots={name: beside.settled(shot) for name, shot in written.shots.items()})
    named = source.data.get("use", [])
    if not isinstance(named, list) or len(used) < len(named):  # what a lost library says is not unknown
        written = replace(written, refused=written.refused | {"vars", "tags"})
    if not written.shots:
        findings.add("SF0206", ("shots",), "there are no shots", "add one; a key that starts with x- is none")
    return _resolve(name, written, source, files, findings)


def _resolve(name: str, written: WrittenBoard, source: Source, files: Files, findings: Findings) -> Board | None:
    """Everything after the schema; None where not every shot could be resolved."""
    prompts, drafts = _drafts(written, source, files, findings)
    web = graph.build(written.shots, {shot: made.edges for shot, made in drafts.items()})
    order = graph.order(web)
    if len(order) < len(web):
        graph.report_cycles(web, findings)
    resolver = Resolver(written, files, findings)
    for shot_id in order:
        with findings.about(written.shots[shot_id]):
            shot = resolver.resolve(drafts[shot_id])
            if shot and not shot.footage:
                rules.check(shot, drafts[shot_id], prompts[shot_id], resolver.shots, findings)
    cut = final_edit(written, resolver.shots, findings)
    if len(resolver.shots) < len(written.shots):
        return None
    shots = {shot_id: resolver.shots[shot_id] for shot_id in written.shots}
    budget = None if written.budget is None else Decimal(str(written.budget))
    return Board(name, written.title or name, written.model, shots, order, cut, graph.kinds(web), budget=budget)


def _drafts(
    written: WrittenBoard, source: Source, files: Files, findings: Findings
) -> tuple[dict[str, Prompt | None], dict[str, Draft]]:
    """Every shot by itself: prompts rendered, mentions resolved, edges known."""
    renderer = Prompts(source, written, files, findings)
    prompts: dict[str, Prompt | None] = {}
    drafts: dict[str, Draft] = {}
    rules.check_ignored(written, findings)
    for shot in written.shots.values():
        with findings.about(shot):
            footage = "footage" in shot.own
            prompts[shot.id] = None if footage else renderer.render(shot)
            drafts[shot.id] = draft(shot, prompts[shot.id], written, files, findings)
            if not footage:
                drafts[shot.id].delivery = _delivery(drafts[shot.id], renderer.address)
    said = [prompt for prompt in prompts.values() if prompt]
    mentioned = {mention.name for prompt in said for mention in mentions.find(prompt.text)}
    renderer.check_vars()
    renderer.check_given()
    generated = sum("footage" not in shot.own for shot in written.shots.values())
    rules.check_tags(written, mentioned, files, findings, whole=len(said) == generated)
    check_size(written.defaults, ("defaults",), findings)
    return prompts, drafts


def _delivery(made: Draft, address: Callable[[WrittenShot, str], str | None]) -> Delivery:
    """How a result is handed over; a container that only the model can give is told of."""
    shot = made.shot
    container: Any = shot.get("format") or "mp4"
    if container != "mp4":
        made.notes.append(f"{container} is what the model is asked for; the animatic draws MP4")
    return Delivery(
        format=container,
        quality=shot.get("quality") or skyreels_v4.QUALITY_DEFAULT,
        safety=shot.get("safety"),
        ttl=shot.get("ttl"),
        webhook=address(shot, "webhook"),
        upload_to=address(shot, "upload_to"),
    )
