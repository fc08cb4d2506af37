"""Words by which texts are compared where no encoder reads their language. Knows no expert."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

from orchestrator.language import content_words, has_chinese


def overlap_words(text: str) -> list[str]:
    """Content words, and for Chinese also the single characters and pairs of them, which forgive other word borders."""
    found = content_words(text)
    runs = [word for word in found if has_chinese(word)]
    return found + [a + b for word in runs for a, b in pairwise(word) if len(word) > 2]


def word_cosine(text: str, other: str) -> float:
    """Cosine of the counts of words, characters and pairs of characters of two Chinese texts, in [0, 1].

    No rarity weights: two texts are too few to tell which word is rare.
    """
    counts, others = (Counter(overlap_words(one) + [c for c in one if has_chinese(c)]) for one in (text, other))
    product = sum(count * others[word] for word, count in counts.items())
    lengths = math.sqrt(sum(c * c for c in counts.values()) * sum(c * c for c in others.values()))
    return min(1.0, product / lengths) if lengths else 0.0
