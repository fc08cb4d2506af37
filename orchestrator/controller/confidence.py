"""How sure a written plan is: which of its choices decide experts and links, and a temperature. Knows no model."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from pydantic import Field

from orchestrator.errors import BadRequest
from orchestrator.types import Value

_WHOLE_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_MAX_LINE_CHARACTERS = 4000  # what is longer is no step
_IN_NUMBER = re.compile(r"(?:=|\[|[,:] )-?\d[\d.]*$")


def decides_structure(line: str) -> bool:
    """Whether what comes next in a line of a plan is an expert, an input, a link or an end, rather than inside a value.

    The confidence of a plan says that its experts and links are right; the letters of a string say nothing about that.
    """
    if len(line) > _MAX_LINE_CHARACTERS:
        return False
    rest = _WHOLE_STRING.sub("", line)
    return '"' not in rest and _IN_NUMBER.search(rest) is None


class CalibrationTemperature(Value):
    """Makes the product of many choices a probability: p ** (1 / value), after temperature scaling.

    One choice's temperature divides its log-probability (Guo et al. 2017, "On Calibration of Modern Neural Networks",
    section 4.2, but for the renormalising); a plan's log-probability is their sum. A value of the number of choices
    gives their geometric mean.
    """

    value: float = Field(default=1.0, gt=0)

    def calibrated(self, probability: float) -> float:
        return min(max(probability, 0.0), 1.0) ** (1.0 / self.value)

    @classmethod
    def fit(cls, probabilities: Sequence[float], is_right: Sequence[bool]) -> CalibrationTemperature:
        """The temperature under which the outcomes are likeliest.

        Args:
            probabilities: uncalibrated confidences of plans, one a request.
            is_right: whether the plan was.
        Raises:
            BadRequest: no plans, or unequally many of both.
        """
        if not probabilities or len(probabilities) != len(is_right):
            raise BadRequest("probabilities", len(probabilities), f"one for each of {len(is_right)} outcomes, or more")
        logs = [math.log(min(max(p, 1e-12), 1 - 1e-6)) for p in probabilities]

        def surprise(temperature: float) -> float:
            powers = [min(log / temperature, -1e-9) for log in logs]
            return -sum(x if right else math.log(-math.expm1(x)) for x, right in zip(powers, is_right, strict=True))

        return cls(value=min((1.05**step for step in range(-60, 121)), key=surprise))  # 0.05 to 350
