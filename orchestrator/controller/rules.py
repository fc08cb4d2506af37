"""RuleController: plans by comparing the request's clauses with the cards. Knows no expert and no retrieved text.

Each clause takes the card that its words resemble most, among those that its attachments and the results so far can
feed; inputs are bound by kind and by reference. No step is invented: a clause that resembles no card is left out, and a
request without a fitting clause is declined.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

from orchestrator.artifact import ARTIFACT_CLASSES, Artifact
from orchestrator.controller.clauses import Clause, clauses_of, file_names_in
from orchestrator.controller.draft import Draft
from orchestrator.controller.questions import plan_of_nothing, question_for
from orchestrator.controller.wording import wording
from orchestrator.language import language_of
from orchestrator.registry.card_index import CardIndex
from orchestrator.types import Alternative, ExpertCard, Kind, Literally, Plan, Request, Shortlist, Span

_NUM_ALTERNATIVES = 3


class RuleController:
    """Plans by rules alone, without a trained weight."""

    name = "rules"

    def __init__(self, index: CardIndex) -> None:
        self._index = index

    async def plan(self, request: Request, shortlist: Shortlist) -> Plan:
        return await asyncio.to_thread(self.planned, request, shortlist.cards)

    def planned(self, request: Request, cards: Sequence[ExpertCard]) -> Plan:
        """The plan for a request over the cards."""
        clauses = clauses_of(request.text)
        if (of_nothing := plan_of_nothing(request, cards, is_empty=not clauses)) is not None:
            return of_nothing
        scores = self._index.scores([clause.instruction for clause in clauses], cards)  # (C, E)
        of_texts = scores  # differs, and is encoded, only where an attachment may have to be read
        if request.artifacts:
            of_texts = self._index.scores([clause.as_of_a_text for clause in clauses], cards)  # (C, E)
        draft = Draft(request, file_names_in(request.text), lambda kind: _reader(kind, cards))
        lookups = []
        best = 0.0
        for clause, row, of_text in zip(clauses, scores, of_texts, strict=True):
            ranked = _ranked(clause, cards, row.tolist(), of_text.tolist(), draft)
            best = max(best, ranked[0].score)
            chosen = _chosen(clause, ranked, cards, draft)
            if chosen is None or _is_repeated(chosen, clause, draft):
                continue
            card = next(card for card in cards if card.name == chosen.expert)
            others = tuple(a for a in ranked if a.expert != card.name)[:_NUM_ALTERNATIVES]
            step = draft.add(
                card,
                clause,
                confidence=_probability(chosen.score),
                alternatives=others,
                why=f"“{_short(clause.piece.text)}” resembles what {card.spoken_name} is for ({chosen.score:.2f})",
            )
            if card.task in wording().lookup_tasks:
                lookups.append(step)
        for step in lookups:
            draft.add_context(step)
        return _finished(draft, best, cards)


def _ranked(
    clause: Clause, cards: Sequence[ExpertCard], row: Sequence[float], of_text: Sequence[float], draft: Draft
) -> list[Alternative]:
    """The cards by their score for the clause, attachments taken into account, best first.

    Args:
        clause: to be served.
        cards: to choose from.
        row: each card's score for the clause.
        of_text: each card's score where the medium that the clause names is taken for its text.
        draft: the steps so far.
    """
    available = _available(clause, draft, cards)
    attached: set[Kind] = {artifact.kind for artifact in draft.request.artifacts}
    is_read = not clause.quotes and any(_reader(kind, cards) is not None for kind in attached)
    if is_read and attached <= {"image"}:  # most questions about a picture are about what it shows
        is_read = wording().lettering.search(clause.instruction) is not None
    verb = wording().telling_verb(clause.instruction)
    thresholds = wording().thresholds
    ranked = []
    for card, own, as_text in zip(cards, row, of_text, strict=True):
        wanted = [port.kind for port in card.inputs if port.required and port.kind in ARTIFACT_CLASSES]
        score = max(own, as_text) if is_read and "text" in wanted else own
        if card.task in wording().reading_tasks and not clause.is_question:
            score += thresholds["no_question"]
        if verb is not None and not _speaks_of(card, verb):
            score += thresholds["other_verb"]
        if any(kind not in available for kind in wanted):
            score += thresholds["lacks_input"]
        elif any(kind in attached or (kind == "text" and is_read) for kind in wanted):
            score += thresholds["has_input"]
        ranked.append(Alternative(expert=card.name, score=min(max(score, 0.0), 1.0)))
    return sorted(ranked, key=lambda alternative: -alternative.score)


def _speaks_of(card: ExpertCard, verb: str) -> bool:
    """Whether a card's words hold the verb, in any form."""
    stem = verb[: max(4, len(verb) - 2)] if verb.isascii() else verb
    return any(stem in text.lower() for text in (card.name, card.title, card.description, card.task, *card.examples))


def _available(clause: Clause, draft: Draft, cards: Sequence[ExpertCard]) -> set[Kind]:
    """The artifact kinds that can be had: attached, named, quoted, read from an attachment, made by an earlier step."""
    kinds: set[Kind] = {artifact.kind for artifact in draft.request.artifacts}
    kinds |= {name.kind for name in draft.file_names}
    if kinds:
        kinds.add("file")
    if clause.quotes or any(_reader(kind, cards) is not None for kind in kinds):
        kinds.add("text")
    by_name = {card.name: card for card in cards}
    kinds |= {port.kind for step in draft.steps for port in by_name[step.expert].outputs}
    return kinds


def _chosen(
    clause: Clause, ranked: Sequence[Alternative], cards: Sequence[ExpertCard], draft: Draft
) -> Alternative | None:
    """The card that serves the clause: the best one, the library or a reader for an open question, or none."""
    thresholds = wording().thresholds
    # With a document attached, questions are asked of it and not of the library.
    has_document = any(artifact.kind in ("text", "file") for artifact in draft.request.artifacts)
    tasks, other = wording().lookup_tasks, wording().reading_tasks
    if has_document:
        tasks, other = other, tasks
        ranked = [a for a in ranked if _task(a, cards) not in other] or ranked
    lookup = next((alternative for alternative in ranked if _task(alternative, cards) in tasks), None)
    best = ranked[0]
    if lookup is not None and (clause.is_question or clause.wants_lookup):
        floor = thresholds["accept_question"] if clause.is_question else thresholds["accept"]
        named = clause.wants_lookup and best.score < lookup.score + thresholds["lookup_margin"]
        if best.score < floor or named:
            return lookup.model_copy(update={"score": max(lookup.score, thresholds["accept"])})
    return best if best.score >= thresholds["accept"] else None


def _task(alternative: Alternative, cards: Sequence[ExpertCard]) -> str:
    return next(card.task for card in cards if card.name == alternative.expert)


def _is_repeated(chosen: Alternative, clause: Clause, draft: Draft) -> bool:
    """Whether the clause only goes on about the step before ("..., and also its colours") instead of asking anew."""
    same = [step for step in draft.steps if step.expert == chosen.expert and step.asked]
    return bool(same) and not clause.quotes and clause.ordinal is None and not _reads_clause(same[-1].inputs.values())


def _reads_clause(bindings: object) -> bool:
    return any(isinstance(binding, (Span, Literally)) for binding in bindings)  # type: ignore[attr-defined]


def _reader(kind: Kind, cards: Sequence[ExpertCard]) -> ExpertCard | None:
    """The card that reads a text from an artifact of the kind, alone."""
    for task in wording().reader_tasks.get(kind, ()):
        for card in cards:
            required = [port for port in card.inputs if port.required]
            gives_text = any(port.kind == "text" for port in card.outputs)
            if card.task == task and gives_text and len(required) == 1 and required[0].kind == kind:
                return card
    return None


def _finished(draft: Draft, best: float, cards: Sequence[ExpertCard]) -> Plan:
    language = language_of(draft.request.text)
    questions, kinds = wording().questions[language], wording().kinds[language]
    steps, missing = tuple(draft.steps), next(iter(draft.missing), None)
    untaken = _untaken(draft, cards)
    if untaken is not None or not steps:
        question = questions["nothing_fits"]
        if untaken is not None:
            question = questions["no_expert_for"].format(kind=kinds[untaken.kind], file=untaken.name)
        confidence = _probability(best) if untaken is None else 0.0
        return Plan(status="abstained", confidence=confidence, question=question, steps=steps)
    confidence = math.prod(step.confidence for step in steps)
    if missing is None:
        return Plan(status="planned", confidence=confidence, steps=steps)
    question = question_for(missing, language)
    return Plan(status="needs_input", confidence=confidence, question=question, steps=steps)


def _untaken(draft: Draft, cards: Sequence[ExpertCard]) -> Artifact | None:
    """An attachment of a kind that no card takes, where the plan has nothing else to work on."""
    taken = {port.kind for card in cards for port in card.inputs} | {"file"}
    artifacts = draft.request.artifacts
    tasks = {card.name: card.task for card in cards}
    is_served = not draft.missing and any(tasks[s.expert] not in wording().lookup_tasks for s in draft.steps)
    if not artifacts or is_served or any(artifact.kind in taken for artifact in artifacts):
        return None
    return artifacts[0]


def _short(text: str, length: int = 60) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _probability(score: float) -> float:
    thresholds = wording().thresholds
    return 1.0 / (1.0 + math.exp(-thresholds["steepness"] * (score - thresholds["midpoint"])))
