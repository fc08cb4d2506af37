"""PlannerModel: a pointer decoder over request tokens, cards, attachments and earlier steps. Knows no text.

Every symbol of a plan is a pointer into one memory (Vinyals et al. 2015, "Pointer Networks"); the decoder attends to
the memory and to what it wrote. Shapes: B requests, M memory, P symbols written, D width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from orchestrator.controller.planner.configuration import PlannerConfig
from orchestrator.controller.planner.layers import DecoderLayer, LayerPrefix
from orchestrator.controller.planner.symbols import NUM_SPECIAL, Entry, Slot, Special

NUM_ARTIFACT_KINDS = 8
NUM_SIMILARITIES = 3  # of a card or an option with the request; see memory.py
NUM_MATCHES = NUM_SIMILARITIES + 2  # and whether it shows example requests, and whether training knew it
NUM_FITS = 6  # of a card at a place; see `fits_at` in memory.py
_LEFT = (1, 2, 5)  # of those what tells that something is left to do
NUM_CUES, NUM_ENDS = 6, 2  # of a token as the beginning and as the end of a value; see memory.py
NUM_VIEWS = 3  # of a token: itself, what stands before it, what stands behind it
_BESIDE = 4  # tokens that stand before or behind
NUM_PROGRESS = 4  # of a plan at a place; see `progress_at` in memory.py
MAX_REACH = 64  # tokens of a span
_ENDS = (int(Special.END), int(Special.DECLINE))
MAX_PLACES = 512


@dataclass(frozen=True)
class Prefix:
    """A plan in the making over one memory: what every place needs again."""

    memory: Tensor  # (1, M, D)
    states: Tensor  # (1, M, D)
    kinds: Tensor  # (1, M)
    matches: Tensor  # (1, M, 5)
    pointer_keys: Tensor  # (1, D, M)
    clause_keys: Tensor  # (1, D, M)
    views: Tensor  # (1, M, 3, D)
    lasts: Tensor  # (1, M)
    cards: Tensor  # (1, C)
    layers: tuple[LayerPrefix, ...]


class PlannerModel(PreTrainedModel):
    """Scores the next symbol of a plan."""

    config_class = PlannerConfig
    base_model_prefix = "planner"

    def __init__(self, config: PlannerConfig) -> None:
        super().__init__(config)
        width = config.encoder_width
        self.special = nn.Embedding(NUM_SPECIAL, width)
        self.kind = nn.Embedding(len(Entry), width)
        self.attachment = nn.Embedding(NUM_ARTIFACT_KINDS, width)
        self.step = nn.Embedding(config.max_steps, width)
        self.slot = nn.Embedding(len(Slot), width)
        self.count = nn.Embedding(config.max_steps + 1, width)
        self.position = nn.Embedding(MAX_PLACES, width)
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
        self.sharpness = nn.Parameter(torch.tensor([6.0, 6.0, 3.0, 3.0]))  # the similarities, and that of `_found`
        # Examples say better what a card is for than its description.
        self.exemplified_sharpness = nn.Parameter(torch.tensor([2.0, 0.0, 6.0, 0.0]))
        self.fit_weight = nn.Parameter(torch.tensor([-1.0, 0.5, 1.0, -1.0, -4.0, 3.0]))
        num_levels = 2 * (NUM_SIMILARITIES + 1) + 1
        self.stop = nn.Sequential(nn.Linear(num_levels + len(_LEFT) + NUM_PROGRESS, 32), nn.GELU(), nn.Linear(32, 2))
        self.option_sharpness = nn.Parameter(torch.tensor([1.0, 1.0, 1.0]))
        # What `cues_at` tells, and how much like the port the token is and what stands around it.
        self.value_weight = nn.Parameter(torch.tensor([1.0, -1.0, 1.0, 0.0, -1.0, 3.0] + NUM_VIEWS * [1.0]))
        self.last_weight = nn.Parameter(torch.tensor([0.5, -1.0]))
        self.reach = nn.Embedding(MAX_REACH, 1)
        self.recency = nn.Embedding(config.max_steps + 1, 1)
        self.spent = nn.Parameter(torch.tensor(-1.0))
        self.post_init()
        nn.init.normal_(self.stop[0].weight, std=0.5)  # few numbers between 0 and 1 enter: small weights learn slowly

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
            if isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)

    def memory(self, states: Tensor, kinds: Tensor, matches: Tensor) -> Tensor:
        """Memory vectors from raw ones.

        Args:
            states: raw vectors, (B, M, D): encoder states of tokens, card vectors, option vectors, zeros elsewhere.
            kinds: what each entry is, (B, M), values of `Entry`; special ones, attachments and steps carry their own
                number in `states[..., 0]`.
            matches: similarities of each card with the request, whether it shows examples and whether training knew
                it, (B, M, 5); zeros where the entry is no card.
        """
        number = states[..., 0].long().clamp(min=0)
        vectors = torch.where((kinds == Entry.TOKEN).unsqueeze(-1), self.token_in(states), self.card_in(states))
        tables = {Entry.SPECIAL: self.special, Entry.ATTACHMENT: self.attachment, Entry.STEP: self.step}
        for kind, table in tables.items():
            chosen = table(number.clamp(max=table.num_embeddings - 1))
            vectors = torch.where((kinds == kind).unsqueeze(-1), chosen.to(vectors.dtype), vectors)
        return self.memory_norm(vectors + self.kind(kinds) + self.match_in(matches[..., :-1]))

    def forward(
        self,
        states: Tensor,
        kinds: Tensor,
        matches: Tensor,
        memory_mask: Tensor,
        written: Tensor,
        slots: Tensor,
        ports: Tensor,
        counts: Tensor,
        spent: Tensor,
        cues: Tensor,
        ends: Tensor,
        fits: Tensor,
        progress: Tensor,
        allowed: Tensor,
        **_: Any,
    ) -> Tensor:
        """Logits of the next symbols of whole plans.

        Args:
            states, kinds, matches: what `memory` is made of.
            memory_mask: (B, M), True where an entry exists.
            written: the symbol before each position, (B, P); -1 at the beginning.
            slots: what each position writes, (B, P).
            ports: encoder vector of the port that a VALUE or LAST position fills, (B, P, D); zeros elsewhere.
            counts: how many steps stand before each position, (B, P).
            spent: tokens that stand in a span written before, (B, P, M).
            cues: what speaks for each token at a VALUE position, (B, P, M, 6), from `cues_at`.
            ends: what speaks for each token as an end, (B, M, 2), from `ends_at`.
            fits: how each card fits there, (B, P, M, 6), from `fits_at`.
            progress: of the plan there, (B, P, 4), from `progress_at`.
            allowed: symbols that the grammar allows, (B, P, M).
        Returns:
            (B, P, M), -inf where the grammar forbids.
        """
        if self.training and self.config.pointer_dropout:
            matches = torch.cat([matches[..., :-1], matches[..., -1:] * self._kept(matches)], dim=-1)
        memory = self.memory(states, kinds, matches)
        places = torch.arange(written.shape[1], device=memory.device).clamp(max=MAX_PLACES - 1)
        hidden = self._inputs(memory, written, slots, ports, places, counts)
        causal = torch.ones(len(places), len(places), dtype=torch.bool, device=memory.device).tril()
        for layer in self.layers:
            hidden = layer(hidden, memory, causal, memory_mask[:, None, None, :])
        hidden = self.norm(hidden)  # (B, P, D)
        queries = torch.stack([query(hidden) for query in self.query], dim=2)  # (B, P, S, D)
        query = queries.gather(2, slots[:, :, None, None].expand(-1, -1, 1, hidden.shape[-1])).squeeze(2)
        pointed = query @ self.key(memory).transpose(1, 2) / math.sqrt(query.shape[-1])  # (B, P, M)
        pointed = (pointed * self._pointed_shares(kinds, matches)).float()
        logits = self._experts_chosen(pointed, hidden, states, kinds, matches, slots, fits, progress)
        logits = logits + self._preferred(kinds, matches, written, slots, counts, spent)
        logits = logits + self._told(views_of(states, kinds), ports, cues) * (slots == Slot.VALUE).unsqueeze(-1)
        logits = logits + (ends * self.last_weight).sum(-1).unsqueeze(1) * (slots == Slot.LAST).unsqueeze(-1)
        return logits.float().masked_fill(~(allowed & memory_mask.unsqueeze(1)), float("-inf"))

    def _kept(self, matches: Tensor) -> Tensor:
        """Which cards pass for known while training, (B, M, 1): none of a case, half of them, or all."""
        drawn = torch.rand(len(matches), 1, 1, device=matches.device)
        is_half = drawn < (1 + self.config.pointer_dropout) / 2
        kept = torch.rand_like(matches[..., :1]) >= 0.5 * is_half
        return kept & (drawn >= self.config.pointer_dropout)

    def _experts_chosen(
        self,
        pointed: Tensor,
        hidden: Tensor,
        states: Tensor,
        kinds: Tensor,
        matches: Tensor,
        slots: Tensor,
        fits: Tensor,
        progress: Tensor,
    ) -> Tensor:
        """What is pointed at, (B, P, M), with the choices of `_found` in the places that choose an expert."""
        rows = torch.arange(len(slots), device=slots.device)[:, None]
        places, cards = _first_of(slots == Slot.EXPERT), _first_of(kinds == Entry.CARD)  # (B, E), (B, C)
        here = (rows[:, :, None], places[:, :, None], cards[:, None, :])
        ends = (rows[:, :, None], places[:, :, None], torch.tensor(_ENDS, device=slots.device)[None, None])
        keys = self.clause_key(states).transpose(1, 2)
        of_ends, of_cards = self._found(
            pointed[ends],
            pointed[here],
            hidden[rows, places],
            keys,
            states,
            kinds,
            matches,
            cards,
            fits[here],
            progress[rows, places],
        )
        is_expert = (slots[rows, places] == Slot.EXPERT).unsqueeze(-1)  # rows of fewer places are filled up
        is_card = (kinds[rows, cards] == Entry.CARD).unsqueeze(1)  # and so are those of fewer cards
        found = pointed.clone()
        found[here] = torch.where(is_expert & is_card, of_cards, pointed[here])
        found[ends] = torch.where(is_expert, of_ends, pointed[ends])
        return found

    def frozen(self) -> PlannerModel:
        """The same model, what reads a memory in half precision where the processor computes in it; only to plan."""
        if torch.ops.mkldnn._is_mkldnn_bf16_supported():
            for module in (self.token_in, self.card_in, self.key, self.clause_key):
                module.to(torch.bfloat16)
            for layer in self.layers:
                layer.cross.key_value.to(torch.bfloat16)
        return self

    def begin(self, states: Tensor, kinds: Tensor, matches: Tensor, ends: Tensor) -> Prefix:
        """An empty plan over one memory; shapes as in `forward`, B = 1."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.key.weight.dtype == torch.bfloat16):
            memory = self.memory(states, kinds, matches)
            pointer_keys = self.key(memory) * self._pointed_shares(kinds, matches).transpose(1, 2)
            clause_keys = self.clause_key(states)
            layers = tuple(layer.begin(memory) for layer in self.layers)
        return Prefix(
            memory.float(),
            states,
            kinds,
            matches,
            pointer_keys.float().transpose(1, 2),
            clause_keys.float().transpose(1, 2),
            views_of(states, kinds),
            (ends * self.last_weight).sum(-1),
            _first_of(kinds == Entry.CARD),
            layers,
        )

    def next(
        self,
        prefix: Prefix,
        place: int,
        before: int,
        slot: Slot,
        port: Tensor | None,
        count: int,
        spent: Tensor,
        cues: Tensor | None,
        fits: Tensor | None,
        progress: Tensor | None,
    ) -> Tensor:
        """Logits of the symbol at one place, (M); the prefix grows by it.

        Args:
            prefix: of the places before.
            place: how many there are.
            before: the symbol before, -1 at the beginning.
            slot: what is written.
            port: encoder vector of the port to be filled, (D).
            count: steps so far.
            spent: tokens that stand in a span written before, (M).
            cues: of a VALUE place, (M, 6).
            fits: of a place that chooses an expert, (M, 6).
            progress: of such a place, (4).
        """
        written, slots, counts = torch.tensor([[before]]), torch.tensor([[int(slot)]]), torch.tensor([[count]])
        ports = torch.zeros_like(prefix.memory[:, :1]) if port is None else port[None, None]
        places = torch.tensor([min(place, MAX_PLACES - 1)])
        hidden = self._inputs(prefix.memory, written, slots, ports, places, counts)
        for layer, own in zip(self.layers, prefix.layers, strict=True):
            hidden = layer.step(hidden, own)
        hidden = self.norm(hidden)
        logits = self.query[int(slot)](hidden) @ prefix.pointer_keys / math.sqrt(hidden.shape[-1])
        if fits is not None and progress is not None:
            known = prefix.clause_keys, prefix.states, prefix.kinds, prefix.matches, prefix.cards
            own, ends = prefix.cards[0], list(_ENDS)
            at = fits[own][None, None], progress[None, None]
            logits[..., ends], logits[..., own] = self._found(logits[..., ends], logits[..., own], hidden, *known, *at)
        if cues is not None:
            logits = logits + self._told(prefix.views, ports, cues[None, None])
        if slot == Slot.LAST:
            logits = logits + prefix.lasts
        preferred = self._preferred(prefix.kinds, prefix.matches, written, slots, counts, spent[None, None])
        return (logits + preferred)[0, 0]

    def _pointed_shares(self, kinds: Tensor, matches: Tensor) -> Tensor:
        """How much what was learnt of single entries counts, (B, 1, M): of cards only if training knew all of them."""
        is_card = kinds == Entry.CARD
        is_exemplified, is_known = matches[..., NUM_SIMILARITIES], matches[..., NUM_SIMILARITIES + 1]
        # Beside a card that training did not know, those that it knew would always be the surer ones.
        are_all = ((is_known > 0) | ~is_card).all(-1, keepdim=True)
        of_cards = is_known * are_all * (1 - is_exemplified * (1 - self.config.exemplified_share))
        shares = torch.where(is_card, of_cards, 1.0)
        # How many steps the requests of a set ask for is soon learnt by heart; half of it is what the request says.
        kept = 1 - self.config.end_dropout
        shares[:, Special.END] = (torch.rand(len(shares)) < kept).float() if self.training else kept
        shares[:, Special.DECLINE] = (is_known * is_card).sum(-1) / is_card.sum(-1).clamp(min=1)
        return shares.unsqueeze(1)

    def _inputs(
        self, memory: Tensor, written: Tensor, slots: Tensor, ports: Tensor, places: Tensor, counts: Tensor
    ) -> Tensor:
        """What enters the decoder at each place, (B, P, D)."""
        before = memory.gather(1, written.clamp(min=0).unsqueeze(-1).expand(-1, -1, memory.shape[-1]))
        before = before * (written >= 0).unsqueeze(-1)
        told = self.slot(slots) + self.port_in(ports) + self.position(places) + self.count(counts)
        return self.input_norm(before + told)

    def _found(
        self,
        pointed_ends: Tensor,
        pointed_cards: Tensor,
        hidden: Tensor,
        clause_keys: Tensor,
        states: Tensor,
        kinds: Tensor,
        matches: Tensor,
        cards: Tensor,
        fits: Tensor,
        progress: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Whether nothing is left to do, and which card does best what is.

        The decoder attends to the part of the request that comes next, and that part is compared with the cards in the
        encoder's own space. The cards share one probability among themselves, so that stopping does not hang on how
        many there are and how much alike.

        Args:
            pointed_ends: logits that the pointer gives to the end and to declining, (B, E, 2).
            pointed_cards: and to the cards, (B, E, C).
            hidden: of E places that choose an expert, (B, E, D).
            clause_keys: (B, D, M).
            states, kinds, matches: as in `memory`.
            cards: where C cards stand in the memory, and entries that are none, (B, C).
            fits: of each card at each place, (B, E, C, 6).
            progress: at each place, (B, E, 4).
        Returns:
            Logits of the end and of declining, (B, E, 2), and of the cards, (B, E, C), meaningless where an entry is
            none.
        """
        row = torch.arange(len(cards), device=cards.device)[:, None]
        is_token = (kinds == Entry.TOKEN).unsqueeze(1)  # (B, 1, M)
        is_card = (kinds[row, cards] == Entry.CARD).unsqueeze(1)  # (B, 1, C)
        scores = self.clause_query(hidden) @ clause_keys / math.sqrt(states.shape[-1])  # (B, E, M)
        share = scores.masked_fill(~is_token, -1e4).softmax(-1)
        clause = nn.functional.normalize(share @ states, dim=-1)  # (B, E, M) @ (B, M, D) -> (B, E, D)
        of_clause = clause @ states[row, cards].transpose(1, 2)  # (B, E, C)
        if self.training:  # where the next part stands is said less plainly elsewhere
            of_clause = of_clause * (torch.rand(len(cards), 1, 1, device=cards.device) >= self.config.clause_dropout)
        shown = matches[row, cards][..., :-1]  # (B, C, 4)
        told = shown.unsqueeze(1).expand(-1, hidden.shape[1], -1, -1)  # (B, E, C, 4)
        of_request, is_exemplified = told.split([NUM_SIMILARITIES, 1], dim=-1)
        near = torch.cat([of_request, of_clause.unsqueeze(-1)], dim=-1)  # (B, E, C, 4)
        linear = (near * (self.sharpness + is_exemplified * self.exemplified_sharpness)).sum(-1)
        of_cards = (linear + (fits * self.fit_weight).sum(-1) + pointed_cards).masked_fill(~is_card, -1e4)
        own = is_card.squeeze(1).unsqueeze(-1)  # (B, C, 1)
        tops = shown.masked_fill(~own, -1).amax(1)  # (B, 4)
        means = (shown * own).sum(1) / own.sum(1).clamp(min=1)
        levels = torch.cat([tops, means], dim=-1).unsqueeze(1).expand(-1, hidden.shape[1], -1)
        best_clause = of_clause.masked_fill(~is_card, -1).amax(-1, True)
        left = fits[..., list(_LEFT)].masked_fill(~is_card.unsqueeze(-1), -1).amax(2)  # (B, E, 3)
        ends = self.stop(torch.cat([levels, best_clause, left, progress], dim=-1))
        return (ends + pointed_ends).float(), of_cards.float().log_softmax(-1)

    def told(self, prefix: Prefix, ports: Tensor, cues: Tensor) -> Tensor:
        """What the words of a request say of several ports, (P, M): ports (P, D), cues (P, M, 6)."""
        return self._told(prefix.views, ports[None], cues[None])[0]

    def _told(self, views: Tensor, ports: Tensor, cues: Tensor) -> Tensor:
        """What the words of a request say of the ports, (B, P, M): views (B, M, 3, D), ports (B, P, D)."""
        alike = torch.einsum("bpd,bmvd->bpmv", ports, views.to(ports.dtype))
        return (torch.cat([cues, alike], dim=-1) * self.value_weight).sum(-1)

    def _preferred(
        self, kinds: Tensor, matches: Tensor, written: Tensor, slots: Tensor, counts: Tensor, spent: Tensor
    ) -> Tensor:
        """What speaks for a symbol whatever the request says, (B, P, M).

        Short spans, the latest step, tokens that fill nothing yet, and options that the request resembles.
        """
        here = torch.arange(kinds.shape[1], device=written.device)
        distance = (here - written.unsqueeze(-1)).clamp(0, MAX_REACH - 1)  # (B, P, M)
        reached = self.reach(distance).squeeze(-1) * (slots == Slot.LAST).unsqueeze(-1)
        is_step = kinds == Entry.STEP  # (B, M)
        number = (is_step.cumsum(1) - 1).clamp(min=0).unsqueeze(1)  # (B, 1, M)
        ago = (counts.unsqueeze(-1) - 1 - number).clamp(0, self.config.max_steps)
        of_values = self.recency(ago).squeeze(-1) * is_step.unsqueeze(1)
        of_values = of_values + self.spent * spent
        named = (matches[..., :NUM_SIMILARITIES] * self.option_sharpness).sum(-1) * (kinds == Entry.OPTION)  # (B, M)
        return reached + (of_values + named.unsqueeze(1)) * (slots == Slot.VALUE).unsqueeze(-1)


def views_of(states: Tensor, kinds: Tensor) -> Tensor:
    """Unit vectors of each token, of the few before it and of the few behind it, (B, M, 3, D); zeros elsewhere."""
    is_token = (kinds == Entry.TOKEN).unsqueeze(-1)
    own = states * is_token
    sums = nn.functional.pad(own, (0, 0, _BESIDE + 1, _BESIDE)).cumsum(1)  # (B, 1 + 4 + M + 4, D)
    size = states.shape[1]
    before = sums[:, _BESIDE : _BESIDE + size] - sums[:, :size]
    behind = sums[:, 2 * _BESIDE + 1 :] - sums[:, _BESIDE + 1 : _BESIDE + 1 + size]
    return nn.functional.normalize(torch.stack([own, before, behind], dim=2), dim=-1) * is_token.unsqueeze(2)


def _first_of(is_one: Tensor) -> Tensor:
    """Where the true entries of each row stand, (B, K), K those of the row with most; others fill up the rest."""
    return (~is_one).to(torch.uint8).argsort(dim=1, stable=True)[:, : max(1, int(is_one.sum(1).max()))]
