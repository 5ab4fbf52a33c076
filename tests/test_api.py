"""The calls for programs: the page about them is run, and they need neither a terminal nor a certain thread."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

import skyflow
from tests.plugging import BOARD, Quick, environment, plug_in

PAGE = Path(__file__).parent.parent / "docs" / "api.md"
WRONG = "skyflow: 1\nshots:\n  lamp: {prompt: '{{ wether }}'}\n"


@pytest.fixture(autouse=True)
def here(project, monkeypatch):
    (project / "board.yaml").write_text(BOARD)
    (project / "wrong.yaml").write_text(WRONG)
    monkeypatch.syspath_prepend(plug_in(project / "plugged"))
    monkeypatch.chdir(project)
    return project


def test_the_page_is_true(capsys):
    blocks = re.findall(r"^```(python|text)\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 10
    names: dict[str, object] = {}
    for language, block in blocks:
        if language == "python":
            exec(compile(block, PAGE.name, "exec"), names)  # noqa: S102 - our own page
        else:
            assert capsys.readouterr().out == block


def test_everything_that_is_offered_is_there_and_documented():
    for name in skyflow.__all__:
        value = getattr(skyflow, name)
        assert isinstance(value, str) or value.__doc__
    assert (Path(skyflow.__file__).parent / "py.typed").is_file()
    with pytest.raises(AttributeError, match="has no attribute 'lode'"):
        skyflow.lode  # type: ignore[attr-defined]  # noqa: B018 - asking for it is the test


def test_a_plain_script_runs_a_board_and_is_run_once(here):
    """No ``if __name__ == "__main__"`` in it: a worker that imported the script again would run it again."""
    script = here / "film.py"
    script.write_text(
        "print('once', flush=True)\nimport skyflow\n"
        "result = skyflow.run(skyflow.load('board.yaml'), 'quick')\nprint(result.cut.made)\n"
    )
    env = environment(here / "plugged")
    ended = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(script)], cwd=here, env=env, capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == ("once\nTrue\n", "", 0)


PROGRAMS = {
    "the folders first": "import skyflow.running.runner, skyflow.planning.plan, skyflow",
    "names first": "from skyflow import plan, run, load\nimport skyflow",
    "the folders last": "import skyflow\nskyflow.load, skyflow.plan\nimport skyflow.running.options",
}


@pytest.mark.parametrize("order", PROGRAMS)
def test_no_folder_hides_a_call_of_the_package(here, order):
    program = f"{PROGRAMS[order]}\nprint(skyflow.plan(skyflow.load('board.yaml')).total_cost, callable(skyflow.run))"
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], cwd=here, env=environment(here), capture_output=True, text=True, check=True
    )
    assert ended.stdout == "1.32 True\n"


def test_a_run_works_in_any_thread_and_says_nothing(here, capfd):
    results: list[skyflow.Result] = []

    def work():
        results.append(skyflow.run(skyflow.load(here / "board.yaml"), Quick()))

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert results[0].exit_code == 0
    assert capfd.readouterr() == ("", "")


def test_a_program_without_any_stream_can_run_a_board(here):
    program = "import skyflow\nskyflow.run(skyflow.load('board.yaml'), 'quick')"
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", f"import os\nfor one in range(3): os.close(one)\n{program}"],
        cwd=here,
        env=environment(here / "plugged"),
        check=False,
    )
    assert ended.returncode == 0
    assert (here / "out/board/quick/cut.mp4").is_file()


def test_a_board_that_was_edited_since_is_run_as_it_was_loaded(here):
    loaded = skyflow.load("board.yaml")
    (here / "board.yaml").write_text(WRONG)
    assert skyflow.run(loaded, Quick()).exit_code == 0


def test_errors_carry_message_and_remedy():
    with pytest.raises(skyflow.SkyflowError) as raised:
        skyflow.load("nope.yaml")
    assert raised.value.message == "there is no nope.yaml"
    assert raised.value.remedy
    with pytest.raises(skyflow.BoardInvalid) as invalid:
        skyflow.load("wrong.yaml")
    assert [problem.code for problem in invalid.value.problems] == ["SF0401"]
