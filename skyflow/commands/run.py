"""``skyflow run``: make what is missing, then the cut. ``cut`` and ``retake`` end here too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyflow import pipeline
from skyflow.commands import loading
from skyflow.commands.plan import plan as plan_verb
from skyflow.commands.watching import watching
from skyflow.commands.words import length, listed, number
from skyflow.plan.select import select as selected
from skyflow.run.options import Options
from skyflow.run.outcome import Cut, Made, NotSelected, Reused, Skipped

if TYPE_CHECKING:
    from skyflow.errors import ExitCode
    from skyflow.pipeline import Loaded
    from skyflow.run.outcome import NoCut, Result
    from skyflow.terminal import Terminal


def run(
    *,
    terminal: Terminal,
    board: str,
    sets: list[str],
    var_files: list[str],
    strict: bool,
    backend: str,
    proxy: str | None,
    select: list[str],
    form: str,
    jobs: int | None,
    fail_fast: bool,
    locked: bool,
    dry_run: bool,
    wait: bool,
) -> ExitCode:
    """Run a board."""
    if dry_run:
        return plan_verb(
            terminal=terminal,
            board=board,
            sets=sets,
            var_files=var_files,
            strict=strict,
            backend=backend,
            proxy=proxy,
            select=select,
            form=form,
        )
    loaded = loading.load(terminal, board, sets, var_files, strict=strict)
    options = Options(jobs=jobs, select=selected(loaded.board, select), fail_fast=fail_fast, locked=locked)
    return watched(terminal, loaded, options, backend=backend, proxy=proxy, form=form, wait=wait)


def watched(
    terminal: Terminal,
    loaded: Loaded,
    options: Options,
    *,
    backend: str,
    proxy: str | None,
    form: str,
    wait: bool = False,
) -> ExitCode:
    """Run a board while a person, a log or a program watches, and say what came of it."""
    with watching(terminal, loaded.board, form) as watcher:
        result = pipeline.run(
            loaded,
            backend,
            proxy=proxy,
            options=options,
            watcher=watcher,
            waiting=terminal.say if wait else None,
        )
    if form != "json":
        _tell(terminal, loaded, result)
    return result.exit_code


def _tell(terminal: Terminal, loaded: Loaded, result: Result) -> None:
    """The last lines: what was made, what failed and what to do next, and where the film is."""
    terminal.say(_counts(result))
    for note in dict.fromkeys(note for made in result.made for note in made.notes):
        terminal.say(f"note: {note}", style="yellow")
    for failure in result.failed:
        terminal.error(failure.error)
    if result.failed:
        names = [failure.shot for failure in result.failed]
        terminal.say(f"  next: mend {listed(names)} and run again; everything else is kept")
    if isinstance(result.cut, Cut):
        seconds = sum(float(loaded.board.shots[shot].output.seconds) for shot in loaded.board.cut)
        known = f" ({length(seconds)})" if result.cut.facts is None else f" ({length(result.cut.facts.seconds)})"
        terminal.data(loading.shown(result.cut.path))
        terminal.say(f"the cut is at {loading.shown(result.cut.path)}{known}", style="bold")
    else:
        _tell_no_cut(terminal, result.cut)


def _tell_no_cut(terminal: Terminal, cut: NoCut) -> None:
    if cut.error:
        terminal.error(cut.error)
    else:
        terminal.say(f"no cut: {cut.reason}", style="yellow")
    if cut.old:
        terminal.say(f"  {loading.shown(cut.old)} is an earlier cut and does not show this board", style="yellow")


def _counts(result: Result) -> str:
    kinds = {
        "made": sum(isinstance(outcome, Made) for outcome in result.outcomes),
        "unchanged": sum(isinstance(outcome, Reused) for outcome in result.outcomes),
        "failed": len(result.failed),
        "skipped": sum(isinstance(outcome, Skipped) for outcome in result.outcomes),
        "left": sum(isinstance(outcome, NotSelected) for outcome in result.outcomes),
    }
    if not kinds["made"] and not kinds["failed"]:
        return f"nothing to make: {number(kinds['unchanged'], 'shot')} unchanged"
    said = ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count)
    return f"{said} in {result.seconds:.1f} s"
