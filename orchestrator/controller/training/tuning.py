"""Tuning: the vectors of the cards that a set has in common, moved to where the requests for them lie.

Trains neither reader nor decoder: one vector a card, a learnt prototype (Snell et al. 2017 take the plain mean). The
decoder must not learn from vectors that its own cases moved, so each part of the cases gets vectors tuned on the
others (stacking, Wolpert 1992).
"""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from orchestrator.controller.planner.configuration import PlannerConfig
from orchestrator.controller.planner.parts import whole_and_parts
from orchestrator.controller.planner.reading import card_digest
from orchestrator.controller.planner.vectors import Vectors
from orchestrator.controller.training.cases import PlanningCase
from orchestrator.controller.training.sources import TrainingData
from orchestrator.types import ExpertCard

NUM_FOLDS = 4
_NUM_EPOCHS, _NUM_STEPS, _NUM_ROWS = 4, 40, 128  # of the rows, at least; of a step
_RATE, _WEIGHT_RATE = 5e-3, 5e-2
_WEIGHTS = (10.0, 10.0)  # of the similarity with the whole request and with its best part, at first
_JOINED = 0.7  # share of the rows that two requests are joined to: a card must be found in a part of one, too


@dataclass(frozen=True)
class TunedCards:
    """Unit vectors (D) by the digests of the cards.

    Args:
        every: tuned on all cases; these ship.
        folds: without those of each fold.
    """

    every: Mapping[str, Tensor]
    folds: tuple[Mapping[str, Tensor], ...]

    def without(self, case: PlanningCase) -> Mapping[str, Tensor]:
        """Those that were tuned without the case, or without the first of those that it is composed of."""
        return self.folds[_fold_of(case)]


@dataclass(frozen=True)
class _Row:
    """A request, whole and in parts (1 + W, D), and the rows of the cards that it needs."""

    parts: Tensor
    wanted: frozenset[int]


def tuned_cards(data: TrainingData, vectors: Vectors, *, seed: int, progress: Callable[[str], None]) -> TunedCards:
    """Vectors of the cards that stand in many cases: those of the sets with common cards, and Baton's own."""
    every: dict[str, Tensor] = {}
    folds: tuple[dict[str, Tensor], ...] = tuple({} for _ in range(NUM_FOLDS))
    for name, cards in {**data.cards, "embedded": data.embedded}.items():
        if not cards:
            continue
        cases = [case for case in data.cases.get(name, ()) if case.calls]
        rows = _rows_of(cases, cards, vectors)
        described = vectors.cards(cards, {}).described
        digests = [card_digest(card) for card in cards]
        own = [_fold_of(case) for case in cases]
        every.update(zip(digests, _tuned(described, rows, seed), strict=True))
        for fold, found in enumerate(folds):
            others = [row for row, number in zip(rows, own, strict=True) if number != fold]
            found.update(zip(digests, _tuned(described, others, seed), strict=True))
        progress(f"tuned the vectors of {len(cards)} cards of {name} to {len(rows)} requests")
    return TunedCards(every, folds)


def _fold_of(case: PlanningCase) -> int:
    return zlib.crc32(case.id.split("+")[0].encode()) % NUM_FOLDS


def _rows_of(cases: Sequence[PlanningCase], cards: Sequence[ExpertCard], vectors: Vectors) -> list[_Row]:
    row_of = {card.name: row for row, card in enumerate(cards)}
    rows = []
    for case in cases:
        read = vectors.request(case.request, PlannerConfig().max_request_tokens)
        parts = whole_and_parts(read.states.float(), read.mean.float())
        rows.append(_Row(parts.half(), frozenset(row_of[case.cards[call.card].name] for call in case.calls)))
    return rows


def _tuned(described: Tensor, rows: Sequence[_Row], seed: int) -> Tensor:
    """The vectors of cards (E, D), moved so that each request is nearest to the cards that it needs."""
    if not rows:
        return described
    chosen = random.Random(seed)
    rows = [_joined(row, chosen.choice(rows)) if chosen.random() < _JOINED else row for row in rows]
    moves = nn.Parameter(torch.zeros_like(described))
    weights = nn.Parameter(torch.tensor(_WEIGHTS))
    optimizer = torch.optim.Adam([{"params": [moves]}, {"params": [weights]}])
    batches = _batches(rows, chosen)
    for step, batch in enumerate(batches):
        for group, rate in zip(optimizer.param_groups, (_RATE, _WEIGHT_RATE), strict=True):
            group["lr"] = rate * max(0.05, 1 - step / len(batches))
        loss = _loss(nn.functional.normalize(described + moves, dim=-1), weights, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return nn.functional.normalize(described + moves, dim=-1).detach()


def _joined(one: _Row, other: _Row) -> _Row:
    """Two requests as one: the mean of both by their lengths, and the parts of both."""
    whole = one.parts[0].float() * len(one.parts) + other.parts[0].float() * len(other.parts)
    parts = [nn.functional.normalize(whole, dim=-1).half().unsqueeze(0), one.parts[1:], other.parts[1:]]
    return _Row(torch.cat(parts), one.wanted | other.wanted)


def _batches(rows: Sequence[_Row], chosen: random.Random) -> list[list[_Row]]:
    """All rows several times, in batches of about the same length."""
    found: list[list[_Row]] = []
    for _ in range(max(_NUM_EPOCHS, math.ceil(_NUM_STEPS * _NUM_ROWS / len(rows)))):
        ranked = sorted(rows, key=lambda row: len(row.parts) + 6 * chosen.random())
        batches = [ranked[begin : begin + _NUM_ROWS] for begin in range(0, len(ranked), _NUM_ROWS)]
        chosen.shuffle(batches)
        found += batches
    return found


def _loss(cards: Tensor, weights: Tensor, rows: Sequence[_Row]) -> Tensor:
    """How far each wanted card is from being nearer than all that are not: cards (E, D), weights (2)."""
    parts = nn.utils.rnn.pad_sequence([row.parts.float() for row in rows], batch_first=True)  # (B, 1 + W, D)
    near = parts @ cards.T  # (B, 1 + W, E)
    lengths = torch.tensor([len(row.parts) for row in rows])
    is_padded = torch.arange(near.shape[1]) >= lengths.unsqueeze(1)
    best = near[:, 1:].masked_fill(is_padded[:, 1:, None], -1).amax(1)
    scores = weights[0] * near[:, 0] + weights[1] * best  # (B, E)
    is_wanted = torch.zeros_like(scores, dtype=torch.bool)
    for number, row in enumerate(rows):
        is_wanted[number, list(row.wanted)] = True
    others = scores.masked_fill(is_wanted, -1e4).logsumexp(1, keepdim=True)
    losses = nn.functional.softplus(others - scores) * is_wanted
    return (losses.sum(1) / is_wanted.sum(1)).mean()
