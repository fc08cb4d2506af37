"""Rows of the evaluation files: cards, ports, cases. Knows no set and reads no file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Conversion:
    """What a set became: rows by file name, and how many of its rows have no place in the format."""

    files: Mapping[str, Sequence[Row]]
    num_left_out: int = 0


def port(name: str, kind: str, description: str = "", *, required: bool = True) -> Row:
    """An input or output of a card."""
    return {"name": name, "kind": kind, "description": description, "required": required}


def card(
    name: str, description: str, inputs: Iterable[Row], outputs: Iterable[Row], examples: Iterable[str] = ()
) -> Row:
    """A card of the evaluation format."""
    return {
        "name": name,
        "description": description,
        "inputs": list(inputs),
        "outputs": list(outputs),
        "examples": list(examples),
    }


def text_card(name: str, description: str, examples: Iterable[str] = ()) -> Row:
    """The card of an expert of which the set says nothing but what it is for: a text in, a text out."""
    return card(name, description, [port("query", "text")], [port("result", "text")], examples)


def call(expert: str, arguments: Mapping[str, Any] | None = None) -> Row:
    """A node of the right plan. No arguments: the set does not say which are right."""
    return {"expert": expert, "arguments": dict(arguments or {})}


def link(source: str, target: str) -> Row:
    """One expert's output feeds another."""
    return {"source": source, "target": target}


def case(id: str, request: str, nodes: Iterable[Row], links: Iterable[Row] = (), **more: Any) -> Row:
    """A request with its right plan; `more` are keys that only this set has."""
    return {"id": id, **more, "request": request, "files": [], "nodes": list(nodes), "links": list(links)}
