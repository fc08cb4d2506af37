"""PlannerModel: a pointer decoder over request tokens, cards, attachments and earlier steps. Knows no text.

Every symbol of a plan is a pointer into one memory (Vinyals et al. 2015, "Pointer Networks"); the decoder attends to
the memory and to what it wrote (Vaswani et al. 2017). Shapes: B requests, M memory, P symbols written, D width.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from orchestrator.controller.planner.configuration import PlannerConfig
from orchestrator.controller.planner.symbols import NUM_SPECIAL, Slot

NUM_KINDS = 6  # special, attachment, step, option, card, token
NUM_ARTIFACT_KINDS = 8


class PlannerModel(PreTrainedModel):
    """Scores the next symbol of a plan."""

    config_class = PlannerConfig
    base_model_prefix = "planner"

    def __init__(self, config: PlannerConfig) -> None:
        super().__init__(config)
        width = config.encoder_width
        self.special = nn.Embedding(NUM_SPECIAL, width)
        self.kind = nn.Embedding(NUM_KINDS, width)
        self.attachment = nn.Embedding(NUM_ARTIFACT_KINDS, width)
        self.step = nn.Embedding(config.max_steps, width)
        self.slot = nn.Embedding(len(Slot), width)
        self.position = nn.Embedding(512, width)
        self.token_in = nn.Linear(width, width)
        self.card_in = nn.Linear(width, width)
        self.port_in = nn.Linear(width, width)
        self.memory_norm = nn.LayerNorm(width)
        self.input_norm = nn.LayerNorm(width)
        layer = nn.TransformerDecoderLayer(
            width,
            config.num_heads,
            config.feed_forward_width,
            config.dropout,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.decoder = nn.TransformerDecoder(layer, config.num_layers, norm=nn.LayerNorm(width))
        self.query = nn.ModuleList(nn.Linear(width, width) for _ in Slot)
        self.key = nn.Linear(width, width)
        # The encoder's own similarity of request and card, and of the clause at hand, as features of a card's score.
        self.similarity = nn.Parameter(torch.tensor([8.0, 4.0]))
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
            if isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)

    def memory(self, states: Tensor, kinds: Tensor) -> Tensor:
        """Memory vectors from raw ones.

        Args:
            states: raw vectors, (B, M, D): encoder states of tokens, card vectors, option vectors, zeros elsewhere.
            kinds: what each entry is, (B, M): 0 special, 1 attachment, 2 step, 3 option, 4 card, 5 token; entries of
                kind 0 to 2 carry their own number in `states[..., 0]`.
        """
        number = states[..., 0].long().clamp(min=0)
        is_token = kinds == 5
        vectors = torch.where(is_token.unsqueeze(-1), self.token_in(states), self.card_in(states))
        for kind, table in ((0, self.special), (1, self.attachment), (2, self.step)):
            chosen = table(number.clamp(max=table.num_embeddings - 1))
            vectors = torch.where((kinds == kind).unsqueeze(-1), chosen, vectors)
        return self.memory_norm(vectors + self.kind(kinds))

    def forward(
        self,
        memory: Tensor,
        memory_mask: Tensor,
        written: Tensor,
        slots: Tensor,
        ports: Tensor,
        similarity: Tensor,
        allowed: Tensor,
        **_: Any,
    ) -> Tensor:
        """Logits of the next symbols.

        Args:
            memory: (B, M, D), from `memory`.
            memory_mask: (B, M), True where an entry exists.
            written: the symbol before each position, (B, P); -1 at the beginning.
            slots: what each position writes, (B, P).
            ports: encoder vector of the port that a VALUE or LAST position fills, (B, P, D); zeros elsewhere.
            similarity: similarity of each memory entry with the request and with its best clause, (B, M, 2); zeros
                where the entry is no card.
            allowed: symbols that the grammar allows, (B, P, M).
        Returns:
            (B, P, M), -inf where the grammar forbids.
        """
        width = memory.shape[-1]
        before = memory.gather(1, written.clamp(min=0).unsqueeze(-1).expand(-1, -1, width))  # (B, P, D)
        before = before * (written >= 0).unsqueeze(-1)
        positions = torch.arange(written.shape[1], device=memory.device).clamp(max=511)
        inputs = self.input_norm(before + self.slot(slots) + self.port_in(ports) + self.position(positions))
        causal = torch.ones(written.shape[1], written.shape[1], dtype=torch.bool, device=memory.device).triu(1)
        states = self.decoder(
            inputs, memory, tgt_mask=causal, memory_key_padding_mask=~memory_mask, tgt_is_causal=True
        )  # (B, P, D)
        queries = torch.stack([query(states) for query in self.query], dim=2)  # (B, P, S, D)
        query = queries.gather(2, slots[:, :, None, None].expand(-1, -1, 1, width)).squeeze(2)
        logits = query @ self.key(memory).transpose(1, 2) / math.sqrt(width)  # (B, P, D) @ (B, D, M) -> (B, P, M)
        bonus = (similarity * self.similarity).sum(-1).unsqueeze(1)  # (B, 1, M)
        logits = logits + bonus * (slots == Slot.EXPERT).unsqueeze(-1)
        return logits.masked_fill(~(allowed & memory_mask.unsqueeze(1)), float("-inf"))
