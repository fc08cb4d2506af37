"""Who plans, as the settings say. Knows the controllers' constructors and nothing of how they plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orchestrator.config import Settings
from orchestrator.controller.cascade import CascadeController
from orchestrator.controller.controller import Controller
from orchestrator.errors import ConfigError, MissingExtra

_LOCAL = "local:"


def controller_of(settings: Settings, compact: Controller) -> Controller:
    """The configured controller; a cascade without a model stays with `compact`.

    Raises:
        ConfigError: a chat model shall plan, but none is named; or it cannot be made as named.
        MissingExtra: what reaches the model is not installed.
    """
    chosen = settings.controller
    if chosen.name == "compact":
        return compact
    if chosen.name == "trained":
        return _trained(chosen.weights)
    model = chosen.model or settings.chat_model.model
    if chosen.name == "cascade":
        larger = None if model is None else _planning(model, settings, abstains=False)
        return CascadeController(compact, larger, escalate_below=chosen.escalate_below)
    if model is None:
        raise ConfigError('controller.name is "chat_model", but no model is named', "Set [controller] model.")
    return _planning(model, settings, abstains=True)


def _trained(weights: Path | None) -> Controller:
    if weights is None:
        raise ConfigError('controller.name is "trained", but no folder is named', "Set [controller] weights.")
    from orchestrator.controller.planner.controller import TrainedController
    from orchestrator.controller.planner.weights import load_planner

    return TrainedController(*load_planner(weights.expanduser()))


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
