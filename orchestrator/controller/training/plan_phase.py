"""The second phase of training: the decoder learns to write plans over what the frozen reader read.

Teacher forcing; every place's loss is the cross entropy over the symbols that the grammar allows there.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from orchestrator.controller.planner.memory import (
    CardVectors,
    Memory,
    cues_at,
    fits_at,
    memory_of,
    near_of,
    neighbourhood,
    progress_at,
)
from orchestrator.controller.planner.modeling import Planner
from orchestrator.controller.planner.reading import MAX_PORT_TOKENS, port_text
from orchestrator.controller.planner.symbols import Slot
from orchestrator.controller.planner.tensors import (
    NUM_CUES,
    NUM_ENDS,
    NUM_FITS,
    NUM_MATCHES,
    NUM_PROGRESS,
    Entries,
    Places,
)
from orchestrator.controller.planner.vectors import Vectors
from orchestrator.controller.planner.writing import Place, fits_of
from orchestrator.controller.training.cases import Call, PlanningCase, shuffled
from orchestrator.controller.training.checkpoint import Checkpoint
from orchestrator.controller.training.examples import places_of, scene_of
from orchestrator.controller.training.tuning import TunedCards

MAX_PLACES = 72
_RATE, _SMALL_RATE = 8e-4, 8e-3
_CYCLES = ((0.0, 0.5, 1.0), (0.5, 0.75, 0.6), (0.75, 1.0, 0.6))  # shares of the batches, and of the highest rate
_SMALL = (
    "sharpness",
    "exemplified",
    "known",
    "fit_weight",
    "order_weight",
    "stop.",
    "value_weight",
    "reach",
    "recency",
)  # few numbers that have far to go
_ORDERED = 0.5  # share of these whose steps stand in the order of the request
_STRANGE = 0.65  # share of the cases whose cards pass for unknown
_BLUR = 0.05  # of a similarity; the reader knows the cards of training better than it will know others
_NUM_DRAWN = 4  # batches


@dataclass(frozen=True)
class Example:
    """A case in tensors: its memory, its places, the vectors of the ports that they fill, how the cards fit there."""

    memory: Memory
    places: tuple[Place, ...]
    ports: Tensor  # (P, D)
    cues: Mapping[int, Tensor]  # of the places that fill a port: (M, 11)
    fits: Mapping[int, Tensor]  # of the places that choose an expert: (E, 9)
    progress: Tensor  # (P, 7), of the same
    first_card: int
    is_ordered: bool


def example_of(
    case: PlanningCase, vectors: Vectors, model: Planner, known: Mapping[str, Tensor], *, is_ordered: bool = True
) -> Example:
    """The case as the decoder sees it, the vectors of its cards a little off.

    Args:
        case: request, cards and calls.
        vectors: of both.
        model: whose sizes count.
        known: tuned vectors of the cards that pass for known.
        is_ordered: whether what the request says first comes first.
    """
    read = vectors.request(case.request, model.config.max_request_tokens)
    scene = scene_of(case, read.offsets, model.config.max_steps)
    cards = blurred(vectors.cards(case.cards, known))
    tokens, mean = read.states.float(), read.mean.float()
    near = near_of(tokens, mean, cards)
    options = vectors.means(scene.options, MAX_PORT_TOKENS)
    memory = memory_of(scene, case.request, tokens, mean, cards, options, near)
    places = places_of(case, scene, read.offsets)[:MAX_PLACES]
    ports = torch.zeros(len(places), cards.centres.shape[-1])
    fits: dict[int, Tensor] = {}
    cues: dict[int, Tensor] = {}
    progress = torch.zeros(len(places), NUM_PROGRESS)
    calls: list[int] = []
    used: set[int] = set()
    for row, place in enumerate(places):
        if place.port is not None:
            port = case.cards[place.port[0]].inputs[place.port[1]]
            ports[row] = vectors.means([port_text(port)], MAX_PORT_TOKENS)[0]
            if place.slot == Slot.VALUE:
                cues[row] = cues_at(scene, case.request, read.offsets, port, memory, place.port[0])
                cues[row] += neighbourhood(scene, place.own, place.earlier)
        elif place.slot == Slot.EXPERT:
            if calls:
                used.update(_files_read(case.calls[len(calls) - 1], len(case.attachments)))
            fits[row] = fits_at(scene, memory, calls, fits_of(scene, calls, used))
            progress[row] = progress_at(scene, memory, calls)
            if place.target is not None and place.target >= scene.layout.cards:
                calls.append(place.target - scene.layout.cards)
    return Example(memory, tuple(places), ports, cues, fits, progress, scene.layout.cards, is_ordered)


def _drawn(case: PlanningCase, vectors: Vectors, model: Planner, known: TunedCards, chosen: random.Random) -> Example:
    """The case over known cards or over strange ones; of these half as they are chosen, in whichever order."""
    if chosen.random() >= _STRANGE:
        return example_of(case, vectors, model, known.without(case))
    is_ordered = chosen.random() < _ORDERED
    return example_of(case if is_ordered else shuffled(case, chosen), vectors, model, {}, is_ordered=is_ordered)


def blurred(cards: CardVectors) -> CardVectors:
    """The cards as a reader sees them that was not trained on them: each a step away, whichever it is."""
    away = torch.randn_like(cards.described) * _BLUR
    owners = torch.repeat_interleave(torch.arange(len(away)), cards.firsts[1:] - cards.firsts[:-1])
    return dataclasses.replace(
        cards,
        described=cards.described + away,
        centres=cards.centres + away,
        examples=cards.examples + away[owners],
    )


def _files_read(call: Call, num_attachments: int) -> set[int]:
    """Positions of the attachments that a call reads."""
    filled = call.inputs.values()
    every = range(num_attachments) if any(one.all_files for one in filled) else ()
    return {*every, *(one.attachment for one in filled if one.attachment is not None)}


def loss_of(model: Planner, examples: Sequence[Example]) -> tuple[Tensor, float]:
    """Loss of a batch, and the share of its known places whose best symbol is right.

    Choices of experts count as much as all the values together: there are fewer of them, and more hangs on each.
    """
    logits, targets, slots = scored(model, examples)
    known = targets >= 0
    rows, wanted = logits[known], targets[known]  # (K, M), (K)
    losses = nn.functional.cross_entropy(rows, wanted, reduction="none")
    is_expert = slots[known] == Slot.EXPERT
    parts = [losses[chosen].mean() for chosen in (is_expert, ~is_expert) if chosen.any()]
    return torch.stack(parts).sum(), float((rows.argmax(-1) == wanted).float().mean())


def scored(model: Planner, examples: Sequence[Example]) -> tuple[Tensor, Tensor, Tensor]:
    """Logits (B, P, M), targets (B, P), -1 where unknown or padded, and slots (B, P)."""
    entries = _entries_of([example.memory for example in examples])
    num_rows, size, width = entries.states.shape
    length = max(len(example.places) for example in examples)
    places = Places(
        before=torch.full((num_rows, length), -1),
        slots=torch.full((num_rows, length), int(Slot.VALUE)),  # padded ones choose no expert
        ports=torch.zeros(num_rows, length, width),
        counts=torch.zeros(num_rows, length, dtype=torch.long),
        spent=torch.zeros(num_rows, length, size),
        cues=torch.zeros(num_rows, length, size, NUM_CUES),
        fits=torch.zeros(num_rows, length, size, NUM_FITS),
        progress=torch.zeros(num_rows, length, NUM_PROGRESS),
        are_ordered=torch.tensor([[example.is_ordered] for example in examples]).expand(-1, length),
    )
    allowed = torch.zeros(num_rows, length, size, dtype=torch.bool)
    targets = torch.full((num_rows, length), -1)
    for row, example in enumerate(examples):
        num, first = len(example.memory.kinds), example.first_card
        places.ports[row, : len(example.places)] = example.ports
        places.progress[row, : len(example.places)] = example.progress
        for column, cue in example.cues.items():
            places.cues[row, column, :num] = cue
        for column, fit in example.fits.items():
            places.fits[row, column, first : first + len(fit)] = fit
        for column, place in enumerate(example.places):
            places.before[row, column], places.slots[row, column] = place.before, int(place.slot)
            places.counts[row, column] = place.num_steps
            places.spent[row, column, list(place.spent)] = 1
            allowed[row, column, place.allowed] = True
            if place.target is not None:
                targets[row, column] = place.target
        allowed[row, len(example.places) :, 0] = True  # a padded place must allow something
    return model(entries, places, allowed), targets, places.slots


def _entries_of(memories: Sequence[Memory]) -> Entries:
    """Several memories as one batch, the shorter ones filled up."""
    num_rows, size = len(memories), max(len(memory.kinds) for memory in memories)
    entries = Entries(
        states=torch.zeros(num_rows, size, memories[0].states.shape[-1]),
        kinds=torch.zeros(num_rows, size, dtype=torch.long),
        matches=torch.zeros(num_rows, size, NUM_MATCHES),
        ends=torch.zeros(num_rows, size, NUM_ENDS),
        mask=torch.zeros(num_rows, size, dtype=torch.bool),
    )
    for row, memory in enumerate(memories):
        num = len(memory.kinds)
        entries.states[row, :num], entries.kinds[row, :num] = memory.states, memory.kinds
        entries.matches[row, :num], entries.ends[row, :num] = memory.matches, memory.ends
        entries.mask[row, :num] = True
    return entries


def train_plans(
    model: Planner,
    vectors: Vectors,
    draw: Callable[[random.Random], PlanningCase],
    known: TunedCards,
    *,
    num_steps: int,
    seed: int,
    checkpoint: Checkpoint,
    num_cases: int = 32,
    progress: Callable[[str], None] = print,
) -> None:
    """Train the decoder, the learning rate falling to zero in each cycle.

    Its weights are the mean of those at the ends of the cycles (Izmailov et al. 2018).

    Args:
        model: to be trained.
        vectors: of requests and cards.
        draw: gives a case.
        known: tuned vectors of cards; in two thirds of the cases they pass for unknown.
        num_steps: batches.
        seed: of the choice of cases.
        checkpoint: where the run stands.
        num_cases: of a batch.
        progress: called with a line now and then.
    """
    chosen = random.Random(seed)
    small = [parameter for name, parameter in model.named_parameters() if name.startswith(_SMALL)]
    large = [parameter for name, parameter in model.named_parameters() if not name.startswith(_SMALL)]
    groups = [{"params": large, "weight_decay": 0.02}, {"params": small, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=_RATE, betas=(0.9, 0.98))
    losses: list[float] = []
    rights: list[float] = []
    drawn: list[list[PlanningCase]] = []
    mean_model = AveragedModel(model)
    modules = {"model": model, "mean": mean_model}
    ends = {round(end * num_steps) for _, end, _ in _CYCLES}
    model.train()
    for step in range(checkpoint.restored(modules, optimizer, chosen), num_steps):
        for group, rate in zip(optimizer.param_groups, (_RATE, _SMALL_RATE), strict=True):
            group["lr"] = rate * _share_of_rate(step / num_steps) * min(1.0, (step + 1) / 100)
        if not drawn:  # batches of like length: padding costs as much as words
            several = sorted((draw(chosen) for _ in range(_NUM_DRAWN * num_cases)), key=_size)
            drawn = [several[begin : begin + num_cases] for begin in range(0, len(several), num_cases)]
            chosen.shuffle(drawn)
        cases = drawn.pop()
        vectors.prepare((case.request for case in cases), model.config.max_request_tokens)
        examples = [_drawn(case, vectors, model, known, chosen) for case in cases]
        with torch.autocast("cpu", torch.bfloat16, enabled=vectors.is_halved):
            loss, right = loss_of(model, examples)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        rights.append(right)
        if step + 1 in ends:
            mean_model.update_parameters(model)
        checkpoint.kept(step + 1, num_steps, modules, optimizer, chosen)
        if (step + 1) % 100 == 0:
            mean, share = sum(losses[-100:]) / len(losses[-100:]), sum(rights[-100:]) / len(rights[-100:])
            progress(f"plans: step {step + 1} of {num_steps}, loss {mean:.3f}, right {share:.3f}")
    model.load_state_dict(mean_model.module.state_dict())
    model.eval()


def _share_of_rate(done: float) -> float:
    """Of the highest learning rate after a share of the batches: it falls to zero, and again from less.

    Warm restarts (Loshchilov and Hutter 2017).
    """
    begin, end, highest = next(cycle for cycle in _CYCLES if done < cycle[1])
    return highest * max(0.02, 1 - (done - begin) / (end - begin))


def _size(case: PlanningCase) -> int:
    """About how long a case's memory is."""
    return len(case.request) // 4 + len(case.cards)
