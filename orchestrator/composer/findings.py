"""Findings: all that a run brought to light, each with what it rests on. One path for every composer.

Knows results and passages; writes no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.artifact import Artifact
from orchestrator.composer.evidence import Evidence, answering, evidence_for
from orchestrator.composer.phrasing import statements
from orchestrator.embedding import Encoder
from orchestrator.engine.bindings import batch_of
from orchestrator.errors import UnknownExpert
from orchestrator.language import language_of
from orchestrator.types import (
    ErrorInfo,
    ExpertCard,
    ExpertCitation,
    Passage,
    Plan,
    Request,
    SourceCitation,
    StepResult,
)

_READING = "question-answering"  # an expert of this task that is not sure at all found no answer
LOOKUP = "document-retrieval"  # the task of experts whose passages are worded here
PASSAGES = "passages"  # the output port by which a lookup hands over what it found


@dataclass(frozen=True)
class Statement:
    """What an expert found, in a sentence."""

    text: str
    citation: ExpertCitation
    is_answer: bool = True  # False where it only says that nothing was found to answer with


@dataclass(frozen=True)
class Lookup:
    """A question that was looked up, and the sentences that answer it, best first; none where nothing does."""

    question: str
    evidence: tuple[Evidence, ...]
    best_score: float
    passages: tuple[Passage, ...] = ()
    empty_library: bool = False


@dataclass(frozen=True)
class Failure:
    """A step that gave nothing."""

    expert: str
    error: ErrorInfo
    is_skipped: bool
    citation: ExpertCitation


@dataclass
class Findings:
    """What there is to say, in the order of the plan, and the files that were made."""

    parts: list[Statement | Lookup | Failure] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)

    @property
    def statements(self) -> list[Statement]:
        return [part for part in self.parts if isinstance(part, Statement)]

    @property
    def lookups(self) -> list[Lookup]:
        return [part for part in self.parts if isinstance(part, Lookup)]

    @property
    def failures(self) -> list[Failure]:
        return [part for part in self.parts if isinstance(part, Failure)]


def gather(
    request: Request,
    plan: Plan,
    results: Mapping[str, StepResult],
    card: Callable[[str], ExpertCard],
    load_encoder: Callable[[], Encoder],
) -> Findings:
    """Everything that the run's results let one say."""
    findings = Findings()
    language = language_of(request.text)
    # What was read only for a lookup is shown with its answer; a document read only to be summarised is not.
    lookups = [step for step in plan.steps if _card_of(results[step.id], card).task == LOOKUP]
    shown = {need for step in lookups for need in step.needs}
    for step in plan.steps:
        result = results[step.id]
        expert = _card_of(result, card)
        citation = expert_citation(expert, result)
        if result.status != "done":
            assert result.error is not None
            if result.error.type == "EmptyLibrary":
                runs = batch_of(step, card(step.expert), request, results)
                findings.parts.extend(Lookup(_question(run, request), (), 0.0, empty_library=True) for run in runs)
            else:
                is_skipped = result.status == "skipped"
                findings.parts.append(Failure(expert.spoken_name, result.error, is_skipped, citation))
            continue
        if expert.task == LOOKUP:
            for number, run in enumerate(batch_of(step, card(step.expert), request, results)):
                findings.parts.append(_looked_up(result, number, run, request, load_encoder))
            continue
        inputs = batch_of(step, card(step.expert), request, results) if result.expert == step.expert else []
        said = statements(expert, result, inputs, language)
        if step.asked or (step.id in shown and sum(map(len, said)) <= 400):
            is_answer = not (expert.task == _READING and result.confidence == 0.0)
            findings.parts.extend(Statement(sentence, citation, is_answer) for sentence in said)
        findings.artifacts.extend(_media(result))
    return findings


def _card_of(result: StepResult, card: Callable[[str], ExpertCard]) -> ExpertCard:
    """The card of the expert that ran; one that holds its name alone where it is not registered any more."""
    try:
        return card(result.expert)
    except UnknownExpert:
        return ExpertCard.model_construct(name=result.expert)


def expert_citation(card: ExpertCard, result: StepResult) -> ExpertCitation:
    """The run of an expert as a citation."""
    items = {port: result.items(port) for port in result.outputs}
    texts = [str(item.value) for group in items.values() for item in group if isinstance(item.value, str)]
    return ExpertCitation(
        step=result.step,
        expert=result.expert,
        version=result.expert_version or card.version,
        quote=texts[0][:1000] if texts else "",
        outputs={port: group[0].sha256 for port, group in items.items() if group},
        confidence=result.confidence,
        licence=card.licence,
        author=card.author,
        model=card.model,
    )


def source_citation(evidence: Evidence) -> SourceCitation:
    """A sentence of a passage as an exact quote."""
    passage = evidence.passage
    return SourceCitation(
        document=passage.document,
        title=passage.title,
        uri=passage.uri,
        sha256=passage.sha256,
        start=evidence.start,
        end=evidence.end,
        page=passage.page,
        quote=evidence.text,
        licence=passage.licence,
        author=passage.author,
    )


def _looked_up(
    result: StepResult, number: int, inputs: Mapping[str, Any], request: Request, load_encoder: Callable[[], Encoder]
) -> Lookup:
    question = _question(inputs, request)
    context = getattr(inputs.get("context"), "text", "")
    passages = tuple(Passage.model_validate(item) for item in result.items(PASSAGES)[number].value or ())
    ranked = evidence_for(question, passages, load_encoder, context=context)
    best_score = ranked[0].score if ranked else 0.0
    return Lookup(question, tuple(answering(ranked, question)), best_score, passages)


def _question(inputs: Mapping[str, Any], request: Request) -> str:
    return str(inputs.get("query") or request.text).strip()


def _media(result: StepResult) -> list[Artifact]:
    """The pictures, recordings, tables and files that a step made."""
    shown = ("image", "audio", "video", "table", "file")
    return [item for port in result.outputs for item in result.items(port) if item.kind in shown]
