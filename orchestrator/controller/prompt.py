"""What a model that plans is told: the language, the cards in short, the request as data. Never what a file holds."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from orchestrator.controller.plan_tokens import named
from orchestrator.controller.wording import wording
from orchestrator.language import language_of
from orchestrator.types import ExpertCard, Plan, Port, Request

_MAX_FILE_NAME_CHARACTERS = 80


@cache
def prompts() -> dict[str, Any]:
    """The templates of chat_model.toml."""
    return tomllib.loads((Path(__file__).parent / "chat_model.toml").read_text("utf-8"))


def system_text(cards: Sequence[ExpertCard]) -> str:
    """The header and the cards, by name: the same for every request with these cards, whatever their rank."""
    by_name = {card.name: card for card in reversed(cards)}
    listed = "\n".join(card_text(by_name[name]) for name in sorted(by_name))
    return f"{prompts()['header'].strip()}\n\n{prompts()['cards'].format(cards=listed)}"


def card_text(card: ExpertCard) -> str:
    """A card in two lines: its call with kinds, and what it is for with a few requests."""
    inputs = ", ".join(_port_text(port) for port in card.inputs)
    outputs = ", ".join(f"{named(port.name)}: {_kind_text(port)}" for port in card.outputs)
    description = _short(card.description, prompts()["max_description_characters"])
    examples = "; ".join(
        json.dumps(_short(text, prompts()["max_example_characters"]), ensure_ascii=False)
        for text in card.examples[: prompts()["num_examples"]]
    )
    said = f"  {description}" + (f" e.g. {examples}" if examples else "")
    return f"{named(card.name)}({inputs}) -> {outputs}\n{said}".rstrip()


def request_text(request: Request) -> str:
    """The request as a JSON string, the files by kind and name: nothing in it can end the data and begin to order."""
    files = ", ".join(
        f"${number} {artifact.kind}" + (f" {_quoted(artifact.name)}" if artifact.name else "")
        for number, artifact in enumerate(request.artifacts, start=1)
    )
    return f"{json.dumps(request.text, ensure_ascii=False)}   files: {files or 'none'}"


def user_text(request: str) -> str:
    """The user's turn around the text of `request_text`, or a stand-in for it."""
    before, after = prompts()["user"].strip("\n").split("{request}   files: {files}")
    return f"{before}{request}{after}"


def unplannable(request: Request, cards: Sequence[ExpertCard]) -> Plan | None:
    """The plan where there is nothing to plan: no text, or no expert; otherwise None."""
    questions = wording().questions[language_of(request.text)]
    if not request.text.strip():
        files = ", ".join(artifact.name or artifact.kind for artifact in request.artifacts)
        return Plan(status="needs_input", confidence=0.0, question=questions["no_text"].format(files=files))
    if not cards:
        return Plan(status="abstained", confidence=0.0, question=questions["nothing_fits"])
    return None


def gave_up(request: Request, why: str, **fields: Any) -> Plan:
    """An abstention with confidence 0, because no plan was made: "no_plan" or "too_long"."""
    question = prompts()["questions"][language_of(request.text)][why]
    return Plan(status="abstained", confidence=0.0, question=question, **fields)


def with_question(plan: Plan, request: Request) -> Plan:
    """A bare `decline` or `ask` with the words that a person gets."""
    if plan.status == "planned" or plan.question is not None:
        return plan
    if plan.status == "abstained":
        return plan.model_copy(update={"question": wording().questions[language_of(request.text)]["nothing_fits"]})
    return plan.model_copy(update={"question": prompts()["questions"][language_of(request.text)]["no_plan"]})


def _port_text(port: Port) -> str:
    kind = " | ".join(json.dumps(option, ensure_ascii=False) for option in port.enum) or port.kind
    text = f"{named(port.name)}{'' if port.required else '?'}: {f'[{kind}]' if port.many else kind}"
    return f"{text} ({_short(port.description, 80)})" if port.description else text


def _kind_text(port: Port) -> str:
    return f"[{port.kind}]" if port.many else port.kind


def _short(text: str, max_characters: int) -> str:
    line = re.sub(r"\s+", " ", text).strip()
    return line if len(line) <= max_characters else line[: max_characters - 1] + "…"


def _quoted(name: str) -> str:
    return json.dumps(_short(name, _MAX_FILE_NAME_CHARACTERS), ensure_ascii=False)
