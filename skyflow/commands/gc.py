"""``skyflow gc``: drop what no lock names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from skyflow.board.source import MAX_BYTES, Source
from skyflow.commands.words import number, size
from skyflow.errors import ExitCode, Refused, UsageError
from skyflow.media import plain
from skyflow.running.journal import SqliteJournal
from skyflow.running.lock import Lock
from skyflow.store import files
from skyflow.store.hold import hold
from skyflow.store.project import Project

if TYPE_CHECKING:
    from skyflow.terminal import Terminal


def gc(*, terminal: Terminal, board: str, yes: bool, dry_run: bool) -> ExitCode:
    """Forget old versions of what can be made again for nothing, then drop every object that no lock names.

    A lock of takes that cost something is never shortened here. The board may be wrong: all that is asked of it is
    the names of its shots, and where it does not say even those, no shot is forgotten.

    Raises:
        UsageError: there is no such board.
        Refused: something would go, nobody said yes, and there is no terminal to ask on.
    """
    project = Project.of(Path(board))
    if not project.board.is_file():
        raise UsageError(f"there is no {board}", "name the board whose folder is to be tidied")
    if not project.state.is_dir():
        terminal.say("nothing to drop: nothing was made here yet")
        return ExitCode.DONE
    with hold(project, "gc") as held:
        locks = [_pruned(path, project) for path in project.locks()]
        kept = frozenset[str]().union(*(lock.objects() for lock in locks), _bought(project))
        going = sorted(sha256 for sha256 in held.objects if sha256 not in kept)
        freed = sum(held.objects.path(sha256).stat().st_size for sha256 in going)
        what = f"{number(len(going), 'object')}, {size(freed)}"
        if dry_run or not going:
            terminal.say(f"{what} would go" if going else "nothing to drop")
            return ExitCode.DONE
        _consent(terminal, what, yes=yes)
        for lock in locks:
            lock.save()
        for sha256 in going:
            held.objects.remove(sha256)
    terminal.say(f"dropped {what}")
    return ExitCode.DONE


def _pruned(path: Path, project: Project) -> Lock:
    """A lock, without what this board has no use for any more where that can be made again for nothing."""
    lock = Lock.load(path, "")
    if path in project.own_repeatable_locks():
        lock.prune(_shots(project.board) or lock.shots())
    return lock


def _bought(project: Project) -> set[str]:
    """What the journal knows to be in the store, or needs to finish what is in flight, whatever the locks say."""
    with SqliteJournal.read(project.journal) as journal:
        records = list(journal.records())
    clips = {take.sha256 for record in records for take in record.kept.values()}
    return clips | {record.task.identity for record in records}


def _shots(board: Path) -> tuple[str, ...]:
    """The names of a board's shots, as far as it can be read at all."""
    with files.disk_errors(board):
        data = Source(board.name, plain.read(board, MAX_BYTES)).data
    shots = data.get("shots") if isinstance(data, dict) else None
    return tuple(map(str, shots)) if isinstance(shots, dict) else ()


def _consent(terminal: Terminal, what: str, *, yes: bool) -> None:
    """Have a person agree before anything goes."""
    if yes:
        return
    if not terminal.interactive:
        raise Refused(f"{what} would go, and there is nobody to ask", "look with --dry-run, then give --yes")
    if not terminal.ask(f"Drop {what}?"):
        raise Refused("nothing was dropped")
