"""Memory: a request and what it offers as the tensors that the planner points into. Knows no target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from orchestrator.artifact import ARTIFACT_CLASSES
from orchestrator.controller.planner.symbols import NUM_SPECIAL
from orchestrator.controller.planner.writing import Scene

_ARTIFACT_NUMBER = {kind: number for number, kind in enumerate(ARTIFACT_CLASSES)}
_WINDOW, _STRIDE = 12, 4  # tokens of the parts of a request that are compared with the cards, and between them


@dataclass(frozen=True)
class Memory:
    """One request's memory: raw vectors (M, D), kinds (M), similarities (M, 2)."""

    states: Tensor
    kinds: Tensor
    similarity: Tensor


def memory_of(
    scene: Scene, tokens: Tensor, mean: Tensor, cards: Tensor, options: Tensor, examples: Sequence[Tensor]
) -> Memory:
    """The memory of one request.

    Args:
        scene: what the request offers.
        tokens: states of its tokens, (T, D).
        mean: its unit mean vector, (D).
        cards: unit vectors of the cards, (E, D).
        options: unit vectors of the enumerations' options, (O, D).
        examples: of each card the unit vectors of its example requests, (X, D); may be empty.
    """
    width = tokens.shape[-1]
    layout = scene.layout
    states = torch.zeros(layout.size, width)
    kinds = torch.zeros(layout.size, dtype=torch.long)
    states[:NUM_SPECIAL, 0] = torch.arange(NUM_SPECIAL)
    kinds[layout.attachments : layout.steps] = 1
    for i, kind in enumerate(scene.attachments):
        states[layout.attachments + i, 0] = _ARTIFACT_NUMBER[kind]
    kinds[layout.steps : layout.options] = 2
    states[layout.steps : layout.options, 0] = torch.arange(layout.max_steps)
    kinds[layout.options : layout.cards] = 3
    kinds[layout.cards : layout.tokens] = 4
    kinds[layout.tokens :] = 5
    if len(options):
        states[layout.options : layout.cards] = options
    if len(cards):
        states[layout.cards : layout.tokens] = cards
    states[layout.tokens :] = tokens
    similarity = torch.zeros(layout.size, 2)
    if len(cards):
        similarity[layout.cards : layout.tokens, 0] = _nearest(mean.unsqueeze(0), cards, examples)
        similarity[layout.cards : layout.tokens, 1] = _nearest(windows(tokens), cards, examples)
    return Memory(states, kinds, similarity)


def windows(tokens: Tensor) -> Tensor:
    """Unit mean vectors of overlapping parts of a request, (W, D)."""
    num = tokens.shape[0]
    starts = range(0, max(1, num - _WINDOW + _STRIDE), _STRIDE)
    means = torch.stack([tokens[start : start + _WINDOW].mean(0) for start in starts if start < max(1, num)])
    return torch.nn.functional.normalize(means, dim=-1)


def _nearest(parts: Tensor, cards: Tensor, examples: Sequence[Tensor]) -> Tensor:
    """Of each card the best similarity of any part with its description or one of its examples, (E)."""
    best = (parts @ cards.T).max(0).values  # (W, D) @ (D, E) -> (W, E) -> (E)
    for card, own in enumerate(examples):
        if len(own):
            best[card] = torch.maximum(best[card], (parts @ own.T).max())
    return best
