"""The plan language: a plan as short lines of text, written and read. Knows no model; docs/plan-language.md tells more.

    s1 = text_recognition(image=$1)
    s2 = library_search(query="max pressure", context=s1.text)
    s3 = summarize(text=s1.text, num_sentences=2) after s2

`$1` is an attachment, `$0` the whole text of the request, "..." words of it (or a literal where they do not stand in
it), '...' a literal in any case, `s1.text` an output, `?` a required input that only the person can give. A last line
`ask "..."` or `decline "..."` says that the person is asked, or that nothing fits.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from orchestrator.controller.plan_reading import STEP_ID, Reading, by_name
from orchestrator.controller.plan_tokens import Line, in_double_quotes, in_single_quotes, named
from orchestrator.controller.port_fit import place_of
from orchestrator.errors import BadRequest, UnknownExpert
from orchestrator.types import Attachment, Binding, Collection, ExpertCard, Literally, Output, Plan, Port, Request, Span

# -- writing -----------------------------------------------------------------------------------------------------------


def write(plan: Plan, request: Request, cards: Sequence[ExpertCard]) -> str:
    """The plan as text that `read` gives back whole, but for confidences, alternatives and reasons.

    Ids that the language cannot say are replaced by s1, s2, ...

    Raises:
        UnknownExpert: a step's expert has no card.
        BadRequest: a value that is no JSON, or a name that the language cannot say.
    """
    known = by_name(cards)
    ids = {step.id: step.id for step in plan.steps}
    if not all(STEP_ID.fullmatch(name) for name in ids):
        ids = {step.id: f"s{number}" for number, step in enumerate(plan.steps, start=1)}
    lines = []
    for step in plan.steps:
        if step.expert not in known:
            raise UnknownExpert(step.expert, list(known))
        card = known[step.expert]
        inputs = [
            f"{named(name)}={_binding_text(binding, card.input(name), request, ids)}"
            for name, binding in step.inputs.items()
        ]
        inputs += [f"{named(port.name)}=?" for port in card.inputs if port.required and port.name not in step.inputs]
        line = f"{ids[step.id]} = {named(step.expert)}({', '.join(inputs)})"
        line += f" each {named(step.each)}" if step.each is not None else ""
        line += f" after {', '.join(ids[name] for name in step.after)}" if step.after else ""
        lines.append(line if step.asked else f"{line} silent")
    if plan.status != "planned":
        word = "ask" if plan.status == "needs_input" else "decline"
        lines.append(word if plan.question is None else f"{word} {in_double_quotes(plan.question)}")
    return "".join(f"{line}\n" for line in lines)


def _binding_text(binding: Binding, port: Port | None, request: Request, ids: dict[str, str]) -> str:
    port = port or Port(name="?", kind="any")
    match binding:
        case Attachment():
            return f"${binding.index + 1}"
        case Output():
            return f"{ids[binding.step]}.{named(binding.port)}"
        case Span():
            return _span_text(binding, port, request)
        case Literally():
            return _literal_text(binding.value, port, request)
        case Collection():
            # A list of literals alone reads as one literal; the comma behind it says that it is a collection.
            closing = ",]" if all(isinstance(item, Literally) for item in binding.items) else "]"
            return "[" + ", ".join(_binding_text(item, port, request, ids) for item in binding.items) + closing


def _span_text(span: Span, port: Port, request: Request) -> str:
    text = request.text[span.start : span.end]
    if (span.start, span.end) == (0, len(request.text)):
        return "$0"
    if not text:
        return f"@{span.start}:{span.end}"
    quoted = in_double_quotes(text)
    return quoted if place_of(text, port, request) == span.start else f"{quoted}@{span.start}"


def _literal_text(value: Any, port: Port, request: Request) -> str:
    if isinstance(value, str):
        return in_double_quotes(value) if place_of(value, port, request) is None else in_single_quotes(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_literal_text(item, port, request) for item in value) + "]"
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BadRequest(port.name, value, "a JSON value") from error


# -- reading -----------------------------------------------------------------------------------------------------------


def read(text: str, request: Request, cards: Sequence[ExpertCard]) -> Plan:
    """The plan that a text stands for; steps may stand in any order.

    Raises:
        PlanSyntax: the text is no plan, or names an input, output, step or attachment that is not there.
        UnknownExpert: a step's expert has no card.
        KindMismatch: a value, attachment or output of a kind that the input does not take.
        PlanCycle: steps wait for one another.
    """
    reading = Reading(request, by_name(cards))
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            reading.add(Line(number, line))
    return reading.plan()
