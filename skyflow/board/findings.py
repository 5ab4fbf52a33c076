"""What has been found wrong with a board so far."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from skyflow.board.source import dotted
from skyflow.problems import WAIVABLE, Place, Problem, Related

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from skyflow.board.source import Path, Source
    from skyflow.board.written import WrittenShot


MAX_ERRORS = 1000
"""After so many the rest of the board is not looked at: nobody mends more at once."""


class Enough(Exception):
    """There are so many errors that no more are looked for; the last of them says so."""


class Findings:
    """Problems as the steps find them, placed by the path in the board."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._problems: dict[Problem, None] = {}
        self._waived: frozenset[str] = frozenset()
        self._owners: dict[Path, Source] = {}
        self._counted = 0

    def add(  # noqa: PLR0913 - a problem has this many parts
        self,
        code: str,
        path: Path,
        message: str,
        remedy: str = "",
        *,
        place: Place | None = None,
        related: Iterable[tuple[Path, str]] = (),
    ) -> None:
        """Note a problem.

        Args:
            path: where in the board; its place is used where ``place`` gives no better one.
            related: other paths of the board, each with what it has to do with this.

        Raises:
            Enough: this error is one too many.
        """
        if code in self._waived:
            return
        others = tuple(Related(self._place(other), words) for other, words in related)
        where = place or self._place(path)
        problem = Problem(code, where, dotted(path), message, remedy, others)
        self._problems[problem] = None
        self._counted += problem.severity == "error"
        if self._counted == MAX_ERRORS:
            self.enough(path)
            raise Enough

    def enough(self, path: Path) -> None:
        """Note that no more is looked for."""
        message = "there are more problems: not all of the board was looked at"
        self.take([Problem("SF0102", self._place(path), dotted(path), message, "mend these first")])

    def belong(self, owners: Mapping[Path, Source]) -> None:
        """Note which paths, of two steps each, stand in a library and not in the board."""
        self._owners.update(owners)

    def elsewhere(self, path: Path) -> bool:
        """Whether a path of two steps stands in a library."""
        return path in self._owners

    def _place(self, path: Path) -> Place:
        return self._owners.get(path[:2], self._source).place(path)

    def waive(self, codes: Iterable[str | None]) -> None:
        """Note no problem of these codes from here on; one that may not be waived has no effect."""
        self._waived |= WAIVABLE.intersection(codes)

    @contextmanager
    def about(self, shot: WrittenShot) -> Iterator[None]:
        """While what is found is about one shot: what it waives is not noted."""
        before = self._waived
        if codes := shot.get("ignore"):
            self.waive(codes)
        yield
        self._waived = before

    def take(self, problems: Iterable[Problem]) -> None:
        """Take over problems that know their place already."""
        self._problems.update(dict.fromkeys(problems))

    @property
    def errors(self) -> bool:
        return any(problem.severity == "error" for problem in self._problems)

    def sorted(self) -> tuple[Problem, ...]:
        """In file order: the board first, then the files that it names.

        A tag that no prompt mentions may be what an error keeps from being mentioned: it waits until there is none.
        """

        def order(problem: Problem) -> tuple[bool, Place, str, str]:
            return problem.place.file != self._source.name, problem.place, problem.code, problem.path

        late = "SF0806" if self.errors else ""
        return tuple(sorted((problem for problem in self._problems if problem.code != late), key=order))
