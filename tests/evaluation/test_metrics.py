from __future__ import annotations

import math

import numpy
import pytest
from sklearn.metrics import ndcg_score, roc_auc_score

from orchestrator.evaluation.metrics import (
    Estimate,
    auroc,
    calibration_error,
    error_at_coverage,
    estimate,
    ndcg,
    percentile,
    recall,
    reciprocal_rank,
    set_f1,
)


def test_recall_and_reciprocal_rank() -> None:
    ranked, relevant = ["c", "a", "x", "b"], {"a": 1, "b": 2, "z": 1, "c": 0}
    assert [recall(ranked, relevant, k) for k in (1, 2, 4)] == [0, 1 / 3, 2 / 3]
    assert [reciprocal_rank(ranked, relevant, k) for k in (1, 2, 10)] == [0, 1 / 2, 1 / 2]
    assert math.isnan(recall(ranked, {"a": 0}, 5))


def test_ndcg_by_hand_and_as_scikit_learn_has_it() -> None:
    assert ndcg(["a", "b"], {"a": 1}, 10) == 1
    assert ndcg(["b", "a"], {"a": 1}, 10) == pytest.approx(1 / math.log2(3))
    assert ndcg(["b"], {"a": 1}, 10) == 0
    assert math.isnan(ndcg(["b"], {}, 10))
    grades = {"a": 3, "b": 2, "c": 0, "d": 1}
    ranked = ["b", "c", "a", "d"]
    wanted = ndcg_score([[grades[id] for id in ranked]], [[4, 3, 2, 1]], k=3)
    assert ndcg(ranked, grades, 3) == pytest.approx(wanted)


def test_set_f1() -> None:
    pairs = (("ab", "ab"), ("ab", "bc"), ("a", "b"), ("", ""), ("a", ""))
    assert [set_f1(*pair) for pair in pairs] == [1, 0.5, 0, 1, 0]
    assert set_f1(["a", "a"], ["a"]) == 1


def test_auroc_by_hand_and_as_scikit_learn_has_it() -> None:
    assert auroc([0.9, 0.8, 0.1], [True, True, False]) == 1
    assert auroc([0.1, 0.8, 0.9], [True, True, False]) == 0
    assert auroc([0.5, 0.5], [True, False]) == 0.5
    assert math.isnan(auroc([0.5, 0.6], [True, True]))
    random = numpy.random.default_rng(3)
    scores, truths = random.integers(0, 9, 200) / 9, random.random(200) < 0.4
    assert auroc(scores, truths) == pytest.approx(roc_auc_score(truths, scores))


def test_calibration_error_uses_bins_of_equal_mass() -> None:
    # Two bins of two: |0.5 - 0.15| and |1 - 0.9|.
    assert calibration_error([0.9, 0.1, 0.9, 0.2], [True, False, True, True], 2) == pytest.approx((0.35 + 0.1) / 2)
    assert calibration_error([0.0, 1.0] * 10, [False, True] * 10) == 0
    assert calibration_error([1.0] * 20, [False] * 20) == 1
    assert calibration_error([0.3], [True]) == pytest.approx(0.7)
    assert math.isnan(calibration_error([], []))


def test_calibration_error_of_calibrated_confidences_is_small() -> None:
    random = numpy.random.default_rng(1)
    confidence = random.random(20_000)
    truths = random.random(20_000) < confidence
    assert calibration_error(confidence, truths) < 0.02
    assert calibration_error(confidence**3, truths) > 0.2


def test_error_at_coverage() -> None:
    confidences = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0]
    truths = [True] * 8 + [False, False]
    assert error_at_coverage(confidences, truths) == pytest.approx(1 / 9)
    assert error_at_coverage(confidences, truths, 0.8) == 0
    assert error_at_coverage(confidences, truths, 1.0) == pytest.approx(0.2)
    assert math.isnan(error_at_coverage([], []))


def test_error_at_coverage_does_not_depend_on_the_order_of_ties() -> None:
    for truths in ([True, False] * 5, [False] * 5 + [True] * 5):
        assert error_at_coverage([0.5] * 10, truths, 0.9) == pytest.approx(0.5)


def test_estimates_have_the_value_and_a_fair_interval() -> None:
    samples = [1.0] * 60 + [0.0] * 40
    found = estimate(samples)
    assert (found.value, found.num_samples) == (0.6, 100)
    # The normal approximation gives 0.6 +- 1.96 * sqrt(0.24 / 100) = 0.504 to 0.696.
    assert found.low == pytest.approx(0.504, abs=0.02)
    assert found.high == pytest.approx(0.696, abs=0.02)
    assert found == estimate(samples)
    assert estimate([0.25]) == Estimate(value=0.25, low=0.25, high=0.25, num_samples=1)
    assert math.isnan(estimate([]).value)


def test_estimates_of_other_statistics() -> None:
    assert percentile([1.0, 2.0, 3.0], 50).value == 2
    rows = [(0.9, 1), (0.8, 1), (0.3, 0), (0.2, 1), (0.1, 0)]
    found = estimate(rows, lambda r: auroc(r[:, 0], r[:, 1] > 0.5))
    assert found.value == pytest.approx(5 / 6)
    assert 0 <= found.low <= found.value <= found.high <= 1
