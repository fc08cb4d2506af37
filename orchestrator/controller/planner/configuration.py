"""PlannerConfig: the hyperparameters of a planner. Knows no weight."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class PlannerConfig:
    """Sizes of encoder and decoder, and what holds while training.

    Args:
        encoder_width: D, width of the text encoder.
        num_layers: of the decoder.
        num_heads: of its attention.
        feed_forward_width: of its layers.
        max_request_tokens: T, where a request is cut.
        max_steps: of a plan.
        dropout: in the decoder, while training.
        clause_dropout: share of the cases of training where the part that the decoder attends to says nothing of the
            cards.
        end_dropout: share of them where the pointer says nothing of the end.
        unknown_end: probability of the end from which on a plan is ended over cards that training did not know; chosen
            on requests of our own, since those of training ask for fewer steps than people do.
        exemplified_share: how much what was learnt of single cards counts for one that shows example requests.
    """

    encoder_width: int = 384
    num_layers: int = 2
    num_heads: int = 6
    feed_forward_width: int = 1024
    max_request_tokens: int = 256
    max_steps: int = 12
    dropout: float = 0.15
    clause_dropout: float = 0.5
    end_dropout: float = 0.5
    unknown_end: float = 0.6
    exemplified_share: float = 0.25


def read_config(path: Path) -> PlannerConfig:
    """What a config.json says; where it is silent, what is usual."""
    said = json.loads(path.read_text("utf-8"))
    return PlannerConfig(**{field.name: said[field.name] for field in fields(PlannerConfig) if field.name in said})
