"""Figures as people read them: lines in a terminal, and docs/performance.md with its plots."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from benchmarks.environments import ROOT, Absent, environment
from benchmarks.goals import GOALS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.figures import Figure, Figures
    from benchmarks.samples import Spread

HEAD = """\
# How fast skyflow is, beside what

Written by `make bench`; [benchmarks/README.md](../benchmarks/README.md) says what is measured and how. What counts
are the ratios: each is the median of pairs that were taken one right after the other, with the least and the most in
brackets. Absolute times belong to one machine on one day.
"""


def line(row: Figure) -> str:
    """One row for a terminal."""
    if row.missing:
        return f"  {row.name:42} not measured: {row.missing}"
    assert row.ours
    said = f"  {row.name:42} {amount(row.ours.middle, row.unit):>12}"
    if row.theirs and row.ratio:
        said += f" against {amount(row.theirs.middle, row.unit):>12}: {ratio(row.ratio)}"
    return f"{said}  {row.verdict and f'goal: {row.verdict}'}".rstrip()


def amount(figure: float, unit: str) -> str:
    """A figure with its unit, in three digits or so."""
    if unit == "s":
        return f"{figure * 1000:.3g} ms" if figure < 1 else f"{figure:.3g} s"
    return f"{figure:,.0f} {unit}" if figure >= 100 else f"{figure:.3g} {unit}"


def ratio(spread: Spread) -> str:
    return f"{spread.middle:.2f}x ({spread.least:.2f} to {spread.most:.2f})"


def publish(figures: Figures, docs: Path) -> None:
    """Write the page, and its plots where matplotlib can be had."""
    images = docs / "images"
    try:
        drawn = plots(figures, images)
    except Absent as error:
        print(f"no plots: {error}")
        drawn = sorted(images.glob("performance-*.png"))
    (docs / "performance.md").write_text(page(figures, [path.name for path in drawn]), "utf-8")


def page(figures: Figures, images: list[str]) -> str:
    """The whole page."""
    rows = "".join(f"| {' | '.join(cells)} |\n" for cells in goal_rows(figures))
    others = "".join(f"| {' | '.join(cells)} |\n" for cells in other_rows(figures))
    about = "".join(f"| {name} | {said} |\n" for name, said in figures.about.items())
    shown = "".join(f"![{name}](images/{name})\n" for name in images)
    return f"""{HEAD}
## Against the goals

| measure | skyflow | beside | ratio | goal | stretch | reached |
|---|---|---|---|---|---|---|
{rows}
## How it grows

{shown}
## Beside the others

Whole processes; what has no row here was not run, for the reason that stands in its place.

| measure | peer | skyflow | peer takes | ratio |
|---|---|---|---|---|
{others}
## The machine

| | |
|---|---|
{about}"""


def goal_rows(figures: Figures) -> Iterator[list[str]]:
    """A row for every goal, measured or not."""
    held = {row.key: row for row in figures.rows if row.verdict}
    for key, goal in GOALS.items():
        row = held.get(key)
        lines = [
            f"{line:g}{goal.unit if goal.unit == 'x' else ' ' + goal.unit}" for line in (goal.goal, goal.stretch)
        ]
        if row is None or row.missing or row.ours is None:
            why = row.missing if row else "not part of this bench"
            yield [goal.measure, "", goal.beside, "", *lines, f"not measured: {why}"]
            continue
        theirs = f"{goal.beside}: {amount(row.theirs.middle, row.unit)}" if row.theirs else goal.beside
        said = ratio(row.ratio) if row.ratio else ""
        yield [goal.measure, amount(row.ours.middle, row.unit), theirs, said, *lines, row.verdict]


def other_rows(figures: Figures) -> Iterator[list[str]]:
    """Every other figure that was taken, by measure."""
    for row in figures.rows:
        if row.verdict or not row.beside:
            continue
        if row.missing or not (row.ours and row.theirs and row.ratio):
            yield [row.key, row.beside, "", "", f"not measured: {row.missing}"]
        else:
            times = [amount(spread.middle, row.unit) for spread in (row.ours, row.theirs)]
            yield [row.key, row.beside, *times, ratio(row.ratio)]


def plots(figures: Figures, folder: Path) -> list[Path]:
    """Draw a plot for each measure, with matplotlib in an environment of its own.

    Raises:
        Absent: it cannot be installed.
    """
    python = environment("plots") / "python"
    script = ROOT / "benchmarks" / "plots.py"
    asked = json.dumps(figures.curves)
    ended = subprocess.run([python, script, folder], input=asked, text=True, capture_output=True, check=True)
    return [folder / name for name in ended.stdout.split()]
