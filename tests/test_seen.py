"""What is remembered of media: used while a file stands as it was, and never for another."""

from __future__ import annotations

import json
import os
import time
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from skyflow.board.files import FileFault
from skyflow.marks import GRAIN, KEPT
from skyflow.media import probe
from skyflow.media.local import LocalFiles
from skyflow.media.seen import Seen

if TYPE_CHECKING:
    from pathlib import Path

    from skyflow.board.model import FileMedia
    from skyflow.facts import ImageFacts


@pytest.fixture
def looks(monkeypatch, tmp_path):
    """A project with one picture; the files that were decoded."""
    (tmp_path / ".skyflow").mkdir()
    decoded: list[str] = []
    inner = probe.image

    def counted(path: Path) -> ImageFacts:
        decoded.append(path.name)
        return inner(path)

    monkeypatch.setattr(probe, "image", counted)
    # The system notes when it changes a file, and tests cannot wait: they see the program's clock two grains ahead.
    monkeypatch.setattr("skyflow.marks.time.time_ns", lambda: time_ns() + 2 * GRAIN)
    return decoded


time_ns = time.time_ns


def draw(path: Path, colour: str) -> None:
    from PIL import Image  # noqa: PLC0415 - only to draw

    Image.new("RGB", (8, 4), colour).save(path, "BMP")  # always as large


def image(folder: Path) -> FileMedia:
    seen = Seen(folder / ".skyflow")
    try:
        return LocalFiles(folder, folder, seen).image("a.png")
    finally:
        seen.save()


def test_a_picture_is_decoded_once(tmp_path, looks):
    draw(tmp_path / "a.png", "red")
    first = image(tmp_path)
    assert image(tmp_path) == first
    assert looks == ["a.png"]
    assert first.sha256 == sha256((tmp_path / "a.png").read_bytes()).hexdigest()


def test_another_picture_of_the_same_name_is_another(tmp_path, looks):
    draw(tmp_path / "a.png", "red")
    first = image(tmp_path)
    draw(tmp_path / "a.png", "blue")
    assert image(tmp_path).sha256 != first.sha256
    assert len(looks) == 2


def test_a_time_that_is_set_back_hides_no_change(tmp_path, looks):
    file = tmp_path / "a.png"
    draw(file, "red")
    first, status, size = image(tmp_path), file.stat(), file.stat().st_size
    draw(file, "tan")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert file.stat().st_size == size
    assert image(tmp_path).sha256 != first.sha256
    assert len(looks) == 2


def test_a_file_changed_just_before_is_looked_at_again(tmp_path, looks, monkeypatch):
    monkeypatch.setattr("skyflow.marks.time.time_ns", time_ns)
    draw(tmp_path / "a.png", "red")
    image(tmp_path)
    image(tmp_path)
    assert len(looks) == 2


def test_a_file_that_changes_while_it_is_looked_at_is_not_remembered(tmp_path, looks, monkeypatch):
    file = tmp_path / "a.png"
    draw(file, "red")
    inner = probe.image

    def changing(path: Path) -> ImageFacts:
        found = inner(path)
        draw(path, "blue")
        return found

    monkeypatch.setattr(probe, "image", changing)
    image(tmp_path)
    monkeypatch.setattr(probe, "image", inner)
    assert image(tmp_path).sha256 == sha256(file.read_bytes()).hexdigest()
    assert len(looks) == 2


def test_a_picture_that_is_none_is_a_fault_every_time(tmp_path, looks):
    (tmp_path / "a.png").write_bytes(b"no picture")
    for _ in range(2):
        with pytest.raises(FileFault):
            image(tmp_path)
    assert len(looks) == 2


@pytest.mark.usefixtures("looks")
def test_a_picture_is_no_clip_because_it_was_seen(tmp_path):
    draw(tmp_path / "a.png", "red")
    image(tmp_path)
    with pytest.raises(FileFault):
        LocalFiles(tmp_path, tmp_path, Seen(tmp_path / ".skyflow")).voice("a.png")


def forged(payload: bytes) -> bytes:
    return sha256(payload).hexdigest().encode() + b"\n" + payload


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"",
        lambda content: content[:-2],
        lambda content: content.replace(b"[8, 4]", b"[9, 4]"),
        lambda _: forged(b"[]"),
        lambda _: forged(b"nonsense"),
        lambda _: forged(b"\xff"),
        lambda _: forged(b"[" * 100_000),
        lambda content: forged(content.partition(b"\n")[2].replace(b'"with": [1,', b'"with": [0,')),
        lambda content: forged(content.partition(b"\n")[2].replace(b"[8, 4]", b"[8]")),
        lambda content: forged(content.partition(b"\n")[2].replace(b"[8, 4]", b'["8", 4]')),
        lambda content: forged(content.partition(b"\n")[2].replace(b'"said"', b'"sad"')),
        lambda content: forged(content.partition(b"\n")[2].replace(b'"mark"', b'"marks"')),
        lambda _: forged(json.dumps({"with": [1, "0.1.0"], "files": {"image x": []}}).encode()),
    ],
)
def test_a_memory_that_is_torn_or_foreign_is_passed_over(tmp_path, looks, spoil):
    draw(tmp_path / "a.png", "red")
    first = image(tmp_path)
    kept = tmp_path / ".skyflow" / "media.json"
    kept.write_bytes(spoil(kept.read_bytes()))
    assert image(tmp_path) == first
    assert len(looks) == 2
    assert image(tmp_path) == first
    assert len(looks) == 2


@pytest.mark.usefixtures("looks")
def test_who_only_looks_creates_nothing(tmp_path):
    (tmp_path / ".skyflow").rmdir()
    draw(tmp_path / "a.png", "red")
    image(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def test_a_disk_that_refuses_is_no_matter(tmp_path, looks):
    draw(tmp_path / "a.png", "red")
    (tmp_path / ".skyflow" / "media.json").mkdir()
    assert image(tmp_path) == image(tmp_path)
    assert len(looks) == 2


@pytest.mark.usefixtures("looks")
def test_what_this_board_does_not_name_goes_first(tmp_path):
    draw(tmp_path / "a.png", "red")
    seen = Seen(tmp_path / ".skyflow")
    seen._marks._entries = {f"image {number}": {"mark": []} for number in range(KEPT + 5)}
    found = LocalFiles(tmp_path, tmp_path, seen).image("a.png")
    seen.save()
    again = Seen(tmp_path / ".skyflow")
    assert len(again._marks._entries) == KEPT
    assert again.find("image", str(tmp_path.resolve() / "a.png")) == (found.sha256, found.facts)
