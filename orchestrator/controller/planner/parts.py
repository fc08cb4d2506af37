"""Parts: overlapping stretches of a request, that each may speak of another step. Knows no card.

Two lengths: a dozen tokens say what a step is about, half a dozen tell it from the step beside it.
"""

from __future__ import annotations

import functools

import torch
from torch import Tensor

LENGTHS = ((12, 4), (6, 2))  # tokens of the parts, and from the beginning of one to that of the next


def parts_of(tokens: Tensor) -> Tensor:
    """Unit mean vectors of a request's parts, (W, D), from the states of its tokens, (T, D)."""
    return torch.cat([windows(tokens, *length) for length in LENGTHS])


def whole_and_parts(tokens: Tensor, mean: Tensor) -> Tensor:
    """Unit vectors of a request and of its parts, (1 + W, D), from the states of its tokens, (T, D), and its mean."""
    return torch.cat([mean.unsqueeze(0), parts_of(tokens)])


@functools.lru_cache(maxsize=256)
def places_of(num_tokens: int) -> Tensor:
    """Where the middle of each part stands in a request of so many tokens, from 0 to 1, (W)."""
    middles = [(start + end) / 2 for start, end in _ranges(num_tokens)]
    return torch.tensor(middles) / max(1, num_tokens)


@functools.lru_cache(maxsize=256)
def covered(num_tokens: int) -> Tensor:
    """Which tokens stand in which part, (T, W)."""
    at = torch.arange(num_tokens).unsqueeze(1)
    starts, ends = torch.tensor(_ranges(num_tokens)).unbind(1)
    return (at >= starts) & (at < ends)


def _ranges(num_tokens: int) -> list[tuple[int, int]]:
    """First token of each part, and the one behind it."""
    found = []
    for size, stride in LENGTHS:
        if num_tokens <= size:
            found.append((0, num_tokens))
        else:
            starts = (*range(0, num_tokens - size + 1, stride), num_tokens - size)
            found += [(start, start + size) for start in starts]
    return found


def windows(tokens: Tensor, size: int, stride: int) -> Tensor:
    """Unit mean vectors of so many tokens each, (W, D), from their states, (T, D); the last ones count too."""
    num = tokens.shape[0]
    if num <= size:
        means = tokens.mean(0, keepdim=True) if num else tokens.new_zeros(1, tokens.shape[-1])
    else:
        means = torch.cat([tokens.unfold(0, size, stride).mean(-1), tokens[-size:].mean(0, keepdim=True)])
    return torch.nn.functional.normalize(means, dim=-1)
