"""Memory: a request and what it offers as the tensors that the planner points into. Knows no target."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from orchestrator.artifact import ARTIFACT_CLASSES
from orchestrator.controller.planner.cues import cues_of
from orchestrator.controller.planner.parts import covered, places_of, whole_and_parts, windows
from orchestrator.controller.planner.reading import card_text
from orchestrator.controller.planner.symbols import NUM_SPECIAL, Entry
from orchestrator.controller.planner.tensors import (
    BEHIND,
    NUM_CUES,
    NUM_ENDS,
    NUM_FITS,
    NUM_MATCHES,
    PLACE,
    Entries,
    computes_in_half,
)
from orchestrator.controller.planner.words import shared_words
from orchestrator.controller.planner.writing import Scene, takes_words
from orchestrator.types import Port

_ARTIFACT_NUMBER = {kind: number for number, kind in enumerate(ARTIFACT_CLASSES)}
_BEHIND = 0.02  # of a request's length
_MANY = 256  # cards
_WANTING = 0.03  # of similarity by which a segment is more like another card than like those that were called
_CALL_REACH = 16  # tokens within which the values of one call stand
_SHARPNESS = 40.0  # of a similarity, where the part is sought that a card is most like


@dataclass(frozen=True)
class Memory:
    """One request's memory: what `Entries` holds of it, and how near its parts are to the cards.

    Args:
        states: raw vectors, (M, D).
        kinds: what each entry is, (M).
        matches: similarities of cards and options, (M, 7).
        ends: of tokens as ends of values, (M, 2).
        near: similarities of the request's parts with the cards, (1 + W, C), from `near_of`.
        asked: similarities of the request's segments with the cards, (S, C); S is one at least.
        places: where the part of the request stands that each card is most like, (C), from `card_places`.
    """

    states: Tensor
    kinds: Tensor
    matches: Tensor
    ends: Tensor
    near: Tensor
    asked: Tensor
    places: Tensor

    @property
    def are_known(self) -> bool:
        """Whether training knew all cards."""
        return bool(self.matches[self.kinds == Entry.CARD, -1].all())

    @property
    def entries(self) -> Entries:
        """What the planner points into, B = 1."""
        mask = torch.ones(1, len(self.kinds), dtype=torch.bool)
        return Entries(self.states[None], self.kinds[None], self.matches[None], self.ends[None], mask)


def memory_of(
    scene: Scene,
    request: str,
    tokens: Tensor,
    mean: Tensor,
    cards: CardVectors,
    options: Tensor,
    near: Tensor,
) -> Memory:
    """The memory of one request.

    Args:
        scene: what the request offers.
        request: its text.
        tokens: states of its tokens, (T, D).
        mean: its unit mean vector, (D).
        cards: vectors of the scene's cards.
        options: unit vectors of the enumerations' options, (O, D).
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
    if scene.cards:
        states[layout.cards : layout.tokens] = cards.centres
    states[layout.tokens :] = tokens
    said = shared_words(request, [card_text(card) for card in scene.cards])
    alike = torch.zeros(layout.size, NUM_MATCHES)
    asked = most_alike(_segments_of(scene, tokens, mean), cards)
    alike[layout.cards : layout.tokens] = _matches_of(near, asked, mean, cards, said)
    if len(options):
        alike[layout.options : layout.cards] = _options_alike(scene, request, tokens, mean, options)
    return Memory(states, kinds, alike, _ends_of(scene), near, asked, card_places(scene, near))


def _options_alike(scene: Scene, request: str, tokens: Tensor, mean: Tensor, options: Tensor) -> Tensor:
    """Similarities of options with the request, (O, 7): with the whole, its best few tokens, its best one; the share
    of the option's words that it says; 0, 0, 0."""
    single = torch.nn.functional.normalize(tokens, dim=-1)  # (T, D)
    few = windows(tokens, 4, 1)
    best = [(parts @ options.T).amax(0) if len(parts) else options.new_zeros(len(options)) for parts in (few, single)]
    said = torch.tensor(shared_words(request, scene.options))
    nothing = options.new_zeros(len(options))
    return torch.stack([options @ mean, *best, said, nothing, nothing, nothing], dim=-1)


@dataclass(frozen=True)
class CardVectors:
    """Unit vectors of E cards.

    Args:
        described: of their descriptions, (E, D).
        centres: of description and examples together, (E, D).
        examples: of all their examples, card by card, (X, D).
        firsts: where each card's examples begin, and after the last card where they end, (E + 1).
        are_known: whether training knew all of them; then it tuned the vectors of their descriptions.
    """

    described: Tensor
    centres: Tensor
    examples: Tensor
    firsts: Tensor
    are_known: bool

    @functools.cached_property
    def halved(self) -> tuple[Tensor, Tensor]:
        """Descriptions and examples in half precision."""
        return self.described.bfloat16(), self.examples.bfloat16()

    def of(self, rows: Sequence[int]) -> CardVectors:
        """The same of some of the cards."""
        chosen = torch.tensor(list(rows), dtype=torch.long)
        nums = (self.firsts[1:] - self.firsts[:-1])[chosen]
        own = torch.cat([torch.arange(int(self.firsts[row]), int(self.firsts[row + 1])) for row in rows] or [chosen])
        return CardVectors(
            self.described[chosen], self.centres[chosen], self.examples[own], _firsts(nums), self.are_known
        )


def card_vectors(described: Tensor, examples: Tensor, nums: Sequence[int], *, are_known: bool) -> CardVectors:
    """Vectors of cards.

    Args:
        described: of their descriptions, (E, D).
        examples: of all their examples, card by card, (X, D).
        nums: how many each card has, E numbers.
        are_known: whether training knew all of them.
    """
    sums = described.clone()
    owners = torch.repeat_interleave(torch.arange(len(nums)), torch.tensor(list(nums), dtype=torch.long))
    sums.index_add_(0, owners, examples)
    centres = torch.nn.functional.normalize(sums, dim=-1)
    firsts = _firsts(torch.tensor(list(nums), dtype=torch.long))
    return CardVectors(described, centres, examples, firsts, are_known)


def _firsts(nums: Tensor) -> Tensor:
    return torch.cat([torch.zeros(1, dtype=torch.long), nums.cumsum(0)])


def near_of(tokens: Tensor, mean: Tensor, cards: CardVectors) -> Tensor:
    """Similarities of cards with the whole request and with its parts, (1 + W, E).

    Args:
        tokens: states of the request's tokens, (T, D).
        mean: its unit mean vector, (D).
        cards: to compare with.
    """
    return most_alike(whole_and_parts(tokens, mean), cards)


def most_alike(parts: Tensor, cards: CardVectors) -> Tensor:
    """Similarities of cards with parts of a request, (W, E): of a card's description and examples the highest counts.

    Those of very many cards are computed in half precision where the processor does: enough to choose a few of them.

    Args:
        parts: unit vectors, (W, D).
        cards: to compare with.
    """
    described, examples = cards.described, cards.examples
    if len(described) > _MANY and computes_in_half():
        parts, (described, examples) = parts.bfloat16(), cards.halved
    near = parts @ described.T  # (W, D) @ (D, E) -> (W, E)
    if len(examples):
        nums = cards.firsts[1:] - cards.firsts[:-1]
        owners = torch.repeat_interleave(torch.arange(len(nums)), nums)
        by_example = parts @ examples.T  # (W, X)
        near = near.scatter_reduce(1, owners.expand(len(parts), -1), by_example, "amax")
    return near.float()


def nearest(tokens: Tensor, mean: Tensor, cards: CardVectors, num: int) -> tuple[list[int], Tensor]:
    """Positions of the cards most like a request, from `candidates`, and the similarities of just these, (1 + W, C).

    The arguments are those of `near_of`; of very many cards only those chosen are compared exactly.
    """
    near = near_of(tokens, mean, cards)
    chosen = candidates(near, num)
    if len(cards.described) > _MANY:
        return chosen, near_of(tokens, mean, cards.of(chosen))
    return chosen, near[:, chosen]


def _segments_of(scene: Scene, tokens: Tensor, mean: Tensor) -> Tensor:
    """Unit vectors of a request's segments, (S, D); where nobody looked, that of the whole request."""
    marks = scene.marks
    if not marks.segments:
        return mean.unsqueeze(0)
    telling = [[token for token in range(a, b + 1) if token not in marks.aside] or [a] for a, b in marks.segments]
    return torch.nn.functional.normalize(torch.stack([tokens[own].mean(0) for own in telling]), dim=-1)


def _matches_of(near: Tensor, asked: Tensor, mean: Tensor, cards: CardVectors, said: Sequence[float]) -> Tensor:
    """Similarities of cards with a request: whole, best part, the examples' centre, words, best segment.

    Args:
        near: of the cards with the request's parts, (1 + W, E), from `near_of`.
        asked: of the cards with its segments, (S, E).
        mean: its unit mean vector, (D).
        cards: to compare with.
        said: share of each card's words that the request says, E numbers.
    Returns:
        (E, 7); the last columns tell whether a card shows examples, and whether training knew all of them.
    """
    is_exemplified = (cards.firsts[1:] > cards.firsts[:-1]).float()
    alike = (near[0], near[1:].amax(0), cards.centres @ mean, torch.tensor(said), asked.amax(0))
    return torch.stack([*alike, is_exemplified, is_exemplified.new_full((len(said),), cards.are_known)], dim=-1)


def fits_at(scene: Scene, memory: Memory, written: Sequence[int], fits: Sequence[tuple[bool, ...]]) -> Tensor:
    """How each card fits after the steps so far, (C, 9).

    What `fits_of` tells, whether it was called, by how much it is more like some part of the request than any card
    that was called (what is left to do is what those say nothing of), where in the request, from 0 to 1, the part
    stands that it is like, by how much it is more like some part behind that of the last step, and by how much more
    like some segment than any card that was called.

    Args:
        scene: what the request offers.
        memory: of the request over these cards.
        written: the cards of the steps so far, positions in the scene.
        fits: the first columns, from `fits_of`.
    """
    found = torch.zeros(len(scene.cards), NUM_FITS)
    if not scene.cards:
        return found
    found[:, :4] = torch.tensor(fits, dtype=torch.float)
    near, places = memory.near, memory.places
    found[:, PLACE] = places
    if written:
        called = sorted(set(written))
        gained = near[1:] - near[1:, called].amax(1, keepdim=True)  # (W, C)
        found[called, 4] = 1
        found[:, 5] = gained.amax(0)
        behind = gained[places_of(scene.num_tokens) > places[written[-1]] + _BEHIND]
        found[:, BEHIND] = behind.amax(0) if len(behind) else 0.0
        found[:, 8] = (memory.asked - memory.asked[:, called].amax(1, keepdim=True)).amax(0)
    return found


def card_places(scene: Scene, near: Tensor) -> Tensor:
    """Where the part of the request stands that each card is most like, from 0 to 1, (C)."""
    return places_of(scene.num_tokens) @ (near[1:] * _SHARPNESS).softmax(0)


def progress_at(scene: Scene, memory: Memory, written: Sequence[int]) -> Tensor:
    """How far a plan is, (7).

    Steps so far, by how many there are fewer than segments of the request, length of the request, by how much its
    parts are more like some other card than like those that were called, on average, which share of it stands behind
    the part that the last step is about, by how much its segments together are more like some other card, and how many
    of them are.

    Args:
        scene: what the request offers.
        memory: of the request over these cards.
        written: the cards of the steps so far, positions in the scene.
    """
    left = max(-4, min(4, len(memory.asked) - len(written)))
    unserved, rest, wanting, num_wanting = 0.0, 1.0, 0.0, len(memory.asked)
    if written:
        called = list(set(written))
        near = memory.near[1:]
        unserved = float((near.amax(1) - near[:, called].amax(1)).mean())
        rest = 1 - float(memory.places[written[-1]])
        gaps = memory.asked.amax(1) - memory.asked[:, called].amax(1)  # (S)
        wanting, num_wanting = float(gaps.sum()), int((gaps > _WANTING).sum())
    length = math.log1p(scene.num_tokens) / 5
    return torch.tensor([len(written) / 4, left / 4, length, 4 * unserved, rest, 2 * wanting, min(4, num_wanting) / 4])


def cues_at(
    scene: Scene, request: str, offsets: Sequence[tuple[int, int]], port: Port, memory: Memory, card: int
) -> Tensor:
    """What speaks for each token as the beginning of what fills a port, (M, 11), whatever was written before.

    What `cues_of` tells, whether a name or a quote begins or a name goes on there, how much less than the part of the
    request that is most like the card its own part is, and in the tenth column the same of its segment; the others are
    those of `neighbourhood`.

    Args:
        scene: what the request offers.
        request: its text.
        offsets: of its tokens, in code points.
        port: to be filled.
        memory: of the request over these cards.
        card: position of the port's card among them.
    """
    found = torch.zeros(scene.layout.size, NUM_CUES)
    if takes_words(port) and scene.firsts:
        own = torch.zeros(scene.num_tokens, NUM_CUES)
        own[list(scene.firsts), :3] = torch.tensor(cues_of(request, port, [offsets[i] for i in scene.firsts]))
        for first, last in scene.marks.names:
            own[first, 3] = 1
            own[first + 1 : last + 1, 4] = 1
        for first, _ in scene.marks.quotes:
            own[first, 3] = 1
        near, asked = memory.near[1:, card], memory.asked[:, card]
        around = near.expand(scene.num_tokens, -1).masked_fill(~covered(scene.num_tokens), -1)  # (T, W)
        own[:, 5] = around.amax(1) - near.max()
        own[:, 9] = asked[_segment_of_each(scene)] - asked.max()
        found[scene.layout.tokens :] = own
    return found


def _segment_of_each(scene: Scene) -> Tensor:
    """Which segment each token of the request stands in, or behind, (T)."""
    firsts = torch.tensor([first for first, _ in scene.marks.segments] or [0])
    return (torch.bucketize(torch.arange(scene.num_tokens), firsts, right=True) - 1).clamp(min=0)


def neighbourhood(scene: Scene, own: Sequence[int], earlier: int) -> Tensor:
    """What speaks for each token as the beginning of a value, by where other values stand, (M, 11).

    How near it is to the values of the same call, whether it does not stand behind the value that the same port had in
    an earlier call, how near behind that, and in the last column whether one of the call's values stands in the same
    segment; the other columns are those of `cues_at`.

    Args:
        scene: what the request offers.
        own: symbols of the tokens that fill ports of the call already.
        earlier: symbol of the last token that filled the port in the call of the card before; -1 where there is none.
    """
    found = torch.zeros(scene.layout.size, NUM_CUES)
    at = torch.arange(scene.layout.tokens, scene.layout.size)
    tokens = found[scene.layout.tokens :]
    if own:
        tokens[:, 6] = (1 - (at[:, None] - torch.tensor(list(own))).abs().amin(1) / _CALL_REACH).clamp(min=0)
        segments = _segment_of_each(scene)
        tokens[:, 10] = torch.isin(segments, segments[torch.tensor(list(own)) - scene.layout.tokens]).float()
    if earlier >= 0:
        tokens[:, 7] = (at <= earlier).float()
        tokens[:, 8] = (1 - (at - earlier) / (2 * _CALL_REACH)).clamp(0, 1) * (at > earlier)
    return found


def _ends_of(scene: Scene) -> Tensor:
    """What speaks for each token as the end of a value, (M, 2): whether a name ends there, and whether it goes on."""
    found = torch.zeros(scene.layout.size, NUM_ENDS)
    tokens = scene.layout.tokens
    for first, last in scene.marks.names:
        found[tokens + last, 0] = 1
        found[tokens + first : tokens + last, 1] = 1
    return found


def candidates(near: Tensor, num: int) -> list[int]:
    """Positions of the cards that are most like the whole request or a part of it, best first.

    Args:
        near: of the cards with the request's parts, (1 + W, E), from `near_of`.
        num: how many; all where there are fewer.
    """
    if near.shape[1] <= num:
        return list(range(near.shape[1]))
    by_whole, by_part = (one.topk(num).indices.tolist() for one in (near[0], near[1:].amax(0)))
    taken = dict.fromkeys(card for pair in zip(by_whole, by_part, strict=True) for card in pair)
    return list(taken)[:num]
