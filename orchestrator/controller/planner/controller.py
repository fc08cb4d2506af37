"""TrainedController: the Controller protocol on a trained planner. Knows no training."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from orchestrator.controller.planner.decoding import Decoder, Filling, Written
from orchestrator.controller.planner.memory import memory_of
from orchestrator.controller.planner.modeling import PlannerModel
from orchestrator.controller.planner.reading import (
    MAX_CARD_TOKENS,
    MAX_PORT_TOKENS,
    Reader,
    card_text,
    port_text,
)
from orchestrator.controller.planner.symbols import Special
from orchestrator.controller.planner.values import value_of
from orchestrator.controller.planner.vectors import RequestVectors, Vectors
from orchestrator.controller.planner.writing import MAX_PORTS, Scene, options_of
from orchestrator.controller.questions import Missing, question_for
from orchestrator.controller.wording import wording
from orchestrator.engine.bindings import is_compatible
from orchestrator.language import language_of
from orchestrator.types import (
    Alternative,
    Attachment,
    Binding,
    Collection,
    ExpertCard,
    Literally,
    Output,
    Plan,
    Port,
    Request,
    Shortlist,
    Span,
    Step,
)


class TrainedController:
    """Plans with a reader and a planner that were trained together."""

    name = "trained"

    def __init__(self, reader: Reader, model: PlannerModel) -> None:
        self._vectors = Vectors(reader)
        self._model = model.eval()
        self._lock = threading.Lock()

    async def plan(self, request: Request, shortlist: Shortlist) -> Plan:
        return await asyncio.to_thread(self._plan, request, shortlist.cards)

    def _plan(self, request: Request, cards: Sequence[ExpertCard]) -> Plan:
        if not cards or not request.text.strip():
            question = wording().questions[language_of(request.text)]["nothing_fits"]
            return Plan(status="abstained", confidence=0.0, question=question)
        with self._lock, torch.inference_mode():
            read = self._vectors.request(request.text, self._model.config.max_request_tokens)
            scene, written = self.written(request, cards, read)
        return _as_plan(request, scene, read, written)

    def written(self, request: Request, cards: Sequence[ExpertCard], read: RequestVectors) -> tuple[Scene, Written]:
        """What the planner writes for a request that was read."""
        vectors = self._vectors
        kinds = tuple(artifact.kind for artifact in request.artifacts)
        options = options_of(cards)
        scene = Scene(tuple(cards), kinds, options, len(read.offsets), self._model.config.max_steps)
        card_vectors = vectors.means([card_text(card) for card in cards], MAX_CARD_TOKENS)  # (E, D)
        option_vectors = vectors.means(options, MAX_PORT_TOKENS)  # (O, D)
        examples = [vectors.means(card.examples[:10], MAX_CARD_TOKENS) for card in cards]
        memory = memory_of(scene, read.states.float(), read.mean.float(), card_vectors, option_vectors, examples)

        def port(card: int, position: int) -> Tensor:
            return vectors.means([port_text(cards[card].inputs[position])], MAX_PORT_TOKENS)[0]

        return scene, Decoder(self._model, scene, memory, port).write()


def _as_plan(request: Request, scene: Scene, read: RequestVectors, written: Written) -> Plan:
    steps: list[Step] = []
    missing: list[Missing] = []
    for number, one in enumerate(written.steps):
        card = scene.cards[one.card]
        inputs: dict[str, Binding] = {}
        each = None
        for port, filling in zip(card.inputs[:MAX_PORTS], one.fillings, strict=True):
            if filling.symbols and filling.symbols[0] == Special.MISSING:
                missing.append(Missing(port, card))
                continue
            binding = _binding(request, scene, read, port, filling, written)
            if binding is not None:
                inputs[port.name] = binding
            is_files = isinstance(binding, Collection) and isinstance(binding.items[0], Attachment)
            if is_files and not port.many and port.kind != "array":
                each = port.name
        alternatives = tuple(Alternative(expert=scene.cards[i].name, score=p) for i, p in one.others)
        steps.append(
            Step(
                id=f"s{number + 1}",
                expert=card.name,
                inputs=inputs,
                each=each,
                confidence=one.probability,
                alternatives=alternatives,
            )
        )
    confidence = float(torch.tensor(written.log_experts).exp())
    if not steps:
        question = wording().questions[language_of(request.text)]["nothing_fits"]
        return Plan(status="abstained", confidence=1 - written.declined, question=question)
    if missing:
        question = question_for(missing[0], language_of(request.text))
        return Plan(status="needs_input", confidence=confidence, question=question, steps=tuple(steps))
    return Plan(status="planned", confidence=confidence, steps=tuple(steps))


def _binding(
    request: Request, scene: Scene, read: RequestVectors, port: Port, filling: Filling, written: Written
) -> Binding | None:
    layout = scene.layout
    if not filling.symbols or filling.symbols[0] in (Special.OMIT, Special.MISSING):
        return None
    first = filling.symbols[0]
    if first in (Special.TRUE, Special.FALSE):
        return Literally(value=first == Special.TRUE)
    if first == Special.FILES:
        fitting = [i for i, kind in enumerate(scene.attachments) if is_compatible(kind, port.kind)]  # type: ignore[arg-type]
        return Collection(items=tuple(Attachment(index=i) for i in fitting))
    if first < layout.steps:
        return Attachment(index=first - layout.attachments)
    if first < layout.options:
        outputs = [_output(symbol - layout.steps, scene, written, port) for symbol in filling.symbols]
        return outputs[0] if len(outputs) == 1 else Collection(items=tuple(outputs))
    if first < layout.cards:
        text = scene.options[first - layout.options]
        return Literally(value=next(o for o in port.enum if str(o) == text))
    spans = [
        (read.offsets[a - layout.tokens][0], read.offsets[b - layout.tokens][1])
        for a, b in zip(filling.symbols[::2], filling.symbols[1::2], strict=True)
    ]
    values: list[Any] = [value_of(request.text[start:end], port) for start, end in spans]
    if port.kind == "array":
        return Literally(value=values)
    text = request.text[spans[0][0] : spans[0][1]]
    return Span(start=spans[0][0], end=spans[0][1]) if values[0] == text else Literally(value=values[0])


def _output(step: int, scene: Scene, written: Written, port: Port) -> Output:
    card = scene.cards[written.steps[step].card]
    name = next(output.name for output in card.outputs if is_compatible(output.kind, port.kind))
    return Output(step=f"s{step + 1}", port=name)
