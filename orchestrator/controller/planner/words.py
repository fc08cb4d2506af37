"""Words: which words a text and a request share, by how rare they are. Pure."""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Sequence

from orchestrator.controller.planner.names import stem

FUNCTION_WORDS = frozenset((
    "a", "an", "the", "of", "to", "for", "in", "on", "at", "by", "with", "and", "or", "is", "be", "as", "from",
    "that", "this", "which", "if", "it", "its", "are", "was", "will", "can", "used", "use", "e", "g", "i", "such",
    "not", "want", "me", "my", "you", "your", "we", "our", "he", "his", "she", "her", "they", "their", "what",
    "how", "do", "does", "have", "has", "about", "please", "could", "would", "need", "so", "than", "then", "s", "t",
))  # fmt: skip
_BIGRAM = 2  # Chinese characters that make a word, mostly


def shared_words(request: str, texts: Sequence[str]) -> list[float]:
    """Which share of each text's words the request says, in [0, 1], rare words counting more.

    A word weighs the logarithm of how few of the texts hold it (Spärck Jones 1972). Endings, case and function words
    make no difference; Chinese is compared by pairs of characters.
    """
    said = word_stems(request)
    own = [word_stems(text) for text in texts]
    holding = Counter(word for words in own for word in words)
    weights = {word: math.log(1 + len(texts) / num) for word, num in holding.items()}
    return [
        sum(weights[word] for word in words & said) / sum(weights[word] for word in words) if words else 0.0
        for words in own
    ]


@functools.lru_cache(maxsize=16384)
def word_stems(text: str) -> frozenset[str]:
    """The stems of a text's words but for function words, and the pairs of its Chinese characters."""
    words = (word for word in re.findall(r"[a-z]+|\d+", text.lower()) if word not in FUNCTION_WORDS)
    runs = re.findall(r"[\u4e00-\u9fff]+", text)
    pairs = (run[i : i + _BIGRAM] for run in runs for i in range(max(1, len(run) - 1)))
    return frozenset((*(stem(word).rstrip("e") for word in words), *pairs))
