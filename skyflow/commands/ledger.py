"""``skyflow ledger``: every attempt that was bought, and what it cost."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from skyflow.errors import ExitCode, UsageError
from skyflow.planning.cost import dollars
from skyflow.running.journal import SqliteJournal
from skyflow.running.ledger import Entry, Totals, attempts, totals
from skyflow.store.project import Project
from skyflow.terminal import cells, table, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skyflow.terminal import Terminal

WIDE = 140
"""Columns from which on a task's whole UUID is shown; before, its start, by which the other forms find it."""

STYLES = {"not sent": "dim", "in flight": "yellow", "kept": "green", "failed": "red"}
FORMULAS = tuple("=+-@\t\r\n＝＋－＠")
"""What a spreadsheet takes for the start of a formula."""


def ledger(*, terminal: Terminal, board: str, form: str, everywhere: bool) -> ExitCode:
    """Print every attempt, the oldest first. The board may have problems: only its name is asked for.

    Raises:
        UsageError: there is no such board.
        Refused, StoreError: the journal is of a newer skyflow, damaged, or cannot be read.
    """
    project = Project.of(Path(board))
    if not project.board.is_file() and not everywhere:
        raise UsageError(f"there is no {board}", "name a board, or list all that were in its folder with --all")
    entries = attempts(SqliteJournal.read(project.journal).records(), None if everywhere else project.name)
    if form == "json":
        name = None if everywhere else project.name
        terminal.json({"board": name, "entries": [_json(one) for one in entries], "totals": _sums(totals(entries))})
    elif form == "csv":
        terminal.data(_csv(entries))
    elif entries:
        _show(terminal, entries, everywhere=everywhere)
    else:
        terminal.say("nothing was bought yet")
    return ExitCode.DONE


def _show(terminal: Terminal, entries: Sequence[Entry], *, everywhere: bool) -> None:
    wide = terminal.out.width >= WIDE
    rows = table(
        "when", *(["board"] if everywhere else []), "shot", "takes", "try>", "state", "", "cost>", "task", "said"
    )
    for entry in entries:
        task = entry.task
        row = cells(
            f"{datetime.fromtimestamp(entry.began, UTC).astimezone():%Y-%m-%d %H:%M}",
            *([task.board] if everywhere else []),
            task.shot,
            ", ".join(map(str, task.takes)),
            str(task.attempt),
            entry.state,
            "" if entry.state == "not sent" else entry.billed,
            _price(entry),
            task.uuid if wide else task.uuid[:8],
            entry.said,
        )
        rows.add_row(*row, style=STYLES[entry.state])
    terminal.show(rows)
    sums = totals(entries)
    parts = [f"{dollars(sums.billed)} billed"]
    parts += [f"up to {dollars(sums.in_flight)} in flight"] if sums.in_flight else []
    parts += [f"up to {dollars(sums.unknown)} of which nobody knows"] if sums.unknown else []
    terminal.show(Text(", ".join(parts)))


def _price(entry: Entry) -> str:
    """What it cost; an estimate is marked as one, and what cost nothing has none."""
    if entry.billed == "unbilled":
        return ""
    return dollars(entry.amount) if entry.cost is not None else f"~{dollars(entry.amount)}"


def _json(entry: Entry) -> dict[str, Any]:
    task = entry.task
    return {
        "when": _when(entry),
        "board": task.board,
        "shot": task.shot,
        "key": task.key,
        "takes": list(task.takes),
        "kept": list(entry.kept),
        "attempt": task.attempt,
        "task_uuid": task.uuid,
        "backend": task.backend,
        "model": task.model,
        "state": entry.state,
        "billed": entry.billed,
        "estimate": float(task.estimate),
        "cost": None if entry.cost is None else float(entry.cost),
        "said": entry.said,
    }


def _sums(sums: Totals) -> dict[str, float]:
    return {"billed": float(sums.billed), "in_flight": float(sums.in_flight), "unknown": float(sums.unknown)}


def _csv(entries: Sequence[Entry]) -> str:
    """A line for each attempt; amounts are to the digit, and no text is a formula."""
    rows = [_json(entry) for entry in entries]
    heads = ("when", "board", "shot", "takes", "kept", "attempt", "task_uuid", "backend", "model")
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow((*heads, "state", "billed", "estimate_usd", "cost_usd", "said"))
    for entry, row in zip(entries, rows, strict=True):
        cost = "" if entry.cost is None else f"{entry.cost:f}"
        texts = [_cell(row[head]) for head in heads]
        lines.writerow((*texts, entry.state, entry.billed, f"{entry.task.estimate:f}", cost, _cell(entry.said)))
    return written.getvalue()


def _cell(value: object) -> str:
    text = visible(" ".join(map(str, value)) if isinstance(value, list) else str(value))
    return f"'{text}" if text.startswith(FORMULAS) else text


def _when(entry: Entry) -> str:
    return datetime.fromtimestamp(entry.began, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
