"""The planner as transformers packs a model: `from_pretrained`, `save_pretrained`, a config.json.

Only to pack and to unpack: planning itself does without transformers, whose imports hold more than all the weights.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel

from orchestrator.controller.planner.configuration import PlannerConfig
from orchestrator.controller.planner.modeling import Planner
from orchestrator.controller.planner.tensors import Entries, Places


class PretrainedPlannerConfig(PretrainedConfig):
    """The fields of `PlannerConfig` as transformers saves them."""

    model_type = "baton-planner"

    def __init__(self, **kwargs: Any) -> None:
        own = {field.name: kwargs.pop(field.name, field.default) for field in fields(PlannerConfig)}
        super().__init__(**kwargs)
        for name, value in own.items():
            setattr(self, name, value)

    @property
    def planner(self) -> PlannerConfig:
        return PlannerConfig(**{field.name: getattr(self, field.name) for field in fields(PlannerConfig)})


class PlannerModel(PreTrainedModel):
    """A planner that scores the next symbol of a plan."""

    config_class = PretrainedPlannerConfig
    base_model_prefix = "planner"

    def __init__(self, config: PretrainedPlannerConfig) -> None:
        super().__init__(config)
        self.planner = Planner(config.planner)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Nothing: a planner draws its own numbers."""

    def forward(self, entries: Entries, places: Places, allowed: Tensor) -> Tensor:
        """Logits of the next symbols of whole plans, (B, P, M); see `Planner.forward`."""
        logits: Tensor = self.planner(entries, places, allowed)
        return logits


def packed(planner: Planner) -> PlannerModel:
    """A planner as transformers saves it."""
    model = PlannerModel(PretrainedPlannerConfig(**asdict(planner.config)))
    model.planner = planner
    return model
