"""Offers: the vectors of the cards that were offered lately, stacked once for as long as they are offered again.

Knows no reader.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestrator.controller.planner.memory import CardVectors
from orchestrator.types import ExpertCard

_NUM_KEPT = 3  # several users with different experts plan in turn


@dataclass(frozen=True)
class _Offer:
    """Cards, which are kept so that their ids stay theirs, and where each stands in the vectors."""

    cards: tuple[ExpertCard, ...]
    rows: dict[int, int]
    vectors: CardVectors


class Offers:
    """Finds the vectors of cards again.

    Args:
        read: gives the vectors of cards that were not offered lately.
    """

    def __init__(self, read: Callable[[Sequence[ExpertCard]], CardVectors]) -> None:
        self._read = read
        self._kept: deque[_Offer] = deque(maxlen=_NUM_KEPT)

    def vectors_of(self, cards: Sequence[ExpertCard]) -> CardVectors:
        """The vectors of the cards; of those offered lately, or of some of them, without reading or stacking again."""
        own = tuple(cards)
        for offer in self._kept:
            if offer.cards == own:  # one comparison of identities a card
                return offer.vectors
            if len(own) < len(offer.cards) and all(id(card) in offer.rows for card in own):
                return offer.vectors.of([offer.rows[id(card)] for card in own])
        found = self._read(own)
        self._kept.appendleft(_Offer(own, {id(card): row for row, card in enumerate(own)}, found))
        return found
