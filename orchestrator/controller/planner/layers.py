"""DecoderLayer: attention to what was written and to the memory, whole rows at once or one place at a time.

The pre-norm form of Vaswani et al. 2017. Knows no symbol. Shapes: B requests, M memory, P places, H heads, D width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass
class LayerPrefix:
    """What a layer keeps between places: keys and values of the memory, and of the places so far, (B, H, *, D / H)."""

    memory_keys: Tensor
    memory_values: Tensor
    keys: Tensor | None = None
    values: Tensor | None = None


class Attention(nn.Module):
    """Multi-head attention whose keys and values may be computed beforehand."""

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def keys_values(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of states (B, N, D), each (B, H, N, D / H)."""
        keys, values = self.key_value(states).chunk(2, dim=-1)
        return self._split(keys), self._split(values)

    def forward(self, states: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        """Attention of states (B, P, D) to keys and values; the mask is True where it may look."""
        query = self._split(self.query(states))
        found = nn.functional.scaled_dot_product_attention(query, keys, values, attn_mask=mask)
        return self.out(found.transpose(1, 2).flatten(2))

    def _split(self, states: Tensor) -> Tensor:
        return states.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)


class DecoderLayer(nn.Module):
    """One layer of the decoder."""

    def __init__(self, width: int, num_heads: int, feed_forward_width: int, dropout: float) -> None:
        super().__init__()
        self.own, self.cross = Attention(width, num_heads), Attention(width, num_heads)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.feed_forward = nn.Sequential(
            nn.Linear(width, feed_forward_width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(feed_forward_width, width),
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, memory: Tensor, causal: Tensor, memory_mask: Tensor) -> Tensor:
        """All places at once.

        Args:
            states: (B, P, D).
            memory: (B, M, D).
            causal: True where a place may look, (P, P).
            memory_mask: True where an entry exists, (B, 1, 1, M).
        """
        before = self.norms[0](states)
        states = states + self.dropout(self.own(before, *self.own.keys_values(before), causal))
        states = states + self.dropout(self.cross(self.norms[1](states), *self.cross.keys_values(memory), memory_mask))
        return states + self.dropout(self.feed_forward(self.norms[2](states)))

    def begin(self, memory: Tensor) -> LayerPrefix:
        """What stays the same while a plan is written over one memory (B, M, D)."""
        keys, values = self.cross.keys_values(memory)
        return LayerPrefix(keys.float(), values.float())

    def step(self, states: Tensor, prefix: LayerPrefix) -> Tensor:
        """The next place (B, 1, D); the prefix grows by it."""
        before = self.norms[0](states)
        keys, values = self.own.keys_values(before)
        if prefix.keys is not None and prefix.values is not None:
            keys = torch.cat([prefix.keys, keys], dim=2)
            values = torch.cat([prefix.values, values], dim=2)
        prefix.keys, prefix.values = keys, values
        states = states + self.own(before, keys, values, None)
        states = states + self.cross(self.norms[1](states), prefix.memory_keys, prefix.memory_values, None)
        return states + self.feed_forward(self.norms[2](states))
