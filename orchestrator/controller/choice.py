"""Who plans, as the settings say. Knows the controllers' constructors and nothing of how they plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orchestrator.config import Settings
from orchestrator.controller.cascade import CascadeController
from orchestrator.controller.compact import CompactController
from orchestrator.controller.controller import Controller
from orchestrator.controller.rules import RuleController
from orchestrator.errors import ConfigError, MissingExtra
from orchestrator.registry.card_index import CardIndex
from orchestrator.types import ExpertCard

_LOCAL = "local:"


def controller_of(
    settings: Settings, index: CardIndex, is_embedded: Callable[[ExpertCard], bool] = lambda card: False
) -> Controller:
    """The configured controller; a cascade without a model stays with the compact one.

    Args:
        settings: say which.
        index: of cards, for the rules.
        is_embedded: whether a card is of an expert that comes with Baton.

    Raises:
        ConfigError: a chat model shall plan, but none is named; or it cannot be made as named.
        MissingExtra: what reaches the model is not installed.
    """
    chosen = settings.controller
    if chosen.name == "rules":
        return RuleController(index)
    weights = chosen.weights.expanduser() if chosen.weights else None
    compact = CompactController(
        weights, settings.vectors_path / "planner.npz", rules=RuleController(index), is_embedded=is_embedded
    )
    if chosen.name == "compact":
        return compact
    model = chosen.model or settings.chat_model.model
    if chosen.name == "cascade":
        larger = None if model is None else _planning(model, settings, abstains=False)
        below = compact.calibration.escalate_below if chosen.escalate_below is None else chosen.escalate_below
        return CascadeController(compact, larger, escalate_below=below)
    if model is None:
        raise ConfigError('controller.name is "chat_model", but no model is named', "Set [controller] model.")
    return _planning(model, settings, abstains=True)


def _planning(model: str, settings: Settings, *, abstains: bool) -> Controller:
    if model.startswith(_LOCAL):
        from orchestrator.controller.causal_lm import CausalLM
        from orchestrator.controller.causal_lm_controller import CausalLMController

        lm = CausalLM(model.removeprefix(_LOCAL), device=settings.engine.device)
        return CausalLMController(lm, abstains=abstains)
    from langchain.chat_models import init_chat_model

    from orchestrator.controller.chat_model import ChatModelController

    server = {"base_url": settings.chat_model.base_url, "api_key": settings.chat_model.api_key}
    options: dict[str, Any] = {name: value for name, value in server.items() if value is not None}
    try:
        return ChatModelController(init_chat_model(model, **options), abstains=abstains)
    except ImportError as error:
        raise MissingExtra(f"the chat model {model}", "openai") from error
    except ValueError as error:
        raise ConfigError(f"controller.model: {error}", "Name it as provider:model, or as local:FOLDER.") from error
