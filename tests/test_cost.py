"""Prices, worked out by hand from the model's page."""

from __future__ import annotations

from decimal import Decimal

import pytest

from skyflow.planning.cost import cost
from skyflow.planning.plan import as_json
from tests.paper import board, planned


def price(keys: str, others: str = "") -> Decimal:
    read = board(f"skyflow: 1\ntags: {{surf: {{video: long.mp4}}}}\nshots:\n  s: {{{keys}}}\n{others}")
    return cost(read, read.shots["s"], read.shots["s"].takes)


@pytest.mark.parametrize(
    ("keys", "dollars"),
    [
        ("prompt: x", "1.75"),  # 5 s at 0.35
        ("prompt: x, duration: 3, resolution: 480p", "0.33"),
        ("prompt: x, duration: 15, resolution: 720p, takes: 4", "8.4"),
        ("prompt: x, size: 640x640, duration: 3.5", "0.385"),
        ("prompt: x, frames: [face.png]", "1.75"),  # pictures are no video
        ("prompt: x, extends: film", "3.125"),  # 5 s at 0.625
        ("prompt: x, extends: film, resolution: 480p, duration: 4", "0.72"),
        ("prompt: x, edits: clip.mp4, duration: 3, resolution: 720p", "1"),  # the clip's 4 s at 0.25
        ("prompt: x, edits: clip.mp4, duration: 6, resolution: 720p", "1.5"),
        ("prompt: like @surf, duration: 3, resolution: 480p", "2.16"),  # the tag's 12 s at 0.18
        ("prompt: x, edits: other, duration: 3", "5"),  # 8 s at 0.625
        ("footage: clip.mp4", "0"),
    ],
)
def test_what_a_shot_costs(keys, dollars):
    assert price(keys, "  film: {footage: long.mp4}\n  other: {prompt: y, duration: 8}") == Decimal(dollars)


def test_an_extension_of_a_long_clip_costs_its_own_seconds_only():
    assert price("prompt: x, extends: film", "  film: {footage: long.mp4}") == Decimal("3.125")


def test_a_board_costs_the_sum_without_rounding():
    text = "skyflow: 1\nshots:\n" + "".join(
        f"  s{n}: {{prompt: x, duration: 3.1, resolution: 480p}}\n" for n in range(30)
    )
    assert planned(text).total_cost == Decimal("10.23")


@pytest.mark.parametrize(("budget", "said"), [("", False), ("budget: 1.05", False), ("budget: 1.049", True)])
def test_a_plan_that_passes_the_budget_says_so(budget, said):
    whole = planned(f"skyflow: 1\n{budget}\nshots: {{a: {{prompt: x, duration: 3}}}}\n")
    assert whole.total_cost == Decimal("1.05")
    assert bool(whole.notes) == said
    assert as_json(whole)["notes"] == list(whole.notes)
