"""What no test may do is really forbidden."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]


def test_nothing_leaves_this_machine():
    with socket.socket() as outwards, pytest.raises(AssertionError, match="connecting to"):
        outwards.connect(("192.0.2.1", 443))


def test_loopback_is_open():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_the_environment_holds_no_key_and_no_colour():
    assert not [name for name in os.environ if name.startswith("RUNWARE_")]
    assert os.environ["NO_COLOR"] == "1"


def test_who_writes_to_the_home_folder_is_told(pytester):
    pytester.makeconftest((Path(__file__).parent / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile("from pathlib import Path\n\ndef test_it(): (Path.home() / '.skyflowrc').touch()\n")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*TestWroteToTheHomeFolder: .skyflowrc"])
