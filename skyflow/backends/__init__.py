"""What makes clips: those that ship, and those that plug in through the entry-point group ``skyflow.backends``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from skyflow.backends.paid import PaidBackend
from skyflow.errors import UsageError
from skyflow.late import late
from skyflow.planning.plan import Maker
from skyflow.problems import did_you_mean

if TYPE_CHECKING:
    from importlib import metadata
    from importlib.metadata import EntryPoint

    from skyflow.backends import animatic as drawing
    from skyflow.backends.base import Backend
    from skyflow.backends.runware import backend as buying
else:
    # Not by the packages' own names: importing them would put them in the place of these.
    drawing, buying = late("skyflow.backends.animatic"), late("skyflow.backends.runware.backend")
    metadata = late("importlib.metadata")

GROUP = "skyflow.backends"
SHIPPED = ("animatic", "runware")


def names() -> tuple[str, ...]:
    """Every backend that ``get`` knows."""
    return tuple(sorted({*SHIPPED, *(point.name for point in metadata.entry_points(group=GROUP))}))


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
        return drawing.Animatic(proxy)
    if backend == "runware":
        return buying.Runware()
    for point in metadata.entry_points(group=GROUP, name=backend):
        return _plugged_in(point)
    raise UsageError(
        f"there is no backend '{backend}'", did_you_mean(backend, names()) or f"known: {', '.join(names())}"
    )


def maker_of(backend: Backend) -> Maker:
    """A backend as the plan sees it."""
    return Maker(backend.name, backend.version, backend.output, paid=isinstance(backend, PaidBackend))


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
