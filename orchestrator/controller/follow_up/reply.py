"""Reply: what was asked for, given: the earlier request with the file or the value that it lacked.

Knows the turn that asked and its plan; no controller.
"""

from __future__ import annotations

import re
from typing import Any

from orchestrator.artifact import ARTIFACT_CLASSES, Text
from orchestrator.controller.clauses import quotes_in
from orchestrator.controller.follow_up.past import Past
from orchestrator.controller.follow_up.phrases import phrases
from orchestrator.controller.follow_up.plans import told, without_spans
from orchestrator.controller.follow_up.resolution import Resolution
from orchestrator.types import Attachment, Literally, Plan, Port, Request, Step

_SEPARATOR = re.compile(r"\s*(?:,\s*(?:or|and)\s+|\s+(?:or|and)\s+|[,，、;；/\n]|还是|或者|或|和)\s*", re.IGNORECASE)
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")


def reply_with_files(request: Request, past: Past) -> Resolution | None:
    """The request that lacked a file, in its own words and with the file; None where the turn brings more than that."""
    turn = past.asked_back
    if turn is None or not turn.request.text.strip() or phrases().says_again(turn.request.text):
        return None
    is_bare = phrases().is_filler(request.text) or phrases().says_again(request.text)
    if not request.artifacts or not is_bare:
        return None
    artifacts = (*turn.request.artifacts, *request.artifacts)
    return Resolution(request.model_copy(update={"artifacts": artifacts}), words=turn.request.text)


def reply_with_a_value(request: Request, past: Past) -> Resolution | None:
    """The plan that lacked one value, with the value that the turn gives; None where it gives none that fits."""
    turn = past.asked_back
    if turn is None or turn.plan is None or turn.plan.status != "needs_input" or request.artifacts:
        return None
    if phrases().is_withdrawn(request.text) or len(request.text) > phrases().thresholds["max_value_characters"]:
        return None
    lacking = _lacking(turn.plan, past)
    if len(lacking) != 1:
        return None
    step, port = lacking[0]
    value = _value_of(request.text, port)
    if value is None:
        return None
    artifacts = turn.request.artifacts
    binding: Attachment | Literally = Literally(value=value)
    if port.kind == "text":
        binding, artifacts = Attachment(index=len(artifacts)), (*artifacts, Text(value))
    plan = without_spans(turn.plan, turn.request.text)
    steps = tuple(
        s.model_copy(update={"inputs": {**s.inputs, port.name: binding}}) if s.id == step.id else s for s in plan.steps
    )
    whole = plan.model_copy(update={"status": "planned", "question": None, "steps": steps})
    return Resolution(request.model_copy(update={"artifacts": artifacts}), told(whole, turn))


def _lacking(plan: Plan, past: Past) -> list[tuple[Step, Port]]:
    return [
        (step, port)
        for step in plan.steps
        for port in past.card(step.expert).inputs
        if port.required and port.name not in step.inputs
    ]


def _value_of(text: str, port: Port) -> Any:
    """The words as a value of the port; None where they are none."""
    quotes = quotes_in(text)
    text = quotes[0].text if quotes else text.strip()
    bare = text.strip(" .。!！?？")
    if port.enum:
        return next((option for option in port.enum if str(option).lower() in bare.lower()), None)
    match port.kind:
        case "integer" | "float":
            numbers = _NUMBER.findall(bare)
            if len(numbers) != 1:
                return None
            return float(numbers[0]) if port.kind == "float" else int(float(numbers[0]))
        case "array":
            items = [item for item in _SEPARATOR.split(bare) if item]
            return items if len(items) > 1 else None
        case "string" | "text" | "any":
            return (text if port.kind == "text" else bare) or None
    return None if port.kind in ARTIFACT_CLASSES else bare or None
