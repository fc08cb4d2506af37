"""From a step's references to the values that its expert receives. Pure: reads request and results, runs nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from orchestrator.artifact import ARTIFACT_CLASSES, Artifact, Json, Labels, Text
from orchestrator.errors import BadRequest
from orchestrator.types import (
    Attachment,
    Binding,
    Collection,
    ExpertCard,
    Kind,
    Literally,
    Output,
    Port,
    Request,
    Span,
    Step,
    StepResult,
)

_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_NOTHING: Any = object()  # what a step gave on an optional port that it left empty


def is_compatible(source: Kind, target: Kind) -> bool:
    """Whether an output of kind `source` may feed an input of kind `target`."""
    if source == target or "any" in (source, target):
        return True
    if target == "file":
        return source in ARTIFACT_CLASSES
    return (source, target) in {
        ("text", "string"),
        ("string", "text"),
        ("integer", "float"),
        ("labels", "string"),
        ("labels", "text"),
    }


def batch_of(step: Step, card: ExpertCard, request: Request, results: Mapping[str, StepResult]) -> list[dict[str, Any]]:
    """The inputs of every run that the step stands for: one, or one for each item where `each` is set.

    Raises:
        BadRequest: a required input is missing or a value is not legal; names the port.
    """
    values = {name: _value(binding, request, results) for name, binding in step.inputs.items()}
    if step.each is None:
        return [_inputs(card, values)]
    items = values[step.each]
    items = [] if items is _NOTHING else items if isinstance(items, (list, tuple)) else [items]
    return [_inputs(card, {**values, step.each: item}) for item in items]


def _value(binding: Binding, request: Request, results: Mapping[str, StepResult]) -> Any:
    match binding:
        case Literally():
            return binding.value
        case Span():
            return request.text[binding.start : binding.end]
        case Attachment():
            if binding.index >= len(request.artifacts):
                raise BadRequest("the number of files", len(request.artifacts), f"at least {binding.index + 1}")
            return request.artifacts[binding.index]
        case Output():
            output = results[binding.step].outputs.get(binding.port, _NOTHING)
            return list(output) if isinstance(output, tuple) else output
        case Collection():
            items: list[Any] = []
            for item in binding.items:
                value = _value(item, request, results)
                if value is _NOTHING:
                    continue
                items.extend(value if isinstance(value, list) else [value])
            return items


def _inputs(card: ExpertCard, values: Mapping[str, Any]) -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    for port in card.inputs:
        value = values.get(port.name, _NOTHING)
        if value is not _NOTHING and (value is not None or port.required):
            inputs[port.name] = _converted(port, value)
        elif port.required:
            raise BadRequest(port.name, None, f"a value of kind {port.kind} for {card.name}")
    return inputs


def _converted(port: Port, value: Any) -> Any:
    if port.many:
        items = value if isinstance(value, (list, tuple)) else [value]
        return [_single(port, item) for item in items]
    if isinstance(value, list) and port.kind in ("text", "string"):
        return _single(port, Text("\n\n".join(_single(port.model_copy(update={"kind": "string"}), v) for v in value)))
    if isinstance(value, list) and port.kind in ARTIFACT_CLASSES and len(value) == 1:
        value = value[0]
    return _single(port, value)


def _single(port: Port, value: Any) -> Any:
    wanted = port.kind
    if wanted in ARTIFACT_CLASSES:
        if wanted == "text" and isinstance(value, Labels):
            return Text(value.top)
        if wanted == "text" and isinstance(value, Json) and isinstance(value.value, str):
            return Text(value.value)
        if wanted == "text" and isinstance(value, str):
            return Text(value)
        if isinstance(value, Artifact) and is_compatible(value.kind, wanted):
            return value
        if wanted == "json" and not isinstance(value, Artifact):
            return Json(value)
        raise BadRequest(port.name, getattr(value, "name", "") or type(value).__name__, f"a value of kind {wanted}")
    if isinstance(value, Labels):
        value = value.top
    elif isinstance(value, (Text, Json)):
        value = value.value
    if wanted != "any":
        value = _as_python(port, value)
    if port.enum and value not in port.enum:
        raise BadRequest(port.name, value, "one of " + ", ".join(map(str, port.enum)))
    return value


def _as_python(port: Port, value: Any) -> Any:
    """The value as the Python type of a value port; what would lose something on the way is refused."""
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        match port.kind:
            case "string" if not isinstance(value, (Artifact, type(None))):
                return value if isinstance(value, str) else str(value)
            case "integer" if isinstance(value, int) or int(value) == float(value):
                return int(value)
            case "float":
                return float(value)
            case "boolean" if str(value).strip().lower() in _BOOLEANS:
                return _BOOLEANS[str(value).strip().lower()]
            case "array" if not isinstance(value, (Artifact, dict, type(None))):
                items = value if isinstance(value, (list, tuple)) else [value]
                return [item.value if isinstance(item, (Text, Json)) else item for item in items]
            case "dict" if isinstance(value, Mapping):
                return dict(value)
            case "tuple" if isinstance(value, (list, tuple)):
                return tuple(value)
    shown = (value.name or f"the {value.kind}") if isinstance(value, Artifact) else value
    raise BadRequest(port.name, shown, f"a value of kind {port.kind}")
