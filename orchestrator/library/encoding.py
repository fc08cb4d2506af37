"""Encoding: texts and queries into vectors, where the encoder can read them. Knows no document and no index."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
# A Chinese character stands for about four letters, so a text of three tenths Chinese letters is mostly Chinese.
_MOSTLY_CHINESE = 0.3


def can_read(embedding: str, text: str) -> bool:
    """Whether the encoder knows the text's script: the embedded MiniLM reads no Chinese, others are trusted to."""
    if embedding != "embedded":
        return True
    num_letters = sum(character.isalpha() for character in text)
    return num_letters == 0 or len(_CHINESE.findall(text)) < _MOSTLY_CHINESE * num_letters


def encoded(embedding: str, texts: Sequence[str]) -> list[NDArray[np.float32] | None]:
    """A unit vector (D,) for each text, None for one that the encoder cannot read."""
    readable = [i for i, text in enumerate(texts) if can_read(embedding, text)]
    vectors: list[NDArray[np.float32] | None] = [None] * len(texts)
    if readable:
        from orchestrator.embedding import encoder

        found = encoder(embedding).encode([texts[i] for i in readable])  # (N, D)
        for i, vector in zip(readable, found, strict=True):
            vectors[i] = vector
    return vectors
