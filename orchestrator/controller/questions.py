"""The one question that is asked where an input, or everything, is missing. Knows no plan in the making."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestrator.artifact import ARTIFACT_CLASSES
from orchestrator.controller.clauses import FileName, file_names_in
from orchestrator.controller.wording import wording
from orchestrator.errors import UnknownExpert
from orchestrator.language import language_of
from orchestrator.types import ExpertCard, Language, Plan, Port, Request, Span


@dataclass(frozen=True)
class Missing:
    """An input that nothing in the request feeds."""

    port: Port
    card: ExpertCard
    file: FileName | None = None  # where the text names a file that is not attached


def question_for(missing: Missing, language: Language) -> str:
    """One sentence that asks for the input."""
    questions, kinds = wording().questions[language], wording().kinds[language]
    if missing.file is not None:
        return questions["name_file"].format(file=missing.file.piece.text)
    if missing.port.kind == "text":
        return questions["text"]
    if missing.port.kind in kinds:
        return questions["attach"].format(kind=kinds[missing.port.kind])
    return questions["value"].format(what=missing.port.description or missing.port.name.replace("_", " "))


def plan_of_nothing(request: Request, cards: Sequence[ExpertCard], *, is_empty: bool) -> Plan | None:
    """The plan where nothing is said or nobody could do it, whatever plans otherwise; None where there is work.

    Args:
        request: files without words are asked about.
        cards: what there is to choose from.
        is_empty: whether the request says nothing.
    """
    questions = wording().questions[language_of(request.text)]
    if is_empty and request.artifacts:
        files = ", ".join(artifact.name or artifact.kind for artifact in request.artifacts)
        return Plan(status="needs_input", confidence=0.0, question=questions["no_text"].format(files=files))
    if is_empty or not cards:
        return Plan(status="abstained", confidence=0.0, question=questions["nothing_fits"])
    return None


def named_but_not_attached(plan: Plan, request: Request, card: Callable[[str], ExpertCard]) -> Missing | None:
    """The first input that a plan takes from a file which the text only names; such a plan is right, but cannot run."""
    named = {(f.piece.start, f.piece.end): f for f in file_names_in(request.text)}
    for step in plan.steps if named else ():
        try:
            own = card(step.expert)
        except UnknownExpert:  # removed since it was planned; its step will say so
            continue
        for port in own.inputs:
            binding = step.inputs.get(port.name)
            if isinstance(binding, Span) and port.kind in ARTIFACT_CLASSES:
                file = named.get((binding.start, binding.end))
                if file is not None:
                    return Missing(port, own, file)
    return None


def only_looks_up(plan: Plan, card: Callable[[str], ExpertCard]) -> bool:
    """Whether every step asks the library, so that the request may as well concern a file of an earlier turn."""
    try:
        return all(card(step.expert).task in wording().lookup_tasks for step in plan.steps)
    except UnknownExpert:  # removed since it was planned; its step will say so
        return False
