"""FittedHead: a linear classifier with calibrated probabilities, and the cross-validation that measures it.

Knows feature matrices and labels, not what the features were made of.

The head is multinomial logistic regression with an L2 penalty. The penalty C and the temperature T are chosen together
on out-of-fold logits, by negative log-likelihood (temperature scaling: Guo et al. 2017, "On Calibration of Modern
Neural Networks", section 4.2). Scores come from an outer cross-validation that repeats this choice in every fold, so no
row is judged by anything fitted to it; only the scaling of the features, which needs no labels, has seen all rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
# Choosing the penalty needs no more rows than this, and up to here rows are rotated into their own span.
MAX_ROWS_TO_CHOOSE = 2000
TOLERATED_ERROR = 0.1


@dataclass(frozen=True)
class FittedHead:
    """Weights of a linear classifier with what makes its probabilities honest."""

    weights: Matrix  # (L, D)
    bias: Matrix  # (L,)
    centroids: Matrix  # (L, D) mean features of each class
    temperature: float
    usual_distance: float  # 95 % of unseen rows lie nearer to a centroid than this
    distance_spread: float

    def probabilities(self, features: Matrix) -> Matrix:
        """Calibrated probabilities, shape (N, L), of features of shape (N, D).

        What lies farther from every class than almost all training rows did is unlike them: its probabilities are
        drawn towards equal ones, by exp(-excess / spread).
        """
        import numpy
        from scipy.special import softmax

        logits = features @ self.weights.T + self.bias  # (N, D) @ (D, L) -> (N, L)
        probabilities = softmax(logits / self.temperature, axis=1)
        excess = numpy.maximum(0.0, nearest_distance(features, self.centroids) - self.usual_distance)
        familiar = numpy.exp(-excess / self.distance_spread)[:, None]  # (N, 1)
        return familiar * probabilities + (1.0 - familiar) / len(self.bias)


@dataclass(frozen=True)
class Judged:
    """Out-of-fold predictions of all rows: what the scores are computed from."""

    probabilities: Matrix  # (N, L)
    truth: NDArray[np.int64]  # (N,)
    num_folds: int

    @property
    def correct(self) -> NDArray[np.bool_]:
        return self.probabilities.argmax(axis=1) == self.truth

    @property
    def confidence(self) -> Matrix:
        return self.probabilities.max(axis=1)

    def abstain_below(self) -> float:
        """The lowest confidence from which on at most one of ten rows was wrong; 1 where there is none such."""
        import numpy

        order = numpy.argsort(-self.confidence, kind="stable")
        errors = numpy.cumsum(~self.correct[order]) / numpy.arange(1, len(order) + 1)
        kept = numpy.flatnonzero(errors <= TOLERATED_ERROR)
        if not len(kept):
            return 1.0
        # Where everything may be kept no threshold is needed.
        return 0.0 if kept[-1] == len(order) - 1 else float(self.confidence[order][kept[-1]])


def fit_head(
    features: Matrix, truth: NDArray[np.int64], *, seed: int, progress: Callable[[str], None]
) -> tuple[FittedHead, Judged]:
    """A head for all rows, and how such heads judged rows that they had not seen.

    Args:
        features: shape (N, D), rows of about unit length.
        truth: class indices 0 to L - 1, shape (N,); three rows or more of each.
        seed: of the folds.
    """
    import numpy

    rows, back = _rotated(features)
    smallest = int(numpy.bincount(truth).min())
    num_folds = min(5, smallest)
    judged = numpy.zeros((len(truth), int(truth.max()) + 1))
    distances = numpy.zeros(len(truth))
    for number, (seen, unseen) in enumerate(_folds(truth, num_folds, seed), start=1):
        progress(f"cross-validation, fold {number} of {num_folds}")
        weights, bias, temperature, usual, spread = _fit(rows[seen], truth[seen], seed)
        centroids = _centroids(rows[seen], truth[seen])
        head = FittedHead(weights, bias, centroids, temperature, usual, spread)
        judged[unseen] = head.probabilities(rows[unseen])
        distances[unseen] = nearest_distance(rows[unseen], centroids)
    progress("fitting on all rows")
    weights, bias, temperature, _, _ = _fit(rows, truth, seed)
    usual, spread = _usual(distances)
    centroids = _centroids(rows, truth)
    if back is not None:
        weights, centroids = weights @ back, centroids @ back
    return FittedHead(weights, bias, centroids, temperature, usual, spread), Judged(judged, truth, num_folds)


def nearest_distance(features: Matrix, centroids: Matrix) -> Matrix:
    """Euclidean distance of each row to the nearest centroid, shape (N,)."""
    import numpy

    squares = (features**2).sum(1)[:, None] - 2 * features @ centroids.T + (centroids**2).sum(1)  # (N, L)
    return numpy.sqrt(numpy.maximum(0.0, squares.min(axis=1)))


def _rotated(features: Matrix) -> tuple[Matrix, Matrix | None]:
    """The rows in coordinates of their own span, and the way back, shape (N, D); None where that saves nothing.

    With fewer rows than columns the L2-penalised solution lies in the rows' span, and a rotation changes neither it nor
    any distance: the fits are the same and cost N columns instead of D.
    """
    import numpy

    num_rows, width = features.shape
    if num_rows >= width or num_rows > MAX_ROWS_TO_CHOOSE:
        return features, None
    left, scales, right = numpy.linalg.svd(features, full_matrices=False)
    return left * scales, right


def _fit(rows: Matrix, truth: NDArray[np.int64], seed: int) -> tuple[Matrix, Matrix, float, float, float]:
    """Weights (L, D), bias (L,), temperature, usual distance and its spread, all from these rows alone."""
    chosen_rows, chosen_truth = _subsample(rows, truth, seed)
    penalty, temperature, distances = _chosen(chosen_rows, chosen_truth, seed)
    return (*_regression(rows, truth, penalty), temperature, *_usual(distances))


def _chosen(rows: Matrix, truth: NDArray[np.int64], seed: int) -> tuple[float, float, Matrix]:
    """The penalty and the temperature that make unseen rows most likely, and unseen rows' distances (N,)."""
    import numpy

    num_classes = int(truth.max()) + 1
    folds = _folds(truth, min(3, int(numpy.bincount(truth).min())), seed + 1)
    distances = numpy.zeros(len(truth))
    for seen, unseen in folds:
        distances[unseen] = nearest_distance(rows[unseen], _centroids(rows[seen], truth[seen]))
    best = (numpy.inf, 1.0, 1.0)
    for penalty in PENALTIES:
        logits = numpy.zeros((len(truth), num_classes))
        for seen, unseen in folds:
            weights, bias = _regression(rows[seen], truth[seen], penalty)
            logits[unseen] = rows[unseen] @ weights.T + bias
        best = min(best, (*_temperature(logits, truth), penalty))
    _, temperature, penalty = best
    return penalty, temperature, distances


def _temperature(logits: Matrix, truth: NDArray[np.int64]) -> tuple[float, float]:
    """The least negative log-likelihood a row over all temperatures, and that temperature."""
    import numpy
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / numpy.exp(log_temperature), axis=1)
        return float(-scaled[numpy.arange(len(truth)), truth].mean())

    found = minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded")
    # Rows that are told apart perfectly ask for T -> 0, certainty; few rows are no ground for it.
    temperature = max(float(numpy.exp(found.x)), _least_temperature(logits, truth))
    return loss(float(numpy.log(temperature))), temperature


def _least_temperature(logits: Matrix, truth: NDArray[np.int64]) -> float:
    """The temperature at which the mean confidence is that of the rule of succession, (right + 1) / (N + 2)."""
    import numpy
    from scipy.optimize import brentq
    from scipy.special import softmax

    right = int((logits.argmax(axis=1) == truth).sum())
    ceiling = (right + 1) / (len(truth) + 2)

    def excess(log_temperature: float) -> float:
        return float(softmax(logits / numpy.exp(log_temperature), axis=1).max(axis=1).mean()) - ceiling

    low, high = -6.0, 6.0
    if excess(low) <= 0:
        return float(numpy.exp(low))
    return float(numpy.exp(high if excess(high) >= 0 else brentq(excess, low, high, xtol=1e-3)))


def _regression(rows: Matrix, truth: NDArray[np.int64], penalty: float) -> tuple[Matrix, Matrix]:
    """Weights (L, D) and bias (L,) of the multinomial regression; two classes are stored as two rows as well."""
    import warnings

    import numpy
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=penalty, max_iter=300, tol=1e-3).fit(rows, truth)
    weights, bias = model.coef_, model.intercept_
    if len(bias) == 1:
        return numpy.vstack((-weights, weights)) / 2, numpy.concatenate((-bias, bias)) / 2
    return weights, bias


def _subsample(rows: Matrix, truth: NDArray[np.int64], seed: int) -> tuple[Matrix, NDArray[np.int64]]:
    if len(truth) <= MAX_ROWS_TO_CHOOSE:
        return rows, truth
    from sklearn.model_selection import train_test_split

    kept, _, kept_truth, _ = train_test_split(
        rows, truth, train_size=MAX_ROWS_TO_CHOOSE, stratify=truth, random_state=seed
    )
    return kept, kept_truth


def _folds(truth: NDArray[np.int64], num_folds: int, seed: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    from sklearn.model_selection import StratifiedKFold

    return list(StratifiedKFold(num_folds, shuffle=True, random_state=seed).split(truth, truth))


def _centroids(rows: Matrix, truth: NDArray[np.int64]) -> Matrix:
    import numpy

    return numpy.stack([rows[truth == index].mean(axis=0) for index in range(int(truth.max()) + 1)])


def _usual(distances: Matrix) -> tuple[float, float]:
    """The 95th percentile of unseen rows' distances, and how far it lies above the median."""
    import numpy

    usual, median = numpy.percentile(distances, 95), numpy.percentile(distances, 50)
    return float(usual), float(max(usual - median, 1e-3))
