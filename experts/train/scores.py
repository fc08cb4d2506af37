"""Scores of out-of-fold predictions as card metrics, each with a 95 % interval. Knows no model."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestrator.types import Metric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from experts.train.fitting import Judged

NUM_RESAMPLES = 1000
_Z95 = 1.959964


def metrics_of(judged: Judged, unit: str = "rows", *, seed: int) -> tuple[Metric, ...]:
    """Accuracy (Wilson interval), macro F1 and calibration error (percentile bootstrap over rows)."""
    import numpy

    num_rows = len(judged.truth)
    data = f"{judged.num_folds}-fold cross-validation on {num_rows} {unit}"
    num_right = int(judged.correct.sum())
    low, high = wilson(num_right, num_rows)
    metrics = [_metric("accuracy", num_right / num_rows, low, high, num_rows, data)]
    draws = numpy.random.default_rng(seed).integers(0, num_rows, (NUM_RESAMPLES, num_rows))
    guess = judged.probabilities.argmax(axis=1)
    confidence, correct = judged.confidence, judged.correct
    # A bin holds 15 rows or more, or its share of right answers would be mostly chance.
    num_bins = max(1, min(10, num_rows // 15))
    scores: dict[str, tuple[Callable[[NDArray[np.int64]], float], str]] = {
        "macro F1": (lambda rows: macro_f1(judged.truth[rows], guess[rows]), data),
        "calibration error": (
            lambda rows: calibration_error(confidence[rows], correct[rows], num_bins),
            f"{data}, {num_bins} bins of equal mass",
        ),
    }
    for name, (score, how) in scores.items():
        resampled = [score(rows) for rows in draws]
        low, high = (float(value) for value in numpy.percentile(resampled, (2.5, 97.5)))
        value = score(numpy.arange(num_rows))
        metrics.append(_metric(name, value, min(low, value), max(high, value), num_rows, how))
    return tuple(metrics)


def wilson(num_right: int, num_rows: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson 1927; Agresti and Coull 1998, equation 2)."""
    share, square = num_right / num_rows, _Z95**2
    middle = (share + square / (2 * num_rows)) / (1 + square / num_rows)
    half = _Z95 / (1 + square / num_rows) * math.sqrt(share * (1 - share) / num_rows + square / (4 * num_rows**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def macro_f1(truth: NDArray[np.int64], guess: NDArray[np.int64]) -> float:
    """The mean of the classes' F1; a class that neither occurs nor is guessed does not count."""
    import numpy

    num_classes = int(max(truth.max(), guess.max())) + 1
    hits = numpy.bincount(truth[truth == guess], minlength=num_classes)
    total = numpy.bincount(truth, minlength=num_classes) + numpy.bincount(guess, minlength=num_classes)
    present = total > 0
    return float((2 * hits[present] / total[present]).mean())


def calibration_error(confidence: NDArray[np.float64], correct: NDArray[np.bool_], num_bins: int) -> float:
    """Expected calibration error with bins of equal mass: the mean gap of confidence and share of right answers."""
    import numpy

    order = numpy.argsort(confidence, kind="stable")
    gaps = [
        len(rows) * abs(float(confidence[rows].mean()) - float(correct[rows].mean()))
        for rows in numpy.array_split(order, num_bins)
        if len(rows)
    ]
    return sum(gaps) / len(confidence)


def _metric(name: str, value: float, low: float, high: float, num_rows: int, data: str) -> Metric:
    return Metric(
        name=name,
        value=round(value, 4),
        low=round(low, 4),
        high=round(high, 4),
        num_samples=num_rows,
        data=data,
    )
