"""Before money is spent: what a run would cost, and a person's word for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from skyflow import backends, pipeline
from skyflow.backends.paid import PaidBackend
from skyflow.commands.words import number
from skyflow.errors import Refused
from skyflow.planning.cost import dollars
from skyflow.running.known import LockKnown
from skyflow.running.recovering import carried_of
from skyflow.running.till import due_of, limit_of, see_consent

if TYPE_CHECKING:
    from skyflow.commands.loading import AboutPlan
    from skyflow.pipeline import Loaded
    from skyflow.running.options import Options
    from skyflow.terminal import Terminal


def agreed(terminal: Terminal, loaded: Loaded, options: Options, about: AboutPlan) -> Options:
    """The options of a run that somebody has agreed to pay for; unchanged where nothing is to be paid.

    On a terminal a person is asked, whatever the limit. Without one a limit or ``--yes`` has to stand for them.

    Raises:
        Refused: it would pass its limit, or nobody agreed.
    """
    maker = backends.get(about["backend"], proxy=about["proxy"])
    if not isinstance(maker, PaidBackend) or options.locked:
        return options
    known = LockKnown.of(loaded.project, maker)
    whole = pipeline.plan(loaded, maker, known=known)
    options = options.checked(loaded.board)
    due, limit = due_of(whole, options), limit_of(loaded.board, options)
    carried = carried_of(known, loaded.board.name, maker.name)
    see_consent(due, limit, replace(options, yes=options.yes or terminal.interactive), carried)
    if not due or options.yes or not terminal.interactive:
        return options
    shots = [step for step in whole.steps if step.due and options.selects(step.shot.id)]
    upper = f", and never more than {dollars(limit)}" if limit is not None else ""
    question = f"{maker.name} would make {number(max(1, len(shots)), 'shot')} for {dollars(due)}{upper}. Spend it?"
    if not terminal.ask(question):
        raise Refused("nothing was bought")
    return replace(options, yes=True)
