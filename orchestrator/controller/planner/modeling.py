"""Planner: a pointer decoder over request tokens, cards, attachments and earlier steps. Knows no text.

Every symbol of a plan is a pointer into one memory (Vinyals et al. 2015, "Pointer Networks"); the decoder attends to
the memory and to what it wrote. Shapes: B requests, M memory entries, P places, D width; E of the places choose among
C cards.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from orchestrator.controller.planner.configuration import PlannerConfig
from orchestrator.controller.planner.layers import DecoderLayer, LayerPrefix
from orchestrator.controller.planner.symbols import NUM_SPECIAL, Entry, Slot, Special
from orchestrator.controller.planner.tensors import (
    BEHIND,
    LEFT,
    NUM_MATCHES,
    NUM_PROGRESS,
    NUM_SIMILARITIES,
    PLACE,
    Entries,
    Places,
    computes_in_half,
)

NUM_ARTIFACT_KINDS = 8
NUM_VIEWS = 3  # of a token: itself, what stands before it, what stands behind it
MAX_REACH = 64  # tokens of a span
MAX_PLACES = 128
_BESIDE = 4  # tokens that stand before or behind
_SLOPE = 8.0  # of how surely one thing stands before another, by their distance
_ENDS = [int(Special.END), int(Special.DECLINE)]


@dataclass(frozen=True)
class Prefix:
    """A plan in the making over one memory: what every place needs again."""

    entries: Entries  # B = 1
    memory: Tensor  # (1, M, D)
    pointer_keys: Tensor  # (1, D, M)
    clause_keys: Tensor  # (1, D, M)
    views: Tensor  # (1, M, 3, D)
    lasts: Tensor  # (1, M)
    cards: Tensor  # (1, C)
    layers: tuple[LayerPrefix, ...]

    def emptied(self) -> Prefix:
        """Over the same memory, with nothing written."""
        layers = tuple(LayerPrefix(layer.memory_keys, layer.memory_values) for layer in self.layers)
        return dataclasses.replace(self, layers=layers)


class Planner(nn.Module):
    """Scores the next symbol of a plan."""

    def __init__(self, config: PlannerConfig) -> None:
        super().__init__()
        self.config = config
        width = config.encoder_width
        self.special = nn.Embedding(NUM_SPECIAL, width)
        self.kind = nn.Embedding(len(Entry), width)
        self.attachment = nn.Embedding(NUM_ARTIFACT_KINDS, width)
        self.step = nn.Embedding(config.max_steps, width)
        self.slot = nn.Embedding(len(Slot), width)
        self.count = nn.Embedding(config.max_steps + 1, width)
        self.position = nn.Embedding(MAX_PLACES, width)
        self.order = nn.Embedding(2, width)
        self.token_in = nn.Linear(width, width)
        self.card_in = nn.Linear(width, width)
        self.port_in = nn.Linear(width, width)
        self.match_in = nn.Linear(NUM_MATCHES - 1, width)
        self.memory_norm = nn.LayerNorm(width)
        self.input_norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList(
            DecoderLayer(width, config.num_heads, config.feed_forward_width, config.dropout)
            for _ in range(config.num_layers)
        )
        self.norm = nn.LayerNorm(width)
        self.query = nn.ModuleList(nn.Linear(width, width) for _ in Slot)
        self.key = nn.Linear(width, width)
        # What the encoder itself says of request and card carries over to cards that no training saw; what the decoder
        # learns about single cards does not, nor does any but the plainest function of the similarities.
        self.clause_query = nn.Linear(width, width)
        self.clause_key = nn.Linear(width, width)
        # Of the similarities, and of that of `_found`.
        self.sharpness = nn.Parameter(torch.tensor([6.0, 6.0, 3.0, 2.0, 0.0, 3.0]))
        # Examples say better what a card is for than its description.
        self.exemplified_sharpness = nn.Parameter(torch.tensor([2.0, 0.0, 6.0, 0.0, 0.0, 0.0]))
        self.known_sharpness = nn.Parameter(torch.tensor([4.0, 6.0, 0.0, 0.0, 0.0, 4.0]))  # and so do tuned vectors
        self.fit_weight = nn.Parameter(torch.tensor([-1.0, 0.5, 1.0, -1.0, -4.0, 3.0, 0.0, 2.0, 2.0]))
        self.order_weight = nn.Parameter(torch.tensor(-2.0))  # of what stands before a card's part of the request
        num_levels = 2 * NUM_MATCHES + 1
        self.stop = nn.Sequential(nn.Linear(num_levels + len(LEFT) + NUM_PROGRESS, 32), nn.GELU(), nn.Linear(32, 2))
        self.option_sharpness = nn.Parameter(torch.tensor([1.0, 1.0, 1.0, 1.0, 0.0]))
        # What `cues_at` and `neighbourhood` tell, and how much like the port the token is and what stands around it.
        self.value_weight = nn.Parameter(torch.tensor([1.0, -1, 1, 0, -1, 3, 1, -2, 1, 2, 1] + NUM_VIEWS * [1]))
        self.last_weight = nn.Parameter(torch.tensor([0.5, -1.0]))
        self.reach = nn.Embedding(MAX_REACH, 1)
        self.recency = nn.Embedding(config.max_steps + 1, 1)
        self.spent = nn.Parameter(torch.tensor(-1.0))
        self.apply(_draw)
        nn.init.normal_(self.stop[0].weight, std=0.5)  # few numbers between 0 and 1 enter: small weights learn slowly

    def memory(self, entries: Entries) -> Tensor:
        """Memory vectors from raw ones, (B, M, D)."""
        states, kinds = entries.states, entries.kinds
        number = states[..., 0].long().clamp(min=0)
        vectors = torch.where(entries.are(Entry.TOKEN).unsqueeze(-1), self.token_in(states), self.card_in(states))
        tables = {Entry.SPECIAL: self.special, Entry.ATTACHMENT: self.attachment, Entry.STEP: self.step}
        for kind, table in tables.items():
            chosen = table(number.clamp(max=table.num_embeddings - 1))
            vectors = torch.where(entries.are(kind).unsqueeze(-1), chosen.to(vectors.dtype), vectors)
        return self.memory_norm(vectors + self.kind(kinds) + self.match_in(entries.matches[..., :-1]))

    def forward(self, entries: Entries, places: Places, allowed: Tensor) -> Tensor:
        """Logits of the next symbols of whole plans, (B, P, M), -inf where the grammar forbids.

        Args:
            entries: what is pointed into.
            places: what is written.
            allowed: symbols that the grammar allows, (B, P, M).
        """
        memory = self.memory(entries)
        numbers = torch.arange(places.slots.shape[1], device=memory.device).clamp(max=MAX_PLACES - 1)
        hidden = self._inputs(memory, places, numbers)
        causal = torch.ones(len(numbers), len(numbers), dtype=torch.bool, device=memory.device).tril()
        for layer in self.layers:
            hidden = layer(hidden, memory, causal, entries.mask[:, None, None, :])
        hidden = self.norm(hidden)  # (B, P, D)
        queries = torch.stack([query(hidden) for query in self.query], dim=2)  # (B, P, S, D)
        query = queries.gather(2, places.slots[:, :, None, None].expand(-1, -1, 1, hidden.shape[-1])).squeeze(2)
        pointed = query @ self.key(memory).transpose(1, 2) / math.sqrt(query.shape[-1])  # (B, P, M)
        pointed = (pointed * self._pointed_shares(entries)).float()
        logits = self._experts_chosen(pointed, hidden, entries, places) + self._preferred(entries, places)
        is_value, is_last = ((places.slots == slot).unsqueeze(-1) for slot in (Slot.VALUE, Slot.LAST))
        logits = logits + self._told(views_of(entries), places.ports, places.cues) * is_value
        logits = logits + self._lasts(entries).unsqueeze(1) * is_last
        return logits.float().masked_fill(~(allowed & entries.mask.unsqueeze(1)), float("-inf"))

    def _experts_chosen(self, pointed: Tensor, hidden: Tensor, entries: Entries, places: Places) -> Tensor:
        """What is pointed at, (B, P, M), with the choices of `_found` in the places that choose an expert."""
        slots = places.slots
        rows = torch.arange(len(slots), device=slots.device)[:, None]
        experts, cards = _first_of(slots == Slot.EXPERT), _first_of(entries.are(Entry.CARD))  # (B, E), (B, C)
        here = (rows[:, :, None], experts[:, :, None], cards[:, None, :])
        ends = (rows[:, :, None], experts[:, :, None], torch.tensor(_ENDS, device=slots.device)[None, None])
        of_ends, of_cards = self._found(
            pointed[ends],
            pointed[here],
            hidden[rows, experts],
            self.clause_key(entries.states).transpose(1, 2),
            entries,
            cards,
            places.fits[here],
            places.progress[rows, experts],
            places.are_ordered[rows, experts],
        )
        is_expert = (slots[rows, experts] == Slot.EXPERT).unsqueeze(-1)  # rows of fewer places are filled up
        is_card = entries.are(Entry.CARD)[rows, cards].unsqueeze(1)  # and so are those of fewer cards
        found = pointed.clone()
        found[here] = torch.where(is_expert & is_card, of_cards, pointed[here])
        found[ends] = torch.where(is_expert, of_ends, pointed[ends])
        return found

    def frozen(self) -> Planner:
        """The same model, what reads a memory in half precision where the processor computes in it; only to plan."""
        if computes_in_half():
            for module in (self.token_in, self.card_in, self.key, self.clause_key):
                module.to(torch.bfloat16)
            for layer in self.layers:
                layer.cross.key_value.to(torch.bfloat16)
        return self

    def begin(self, entries: Entries) -> Prefix:
        """An empty plan over one memory, B = 1."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.key.weight.dtype == torch.bfloat16):
            memory = self.memory(entries)
            pointer_keys = self.key(memory) * self._pointed_shares(entries).transpose(1, 2)
            clause_keys = self.clause_key(entries.states)
            layers = tuple(layer.begin(memory) for layer in self.layers)
        return Prefix(
            entries,
            memory.float(),
            pointer_keys.float().transpose(1, 2),
            clause_keys.float().transpose(1, 2),
            views_of(entries),
            self._lasts(entries),
            _first_of(entries.are(Entry.CARD)),
            layers,
        )

    def next(self, prefix: Prefix, number: int, place: Places) -> Tensor:
        """Logits of the symbol at one place, (M); the prefix grows by it.

        Args:
            prefix: of the places before.
            number: of them.
            place: what is written, B = P = 1.
        """
        slot = int(place.slots)
        hidden = self._inputs(prefix.memory, place, torch.tensor([min(number, MAX_PLACES - 1)]))
        for layer, own in zip(self.layers, prefix.layers, strict=True):
            hidden = layer.step(hidden, own)
        hidden = self.norm(hidden)
        logits = self.query[slot](hidden) @ prefix.pointer_keys / math.sqrt(hidden.shape[-1])
        if slot == Slot.EXPERT:
            cards = prefix.cards[0]
            logits[..., _ENDS], logits[..., cards] = self._found(
                logits[..., _ENDS],
                logits[..., cards],
                hidden,
                prefix.clause_keys,
                prefix.entries,
                prefix.cards,
                place.fits[..., cards, :],
                place.progress,
                place.are_ordered,
            )
        elif slot == Slot.VALUE:
            logits = logits + self._told(prefix.views, place.ports, place.cues)
        elif slot == Slot.LAST:
            logits = logits + prefix.lasts
        return (logits + self._preferred(prefix.entries, place))[0, 0]

    def _lasts(self, entries: Entries) -> Tensor:
        """What speaks for each token as the end of a value, (B, M)."""
        return (entries.ends * self.last_weight).sum(-1)

    def _pointed_shares(self, entries: Entries) -> Tensor:
        """How much what was learnt of single entries counts, (B, 1, M): of cards only if training knew all of them."""
        is_card = entries.are(Entry.CARD)
        is_exemplified, are_known = (entries.matches[..., NUM_SIMILARITIES + i] for i in range(2))
        of_cards = are_known * (1 - is_exemplified * (1 - self.config.exemplified_share))
        shares = torch.where(is_card, of_cards, 1.0)
        # How many steps the requests of a set ask for is soon learnt by heart; half of it is what the request says.
        kept = 1 - self.config.end_dropout
        shares[:, Special.END] = (torch.rand(len(shares)) < kept).float() if self.training else kept
        shares[:, Special.DECLINE] = (are_known * is_card).amax(-1)
        return shares.unsqueeze(1)

    def _inputs(self, memory: Tensor, places: Places, numbers: Tensor) -> Tensor:
        """What enters the decoder at each place, (B, P, D); their numbers (P)."""
        before = memory.gather(1, places.before.clamp(min=0).unsqueeze(-1).expand(-1, -1, memory.shape[-1]))
        before = before * (places.before >= 0).unsqueeze(-1)
        told = self.slot(places.slots) + self.port_in(places.ports) + self.position(numbers) + self.count(places.counts)
        return self.input_norm(before + told + self.order(places.are_ordered.long()))

    def _found(
        self,
        pointed_ends: Tensor,
        pointed_cards: Tensor,
        hidden: Tensor,
        clause_keys: Tensor,
        entries: Entries,
        cards: Tensor,
        fits: Tensor,
        progress: Tensor,
        are_ordered: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Whether nothing is left to do, and which card does best what is.

        The decoder attends to the part of the request that comes next, and that part is compared with the cards in the
        encoder's own space. What stands earlier in the request comes first. The cards share one probability among
        themselves, so that stopping does not hang on how many there are and how much alike.

        Args:
            pointed_ends: logits that the pointer gives to the end and to declining, (B, E, 2).
            pointed_cards: and to the cards, (B, E, C).
            hidden: of the places, (B, E, D).
            clause_keys: (B, D, M).
            entries: what is pointed into.
            cards: where the cards stand in the memory, and entries that are none, (B, C).
            fits: of each card at each place, (B, E, C, 9).
            progress: at each place, (B, E, 7).
            are_ordered: whether what the request says first comes first, (B, E).
        Returns:
            Logits of the end and of declining, (B, E, 2), and of the cards, (B, E, C), meaningless where an entry is
            none.
        """
        states = entries.states
        row = torch.arange(len(cards), device=cards.device)[:, None]
        is_card = entries.are(Entry.CARD)[row, cards].unsqueeze(1)  # (B, 1, C)
        scores = self.clause_query(hidden) @ clause_keys / math.sqrt(states.shape[-1])  # (B, E, M)
        share = scores.masked_fill(~entries.are(Entry.TOKEN).unsqueeze(1), -1e4).softmax(-1)
        clause = nn.functional.normalize(share @ states, dim=-1)  # (B, E, M) @ (B, M, D) -> (B, E, D)
        of_clause = clause @ states[row, cards].transpose(1, 2)  # (B, E, C)
        if self.training:  # where the next part stands is said less plainly elsewhere
            of_clause = of_clause * (torch.rand(len(cards), 1, 1, device=cards.device) >= self.config.clause_dropout)
        shown = entries.matches[row, cards]  # (B, C, 7)
        told = shown.unsqueeze(1).expand(-1, hidden.shape[1], -1, -1)  # (B, E, C, 7)
        of_request, is_exemplified, are_known = told.split([NUM_SIMILARITIES, 1, 1], dim=-1)
        near = torch.cat([of_request, of_clause.unsqueeze(-1)], dim=-1)  # (B, E, C, 6)
        sharper = is_exemplified * self.exemplified_sharpness + are_known * self.known_sharpness
        linear = (near * (self.sharpness + sharper)).sum(-1)
        ordered = are_ordered.unsqueeze(-1).to(fits.dtype)  # (B, E, 1)
        counting = torch.ones_like(fits)
        counting[..., [PLACE, BEHIND]] = ordered.unsqueeze(-1)
        of_cards = (linear + (fits * counting * self.fit_weight).sum(-1) + pointed_cards).masked_fill(~is_card, -1e4)
        of_cards = of_cards + ordered * self.order_weight * _earlier(of_cards, fits[..., PLACE])
        own = is_card.squeeze(1).unsqueeze(-1)  # (B, C, 1)
        tops = shown.masked_fill(~own, -1).amax(1)  # (B, 7)
        means = (shown * own).sum(1) / own.sum(1).clamp(min=1)
        levels = torch.cat([tops, means], dim=-1).unsqueeze(1).expand(-1, hidden.shape[1], -1)
        best_clause = of_clause.masked_fill(~is_card, -1).amax(-1, True)
        left = fits[..., list(LEFT)].masked_fill(~is_card.unsqueeze(-1), -1).amax(2)  # (B, E, 5)
        ends = self.stop(torch.cat([levels, best_clause, left, progress], dim=-1))
        return (ends + pointed_ends).float(), of_cards.float().log_softmax(-1)

    def told(self, prefix: Prefix, ports: Tensor, cues: Tensor) -> Tensor:
        """What the words of a request say of several ports, (P, M): ports (P, D), cues (P, M, 11)."""
        return self._told(prefix.views, ports[None], cues[None])[0]

    def _told(self, views: Tensor, ports: Tensor, cues: Tensor) -> Tensor:
        """What the words of a request say of the ports, (B, P, M): views (B, M, 3, D), ports (B, P, D)."""
        alike = torch.einsum("bpd,bmvd->bpmv", ports, views.to(ports.dtype))
        return (torch.cat([cues, alike], dim=-1) * self.value_weight).sum(-1)

    def _preferred(self, entries: Entries, places: Places) -> Tensor:
        """What speaks for a symbol whatever the request says, (B, P, M).

        Short spans, the latest step, tokens that fill nothing yet, and options that the request resembles.
        """
        slots = places.slots
        here = torch.arange(entries.kinds.shape[1], device=slots.device)
        distance = (here - places.before.unsqueeze(-1)).clamp(0, MAX_REACH - 1)  # (B, P, M)
        reached = self.reach(distance).squeeze(-1) * (slots == Slot.LAST).unsqueeze(-1)
        is_step = entries.are(Entry.STEP)  # (B, M)
        number = (is_step.cumsum(1) - 1).clamp(min=0).unsqueeze(1)  # (B, 1, M)
        ago = (places.counts.unsqueeze(-1) - 1 - number).clamp(0, self.config.max_steps)
        of_values = self.recency(ago).squeeze(-1) * is_step.unsqueeze(1)
        of_values = of_values + self.spent * places.spent
        named = (entries.matches[..., :NUM_SIMILARITIES] * self.option_sharpness).sum(-1)  # (B, M)
        named = named * entries.are(Entry.OPTION)
        return reached + (of_values + named.unsqueeze(1)) * (slots == Slot.VALUE).unsqueeze(-1)


def _earlier(scores: Tensor, places: Tensor) -> Tensor:
    """What share of the cards' probability stands earlier in the request than each card, (B, E, C): both (B, E, C)."""
    distance = places.unsqueeze(-1) - places.unsqueeze(-2)  # (B, E, C, C), of each card to the others
    is_before = (distance * _SLOPE).clamp(0, 1)
    return (is_before @ scores.softmax(-1).unsqueeze(-1)).squeeze(-1)


def views_of(entries: Entries) -> Tensor:
    """Unit vectors of each token, of the few before it and of the few behind it, (B, M, 3, D); zeros elsewhere."""
    is_token = entries.are(Entry.TOKEN).unsqueeze(-1)
    own = entries.states * is_token
    sums = nn.functional.pad(own, (0, 0, _BESIDE + 1, _BESIDE)).cumsum(1)  # (B, 1 + 4 + M + 4, D)
    size = own.shape[1]
    before = sums[:, _BESIDE : _BESIDE + size] - sums[:, :size]
    behind = sums[:, 2 * _BESIDE + 1 :] - sums[:, _BESIDE + 1 : _BESIDE + 1 + size]
    return nn.functional.normalize(torch.stack([own, before, behind], dim=2), dim=-1) * is_token.unsqueeze(2)


def _first_of(is_one: Tensor) -> Tensor:
    """Where the true entries of each row stand, (B, K), K those of the row with most; others fill up the rest."""
    return (~is_one).to(torch.uint8).argsort(dim=1, stable=True)[:, : max(1, int(is_one.sum(1).max()))]


def _draw(module: nn.Module) -> None:
    """Small random numbers to begin with."""
    if isinstance(module, (nn.Linear, nn.Embedding)):
        nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
