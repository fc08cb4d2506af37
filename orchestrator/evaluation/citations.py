"""Evaluation of cited answers: the user's passages and questions through library and composer. Knows no controller."""

from __future__ import annotations

import asyncio
import functools
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from orchestrator.artifact import Json
from orchestrator.composer.extractive import ExtractiveComposer
from orchestrator.composer.findings import PASSAGES
from orchestrator.embedding import encoder
from orchestrator.errors import BadRequest
from orchestrator.evaluation.metrics import Estimate, estimate, percentile
from orchestrator.evaluation.retrieval import read_rows, relevant_of, write_rows
from orchestrator.library.library import Library
from orchestrator.library.search_expert import LibrarySearch
from orchestrator.types import Answer, Plan, Request, SourceCitation, Span, Step, StepResult, Value


class CitationsReport(Value):
    """How well answers rest on their citations; all but the latencies lie in [0, 1]; nan without a case."""

    num_passages: int
    num_questions: int
    withheld: bool
    answered: Estimate
    refused: Estimate
    exact_citations: Estimate
    right_passage: Estimate
    citation_holds_answer: Estimate
    text_holds_answer: Estimate
    latency_p50_s: Estimate
    latency_p95_s: Estimate


class CitedAnswer(Value):
    """One answer, as a row of the predictions file."""

    id: str
    status: str
    answer: str
    citations: tuple[dict[str, Any], ...]
    seconds: float


def evaluate_citations(
    passages: Path,
    questions: Path,
    *,
    withhold: bool = False,
    predictions: Path | None = None,
    embedding: str = "embedded",
    progress: Callable[[str], None] = lambda note: None,
) -> CitationsReport:
    """Answer every question from a temporary library of the passages.

    Args:
        passages: JSON lines of {"id", "title", "text"}.
        questions: JSON lines of {"id", "question", "document" or "relevant", "answers"?: [{"text"}]}.
        withhold: hide each question's own passages while it is asked, so that refusing is right.
        predictions: where the answers are written, as JSON lines.
        embedding: "embedded" or a sentence-transformers id.
        progress: called with a line now and then.
    Raises:
        BadRequest: a file that is missing or has a line that does not fit; names the line.
    """
    documents = {str(row["id"]): row for row in read_rows(passages, ("id", "text"))}
    asked = list(read_rows(questions, ("id", "question")))
    if not documents or not asked:
        raise BadRequest("file", str(passages if not documents else questions), "a file with a line or more")
    answers: list[CitedAnswer] = []
    exact: list[float] = []
    with tempfile.TemporaryDirectory(prefix="baton-eval-") as home, Library(Path(home), embedding=embedding) as library:
        added = library.add_texts((i, str(r.get("title", "")), str(r["text"])) for i, r in documents.items())
        names = {document.id: document.uri for document in added}
        ids = {uri: id for id, uri in names.items()}
        ask = _asker(library, embedding)
        ask(str(asked[0]["question"]), frozenset())  # the first question loads the encoder
        for number, row in enumerate(asked):
            hidden = frozenset(ids[i] for i in relevant_of(row, questions) if i in ids) if withhold else frozenset()
            started = time.perf_counter()
            answer = ask(str(row["question"]), hidden)
            answers.append(_row(str(row["id"]), answer, names, time.perf_counter() - started))
            sources = [c for c in answer.citations if isinstance(c, SourceCitation)]
            exact.extend(float(library.verify(citation)) for citation in sources)
            if (number + 1) % 200 == 0:
                progress(f"{number + 1} of {len(asked)} questions")
    if predictions is not None:
        write_rows(predictions, (answer.model_dump() for answer in answers))
    return _report(len(documents), withhold, answers, asked, [relevant_of(r, questions) for r in asked], exact)


def _asker(library: Library, embedding: str) -> Callable[[str, frozenset[str]], Answer]:
    """Answers one question from the library, through the same expert and composer as a request."""
    expert = LibrarySearch(library)
    composer = ExtractiveComposer(lambda name: expert.card, functools.partial(encoder, embedding))

    def ask(question: str, hidden: frozenset[str]) -> Answer:
        request = Request(text=question)
        step = Step(id="s1", expert=expert.card.name, inputs={"query": Span(start=0, end=len(question))})
        plan = Plan(status="planned", steps=(step,))
        found = library.search(question, without=hidden)
        passages = Json([passage.model_dump(mode="json") for passage in found])
        result = StepResult(step="s1", expert=expert.card.name, status="done", outputs={PASSAGES: passages})
        return asyncio.run(composer.compose(request, plan, {"s1": result}))

    return ask


def _row(id: str, answer: Answer, names: Mapping[str, str], seconds: float) -> CitedAnswer:
    sources = [c for c in answer.citations if isinstance(c, SourceCitation)]
    citations = tuple(
        {"document": names[c.document], "start": c.start, "end": c.end, "quote": c.quote} for c in sources
    )
    return CitedAnswer(id=id, status=answer.status, answer=answer.text, citations=citations, seconds=seconds)


def _report(
    num_passages: int,
    withheld: bool,
    answers: list[CitedAnswer],
    asked: list[dict[str, Any]],
    relevant: list[dict[str, float]],
    exact: list[float],
) -> CitationsReport:
    is_answered = [answer.status in ("answered", "partial") for answer in answers]
    right, cited, said = [], [], []
    for answer, row, wanted, given in zip(answers, asked, relevant, is_answered, strict=True):
        if not given:
            continue
        golds = [str(gold["text"] if isinstance(gold, Mapping) else gold) for gold in row.get("answers") or ()]
        own = [c for c in answer.citations if wanted.get(c["document"], 0) > 0]
        right.append(float(bool(own)))
        if golds:
            cited.append(float(any(gold in c["quote"] for c in own for gold in golds)))
            said.append(float(any(gold.lower() in answer.answer.lower() for gold in golds)))
    seconds = [answer.seconds for answer in answers]
    return CitationsReport(
        num_passages=num_passages,
        num_questions=len(answers),
        withheld=withheld,
        answered=estimate([float(value) for value in is_answered]),
        refused=estimate([float(not value) for value in is_answered]),
        exact_citations=estimate(exact),
        right_passage=estimate(right),
        citation_holds_answer=estimate(cited),
        text_holds_answer=estimate(said),
        latency_p50_s=percentile(seconds, 50),
        latency_p95_s=percentile(seconds, 95),
    )
