"""``skyflow run``: make what is missing, then the cut. ``cut`` and ``retake`` end here too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyflow import backends, pipeline
from skyflow.commands import loading
from skyflow.commands.choosing import chosen
from skyflow.commands.plan import plan
from skyflow.commands.spending import agreed
from skyflow.commands.watching import watching
from skyflow.commands.words import length, listed, number, shown
from skyflow.planning.cost import dollars
from skyflow.running.known import LockKnown
from skyflow.running.options import Options
from skyflow.running.outcome import Cut, Interrupted, NotSelected, Reused, Skipped

if TYPE_CHECKING:
    from decimal import Decimal
    from typing import Unpack

    from skyflow.commands.choosing import AboutShots
    from skyflow.commands.loading import AboutPlan
    from skyflow.errors import ExitCode
    from skyflow.pipeline import Loaded
    from skyflow.running.outcome import Bill, NoCut, Result
    from skyflow.store.hold import Held
    from skyflow.terminal import Terminal


def run(
    *,
    terminal: Terminal,
    form: str,
    jobs: int | None,
    fail_fast: bool,
    locked: bool,
    dry_run: bool,
    wait: bool,
    max_cost: Decimal | None,
    yes: bool,
    listen: str | None,
    webhook_url: str | None,
    **about: Unpack[AboutShots],
) -> ExitCode:
    """Run a board."""
    if dry_run:
        return plan(terminal=terminal, form=form, **about)
    with loading.held(terminal, about, "run", wait=wait) as (loaded, held):
        options = Options(
            jobs=jobs,
            select=chosen(loaded, about),
            fail_fast=fail_fast,
            locked=locked,
            max_cost=max_cost,
            yes=yes,
            listen=listen,
            webhook_url=webhook_url,
        )
        return watched(terminal, loaded, held, options, about=about, form=form)


def watched(
    terminal: Terminal, loaded: Loaded, held: Held, options: Options, *, about: AboutPlan, form: str
) -> ExitCode:
    """Run a board while a person, a log or a program watches, and say what came of it."""
    options = agreed(terminal, loaded, options, about)
    with watching(terminal, loaded.board, form) as watcher:
        result = pipeline.run(
            loaded, about["backend"], proxy=about["proxy"], options=options, watcher=watcher, held=held
        )
    if form != "json":
        _tell(terminal, result)
    if result.idle:
        maker = backends.get(about["backend"], proxy=about["proxy"])
        known = LockKnown.of(loaded.project, maker)
        shown = (path for path in result.out.iterdir() if path.is_file())
        terminal.rests_on = loaded.rests_on | pipeline.rests_on(loaded, maker, known) | frozenset(shown)
    return result.exit_code


def _tell(terminal: Terminal, result: Result) -> None:
    """The last lines: what was made, what failed and what to do next, and where the film is."""
    terminal.say(_counts(result))
    for note in dict.fromkeys(note for made in result.made for note in made.notes):
        terminal.say(f"note: {note}", style="yellow")
    for said in result.fetched:
        terminal.say(f"from an earlier run: {said}")
    if result.bill:
        _tell_bill(terminal, result.bill)
    if isinstance(result.cut, Cut):
        _tell_cut(terminal, result.cut)
    else:
        _tell_no_cut(terminal, result.cut)
    for failure in result.failed:
        terminal.error(failure.error)
    alone = [failure.shot for failure in result.failed if failure.error.remedy.startswith("select it too")]
    amiss = [failure.shot for failure in result.failed if failure.shot not in alone]
    if alone:
        terminal.say(f"next: run again with {' '.join(f'--select +{shot}' for shot in alone)}")
    if amiss:
        terminal.say(f"next: mend {listed(amiss)}, then run again; everything that was made is kept")


def _tell_bill(terminal: Terminal, bill: Bill) -> None:
    terminal.say(f"spent {dollars(bill.spent)}, {dollars(bill.estimated)} expected; `skyflow ledger` lists each task")
    if bill.stopped:
        terminal.say(f"nothing more was bought: {bill.stopped}", style="yellow")


def _tell_cut(terminal: Terminal, cut: Cut) -> None:
    path = shown(cut.path)
    if terminal.piped:
        terminal.data(path)
    known = f" ({length(cut.facts.seconds)})" if cut.facts else ""
    terminal.say(f"the cut is at {path}{known}", style="bold")


def _tell_no_cut(terminal: Terminal, cut: NoCut) -> None:
    if cut.error:
        terminal.error(cut.error)
    else:
        terminal.say(f"no cut: {cut.reason}", style="yellow")
    if cut.old:
        terminal.say(f"  {shown(cut.old)} is an earlier cut and does not show this board", style="yellow")


def _counts(result: Result) -> str:
    kinds = {
        "made": len(result.made),
        "unchanged": _many(result, Reused),
        "failed": len(result.failed),
        "skipped": _many(result, Skipped),
        "stopped": _many(result, Interrupted),
        "not selected": _many(result, NotSelected),
    }
    said = ", ".join(f"{many} {kind}" for kind, many in kinds.items() if many)
    if set(kinds) - {"unchanged"} & {kind for kind, many in kinds.items() if many}:
        return f"{said} in {result.seconds:.1f} s"
    return f"nothing to make: {number(kinds['unchanged'], 'shot')} unchanged"


def _many(result: Result, kind: type) -> int:
    return sum(isinstance(outcome, kind) for outcome in result.outcomes)
