"""The lock: what it keeps, and that nothing broken is ever taken for one."""

from __future__ import annotations

import copy
import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyflow.errors import Refused, StoreError, UsageError
from skyflow.planning.takes import Take, Version
from skyflow.running.lock import Lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

A, B, C = "a" * 64, "b" * 64, "c" * 64


def take(number: int, label: str = "opening", sha256: str = C, seed: int | None = None) -> Take:
    return Take(
        take=number,
        label=label,
        sha256=sha256,
        bytes=10,
        width=848,
        height=480,
        frames=96,
        rate=Fraction(30000, 1001),
        sound=True,
        seed=seed,
    )


def version(key: str, *takes: Take, pick: int = 1) -> Version:
    return Version(
        key=key,
        request=B,
        backend="fake",
        backend_version="1",
        model="skywork:skyreels@v4",
        pick=pick,
        takes={one.take: one for one in takes},
    )


def empty(folder: Path) -> Lock:
    return Lock.load(folder / "board.lock", "fake")


def filled(folder: Path) -> Lock:
    lock = empty(folder)
    lock.record("opening", version(A, take(1), take(2, seed=7)))
    lock.record("climb", version(B, take(1, "climb")))
    lock.record_cut(A, B)
    lock.save()
    return lock


def test_what_is_recorded_is_read_back_whole(tmp_path):
    filled(tmp_path)
    again = empty(tmp_path)
    assert again.current("opening") == version(A, take(1), take(2, seed=7))
    assert again.shots() == ("climb", "opening")
    assert again.cut == (A, B)
    assert again.objects() == {B, C}


def test_the_text_is_stable_and_knows_no_time_and_no_place(tmp_path):
    filled(tmp_path)
    content = (tmp_path / "board.lock").read_bytes()
    assert content.endswith(b"}\n")
    assert str(tmp_path).encode() not in content
    (tmp_path / "board.lock").unlink()
    other = empty(tmp_path)
    other.record_cut(A, B)
    other.record("climb", version(B, take(1, "climb")))
    other.record("opening", version(A, take(2, seed=7), pick=2))
    other.record("opening", version(A, take(1)))
    other.pick("opening", 1)
    other.save()
    assert (tmp_path / "board.lock").read_bytes() == content


def test_an_unchanged_lock_is_not_written(tmp_path):
    filled(tmp_path)
    before = (tmp_path / "board.lock").stat()
    assert not empty(tmp_path).save()
    assert (tmp_path / "board.lock").stat() == before


def test_an_empty_lock_is_no_file(tmp_path):
    assert not empty(tmp_path).save()
    assert list(tmp_path.iterdir()) == []


def test_a_standing_pick_survives_new_takes_and_other_versions(tmp_path):
    lock = filled(tmp_path)
    lock.pick("opening", 2)
    lock.record("opening", version(A, take(3)))
    lock.record("opening", version(C, take(1)))
    current = lock.current("opening")
    assert current is not None
    assert current.key == C
    lock.use("opening", A)
    current = lock.current("opening")
    assert current is not None
    assert (current.pick, sorted(current.takes)) == (2, [1, 2, 3])


def test_a_renamed_shot_finds_its_version_and_then_owns_it(tmp_path):
    lock = filled(tmp_path)
    assert lock.version("begin", A) == lock.current("opening")
    lock.use("begin", A)
    lock.pick("begin", 2)
    own, others = lock.current("begin"), lock.current("opening")
    assert own is not None
    assert others is not None
    assert (own.pick, others.pick) == (2, 1)


def test_a_pick_that_is_not_there_names_those_that_are(tmp_path):
    lock = filled(tmp_path)
    with pytest.raises(UsageError) as caught:
        lock.pick("opening", 3)
    assert (caught.value.message, caught.value.remedy) == ("opening has no take 3", "its takes are: 1, 2")
    with pytest.raises(UsageError, match="nobody has no take 1"):
        lock.pick("nobody", 1)


def test_using_what_was_never_made_is_a_mistake_of_ours(tmp_path):
    lock = filled(tmp_path)
    with pytest.raises(KeyError):
        lock.use("begin", C)
    assert lock.shots() == ("climb", "opening")


def test_pruning_keeps_current_versions_of_the_boards_shots(tmp_path):
    lock = filled(tmp_path)
    lock.record("opening", version(C, take(1, sha256=A)))
    lock.prune(["opening"])
    assert lock.shots() == ("opening",)
    assert [one.key for one in lock.versions("opening")] == [C]
    assert lock.objects() == {A, B}


def test_what_a_later_skyflow_added_is_kept(tmp_path):
    filled(tmp_path)
    path = tmp_path / "board.lock"
    document = json.loads(path.read_text())
    document["account"] = "team"
    document["shots"]["opening"]["note"] = "sunset"
    document["shots"]["opening"]["versions"][A]["price"] = "2.10"
    document["shots"]["opening"]["versions"][A]["takes"]["1"]["taskUUID"] = "f0"
    document["cut"]["grade"] = "cold"
    path.write_text(json.dumps(document))
    lock = empty(tmp_path)
    lock.record("opening", version(A, take(3)))
    lock.record_cut(B, C)
    lock.save()
    kept = json.loads(path.read_text())
    assert (kept["account"], kept["shots"]["opening"]["note"], kept["cut"]["grade"]) == ("team", "sunset", "cold")
    assert kept["shots"]["opening"]["versions"][A]["price"] == "2.10"
    assert kept["shots"]["opening"]["versions"][A]["takes"]["1"]["taskUUID"] == "f0"


def test_a_newer_lock_is_refused_and_left_alone(tmp_path):
    content = b'{"skyflow_lock": 2, "shots": "in a form of its own"}'
    (tmp_path / "board.lock").write_bytes(content)
    with pytest.raises(Refused) as caught:
        empty(tmp_path)
    assert caught.value.message == "board.lock is of version 2; this skyflow knows version 1"
    assert (tmp_path / "board.lock").read_bytes() == content


@pytest.mark.slow
def test_a_lock_cut_off_at_any_byte_is_refused(tmp_path):
    filled(tmp_path)
    path = tmp_path / "board.lock"
    content = path.read_bytes()
    for length in range(len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(StoreError, match="damaged"):
            empty(tmp_path)
    path.write_bytes(content[:-1])  # only the line break at the end is gone
    assert empty(tmp_path).current("opening")


BROKEN = {
    "a merge": (b'<<<<<<< ours\n{"skyflow_lock": 1}\n=======\n', "it holds an unresolved merge"),
    "not JSON": (b"shots: {}", "line 1, column 1: expecting value"),
    "not text": (b"\xff\xfe\x00", "it is not the text that skyflow writes"),
    "a list": (b"[]", "the whole is no mapping"),
    "nothing": (b"{}", "skyflow_lock is missing"),
    "a version in words": (b'{"skyflow_lock": "1"}', "skyflow_lock is no valid value: '1'"),
    "true as version": (b'{"skyflow_lock": true}', "skyflow_lock is no valid value: True"),
    "no shots": (b'{"skyflow_lock": 1}', "shots is no mapping"),
    "a name twice": (b'{"skyflow_lock": 1, "shots": {}, "shots": {}}', "a name stands twice in one mapping"),
    "infinity": (b'{"skyflow_lock": 1, "shots": Infinity}', "Infinity is no number"),
    "a depth": (b'{"skyflow_lock": ' + b"[" * 100_000, "it is not the text that skyflow writes"),
    "a huge number": (b'{"skyflow_lock": ' + b"9" * 5000 + b"}", "it is not the text that skyflow writes"),
    "a path as shot": (
        b'{"skyflow_lock": 1, "shots": {"../../x": {}}}',
        "the name of a shot is no valid value: '../../x'",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_every_kind_of_damage_is_said_in_words(tmp_path, name):
    content, why = BROKEN[name]
    (tmp_path / "board.lock").write_bytes(content)
    with pytest.raises(StoreError) as caught:
        empty(tmp_path)
    assert caught.value.message == f"board.lock is damaged: {why}"
    assert caught.value.remedy == "restore it from version control: git checkout -- board.lock"


def test_a_damaged_lock_of_what_costs_nothing_may_be_deleted(tmp_path):
    path = tmp_path / ".skyflow" / "animatic.lock"
    path.parent.mkdir()
    path.write_text("")
    with pytest.raises(StoreError) as caught:
        Lock.load(path, "animatic")
    assert caught.value.remedy == "delete .skyflow/animatic.lock: what it records can be made again for nothing"


def test_a_folder_in_its_place_is_an_error(tmp_path):
    (tmp_path / "board.lock").mkdir()
    with pytest.raises(StoreError, match="cannot read"):
        empty(tmp_path)


def places(value: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield at
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*at, key))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> tuple[Path, dict[str, object]]:
    folder = tmp_path_factory.mktemp("lock")
    filled(folder)
    return folder, json.loads((folder / "board.lock").read_text())


@given(st.data())
def test_whatever_stands_in_any_place_is_refused_or_can_be_used(sound, data):
    folder, document = sound
    changed = copy.deepcopy(document)
    *way, last = data.draw(st.sampled_from([at for at in places(document) if at]))
    inner = changed
    for key in way:
        inner = inner[key]
    if data.draw(st.booleans()):
        inner[last] = data.draw(JSON)
    else:
        inner[data.draw(st.text(max_size=70))] = inner.pop(last)
    (folder / "board.lock").write_text(json.dumps(changed))
    try:
        lock = empty(folder)
    except (StoreError, Refused):
        return
    for shot in lock.shots():
        current = lock.current(shot)
        assert current is not None
        assert current.picked in current.takes.values()
        lock.pick(shot, min(current.takes))
        lock.record(shot, version(A, take(9)))
    lock.objects()
    lock.save()
    assert empty(folder).shots() == lock.shots()
