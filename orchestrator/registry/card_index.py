"""CardIndex: how well cards fit texts, by meaning (embeddings) and by word (for Chinese). Knows no plan.

A card's score for a text is the higher of two: its description's similarity, and that of its nearest example request.
"""

from __future__ import annotations

import math
import threading
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.embedding import Encoder
from orchestrator.language import content_words, has_chinese, words
from orchestrator.types import ExpertCard
from orchestrator.vector_file import VectorFile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# A description says what an expert is, a request what somebody wants: even a good pair is less alike than two requests.
_DESCRIPTION_GAIN = 1.15


class CardIndex:
    """Scores cards against texts; vectors are cached by content, on disk where a path is given."""

    def __init__(self, load_encoder: Callable[[], Encoder], cache_path: Path | None = None) -> None:
        self._load_encoder = load_encoder
        self._cache_path = cache_path
        self._lock = threading.Lock()
        self._lexical: dict[str, Counter[str]] = {}

    @cached_property
    def _encoder(self) -> Encoder:
        return self._load_encoder()

    @cached_property
    def _file(self) -> VectorFile:
        return VectorFile(self._cache_path, self._encoder.name)

    def scores(self, texts: Sequence[str], cards: Sequence[ExpertCard]) -> NDArray[np.float32]:
        """How well each card fits each text, in [0, 1], shape (len(texts), len(cards))."""
        import numpy

        if not cards or not texts:
            return numpy.zeros((len(texts), len(cards)), dtype=numpy.float32)
        english = [translated(text) for text in texts]
        descriptions = [f"{card.spoken_name}: {card.description}" for card in cards]
        examples = [[e for e in card.examples if not has_chinese(e)] for card in cards]
        flat = [example for group in examples for example in group]
        with self._lock:
            queries = self._encode(english, keep=False)  # (Q, D)
            by_description = _DESCRIPTION_GAIN * queries @ self._encode(descriptions, keep=True).T  # (Q, E)
            by_example = numpy.full_like(by_description, -1.0)
            if flat:
                near = queries @ self._encode(flat, keep=True).T  # (Q, X)
                first = 0
                for column, group in enumerate(examples):
                    if group:
                        by_example[:, column] = near[:, first : first + len(group)].max(axis=1)
                    first += len(group)
            self._file.save()
        scores = numpy.maximum(by_description, by_example)
        for row, text in enumerate(texts):
            if has_chinese(text):
                rarity = self._rarity(cards)
                lexical = numpy.array([self._by_word(text, card, rarity) for card in cards], dtype=numpy.float32)
                scores[row] = numpy.maximum(0.9 * scores[row], lexical)
        return numpy.clip(scores, 0.0, 1.0)

    def _encode(self, texts: Sequence[str], *, keep: bool) -> NDArray[np.float32]:
        import numpy

        known = {text: vector for text in texts if (vector := self._file.get(text)) is not None}
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        fresh = dict(zip(missing, self._encoder.encode(missing), strict=True)) if missing else {}
        if keep:
            self._file.add(fresh)
        known.update(fresh)
        return numpy.stack([known[text] for text in texts])

    def _rarity(self, cards: Sequence[ExpertCard]) -> dict[str, float]:
        """How much a Chinese word tells cards apart: the logarithm of how few of them use it in an example."""
        used = Counter(word for card in cards for word in {w for e in _chinese(card) for w in self._counts(e)})
        return {word: math.log(1 + len(cards) / count) for word, count in used.items()}

    def _by_word(self, text: str, card: ExpertCard, rarity: dict[str, float]) -> float:
        """Weighted cosine of words between the text and the card's nearest Chinese example."""
        query = self._counts(text)
        return max((_cosine(query, self._counts(example), rarity) for example in _chinese(card)), default=0.0)

    def _counts(self, text: str) -> Counter[str]:
        if text not in self._lexical:
            if len(self._lexical) > 50_000:
                self._lexical.clear()
            self._lexical[text] = Counter(content_words(text))
        return self._lexical[text]


def _chinese(card: ExpertCard) -> list[str]:
    return [example for example in card.examples if has_chinese(example)]


def _cosine(a: Counter[str], b: Counter[str], rarity: dict[str, float]) -> float:
    """Cosine of two bags of words; a word that no card uses weighs like one that a single card uses."""
    rarest = max(rarity.values(), default=1.0)

    def weight(word: str) -> float:
        return rarity.get(word, rarest) ** 2

    dot = sum(count * b[word] * weight(word) for word, count in a.items())
    norm = math.sqrt(sum(c * c * weight(w) for w, c in a.items()) * sum(c * c * weight(w) for w, c in b.items()))
    return dot / norm if norm else 0.0


_GLOSSARY: dict[str, str] = tomllib.loads((Path(__file__).parent / "glossary.toml").read_text("utf-8"))["zh"]


def translated(text: str) -> str:
    """A Chinese request as English keywords, word by word through the glossary, for an encoder that reads English.

    Words that the glossary does not hold are left out; a text without Chinese stays as it is.
    """
    if not has_chinese(text):
        return text
    found: list[str] = []
    for word in words(text):
        english = _GLOSSARY.get(word, word if word.isascii() else "")
        if english and english not in found:
            found.append(english)
    return " ".join(found)
