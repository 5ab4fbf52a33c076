"""A clip that a backend left is looked at, and put into the store.

Later shots and the cut count on a clip's measures. So a clip that was made for nothing and has others is refused.
One that was paid for is kept whatever its measures are, with a word about it: fetching it again would bring the
same, and the money is spent. For the same reason only that one is on the disk, whatever happens to the machine,
before anything is recorded of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from skyflow import digest
from skyflow.backends.paid import Fetched
from skyflow.errors import MakeError, MediaError
from skyflow.planning.takes import Take

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from skyflow.backends.base import Made
    from skyflow.backends.paid import Journal
    from skyflow.board.model import Output
    from skyflow.facts import ClipFacts
    from skyflow.running.aside import Aside
    from skyflow.store.objects import Objects

FRAMES_OFF = 1
"""By how many frames a clip may miss its length."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What one shot's clips are held against.

    Attributes:
        label: what the shot is called, for people and in the lock.
        output: the clip that the board counts on.
        longer: by how many frames a clip may exceed that because it contains the clip that it extends.
    """

    label: str
    output: Output
    longer: int = 0


@dataclass(frozen=True, slots=True)
class Keeping:
    """The way of a finished clip into the store.

    Attributes:
        journal: None for a backend that costs nothing.
    """

    objects: Objects
    aside: Aside
    journal: Journal | None = None
    _seen_damaged: set[str] = field(default_factory=set)

    async def made(self, made: Made, expected: Expected) -> Take:
        """Keep a clip that was made for nothing.

        Raises:
            MediaError: it is no clip, or not the clip that was asked for.
            StoreError: the disk refused.
        """
        facts = await self._facts(made, expected, self.aside.measures)
        if wrong := differences(facts, expected):
            what = f"take {made.take} of {expected.label} is not what was asked for: {'; '.join(wrong)}"
            raise MediaError(what, "run again, or report the backend")
        return await self._stored(made, expected, facts)

    async def bought(self, made: Made, expected: Expected) -> tuple[Take, tuple[str, ...]]:
        """Keep a clip that was paid for, and note in the journal that it is in the store.

        Returns:
            The take, and what there is to say about it.

        Raises:
            MediaError: it is no clip; worth fetching again.
            StoreError: the disk refused.
        """
        if self.journal is None or made.receipt is None:
            raise RuntimeError(f"take {made.take} of {expected.label} came without a receipt or a journal")
        facts = await self._facts(made, expected, self.aside.probe)
        wrong = [*await self._damage(made, expected), *differences(facts, expected)]
        take = await self._stored(made, expected, facts)
        self.journal.record(Fetched(made.receipt.task_uuid, take))
        about = f"take {made.take} of {expected.label}"
        return take, (f"{about} is kept as it came: {'; '.join(wrong)}",) if wrong else ()

    async def _damage(self, made: Made, expected: Expected) -> list[str]:
        """What is damaged inside a clip that came the same way twice; the first time it is worth fetching again.

        Raises:
            MediaError: a picture of it is damaged, and these very bytes came only once.
        """
        bad = await self.aside.bad_pictures(Path(made.path))
        if not bad:
            return []
        words = f"{bad} of its pictures {'is' if bad == 1 else 'are'} damaged"
        sha256 = await self.aside.call(digest.of_file, Path(made.path))
        if sha256 in self._seen_damaged:
            return [words]
        self._seen_damaged.add(sha256)
        raise MediaError(f"take {made.take} of {expected.label}: {words}", "it is fetched again")

    @staticmethod
    async def _facts(made: Made, expected: Expected, look: Callable[[Path], Awaitable[ClipFacts]]) -> ClipFacts:
        try:
            return await look(Path(made.path))
        except MediaError as error:
            what = f"take {made.take} of {expected.label}"
            raise MediaError(f"{what}: {error.message}", error.remedy) from error

    async def _stored(self, made: Made, expected: Expected, facts: ClipFacts) -> Take:
        length, sha256 = await self.aside.call(self._put, made)
        return Take(
            take=made.take,
            label=expected.label,
            sha256=sha256,
            bytes=length,
            width=facts.width,
            height=facts.height,
            frames=facts.frames,
            rate=facts.rate,
            sound=facts.sound,
            seed=made.seed,
            receipt=made.receipt,
        )

    def _put(self, made: Made) -> tuple[int, str]:
        path = Path(made.path)
        return path.stat().st_size, self.objects.move(path, durable=made.receipt is not None)


def see_left(made: Made, takes: tuple[int, ...], shot: str, backend: str) -> None:
    """See that a backend left the file that it says it left.

    Raises:
        MakeError: it did not, or nobody asked for this take.
    """
    path = Path(made.path)
    if made.take not in takes or path.is_symlink() or not path.is_file():
        raise MakeError(f"{backend} left no clip where it said for take {made.take} of {shot}")


def differences(facts: ClipFacts, expected: Expected) -> list[str]:
    """In which measures a clip is not what was asked for. A frame more or less is a matter of rounding."""
    output = expected.output
    pairs = (
        ("size", f"{facts.width}x{facts.height}", str(output.size)),
        ("frame rate", facts.rate, output.rate),
        ("sound", _yes(facts.sound), _yes(output.sound)),
    )
    wrong = [f"its {name} is {is_now}, not {wanted}" for name, is_now, wanted in pairs if is_now != wanted]
    if min(abs(facts.frames - output.frames), abs(facts.frames - output.frames - expected.longer)) > FRAMES_OFF:
        wrong.append(f"its number of frames is {facts.frames}, not {output.frames}")
    return wrong


def _yes(there: bool) -> str:  # noqa: FBT001 - the word for a flag
    return "on" if there else "off"
