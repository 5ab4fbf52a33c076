"""Fuzz a target, guided by coverage: ``python -m tests.fuzz board -max_total_time=60``.

What follows the target's name is libFuzzer's. It starts from the committed corpus and leaves that alone; an input
that breaks a promise is written to the current folder as ``crash-…``, and belongs into the corpus with its mending.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path
from typing import Any

atheris: Any = importlib.import_module("atheris")  # an extra of its own, without types: mypy need not have it

with atheris.instrument_imports(include=["skyflow.board", "skyflow.planning", "jinja2"]):
    from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
LIMITS = ("-timeout=300", "-rss_limit_mb=1000", "-max_len=4096")


def main() -> None:
    """Fuzz until libFuzzer's own limits or a finding; this never returns."""
    name, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as found:
        atheris.Setup([sys.argv[0], *LIMITS, *options, found, str(CORPUS / name)], TARGETS[name])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
