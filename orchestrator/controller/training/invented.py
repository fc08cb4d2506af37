"""Synthetic requests as planning cases. Knows the grammar's cases and nothing of how they are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.artifact import kind_of
from orchestrator.controller.training.cases import Call, Filled, PlanningCase
from orchestrator.controller.training.synthetic import Argument, SyntheticCase, SyntheticNode
from orchestrator.engine.bindings import is_compatible
from orchestrator.types import ExpertCard, Port


def invented_cases(cases: Iterable[SyntheticCase]) -> Iterator[PlanningCase]:
    """The cases as the planner's training takes them."""
    for case in cases:
        names = [card.name for card in case.cards]
        calls = tuple(
            Call(names.index(node.expert), _inputs(node, case.cards[names.index(node.expert)], case))
            for node in case.nodes
        )
        kinds = tuple(kind_of(file) for file in case.files)
        yield PlanningCase(case.id, case.request, case.cards, calls, kinds, f"synthetic/{case.language}", case.twin_of)


def twin_texts(cases: Iterable[SyntheticCase]) -> list[tuple[str, str]]:
    """English and Chinese requests of one graph, paired."""
    english: dict[str, str] = {}
    chinese: dict[str, str] = {}
    for case in cases:
        if case.twin_of:
            (english if case.language == "en" else chinese)[case.twin_of] = case.request
    return [(english[twin], chinese[twin]) for twin in english if twin in chinese]


def _inputs(node: SyntheticNode, card: ExpertCard, case: SyntheticCase) -> dict[str, Filled]:
    return {port.name: _filled(node.arguments.get(port.name), port, case) for port in card.inputs}


def _filled(argument: Argument | None, port: Port, case: SyntheticCase) -> Filled:
    if argument is None:
        is_asked = port.required and port.default is None and case.status == "needs_input" and port.name == case.missing
        return Filled(is_missing=True) if is_asked else Filled(is_omitted=not port.required or port.default is not None)
    if argument.source == "output":
        return Filled(steps=(argument.node,)) if argument.node is not None else Filled()
    if argument.source == "attachment":
        return Filled(attachment=argument.index)
    if argument.source == "collection":
        if all(item.source == "attachment" for item in argument.items):
            fitting = [i for i, file in enumerate(case.files) if is_compatible(kind_of(file), port.kind)]
            return Filled(all_files=True) if [item.index for item in argument.items] == fitting else Filled()
        if all(item.start is not None and item.end is not None for item in argument.items):
            return Filled(spans=tuple((item.start or 0, item.end or 0) for item in argument.items))
        nodes = tuple(dict.fromkeys(output.node for output in argument.outputs if output.node is not None))
        return Filled(steps=nodes)
    if port.kind == "boolean" and isinstance(argument.value, bool):
        return Filled(boolean=argument.value)
    if port.enum and argument.value in port.enum:
        return Filled(option=str(argument.value))
    if argument.start is not None and argument.end is not None:
        if port.kind == "array" and isinstance(argument.value, (list, tuple)):
            return Filled(spans=_items(case.request, argument))
        return Filled(spans=((argument.start, argument.end),))
    return Filled()


def _items(request: str, argument: Argument) -> tuple[tuple[int, int], ...]:
    """Offsets of a list's items inside the span that holds the list; none where one of them is said otherwise."""
    assert argument.start is not None
    assert argument.end is not None
    spans = []
    at = argument.start
    for item in argument.value:
        found = request.find(str(item), at, argument.end)
        if found < 0:
            return ()
        spans.append((found, found + len(str(item))))
        at = spans[-1][1]
    return tuple(spans)
