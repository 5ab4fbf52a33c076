"""``skyflow gc``: drop what no lock names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyflow.commands import loading
from skyflow.commands.words import number
from skyflow.errors import ExitCode, Refused
from skyflow.run.lock import Lock
from skyflow.store.hold import hold

if TYPE_CHECKING:
    from skyflow.terminal import Terminal


def gc(
    *,
    terminal: Terminal,
    board: str,
    sets: list[str],
    var_files: list[str],
    strict: bool,
    yes: bool,
    dry_run: bool,
) -> ExitCode:
    """Forget old versions of what can be made again for nothing, then drop every object that no lock names.

    A lock of takes that cost something is never shortened here.

    Raises:
        Refused: something would go, nobody said yes, and there is no terminal to ask on.
    """
    loaded = loading.load(terminal, board, sets, var_files, strict=strict)
    with hold(loaded.project, "gc") as held:
        locks = [Lock.load(path, "") for path in loaded.project.locks()]
        for lock in locks:
            if lock.path in loaded.project.own_repeatable_locks():
                lock.prune(loaded.board.shots)
        kept = frozenset[str]().union(*(lock.objects() for lock in locks))
        going = sorted(sha256 for sha256 in held.objects if sha256 not in kept)
        size = sum(held.objects.path(sha256).stat().st_size for sha256 in going)
        what = f"{number(len(going), 'object')}, {size / 1e6:.1f} MB"
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


def _consent(terminal: Terminal, what: str, *, yes: bool) -> None:
    """Have a person agree before anything goes."""
    if yes:
        return
    if not terminal.interactive:
        raise Refused(f"{what} would go, and there is nobody to ask", "look with --dry-run, then give --yes")
    if not terminal.ask(f"Drop {what}?"):
        raise Refused("nothing was dropped")
