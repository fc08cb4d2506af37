"""A request with a graph of tasks, as TaskBench writes it; GNN4TaskPlan writes the same. Knows no card.

A row of `data.json` has `id`, `user_request`, `task_nodes` ({"task", "arguments"?}) and `task_links` ({"source",
"target"}). The copy of TaskBench on the Hugging Face Hub calls them `instruction`, `tool_nodes` and `tool_links`, and
some of its exports hold the lists as JSON texts: both are read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.convert import raw
from benchmarks.convert.rows import Row, link


@dataclass(frozen=True)
class TaskGraph:
    """One row: tasks in order, each with its raw arguments, and what feeds what."""

    id: str
    request: str
    shape: str | None
    tasks: tuple[tuple[str, tuple[Any, ...]], ...]
    links: tuple[tuple[str, str], ...]

    @property
    def names(self) -> set[str]:
        """Every task that the graph names."""
        return {name for name, _ in self.tasks} | {end for ends in self.links for end in ends}

    @property
    def link_rows(self) -> list[Row]:
        """The links as rows of a case."""
        return [link(*ends) for ends in self.links]


def task_graphs(path: Path) -> Iterator[TaskGraph]:
    """The rows of a `data.json`.

    Raises:
        BadRequest: not readable, or a row of another shape; names it.
    """
    for place, row in raw.lines(path, "id"):
        nodes = _listed(row, ("task_nodes", "tool_nodes"), place)
        links = _listed(row, ("task_links", "tool_links"), place)
        yield TaskGraph(
            id=str(row["id"]),
            request=raw.field(row, "user_request" if "user_request" in row else "instruction", str, place),
            shape=row.get("type"),
            tasks=tuple((raw.field(node, "task", str, place), _arguments(node)) for node in nodes),
            links=tuple(
                (raw.field(ends, "source", str, place), raw.field(ends, "target", str, place)) for ends in links
            ),
        )


def tool_rows(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """The entries of a `tool_desc.json`, each with its place for messages.

    Raises:
        BadRequest: not readable, or of another shape.
    """
    nodes = raw.field(raw.document(path), "nodes", list, path.name)
    places = [f"{path.name} node {number}" for number in range(len(nodes))]
    return [(place, raw.typed(node, dict, place)) for place, node in zip(places, nodes, strict=True)]


def _listed(row: dict[str, Any], keys: tuple[str, str], place: str) -> list[Any]:
    key = next((key for key in keys if key in row), keys[0])
    value = row.get(key)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise raw.BadRequest(f"{place}, field {key}", value, f"a list as JSON ({error})", raw.REMEDY) from error
    return raw.typed(value, list, f"{place}, field {key}")


def _arguments(node: dict[str, Any]) -> tuple[Any, ...]:
    arguments = node.get("arguments", ())
    return tuple(arguments) if isinstance(arguments, list) else ()
