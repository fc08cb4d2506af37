"""ExtractiveComposer: an answer without a language model; experts' findings and the sources' own sentences, cited.

Knows no model. What the library does not hold is said, not filled in.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping

from orchestrator.composer.composer import Emit
from orchestrator.composer.draft import AnswerDraft
from orchestrator.composer.findings import PASSAGES, Failure, Findings, Lookup, Statement, gather, source_citation
from orchestrator.composer.phrasing import phrases
from orchestrator.embedding import Encoder
from orchestrator.language import language_of
from orchestrator.types import Answer, ExpertCard, Language, Plan, Request, StepResult

_MARKUP = re.compile(r"^\s*(?:[-*•>]+\s+|#+\s+|\d+[.)]\s+)|\*\*|__|`")


class ExtractiveComposer:
    """Weaves findings into complete sentences."""

    def __init__(self, card: Callable[[str], ExpertCard], load_encoder: Callable[[], Encoder]) -> None:
        self._card = card
        self._load_encoder = load_encoder

    async def compose(
        self, request: Request, plan: Plan, results: Mapping[str, StepResult], emit: Emit | None = None
    ) -> Answer:
        findings = await asyncio.to_thread(self.gather, request, plan, results)
        return answer_from(findings, request, plan, results, emit)

    def gather(self, request: Request, plan: Plan, results: Mapping[str, StepResult]) -> Findings:
        """What the run brought to light."""
        return gather(request, plan, results, self._card, self._load_encoder)


def answer_from(
    findings: Findings, request: Request, plan: Plan, results: Mapping[str, StepResult], emit: Emit | None = None
) -> Answer:
    """The findings as an answer."""
    language = language_of(request.text)
    draft = AnswerDraft(language, emit)
    for part in findings.parts:
        match part:
            case Statement():
                draft.say(part.text, part.citation)
            case Lookup() if part.evidence:
                for evidence in part.evidence:
                    text = readable(evidence.text, evidence.passage.title, language)
                    draft.say(text, source_citation(evidence), origin="source")
            case Lookup():
                draft.say(unanswered(part, language), support=0.0)
            case Failure():
                draft.say(failed(part, language), part.citation, support=0.0)
    answered = [lookup for lookup in findings.lookups if lookup.evidence]
    confidence = _confidence(findings, plan, results)
    failures = [failure for failure in findings.failures if not failure.is_skipped]
    has_content = bool(answered or _asked_for(findings, plan))
    if has_content:
        is_whole = not failures and len(answered) == len(findings.lookups)
        status = "answered" if is_whole else "partial"
        return draft.finish(status, results, confidence=confidence, artifacts=findings.artifacts)  # type: ignore[arg-type]
    if failures:
        return draft.finish("failed", results, confidence=0.0, artifacts=findings.artifacts, error=failures[0].error)
    return draft.finish("abstained", results, confidence=confidence, artifacts=findings.artifacts)


def _asked_for(findings: Findings, plan: Plan) -> bool:
    """Whether an expert that the person asked for found something; reading a label for a lookup alone is no answer."""
    asked = {step.id for step in plan.steps if step.asked}
    return any(statement.is_answer and statement.citation.step in asked for statement in findings.statements)


def unanswered(lookup: Lookup, language: Language) -> str:
    """The sentence that says that nothing in the library answers."""
    key = "empty_library" if lookup.empty_library else "unsupported"
    return str(phrases()[language][key]).format(question=lookup.question.strip(" ?？。."))


def failed(failure: Failure, language: Language) -> str:
    """The sentence that says what an expert could not do, and the remedy."""
    template = phrases()[language]["skipped" if failure.is_skipped else "failed"]
    name = failure.expert[:1].upper() + failure.expert[1:]
    message = failure.error.message.rstrip(".")
    return str(template).format(expert=name, message=message, remedy=failure.error.remedy)


def readable(quote: str, title: str, language: Language) -> str:
    """A quote as a sentence of the answer: without markup, whole, introduced by its source where it is a fragment."""
    text = _MARKUP.sub("", re.sub(r"\s+", " ", quote)).strip()
    if not re.search(r"[.!?。！？”\"]$", text):
        template = phrases()[language]["according"]
        text = str(template).format(title=title, quote=text) + ("。" if language == "zh" else ".")
    return text


def _confidence(findings: Findings, plan: Plan, results: Mapping[str, StepResult]) -> float:
    """The least of the plan's, the experts' and the evidence's confidence."""
    # A search's own confidence is that of its best passage; the evidence's, which counts, is that of its best sentence.
    known = [r.confidence for r in results.values() if r.confidence is not None and PASSAGES not in r.outputs]
    scores = [lookup.best_score for lookup in findings.lookups]
    return min([plan.confidence, *known, *scores])
