"""Vectors: what the frozen reader says about texts, computed once and kept in half precision. Knows no plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from orchestrator.controller.planner.reading import Reader

_BATCH_TOKENS = 4096


@dataclass(frozen=True)
class RequestVectors:
    """States of a request's tokens (T, D) without the ones at both ends, their offsets, and the unit mean (D)."""

    states: Tensor
    offsets: tuple[tuple[int, int], ...]
    mean: Tensor


class Vectors:
    """A cache of vectors by text."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._means: dict[str, Tensor] = {}
        self._requests: dict[str, RequestVectors] = {}

    def means(self, texts: Sequence[str], max_tokens: int) -> Tensor:
        """Unit mean vectors of short texts, (N, D)."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._means]
        for batch in batches(missing, max_tokens):
            tokens = self._reader.tokens(batch, max_tokens)
            with torch.no_grad():
                states = self._reader(tokens["input_ids"], tokens["attention_mask"])
                means = Reader.mean(states, tokens["attention_mask"]).half()
            self._means.update(zip(batch, means, strict=True))
        if not texts:
            return torch.zeros(0, self._reader.width)
        return torch.stack([self._means[text] for text in texts]).float()

    def prepare(self, requests: Iterable[str], max_tokens: int) -> None:
        """Read requests ahead, in batches of like length."""
        missing = sorted({r for r in requests if r not in self._requests}, key=len)
        for batch in batches(missing, max_tokens):
            tokens = self._reader.tokens(batch, max_tokens)
            ids, mask = tokens["input_ids"], tokens["attention_mask"]
            with torch.no_grad():
                states = self._reader(ids, mask)
                means = Reader.mean(states, mask).half()
            for row, text in enumerate(batch):
                num = int(mask[row].sum())
                offsets = tuple((int(a), int(b)) for a, b in tokens["offset_mapping"][row, 1 : num - 1].tolist())
                self._requests[text] = RequestVectors(states[row, 1 : num - 1].half(), offsets, means[row])

    def request(self, text: str, max_tokens: int) -> RequestVectors:
        """One request, read."""
        if text not in self._requests:
            self.prepare([text], max_tokens)
        return self._requests[text]


def batches(texts: Sequence[str], max_tokens: int) -> Iterable[list[str]]:
    """Texts in batches of about as many tokens."""
    batch: list[str] = []
    longest = 0
    for text in texts:
        length = min(max_tokens, 4 + len(text) // 3)
        if batch and max(longest, length) * (len(batch) + 1) > _BATCH_TOKENS:
            yield batch
            batch, longest = [], 0
        batch.append(text)
        longest = max(longest, length)
    if batch:
        yield batch
