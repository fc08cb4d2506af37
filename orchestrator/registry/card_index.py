"""CardIndex: how well cards fit texts, by meaning (embeddings) and by word (for Chinese). Knows no plan.

A card's score for a text is the higher of two: its description's similarity, and that of its nearest example request.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import threading
import tomllib
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.embedding import Encoder
from orchestrator.language import content_words, has_chinese, words
from orchestrator.types import ExpertCard

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
        self._vectors: dict[str, NDArray[np.float32]] = {}
        self._is_dirty = False
        self._lock = threading.Lock()
        self._lexical: dict[str, Counter[str]] = {}

    @cached_property
    def _encoder(self) -> Encoder:
        encoder = self._load_encoder()
        if self._cache_path is not None and self._cache_path.is_file():
            import numpy

            try:
                with numpy.load(self._cache_path) as stored:
                    if str(stored["model"]) == encoder.name:
                        self._vectors.update(zip(stored["keys"].tolist(), stored["vectors"], strict=True))
            except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
                self._cache_path.unlink(missing_ok=True)  # a broken cache is only a slower start
        return encoder

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
            self._save()
        scores = numpy.maximum(by_description, by_example)
        for row, text in enumerate(texts):
            if has_chinese(text):
                rarity = self._rarity(cards)
                lexical = numpy.array([self._by_word(text, card, rarity) for card in cards], dtype=numpy.float32)
                scores[row] = numpy.maximum(0.9 * scores[row], lexical)
        return numpy.clip(scores, 0.0, 1.0)

    def _encode(self, texts: Sequence[str], *, keep: bool) -> NDArray[np.float32]:
        import numpy

        encoder = self._encoder
        keys = [hashlib.sha256(text.encode()).hexdigest()[:24] for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._vectors}
        fresh = dict(zip(missing, encoder.encode(list(missing.values())), strict=True)) if missing else {}
        if keep and fresh:
            self._vectors.update(fresh)
            self._is_dirty = True
        return numpy.stack([self._vectors[key] if key in self._vectors else fresh[key] for key in keys])

    def _save(self) -> None:
        if not self._is_dirty or self._cache_path is None:
            return
        import numpy

        draft = self._cache_path.with_suffix(f".{os.getpid()}.part.npz")  # several processes may share a home
        with contextlib.suppress(OSError):  # a full disk costs the next start some time, not this request
            self._cache_path.parent.mkdir(parents=True, exist_ok=True)
            numpy.savez(
                draft,
                model=numpy.array(self._encoder.name),
                keys=numpy.array(list(self._vectors)),
                vectors=numpy.stack(list(self._vectors.values())),
            )
            draft.replace(self._cache_path)
        self._is_dirty = False

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
