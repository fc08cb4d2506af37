"""Decoding: the most likely plan under the grammar, symbol by symbol. Knows no weight format and no thresholds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from orchestrator.controller.planner.memory import Memory
from orchestrator.controller.planner.modeling import PlannerModel
from orchestrator.controller.planner.symbols import Slot, Special
from orchestrator.controller.planner.writing import (
    MAX_PORTS,
    Scene,
    experts_allowed,
    lasts_allowed,
    steps_allowed,
    values_allowed,
)
from orchestrator.types import Port

MAX_ITEMS = 12  # of a list


@dataclass(frozen=True)
class Filling:
    """What fills one port: symbols in the order written (two for a span), and the probability of the choice."""

    symbols: tuple[int, ...]
    probability: float


@dataclass(frozen=True)
class WrittenStep:
    """One step as written: the card's position, its probability, those of other cards, and each port's filling."""

    card: int
    probability: float
    others: tuple[tuple[int, float], ...]
    fillings: tuple[Filling, ...]


@dataclass
class Written:
    """A plan as written."""

    steps: list[WrittenStep] = field(default_factory=list)
    declined: float = 0.0  # probability of declining at the first place
    log_experts: float = 0.0  # logarithm of the probability of all experts and of the end
    log_values: float = 0.0


class Decoder:
    """Writes one plan; keeps the prefix."""

    def __init__(self, model: PlannerModel, scene: Scene, memory: Memory, port: Callable[[int, int], Tensor]) -> None:
        self._model = model
        self._scene = scene
        self._port = port
        self._memory = model.memory(memory.states.unsqueeze(0), memory.kinds.unsqueeze(0))  # (1, M, D)
        self._similarity = memory.similarity.unsqueeze(0)
        self._mask = torch.ones(1, len(memory.kinds), dtype=torch.bool)
        self._written: list[int] = []
        self._slots: list[int] = []
        self._ports: list[Tensor] = []

    @torch.no_grad()
    def write(self) -> Written:
        """The greedy plan."""
        plan = Written()
        scene, layout = self._scene, self._scene.layout
        while True:
            allowed = experts_allowed(scene, len(plan.steps))
            logs = self._logs(Slot.EXPERT, None, allowed)
            best = max(allowed, key=lambda symbol: float(logs[symbol]))
            plan.log_experts += float(logs[best])
            if not plan.steps:
                plan.declined = math.exp(float(logs[Special.DECLINE]))
            self._written.append(best)
            if best < layout.cards:
                return plan
            card = best - layout.cards
            cards = logs[layout.cards : layout.tokens].exp()
            ranked = sorted(((i, float(p)) for i, p in enumerate(cards) if i != card), key=lambda pair: -pair[1])
            fillings = self._fill(card, [step.card for step in plan.steps])
            plan.log_values += sum(math.log(max(f.probability, 1e-9)) for f in fillings)
            plan.steps.append(WrittenStep(card, math.exp(float(logs[best])), tuple(ranked[:3]), fillings))

    def _fill(self, card: int, before: list[int]) -> tuple[Filling, ...]:
        layout = self._scene.layout
        fillings = []
        for position, port in enumerate(self._scene.cards[card].inputs[:MAX_PORTS]):
            symbols: list[int] = []
            probability = 1.0
            for item in range(MAX_ITEMS):
                allowed = values_allowed(self._scene, port, before, item)
                symbol, share = self._choose(Slot.VALUE, (card, position), allowed)
                probability *= share
                if item and symbol == Special.OMIT:
                    break
                symbols.append(symbol)
                if layout.steps <= symbol < layout.options:
                    probability *= self._link_more(port, (card, position), before, symbols)
                if symbol < layout.tokens:
                    break
                last, share = self._choose(Slot.LAST, (card, position), lasts_allowed(self._scene, symbol))
                symbols.append(last)
                probability *= share
                if port.kind != "array":
                    break
            fillings.append(Filling(tuple(symbols), probability))
        return tuple(fillings)

    def _link_more(self, port: Port, at: tuple[int, int], before: list[int], symbols: list[int]) -> float:
        """Further steps whose outputs go into the same port; gives the probability of the choices."""
        probability = 1.0
        while True:
            linked = [symbol - self._scene.layout.steps for symbol in symbols]
            allowed = steps_allowed(self._scene, port, before, linked)
            if not allowed:
                return probability
            symbol, share = self._choose(Slot.VALUE, at, allowed)
            probability *= share
            if symbol == Special.OMIT:
                return probability
            symbols.append(symbol)

    def _choose(self, slot: Slot, at: tuple[int, int], allowed: Sequence[int]) -> tuple[int, float]:
        logs = self._logs(slot, at, allowed)
        best = max(allowed, key=lambda symbol: float(logs[symbol]))
        self._written.append(best)
        return best, math.exp(float(logs[best]))

    def _logs(self, slot: Slot, at: tuple[int, int] | None, allowed: Sequence[int]) -> Tensor:
        """Log probabilities of the next symbol, (M)."""
        self._slots.append(int(slot))
        self._ports.append(self._port(*at) if at is not None else torch.zeros(self._memory.shape[-1]))
        written = torch.tensor([[-1, *self._written]])
        mask = torch.zeros(1, len(self._slots), self._memory.shape[1], dtype=torch.bool)
        mask[0, :, 0] = True
        mask[0, -1] = False
        mask[0, -1, list(allowed)] = True
        logits = self._model(
            self._memory,
            self._mask,
            written,
            torch.tensor([self._slots]),
            torch.stack(self._ports).unsqueeze(0),
            self._similarity,
            mask,
        )
        return logits[0, -1].log_softmax(-1)
