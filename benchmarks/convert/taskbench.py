"""TaskBench's sets of typed tasks: graphs over image, audio, video and text. Knows no other set.

Shen et al., TaskBench: Benchmarking Large Language Models for Task Automation, NeurIPS 2024. A tool has `id`, `desc`,
`input-type` and `output-type`. The set of daily-life APIs has parameters in their place and is not read here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from benchmarks.convert import raw
from benchmarks.convert.rows import Conversion, Row, call, card, case, port
from benchmarks.convert.task_graph import TaskGraph, task_graphs, tool_rows
from orchestrator.artifact import ArtifactKind, kind_of


def convert(source: Path) -> Conversion:
    """`cards.jsonl` and `cases.jsonl`; requests for tasks without a description are left out.

    Args:
        source: the folder `data_huggingface` or `data_multimedia`.
    Raises:
        BadRequest: a file is missing or has another shape, or the tools are not typed.
    """
    described = tool_rows(raw.existing(source, "tool_desc.json"))
    cards = {made["name"]: made for made in (tool_card(place, row) for place, row in described)}
    cases, num_left_out = [], 0
    for graph in task_graphs(raw.existing(source, "data.json")):
        named = known_by(graph, cards)
        if named is None:
            num_left_out += 1
            continue
        nodes = [call(name, literals(cards[name], arguments)) for name, arguments in named.tasks]
        more = {} if graph.shape is None else {"group": graph.shape}
        cases.append(case(f"taskbench-{graph.id}", graph.request, nodes, named.link_rows, **more))
    return Conversion({"cards.jsonl": list(cards.values()), "cases.jsonl": cases}, num_left_out)


def tool_card(place: str, row: Mapping[str, Any]) -> Row:
    """The card of a tool, a port for each type that it takes or gives."""
    inputs, outputs = (
        ports(raw.texts(raw.field(row, key, list, place), place), place) for key in ("input-type", "output-type")
    )
    return card(raw.field(row, "id", str, place), raw.field(row, "desc", str, place), inputs, outputs)


def ports(kinds: list[str], place: str) -> list[Row]:
    """Ports called after their kinds; a second one of a kind is called `text_2`.

    Raises:
        BadRequest: a type that is no artifact kind.
    """
    made, seen = [], Counter[str]()
    for kind in kinds:
        if kind not in get_args(ArtifactKind):
            raise raw.BadRequest(place, kind, f"one of {', '.join(get_args(ArtifactKind))}", raw.REMEDY)
        seen[kind] += 1
        made.append(port(kind if seen[kind] == 1 else f"{kind}_{seen[kind]}", kind))
    return made


def known_by(graph: TaskGraph, cards: Mapping[str, Row]) -> TaskGraph | None:
    """The graph in the cards' spelling, or None where a task has no card.

    The rows were published with spaces in all names; a card may have kept its underscores.
    """
    spelt = {name.replace("_", " "): name for name in cards}
    found = {name: spelt.get(name.replace("_", " ")) for name in graph.names}
    if None in found.values():
        return None
    known = {name: str(as_card) for name, as_card in found.items()}
    return TaskGraph(
        graph.id,
        graph.request,
        graph.shape,
        tuple((known[name], arguments) for name, arguments in graph.tasks),
        tuple((known[source], known[target]) for source, target in graph.links),
    )


def literals(row: Row, arguments: tuple[Any, ...]) -> dict[str, str]:
    """The arguments that stand in the request, each on the first free port of its kind.

    Outputs of other tasks (`<node-1>`) are what the links say. A text that is no file's name goes to a text port.
    """
    free = {kind: [p["name"] for p in row["inputs"] if p["kind"] == kind] for kind in get_args(ArtifactKind)}
    placed: dict[str, str] = {}
    for argument in arguments:
        if isinstance(argument, str) and "<node-" not in argument:
            kind = kind_of(argument)
            if kind == "file":
                kind = "text"
            if free[kind]:
                placed[free[kind].pop(0)] = argument
    return placed
