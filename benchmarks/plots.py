"""Draws how each measure grows, with matplotlib, which only this script needs.

    python plots.py FOLDER < curves.json

prints the names of what it wrote.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")
from matplotlib import pyplot as plt

TITLES = {
    "plan": "Plan, board unchanged",
    "text": "Plan after an edit to the board",
    "cold": "Cold run of cheap shots",
    "nothing": "Run with nothing to do",
    "picture": "Run after one picture changed",
}


def draw(name: str, curves: dict[str, dict[str, float]], folder: Path) -> str:
    figure, axes = plt.subplots(figsize=(6.4, 4.2), dpi=120)
    for who, points in sorted(curves.items(), key=lambda item: item[0] != "skyflow"):
        shots = sorted(map(int, points))
        ours = who == "skyflow"
        axes.plot(
            shots,
            [points[str(many)] for many in shots],
            marker="o",
            linewidth=2.5 if ours else 1.2,
            linestyle="--" if who in ("floor", "libyaml events") else "-",
            color="black" if ours else None,
            label=who,
        )
    axes.set(xscale="log", yscale="log", xlabel="shots", ylabel="seconds", title=TITLES[name])
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.grid(which="both", alpha=0.25)
    axes.legend(fontsize=8)
    figure.tight_layout()
    file = f"performance-{name}.png"
    figure.savefig(folder / file, metadata={"Software": None})
    plt.close(figure)
    return file


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    curves = json.load(sys.stdin)
    for name in TITLES:
        if name in curves:
            print(draw(name, curves[name], folder))


if __name__ == "__main__":
    main()
