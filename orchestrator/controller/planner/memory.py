"""Memory: a request and what it offers as the tensors that the planner points into. Knows no target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from orchestrator.artifact import ARTIFACT_CLASSES
from orchestrator.controller.planner.symbols import NUM_SPECIAL, Entry
from orchestrator.controller.planner.writing import Scene

_ARTIFACT_NUMBER = {kind: number for number, kind in enumerate(ARTIFACT_CLASSES)}
_WINDOW, _STRIDE = 12, 4  # tokens of the parts of a request that are compared with the cards, and between them


@dataclass(frozen=True)
class Memory:
    """One request's memory: raw vectors (M, D), kinds (M), similarities of cards and options (M, 4).

    `near` are those of its parts with the cards, (1 + W, C), from `near_of`.
    """

    states: Tensor
    kinds: Tensor
    matches: Tensor
    near: Tensor


def memory_of(
    scene: Scene, tokens: Tensor, mean: Tensor, cards: Tensor, options: Tensor, matches: Tensor, near: Tensor
) -> Memory:
    """The memory of one request.

    Args:
        scene: what the request offers.
        tokens: states of its tokens, (T, D).
        mean: its unit mean vector, (D).
        cards: unit vectors of the cards, (E, D).
        options: unit vectors of the enumerations' options, (O, D).
        matches: similarities of the cards with the request, (E, 4), from `matches_of`.
        near: of the cards with its parts, (1 + W, E), from `near_of`.
    """
    layout = scene.layout
    states = torch.zeros(layout.size, tokens.shape[-1])
    kinds = torch.zeros(layout.size, dtype=torch.long)
    states[:NUM_SPECIAL, 0] = torch.arange(NUM_SPECIAL)
    kinds[layout.attachments : layout.steps] = Entry.ATTACHMENT
    for i, kind in enumerate(scene.attachments):
        states[layout.attachments + i, 0] = _ARTIFACT_NUMBER[kind]
    kinds[layout.steps : layout.options] = Entry.STEP
    states[layout.steps : layout.options, 0] = torch.arange(layout.max_steps)
    kinds[layout.options : layout.cards] = Entry.OPTION
    kinds[layout.cards : layout.tokens] = Entry.CARD
    kinds[layout.tokens :] = Entry.TOKEN
    if len(options):
        states[layout.options : layout.cards] = options
    if len(cards):
        states[layout.cards : layout.tokens] = cards
    states[layout.tokens :] = tokens
    alike = torch.zeros(layout.size, matches.shape[-1])
    alike[layout.cards : layout.tokens] = matches
    if len(options):
        alike[layout.options : layout.cards] = _options_alike(tokens, mean, options)
    return Memory(states, kinds, alike, near)


def _options_alike(tokens: Tensor, mean: Tensor, options: Tensor) -> Tensor:
    """Similarities of options with the request, (O, 4): with the whole, with its best few tokens, its best one; 0."""
    single = torch.nn.functional.normalize(tokens, dim=-1)  # (T, D)
    few = windows(tokens, 4, 1)
    best = [(parts @ options.T).amax(0) if len(parts) else options.new_zeros(len(options)) for parts in (few, single)]
    return torch.stack([options @ mean, *best, options.new_zeros(len(options))], dim=-1)


@dataclass(frozen=True)
class CardVectors:
    """Unit vectors of E cards.

    Args:
        described: of their descriptions, (E, D).
        centres: of description and examples together, (E, D).
        examples: of all their examples, card by card, (X, D).
        firsts: where each card's examples begin, and after the last card where they end, (E + 1).
    """

    described: Tensor
    centres: Tensor
    examples: Tensor
    firsts: Tensor

    def of(self, rows: Sequence[int]) -> CardVectors:
        """The same of some of the cards."""
        chosen = torch.tensor(list(rows), dtype=torch.long)
        nums = (self.firsts[1:] - self.firsts[:-1])[chosen]
        own = torch.cat([torch.arange(int(self.firsts[row]), int(self.firsts[row + 1])) for row in rows] or [chosen])
        return CardVectors(self.described[chosen], self.centres[chosen], self.examples[own], _firsts(nums))


def card_vectors(described: Tensor, examples: Tensor, nums: Sequence[int]) -> CardVectors:
    """Vectors of cards.

    Args:
        described: of their descriptions, (E, D).
        examples: of all their examples, card by card, (X, D).
        nums: how many each card has, E numbers.
    """
    sums = described.clone()
    owners = torch.repeat_interleave(torch.arange(len(nums)), torch.tensor(list(nums), dtype=torch.long))
    sums.index_add_(0, owners, examples)
    centres = torch.nn.functional.normalize(sums, dim=-1)
    return CardVectors(described, centres, examples, _firsts(torch.tensor(list(nums), dtype=torch.long)))


def _firsts(nums: Tensor) -> Tensor:
    return torch.cat([torch.zeros(1, dtype=torch.long), nums.cumsum(0)])


def near_of(tokens: Tensor, mean: Tensor, cards: CardVectors) -> Tensor:
    """Similarities of cards with the whole request and with its parts, (1 + W, E).

    Args:
        tokens: states of the request's tokens, (T, D).
        mean: its unit mean vector, (D).
        cards: to compare with; of a card's description and examples the one most alike counts.
    """
    parts = torch.cat([mean.unsqueeze(0), windows(tokens)])  # (1 + W, D)
    near = parts @ cards.described.T  # (1 + W, D) @ (D, E) -> (1 + W, E)
    if len(cards.examples):
        nums = cards.firsts[1:] - cards.firsts[:-1]
        owners = torch.repeat_interleave(torch.arange(len(nums)), nums)
        by_example = parts @ cards.examples.T  # (1 + W, X)
        near = near.scatter_reduce(1, owners.expand(len(parts), -1), by_example, "amax")
    return near


def matches_of(near: Tensor, mean: Tensor, cards: CardVectors) -> Tensor:
    """Similarities of cards with a request: of the whole, of its best part, and of the examples' centre.

    Args:
        near: of the cards with the request's parts, (1 + W, E), from `near_of`.
        mean: the request's unit mean vector, (D).
        cards: to compare with.
    Returns:
        (E, 4); the last column tells whether a card shows examples.
    """
    is_exemplified = cards.firsts[1:] > cards.firsts[:-1]
    return torch.stack([near[0], near[1:].amax(0), cards.centres @ mean, is_exemplified.float()], dim=-1)


def fits_at(scene: Scene, near: Tensor, written: Sequence[int], fits: Sequence[tuple[bool, bool]]) -> Tensor:
    """How each card fits after the steps so far, (C, 4).

    Whether it lacks an input, whether it reads an earlier step, whether it was called, and by how much it is more like
    some part of the request than any card that was called: what is left to do is what those say nothing of.

    Args:
        scene: what the request offers.
        near: similarities of the request's parts with the cards, (1 + W, C).
        written: the cards of the steps so far, positions in the scene.
        fits: the first two columns, from `fits_of`.
    """
    found = torch.zeros(len(scene.cards), 4)
    if scene.cards:
        found[:, :2] = torch.tensor(fits, dtype=torch.float)
    if written:
        called = sorted(set(written))
        found[called, 2] = 1
        found[:, 3] = (near[1:] - near[1:, called].amax(1, keepdim=True)).amax(0)
    return found


def candidates(matches: Tensor, num: int) -> list[int]:
    """Positions of the cards that are most like the whole request or a part of it, best first.

    Args:
        matches: (E, 4), from `matches_of`.
        num: how many; all where there are fewer.
    """
    if len(matches) <= num:
        return list(range(len(matches)))
    by_whole, by_part = (matches[:, i].topk(num).indices.tolist() for i in (0, 1))
    taken = dict.fromkeys(card for pair in zip(by_whole, by_part, strict=True) for card in pair)
    return list(taken)[:num]


def windows(tokens: Tensor, size: int = _WINDOW, stride: int = _STRIDE) -> Tensor:
    """Unit mean vectors of overlapping parts of a request, (W, D)."""
    num = tokens.shape[0]
    if num <= size:
        means = tokens.mean(0, keepdim=True) if num else tokens.new_zeros(1, tokens.shape[-1])
    else:
        means = torch.cat([tokens.unfold(0, size, stride).mean(-1), tokens[-size:].mean(0, keepdim=True)])
    return torch.nn.functional.normalize(means, dim=-1)
