"""Clips: drawn when they are first needed, or ahead of that, and never twice."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import anyio

from skyflow.board.model import Output, Size
from skyflow.errors import SkyflowError
from skyflow.sandbox.media import named
from skyflow.sandbox.render import Order

if TYPE_CHECKING:
    from pathlib import Path

    from skyflow.sandbox.house import House
    from skyflow.sandbox.records import Bought, Take
    from skyflow.sandbox.render import Render


class Clips:
    """The clips of one sandbox."""

    def __init__(self, house: House, render: Render) -> None:
        self._house = house
        self._render = render
        self._drawing: dict[str, anyio.Lock] = {}

    async def clip(self, take: Take) -> Path:
        """The file of a take's clip.

        Raises:
            SkyflowError: it cannot be drawn.
        """
        path = self._house.shelf.clip(take)
        lock = self._drawing.setdefault(take.video, anyio.Lock())
        async with lock:
            if not path.exists():
                task = self._house.book.task(take.task)
                assert task is not None
                content = await self._render(await self._order(task, take))
                whole = path.with_suffix(".partial")
                whole.write_bytes(content)
                whole.replace(path)
            if not take.drawn:
                self._house.book.drawn(take.video)
        self._drawing.pop(take.video, None)
        return path

    async def ahead(self, take: Take) -> None:
        """Draw a clip before anybody asks; what cannot be drawn fails its take."""
        try:
            await self.clip(take)
        except (SkyflowError, OSError) as error:
            message = f"The task could not be processed: {error}"
            self._house.book.fail(take.video, {"code": "processingFailed", "message": message})

    async def _order(self, task: Bought, take: Take) -> Order:
        media: dict[str, Path] = {}
        made = set()
        for text, _ in named(task.body):
            if (path := self._house.shelf.file(text)) is not None:
                media[text] = path
            elif (source := self._house.shelf.own(text)) is not None:
                media[text] = await self.clip(source)
                made.add(text)
        measures = task.measures
        size = Size(measures["width"], measures["height"])
        output = Output(size, measures["frames"], Fraction(measures["rate"]), measures["sound"])
        return Order(task.body, take.take, take.seed, output, media, frozenset(made))
