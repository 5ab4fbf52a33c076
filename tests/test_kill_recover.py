"""Killed, and the board changed before the next run: what was paid for comes home, and is not paid for again."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from skyflow.running.journal import SqliteJournal
from skyflow.running.lock import Lock
from skyflow.store.objects import Objects
from tests.studio import BOARD, RUN, nursery_of_all, opened, undisturbed

if TYPE_CHECKING:
    from skyflow.backends.paid import Record
    from tests.studio import Studio

__all__ = ("nursery_of_all", "undisturbed")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="a process that has imported all is forked"),
]

EDITED = BOARD.replace("A lamp.", "A lantern.").replace("A face in", "A mask in")
REMOVED = BOARD.replace("  face: {prompt: A face in the rain., frames: [face.png]}\n", "")
RENAMED = BOARD.replace("lamp", "lantern").replace("face:", "visage:")
BROKEN = BOARD.replace("takes: 2", "takes: [").replace("title", "\ttitle")
CHANGES = {"edited": EDITED, "removed": REMOVED, "renamed": RENAMED, "broken": BROKEN}
PLACES = [
    ("videoInference: has left", 2),
    ("Accepted: before", 1),
    ("Accepted: after", 2),
    ("Ready: after", 1),
    ("download: a part has come", 2),
    ("clip stored: after", 1),
    ("Fetched: after", 2),
]


def records(studio: Studio) -> list[Record]:
    with SqliteJournal.open(studio.journal) as journal:
        return list(journal.records())


def see_kept(studio: Studio, charged: list[str]) -> None:
    """All that was charged is in the store, and the lock names it as a take of its shot."""
    lock, objects = Lock.load(studio.lock, "runware"), Objects(studio.state / "objects")
    known = {record.task.uuid: record for record in records(studio)}
    for uuid in charged:
        task = known[uuid].task
        version = lock.version(task.shot, task.key)
        assert version is not None
        assert set(task.takes) <= set(version.takes)
        assert all(objects.intact(version.takes[number].sha256) for number in task.takes)
        assert objects.intact(version.request)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[0])
def test_recover_fetches_what_was_paid_for_whatever_became_of_the_board(nursery, result, change, place):
    with opened(nursery) as studio:
        assert studio.run(kill=place).code == -9
        charged = studio.charged()
        studio.write(CHANGES[change])
        ends_with = int(bool(studio.lost()))
        recovered = studio.do("recover", "--backend", "runware")
        assert recovered.code == ends_with, recovered.err
        assert studio.charged() == charged
        see_kept(studio, charged)

        cleared = studio.do("gc", "--yes")
        assert cleared.code == 0, cleared.err
        see_kept(studio, charged)

        if change != "broken":
            changed = studio.run()
            assert changed.code == 0, changed.err
            see_kept(studio, studio.charged())
            assert set(charged) <= set(studio.charged())

        studio.write(BOARD)
        again = studio.run()
        assert again.code == 0, again.err
        once = studio.charged()
        assert set(result.charged) <= set(once)
        assert len(once) == len(set(once))
        if change in {"broken", "removed"}:  # neither asks for anything that the board before did not
            assert once == result.charged
        assert studio.do(*RUN, "--locked").code == 0


@pytest.mark.parametrize("change", ["edited", "removed", "renamed"])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[0])
def test_the_next_run_fetches_what_was_paid_for_without_being_asked_to(nursery, result, change, place):
    with opened(nursery) as studio:
        assert studio.run(kill=place).code == -9
        charged = studio.charged()
        studio.write(CHANGES[change])
        changed = studio.run()
        assert changed.code == 0, changed.err
        see_kept(studio, charged)
        studio.write(BOARD)
        assert studio.run().code == 0
        now = studio.charged()
        assert len(now) == len(set(now))
        assert set(result.charged) <= set(now)


@pytest.mark.parametrize("number", range(1, 5))
def test_recover_itself_may_be_killed(nursery, result, number):
    places = ("Accepted: after", "Ready: after", "clip stored: after", "Fetched: before", "lock named: within")
    for name in places:
        with opened(nursery) as studio:
            assert studio.run(kill=["Accepted: after", number]).code == -9
            ends_with = int(bool(studio.lost()))
            killed = studio.do("recover", "--backend", "runware", kill=[name, 1])
            assert killed.code in {-9, ends_with}, killed.err  # what is accepted is not accepted again
            charged = studio.charged()
            assert studio.do("recover", "--backend", "runware").code == ends_with
            assert studio.charged() == charged
            see_kept(studio, charged)
            assert studio.run().code == 0
            result.see(studio)
