"""PlannerConfig: the sizes of a planner, as transformers saves them. Knows no weight."""

from __future__ import annotations

from typing import Any

from transformers import PretrainedConfig


class PlannerConfig(PretrainedConfig):
    """Sizes of encoder and decoder.

    Args:
        encoder_width: D, width of the text encoder.
        num_layers: of the decoder.
        num_heads: of its attention.
        feed_forward_width: of its layers.
        max_request_tokens: T, where a request is cut.
        max_steps: of a plan.
        dropout: in the decoder, while training.
        pointer_dropout: share of the training cases whose cards pass for unknown; of half of the others half do.
        clause_dropout: share of them where the part that the decoder attends to says nothing of the cards.
        end_dropout: share of them where the pointer says nothing of the end.
        unknown_end: probability of the end from which on a plan is ended over cards that training did not know; chosen
            on requests of our own, since those of training ask for fewer steps than people do.
        exemplified_share: how much what was learnt of single cards counts for one that shows example requests.
    """

    model_type = "baton-planner"

    def __init__(
        self,
        encoder_width: int = 384,
        num_layers: int = 2,
        num_heads: int = 6,
        feed_forward_width: int = 1024,
        max_request_tokens: int = 256,
        max_steps: int = 12,
        dropout: float = 0.15,
        pointer_dropout: float = 0.35,
        clause_dropout: float = 0.5,
        end_dropout: float = 0.5,
        exemplified_share: float = 0.25,
        unknown_end: float = 0.6,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.encoder_width = encoder_width
        self.num_layers = num_layers
        self.num_heads = num_heads
        self.feed_forward_width = feed_forward_width
        self.max_request_tokens = max_request_tokens
        self.max_steps = max_steps
        self.dropout = dropout
        self.pointer_dropout = pointer_dropout
        self.clause_dropout = clause_dropout
        self.end_dropout = end_dropout
        self.exemplified_share = exemplified_share
        self.unknown_end = unknown_end
