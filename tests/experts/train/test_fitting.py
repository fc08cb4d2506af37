"""The head on feature clouds whose right answer is known."""

import numpy
import pytest

from experts.train.fitting import Judged, fit_head, nearest_distance
from experts.train.scores import calibration_error, macro_f1, metrics_of, wilson


def clouds(num_each: int, spread: float, width: int = 40, seed: int = 0):
    """Rows around the first three unit vectors."""
    random = numpy.random.default_rng(seed)
    truth = numpy.repeat(numpy.arange(3), num_each)
    rows = numpy.eye(3, width)[truth] + random.normal(0, spread, (len(truth), width))
    return rows, truth


def quiet(note: str) -> None:
    """Somebody who does not look at the progress."""


@pytest.mark.parametrize(("num_each", "width"), [(8, 200), (60, 40)])
def test_new_rows_of_the_same_clouds_are_told_apart(num_each, width):
    rows, truth = clouds(num_each, 0.1, width)
    head, judged = fit_head(rows, truth, seed=0, progress=quiet)
    unseen, unseen_truth = clouds(20, 0.1, width, seed=1)
    probabilities = head.probabilities(unseen)
    assert head.weights.shape == (3, width)
    assert numpy.allclose(probabilities.sum(axis=1), 1.0)
    assert (probabilities.argmax(axis=1) == unseen_truth).mean() > 0.95
    assert judged.correct.mean() > 0.9


def test_two_classes_give_two_rows_of_weights():
    rows, truth = clouds(20, 0.1)
    head, _ = fit_head(rows[truth < 2], truth[truth < 2], seed=0, progress=quiet)
    assert head.weights.shape == (2, 40)
    assert head.probabilities(numpy.eye(2, 40)).argmax(axis=1).tolist() == [0, 1]


def test_noise_is_not_believed():
    rows, truth = clouds(40, 0.1)
    shuffled = numpy.random.default_rng(3).permutation(truth)
    head, judged = fit_head(rows, shuffled, seed=0, progress=quiet)
    assert judged.correct.mean() < 0.5
    assert judged.confidence.mean() < 0.5
    assert judged.abstain_below() > judged.confidence.mean()
    assert head.probabilities(rows).max(axis=1).mean() < 0.6


def test_confidence_is_about_the_share_of_right_answers():
    rows, truth = clouds(150, 0.5)
    head, _ = fit_head(rows, truth, seed=0, progress=quiet)
    unseen, unseen_truth = clouds(400, 0.5, seed=1)
    probabilities = head.probabilities(unseen)
    share = (probabilities.argmax(axis=1) == unseen_truth).mean()
    assert 0.6 < share < 0.95
    assert abs(probabilities.max(axis=1).mean() - share) < 0.05


def test_what_lies_far_from_every_class_gets_equal_probabilities():
    rows, truth = clouds(30, 0.1)
    head, _ = fit_head(rows, truth, seed=0, progress=quiet)
    near, far = head.probabilities(numpy.stack([numpy.eye(1, 40)[0], 50 * numpy.eye(1, 40)[0]]))
    assert near.max() > 0.9
    assert far == pytest.approx([1 / 3] * 3)


def test_nearest_distance_by_hand():
    assert nearest_distance(numpy.array([[0.0, 3.0]]), numpy.array([[4.0, 0.0], [0.0, 1.0]])).tolist() == [2.0]


def test_abstaining_threshold_by_hand():
    confidence = numpy.array([0.9] * 10 + [0.6] * 2 + [0.5] * 2)
    right = numpy.array([True] * 11 + [False] + [False, True])
    probabilities = numpy.stack([confidence, 1 - confidence], axis=1)
    judged = Judged(probabilities, numpy.where(right, 0, 1), num_folds=2)
    assert judged.abstain_below() == 0.6
    assert Judged(probabilities, numpy.zeros(14, dtype=int), 2).abstain_below() == 0.0
    assert Judged(probabilities, numpy.ones(14, dtype=int), 2).abstain_below() == 1.0


def test_scores_by_hand():
    low, high = wilson(8, 10)
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)  # Agresti and Coull's own kind of example
    assert macro_f1(numpy.array([0, 0, 1, 1]), numpy.array([0, 1, 1, 1])) == pytest.approx((2 / 3 + 4 / 5) / 2)
    confidence = numpy.array([0.6, 0.6, 0.9, 0.9])
    right = numpy.array([True, False, True, True])
    assert calibration_error(confidence, right, 2) == pytest.approx((0.1 + 0.1) / 2)


def test_metrics_hold_their_own_value():
    rows, truth = clouds(20, 0.3)
    _, judged = fit_head(rows, truth, seed=0, progress=quiet)
    metrics = {metric.name: metric for metric in metrics_of(judged, seed=0)}
    assert metrics["accuracy"].value == pytest.approx(judged.correct.mean(), abs=1e-4)
    assert all(metric.low <= metric.value <= metric.high for metric in metrics.values())
    assert metrics["accuracy"].data == "5-fold cross-validation on 60 rows"
