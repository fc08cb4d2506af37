"""Evaluation of plans: the user's cards and cases against a controller. Runs no expert."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.artifact import kind_of, unread
from orchestrator.controller.controller import Controller
from orchestrator.errors import BadRequest
from orchestrator.evaluation.metrics import (
    Estimate,
    auroc,
    calibration_error,
    error_at_coverage,
    estimate,
    percentile,
    set_f1,
)
from orchestrator.evaluation.retrieval import read_rows, write_rows
from orchestrator.types import (
    Attachment,
    Binding,
    Candidate,
    Collection,
    ExpertCard,
    Literally,
    Output,
    Plan,
    Port,
    Request,
    Shortlist,
    Span,
    Value,
)


class PlansReport(Value):
    """How good the plans are; all but the latencies lie in [0, 1]; nan where the cases do not let one say."""

    controller: str
    num_cases: int
    node_f1: Estimate
    link_f1: Estimate
    exact_match: Estimate
    arguments_right: Estimate
    declined_auroc: Estimate
    confidence_auroc: Estimate
    error_at_90_coverage: Estimate
    calibration_error: Estimate
    latency_p50_s: Estimate
    latency_p95_s: Estimate


class PlannedCase(Value):
    """One prediction, as a row of the predictions file."""

    id: str
    status: str
    confidence: float
    seconds: float
    nodes: tuple[dict[str, Any], ...]
    links: tuple[dict[str, str], ...]


def evaluate_plans(
    cases: Path,
    *,
    cards: Path | None = None,
    controller: Controller,
    predictions: Path | None = None,
    progress: Callable[[str], None] = lambda note: None,
) -> PlansReport:
    """Plan every case and score the plans.

    Args:
        cases: JSON lines; see docs/evaluation.md for the format.
        cards: JSON lines; left out where every case brings its own.
        controller: plans.
        predictions: where the plans are written, as JSON lines.
        progress: called with a line now and then.
    Raises:
        BadRequest: a file that is missing or has a line that does not fit; names the line.
    """
    shared = tuple(card_of_row(row, cards) for row in read_rows(cards, ("name",))) if cards is not None else ()
    rows = list(read_rows(cases, ("id", "request", "nodes")))
    if not rows:
        raise BadRequest("file", str(cases), "a file with a line or more")
    return asyncio.run(_evaluated(rows, shared, cases, controller, predictions, progress))


async def _evaluated(
    rows: Sequence[Mapping[str, Any]],
    shared: tuple[ExpertCard, ...],
    path: Path,
    controller: Controller,
    predictions: Path | None,
    progress: Callable[[str], None],
) -> PlansReport:
    planned: list[PlannedCase] = []
    arguments: list[float] = []
    for number, row in enumerate(rows):
        own = tuple(card_of_row(card, path) for card in row["cards"]) if row.get("cards") is not None else shared
        if not own and row.get("cards") is None:
            raise BadRequest(str(path), row["id"], 'cases with "cards", or --cards')
        request = request_of_row(row)
        shortlist = Shortlist(candidates=tuple(Candidate(card=card, score=1.0) for card in own))
        if number == 0:
            await controller.plan(request, shortlist)  # the first call loads the encoder
        started = time.perf_counter()
        plan = await controller.plan(request, shortlist)
        case = as_case(str(row["id"]), plan, request, own, time.perf_counter() - started)
        planned.append(case)
        if any("arguments" in node or "accepts" in node for node in row["nodes"]):
            arguments.append(float(arguments_right(case.nodes, row["nodes"])))
        if (number + 1) % 500 == 0:
            progress(f"{number + 1} of {len(rows)} cases")
    if predictions is not None:
        write_rows(predictions, (case.model_dump() for case in planned))
    return _report(controller.name, planned, rows, arguments)


def _report(
    name: str, planned: Sequence[PlannedCase], rows: Sequence[Mapping[str, Any]], arguments: Sequence[float]
) -> PlansReport:
    import numpy

    nodes = [set_f1(experts_of(p.nodes), experts_of(row["nodes"])) for p, row in zip(planned, rows, strict=True)]
    links = [set_f1(pairs_of(p.links), pairs_of(row.get("links", ()))) for p, row in zip(planned, rows, strict=True)]
    exact = [is_exact(p, row) for p, row in zip(planned, rows, strict=True)]
    confidences = [p.confidence for p in planned]
    answerable = [float(bool(row["nodes"])) for row in rows]
    paired = numpy.column_stack([confidences, exact]).astype(numpy.float64)  # (N, 2)
    fitting = numpy.column_stack([confidences, answerable])  # (N, 2)
    seconds = [p.seconds for p in planned]

    return PlansReport(
        controller=name,
        num_cases=len(planned),
        node_f1=estimate(nodes),
        link_f1=estimate(links),
        exact_match=estimate([float(value) for value in exact]),
        arguments_right=estimate(arguments),
        declined_auroc=estimate(fitting, of_columns(auroc)),
        confidence_auroc=estimate(paired, of_columns(auroc)),
        error_at_90_coverage=estimate(paired, of_columns(error_at_coverage)),
        calibration_error=estimate(paired, of_columns(calibration_error)),
        latency_p50_s=percentile(seconds, 50),
        latency_p95_s=percentile(seconds, 95),
    )


def request_of_row(row: Mapping[str, Any]) -> Request:
    """The request of a case, with its attachments by name."""
    files = tuple(unread(kind_of(name), name) for name in row.get("files", ()))
    return Request(text=str(row["request"]), artifacts=files)


def of_columns(function: Callable[..., float]) -> Callable[[Any], float]:
    """A function of confidences and truths as a statistic of their two columns, for `estimate`."""
    return lambda table: function(table[:, 0], table[:, 1] > 0.5)


def card_of_row(row: Mapping[str, Any], path: Path | None) -> ExpertCard:
    """A card of the evaluation format; keys that are not known are ignored."""
    try:
        return ExpertCard.model_construct(
            name=str(row["name"]),
            description=str(row.get("description", "")),
            inputs=tuple(_port(port) for port in row.get("inputs", ())),
            outputs=tuple(_port(port) for port in row.get("outputs", ())),
            examples=tuple(map(str, row.get("examples", ()))),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadRequest(str(path), str(row)[:80], f"a card with name, inputs and outputs ({error})") from error


def _port(row: Mapping[str, Any]) -> Port:
    return Port(
        name=str(row["name"]),
        kind=row.get("kind", "any"),
        description=str(row.get("description", "")),
        required=bool(row.get("required", True)),
        enum=tuple(row.get("enum") or ()),
        default=row.get("default"),
    )


def as_case(id: str, plan: Plan, request: Request, cards: Sequence[ExpertCard], seconds: float) -> PlannedCase:
    """A plan in the words of the evaluation format."""
    by_name = {card.name: card for card in cards}
    expert_of = {step.id: step.expert for step in plan.steps}
    nodes = tuple(
        {
            "id": step.id,
            "expert": step.expert,
            "arguments": {
                name: _argument(binding, by_name[step.expert].input(name), request)
                for name, binding in step.inputs.items()
            },
            "confidence": step.confidence,
        }
        for step in plan.steps
    )
    links = tuple(
        {"source": expert_of[need], "target": step.expert} for step in plan.steps for need in sorted(step.needs)
    )
    return PlannedCase(id=id, status=plan.status, confidence=plan.confidence, seconds=seconds, nodes=nodes, links=links)


def _argument(binding: Binding, port: Port | None, request: Request) -> Any:
    match binding:
        case Literally():
            return binding.value
        case Span():
            text = request.text[binding.start : binding.end]
            if port is not None and port.kind in ("integer", "float"):
                with contextlib.suppress(ValueError):
                    return int(text) if port.kind == "integer" else float(text)
            return text
        case Attachment():
            return request.artifacts[binding.index].name
        case Output():
            return {"step": binding.step, "output": binding.port}
        case Collection():
            return [_argument(item, port, request) for item in binding.items]


def experts_of(nodes: Sequence[Mapping[str, Any]]) -> list[str]:
    """The experts of nodes, in order."""
    return [str(node["expert"]) for node in nodes]


def pairs_of(links: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Source and target of links, in order."""
    return [(str(link["source"]), str(link["target"])) for link in links]


def is_exact(planned: PlannedCase, row: Mapping[str, Any]) -> bool:
    """Whether experts and links are the same as multisets."""
    same_nodes = Counter(experts_of(planned.nodes)) == Counter(experts_of(row["nodes"]))
    return same_nodes and Counter(pairs_of(planned.links)) == Counter(pairs_of(row.get("links", ())))


def arguments_right(predicted: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]) -> bool:
    """Whether every wanted call is there with all its arguments right, and none besides."""
    left = list(predicted)
    for node in wanted:
        match = next((p for p in left if p["expert"] == node["expert"] and _fits(p["arguments"], node)), None)
        if match is None:
            return False
        left.remove(match)
    return not left


def _fits(arguments: Mapping[str, Any], node: Mapping[str, Any]) -> bool:
    if "accepts" in node:
        return accepts(arguments, node["accepts"])
    wanted = node.get("arguments", {})
    return all(name in arguments and same_value(arguments[name], value) for name, value in wanted.items())


def accepts(arguments: Mapping[str, Any], accepted: Mapping[str, Sequence[Any]]) -> bool:
    """Whether each argument is one of the accepted values; "" among them: it may be left out."""
    if any(name not in accepted for name in arguments):
        return False
    for name, values in accepted.items():
        if name not in arguments:
            if "" not in values:
                return False
        elif not any(_is_accepted(arguments[name], value) for value in values):
            return False
    return True


def _is_accepted(given: Any, wanted: Any) -> bool:
    """A dict among the accepted values lists alternatives for each of its keys."""
    if isinstance(wanted, Mapping) and isinstance(given, Mapping):
        return accepts(given, {k: v if isinstance(v, list) else [v] for k, v in wanted.items()})
    return same_value(given, wanted)


def same_value(given: Any, wanted: Any) -> bool:
    """Equality that forgives case, spaces and punctuation in strings, and 5 against 5.0."""
    if isinstance(given, str) and isinstance(wanted, str):
        return _plain(given) == _plain(wanted)
    if isinstance(given, (list, tuple)) and isinstance(wanted, (list, tuple)):
        return len(given) == len(wanted) and all(map(same_value, given, wanted))
    if isinstance(given, bool) or isinstance(wanted, bool):
        return given is wanted
    return bool(given == wanted)


def _plain(text: str) -> str:
    return "".join(character for character in text.lower() if character not in " ,./-_*^'\"")
