"""The second phase of training: the decoder learns to write plans over what the frozen reader read.

Teacher forcing; every place's loss is the cross entropy over the symbols that the grammar allows there.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from orchestrator.controller.planner.memory import Memory, memory_of
from orchestrator.controller.planner.modeling import PlannerModel
from orchestrator.controller.planner.reading import MAX_CARD_TOKENS, MAX_PORT_TOKENS, card_text, port_text
from orchestrator.controller.planner.vectors import Vectors
from orchestrator.controller.planner.writing import Place
from orchestrator.controller.training.cases import PlanningCase
from orchestrator.controller.training.examples import places_of, scene_of

MAX_PLACES = 72


@dataclass(frozen=True)
class Example:
    """A case in tensors: its memory, its places and the vectors of the ports that they fill."""

    memory: Memory
    places: tuple[Place, ...]
    ports: Tensor  # (P, D)


def example_of(case: PlanningCase, vectors: Vectors, model: PlannerModel) -> Example:
    """The case as the decoder sees it."""
    read = vectors.request(case.request, model.config.max_request_tokens)
    scene = scene_of(case, len(read.offsets), model.config.max_steps)
    cards = vectors.means([card_text(card) for card in case.cards], MAX_CARD_TOKENS)
    options = vectors.means(scene.options, MAX_PORT_TOKENS)
    examples = [vectors.means(card.examples[:10], MAX_CARD_TOKENS) for card in case.cards]
    memory = memory_of(scene, read.states.float(), read.mean.float(), cards, options, examples)
    places = places_of(case, scene, read.offsets)[:MAX_PLACES]
    ports = torch.zeros(len(places), cards.shape[-1])
    for row, place in enumerate(places):
        if place.port is not None:
            port = case.cards[place.port[0]].inputs[place.port[1]]
            ports[row] = vectors.means([port_text(port)], MAX_PORT_TOKENS)[0]
    return Example(memory, tuple(places), ports)


def loss_of(model: PlannerModel, examples: Sequence[Example]) -> tuple[Tensor, float]:
    """Mean loss of a batch over its known places, and the share of places whose best symbol is right."""
    logits, targets = scored(model, examples)
    known = targets >= 0
    rows = logits[known]  # (K, M)
    wanted = targets[known]
    loss = nn.functional.cross_entropy(rows, wanted)
    return loss, float((rows.argmax(-1) == wanted).float().mean())


def scored(model: PlannerModel, examples: Sequence[Example]) -> tuple[Tensor, Tensor]:
    """Logits (B, P, M) and targets (B, P), -1 where unknown or padded."""
    num_rows = len(examples)
    size = max(len(e.memory.kinds) for e in examples)
    length = max(len(e.places) for e in examples)
    width = examples[0].ports.shape[-1]
    states, kinds = torch.zeros(num_rows, size, width), torch.zeros(num_rows, size, dtype=torch.long)
    mask, similarity = torch.zeros(num_rows, size, dtype=torch.bool), torch.zeros(num_rows, size, 2)
    written = torch.full((num_rows, length), -1)
    slots = torch.zeros(num_rows, length, dtype=torch.long)
    ports = torch.zeros(num_rows, length, width)
    allowed = torch.zeros(num_rows, length, size, dtype=torch.bool)
    targets = torch.full((num_rows, length), -1)
    for row, example in enumerate(examples):
        num = len(example.memory.kinds)
        states[row, :num], kinds[row, :num] = example.memory.states, example.memory.kinds
        mask[row, :num], similarity[row, :num] = True, example.memory.similarity
        ports[row, : len(example.places)] = example.ports
        before = -1
        for column, place in enumerate(example.places):
            written[row, column], slots[row, column] = before, int(place.slot)
            allowed[row, column, place.allowed] = True
            if place.target is not None:
                targets[row, column] = place.target
            before = place.target if place.target is not None else -1
        allowed[row, len(example.places) :, 0] = True  # a padded place must allow something
    memory = model.memory(states, kinds)
    return model(memory, mask, written, slots, ports, similarity, allowed), targets


def train_plans(
    model: PlannerModel,
    vectors: Vectors,
    draw: Callable[[random.Random], PlanningCase],
    *,
    seconds: float,
    seed: int,
    num_cases: int = 24,
    progress: Callable[[str], None] = print,
) -> None:
    """Train the decoder for so many seconds, the learning rate falling to zero over them."""
    chosen = random.Random(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=6e-4, weight_decay=0.02, betas=(0.9, 0.98))
    began, step = time.monotonic(), 0
    losses: list[float] = []
    rights: list[float] = []
    model.train()
    while (spent := time.monotonic() - began) < seconds:
        rate = 6e-4 * min(1.0, (step + 1) / 100) * max(0.02, 1 - spent / seconds)
        for group in optimizer.param_groups:
            group["lr"] = rate
        examples = [example_of(draw(chosen), vectors, model) for _ in range(num_cases)]
        loss, right = loss_of(model, examples)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(float(loss.detach()))
        rights.append(right)
        step += 1
        if step % 50 == 0:
            mean, share = sum(losses[-50:]) / 50, sum(rights[-50:]) / 50
            progress(f"plans: step {step}, loss {mean:.3f}, right {share:.3f}, {spent:.0f} s")
    model.eval()
