"""The first phase of training: the reader learns that a request lies near the cards that serve it.

Contrastive over the batch (van den Oord et al. 2018, InfoNCE), each of a request's cards against those that do not
serve it; a Chinese request lies near its English twin. Knows no plan beyond which cards it calls.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

from orchestrator.controller.planner.parts import whole_and_parts
from orchestrator.controller.planner.reading import Reader, card_text, card_views
from orchestrator.controller.training.cases import PlanningCase
from orchestrator.controller.training.checkpoint import Checkpoint
from orchestrator.minilm import unit_mean
from orchestrator.types import ExpertCard

TEMPERATURE = 0.05
_RATE, _WORD_RATE = 5e-5, 2e-3
_NUM_CASES, _TWINS_EVERY_STEPS = 64, 2
_MAX_REQUEST_TOKENS, _MAX_CARD_TOKENS, _MAX_TWIN_TOKENS = 64, 40, 48
_CHUNK = 32  # texts of like length are read together: padding costs as much as words
_TUNED_SHARE = 0.7


def train_retrieval(
    reader: Reader,
    draw: Callable[[random.Random], PlanningCase],
    pairs: Sequence[tuple[Sequence[tuple[str, str]], int]],
    *,
    num_steps: int,
    seed: int,
    checkpoint: Checkpoint,
    progress: Callable[[str], None] = print,
) -> None:
    """Train the reader's upper layers and added words.

    Args:
        reader: trained in place.
        draw: a case with its own cards.
        pairs: lists of English and Chinese texts that say the same, and how many of each list a batch has.
        num_steps: batches; the learning rate falls to zero over them.
        seed: of the choice of cases.
        checkpoint: gone on from, and kept.
        progress: called with a line now and then.
    """
    chosen = random.Random(seed)
    base = {name: value.clone() for name, value in reader.upper_layers.state_dict().items()}
    upper = list(reader.upper_layers.parameters())
    groups = [{"params": upper, "lr": _RATE}, {"params": reader.added.parameters(), "lr": _WORD_RATE}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    modules = {"upper": reader.upper_layers, "added": reader.added}
    losses: list[float] = []
    for step in range(checkpoint.restored(modules, optimizer, chosen), num_steps):
        for group, rate in zip(optimizer.param_groups, (_RATE, _WORD_RATE), strict=True):
            group["lr"] = rate * min(1.0, (step + 1) / 30) * (1 - step / num_steps)
        loss = _loss(reader, [draw(chosen) for _ in range(_NUM_CASES)], chosen)
        for twins, num in pairs:
            if twins and step % _TWINS_EVERY_STEPS == 0:
                loss = loss + _twin_loss(reader, [chosen.choice(twins) for _ in range(num)])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(upper, 1.0)
        optimizer.step()
        losses.append(loss.item())
        checkpoint.kept(step + 1, num_steps, modules, optimizer, chosen)
        if (step + 1) % 50 == 0:
            progress(f"retrieval: step {step + 1} of {num_steps}, loss {sum(losses[-50:]) / len(losses[-50:]):.3f}")
    # Averaging with the base weights keeps what the encoder knew of words that training never showed it.
    tuned = reader.upper_layers.state_dict()
    share = _TUNED_SHARE if num_steps else 0.0
    reader.upper_layers.load_state_dict({name: share * tuned[name] + (1 - share) * base[name] for name in base})


def _loss(reader: Reader, cases: Sequence[PlanningCase], chosen: random.Random) -> Tensor:
    cards: dict[str, int] = {}
    wanted = [
        sorted({cards.setdefault(_told(case.cards[call.card], chosen), len(cards)) for call in case.calls})
        for case in cases
    ]
    for case in cases:  # near misses among the case's own cards
        others = [card for i, card in enumerate(case.cards) if all(call.card != i for call in case.calls)]
        for card in chosen.sample(others, min(chosen.randint(0, 1), len(others))):
            cards.setdefault(card_text(card), len(cards))
    parts = _parts(reader, [case.request for case in cases])
    described = _means(reader, list(cards), _MAX_CARD_TOKENS)  # (E, D)
    # As inference compares them: the whole request, and the part of it that is most like the card.
    near = [part @ described.T for part in parts]  # (1 + W, E) each
    scores = torch.stack([(one[0] + one[1:].amax(0)) / 2 for one in near]) / TEMPERATURE  # (B, E)
    is_wanted = torch.zeros_like(scores, dtype=torch.bool)
    for row, own in enumerate(wanted):
        is_wanted[row, own] = True
    others_log = scores.masked_fill(is_wanted, float("-inf")).logsumexp(1, keepdim=True)  # (B, 1)
    losses = (torch.logaddexp(scores, others_log) - scores) * is_wanted
    has_any = is_wanted.any(1)
    return (losses.sum(1)[has_any] / is_wanted.sum(1)[has_any]).mean()


def _told(card: ExpertCard, chosen: random.Random) -> str:
    """What a card says of itself or a part of that, or one of its example requests."""
    if card.examples and chosen.random() < 0.4:
        return chosen.choice(card.examples)
    return chosen.choices(card_views(card), (3, 1, 1))[0]


def _twin_loss(reader: Reader, twins: Sequence[tuple[str, str]]) -> Tensor:
    with torch.no_grad():
        english = _means(reader, [pair[0] for pair in twins], _MAX_TWIN_TOKENS)
    chinese = _means(reader, [pair[1] for pair in twins], _MAX_TWIN_TOKENS, trains_words=True)
    logits = chinese @ english.T / TEMPERATURE  # (B, B)
    distance = (chinese - english).pow(2).sum(-1).mean()
    return nn.functional.cross_entropy(logits, torch.arange(len(twins))) + distance


def _parts(reader: Reader, texts: Sequence[str]) -> list[Tensor]:
    """Unit vectors of each text, (1 + W, D): the mean of the whole, then those of its parts."""
    found: dict[int, Tensor] = {}
    for own, states, mask in _read(reader, texts, _MAX_REQUEST_TOKENS):
        wholes = unit_mean(states, mask)
        for row, i in enumerate(own):
            inner = states[row, 1 : int(mask[row].sum()) - 1]  # without the ones at both ends
            found[i] = whole_and_parts(inner, wholes[row])
    return [found[i] for i in range(len(texts))]


def _means(reader: Reader, texts: Sequence[str], max_tokens: int, *, trains_words: bool = False) -> Tensor:
    """Unit mean vectors of texts, (N, D)."""
    found: dict[int, Tensor] = {}
    for own, states, mask in _read(reader, texts, max_tokens, trains_words=trains_words):
        found.update(zip(own, unit_mean(states, mask), strict=True))
    return torch.stack([found[i] for i in range(len(texts))])


def _read(
    reader: Reader, texts: Sequence[str], max_tokens: int, *, trains_words: bool = False
) -> Iterator[tuple[list[int], Tensor, Tensor]]:
    """Positions, states (N, T, D) and mask (N, T) of the texts, those of like length together."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    for begin in range(0, len(order), _CHUNK):
        own = order[begin : begin + _CHUNK]
        tokens = reader.pieces([texts[i] for i in own], max_tokens)
        with torch.autocast("cpu", torch.bfloat16, enabled=reader.is_halved):
            with torch.set_grad_enabled(trains_words):
                hidden = reader.lower(tokens.ids, tokens.mask)
            states = reader.upper(hidden, tokens.mask)
        yield own, states.float(), tokens.mask
