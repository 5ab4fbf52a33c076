"""The client over a real socket, on asyncio: what a test in virtual time leaves out."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from skyflow.backends.paid import Desk
from skyflow.backends.runware.account import Account, Key
from skyflow.backends.runware.backend import Runware
from skyflow.running.purse import Purse
from skyflow.sandbox import app, server
from tests.paying import KEY, Shop, Watched, drawn, folder_in_memory, order, request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

__all__ = ("folder_in_memory",)


class NoLine:
    """Nothing is remembered of what goes over a real wire."""


def over_a_socket(folder: Path, inside: Callable[[Shop], Awaitable[None]], faults: Any = None, **more: Any) -> None:
    """Serve a sandbox, and shop there."""

    async def running() -> None:
        sandbox = app.create(folder / "sandbox", faults=faults, render=drawn)
        with server.listening(0) as (listener, url), Watched.open(folder / "journal.sqlite") as journal:
            async with anyio.create_task_group() as group:
                group.start_soon(server._serve, sandbox, listener)
                purse = Purse(None)
                backend = Runware(account=Account(Key(KEY), f"{url}/v1"), random=Random(7))  # noqa: S311
                desk = Desk(board="board", folder=folder, journal=journal, purse=purse, **more)
                async with backend.session(desk) as session:
                    line: Any = NoLine()
                    with anyio.fail_after(60):
                        await inside(Shop(folder, sandbox, line, journal, purse, session))
                group.cancel_scope.cancel()
        sandbox.close()

    anyio.run(running, backend="asyncio")


def test_shots_are_bought_and_fetched_over_many_connections(tmp_path):
    async def inside(shop):
        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(shop.make, order(f"shot_{number}", tmp_path))
        assert len(shop.kept) == len(shop.charged) == 20

    over_a_socket(tmp_path, inside, {"latency": {"base": 0.2}}, jobs=20)


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "drop", "on": "submit", "at": [1], "when": "after"},
        {"do": "drop", "on": "poll", "at": [1]},
        {"do": "truncate", "at": [1]},
        {"do": "status", "on": "submit", "status": 503, "body": "html", "at": [1]},
    ],
    ids=str,
)
def test_a_real_connection_may_break(tmp_path, fault):
    async def inside(shop):
        await shop.make(order(folder=tmp_path))
        assert len(shop.kept) == len(shop.charged) == 1

    over_a_socket(tmp_path, inside, {"latency": {"base": 0.1}, "faults": [fault]})


def test_a_webhook_really_comes_and_brings_the_question_forward(tmp_path):
    async def inside(shop):
        shop.session.buying.polls.typical.seconds = 500
        await shop.make(order(folder=tmp_path))
        assert len(shop.kept) == 1

    with server.listening(0) as (listener, _):
        port = listener.getsockname()[1]
    over_a_socket(tmp_path, inside, {"latency": {"base": 0.2}}, listen=f"127.0.0.1:{port}")


def test_cancellation_leaves_nothing_running(tmp_path):
    async def inside(shop):
        with anyio.move_on_after(0.5):
            await shop.make(order(folder=tmp_path, request=request("slow")))
        (record,) = shop.records()
        assert record.in_flight

    over_a_socket(tmp_path, inside, {"latency": {"base": 300}})
