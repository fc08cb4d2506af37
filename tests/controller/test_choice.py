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
from orchestrator.controller.compact import CompactController
from orchestrator.controller.rules import RuleController
from orchestrator.embedding import encoder
from orchestrator.errors import ConfigError
from orchestrator.orchestrator import Orchestrator
from orchestrator.registry.card_index import CardIndex
from orchestrator.types import Candidate, ExpertCard, Request, Shortlist

SHORTLIST = Shortlist(candidates=(Candidate(card=ExpertCard(name="sing"), score=1.0),))


def chosen(chat_model: dict[str, Any] | None = None, **controller: Any) -> Any:
    settings = load_settings({"controller": controller, "chat_model": chat_model or {}})
    return controller_of(settings, CardIndex(encoder))


def test_each_setting_gives_its_controller() -> None:
    server = {"model": "openai:tiny", "base_url": "http://127.0.0.1:9/v1", "api_key": "none"}
    assert isinstance(chosen(), CompactController)
    assert isinstance(chosen(server), CompactController)
    assert isinstance(chosen(name="rules"), RuleController)
    assert isinstance(chosen(server, name="chat_model"), ChatModelController)
    assert isinstance(chosen(name="chat_model", model="local:/some/folder"), CausalLMController)
    cascade = chosen(server, name="cascade", escalate_below=0.7)
    assert isinstance(cascade, CascadeController)
    assert isinstance(cascade._larger, ChatModelController)
    assert cascade._escalate_below == 0.7
    assert isinstance(chosen(name="cascade", model="local:some/model")._larger, CausalLMController)


def test_a_cascade_asks_from_where_its_compact_controller_was_calibrated() -> None:
    cascade = chosen(name="cascade")
    assert cascade._escalate_below == CompactController().calibration.escalate_below


async def test_a_cascade_is_safe_whatever_becomes_of_its_model() -> None:
    request = Request(text="Sing")
    plan = await chosen().plan(request, SHORTLIST)
    for model in (None, "local:/no/such/folder"):
        cascade = chosen(name="cascade", model=model, escalate_below=1.0)
        assert await cascade.plan(request, SHORTLIST) == plan
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
def test_what_cannot_be_made_is_a_wrong_setting(controller: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        chosen(**controller)


def test_an_orchestrator_plans_as_configured(home: Path) -> None:
    with Orchestrator({}, home=home) as plain, Orchestrator({"controller": {"name": "cascade"}}, home=home) as other:
        assert (plain.controller.name, other.controller.name) == ("compact", "cascade")
