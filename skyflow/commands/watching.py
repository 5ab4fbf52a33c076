"""Three ways to watch a run: a live table for a person, lines for a log, events for a program."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.text import Text

from skyflow.commands.words import listed, number
from skyflow.run import events
from skyflow.terminal import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from skyflow.board.model import Board
    from skyflow.terminal import Terminal


@contextmanager
def watching(terminal: Terminal, board: Board, form: str) -> Iterator[events.Watcher]:
    """The watcher that fits: ``form`` json gives events; a terminal gets a live table, anything else lines."""
    if form == "json":
        yield JsonLines(terminal)
    elif terminal.quiet:
        yield events.Unwatched()
    elif not terminal.talk.is_terminal:
        yield Lines(terminal)
    else:
        live = LiveTable(board)
        with Live(live, console=terminal.talk, refresh_per_second=8, transient=True):
            yield live
        live.leave(terminal)


class JsonLines:
    """One JSON object a line, on stdout."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def see(self, event: events.Event, /) -> None:
        self._terminal.json_line(events.as_json(event))


class Lines:
    """One line an event, on stderr; progress within a shot is left out."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def see(self, event: events.Event, /) -> None:
        if line := sentence(event):
            self._terminal.say(f"{event.at:7.1f}s  {line}")


def sentence(event: events.Event) -> str:
    """An event in words; empty for one that only matters while it lasts."""
    match event:
        case events.RunStarted(making=making, backend=backend, jobs=jobs):
            what = f"{number(len(making), 'shot')} to make" if making else "nothing to make"
            return f"{backend}: {what}, {jobs} at once" if making else f"{backend}: {what}"
        case events.ShotStarted(shot=shot, takes=takes, reason=reason):
            return f"{shot}: making {_takes(takes)} ({reason})"
        case events.ShotDone(shot=shot, how="made", takes=takes, seconds=seconds):
            return f"{shot}: made {_takes(takes)} in {seconds:.1f} s"
        case events.ShotDone(shot=shot, how=how):
            return f"{shot}: {how}"
        case events.ShotFailed(shot=shot, message=message, remedy=remedy):
            return f"{shot}: failed: {message}" + (f"; {remedy}" if remedy else "")
        case events.ShotSkipped(shot=shot, because=because):
            return f"{shot}: skipped, because {because} failed"
        case events.ShotLeft(shot=shot, reason=reason):
            return f"{shot}: left as it is: {reason}"
        case events.CutDone(path=path, made=made):
            return f"cut: {path}" if made else f"cut: {path} (unchanged)"
        case events.CutLeft(reason=reason):
            return f"cut: not made: {reason}"
        case _:
            return ""


def _takes(takes: tuple[int, ...]) -> str:
    return f"take {takes[0]}" if len(takes) == 1 else f"takes {listed([str(take) for take in takes])}"


class LiveTable:
    """A row for each shot: its state, how long it has been at it, what it waits for."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._rows: dict[str, tuple[RenderableType, str]] = {}
        self._running: dict[str, tuple[float, float]] = {}
        self._done: set[str] = set()
        self._making: tuple[str, ...] = ()
        self._kept: list[str] = []
        self._spinner = Spinner("dots")
        self._cut = ""

    def see(self, event: events.Event, /) -> None:
        """Take an event in; the next drawing shows it."""
        match event:
            case events.RunStarted(making=making):
                self._making = making
            case events.ShotStarted(shot=shot, at=at):
                self._running[shot] = (at, 0.0)
            case events.ShotProgress(shot=shot, done=done) if shot in self._running:
                self._running[shot] = (self._running[shot][0], done)
            case events.ShotDone(shot=shot):
                self._finish(shot, "done", "green", sentence(event) if event.how == "made" else "")
            case events.ShotFailed(shot=shot) | events.ShotSkipped(shot=shot):
                self._finish(
                    shot, "failed" if isinstance(event, events.ShotFailed) else "skipped", "red", sentence(event)
                )
            case events.ShotLeft(shot=shot, reason=reason):
                self._finish(shot, "left", "dim", "")
                self._rows[shot] = (Text("left", "dim"), reason)
            case events.CutStarted():
                self._cut = "putting the cut together"
            case _:
                pass

    def leave(self, terminal: Terminal) -> None:
        """What stays on the screen when the table goes: a line for each shot that was made or failed."""
        for line in self._kept:
            terminal.say(f"  {line}")

    def _finish(self, shot: str, word: str, style: str, line: str) -> None:
        self._running.pop(shot, None)
        self._done.add(shot)
        self._rows[shot] = (Text(word, style), "")
        if line:
            self._kept.append(line)

    def __rich__(self) -> Table:
        rows = table("shot", "", "")
        for shot in self._making:
            state, more = self._row(shot)
            rows.add_row(shot, state, more)
        if self._cut:
            rows.add_row("cut", self._spinner, self._cut)
        return rows

    def _row(self, shot: str) -> tuple[RenderableType, str]:
        if shot in self._running:
            return ProgressBar(total=1.0, completed=self._running[shot][1], width=24), ""
        if shot in self._rows:
            return self._rows[shot]
        waits = [name for name in self._board.shots[shot].depends_on if name not in self._done]
        return Text("waiting", "dim"), f"for {listed(waits)}" if waits else ""
