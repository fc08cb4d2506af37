"""An invented expert: an operation with a card, a name, typed ports. Knows no request."""

from __future__ import annotations

import functools
import re
import tomllib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Literal

from orchestrator.controller.training.synthetic.lexicon import Operation, Slot, slots
from orchestrator.engine.bindings import is_compatible
from orchestrator.types import ExpertCard, Kind, Port

CardStyle = Literal["typed", "opaque"]  # opaque: one port for the words of the request, one for the result

_FOLDER = Path(__file__).parent
_ILLEGAL = re.compile(r"[^A-Za-z0-9_.\-]")
_ASKED_KINDS = ("pool", "date", "time", "id", "email", "phone")  # what a person would be asked for
_OUTPUT_KINDS: Mapping[str, Kind] = {"confirmation": "string", "number": "float", "string": "string"}


@dataclass(frozen=True)
class SlotPort:
    """How a card takes a slot: its port, the form of the value, and the port of a measure's unit."""

    slot: Slot
    port: Port
    form: str
    unit_port: Port | None = None


@dataclass(frozen=True)
class Expert:
    """An operation behind a card."""

    operation: Operation
    card: ExpertCard
    opaque: bool
    slot_ports: Mapping[str, SlotPort]
    input_ports: tuple[str, ...]  # by position of the operation's inputs
    item_output: str | None = None  # the port that gives the number of a thing

    def output_for(self, kind: Kind, item: bool) -> str | None:
        """The output port that may feed an input of a kind; `item` where a thing's number is wanted."""
        if self.opaque:
            return self.card.outputs[0].name
        if item:
            return self.item_output
        ports = [port for port in self.card.outputs if port.name != self.item_output] or list(self.card.outputs)
        return next((port.name for port in ports if is_compatible(port.kind, kind)), None)


@functools.cache
def _naming() -> dict[str, Any]:
    return tomllib.loads((_FOLDER / "naming.toml").read_text("utf-8"))


def _entries(text: str, separator: str = ",") -> list[str]:
    return [part.strip() for part in text.split(separator) if part.strip()]


@functools.lru_cache(maxsize=60_000)
def invent(operation: Operation, variant: int, style: CardStyle) -> Expert:
    """The variant-th expert of an operation: the same for the same arguments."""
    rng = Random(zlib.crc32(f"{operation.key}|{variant}|{style}".encode()))
    name = _name(operation, rng)
    if style == "opaque":
        description = _description(operation, (), rng)
        query, result = rng.choice(_entries(_naming()["query_ports"])), rng.choice(_entries(_naming()["result_ports"]))
        about = rng.choice(["", "", "What is wanted, in words", "The request in natural language"])
        card = _card(
            name,
            description,
            (_port(query, "text", about),),
            (_port(result, "text"),),
        )
        return Expert(operation, card, True, {}, (query,) * max(1, len(operation.inputs)), None)
    taken: set[str] = set()
    input_ports = [_input_port(operation, i, taken, rng) for i in range(len(operation.inputs))]
    slot_ports = {
        name_: _slot_port(slots()[name_], required, taken, rng) for name_, required in _chosen(operation, rng)
    }
    outputs, item_output = _outputs(operation, rng)
    ports = [*input_ports]
    for use in slot_ports.values():
        ports += [use.port, *([use.unit_port] if use.unit_port else [])]
    if rng.random() < 0.3:
        rng.shuffle(ports)
    description = _description(operation, tuple(slot_ports.values()), rng)
    card = _card(name, description, tuple(ports), outputs)
    return Expert(operation, card, False, slot_ports, tuple(port.name for port in input_ports), item_output)


def with_examples(card: ExpertCard, examples: tuple[str, ...]) -> ExpertCard:
    return card.model_copy(update={"examples": examples})


@functools.cache
def _card_defaults() -> dict[str, Any]:
    return dict(ExpertCard(name="x"))


def _card(name: str, description: str, inputs: tuple[Port, ...], outputs: tuple[Port, ...]) -> ExpertCard:
    # Checked by a test on every operation; validating each of millions of cards again would cost most of the time.
    given = {"name": name, "description": description, "inputs": inputs, "outputs": outputs}
    return ExpertCard.model_construct(**{**_card_defaults(), **given})


def _port(
    name: str, kind: Kind, description: str = "", required: bool = True, many: bool = False,
    default: Any = None, enum: tuple[Any, ...] = (),
) -> Port:  # fmt: skip
    return Port.model_construct(
        name=name, kind=kind, description=description, required=required, many=many, default=default, enum=enum
    )


def _name(operation: Operation, rng: Random) -> str:
    words = re.split(r"[\s\-']+", rng.choice(operation.names))
    style = rng.random()
    lower = [_ILLEGAL.sub("", word.lower()) for word in words]
    camel = "".join(word[:1].upper() + word[1:] for word in words)
    brand = rng.choice(_entries(_naming()["brands"]))
    if style < 0.42:
        name = "_".join(lower)
    elif style < 0.54:
        name = camel
    elif style < 0.62:
        name = camel + "Tool"
    elif style < 0.72:
        name = f"{rng.choice([operation.domain, lower[-1]])}.{'_'.join(lower)}"
    elif style < 0.80:
        name = "_".join([*lower, rng.choice(_entries(_naming()["suffixes"]))])
    elif style < 0.86:
        name = camel[:1].lower() + camel[1:]
    elif style < 0.90:
        name = "-".join(lower)
    elif style < 0.93:
        name = "".join(lower)
    elif style < 0.97:
        name = f"{brand}{rng.choice(['_', '.', '-'])}{'_'.join(lower)}"
    else:
        name = brand + rng.choice(["", "AI", "Hub", "Tool", "_app"])
    name = _ILLEGAL.sub("", name)
    return name if name[:1].isalpha() else "x_" + name


def _description(operation: Operation, uses: tuple[SlotPort, ...], rng: Random) -> str:
    if rng.random() < 0.1:
        return rng.choice(operation.about_zh)
    if rng.random() < 0.02:
        return ""
    labels = [use.port.name.replace("_", " ") for use in uses]
    by = f" by {_listed(labels)}" if labels and rng.random() < 0.4 else ""
    text = rng.choice(operation.about).replace("{by}", by)
    style = rng.random()
    if style < 0.10:
        ending = rng.choice(["tool", "service", "/ inquiry tool", ""])
        text = f"{rng.choice(operation.names).capitalize()} {ending}".strip()
    elif style < 0.18:
        text = f"{rng.choice(_entries(_naming()['brands']))}: {text[:1].lower()}{text[1:]}"
    elif style < 0.26:
        text = f"{text}. {rng.choice(_entries(_naming()['praise'], ';'))}"
    elif style < 0.32 and len(operation.about) > 1:
        text = ". ".join(rng.sample(operation.about, 2)).replace("{by}", "")
    elif style < 0.38:
        text = f"A tool for this: {text[:1].lower()}{text[1:]}"
    elif style < 0.44 and labels:
        text = f"{text}. Needs {_listed(labels)}"
    elif style < 0.48:
        text = text.lower()
    return text if rng.random() < 0.5 else text.rstrip(".") + "."


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + f" and {words[-1]}"


def _unused(names: list[str], taken: set[str]) -> str:
    name = next((name for name in names if name not in taken), f"{names[0]}_{len(taken)}")
    taken.add(name)
    return name


def _input_port(operation: Operation, position: int, taken: set[str], rng: Random) -> Port:
    wanted = operation.inputs[position]
    if wanted.is_item:
        noun = operation.noun[0].replace(" ", "_").replace("-", "_")
        names = [n.format(o=noun) for n in _entries(_naming()["item_ports"])]
        name = _unused(rng.sample(names, len(names)), taken)
        about = rng.choice([f"Number of the {operation.noun[0]}", f"Which {operation.noun[0]}", "Identifier", ""])
        if wanted.many:
            name, about = _unused([f"{name}s", "items", "options"], taken), f"The {operation.noun[1]} to work on"
        return _port(name, "string", about, many=wanted.many)
    names = _entries(_naming()["artifact_ports"][wanted.kind])
    name = _unused(rng.sample(names, len(names)), taken)
    about = rng.choice([*_entries(_naming()["artifact_about"][wanted.kind], ";"), ""])
    if position == 1:
        about = about and f"Second input: {about[:1].lower()}{about[1:]}"
    kind: Kind = "string" if wanted.kind == "text" and rng.random() < 0.15 else wanted.kind  # type: ignore[assignment]
    return _port(name, kind, about, many=wanted.many)


def _chosen(operation: Operation, rng: Random) -> list[tuple[str, bool]]:
    """The slots that a card has: those that are required, and some of the others."""
    required = [slot for slot, needed in operation.slots if needed]
    others = [slot for slot, needed in operation.slots if not needed]
    count = rng.choice([0, 1, 1, 2, 2, 3, 4, 5])
    kept = set(required) | set(rng.sample(others, min(count, len(others))))
    more_required = {  # a set is walked in another order in every process, so it is only asked, not walked
        slot for slot in others[:2] if slot in kept and slots()[slot].kind in _ASKED_KINDS and rng.random() < 0.4
    }
    return [(slot, slot in required or slot in more_required) for slot, _ in operation.slots if slot in kept]


def _slot_port(slot: Slot, required: bool, taken: set[str], rng: Random) -> SlotPort:
    kind, form, note, enum, default = _form(slot, rng)
    name = _unused(rng.sample(slot.ports, len(slot.ports)) if rng.random() < 0.7 else list(slot.ports), taken)
    about = "" if rng.random() < 0.08 else rng.choice(slot.about) + note
    more: dict[str, Any] = {"enum": enum}
    if not required and default is not None and rng.random() < 0.5:
        more["default"] = default
        about = f"{about} (default {default})" if rng.random() < 0.5 else about
    if not required and rng.random() < 0.2:
        about = f"{about}, optional" if about else "Optional"
    port = _port(name, kind, about, required, **more)
    unit_port = None
    if form == "number" and slot.kind == "measure":
        units = tuple(unit.split("=")[0] for unit in slot.generator.partition(":")[2].split(","))
        unit_name = _unused([f"{name}_unit", "unit", "units"], taken)
        unit_port = _port(unit_name, "string", f"Unit of the {name}", required, enum=units)
    return SlotPort(slot, port, form, unit_port)


def _form(slot: Slot, rng: Random) -> tuple[Kind, str, str, tuple[Any, ...], Any]:
    """Port kind, form of the value, note for the description, enumeration and default."""
    detail = slot.generator.partition(":")[2]
    exact = rng.random() < 0.5
    match slot.kind:
        case "date":
            return "string", *(("iso", " (YYYY-MM-DD)", (), None) if exact else ("text", "", (), None))
        case "time":
            return "string", *(("clock", " (HH:MM, 24 hours)", (), "09:00") if exact else ("text", "", (), None))
        case "int" | "year":
            return "integer", "number", "", (), int(detail.split(":")[0]) if detail and exact else None
        case "money":
            return "float" if exact else "integer", "number", "", (), None
        case "percent":
            if exact:
                return "float", "fraction", " as a fraction, 0.2 for 20 %", (), None
            return "float", "percent", ", in percent", (), None
        case "fraction":
            return "float", "number", "", (), 0.5
        case "duration":
            return ("integer", "minutes", " in minutes", (), None) if exact else ("string", "text", "", (), None)
        case "measure":
            if rng.random() < 0.35:
                return "float", "number", "", (), None
            unit = rng.choice([unit.split("=")[0] for unit in detail.split(",")])
            return "float", f"unit:{unit}", f" in {unit}", (), None
        case "enum":
            options = tuple(option.split("=")[0] for option in detail.split(";"))
            if rng.random() < 0.2:
                return "string", "enum", f": {', '.join(options)}", (), options[0]
            return "string", "enum", "", options, options[0] if exact else None
        case "bool":
            return "boolean", "boolean", "", (), False if exact else None
        case "list":
            return "array", "list", "", (), None
    return "string", "text", "", (), None


def _outputs(operation: Operation, rng: Random) -> tuple[tuple[Port, ...], str | None]:
    gives = operation.gives
    noun = operation.noun[0].replace(" ", "_").replace("-", "_")
    many = operation.noun[1].replace(" ", "_").replace("-", "_")
    summary = rng.choice(["summary", "text", "report", "message", "description"])
    if (noun and gives in ("json", "confirmation")) or operation.key.endswith("/recommend"):
        item = rng.choice([f"{noun}_id", f"{noun}_number", f"{'best' if gives == 'json' else 'new'}_{noun}"])
        ports = [_port(item, "string", f"Number of the {operation.noun[0]}")]
        if gives == "json" and rng.random() < 0.4:
            ports.append(_port(rng.choice([many, "results"]), "json"))
        ports.append(_port(summary, "text"))
        return tuple(ports if rng.random() < 0.7 else ports[::-1]), item
    if gives in ("json", "number", "integer", "float"):
        kind: Kind = "json" if gives == "json" else "integer" if gives == "integer" else "float"
        ports = [_port("value" if kind != "json" else "data", kind)]
        ports.append(_port(summary, "text"))
        return tuple(ports if rng.random() < 0.6 else ports[::-1]), None
    kind = _OUTPUT_KINDS.get(gives, gives)  # type: ignore[arg-type]
    names = (
        [gives, "result", "output", f"output_{kind}"]
        if gives != "confirmation"
        else ["confirmation", "receipt", "status"]
    )
    ports = [_port(rng.choice(names), kind)]
    if kind == "table" and rng.random() < 0.6:
        ports.append(_port(summary, "text"))
    return tuple(ports), None
