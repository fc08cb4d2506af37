"""Calibration: how likely a written plan is right, and when it is run, handed over or declined. Knows no model.

The probability is a logistic regression on what the planner says of its own choices (Platt 1999, on several scores).
The thresholds come from cases that no training saw: `decline_above` turns away at most a stated share of the requests
that can be served (a split-conformal quantile, Vovk et al. 2005), `escalate_below` is the lowest confidence from which
on at most a stated share of the plans is wrong (risk control with one error more, Angelopoulos et al. 2021).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pydantic import Field

from orchestrator.errors import BadRequest
from orchestrator.types import Value

_FAR = 3  # segments more than steps, or fewer
_MANY = 16  # cards


class Calibration(Value):
    """Weights of the regression and the thresholds.

    Args:
        weights: of the features, in the order of `features_of`.
        bias: of the regression.
        decline_above: probability of "nothing fits" from which on a request is declined.
        escalate_below: confidence below which a larger controller is asked, where there is one.
        max_declined: share of servable requests that may be declined, by which `decline_above` was chosen.
        max_wrong: share of wrong plans among those that are run, by which `escalate_below` was chosen.
    """

    weights: tuple[float, ...] = (1.0,) + 34 * (0.0,)
    bias: float = 0.0
    decline_above: float = Field(default=0.5, ge=0, le=1)
    escalate_below: float = Field(default=0.5, ge=0, le=1)
    max_declined: float = 0.005
    max_wrong: float = 0.1

    def probability(self, features: Sequence[float]) -> float:
        """How likely experts and links are all right, in [0, 1]."""
        score = self.bias + sum(w * x for w, x in zip(self.weights, features, strict=True))
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, score))))


def features_of(
    log_experts: float,
    log_links: float,
    declined: float,
    num_steps: int,
    num_segments: int,
    nearest: float,
    nearest_centre: float,
    margin: float,
    num_cards: int,
    exemplified: float,
    worst: float,
    known: float,
) -> tuple[float, ...]:
    """What the regression reads.

    Args:
        log_experts: logarithm of the probability of all experts and of the end.
        log_links: of the places that link steps.
        declined: probability of declining at the first place.
        num_steps: of the plan.
        num_segments: of the request; what is more than a few above or below the steps counts no more.
        nearest: highest similarity of any card with the request.
        nearest_centre: the same of description and examples together.
        margin: by how much the next card is less alike.
        num_cards: that were offered; more than sixteen are many, however many more.
        exemplified: share of the cards that show examples; then every score means something else.
        worst: lowest probability of any one expert of the plan.
        known: 1 where training knew all cards at hand, else 0; there every score means something else again.
    """
    bounded = min(max(declined, 1e-6), 1 - 1e-6)
    own = (
        max(log_experts, -20.0),
        max(log_links, -20.0),
        math.log(bounded / (1 - bounded)),
        float(num_steps > 1),
        float(num_steps),
        float(max(-_FAR, min(_FAR, num_segments - num_steps))),
        nearest,
        nearest_centre,
        10 * margin,
        math.log2(min(num_cards, _MANY) + 1) / 4,
        worst,
    )
    return (*own, *(share * value for share in (exemplified, known) for value in (1.0, *own)))


def fitted(
    features: Sequence[Sequence[float]],
    is_right: Sequence[bool],
    declined: Sequence[float],
    is_servable: Sequence[bool],
    *,
    max_declined: float = 0.005,
    max_wrong: float = 0.1,
) -> Calibration:
    """The calibration that fits cases which no training saw.

    Args:
        features: of each case, from `features_of`.
        is_right: whether the plan's experts and links are.
        declined: probability of declining each.
        is_servable: whether an expert fits the case at all.
        max_declined: share of servable cases that may be declined.
        max_wrong: share of wrong plans among those that are run.
    Raises:
        BadRequest: fewer than twenty cases, or all alike.
    """
    from sklearn.linear_model import LogisticRegression

    if len(features) < 20 or len(set(is_right)) < 2:
        raise BadRequest("calibration", f"{len(features)} cases", "twenty or more, some right and some wrong")
    model = LogisticRegression(C=1.0, max_iter=1000).fit([list(row) for row in features], list(is_right))
    weights = tuple(float(weight) for weight in model.coef_[0])
    calibration = Calibration(weights=weights, bias=float(model.intercept_[0]))
    confidences = [calibration.probability(row) for row in features]
    return calibration.model_copy(
        update={
            "decline_above": quantile([d for d, fits in zip(declined, is_servable, strict=True) if fits], max_declined),
            "escalate_below": lowest_safe(confidences, is_right, max_wrong),
            "max_declined": max_declined,
            "max_wrong": max_wrong,
        }
    )


def quantile(scores: Sequence[float], share: float) -> float:
    """The split-conformal threshold that a new score of the same kind exceeds with probability `share` at most."""
    rank = math.ceil((len(scores) + 1) * (1 - share))
    return 1.0 if rank > len(scores) else sorted(scores)[rank - 1]


def lowest_safe(confidences: Sequence[float], is_right: Sequence[bool], max_wrong: float) -> float:
    """The lowest confidence from which on at most a share of the plans is wrong, one more counted as wrong; else 1."""
    best = 1.0
    num_wrong = 1
    ranked = sorted(zip(confidences, is_right, strict=True), reverse=True)
    for number, (confidence, right) in enumerate(ranked, start=1):
        num_wrong += not right
        if num_wrong / (number + 1) <= max_wrong:
            best = confidence
    return best
