"""Who plans: each setting gives its controller, and what cannot be made is said at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.config import load_settings
from orchestrator.controller.cascade import CascadeController
from orchestrator.controller.causal_lm_controller import CausalLMController
from orchestrator.controller.chat_model import ChatModelController
from orchestrator.controller.choice import controller_of
from orchestrator.errors import ConfigError
from orchestrator.orchestrator import Orchestrator
from orchestrator.types import Candidate, ExpertCard, Plan, Request, Shortlist

SHORTLIST = Shortlist(candidates=(Candidate(card=ExpertCard(name="sing"), score=1.0),))
UNSURE = Plan(status="abstained", confidence=0.1, question="Nothing fits.")


def chosen(compact: Any, chat_model: dict[str, Any] | None = None, **controller: Any) -> Any:
    settings = load_settings({"controller": controller, "chat_model": chat_model or {}})
    return controller_of(settings, compact)


def test_each_setting_gives_its_controller(queued_controller: Any) -> None:
    compact = queued_controller()
    server = {"model": "openai:tiny", "base_url": "http://127.0.0.1:9/v1", "api_key": "none"}
    assert chosen(compact) is compact
    assert chosen(compact, server) is compact
    assert isinstance(chosen(compact, server, name="chat_model"), ChatModelController)
    assert isinstance(chosen(compact, name="chat_model", model="local:/some/folder"), CausalLMController)
    cascade = chosen(compact, server, name="cascade", escalate_below=0.7)
    assert isinstance(cascade, CascadeController)
    assert isinstance(cascade._larger, ChatModelController)
    assert cascade._escalate_below == 0.7
    assert isinstance(chosen(compact, name="cascade", model="local:some/model")._larger, CausalLMController)


async def test_a_cascade_is_safe_whatever_becomes_of_its_model(queued_controller: Any) -> None:
    for model in (None, "local:/no/such/folder"):
        cascade = chosen(queued_controller(UNSURE), name="cascade", model=model)
        assert await cascade.plan(Request(text="Sing"), SHORTLIST) == UNSURE
    assert (cascade.report().num_escalated, cascade.report().num_failed) == (1, 1)


@pytest.mark.parametrize(
    "controller",
    [
        {"name": "chat_model"},
        {"name": "chat_model", "model": "no-such-provider:tiny"},
        {"name": "large"},
        {"escalate_below": 1.5},
    ],
)
def test_what_cannot_be_made_is_a_wrong_setting(queued_controller: Any, controller: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        chosen(queued_controller(), **controller)


def test_an_orchestrator_plans_as_configured(home: Path) -> None:
    with Orchestrator({}, home=home) as plain, Orchestrator({"controller": {"name": "cascade"}}, home=home) as other:
        assert (plain.controller.name, other.controller.name) == ("compact", "cascade")
