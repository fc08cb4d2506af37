"""What a port takes: literals, words of the request, attachments, outputs. Pure; knows no plan and no controller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestrator.artifact import ARTIFACT_CLASSES
from orchestrator.controller.clauses import FileName, file_names_in
from orchestrator.engine.bindings import is_compatible
from orchestrator.types import Kind, Port, Request

_TRUTH = ("true", "false", "yes", "no", "1", "0")
_LISTED: frozenset[Kind] = frozenset(("text", "string", "array", "tuple", "any", "json"))


def takes_literal(port: Port, value: Any) -> bool:
    """Whether a JSON value may stand in the plan for this port."""
    if value is None:
        return not port.required or port.kind in ("any", "json")
    if isinstance(value, (list, tuple)) and (port.many or port.kind in ("array", "tuple", "text", "string")):
        if port.kind in ("array", "tuple"):
            return not port.enum or all(item in port.enum for item in value)
        return all(takes_literal(port.model_copy(update={"many": False}), item) for item in value)
    if port.enum:
        return any(option == value and type(option) is type(value) for option in port.enum)
    match port.kind:
        case "any" | "json":
            return True
        case "string" | "text":
            return isinstance(value, str)
        case "integer":
            return not isinstance(value, bool) and isinstance(value, (int, float)) and value == int(value)
        case "float":
            return not isinstance(value, bool) and isinstance(value, (int, float))
        case "boolean":
            return isinstance(value, bool)
        case "dict":
            return isinstance(value, dict)
    return False


def takes_words(port: Port, request: Request, start: int, end: int) -> bool:
    """Whether words of the request may feed this port; a picture, sound or table only by its file's name."""
    text = request.text[start:end]
    if port.enum:
        return text in port.enum
    match port.kind:
        case "integer" | "float":
            return _is_number(text, port.kind)
        case "boolean":
            return text.strip().lower() in _TRUTH
        case "text" | "string" | "any" | "json" | "array":
            return True
    return any(
        (name.piece.start, name.piece.end) == (start, end) and is_compatible(name.kind, port.kind)
        for name in file_names_in(request.text)
    )


def named_files(port: Port, request: Request) -> Sequence[FileName]:
    """The file names in the request's text that stand for a file this port takes."""
    if port.kind not in ARTIFACT_CLASSES or port.kind in ("text", "json"):
        return ()
    return [name for name in file_names_in(request.text) if is_compatible(name.kind, port.kind)]


def place_of(text: str, port: Port, request: Request) -> int | None:
    """Where a quoted string stands in the request, for this port: its first occurrence, or a file's name; or None."""
    if not text or port.enum:
        return None
    if port.kind in ARTIFACT_CLASSES and port.kind not in ("text", "json"):
        return next((n.piece.start for n in named_files(port, request) if n.piece.text == text), None)
    start = request.text.find(text)
    return start if start >= 0 else None


def takes_list(port: Port) -> bool:
    """Whether one run of the expert takes several values on this port."""
    return port.many or port.kind in _LISTED


def _is_number(text: str, kind: Kind) -> bool:
    try:
        return float(text) == int(float(text)) if kind == "integer" else float(text) is not None
    except (ValueError, OverflowError):
        return False
