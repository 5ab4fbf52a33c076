"""``skyflow sandbox`` as a process of its own, for tests that talk to it over real connections."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from tests.plugging import ROOT
from tests.sandboxing import KEY, asked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class Served:
    """A sandbox in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        words = [re.fullmatch(r"export (RUNWARE_\w+)=(\S+)\n", line) for line in lines]
        assert all(words), (lines, process.stderr and process.stderr.read())
        self.exported = {found[1]: found[2] for found in words if found}
        self.url = self.exported["RUNWARE_BASE_URL"]
        self.client = httpx.Client(headers=KEY, timeout=30)

    def post(self, *tasks: Any) -> httpx.Response:
        return self.client.post(self.url, json=list(tasks))

    def page(self, name: str) -> Any:
        return self.client.get(f"{self.url.removesuffix('/v1')}/{name}").json()

    def finished(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """The rows of a task once none of its takes is under way."""
        while True:
            rows: list[dict[str, Any]] = self.post(asked(body)).json()["data"]
            if all(row["status"] != "processing" for row in rows):
                return rows

    def end(self, how: signal.Signals = signal.SIGINT) -> str:
        self.process.send_signal(how)
        _, talk = self.process.communicate(timeout=60)
        return talk


@contextmanager
def served(
    folder: Path, *words: str, faults: Any = None, settings: Mapping[str, Any] | None = None
) -> Iterator[Served]:
    """Start one on a free port; killed at the end where the test has not ended it.

    Args:
        faults: what goes wrong.
        settings: all that a file of faults may say, where that is more.
    """
    if faults is not None or settings is not None:
        (folder / "faults.yaml").write_text(json.dumps(settings or {"faults": faults}))
        words = (*words, "--faults", "faults.yaml")
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "skyflow", "sandbox", "--clips", "stand-in", "--latency", "0", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        sandbox = Served(process)
        with sandbox.client:
            yield sandbox
    finally:
        process.kill()
        process.communicate()
