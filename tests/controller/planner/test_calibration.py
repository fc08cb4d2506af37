"""Calibrated confidence and thresholds, on outcomes whose truth is known."""

from __future__ import annotations

import math
import random

import pytest

from orchestrator.controller.planner.calibration import Calibration, features_of, fitted, lowest_safe, quantile
from orchestrator.errors import BadRequest


def outcomes(num, seed=0):
    """Plans whose chance of being right is a known function of the first feature."""
    chosen = random.Random(seed)
    rows = []
    for _ in range(num):
        log = -4 * chosen.random()
        chance = 1 / (1 + math.exp(-(2 + 1.5 * log)))
        features = features_of(log, 0.0, 0.5, 1, 1, 0.5, 0.5, 0.1, 30, 0.0, 0.5, 1.0)
        rows.append((features, chosen.random() < chance, chance))
    return rows


def test_probabilities_are_what_they_say():
    rows = outcomes(4000)
    fit = fitted([row[0] for row in rows], [row[1] for row in rows], [0.1] * 4000, [True] * 4000)
    fresh = outcomes(2000, seed=1)
    error = sum(abs(fit.probability(row[0]) - row[2]) for row in fresh) / len(fresh)
    assert error < 0.03


def test_few_servable_requests_are_declined():
    chosen = random.Random(2)
    scores = [chosen.random() for _ in range(999)]
    above = quantile(scores, 0.05)
    fresh = [chosen.random() for _ in range(5000)]
    assert sum(score > above for score in fresh) / 5000 == pytest.approx(0.05, abs=0.015)
    assert quantile([0.2, 0.3], 0.05) == 1.0  # too few to promise anything


def test_what_runs_is_wrong_in_the_stated_share_at_most():
    rows = outcomes(3000)
    fit = fitted([row[0] for row in rows], [row[1] for row in rows], [0.1] * 3000, [True] * 3000, max_wrong=0.2)
    run = [row for row in outcomes(5000, seed=3) if fit.probability(row[0]) >= fit.escalate_below]
    assert len(run) > 500
    assert sum(not row[1] for row in run) / len(run) <= 0.23
    assert lowest_safe([0.9, 0.8], [False, False], 0.1) == 1.0


def test_too_few_outcomes_are_refused():
    with pytest.raises(BadRequest, match="twenty"):
        fitted([(0.0,) * 35] * 5, [True] * 5, [0.0] * 5, [True] * 5)
    assert Calibration().probability((-1000.0,) + 34 * (0.0,)) < 1e-9
