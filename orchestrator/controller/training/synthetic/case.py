"""A synthetic request with the plan that is right for it; frozen. Does not know how requests are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from orchestrator.types import ExpertCard, Language

ArgumentSource = Literal["span", "value", "output", "attachment", "collection"]


@dataclass(frozen=True, slots=True)
class Argument:
    """Where an input comes from. An optional input that the request leaves out has no argument.

    `span`: the request's text[start:end], which is `value`. `value`: a normalised value whose evidence is
    text[start:end]. `output`: port `port` of node `node`. `attachment`: file number `index`; start and end where the
    request names it, else None. `collection`: `items`, in order. Offsets are half-open, in code points.
    """

    source: ArgumentSource
    value: Any = None
    start: int | None = None
    end: int | None = None
    node: int | None = None
    port: str | None = None
    index: int | None = None
    items: tuple[Argument, ...] = ()

    @property
    def outputs(self) -> tuple[Argument, ...]:
        """The references to other nodes' outputs in it."""
        found = (self,) if self.source == "output" else ()
        return found + tuple(output for item in self.items for output in item.outputs)


@dataclass(frozen=True, slots=True)
class SyntheticNode:
    """One run of an expert, or one for each item of the input `each`."""

    expert: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    each: str | None = None
    after: tuple[int, ...] = ()  # nodes that only have to come first


@dataclass(frozen=True, slots=True)
class SyntheticCase:
    """A request, the cards to choose from, and the right plan: nodes in execution order.

    `links` holds (source, target) indices of nodes: references and `after`. `missing` is the input port of the last
    node with a gap that nothing in the request fills. Cases of one graph in two languages have the same `twin_of`.
    """

    id: str
    request: str
    language: Language
    files: tuple[str, ...]
    cards: tuple[ExpertCard, ...]
    nodes: tuple[SyntheticNode, ...]
    links: tuple[tuple[int, int], ...]
    status: Literal["planned", "needs_input", "abstained"]
    missing: str | None = None
    twin_of: str = ""
    domains: tuple[str, ...] = ()
    phenomena: tuple[str, ...] = ()  # what the wording does: "nested", "reversed", "distraction", ...
