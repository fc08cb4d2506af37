"""Vectors: what the frozen reader says about texts, computed once and kept in half precision. Knows no plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from orchestrator.controller.planner.memory import CardVectors, card_vectors
from orchestrator.controller.planner.reading import MAX_CARD_TOKENS, Reader, card_digest, card_views
from orchestrator.minilm import WIDTH, Tokens, unit_mean
from orchestrator.types import ExpertCard
from orchestrator.vector_file import VectorFile

MAX_EXAMPLES = 12  # of a card
_BATCH_TOKENS = 4096


@dataclass(frozen=True)
class RequestVectors:
    """States of a request's tokens (T, D) without the ones at both ends, their offsets, and the unit mean (D)."""

    states: Tensor
    offsets: tuple[tuple[int, int], ...]
    mean: Tensor


class Vectors:
    """A cache of vectors by text.

    Args:
        reader: reads.
        file: keeps the vectors of cards for the next process.
        known: tuned unit vectors (D) of the cards that training knew, by the cards' digests.
    """

    def __init__(
        self, reader: Reader, file: VectorFile | None = None, known: Mapping[str, Tensor] | None = None
    ) -> None:
        self.reader = reader
        self.known = known or {}
        self._file = file
        self._means: dict[str, Tensor] = {}
        self._requests: dict[str, RequestVectors] = {}

    @property
    def is_halved(self) -> bool:
        """Whether the processor computes in half precision."""
        return self.reader.is_halved

    def keep(self, path: Path) -> None:
        """Write everything read so far, so that training goes on without reading it again."""
        torch.save({"reader": self.reader.digest, "means": self._means, "requests": self._requests}, path)

    def recall(self, path: Path) -> bool:
        """Take what `keep` wrote, where the same reader read it; gives whether it did."""
        if not path.is_file():
            return False
        kept = torch.load(path, weights_only=False)
        if kept["reader"] != self.reader.digest:
            return False
        self._means, self._requests = kept["means"], kept["requests"]
        return True

    def means(self, texts: Sequence[str], max_tokens: int) -> Tensor:
        """Unit mean vectors of short texts, (N, D)."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._means]
        if self._file is not None and missing:
            kept = {text: torch.from_numpy(vector) for text in missing if (vector := self._file.get(text)) is not None}
            self._means.update(kept)
            missing = [text for text in missing if text not in kept]
        for batch in batches(missing, max_tokens):
            tokens = self.reader.pieces(batch, max_tokens)
            means = unit_mean(self._read(tokens), tokens.mask).half()
            fresh = dict(zip(batch, means, strict=True))
            self._means.update(fresh)
            if self._file is not None:
                self._file.add({text: vector.numpy() for text, vector in fresh.items()})
        if not texts:
            return torch.zeros(0, WIDTH)
        return torch.stack([self._means[text] for text in texts]).float()

    def cards(self, cards: Sequence[ExpertCard], known: Mapping[str, Tensor] | None = None) -> CardVectors:
        """Vectors of descriptions and examples of cards; of descriptions the tuned ones where training knew all cards.

        Beside a card that training did not know, those that it knew would always be the surer ones.

        Args:
            cards: to be read.
            known: in place of `self.known`.
        """
        known = self.known if known is None else known
        digests = [card_digest(card) for card in cards] if known else []
        are_known = bool(digests) and all(digest in known for digest in digests)
        views = [view for card in cards for view in card_views(card)]
        whole, name, description = self.means(views, MAX_CARD_TOKENS).unflatten(0, (-1, 3)).unbind(1)  # (E, D) each
        described = torch.nn.functional.normalize(2 * whole + name + description, dim=-1)
        if are_known:
            described = torch.stack([known[digest] for digest in digests])
        flat = [example for card in cards for example in card.examples[:MAX_EXAMPLES]]
        examples = self.means(flat, MAX_CARD_TOKENS)
        nums = [len(card.examples[:MAX_EXAMPLES]) for card in cards]
        if self._file is not None:
            self._file.save()
        return card_vectors(described, examples, nums, are_known=are_known)

    def prepare(self, requests: Iterable[str], max_tokens: int) -> None:
        """Read requests ahead, in batches of like length."""
        missing = sorted({r for r in requests if r not in self._requests}, key=len)
        for batch in batches(missing, max_tokens):
            tokens = self.reader.pieces(batch, max_tokens)
            states = self._read(tokens)
            means = unit_mean(states, tokens.mask).half()
            for row, text in enumerate(batch):
                num = int(tokens.mask[row].sum())
                offsets = tuple((int(a), int(b)) for a, b in tokens.offsets[row, 1 : num - 1].tolist())
                self._requests[text] = RequestVectors(states[row, 1 : num - 1].half(), offsets, means[row])

    def _read(self, tokens: Tokens) -> Tensor:
        """States of the last layer, (B, T, D); in half precision where the processor computes in it."""
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=self.reader.is_halved):
            states: Tensor = self.reader(tokens.ids, tokens.mask)
        return states.float()

    def forget_requests(self, more_than: int) -> None:
        """Drop the requests read so far where there are more than that; cards are kept."""
        if len(self._requests) > more_than:
            self._requests.clear()

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
