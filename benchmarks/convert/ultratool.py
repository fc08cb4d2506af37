"""UltraTool as GNN4TaskPlan reworked it: requests with chains of two tasks and more. Knows no other set.

Huang et al., Planning, Creation, Usage: Benchmarking LLMs for Comprehensive Tool Utilization in Real-World Complex
Scenarios, ACL 2024 (Findings); Wu et al., Can Graph Learning Improve Planning in LLM-based Agents?, NeurIPS 2024.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.convert import raw
from benchmarks.convert.rows import Conversion, call, card, case, port
from benchmarks.convert.task_graph import task_graphs, tool_rows


def convert(source: Path) -> Conversion:
    """`cards.jsonl` and `cases.jsonl`; requests for tasks without a description are left out.

    Args:
        source: the folder `data/ultratool` of the repository.
    Raises:
        BadRequest: a file is missing or has another shape.
    """
    cards = [
        card(
            raw.field(row, "id", str, place),
            raw.field(row, "desc", str, place),
            [port("input", "text")],
            [port("output", "text")],
        )
        for place, row in tool_rows(raw.existing(source, "tool_desc.json"))
    ]
    known = {row["name"] for row in cards}
    cases, num_left_out = [], 0
    for graph in task_graphs(raw.existing(source, "data.json")):
        if graph.names <= known:
            nodes = [call(name) for name, _ in graph.tasks]
            cases.append(case(f"ultra-{graph.id}", graph.request.strip(), nodes, graph.link_rows))
        else:
            num_left_out += 1
    return Conversion({"cards.jsonl": cards, "cases.jsonl": cases}, num_left_out)
