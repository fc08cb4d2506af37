"""From a graph and the marks of its request to the nodes of the right plan. Knows no other card."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from orchestrator.controller.training.synthetic import graphs
from orchestrator.controller.training.synthetic.case import Argument, SyntheticNode
from orchestrator.controller.training.synthetic.graphs import Graph, Source, Step
from orchestrator.controller.training.synthetic.values import Spoken
from orchestrator.types import Language

Spans = Mapping[Hashable, tuple[int, int]]


def node_of(graph: Graph, position: int, request: str, spans: Spans, language: Language) -> SyntheticNode:
    step = graph.steps[position]
    expert = step.expert
    arguments: dict[str, Argument] = {}
    each = expert.input_ports[0] if step.each else None
    if expert.opaque:
        arguments[expert.input_ports[0]] = _opaque_argument(graph, position, request, spans)
        return SyntheticNode(expert.card.name, arguments, each, step.after)
    for number, source in enumerate(step.inputs):
        argument = _input_argument(graph, position, number, source, request, spans)
        if argument is not None:
            arguments[expert.input_ports[number]] = argument
    for name, value in step.slots.items():
        use = expert.slot_ports.get(name)
        said_by = position if ("arg", position, name) in spans else 0 if graph.parallel_slot else None
        if use is None or said_by is None or ("arg", said_by, name) not in spans:
            continue
        start, end = spans["arg", said_by, name]
        arguments[use.port.name] = _slot_argument(value, use.form, request, start, end, language)
        if use.unit_port is not None:
            start, end = spans["unit", said_by, name]
            arguments[use.unit_port.name] = Argument("value", value.unit, start, end)
    return SyntheticNode(expert.card.name, arguments, each, step.after)


def _slot_argument(value: Spoken, form: str, request: str, start: int, end: int, language: Language) -> Argument:
    if value.value is None or form == "text":
        return Argument("span", request[start:end], start, end)
    normalised: Any = value.value
    if form == "list" and isinstance(normalised, tuple):
        normalised = _items(request[start:end], normalised, language)
    return Argument("value", normalised, start, end)


def _items(text: str, both: tuple[list[str], list[str]], language: Language) -> list[str]:
    """The items as they stand in the text, which may be in lower case."""
    items = both[0] if language == "en" else both[1]
    return items if all(item in text for item in items) else [item.lower() for item in items]


def _input_argument(
    graph: Graph, position: int, number: int, source: Source, request: str, spans: Spans
) -> Argument | None:
    step = graph.steps[position]
    match source.kind:
        case "step":
            return _output(graph, source.steps[0], step, number)
        case "steps":
            return Argument("collection", items=tuple(_output(graph, i, step, number) for i in source.steps))
        case "file":
            return _attachment(source.files[0], spans)
        case "files":
            return Argument("collection", items=tuple(_attachment(i, spans) for i in source.files))
        case "named":
            start, end = spans["file", position, number]
            return Argument("span", request[start:end], start, end)
        case "quote":
            start, end = spans["quote", position, number]
            return Argument("span", request[start:end], start, end)
        case "id":
            assert source.words is not None
            if not source.words.value:
                start, end = spans["item", position, number]
                return Argument("span", request[start:end], start, end)
            places = [spans["item", position, number, i] for i in range(len(source.words.value))]
            return Argument("collection", items=tuple(Argument("span", request[s:e], s, e) for s, e in places))
    return None


def _output(graph: Graph, producer: int, step: Step, number: int) -> Argument:
    return Argument("output", node=producer, port=graphs.feeding(graph, producer, step, number))


def _attachment(index: int, spans: Spans) -> Argument:
    start, end = spans.get(("file", index), (None, None))
    return Argument("attachment", index=index, start=start, end=end)


def _opaque_argument(graph: Graph, position: int, request: str, spans: Spans) -> Argument:
    """What a card with one port gets: outputs where the step reads any, else the words that ask for it."""
    step = graph.steps[position]
    outputs = [
        _output(graph, producer, step, number) for number, source in enumerate(step.inputs) for producer in source.steps
    ]
    if outputs:
        return outputs[0] if len(outputs) == 1 else Argument("collection", items=tuple(outputs))
    if step.each:
        return Argument("collection", items=tuple(_attachment(i, spans) for i in step.inputs[0].files))
    if graph.parallel_slot and ("arg", position, graph.parallel_slot) in spans:
        start, end = spans["arg", position, graph.parallel_slot]
    elif len(graph.steps) == 1:
        start, end = 0, len(request)
    else:
        start, end = spans.get(("clause", position)) or spans["clause", min(graph.consumers(position))]
    return Argument("span", request[start:end], start, end)


def links_of(nodes: Sequence[SyntheticNode]) -> tuple[tuple[int, int], ...]:
    found = []
    for target, node in enumerate(nodes):
        sources = {output.node for argument in node.arguments.values() for output in argument.outputs} | set(node.after)
        found += [(source, target) for source in sorted(s for s in sources if s is not None)]
    return tuple(found)
