"""Decoding: the most likely plan under the grammar, symbol by symbol. Knows no weight format and no thresholds."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from orchestrator.artifact import ARTIFACT_CLASSES
from orchestrator.controller.planner.memory import Memory, fits_at, neighbourhood, progress_at
from orchestrator.controller.planner.modeling import Planner
from orchestrator.controller.planner.symbols import Slot, Special
from orchestrator.controller.planner.tensors import NUM_CUES, NUM_FITS, NUM_PROGRESS, Places
from orchestrator.controller.planner.values import LISTS, NUMBERS
from orchestrator.controller.planner.writing import (
    MAX_PORTS,
    Scene,
    experts_possible,
    fills_alone,
    fits_of,
    is_silent,
    last_number,
    lasts_allowed,
    references_to,
    steps_allowed,
    takes_words,
    values_allowed,
)
from orchestrator.types import Port

MAX_ITEMS = 12  # of a list
_UNSERVED = 1.5  # of log-odds that the end loses while there are fewer steps than segments


@dataclass(frozen=True)
class Filling:
    """What fills one port: symbols in the order written (two for a span), and the probability of the choice."""

    symbols: tuple[int, ...]
    probability: float
    links: bool = False  # whether an earlier step could feed it


@dataclass(frozen=True)
class WrittenStep:
    """One step as written: the card's position, its probability, those of other cards, and each port's filling."""

    card: int
    probability: float
    others: tuple[tuple[int, float], ...]
    fillings: tuple[Filling, ...]

    @property
    def symbols(self) -> tuple[tuple[int, ...], ...]:
        """What fills each port."""
        return tuple(filling.symbols for filling in self.fillings)


@dataclass
class Written:
    """A plan as written."""

    steps: list[WrittenStep] = field(default_factory=list)
    declined: float = 0.0  # probability of declining at the first place
    log_experts: float = 0.0  # logarithm of the probability of all experts and of the end
    log_links: float = 0.0  # of the inputs that earlier steps could feed


class Decoder:
    """Writes one plan; keeps the prefix.

    Args:
        model: scores the next symbol.
        scene: what the request offers.
        memory: the same as tensors.
        port: vector (D) of an input port, by positions of card and port.
        cues: what speaks for each token there whatever was written before, (M, 11), by the same.
    """

    def __init__(
        self,
        model: Planner,
        scene: Scene,
        memory: Memory,
        port: Callable[[int, int], Tensor],
        cues: Callable[[int, int], Tensor],
    ) -> None:
        self._model = model
        self._scene = scene
        self._port, self._cues = port, cues
        self._memory = memory
        self._prefix = model.begin(memory.entries)
        self._are_known = self._is_ordered = memory.are_known
        self._ends_above = math.log(0.5 if memory.are_known else model.config.unknown_end)
        size, width = memory.states.shape
        self._no_port, self._no_cues = torch.zeros(width), torch.zeros(size, NUM_CUES)
        self._no_fits, self._no_progress = torch.zeros(size, NUM_FITS), torch.zeros(NUM_PROGRESS)
        self._before = -1
        self._told: tuple[list[int], Tensor | None] | None = None  # of the call
        self._num_places = 0
        self._num_steps = 0
        self._used: set[int] = set()  # attachments that a step reads
        self._spent = torch.zeros(scene.layout.size)
        self._own: list[int] = []  # tokens of the call's values
        self._ends: dict[tuple[int, int], int] = {}  # last tokens of the values that ports had in earlier calls

    @torch.no_grad()
    def write(self) -> Written:
        """The greedy plan.

        Over cards that training did not know it is written twice: the first time with the experts that serve best,
        wherever the request speaks of them, the second time with these in the order of the text. Of three cards it is
        easier to say than of thirty which one comes first.
        """
        plan = self._written()
        marks = self._scene.marks
        places = [float(self._memory.places[step.card]) for step in plan.steps]
        may_go_on = len(marks.segments) > len(plan.steps) or bool(marks.coordinated)
        if self._are_known or not plan.steps or (places == sorted(places) and not may_go_on):
            return plan
        steps = {step.card: step for step in reversed(plan.steps)}
        self._forget()
        ordered = self._written(frozenset(steps))
        plan.log_links = ordered.log_links
        plan.steps = [
            dataclasses.replace(step, probability=steps[step.card].probability, others=steps[step.card].others)
            for step in ordered.steps
        ]
        return plan

    def _forget(self) -> None:
        """Begin again over the same memory, in the order of the text."""
        self._is_ordered = True
        self._prefix = self._prefix.emptied()
        self._before, self._num_places, self._num_steps = -1, 0, 0
        self._told = None
        self._used.clear()
        self._ends.clear()
        self._spent.zero_()

    def _written(self, only: frozenset[int] = frozenset()) -> Written:
        """The plan step by step; where cards are given, with all of them and no other."""
        plan = Written()
        scene, layout = self._scene, self._scene.layout
        while True:
            written = [step.card for step in plan.steps]
            fits = fits_of(scene, written, self._used)
            allowed = experts_possible(scene, written, fits)
            if only:
                allowed = self._among(only, written, allowed, fits)
            elif not self._is_ordered:  # an expert is chosen once, however often it will be called
                allowed = [symbol for symbol in allowed if symbol - layout.cards not in written]
            logs = self._log_experts(allowed, written, fits)
            if not plan.steps:
                plan.declined = math.exp(logs[Special.DECLINE])
            # It ends where that is likelier than going on, with whichever expert; at least one step is written.
            ends = plan.steps and (logs[Special.END] > self._ends_above or allowed == [Special.END])
            best = Special.END if ends else max((s for s in allowed if s >= layout.cards), key=logs.__getitem__)
            plan.log_experts += logs[best]
            self._before = best
            if best < layout.cards:
                return plan
            card = best - layout.cards
            cards = [math.exp(log) for log in logs[layout.cards : layout.tokens]]
            ranked = sorted(((i, p) for i, p in enumerate(cards) if i != card), key=lambda pair: -pair[1])
            self._num_steps += 1
            spent = self._spent.clone()
            fillings = self._fill(card, written)
            if any(step.card == card and self._says_nothing_new(fillings, step, spent) for step in plan.steps):
                return plan
            if plan.steps:
                plan.log_links += sum(math.log(max(one.probability, 1e-9)) for one in fillings if one.links)
            plan.steps.append(WrittenStep(card, cards[card], tuple(ranked[:3]), fillings))
            if self._is_ordered:
                self._repeat(plan)

    def _among(
        self,
        only: frozenset[int],
        written: Sequence[int],
        allowed: Sequence[int],
        fits: Sequence[tuple[bool, bool, bool, bool]],
    ) -> list[int]:
        """What may stand there of these cards, each of which is called before the plan ends.

        What waits for something that is not there yet comes last, else what the request speaks of first comes first.
        """
        first = self._scene.layout.cards
        own = [symbol for symbol in allowed if symbol - first in only]
        left = [symbol for symbol in own if symbol - first not in written]
        if left:
            places = self._memory.places
            return [min(left, key=lambda s: (fits[s - first][0], fits[s - first][3], float(places[s - first])))]
        return [Special.END, *own] if written else [first + card for card in sorted(only)]

    def _says_nothing_new(self, fillings: Sequence[Filling], step: WrittenStep, spent: Tensor) -> bool:
        """Whether a call is the same as one before, or takes only words of the request that calls before it took."""
        symbols = tuple(filling.symbols for filling in fillings)
        tokens = [symbol for one in symbols for symbol in one if symbol >= self._scene.layout.tokens]
        return symbols == step.symbols or bool(tokens and spent[tokens].all())

    def _repeat(self, plan: Written) -> None:
        """The last step once more for every other item of the coordinations that its values stand in."""
        step = plan.steps[-1]
        ports = self._scene.cards[step.card].inputs[:MAX_PORTS]
        choices = [
            self._siblings(position, step) if fills_alone(port) and port.kind not in LISTS else [filling]
            for position, (port, filling) in enumerate(zip(ports, step.fillings, strict=True))
        ]
        known = {(one.card, one.symbols) for one in plan.steps}
        for fillings in itertools.product(*choices):
            again = dataclasses.replace(step, fillings=fillings)
            if (again.card, again.symbols) not in known and len(plan.steps) < self._scene.max_steps:
                plan.steps.append(again)
                self._num_steps += 1
                for symbols in again.symbols:
                    if symbols and symbols[0] >= self._scene.layout.tokens:
                        self._spent[symbols[0] : symbols[1] + 1] = 1

    def _siblings(self, position: int, step: WrittenStep) -> list[Filling]:
        """What fills a port, and what is coordinated with it and fits no other port of the call."""
        own = step.fillings[position]
        tokens = self._scene.layout.tokens
        if len(own.symbols) != 2 or own.symbols[0] < tokens:
            return [own]
        first, last = (symbol - tokens for symbol in own.symbols)
        group = next((g for g in self._scene.marks.coordinated if any(a <= first and last <= b for a, b in g)), ())
        others = [symbol - tokens for one in step.fillings if one is not own for symbol in one.symbols]
        ports = self._scene.cards[step.card].inputs
        alike = sum(takes_words(port) and (port.kind in NUMBERS) == (ports[position].kind in NUMBERS) for port in ports)
        if alike >= len(group) or any(a <= symbol <= b for a, b in group for symbol in others):
            return [own]
        rest = [item for item in group if not (item[0] <= first and last <= item[1])]
        return [own, *(dataclasses.replace(own, symbols=(a + tokens, b + tokens)) for a, b in rest)]

    def _fill(self, card: int, before: list[int]) -> tuple[Filling, ...]:
        layout = self._scene.layout
        fillings: list[Filling] = []
        taken: set[int] = set()
        self._own, self._told = [], None
        ends: dict[tuple[int, int], int] = {}
        for position, port in enumerate(self._scene.cards[card].inputs[:MAX_PORTS]):
            symbols: list[int] = []
            probability = 1.0
            can_link = False
            is_told = is_silent(port) and not before and not references_to(self._scene, port, before)
            if is_told and layout.num_tokens:  # everything that is said, as no training set says what
                self._logits(Slot.VALUE, self._port(card, position))
                self._before = -1
                fillings.append(Filling((layout.tokens, layout.size - 1), 1.0))
                continue
            for item in range(MAX_ITEMS):
                allowed = values_allowed(self._scene, port, before, item, taken)
                if item:  # the items of a list follow each other
                    allowed = [symbol for symbol in allowed if symbol > symbols[-1] or symbol < layout.tokens]
                can_link = can_link or any(layout.steps <= symbol < layout.options for symbol in allowed)
                symbol, share = self._choose(Slot.VALUE, (card, position), allowed)
                probability *= share
                if item and symbol == Special.OMIT:
                    break
                symbols.append(symbol)
                if layout.steps <= symbol < layout.options:
                    probability *= self._link_more(port, (card, position), before, symbols)
                if symbol < layout.tokens:
                    break
                last, share = self._choose(Slot.LAST, (card, position), lasts_allowed(self._scene, symbol, port))
                symbols.append(last)
                ends[card, position] = last
                if fills_alone(port):
                    taken.update(range(symbol, last + 1))
                probability *= share
                if port.kind not in LISTS or last == last_number(self._scene, symbol):
                    break
            fillings.append(Filling(tuple(symbols), probability, can_link and port.kind in ARTIFACT_CLASSES))
        self._ends.update(ends)
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
        if len(allowed) == 1:
            symbol, probability = allowed[0], 1.0
        else:
            logs = self._logs(slot, at, allowed)
            symbol = max(allowed, key=logs.__getitem__)
            probability = math.exp(logs[symbol])
        layout = self._scene.layout
        if layout.attachments <= symbol < layout.steps:
            self._used.add(symbol - layout.attachments)
        elif symbol == Special.FILES and slot == Slot.VALUE:
            self._used.update(range(layout.num_attachments))
        if slot == Slot.LAST:
            self._spent[self._before : symbol + 1] = 1
            self._own.extend(range(self._before, symbol + 1))
        self._before = symbol
        return symbol, probability

    def _log_experts(
        self,
        allowed: Sequence[int],
        written: Sequence[int],
        fits: Sequence[tuple[bool, ...]],
    ) -> list[float]:
        """Log probabilities of the next expert and of the end, (M)."""
        layout = self._scene.layout
        of_entries = torch.zeros(layout.size, NUM_FITS)
        of_entries[layout.cards : layout.tokens] = fits_at(self._scene, self._memory, written, fits)
        progress = progress_at(self._scene, self._memory, written)
        logits = self._logits(Slot.EXPERT, fits=of_entries, progress=progress)
        if len(written) < len(self._scene.marks.segments):
            logits[Special.END] -= _UNSERVED
        return _normalised(logits, allowed)

    def _logs(self, slot: Slot, at: tuple[int, int], allowed: Sequence[int]) -> list[float]:
        """Log probabilities of what fills a port, (M)."""
        if slot != Slot.VALUE:
            return _normalised(self._logits(slot, self._port(*at)), allowed)
        cues = self._cues(*at) + neighbourhood(self._scene, self._own, self._ends.get(at, -1))
        return _normalised(self._logits(slot, self._port(*at), cues=cues) + self._wanted(*at), allowed)

    def _wanted(self, card: int, position: int) -> Tensor:
        """By how much other ports of the call want each token more than this one does, (M); at most 0.

        A value belongs to the port that it fits best, whichever is filled first (the dual softmax of matching, Rocco et
        al. 2018).
        """
        if self._told is None:
            inputs = self._scene.cards[card].inputs[:MAX_PORTS]
            takers = [i for i, port in enumerate(inputs) if takes_words(port)]
            ports = [self._port(card, i) for i in takers]
            cues = [self._cues(card, i) + neighbourhood(self._scene, (), self._ends.get((card, i), -1)) for i in takers]
            told = self._model.told(self._prefix, torch.stack(ports), torch.stack(cues)) if takers else None
            self._told = takers, None if told is None else told.log_softmax(0)  # (P, M)
        takers, shares = self._told
        if shares is None or position not in takers:
            return torch.zeros(self._scene.layout.size)
        own = shares[takers.index(position)]
        return (own - own[self._scene.layout.tokens :].max()).clamp(max=0.0)

    def _logits(
        self,
        slot: Slot,
        port: Tensor | None = None,
        *,
        cues: Tensor | None = None,
        fits: Tensor | None = None,
        progress: Tensor | None = None,
    ) -> Tensor:
        """Logits of the symbol at the next place, (M)."""
        place = Places(
            before=torch.tensor([[self._before]]),
            slots=torch.tensor([[int(slot)]]),
            ports=(self._no_port if port is None else port)[None, None],
            counts=torch.tensor([[self._num_steps]]),
            spent=self._spent[None, None],
            cues=(self._no_cues if cues is None else cues)[None, None],
            fits=(self._no_fits if fits is None else fits)[None, None],
            progress=(self._no_progress if progress is None else progress)[None, None],
            are_ordered=torch.tensor([[self._is_ordered]]),
        )
        self._num_places += 1
        return self._model.next(self._prefix, self._num_places - 1, place).float()


def _normalised(logits: Tensor, allowed: Sequence[int]) -> list[float]:
    legal = torch.full_like(logits, float("-inf"))
    legal[list(allowed)] = logits[list(allowed)]
    logs: list[float] = legal.log_softmax(-1).tolist()
    return logs
