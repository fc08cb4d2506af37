"""Tensors: what the planner reads and where it writes, as two values. Knows no model.

Shapes: B requests, M memory entries, P places of a plan, D width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from orchestrator.controller.planner.symbols import Entry

NUM_SIMILARITIES = 5  # of a card or an option with the request: whole, best part, centre, words, best segment
NUM_MATCHES = NUM_SIMILARITIES + 2  # and whether it shows example requests, and whether training knew all cards
NUM_FITS = 9  # of a card at a place; see `fits_at` in memory.py
LEFT = (1, 2, 5, 7, 8)  # of those what tells that something is left to do
PLACE = 6  # and where in the request the card's part stands
BEHIND = 7  # and by how much it is like some part behind that of the last step
NUM_CUES, NUM_ENDS = 11, 2  # of a token as the beginning and as the end of a value; see memory.py
NUM_PROGRESS = 7  # of a plan at a place; see `progress_at` in memory.py


def computes_in_half() -> bool:
    """Whether the processor multiplies in half precision (bfloat16)."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


@dataclass(frozen=True)
class Entries:
    """What the planner points into.

    Args:
        states: raw vectors, (B, M, D): encoder states of tokens, card vectors, option vectors, zeros elsewhere.
        kinds: what each entry is, (B, M), values of `Entry`; special ones, attachments and steps carry their own
            number in `states[..., 0]`.
        matches: similarities of each card with the request, whether it shows examples and whether training knew all
            of them, (B, M, 7); zeros where the entry is no card.
        ends: what speaks for each token as the end of a value, (B, M, 2): whether a name ends
            there, and whether it goes on.
        mask: (B, M), True where an entry exists.
    """

    states: Tensor
    kinds: Tensor
    matches: Tensor
    ends: Tensor
    mask: Tensor

    def are(self, kind: Entry) -> Tensor:
        """Which entries are of a kind, (B, M)."""
        return self.kinds == kind


@dataclass(frozen=True)
class Places:
    """Where the planner writes.

    Args:
        before: the symbol before each place, (B, P); -1 at the beginning.
        slots: what each place writes, (B, P).
        ports: encoder vector of the port that a VALUE or LAST place fills, (B, P, D); zeros elsewhere.
        counts: how many steps stand before each place, (B, P).
        spent: tokens that stand in a span written before, (B, P, M).
        cues: what speaks for each token at a VALUE place, (B, P, M, 11), from `cues_at` and
            `neighbourhood`.
        fits: how each card fits at an EXPERT place, (B, P, M, 9), from `fits_at`.
        progress: of the plan there, (B, P, 7), from `progress_at`.
        are_ordered: whether what the request says first comes first, (B, P).
    """

    before: Tensor
    slots: Tensor
    ports: Tensor
    counts: Tensor
    spent: Tensor
    cues: Tensor
    fits: Tensor
    progress: Tensor
    are_ordered: Tensor
