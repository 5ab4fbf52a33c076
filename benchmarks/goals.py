"""What is aimed at, as ratios or absolute figures; the same table as in docs/performance.md."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """How good a measure is to become.

    Attributes:
        measure, beside: for people; ``beside`` is empty where an absolute figure counts.
        more: whether more is better.
        unit: of goal and stretch.
    """

    measure: str
    beside: str
    goal: float
    stretch: float
    more: bool = False
    unit: str = "x"

    def reached(self, figure: float) -> str:
        """``stretch``, ``goal`` or ``no``."""
        for word, line in (("stretch", self.stretch), ("goal", self.goal)):
            if (figure >= line) if self.more else (figure <= line):
                return word
        return "no"


GROWTH = ("validate", "plan", "text", "nothing", "picture", "cold")
"""The measures whose growth counts."""

GOALS: dict[str, Goal] = {
    "version": Goal("`skyflow --version`", "python -c pass", 3, 2),
    "help": Goal("`skyflow --help`", "python -c pass", 3, 2),
    "plan-1000": Goal("validate + plan, board unchanged, 1,000 shots", "doit", 1, 0.5),
    "text-1000": Goal("validate + plan, board's text edited, 1,000 shots", "libyaml events", 12, 6),
    "text-10000": Goal("validate + plan, board's text edited, 10,000 shots", "libyaml events", 12, 6),
    "nothing-1000": Goal("run with nothing to do, 1,000 shots", "doit", 0.5, 0.25),
    "nothing-10000": Goal("run with nothing to do, 10,000 shots", "make", 3, 1.5),
    "picture-1000": Goal("run after one picture changed (6 shots made), 1,000 shots", "doit", 0.8, 0.5),
    "cold-1000": Goal("cold run of 1,000 cheap shots", "make", 0.6, 0.35),
    **{
        f"growth-{name}": Goal(f"growth of {name} from 1,000 to 10,000 shots", "itself at 1,000", 12, 10)
        for name in GROWTH
    },
    "memory-nothing": Goal("peak memory, nothing to do, 10,000 shots", "", 60, 35, unit="MB"),
    "memory-cold": Goal("peak memory, cold run, 10,000 shots", "", 200, 130, unit="MB"),
    "makespan-sandbox": Goal(
        "makespan, 1,000 shots of 50 ms through the sandbox, 32 at once", "the bound", 1.35, 1.2
    ),
    "makespan-virtual": Goal("makespan on the virtual clock, random graphs", "an ideal list schedule", 1.02, 1.0),
    "animatic-720p": Goal("animatic, 720p, frames/s", "ffmpeg fed ready frames", 0.8, 0.95, more=True),
    "animatic-1080p": Goal("animatic, 1080p, frames/s", "ffmpeg fed ready frames", 0.8, 0.95, more=True),
    "cores": Goal("the demo's render on two cores", "one core", 1.7, 1.9, more=True),
    "cut": Goal("final cut of 40 clips by stream copy, MB/s", "ffmpeg concat -c copy", 1.0, 1.2, more=True),
    "requests": Goal("HTTP requests per shot, 200 shots through the sandbox", "", 3, 1.5, unit="requests"),
    "simulated": Goal("100,000 shots planned and simulated on the virtual clock", "the same at 10,000", 12, 10),
}


def beside(key: str) -> str:
    """Whom the goal of a measure names; empty where there is none."""
    return GOALS[key].beside if key in GOALS else ""
