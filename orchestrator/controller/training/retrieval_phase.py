"""The first phase of training: the reader learns that a request lies near the cards that serve it.

Contrastive over the batch (van den Oord et al. 2018, InfoNCE); a Chinese request lies near its English twin. Knows
no plan beyond which cards it calls.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from orchestrator.controller.planner.reading import MAX_CARD_TOKENS, Reader, card_text
from orchestrator.controller.training.cases import PlanningCase

TEMPERATURE = 0.05
REQUEST_TOKENS = 96


def train_retrieval(
    reader: Reader,
    draw: Callable[[random.Random], PlanningCase],
    pairs: Sequence[tuple[str, str]],
    *,
    seconds: float,
    seed: int,
    num_cases: int = 24,
    progress: Callable[[str], None] = print,
) -> None:
    """Train the reader's upper layers and characters for so many seconds.

    Args:
        reader: trained in place.
        draw: a case with its own cards.
        pairs: texts that say the same, English and Chinese.
        seconds: wall time; the learning rate falls to zero over it.
        seed: of the choice of cases.
        num_cases: requests in a batch.
        progress: called with a line now and then.
    """
    chosen = random.Random(seed)
    base = {name: value.clone() for name, value in reader.upper_layers.state_dict().items()}
    upper = [p for p in reader.upper_layers.parameters() if p.requires_grad]
    groups = [{"params": upper, "lr": 4e-5}, {"params": reader.characters.parameters(), "lr": 2e-3}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    rates = [group["lr"] for group in optimizer.param_groups]
    began, step, losses = time.monotonic(), 0, []
    while (spent := time.monotonic() - began) < seconds:
        share = spent / seconds
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * min(1.0, (step + 1) / 20) * (1 - share)
        loss = _loss(reader, [draw(chosen) for _ in range(num_cases)], chosen)
        if pairs and step % 2 == 0:
            loss = loss + _pair_loss(reader, chosen.sample(list(pairs), min(len(pairs), num_cases)))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(upper, 1.0)
        optimizer.step()
        losses.append(float(loss.detach()))
        step += 1
        if step % 25 == 0:
            progress(f"retrieval: step {step}, loss {sum(losses[-25:]) / 25:.3f}, {spent:.0f} s")
    # Averaging with the base weights keeps what the encoder knew of words that training never showed it.
    tuned = reader.upper_layers.state_dict()
    reader.upper_layers.load_state_dict({name: 0.65 * tuned[name] + 0.35 * base[name] for name in base})


def _loss(reader: Reader, cases: Sequence[PlanningCase], chosen: random.Random) -> Tensor:
    cards: dict[str, int] = {}
    wanted: list[set[int]] = []
    for case in cases:
        own = {cards.setdefault(card_text(case.cards[call.card]), len(cards)) for call in case.calls}
        wanted.append(own)
    for case in cases:  # near misses among the case's own cards
        others = [card for i, card in enumerate(case.cards) if all(call.card != i for call in case.calls)]
        for card in chosen.sample(others, min(2, len(others))):
            cards.setdefault(card_text(card), len(cards))
    requests = _means(reader, [case.request for case in cases], REQUEST_TOKENS)  # (B, D)
    described = _means(reader, list(cards), MAX_CARD_TOKENS)  # (E, D)
    log_share = nn.functional.log_softmax(requests @ described.T / TEMPERATURE, dim=-1)  # (B, E)
    terms = [-log_share[row, list(own)].mean() for row, own in enumerate(wanted) if own]
    return torch.stack(terms).mean()


def _pair_loss(reader: Reader, pairs: Sequence[tuple[str, str]]) -> Tensor:
    with torch.no_grad():
        english = _means(reader, [pair[0] for pair in pairs], REQUEST_TOKENS)
    chinese = _means(reader, [pair[1] for pair in pairs], REQUEST_TOKENS)
    logits = chinese @ english.T / TEMPERATURE  # (B, B)
    distance = (chinese - english).pow(2).sum(-1).mean()
    return nn.functional.cross_entropy(logits, torch.arange(len(pairs))) + distance


def _means(reader: Reader, texts: Sequence[str], max_tokens: int) -> Tensor:
    tokens = reader.tokens(texts, max_tokens)
    mask = tokens["attention_mask"]
    return Reader.mean(reader(tokens["input_ids"], mask), mask)
