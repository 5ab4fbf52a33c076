"""What makes clips: those that ship, and those that plug in through the entry-point group ``skyflow.backends``."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from skyflow.backends.animatic import Animatic
from skyflow.backends.runware.backend import Runware
from skyflow.errors import UsageError
from skyflow.problems import did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from skyflow.backends.base import Backend

GROUP = "skyflow.backends"
SHIPPED = ("animatic", "runware")


def names() -> tuple[str, ...]:
    """Every backend that ``get`` knows."""
    return tuple(sorted({*SHIPPED, *(point.name for point in entry_points(group=GROUP))}))


def get(backend: str | Backend, *, proxy: str | None = None) -> Backend:
    """A backend by its name, or the one that is given.

    Args:
        proxy: for the animatic: the resolution of a fast look.

    Raises:
        UsageError: no backend has this name, or it draws no proxies.
    """
    if proxy is not None and backend != "animatic":
        raise UsageError("only the animatic draws proxies", "leave --proxy out")
    if not isinstance(backend, str):
        return backend
    if backend == "animatic":
        return Animatic(proxy)
    if backend == "runware":
        return Runware()
    for point in entry_points(group=GROUP, name=backend):
        return _plugged_in(point)
    raise UsageError(
        f"there is no backend '{backend}'", did_you_mean(backend, names()) or f"known: {', '.join(names())}"
    )


def rests_on(maker: Backend) -> frozenset[Path]:
    """The file that a backend itself comes from: another version of it may decide otherwise."""
    file = getattr(sys.modules.get(type(maker).__module__), "__file__", None)
    return frozenset({Path(file)}) if file else frozenset()


def _plugged_in(point: EntryPoint) -> Backend:
    try:
        made: Backend = point.load()()
    except Exception as error:
        what = f"the backend '{point.name}' cannot be loaded: {type(error).__name__}: {error}"
        raise UsageError(what, f"mend or reinstall {point.value.partition(':')[0]}") from error
    return made
