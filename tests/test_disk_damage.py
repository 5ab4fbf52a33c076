"""Lock, journal and store are damaged or deleted, clocks jump, runs meet: no shot is paid for a second time."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from skyflow.errors import StoreError
from skyflow.running.lock import Lock
from tests.studio import BOARD, RUN, nursery_of_all, object_of, opened, see_restored, undisturbed

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("nursery_of_all", "undisturbed")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="a process that has imported all is forked"),
]

DECADE = 10 * 365 * 86_400
HOUR = 3600


def flip(path: Path, place: int = 1000) -> None:
    """Change one bit of a file that nobody may write."""
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


def test_a_lock_torn_at_any_byte_is_refused_with_a_remedy(result, tmp_path):
    path = tmp_path / "board.lock"
    for length in range(len(result.lock) - 1):  # without its last line end it is whole
        path.write_bytes(result.lock[:length])
        with pytest.raises(StoreError, match=r"board\.lock is damaged: ") as caught:
            Lock.load(path, "runware")
        assert "git checkout -- board.lock" in caught.value.remedy


def test_a_torn_lock_stops_a_run_before_it_buys_and_is_restored_from_the_journal(nursery, result):
    with opened(nursery) as studio:
        assert studio.run().code == 0
        for length in range(0, len(result.lock) - 1, 397):
            studio.lock.write_bytes(result.lock[:length])
            before = studio.page("requests")
            torn = studio.run()
            assert torn.code == 1, torn.err
            assert "board.lock is damaged" in torn.err
            assert studio.page("requests") == before
            studio.lock.unlink()
            assert studio.run().code == 0
            assert studio.page("requests") == before
            result.see(studio)


@pytest.mark.parametrize("lost", ["board.lock", ".skyflow/journal.sqlite", "board.lock .skyflow/journal.sqlite"])
@pytest.mark.parametrize("place", [None, ["Accepted: after", 3], ["Fetched: after", 3], ["lock named: after", 2]])
def test_lock_journal_or_both_are_deleted_and_nothing_is_bought_again(nursery, result, lost, place):
    with opened(nursery) as studio:
        assert studio.run(kill=place).code == (-9 if place else 0)
        for name in lost.split():  # a journal goes with its log: a log alone is refused, see the next test
            for part in (name, f"{name}-wal", f"{name}-shm"):
                (studio.project / part).unlink(missing_ok=True)
        again = studio.run()
        assert again.code == 0, again.err
        assert studio.charged() == result.charged
        assert studio.page("ledger")["charged"] == result.spent
        result.see_kept(studio)
        see_restored(studio)


def test_a_log_whose_journal_is_gone_is_refused_and_nothing_is_bought(nursery):
    with opened(nursery) as studio:
        studio.run(kill=["Accepted: after", 3])
        charged = studio.charged()
        (studio.project / ".skyflow/journal.sqlite").unlink()
        again = studio.run()
        assert again.code == 1
        assert "it is gone" in again.err
        assert studio.charged() == charged


def test_all_state_but_the_lock_is_deleted_and_fetched_again_for_nothing(nursery, result):
    with opened(nursery) as studio:
        assert studio.run().code == 0
        shutil.rmtree(studio.state)
        shutil.rmtree(studio.project / "out")
        again = studio.run()
        assert again.code == 0, again.err
        result.see_kept(studio)
        assert studio.charged() == result.charged


@pytest.mark.parametrize(("shot", "take"), [("lamp", 1), ("lamp", 2), ("storm", 1), ("harbour", 1), ("face", 1)])
@pytest.mark.parametrize("gone", [True, False], ids=["gone", "one bit changed"])
def test_a_clip_that_the_store_lost_is_fetched_again_for_nothing(nursery, result, shot, take, gone):
    with opened(nursery) as studio:
        assert studio.run().code == 0
        path = object_of(studio, shot, take)
        if gone:
            path.unlink()
        else:
            flip(path)
        shutil.rmtree(studio.project / "out")
        locked = studio.do(*RUN, "--locked")
        assert locked.code == 3, locked.err
        assert f"take {take}" in locked.err
        again = studio.run()
        assert again.code == 0, again.err
        result.see(studio)


def test_a_clip_that_store_and_provider_lost_is_bought_again_only_with_consent(nursery, result):
    with opened(nursery) as studio:
        assert studio.run().code == 0
        studio.end()
        studio.begin(faults={"retention": HOUR}, later=2 * HOUR)
        flip(object_of(studio, "face"))
        planned = studio.do("plan", "--backend", "runware", "--format", "json")
        step = next(step for step in json.loads(planned.out)["shots"] if step["shot"] == "face")
        assert step["action"] == "make"
        assert "damaged in the store" in step["reason"]
        assert step["cost"] == pytest.approx(0.33)

        no_word = studio.do("run", "--backend", "runware", "--max-cost", "0.1", gone=1)
        assert no_word.code == 3, no_word.err
        assert studio.charged() == result.charged
        bought = studio.do(*RUN, gone=1)
        assert bought.code == 0, bought.err
        assert "take 1 damaged in the store" in bought.err
        assert len(studio.charged()) == len(result.charged) + 1
        assert studio.do(*RUN, "--locked").code == 0
        again = studio.page("requests")
        assert studio.run().code == 0
        assert studio.page("requests") == again


@pytest.mark.parametrize("jump", [-DECADE, DECADE])
@pytest.mark.parametrize(
    "place", [["Sent: after", 2], ["Accepted: after", 2], ["Ready: after", 3], ["out: after", 1]]
)
def test_a_clock_that_jumps_by_ten_years_changes_nothing(nursery, result, jump, place):
    with opened(nursery) as studio:
        assert studio.run(kill=place).code == -9
        again = studio.run(clock=jump)
        assert again.code == 0, again.err
        result.see(studio)
        assert studio.run(clock=-jump).code == 0
        result.see(studio)


def test_a_second_run_of_the_same_board_is_refused_or_waits(nursery, result):
    with opened(nursery, latency=3) as studio:
        first = studio.start(*RUN)
        while not studio.charged():  # it holds the board by now
            pass
        refused = studio.run()
        assert refused.code == 3, refused.err
        assert "is held by 'skyflow run'" in refused.err
        waited = studio.do(*RUN, "--wait")
        assert waited.code == 0, waited.err
        assert "waiting for its end" in waited.err
        assert nursery.ended(*first).code == 0
        result.see(studio)


@pytest.mark.parametrize("latency", [0, 1])
def test_two_clones_on_one_account_pay_once_for_each_shot(nursery, result, latency):
    with opened(nursery, latency=latency) as studio:
        other = studio.copied(studio.folder / "clone")
        runs = [studio.start(*RUN), other.start(*RUN)]
        for run in runs:
            ended = nursery.ended(*run)
            assert ended.code == 0, ended.err
        for clone in (studio, other):
            result.see(clone)


@pytest.mark.parametrize("place", [["videoInference: has left", 1], ["Fetched: after", 2], ["Accepted: after", 4]])
def test_a_clone_takes_over_what_a_killed_one_bought(nursery, result, place):
    with opened(nursery) as studio:
        other = studio.copied(studio.folder / "clone")
        assert studio.run(kill=place).code == -9
        assert other.run().code == 0
        result.see(other)
        assert studio.run().code == 0
        result.see(studio)


def test_another_clones_other_board_does_not_stand_for_this_one(nursery, result):
    with opened(nursery) as studio:
        other = studio.copied(studio.folder / "clone")
        other.write(BOARD.replace("A face in the rain.", "A face in the sun."))
        runs = [studio.start(*RUN), other.start(*RUN)]
        assert [nursery.ended(*run).code for run in runs] == [0, 0]
        assert set(result.charged) < set(studio.charged())
        assert len(studio.charged()) == len(result.charged) + 1
        result.see_kept(studio)
