"""Score: one line of the table, and the goals that it is held against. Knows no set and no system."""

from __future__ import annotations

import functools
import math
import tomllib
from pathlib import Path
from typing import Literal

from pydantic import Field

from orchestrator.evaluation.metrics import Estimate
from orchestrator.types import Value

OURS = "Baton"
_PATH = Path(__file__).with_name("goals.toml")
Mark = Literal["aim", "pass", "below", "noisy", ""]


class Score(Value):
    """A measure of one system in one row; None where it was not run, and `note` says why.

    `parts` holds the value of each fold or seed, `raw` the samples that the interval was drawn from.
    """

    row: str
    system: str
    measure: str
    estimate: Estimate | None
    note: str = ""
    is_noisy: bool = False
    parts: dict[str, float] = Field(default_factory=dict)
    raw: tuple[float, ...] = ()


class Goal(Value):
    """What a measure must reach, and what it is really after."""

    row: str
    measure: str
    floor: float
    aim: float | None = None
    at_most: bool = False

    def fits(self, score: Score) -> bool:
        """Whether it speaks of that score."""
        if score.row != self.row or score.system != OURS:
            return False
        if self.measure.endswith("*"):
            return score.measure.startswith(self.measure.removesuffix("*"))
        return score.measure == self.measure

    def mark(self, score: Score) -> Mark:
        """Where the score stands."""
        if score.estimate is None or math.isnan(score.estimate.value):
            return ""
        if score.is_noisy:
            return "noisy"
        sign = -1 if self.at_most else 1
        value = sign * score.estimate.value
        if self.aim is not None and value >= sign * self.aim:
            return "aim"
        return "pass" if value >= sign * self.floor else "below"


@functools.cache
def goals() -> tuple[Goal, ...]:
    """The goals of goals.toml."""
    return tuple(Goal(**entry) for entry in tomllib.loads(_PATH.read_text("utf-8"))["goals"])


def goal_of(score: Score) -> Goal | None:
    """The goal of a score, where it has one."""
    return next((goal for goal in goals() if goal.fits(score)), None)
