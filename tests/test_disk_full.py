"""A disk that is full or read-only: nothing is bought that cannot be kept, and with room again the run goes on.

A disk fills up at every write. One write alone is refused at every third: shots go abreast, so what the third is
changes from run to run. ``SKYFLOW_EVERY=1`` refuses each.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from skyflow.running.journal import SqliteJournal
from tests.killing import WRITES
from tests.sample import some
from tests.studio import RUN, nursery_of_all, opened, undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.killing import Ended
    from tests.studio import Studio

__all__ = ("nursery_of_all", "undisturbed")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="a process that has imported all is forked"),
]

FOREVER = 1 << 30
THIRD = 3
PARTS = 8
"""So many tests share the writes of a run."""
MOUNT = shutil.which("mount")


def see_told(ended: Ended) -> None:
    """The disk's refusal is said in words with a remedy, and is no defect."""
    assert ended.code == 1, ended.err
    assert "no space left" in ended.err.lower() or "disk is full" in ended.err
    assert "free some space" in ended.err
    assert "defect" not in ended.err


def see_known(studio: Studio) -> None:
    """The journal knows all that was charged."""
    if studio.charged():
        with SqliteJournal.open(studio.journal) as journal:
            known = {record.task.uuid for record in journal.records() if record.in_flight or record.finished}
        assert set(studio.charged()) <= known


@pytest.mark.parametrize("part", range(PARTS))
def test_a_disk_that_is_full_from_any_write_on_costs_nothing_twice(nursery, result, part):
    for write in range(1 + part, result.passed[WRITES] + 1, PARTS):
        with opened(nursery) as studio:
            full = studio.run(full=(write, FOREVER))
            if full.passed.get(WRITES, 0) >= write:  # how often it writes is a matter of time for some files
                see_told(full)
            see_known(studio)
            again = studio.run()
            assert again.code == 0, again.err
            result.see(studio)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_disk_that_refuses_any_one_write_costs_nothing_twice(nursery, result, part):
    for write in some(result.passed[WRITES], THIRD)[part::PARTS]:
        with opened(nursery) as studio:
            refused = studio.run(full=(write, write))
            if refused.code:
                see_told(refused)
            see_known(studio)
            again = studio.run()
            assert again.code == 0, again.err
            result.see(studio)


@pytest.mark.parametrize("what", ["tmp/run-", "objects"])
def test_where_clips_have_no_room_and_the_journal_has_nothing_more_is_bought(nursery, result, what):
    with opened(nursery) as studio:
        first = 4 if what == "tmp/run-" else 3  # what a shot needs before its clip comes
        full = studio.do(*RUN, "--jobs", "1", full=(first, FOREVER, what))
        see_told(full)
        assert len(studio.charged()) <= 1
        again = studio.run()
        assert again.code == 0, again.err
        result.see(studio)


@contextmanager
def mounted(*options: str) -> Iterator[Path]:
    """A disk of its own; needs the right to mount one."""
    with tempfile.TemporaryDirectory() as name:
        command = [MOUNT or "mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", name]
        if MOUNT is None or os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:  # noqa: S603 - a fixed command
            pytest.skip("only root may mount a small disk")
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", name], check=True)  # noqa: S603, S607 - what was mounted above


def remounted(where: Path, option: str) -> None:
    subprocess.run([MOUNT or "mount", "-o", f"remount,{option}", str(where)], check=True)  # noqa: S603 - as above


@pytest.mark.parametrize("kilobytes", [150, 300, 450, 600, 900])
def test_a_small_disk_fills_up_and_is_made_larger(nursery, result, kilobytes):
    with opened(nursery) as studio, mounted(f"size={kilobytes}k") as disk:
        there = studio.copied(disk / "project")
        see_told(there.run())
        see_known(there)
        remounted(disk, "size=8m")
        again = there.run()
        assert again.code == 0, again.err
        result.see(there)


def test_a_disk_that_is_read_only_is_said_before_anything_is_bought(nursery, result):
    with opened(nursery) as studio, mounted("size=8m") as disk:
        there = studio.copied(disk / "project")
        remounted(disk, "ro")
        ended = there.run()
        assert ended.code == 1, ended.err
        assert "read-only" in ended.err
        assert "use a copy of the project" in ended.err
        assert there.charged() == []
        for verb in ("plan", "validate", "status"):
            looked = there.do(verb)
            assert looked.code == 0, looked.err
        remounted(disk, "rw")
        assert there.run().code == 0
        result.see(there)
        remounted(disk, "ro")
        assert there.do("status", "--backend", "runware").code == 0
        assert there.do("ledger").code == 0


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_closed_is_said_before_anything_is_bought(nursery):
    with opened(nursery) as studio:
        studio.project.chmod(0o500)
        ended = studio.run()
        assert ended.code == 1, ended.err
        assert "give yourself the right to write there" in ended.err
        assert studio.charged() == []
        studio.project.chmod(0o700)
