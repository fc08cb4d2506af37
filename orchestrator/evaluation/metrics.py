"""Metrics: pure functions of predictions and truths, and bootstrap intervals of them. Knows no file and no model."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from orchestrator.types import Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEED = 7
NUM_RESAMPLES = 1000


class Estimate(Value):
    """A measured value with its 95 % interval."""

    value: float
    low: float
    high: float
    num_samples: int


def estimate(
    samples: Sequence[float] | NDArray[np.float64],
    statistic: Callable[[NDArray[np.float64]], float] | None = None,
    *,
    num_resamples: int = NUM_RESAMPLES,
    seed: int = SEED,
) -> Estimate:
    """A statistic of the samples with its percentile bootstrap interval (Efron and Tibshirani 1993, section 13.3).

    Args:
        samples: shape (N,), or (N, columns) for a statistic of several columns, such as `auroc`; rows are resampled.
        statistic: of an array like samples; the mean where None. A resample that it gives nan for is left out.
    Returns:
        nan throughout where there is no sample.
    """
    import numpy

    rows = numpy.asarray(samples, dtype=numpy.float64)
    if len(rows) == 0:
        return Estimate(value=math.nan, low=math.nan, high=math.nan, num_samples=0)
    random = numpy.random.default_rng(seed)
    drawn = (random.integers(0, len(rows), len(rows)) for _ in range(num_resamples))
    if statistic is None:
        value, found = float(rows.mean()), [float(rows[chosen].mean()) for chosen in drawn]
    else:
        value, found = float(statistic(rows)), [float(statistic(rows[chosen])) for chosen in drawn]
    kept = [one for one in found if not math.isnan(one)]
    low, high = numpy.quantile(kept, [0.025, 0.975]) if kept else (math.nan, math.nan)
    return Estimate(value=value, low=float(low), high=float(high), num_samples=len(rows))


def percentile(samples: Sequence[float], percent: float) -> Estimate:
    """A percentile (0 to 100) with its interval."""
    import numpy

    return estimate(samples, lambda rows: float(numpy.percentile(rows, percent)))


# -- rankings ----------------------------------------------------------------------------------------------------------


def recall(ranked: Sequence[str], relevant: Mapping[str, float], k: int) -> float:
    """The share of the relevant ids (grade above 0) that stand among the first k."""
    wanted = {id for id, grade in relevant.items() if grade > 0}
    return len(wanted.intersection(ranked[:k])) / len(wanted) if wanted else math.nan


def reciprocal_rank(ranked: Sequence[str], relevant: Mapping[str, float], k: int) -> float:
    """1 / rank of the first relevant id among the first k; 0 where there is none."""
    return next((1 / rank for rank, id in enumerate(ranked[:k], 1) if relevant.get(id, 0) > 0), 0.0)


def ndcg(ranked: Sequence[str], relevant: Mapping[str, float], k: int) -> float:
    """Normalised discounted cumulative gain with linear gain, as trec_eval has it (Järvelin and Kekäläinen 2002)."""
    best = sum(g / math.log2(i + 2) for i, g in enumerate(sorted(relevant.values(), reverse=True)[:k]) if g > 0)
    gained = sum(max(relevant.get(id, 0), 0) / math.log2(i + 2) for i, id in enumerate(ranked[:k]))
    return gained / best if best > 0 else math.nan


# -- sets --------------------------------------------------------------------------------------------------------------


def set_f1(predicted: Collection[object], wanted: Collection[object]) -> float:
    """F1 of two sets; 1 where both are empty."""
    ours, theirs = set(predicted), set(wanted)
    if not ours and not theirs:
        return 1.0
    return 2 * len(ours & theirs) / (len(ours) + len(theirs))


# -- confidence --------------------------------------------------------------------------------------------------------


def auroc(scores: Sequence[float], truths: Sequence[bool]) -> float:
    """The chance that a true case has a higher score than a false one, ties counting half; nan without both."""
    import numpy
    from scipy.stats import rankdata

    truth = numpy.asarray(truths, dtype=bool)
    num_true, num_false = int(truth.sum()), int((~truth).sum())
    if not num_true or not num_false:
        return math.nan
    ranks = rankdata(numpy.asarray(scores, dtype=numpy.float64))
    return float((ranks[truth].sum() - num_true * (num_true + 1) / 2) / (num_true * num_false))


def calibration_error(confidences: Sequence[float], truths: Sequence[bool], num_bins: int = 10) -> float:
    """Expected calibration error over bins of equal mass (Nguyen and O'Connor 2015): 0 is best.

    Sorted by confidence, cut into num_bins bins whose sizes differ by one at most; the mean of
    |share of truths - mean confidence|, weighted by size. nan without cases.
    """
    import numpy

    order = numpy.argsort(numpy.asarray(confidences, dtype=numpy.float64), kind="stable")
    confidence = numpy.asarray(confidences, dtype=numpy.float64)[order]
    truth = numpy.asarray(truths, dtype=numpy.float64)[order]
    if not len(order):
        return math.nan
    bins = zip(numpy.array_split(confidence, num_bins), numpy.array_split(truth, num_bins), strict=True)
    gaps = [len(c) * abs(float(t.mean()) - float(c.mean())) for c, t in bins if len(c)]
    return sum(gaps) / len(order)


def error_at_coverage(confidences: Sequence[float], truths: Sequence[bool], coverage: float = 0.9) -> float:
    """The share of false cases among the `coverage` share with the highest confidence; nan without cases.

    Cases of the confidence at which the line falls count by the share of them that is needed, so their order is
    without effect.
    """
    import numpy

    confidence = numpy.asarray(confidences, dtype=numpy.float64)
    wrong = 1.0 - numpy.asarray(truths, dtype=numpy.float64)
    if not len(confidence):
        return math.nan
    num_kept = max(1, math.ceil(coverage * len(confidence) - 1e-9))
    line = numpy.sort(confidence)[::-1][num_kept - 1]
    above, tied = confidence > line, confidence == line
    from_tied = wrong[tied].mean() * (num_kept - int(above.sum()))
    return float((wrong[above].sum() + from_tied) / num_kept)
