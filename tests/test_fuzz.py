"""Every case of the fuzzers' corpus: where they start from, and each finding that they made."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "fuzz" / "corpus"
CASES = sorted(path for path in CORPUS.glob("*/*") if path.is_file())


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_case_of_the_corpus_ends_in_words(case: Path) -> None:
    TARGETS[case.parent.name](case.read_bytes())


def test_both_targets_have_a_corpus() -> None:
    assert {case.parent.name for case in CASES} == TARGETS.keys()
