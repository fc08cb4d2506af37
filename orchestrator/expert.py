"""The contract of an expert: `@expert` on a function or a class, and what the engine may call. Knows no expert.

A function's signature is its ports, its docstring its description. A class has `load(device)`, a typed `__call__`
(again the ports), `unload()`, and may override `predict(batch)` where a real batch is faster.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, get_args, get_origin, runtime_checkable

from pydantic import ValidationError

from orchestrator.artifact import ARTIFACT_CLASSES, Artifact, Audio, Image, Json, Labels, Table, Text
from orchestrator.errors import InvalidExpert
from orchestrator.types import ExpertCard, Kind, OutputValue, Port

Inputs = Mapping[str, Any]

_VALUE_KINDS: dict[Any, Kind] = {
    str: "string",
    int: "integer",
    float: "float",
    bool: "boolean",
    list: "array",
    Sequence: "array",
    dict: "dict",
    Mapping: "dict",
    tuple: "tuple",
    Any: "any",
    inspect.Parameter.empty: "any",
}
_ARTIFACT_KINDS: dict[Any, Kind] = {cls: cls.default_kind for cls in ARTIFACT_CLASSES.values()}


@dataclass(frozen=True)
class Outcome:
    """An output together with the expert's own confidence in it, in [0, 1]."""

    output: Any
    confidence: float | None = None


@dataclass(frozen=True)
class Prediction:
    """What one run gave: artifacts by output port, and a confidence in [0, 1] or None."""

    outputs: Mapping[str, OutputValue]
    confidence: float | None = None


@runtime_checkable
class Expert(Protocol):
    """What registry and engine know of an expert."""

    card: ExpertCard

    def load(self, device: str) -> None:
        """Bring weights to the device; called once before the first `predict`."""

    def predict(self, batch: Sequence[Inputs]) -> list[Prediction]:
        """One prediction for each inputs mapping, in order; an empty batch gives an empty list."""
        ...

    def unload(self) -> None:
        """Give the device's memory back."""


class SingleExpert:
    """An expert made of something callable, run input by input."""

    def __init__(self, card: ExpertCard, function: Callable[..., Any], instance: Any = None) -> None:
        self.card = card
        self._function = function
        self._instance = instance
        self.__doc__ = card.description

    def load(self, device: str) -> None:
        if hasattr(self._instance, "load"):
            self._instance.load(device)

    def predict(self, batch: Sequence[Inputs]) -> list[Prediction]:
        if hasattr(self._instance, "predict"):
            returned = self._instance.predict(batch)
        else:
            returned = [self._function(**inputs) for inputs in batch]
        return [as_prediction(self.card, value) for value in returned]

    def unload(self) -> None:
        if hasattr(self._instance, "unload"):
            self._instance.unload()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The plain function, for its author's own use and tests; a class is loaded on the CPU first."""
        if self._instance is not None and not getattr(self, "_loaded", False):
            self.load("cpu")
            self._loaded = True
        return self._function(*args, **kwargs)


def expert(name: str | None = None, **declared: Any) -> Callable[[Callable[..., Any] | type], SingleExpert]:
    """Make a function, or a class with a typed `__call__`, an expert.

    Args:
        name: of the card; the function's name, or the class's in snake_case, where None.
        declared: further fields of ExpertCard (task, licence, examples, says, ...).
    Raises:
        InvalidExpert: an annotation is no port kind, a field is unknown, or nothing is returned.
    """

    def decorate(target: Callable[..., Any] | type) -> SingleExpert:
        if inspect.isclass(target):
            instance: Any = target()
            card = card_of(instance.__call__, name or _snake_case(target.__name__), target.__doc__, **declared)
            return SingleExpert(card, instance, instance)
        return SingleExpert(card_of(target, name or target.__name__, target.__doc__, **declared), target)

    return decorate


def card_of(function: Callable[..., Any], name: str, description: str | None, **declared: Any) -> ExpertCard:
    """The card that a signature, a docstring and declared fields stand for.

    Raises:
        InvalidExpert: see `expert`.
    """
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except NameError as error:
        raise InvalidExpert(
            name, f"an annotation that cannot be read ({error})", "names imported at run time"
        ) from error
    parameters = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    if starred := [p for p in parameters if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]:
        raise InvalidExpert(name, str(starred[0]), "named parameters, each of which is a port")
    try:
        inputs = tuple(_port(name, p.name, hints.get(p.name, inspect.Parameter.empty), p.default) for p in parameters)
        return ExpertCard.model_validate(
            {
                "name": name,
                "description": inspect.cleandoc(description or ""),
                "inputs": inputs,
                "outputs": _outputs(name, hints.get("return")),
                **declared,
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidExpert(name, f"{where} = {first['input']!r}", first["msg"]) from error


def as_prediction(card: ExpertCard, returned: Any) -> Prediction:
    """What an expert returned, as artifacts by output port.

    Plain Python values are taken where their kind is clear: str for text, dict for labels and json, a Pillow image, a
    pandas frame, (samples, rate) for audio, a list of these for a port that gives many.

    Raises:
        InvalidExpert: the value fits no output port.
    """
    if isinstance(returned, Prediction):
        return returned
    confidence = None
    if isinstance(returned, Outcome):
        returned, confidence = returned.output, returned.confidence
    if len(card.outputs) == 1:
        values: Mapping[str, Any] = {card.outputs[0].name: returned}
    elif hasattr(returned, "_asdict"):
        values = returned._asdict()
    elif isinstance(returned, Mapping):
        values = returned
    else:
        ports = ", ".join(port.name for port in card.outputs)
        raise InvalidExpert(card.name, f"a {type(returned).__name__}", f"a named tuple or a dict of {ports}")
    outputs: dict[str, OutputValue] = {}
    for port in card.outputs:
        value = values.get(port.name)
        if value is None:
            if port.required:
                raise InvalidExpert(card.name, f"no value for output {port.name!r}", f"a value of kind {port.kind}")
        elif port.many:
            items = value if isinstance(value, (list, tuple)) else _listed(card, port, value)
            outputs[port.name] = tuple(_as_artifact(card, port, item) for item in items)
        else:
            outputs[port.name] = _as_artifact(card, port, value)
    if confidence is None:
        found = [o.confidence for o in outputs.values() if isinstance(o, Labels)]
        confidence = min(found) if found else None
    return Prediction(outputs, confidence)


def _listed(card: ExpertCard, port: Port, value: Any) -> list[Any]:
    if isinstance(value, (str, bytes, Mapping, Artifact)) or not hasattr(value, "__iter__"):
        raise InvalidExpert(card.name, f"{port.name} = {type(value).__name__}", f"a list of kind {port.kind}")
    return list(value)


def _as_artifact(card: ExpertCard, port: Port, value: Any) -> Artifact:
    if isinstance(value, Artifact) and (value.kind == port.kind or port.kind in ("file", "any")):
        return value
    try:
        match port.kind:
            case "text":
                return Text(str(value.text if isinstance(value, Text) else _must(value, str)))
            case "labels":
                return Labels(_must(value, Mapping))
            case "image":
                return Image.of(value)
            case "audio":
                return Audio.of(*value)
            case "table":
                return Table.of(value)
            case _ if not isinstance(value, Artifact):
                return Json(value)
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidExpert(card.name, f"{port.name} = {type(value).__name__}", f"kind {port.kind}") from error
    raise InvalidExpert(card.name, f"{port.name} = {type(value).__name__}", f"kind {port.kind}")


def _must(value: Any, wanted: Any) -> Any:
    if not isinstance(value, wanted):
        raise TypeError(f"{value!r} is no {wanted.__name__}")
    return value


def _port(expert_name: str, name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> Port:
    description, enum, many = "", (), False
    if get_origin(annotation) is Annotated:
        annotation, *notes = get_args(annotation)
        description = next((note for note in notes if isinstance(note, str)), "")
    required = default is inspect.Parameter.empty
    options = [option for option in get_args(annotation) if option is not type(None)]
    if type(None) in get_args(annotation):
        required = False
        annotation = options[0] if len(options) == 1 else Any
    if get_origin(annotation) is typing.Literal:
        enum = get_args(annotation)
        annotation = type(next(iter(enum)))
    if get_origin(annotation) in (list, tuple, Sequence) and get_args(annotation)[:1]:
        item = get_args(annotation)[0]
        if item in _ARTIFACT_KINDS:
            annotation, many = item, True
        else:
            annotation = get_origin(annotation)
    kind = _ARTIFACT_KINDS.get(annotation) or _VALUE_KINDS.get(get_origin(annotation) or annotation)
    if kind is None:
        kinds = ", ".join(cls.__name__ for cls in ARTIFACT_CLASSES.values())
        raise InvalidExpert(
            expert_name, f"{name}: {annotation!r}", f"one of {kinds}, str, int, float, bool, list, dict"
        )
    return Port(
        name=name,
        kind=kind,
        description=description,
        required=required,
        many=many,
        enum=enum,
        default=None if default is inspect.Parameter.empty else default,
    )


def _outputs(expert_name: str, annotation: Any) -> tuple[Port, ...]:
    bare = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    if bare is None or bare is type(None):
        raise InvalidExpert(expert_name, "no return annotation", "a return annotation, e.g. -> Labels")
    if bare is Outcome:
        raise InvalidExpert(expert_name, "-> Outcome", 'the kind inside, e.g. -> Annotated[Labels, "..."]')
    if hasattr(bare, "_fields"):  # a named tuple: every field is a port
        hints = typing.get_type_hints(bare, include_extras=True)
        return tuple(
            _port(expert_name, field, hints[field], bare._field_defaults.get(field, inspect.Parameter.empty))
            for field in bare._fields
        )
    port = _port(expert_name, "output", annotation)
    return (port.model_copy(update={"name": port.kind if port.kind in ARTIFACT_CLASSES else "result"}),)


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
