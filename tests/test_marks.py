"""Objects that an earlier command read whole: not read again while they stand as they did, else never believed."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from skyflow import digest
from skyflow.marks import GRAIN
from skyflow.store.objects import Objects
from skyflow.store.project import Project

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b"a clip that takes long to read"


@pytest.fixture
def project(tmp_path):
    (tmp_path / ".git").mkdir()
    made = Project.of(tmp_path / "board.yaml")
    made.prepare()
    return made


@pytest.fixture
def read(monkeypatch):
    """The objects that were read, by the first letters of their names."""
    names: list[str] = []
    inner = digest.of_file

    def counted(path: Path) -> str:
        names.append(path.name)
        return inner(path)

    monkeypatch.setattr(digest, "of_file", counted)
    return names


@pytest.fixture
def later(monkeypatch):
    """The system notes when it changes a file, and tests cannot wait: the program's clock is ahead."""
    real = time.time_ns
    monkeypatch.setattr("skyflow.marks.time.time_ns", lambda: real() + 2 * GRAIN)


def is_intact(project: Project, sha256: str) -> bool:
    """What one command finds, from its start to its end."""
    objects = Objects.of(project)
    try:
        return objects.intact(sha256)
    finally:
        objects.remember()


@pytest.mark.usefixtures("later")
def test_an_object_is_read_once(project, read):
    sha256 = Objects.of(project).put_bytes(CONTENT)
    assert [is_intact(project, sha256) for _ in range(3)] == [True] * 3
    assert len(read) == 1


def test_what_was_put_a_moment_ago_is_read_again(project, read):
    sha256 = Objects.of(project).put_bytes(CONTENT)
    assert [is_intact(project, sha256) for _ in range(3)] == [True] * 3
    assert len(read) == 3


@pytest.mark.usefixtures("later", "read")
@pytest.mark.parametrize("at", [0, len(CONTENT) // 2, len(CONTENT) - 1])
def test_a_bit_that_was_flipped_is_seen_though_size_and_time_are_the_same(project, at):
    sha256 = Objects.of(project).put_bytes(CONTENT)
    assert is_intact(project, sha256)
    path = Objects.of(project).path(sha256)
    before = path.stat()
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(at)
        file.write(bytes([CONTENT[at] ^ 1]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not is_intact(project, sha256)
    assert not is_intact(project, sha256)


@pytest.mark.usefixtures("later")
def test_another_file_in_its_place_is_read(project, tmp_path):
    sha256 = Objects.of(project).put_bytes(CONTENT)
    assert is_intact(project, sha256)
    path = Objects.of(project).path(sha256)
    before = path.stat()
    other = tmp_path / "other"
    other.write_bytes(CONTENT[::-1])
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)
    assert not is_intact(project, sha256)


@pytest.mark.usefixtures("later")
def test_an_object_that_is_gone_is_not_intact_because_it_was(project):
    sha256 = Objects.of(project).put_bytes(CONTENT)
    assert is_intact(project, sha256)
    Objects.of(project).remove(sha256)
    assert not is_intact(project, sha256)


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("spoil", [lambda content: content[:-2], lambda _: b"", lambda content: content[::-1]])
def test_a_memory_that_is_torn_is_passed_over(project, read, spoil):
    sha256 = Objects.of(project).put_bytes(CONTENT)
    assert is_intact(project, sha256)
    kept = project.state / "objects.json"
    kept.write_bytes(spoil(kept.read_bytes()))
    assert is_intact(project, sha256)
    assert len(read) == 2
