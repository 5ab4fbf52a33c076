"""What a plan, a lock and the store promise about takes that were paid for, one promise at a time."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import anyio
import av
import numpy as np
import pytest

from skyflow.backends.base import Made
from skyflow.backends.paid import Failed, Fetched
from skyflow.backends.runware.backend import Runware
from skyflow.board.model import Output, Size
from skyflow.errors import MediaError, Refused
from skyflow.media import probe
from skyflow.planning.plan import Action, Maker
from skyflow.planning.takes import Receipt
from skyflow.running.aside import Aside
from skyflow.running.journal import SqliteJournal
from skyflow.running.keeping import Expected, Keeping
from skyflow.running.known import LockKnown
from skyflow.running.options import Options
from skyflow.running.recovering import carried_of, give_up, unfetched
from skyflow.running.till import see_consent
from skyflow.store.objects import Objects
from skyflow.store.project import Project
from tests import bought
from tests.paper import PaperKnown, planned

if TYPE_CHECKING:
    from pathlib import Path

PAID = Maker("runware", "1", paid=True)
FILM = "skyflow: 1\nshots:\n  a: {prompt: x, takes: 2, duration: 3, resolution: 480p}\n"
PRICE = Decimal("0.33")


def test_a_take_of_which_nobody_knows_whether_it_was_bought_is_in_the_price():
    known = PaperKnown()
    key = planned(FILM, known, maker=PAID).steps[0].key
    assert key is not None
    known.lost_answers[key] = frozenset({2})
    (step,) = planned(FILM, known, maker=PAID).steps
    assert (step.action, step.due) == (Action.MAKE, 2 * PRICE)
    assert "take 2 may have been bought already" in step.reason


def test_a_take_that_the_provider_is_at_costs_nothing_more():
    known = PaperKnown()
    key = planned(FILM, known, maker=PAID).steps[0].key
    assert key is not None
    known.flights[key] = frozenset({1})
    (step,) = planned(FILM, known, maker=PAID).steps
    assert (step.action, step.due, step.in_flight) == (Action.MAKE, PRICE, (1,))
    known.flights[key] = frozenset({1, 2})
    (step,) = planned(FILM, known, maker=PAID).steps
    assert (step.action, step.due) == (Action.RESUME, Decimal(0))


def test_two_shots_of_one_request_pay_once():
    whole = planned(FILM + "  b: {prompt: x, takes: 3, duration: 3, resolution: 480p}\n", maker=PAID)
    assert [step.due for step in whole.steps] == [2 * PRICE, PRICE]


@pytest.mark.parametrize(
    ("due", "limit", "carried", "yes", "refused"),
    [
        ("0", None, "9", False, ""),
        ("1", None, "0", False, "nobody agreed"),
        ("1", None, "0", True, ""),
        ("1", "1", "0", False, ""),
        ("1", "0.99", "0", True, "may spend $0.99"),
        ("1", "1.5", "0.51", True, "beside $0.51 that is in flight"),
        ("1", "1.51", "0.51", False, ""),
    ],
)
def test_who_agreed_to_how_much(due, limit, carried, yes, refused):
    def ask() -> None:
        see_consent(Decimal(due), limit and Decimal(limit), Options(yes=yes), Decimal(carried))

    if refused:
        with pytest.raises(Refused, match=refused.replace("$", r"\$")):
            ask()
    else:
        ask()


@pytest.fixture
def studio(project: Path) -> tuple[Project, SqliteJournal]:
    (project / "board.yaml").write_text(FILM)
    Project.of(project / "board.yaml").prepare()
    return Project.of(project / "board.yaml"), SqliteJournal.open(Project.of(project / "board.yaml").journal)


def known_of(project: Project, journal: SqliteJournal) -> LockKnown:
    return LockKnown.of(project, Runware(), Objects(project.objects), journal)


def test_a_clip_that_a_board_of_another_name_bought_is_not_bought_again(studio):
    project, journal = studio
    sha256 = Objects(project.objects).put_bytes(b"a clip")
    task = bought.task("u-1", board="film")
    for stage in bought.life(task, until=4):
        journal.record(stage)

    journal.record(Fetched("u-1", replace(bought.take(1, "u-1"), sha256=sha256)))
    version = known_of(project, journal).version("other", task.key)
    assert version is not None
    assert version.picked.sha256 == sha256
    assert known_of(project, journal).current("opening") is None  # it is another board's shot


def test_what_was_written_off_is_bought_again_and_only_then(studio):
    project, journal = studio
    task = bought.task("u-1")
    for stage in bought.life(task, until=3):
        journal.record(stage)
    known = known_of(project, journal)
    assert known.in_flight(task.key, [1]) == (1,)
    assert carried_of(known, "board", "runware") == bought.PRICE
    (gone,) = give_up(unfetched(known, "board", "runware"), journal)
    assert (gone.finished, gone.said) == (True, "written off")
    assert known.in_flight(task.key, [1]) == ()
    record = journal.find("u-1")
    assert record is not None
    assert isinstance(record.stage, Failed)


def clip(path: Path) -> Path:
    """A clip of noise, in which every byte matters."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=32)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        noise = np.random.default_rng(1)
        for _ in range(32):
            frame = av.VideoFrame.from_ndarray(noise.integers(0, 255, (96, 160, 3), dtype=np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def damaged(path: Path) -> Path:
    content = bytearray(path.read_bytes())
    for place in range(len(content) // 3, len(content) // 2, 997):
        content[place] ^= 0x10
    path.write_bytes(content)
    return path


def test_damage_in_the_middle_of_a_clip_is_found(tmp_path):
    path = clip(tmp_path / "clip.mp4")
    assert probe.bad_pictures(path) == 0
    try:
        assert probe.bad_pictures(damaged(path)) > 0
    except MediaError as error:
        assert "damaged" in error.message  # noqa: PT017 - either is right


def test_a_damaged_clip_is_fetched_again_and_kept_where_it_comes_the_same_way_twice(studio, tmp_path):
    project, journal = studio
    for stage in bought.life(bought.task("u-1"), until=4):
        journal.record(stage)
    keeping = Keeping(Objects(project.objects), Aside(), journal)
    expected = Expected("opening", Output(Size(160, 96), 32, Fraction(32), sound=False))

    def made(name: str) -> Made:
        path = clip(tmp_path / name)
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0x10
        path.write_bytes(content)
        return Made(1, str(path), receipt=Receipt("u-1", "video-1"))

    async def keep(name: str) -> tuple[str, ...]:
        return (await keeping.bought(made(name), expected))[1]

    with pytest.raises(MediaError, match="of its pictures"):
        anyio.run(keep, "first.mp4")
    assert journal.find("u-1").kept == {}
    (note,) = anyio.run(keep, "second.mp4")
    assert "kept as it came" in note
    assert set(journal.find("u-1").kept) == {1}


@pytest.mark.parametrize(
    ("address", "own"),
    [("http://127.0.0.1:8000/v1", True), ("http://localhost/v1", True), ("", False), ("https://[", False)],
)
def test_a_provider_on_this_machine_makes_takes_of_its_own(monkeypatch, address, own):
    monkeypatch.setenv("RUNWARE_BASE_URL", address)
    assert (Runware().version != "1") == own
