"""What no test may do: reach the network, write to the home folder, use a real key, wait for a fast machine."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

settings.register_profile("skyflow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("skyflow")

LOOPBACK = ("127.", "::1", "localhost")


class TestReachedBeyondThisMachine(AssertionError):
    """A test opened a connection to another machine; serve what it needs on loopback or in process."""


class TestWroteToTheHomeFolder(AssertionError):
    """A test left files in the home folder; skyflow keeps everything beside the board."""


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def only_here(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(LOOPBACK):
            raise TestReachedBeyondThisMachine(f"connecting to {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", only_here)


@pytest.fixture(autouse=True)
def _no_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in [name for name in os.environ if name.startswith("XDG_")]:
        monkeypatch.delenv(name)
    yield
    if written := sorted(path.relative_to(home).as_posix() for path in home.rglob("*")):
        raise TestWroteToTheHomeFolder(", ".join(written))


@pytest.fixture(autouse=True)
def _same_environment_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("RUNWARE_", "SKYFLOW_", "GITHUB_"))]:
        monkeypatch.delenv(name)
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty folder that is a project's root: no search for ``.git`` leaves it."""
    (tmp_path / ".git").mkdir()
    return tmp_path
