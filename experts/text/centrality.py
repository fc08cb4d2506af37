"""Which of several texts say most of what all of them say: TF-IDF, TextRank and a diverse choice. Knows no language."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DAMPING = 0.85
_NUM_ROUNDS = 50
_CONVERGED = 1e-6


def tfidf(texts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
    """Unit TF-IDF vectors of texts given as word lists, shape (len(texts), distinct words); zero for an empty text."""
    import numpy

    columns = {word: column for column, word in enumerate(sorted({word for text in texts for word in text}))}
    num_texts_with = Counter(word for text in texts for word in set(text))
    vectors = numpy.zeros((len(texts), max(1, len(columns))), dtype=numpy.float32)
    for row, text in enumerate(texts):
        for word, count in Counter(text).items():
            rarity = math.log((1 + len(texts)) / (1 + num_texts_with[word])) + 1
            vectors[row, columns[word]] = (1 + math.log(count)) * rarity
    lengths = numpy.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / numpy.where(lengths == 0, 1, lengths)).astype(numpy.float32)


def text_rank(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Centrality of each of N unit vectors, shape (N,), highest 1: PageRank over their cosine similarities.

    TextRank (Mihalcea and Tarau, 2004), equation 2, with cosine similarity for word overlap.
    """
    import numpy

    num_vectors = len(vectors)
    weights = numpy.clip(vectors @ vectors.T, 0, None)  # (N, D) @ (D, N) -> (N, N)
    numpy.fill_diagonal(weights, 0)
    totals = weights.sum(axis=1, keepdims=True)
    moves = numpy.where(totals > 0, weights / numpy.where(totals > 0, totals, 1), 1 / num_vectors)
    scores = numpy.full(num_vectors, 1 / num_vectors, dtype=numpy.float32)
    for _ in range(_NUM_ROUNDS):
        updated = (1 - _DAMPING) / num_vectors + _DAMPING * (moves.T @ scores)  # (N, N) @ (N,) -> (N,)
        if numpy.abs(updated - scores).sum() < _CONVERGED:
            break
        scores = updated
    return scores / scores.max()


def diverse(scores: NDArray[np.float32], vectors: NDArray[np.float32], num: int, relevance: float) -> list[int]:
    """Positions of the `num` best by maximal marginal relevance, best first (Carbonell and Goldstein, 1998).

    Args:
        scores: shape (N,), in [0, 1].
        vectors: unit vectors, shape (N, D).
        num: how many to choose; all of them where there are fewer.
        relevance: weight of the score against likeness to what is chosen already, in [0, 1].
    """
    import numpy

    likeness = vectors @ vectors.T  # (N, D) @ (D, N) -> (N, N)
    chosen: list[int] = []
    while len(chosen) < min(num, len(scores)):
        repeats = likeness[:, chosen].max(axis=1) if chosen else numpy.zeros(len(scores))
        gains = relevance * scores - (1 - relevance) * repeats
        gains[chosen] = -numpy.inf
        chosen.append(int(gains.argmax()))
    return chosen
