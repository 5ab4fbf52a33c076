"""Killed at any moment, run again: each shot is paid for once, and the film is the same.

A real process of ``skyflow run`` against a real sandbox, killed with SIGKILL at every place by which it comes; see
``points`` for the places and ``killing`` for what is spared. Of a place by which it comes often, the first, one in
the middle and the last are taken; ``SKYFLOW_EVERY=1`` takes each.
"""

from __future__ import annotations

import random
import shutil
import sys

import pytest

from skyflow.running.journal import SqliteJournal
from tests.killing import WRITES
from tests.points import ANY
from tests.sample import EVERY, ends
from tests.studio import RUN, leftovers, nursery_of_all, opened, undisturbed

__all__ = ("nursery_of_all", "undisturbed")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="a process that has imported all is forked"),
]

STAGES = {"Intended": 4, "Sent": 4, "Accepted": 4, "Ready": 4, "Fetched": 5}
REQUESTS = {"videoInference": 4, "mediaStorage": 2, "download": 5, "getResponse": 1}
NAMED = {"object": 9, "copy": 6, "cut": 1, "lock": 2}
CALLED = {
    "journal created": 1,
    "identity stored": 4,
    "upload noted": 2,
    "duration noted": 4,
    "clip stored": 5,
    "out": 1,
    "cut": 1,
}
PLACES = (
    {f"{name}: {when}": count for name, count in STAGES.items() for when in ("before", "within", "after")}
    | {f"{name} named: {when}": count for name, count in NAMED.items() for when in ("before", "within", "after")}
    | {f"{name}: {when}": count for name, count in CALLED.items() for when in ("before", "after")}
    | {
        f"{name}: {when}": count
        for name, count in REQUESTS.items()
        for when in ("leaves", "has left", "is answered", "a part has come", "all has come")
    }
    | {"other file named: before": 1, "other file named: within": 1, "other file named: after": 1}
)
"""How often a run that nothing disturbs comes by each place, at least."""
SANDBOX_PLACES = {
    "charge: before": 4,
    "charge: after": 4,
    "videoInference: before": 4,
    "videoInference: after": 4,
    "mediaStorage: before": 2,
    "mediaStorage: after": 2,
    "getResponse: before": 1,
    "getResponse: after": 1,
    "clip served: before": 5,
    "clip served: half": 5,
}
WHOLE = sum(PLACES.values())


def test_a_run_comes_by_every_place_and_by_no_other(result):
    missed = {name: count for name, count in PLACES.items() if result.passed.get(name, 0) < count}
    assert missed == {}
    assert set(result.passed) - {ANY, WRITES} == set(PLACES)


@pytest.mark.parametrize("name", PLACES)
def test_killed_at_every_place_a_run_is_finished_by_the_next_for_the_same_money(nursery, result, name):
    for number in ends(PLACES[name]):
        with opened(nursery) as studio:
            killed = studio.run(kill=[name, number])
            assert killed.code == -9, killed.err
            status = studio.do("status", "--backend", "runware")
            assert status.code == 0, status.err
            again = studio.run()
            assert again.code == 0, again.err
            result.see(studio)


@pytest.mark.parametrize("seed", range(100 if EVERY else 16))
def test_killed_again_and_again_it_comes_to_the_same(nursery, result, seed):
    dice = random.Random(seed)  # noqa: S311 - no secret
    with opened(nursery) as studio:
        for _ in range(dice.randint(2, 4)):
            ended = studio.run(kill=[ANY, dice.randint(1, WHOLE)])
            assert ended.code in {-9, 0}, ended.err  # what is left may be less than the place is far
            if dice.random() < 0.3:
                studio.end()
                studio.begin()
            if dice.random() < 0.3:
                never_arrived = studio.lost()
                recovered = studio.do("recover", "--backend", "runware", kill=[ANY, dice.randint(1, 60)])
                assert recovered.code in {-9, int(bool(never_arrived))}, recovered.err
        again = studio.run()
        assert again.code == 0, again.err
        result.see(studio)


@pytest.mark.parametrize("name", SANDBOX_PLACES)
def test_a_client_outlives_a_provider_that_is_killed_and_comes_back(nursery, result, name):
    for number in ends(SANDBOX_PLACES[name]):
        with opened(nursery, kill=[name, number]) as studio:
            pid, said = studio.start(*RUN)
            assert nursery.wait(studio.sandbox) == -9
            studio.begin()
            ended = nursery.ended(pid, said)
            assert ended.code == 0, ended.err
            result.see(studio)


def test_killed_runs_leave_nothing_that_another_verb_trips_over(nursery):
    with opened(nursery) as studio:
        assert studio.run(kill=["download: a part has come", 2]).code == -9
        assert leftovers(studio.project) != []
        for verb in ("status", "plan"):
            looked = studio.do(verb, "--backend", "runware")
            assert looked.code == 0, looked.err
        plan = studio.do("plan", "--backend", "runware", "--format", "json")
        assert plan.code == 0, plan.err
        assert studio.do("ledger").code == 0
        shutil.rmtree(studio.project / "out", ignore_errors=True)
        assert studio.run().code == 0
        assert leftovers(studio.project) == []


def test_what_a_killed_run_bought_counts_against_the_next_ones_budget(nursery, result):
    with opened(nursery) as studio:
        assert studio.run(kill=["Accepted: after", 2]).code == -9
        bought = studio.page("ledger")["charged"]
        left = result.spent - bought
        short = studio.do(*RUN, "--max-cost", f"{left - 0.01:.2f}")
        assert short.code == 3, short.err
        assert studio.page("ledger")["charged"] == bought
        assert studio.do(*RUN, "--max-cost", f"{result.spent:.2f}").code == 0
        result.see(studio)


def test_a_journal_that_was_left_by_a_kill_knows_all_that_was_charged(nursery, result):
    for number in range(1, 5):
        with opened(nursery) as studio:
            assert studio.run(kill=["videoInference: has left", number]).code == -9
            with SqliteJournal.open(studio.journal) as journal:
                known = {record.task.uuid for record in journal.records() if record.in_flight or record.finished}
            assert set(studio.charged()) <= known
            assert known <= set(result.charged)


def test_whichever_take_came_before_the_kill_the_first_one_is_the_pick(nursery, result):
    for number in (1, 2, 3):
        with opened(nursery) as studio:
            assert studio.run(kill=["Fetched: after", number]).code == -9
            assert studio.run().code == 0
            result.see(studio)
