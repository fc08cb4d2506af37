"""Neighbours: the cards of a pool that are most like a request, so that training chooses as hard as inference does.

Knows no plan.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from torch import Tensor

from orchestrator.controller.planner.configuration import PlannerConfig
from orchestrator.controller.planner.memory import candidates
from orchestrator.controller.planner.parts import whole_and_parts
from orchestrator.controller.planner.vectors import Vectors
from orchestrator.controller.training.cases import PlanningCase
from orchestrator.controller.training.sources import MAX_CARDS
from orchestrator.types import ExpertCard

_MAX_SEEN = 1000  # cards of a pool that are looked at for one request
_SAME = 0.75  # similarity of two descriptions from which on their experts may do the same


class Neighbours:
    """Finds the cards of pools that are most like a request.

    Args:
        pools: cards by name.
        vectors: of their descriptions and of requests.
    """

    def __init__(self, pools: Mapping[str, Sequence[ExpertCard]], vectors: Vectors) -> None:
        self._pools, self._vectors = pools, vectors
        self._described = {name: self._of(cards) for name, cards in pools.items()}  # (E, D) each

    def near(self, case: PlanningCase, name: str, chosen: random.Random) -> list[ExpertCard]:
        """Cards of a pool most like the case's request or a part of it, best first.

        None of them may do what the case needs, but for a case of the pool's own set: its labels know better.
        """
        cards, described = self._pools[name], self._described[name]
        rows = chosen.sample(range(len(cards)), min(len(cards), _MAX_SEEN))
        seen = described[rows].float()
        read = self._vectors.request(case.request, PlannerConfig().max_request_tokens)
        parts = whole_and_parts(read.states.float(), read.mean.float())  # (1 + W, D)
        near = parts @ seen.T  # (1 + W, E)
        if case.source != name and case.cards:
            near[:, (self._of(case.cards).float() @ seen.T).amax(0) > _SAME] = -1
        best = candidates(near, MAX_CARDS)
        return [cards[rows[i]] for i in best if near[0, i] > -1]

    def _of(self, cards: Sequence[ExpertCard]) -> Tensor:
        return self._vectors.cards(cards).described.half()
