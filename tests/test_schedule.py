"""The order of a run, as a pure thing: any graph, any weights, any failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from skyflow.running.schedule import Schedule, remaining
from tests.attacks import critical, descendants, graphs

if TYPE_CHECKING:
    from collections.abc import Mapping


def weighted(graph: Mapping[str, object]) -> st.SearchStrategy[dict[str, int]]:
    return st.fixed_dictionaries({name: st.integers(0, 5) for name in graph})


def popped(schedule: Schedule) -> list[str]:
    return list(iter(schedule.pop, None))


@given(st.data(), graphs())
def test_every_shot_comes_once_and_after_all_that_it_depends_on(data, depends_on):
    schedule = Schedule(depends_on, data.draw(weighted(depends_on)))
    under_way, ended = popped(schedule), list[str]()
    while under_way:
        shot = under_way.pop(data.draw(st.integers(0, len(under_way) - 1)))
        assert set(depends_on[shot]) <= set(ended)
        ended.append(shot)
        schedule.finish(shot)
        under_way += popped(schedule)
    assert sorted(ended) == sorted(depends_on)


@given(st.data(), graphs())
def test_of_the_ready_the_longest_remaining_path_goes_first_then_file_order(data, depends_on):
    weights = data.draw(weighted(depends_on))
    ready = popped(Schedule(depends_on, weights))
    after = {name: [later for later, earlier in depends_on.items() if name in earlier] for name in depends_on}
    path = remaining(after, weights)
    places = list(depends_on)
    assert ready == sorted(ready, key=lambda shot: (-path[shot], places.index(shot)))
    assert max(path.values()) == critical(depends_on, weights)


@given(st.data(), graphs())
def test_a_failure_skips_exactly_the_descendants_and_each_for_one_cause(data, depends_on):
    schedule = Schedule(depends_on, dict.fromkeys(depends_on, 1))
    failing = data.draw(st.sets(st.sampled_from(sorted(depends_on))))
    under_way, causes, came = popped(schedule), dict[str, str](), set[str]()
    while under_way:
        shot = under_way.pop(0)
        came.add(shot)
        if shot in failing:
            for later in schedule.fail(shot):
                assert later not in causes
                causes[later] = shot
        else:
            schedule.finish(shot)
        under_way += popped(schedule)
    expected = {later for shot in failing & came for later in descendants(depends_on, shot)}
    assert causes.keys() == expected
    assert came == depends_on.keys() - expected
    assert all(later in descendants(depends_on, shot) for later, shot in causes.items())


def test_a_chain_longer_than_pythons_stack_is_no_matter():
    names = [f"s{number}" for number in range(5000)]
    depends_on = {name: tuple(names[place - 1 : place]) for place, name in enumerate(names)}
    schedule = Schedule(depends_on, dict.fromkeys(names, 1))
    assert [schedule.priority(name) for name in names] == list(range(5000))
    assert len(schedule.fail("s0")) == 4999
