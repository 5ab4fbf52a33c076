"""The disk below a run: objects, whole files, places, and who holds the board. Mostly attacks."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from skyflow import digest, disk
from skyflow.errors import BoardHeld, StoreError
from skyflow.store import files
from skyflow.store.hold import hold
from skyflow.store.objects import Objects, show
from skyflow.store.project import Project
from tests.attacks import durable_steps_until_killed, flip, in_a_child


@pytest.fixture
def objects(tmp_path):
    return Objects(tmp_path / "objects")


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip"
    path.write_bytes(b"a clip" * 1000)
    return path


# Objects


def test_an_object_is_named_by_its_content_and_cannot_be_written(objects, clip):
    sha256 = objects.put(clip)
    assert sha256 == digest.of_file(clip)
    assert objects.path(sha256).relative_to(objects.folder).as_posix() == f"{sha256[:2]}/{sha256[2:]}"
    assert objects.path(sha256).stat().st_mode & 0o777 == 0o444
    assert objects.intact(sha256)
    assert list(objects) == [sha256]
    assert objects.put_bytes(clip.read_bytes()) == sha256


def test_a_moved_file_is_gone_from_its_place(objects, clip):
    content = clip.read_bytes()
    sha256 = objects.move(clip)
    assert not clip.exists()
    assert objects.read(sha256) == content


def test_putting_what_is_there_leaves_it_as_it_is(objects, clip):
    sha256 = objects.put(clip)
    before = objects.path(sha256).stat()
    objects.put(clip)
    objects.move(clip)
    assert (objects.path(sha256).stat().st_ino, objects.path(sha256).stat().st_mtime_ns) == (
        before.st_ino,
        before.st_mtime_ns,
    )


def test_one_flipped_bit_is_seen_and_mended_by_the_next_put(objects, clip):
    sha256 = objects.put(clip)
    flip(objects.path(sha256))
    assert objects.held(sha256)
    assert not objects.intact(sha256)
    assert objects.read(sha256) is None
    objects.put(clip)
    assert objects.intact(sha256)


@pytest.mark.parametrize("damage", ["empty", "cut off", "a folder", "a link to nothing", "gone"])
def test_no_other_damage_passes_for_an_object(objects, clip, damage):
    sha256 = objects.put(clip)
    path = objects.path(sha256)
    content = path.read_bytes()
    path.unlink()
    match damage:
        case "empty":
            path.write_bytes(b"")
        case "cut off":
            path.write_bytes(content[:-1])
        case "a folder":
            path.mkdir()
        case "a link to nothing":
            path.symlink_to("nowhere")
    assert not objects.intact(sha256)
    assert objects.read(sha256) is None


def test_only_a_hash_can_be_asked_for(objects):
    for name in ("", "../../etc/passwd", "AB" * 32, "0" * 63, "0" * 64 + "\n"):
        with pytest.raises(ValueError, match="no SHA-256"):
            objects.path(name)


def test_what_is_no_object_is_passed_over(objects, clip):
    sha256 = objects.put(clip)
    (objects.folder / "ab").mkdir(exist_ok=True)
    (objects.folder / "ab" / "notes.txt").write_text("mine")
    (objects.folder / "zz").mkdir()
    (objects.folder / ".DS_Store").write_text("")
    assert list(objects) == [sha256]
    assert list(Objects(objects.folder / "nowhere")) == []


def test_a_failed_put_leaves_nothing(objects, tmp_path):
    with pytest.raises(StoreError):
        objects.put(tmp_path / "not there")
    with pytest.raises(StoreError):
        objects.move(tmp_path / "not there")
    assert list(objects.folder.rglob("*")) == []


@pytest.mark.parametrize("how", ["put", "move", "put_bytes"])
def test_a_kill_at_any_durable_step_leaves_all_or_nothing(objects, clip, how):
    content = clip.read_bytes()
    sha256 = digest.of_bytes(content)
    for at in range(1, 20):

        def killed(at=at):
            durable_steps_until_killed(at)
            getattr(objects, how)(content if how == "put_bytes" else clip)

        clip.write_bytes(content)
        status = in_a_child(killed)
        assert objects.held(sha256) == objects.intact(sha256)
        objects.sweep()
        assert list(objects) == ([sha256] if objects.held(sha256) else [])
        assert [path for path in objects.folder.rglob("*") if path.is_file()] == [
            objects.path(name) for name in objects
        ]
        if status == 0:
            break
        assert status == -signal.SIGKILL
        objects.remove(sha256)
    else:
        pytest.fail("the put never ended by itself")
    assert at > (1 if how == "put_bytes" else 3)  # bytes that can be had again are renamed and not flushed


def test_a_full_disk_says_so_and_leaves_nothing(objects, clip):
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        with pytest.raises(StoreError, match=r"cannot keep .*clip: file too large"):
            objects.put(clip)
        assert [path for path in objects.folder.rglob("*") if path.is_file()] == []

    assert in_a_child(limited) == 0


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_what_the_disk_refuses_comes_with_a_remedy(code, tmp_path):
    with pytest.raises(StoreError) as caught, files.disk_errors(tmp_path / "x"):
        raise OSError(code, os.strerror(code))
    assert caught.value.message == f"cannot write {tmp_path / 'x'}: {os.strerror(code).lower()}"
    assert caught.value.remedy


@pytest.fixture
def read_only():
    """A folder that this process may read and not write, also where the tests run as root."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield folder
        finally:
            if root:
                os.seteuid(0)
            folder.chmod(0o755)


def test_a_read_only_folder_is_an_error_with_a_remedy(read_only):
    for attempt in (
        lambda: files.write(read_only / "file", b"content"),
        lambda: Objects(read_only / "objects").put_bytes(b"content"),
        lambda: Project.of(read_only / "board.yaml").prepare(),
    ):
        with pytest.raises(StoreError) as caught:
            attempt()
        assert caught.value.remedy == "give yourself the right to write there"
    assert list(read_only.iterdir()) == []


def test_a_file_where_a_folder_is_needed_is_an_error(project):
    (project / ".skyflow").write_text("")
    with pytest.raises(StoreError) as caught, hold(Project.of(project / "board.yaml"), "run"):
        pass
    assert "not a folder" in caught.value.remedy


# Whole files


def test_a_failed_body_leaves_the_old_file_and_no_temporary(tmp_path):
    path = tmp_path / "deep" / "file.txt"
    files.write(path, b"old")

    def interrupted() -> None:
        with files.replacing(path) as temporary:
            temporary.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_files_are_for_whom_the_author_wants_them(objects, tmp_path):
    before = os.umask(0o077)
    try:
        files.write(tmp_path / "board.lock", b"{}")
        sha256 = objects.put_bytes(b"private")
    finally:
        os.umask(before)
    assert (tmp_path / "board.lock").stat().st_mode & 0o777 == 0o600
    assert objects.path(sha256).stat().st_mode & 0o777 == 0o400


def test_a_body_that_writes_nothing_is_an_error_and_not_an_empty_file(tmp_path):
    with pytest.raises(StoreError), files.replacing(tmp_path / "file"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_sweeping_removes_only_our_temporaries(tmp_path):
    (tmp_path / f"{disk.TEMPORARY}0123-cut.mp4").write_bytes(b"half")
    (tmp_path / "skyflow-tmp-mine").write_bytes(b"")
    (tmp_path / f"{disk.TEMPORARY}folder").mkdir()
    files.sweep(tmp_path)
    files.sweep(tmp_path / "nowhere")
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{disk.TEMPORARY}folder", "skyflow-tmp-mine"]


# Names for people


@pytest.mark.parametrize("link", [True, False])
def test_a_shown_object_is_shown_once_and_mended_when_somebody_writes_into_it(objects, clip, tmp_path, link):
    sha256 = objects.put(clip)
    name = tmp_path / "out" / "opening.mp4"
    assert show(objects, sha256, name, link=link)
    assert not show(objects, sha256, name, link=link)
    flip(name)
    assert objects.intact(sha256) == (not link)
    objects.put(clip)
    assert show(objects, sha256, name, link=link)
    assert name.read_bytes() == clip.read_bytes()


def test_a_link_that_leads_elsewhere_is_replaced_and_not_followed(objects, clip, tmp_path):
    sha256 = objects.put(clip)
    mine = tmp_path / "mine"
    mine.write_bytes(clip.read_bytes())
    name = tmp_path / "opening.mp4"
    name.symlink_to(mine)
    show(objects, sha256, name, link=False)
    assert not name.is_symlink()
    assert mine.read_bytes() == clip.read_bytes()


def test_a_damaged_object_is_never_shown(objects, clip, tmp_path):
    sha256 = objects.put(clip)
    flip(objects.path(sha256))
    with pytest.raises(StoreError, match="damaged"):
        show(objects, sha256, tmp_path / "opening.mp4", link=True)
    assert not (tmp_path / "opening.mp4").exists()


# Places


def test_places_lie_around_the_board_and_reading_creates_none(project):
    folder = project / "films"
    folder.mkdir()
    board = Project.of(folder / "board.yaml")
    assert (board.root, board.folder, board.name) == (project, folder, "board")
    assert board.lock("animatic", repeatable=True) == folder / ".skyflow/animatic.lock"
    assert board.lock("runware", repeatable=False) == folder / "board.lock"
    assert board.out("animatic") == folder / "out/board/animatic"
    other = Project.of(folder / "trailer.yml")
    assert other.lock("animatic", repeatable=True) == folder / ".skyflow/trailer.animatic.lock"
    assert other.lock("runware", repeatable=False) == folder / "trailer.lock"
    assert other.locks() == []
    assert list(folder.iterdir()) == []


def test_state_is_ignored_by_git_from_the_start(project):
    git = ["git", "-C", str(project)]
    subprocess.run([*git, "init", "--quiet"], check=True)  # noqa: S603 - our own words
    board = Project.of(project / "board.yaml")
    board.prepare()
    (board.state / "animatic.lock").write_text("{}")
    status = subprocess.run([*git, "status", "--porcelain"], check=True, capture_output=True)  # noqa: S603 - as above
    assert status.stdout == b""


def test_locks_of_other_tools_are_not_ours(project):
    for name in ("board.yaml", "board.lock", "uv.lock", "trailer.yml", "trailer.lock", ".skyflow/animatic.lock"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text("")
    assert [path.name for path in Project.of(project / "board.yaml").locks()] == [
        "animatic.lock",
        "board.lock",
        "trailer.lock",
    ]


def test_each_board_knows_its_own_locks(project):
    for name in ("animatic", "animatic-480p", "trailer.animatic", "my.film.animatic"):
        (project / ".skyflow").mkdir(exist_ok=True)
        (project / f".skyflow/{name}.lock").write_text("")
    own = {
        board: [path.stem for path in Project.of(project / f"{board}.yaml").own_repeatable_locks()]
        for board in ("board", "trailer", "my.film", "my", "film")
    }
    assert own == {
        "board": ["animatic-480p", "animatic"],
        "trailer": ["trailer.animatic"],
        "my.film": ["my.film.animatic"],
        "my": [],
        "film": [],
    }


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "a\x00b", "a b", "a.b"])
def test_a_backend_cannot_name_another_folder(project, name):
    board = Project.of(project / "board.yaml")
    with pytest.raises(ValueError, match="cannot name a file"):
        board.out(name)
    with pytest.raises(ValueError, match="cannot name a file"):
        board.lock(name, repeatable=True)


# Holding the board

HOLD = """
import sys
from pathlib import Path
from skyflow.store.hold import hold
from skyflow.store.project import Project
from tests.attacks import durable_steps_until_killed, flip, in_a_child
with hold(Project.of(Path(sys.argv[1])), "run"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(project):
    """Another process that holds the board until its input ends."""
    command = [sys.executable, "-c", HOLD, str(project / "board.yaml")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:  # noqa: S603 - our own words
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_held_board_is_refused_and_the_holder_is_named(project, holder):
    with pytest.raises(BoardHeld) as caught, hold(Project.of(project / "board.yaml"), "pick"):
        pass
    assert caught.value.message == f"board.yaml is held by 'skyflow run' (process {holder.pid})"
    assert caught.value.exit_code == 3


def test_waiting_says_for_whom_and_then_goes_on(project, holder):
    told = []

    def waiting(who):
        told.append(who)
        holder.stdin.close()

    with hold(Project.of(project / "board.yaml"), "run", waiting=waiting):
        holder.wait()
    assert told == [f"'skyflow run' (process {holder.pid})"]


def test_a_killed_holder_frees_the_board(project, holder):
    holder.kill()
    holder.wait()
    with hold(Project.of(project / "board.yaml"), "run"):
        pass


def test_a_board_is_held_against_the_same_process_too(project):
    board = Project.of(project / "board.yaml")
    with hold(board, "run"):
        with pytest.raises(BoardHeld), hold(Project.of(project / "other.yaml"), "run"):
            pass
        board.hold.write_text("{not json")
        with pytest.raises(BoardHeld, match="another process"), hold(board, "run"):
            pass
    with hold(board, "run"):
        pass
