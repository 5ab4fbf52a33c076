"""Three ways to watch a run: a live table for a person, lines for a log, events for a program."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from skyflow.commands.words import clock, listed, number
from skyflow.planning.cost import dollars
from skyflow.running import events
from skyflow.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from skyflow.board.model import Board
    from skyflow.terminal import Terminal


@contextmanager
def watching(terminal: Terminal, board: Board, form: str) -> Iterator[events.Watcher]:
    """The watcher that fits: ``form`` json gives events; a terminal gets a live table, anything else lines."""
    if form == "json":
        yield JsonLines(terminal)
    elif terminal.quiet:
        yield events.Unwatched()
    elif not terminal.live:
        yield Lines(terminal)
    else:
        live = LiveTable(terminal, board)
        # rich must leave the streams alone: what goes to stdout is data.
        with (
            terminal.showing() as console,
            Live(
                live,
                console=console,
                refresh_per_second=8,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            ),
        ):
            yield live


class JsonLines:
    """One JSON object a line, on stdout. Of a shot's progress, each tenth."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._tenths: dict[str, int] = {}

    def see(self, event: events.Event, /) -> None:
        if isinstance(event, events.ShotProgress):
            tenth = int(event.done * 10)
            if self._tenths.get(event.shot, 0) == tenth:
                return
            self._tenths[event.shot] = tenth
        self._terminal.json_line(events.as_json(event))


class Lines:
    """One line an event, on stderr; progress within a shot is left out."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def see(self, event: events.Event, /) -> None:
        if line := sentence(event, verbose=self._terminal.verbose):
            self._terminal.say(f"{event.at:7.1f}s  {line}")


def sentence(event: events.Event, *, verbose: bool = False) -> str:  # noqa: C901 - a case for each kind of event
    """An event in words; empty for one that only matters while it lasts, or where nothing happened."""
    match event:
        case events.RunStarted(making=making, backend=backend, jobs=jobs):
            what = f"{number(len(making), 'shot')} to make" if making else "nothing to make"
            return f"{backend}: {what}, {jobs} at once" if len(making) > 1 else f"{backend}: {what}"
        case events.ShotStarted(shot=shot, takes=takes, reason=reason):
            return f"{shot}: making {_takes(takes)} ({reason})"
        case events.ShotDone(shot=shot, how="made", takes=takes, seconds=seconds, cost=cost):
            price = "" if cost is None else f" for {dollars(cost)}"
            return f"{shot}: made {_takes(takes)} in {seconds:.1f} s{price}"
        case events.ShotDone(shot=shot, how=how):
            return f"{shot}: {'unchanged' if how == 'reused' else how}" if verbose else ""
        case events.ShotFailed(shot=shot, message=message, remedy=remedy):
            return f"{shot}: failed: {message}" + (f"; {remedy}" if remedy else "")
        case events.ShotSkipped(shot=shot, because=because):
            return f"{shot}: skipped, because {because} failed"
        case events.ShotLeft(shot=shot, reason=reason):
            return f"{shot}: left as it is: {reason}" if verbose else ""
        case events.CutStarted():
            return "cut: putting it together"
        case events.CutDone(path=path, made=made):
            return f"cut: {path}{'' if made else ' (unchanged)'}" if made or verbose else ""
        case events.CutLeft(reason=reason):
            return f"cut: not made: {reason}"
        case _:
            return ""


def _takes(takes: tuple[int, ...]) -> str:
    return f"take {takes[0]}" if len(takes) == 1 else f"takes {listed([str(take) for take in takes])}"


class LiveTable:
    """What is going on now, a row for each shot that is not through; what is through stands above it for good.

    Args:
        now: seconds by any clock that runs on; tests pass another.
    """

    def __init__(self, terminal: Terminal, board: Board, now: Callable[[], float] = time.monotonic) -> None:
        self._terminal, self._board, self._now = terminal, board, now
        self._began = now()
        self._making: dict[str, None] = {}
        self._running: dict[str, tuple[float, float, tuple[int, ...]]] = {}
        self._through = 0
        self._cut_began = math.nan
        self._words = ""
        self._cost = Decimal(0)

    def see(self, event: events.Event, /) -> None:
        """Take an event in; the next drawing shows it."""
        match event:
            case events.RunStarted(making=making, backend=backend):
                self._making, self._words = dict.fromkeys(making), backend
            case events.ShotStarted(shot=shot, takes=takes):
                self._running[shot] = (self._now(), 0.0, takes)
            case events.ShotProgress(shot=shot, done=done) if shot in self._running:
                began, _, takes = self._running[shot]
                self._running[shot] = (began, done, takes)
            case events.ShotDone(shot=shot) | events.ShotFailed(shot=shot) | events.ShotSkipped(shot=shot):
                self._finish(shot, event)
            case events.ShotLeft(shot=shot):
                self._making.pop(shot, None)
            case events.CutStarted():
                self._cut_began = self._now()
            case events.CutDone() | events.CutLeft():
                self._cut_began = math.nan
            case _:
                pass

    def _finish(self, shot: str, event: events.ShotDone | events.ShotFailed | events.ShotSkipped) -> None:
        self._running.pop(shot, None)
        if isinstance(event, events.ShotDone) and event.cost:
            self._cost += event.cost
        if shot in self._making:
            del self._making[shot]
            self._through += 1
        style = "green" if isinstance(event, events.ShotDone) else "red"
        if line := sentence(event, verbose=self._terminal.verbose):
            name, _, said = line.partition(": ")
            self._terminal.say(Text.assemble((name, style), f": {visible(said)}"))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not self._making and math.isnan(self._cut_began):
            return
        waiting = [shot for shot in self._making if shot not in self._running]
        room = max(1, (options.max_height or console.height) - len(self._running) - 4)
        left_out = len(waiting) - room if len(waiting) > room else 0
        yield self._head()
        yield self._rows(waiting[:room], narrow=console.width < 60)
        if left_out:
            yield Text(f"and {left_out} more waiting", "dim")

    def _head(self) -> Text:
        whole = self._through + len(self._making)
        said = f"{self._words}: {self._through} of {number(whole, 'shot')}, {clock(self._now() - self._began)}"
        said += f", {dollars(self._cost)} so far" if self._cost else ""
        return Text(said, "bold", no_wrap=True, overflow="ellipsis")

    def _rows(self, waiting: list[str], *, narrow: bool) -> Table:
        rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
        rows.add_column(no_wrap=True, overflow="ellipsis")
        rows.add_column(no_wrap=True, justify="right")
        rows.add_column(no_wrap=True, overflow="ellipsis")
        for shot, (began, done, takes) in self._running.items():
            rows.add_row(shot, clock(self._now() - began), self._progress(done, takes, 12 if narrow else 28))
        if not math.isnan(self._cut_began):
            rows.add_row("cut", clock(self._now() - self._cut_began), "putting it together")
        for shot in waiting:
            rows.add_row(Text(shot, "dim"), "", Text(self._reason(shot), "dim"))
        return rows

    @staticmethod
    def _progress(done: float, takes: tuple[int, ...], width: int) -> RenderableType:
        bar = Table.grid(padding=(0, 2, 0, 0))
        words = f"{done:4.0%}" + ("" if len(takes) == 1 else f"  {len(takes)} takes")
        bar.add_row(ProgressBar(total=1.0, completed=done, width=width), words)
        return bar

    def _reason(self, shot: str) -> str:
        waits = [name for name in self._board.shots[shot].depends_on if name in self._making]
        return f"waits for {listed(waits, most=3)}" if waits else "waits for a place"
