"""What a board's paths lead to on a disk, and what they never lead to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from skyflow import digest
from skyflow.board.files import FileFault
from skyflow.facts import ImageFacts
from skyflow.media.local import MAX_TEXT_BYTES, LocalFiles

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(project: Path) -> Path:
    """A board's folder two levels below the project's root, beside pictures at every level and one outside."""
    made = project / "films" / "one"
    (made / "assets").mkdir(parents=True)
    for place in (made, made / "assets", project / "films", project, project.parent):
        Image.new("RGB", (4, 3), (len(str(place)) % 256, 0, 0)).save(place / "a.png")
    return made


@pytest.fixture
def files(folder: Path, project: Path) -> LocalFiles:
    return LocalFiles(folder, project)


def fault(files: LocalFiles, path: str) -> FileFault:
    with pytest.raises(FileFault) as caught:
        files.image(path)
    assert caught.value.message
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("a.png", "a.png"),
        ("./a.png", "a.png"),
        ("assets//a.png", "assets/a.png"),
        ("assets/../a.png", "a.png"),
        ("../a.png", "../a.png"),
        ("../../a.png", "../../a.png"),
    ],
)
def test_a_path_within_the_project_is_taken(files, folder, path, named):
    found = files.image(path)
    assert found.path == named
    assert found.sha256 == digest.of_file(folder / path)
    assert found.facts == ImageFacts(4, 3)


@pytest.mark.parametrize(
    "path",
    [
        "../../../a.png",
        "/etc/hostname",
        "assets/../../../../a.png",
        "C:\\a.png",
        "C:a.png",
        "\\\\server\\a.png",
        "assets\\a.png",
        "https://example.com/a.png",
        "HTTP://example.com",
        "data:image/png;base64,AA",
        "uuid:1",
    ],
)
def test_no_path_leads_out_of_the_project(files, path):
    assert fault(files, path).code == "SF0502"


def test_no_link_leads_out_of_the_project(files, folder, project):
    (folder / "file.png").symlink_to(project.parent / "a.png")
    (folder / "folder").symlink_to(project.parent)
    (folder / "indirect.png").symlink_to("file.png")
    for path in ("file.png", "folder/a.png", "indirect.png", "folder/../a.png"):
        assert fault(files, path).code == "SF0502"


def test_a_link_within_the_project_is_followed_and_named_as_it_is_written(files, folder, project):
    (folder / "current.png").symlink_to(project / "a.png")
    (folder / "shared").symlink_to(project / "films")
    assert files.image("current.png").path == "current.png"
    assert files.image("shared/a.png").sha256 == digest.of_file(project / "films" / "a.png")
    beyond = files.image("shared/../a.png")
    assert (beyond.path, beyond.sha256) == ("shared/../a.png", digest.of_file(project / "a.png"))
    assert digest.of_file(folder / beyond.path) == beyond.sha256


@pytest.mark.parametrize(
    "path", [".", "assets", "..", "pipe.png", "loop.png", "a.png/b.png", "x" * 300, "a\0.png", "a\n.png"]
)
def test_what_is_no_file_is_told(files, folder, path):
    os.mkfifo(folder / "pipe.png")
    (folder / "loop.png").symlink_to("loop.png")
    found = fault(files, path)
    assert found.code in {"SF0501", "SF0503"}
    assert found.message.isprintable()


def test_a_device_is_no_picture(folder):
    with pytest.raises(FileFault, match="not a regular file"):
        LocalFiles(folder, folder.parents[-1]).image("../" * 30 + "dev/zero")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_told(files, folder):
    (folder / "a.png").chmod(0)
    assert fault(files, "a.png").code == "SF0503"


def test_a_folder_that_cannot_be_listed_still_gives_a_remedy(files, monkeypatch):
    def refused(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.iterdir", refused)
    assert fault(files, "b.png").remedy == "mend the path, or put the file there"


def test_a_name_that_is_near_is_suggested(files):
    assert fault(files, "assets/b.png").remedy == "did you mean 'assets/a.png'?"


def test_a_file_is_looked_at_once(files, folder):
    first = files.image("a.png")
    (folder / "a.png").unlink()
    assert files.image("a.png") is first


def test_a_fault_is_remembered_too(files, folder):
    fault(files, "late.png")
    Image.new("RGB", (1, 1)).save(folder / "late.png")
    assert fault(files, "late.png").code == "SF0501"


def test_text_is_read_with_its_lines_made_plain(files, folder):
    (folder / "p.j2").write_bytes(b"\xef\xbb\xbfone\r\ntwo\r")
    assert files.text("p.j2") == "one\ntwo\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\xff", "not UTF-8"), (b"x" * (MAX_TEXT_BYTES + 1), "over 1 MiB")],
    ids=["bytes", "large"],
)
def test_what_is_no_text(files, folder, content, said):
    (folder / "p.j2").write_bytes(content)
    with pytest.raises(FileFault, match=said) as caught:
        files.text("p.j2")
    assert caught.value.code == "SF0504"


@given(
    st.text(max_size=20) | st.lists(st.sampled_from(["..", ".", "a.png", "films", "/", "~", "", "\0"])).map("/".join)
)
def test_any_path_is_a_file_of_the_project_or_a_fault(tmp_path_factory, path):
    root = tmp_path_factory.getbasetemp()
    files = LocalFiles(root, root)
    try:
        found = files.image(path)
    except FileFault as fault:
        said = fault.message + fault.remedy
        assert said
    else:
        assert (root / found.path).resolve().is_relative_to(root)


@pytest.mark.parametrize("path", [".env", "../.git/config", "sub/.secret/x.j2"])
def test_no_prompt_holds_a_hidden_file(tmp_path, path):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("[remote]")
    folder = tmp_path / "board"
    (folder / "sub" / ".secret").mkdir(parents=True)
    (folder / ".env").write_text("RUNWARE_API_KEY=very-secret")
    (folder / "sub" / ".secret" / "x.j2").write_text("no")
    with pytest.raises(FileFault, match="hidden") as caught:
        LocalFiles(folder, tmp_path).text(path)
    assert caught.value.code == "SF0502"
