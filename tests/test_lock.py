"""The lock: what it keeps, and that nothing broken is ever taken for one."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyflow.errors import Refused, StoreError, UsageError
from skyflow.planning.takes import Receipt, Take, Version
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


TASK, VIDEO = "5f2d1c0a-7b1e-4c55-9d0c-0a1b2c3d4e5f", "0e7c2b1a-1111-4222-8333-444455556666"


def paid(number: int, cost: str | None = "0.84", *, nsfw: bool | None = None) -> Take:
    return replace(take(number), receipt=Receipt(TASK, VIDEO, Decimal(cost) if cost else None, nsfw=nsfw))


def test_what_a_take_cost_is_recorded_to_the_digit(tmp_path):
    bought = version(A, take(1), paid(2), paid(3, "0.8400", nsfw=True), paid(4, None, nsfw=False))
    lock = empty(tmp_path)
    assert lock.record("opening", bought) == bought
    lock.save()
    assert empty(tmp_path).current("opening") == bought
    written = json.loads((tmp_path / "board.lock").read_text())["shots"]["opening"]["versions"][A]["takes"]
    assert {"task_uuid", "video_uuid", "cost", "nsfw"} & written["1"].keys() == set()
    assert {name: written["2"][name] for name in ("task_uuid", "video_uuid", "cost")} == {
        "task_uuid": TASK,
        "video_uuid": VIDEO,
        "cost": "0.84",
    }
    assert (written["3"]["cost"], written["3"]["nsfw"]) == ("0.8400", True)
    assert "cost" not in written["4"]


@given(st.decimals())
def test_whatever_a_provider_reports_as_cost_the_lock_can_be_read_again(tmp_path_factory, cost):
    lock = empty(tmp_path_factory.getbasetemp())
    recorded = lock.record("opening", version(A, replace(take(1), receipt=Receipt(TASK, VIDEO, cost))))
    receipt = recorded.takes[1].receipt
    assert receipt is not None
    assert receipt.cost is None or receipt.cost == cost
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,18})?", str(cost)):
        assert receipt.cost == cost


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cost", 0.84),
        ("cost", "-1"),
        ("cost", "NaN"),
        ("cost", "1e9"),
        ("cost", "٣"),
        ("nsfw", "no"),
        ("nsfw", 0),
        ("task_uuid", None),
        ("task_uuid", "../../x"),
        ("video_uuid", ""),
        ("video_uuid", "a\nb"),
        ("video_uuid", "-x"),
    ],
)
def test_a_receipt_that_is_none_is_refused_with_its_place(tmp_path, name, value):
    lock = empty(tmp_path)
    lock.record("opening", version(A, paid(1)))
    lock.save()
    path = tmp_path / "board.lock"
    document = json.loads(path.read_text())
    document["shots"]["opening"]["versions"][A]["takes"]["1"][name] = value
    path.write_text(json.dumps(document))
    with pytest.raises(StoreError, match=rf"takes\.1\.{name} is "):
        empty(tmp_path)


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
    lock = filled(folder)
    lock.record("opening", version(A, paid(3, nsfw=False)))
    lock.save()
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
