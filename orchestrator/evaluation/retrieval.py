"""Evaluation of retrieval: the user's passages and questions against the library's own search. Knows no answer."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestrator.errors import BadRequest
from orchestrator.evaluation.metrics import Estimate, estimate, ndcg, percentile, recall, reciprocal_rank
from orchestrator.library.library import Library
from orchestrator.types import Value


class RetrievalReport(Value):
    """How well the right passages are found; all but the latencies lie in [0, 1]."""

    num_passages: int
    num_questions: int
    embedding: str
    k: int
    hit_at_1: Estimate
    recall_at_5: Estimate
    recall_at_10: Estimate
    mrr_at_10: Estimate
    ndcg_at_10: Estimate
    latency_p50_s: Estimate
    latency_p95_s: Estimate


class Ranking(Value):
    """The passages found for one question, best first, as a row of the predictions file."""

    id: str
    documents: tuple[dict[str, Any], ...]
    seconds: float

    @property
    def ids(self) -> list[str]:
        return [str(document["id"]) for document in self.documents]


def evaluate_retrieval(
    passages: Path, questions: Path, *, predictions: Path | None = None, embedding: str = "embedded", k: int = 10
) -> RetrievalReport:
    """Search every question in a temporary library of the passages.

    Args:
        passages: JSON lines of {"id", "title", "text"}.
        questions: JSON lines of {"id", "question", "document" or "relevant": {id: grade}}.
        predictions: where the rankings are written, as JSON lines.
        k: documents in a ranking, 10 to 50; fewer than 10 would cut the measures short.
    Raises:
        BadRequest: a file that is missing or has a line that does not fit; names the line.
    """
    if not 10 <= k <= 50:
        raise BadRequest("k", k, "10 to 50")
    documents = {str(row["id"]): row for row in read_rows(passages, ("id", "text"))}
    asked = list(read_rows(questions, ("id", "question")))
    wanted = [relevant_of(row, questions) for row in asked]
    for path, rows in ((passages, documents), (questions, asked)):
        if not rows:
            raise BadRequest("file", str(path), "a file with a line or more")
    rankings: list[Ranking] = []
    with tempfile.TemporaryDirectory(prefix="baton-eval-") as home, Library(Path(home), embedding=embedding) as library:
        texts = ((id, str(row.get("title", "")), str(row["text"])) for id, row in documents.items())
        added = library.add_texts(text for text in texts if text[2].strip())
        library.search(str(asked[0]["question"]), k)  # the first search loads the encoder or the segmenter
        names = {document.id: document.uri for document in added}
        for row in asked:
            rankings.append(_ranked(library, names, str(row["id"]), str(row["question"]), k))
    if predictions is not None:
        write_rows(predictions, (ranking.model_dump() for ranking in rankings))
    pairs = [(ranking.ids, relevant) for ranking, relevant in zip(rankings, wanted, strict=True)]
    seconds = [ranking.seconds for ranking in rankings]
    return RetrievalReport(
        num_passages=len(documents),
        num_questions=len(asked),
        embedding=embedding,
        k=k,
        hit_at_1=estimate([reciprocal_rank(ids, relevant, 1) for ids, relevant in pairs]),
        recall_at_5=estimate([recall(ids, relevant, 5) for ids, relevant in pairs]),
        recall_at_10=estimate([recall(ids, relevant, 10) for ids, relevant in pairs]),
        mrr_at_10=estimate([reciprocal_rank(ids, relevant, 10) for ids, relevant in pairs]),
        ndcg_at_10=estimate([ndcg(ids, relevant, 10) for ids, relevant in pairs]),
        latency_p50_s=percentile(seconds, 50),
        latency_p95_s=percentile(seconds, 95),
    )


def _ranked(library: Library, names: Mapping[str, str], id: str, question: str, k: int) -> Ranking:
    """The best passage of each of the k best documents, in the passages' own ids."""
    started = time.perf_counter()
    found = library.search(question, min(5 * k, 100))  # a long passage can stand several times, as several chunks
    seconds = time.perf_counter() - started
    best: dict[str, dict[str, Any]] = {}
    for passage in found:
        name = names[passage.document]
        best.setdefault(name, {"id": name, "score": passage.score, "start": passage.start, "end": passage.end})
    return Ranking(id=id, documents=tuple(list(best.values())[:k]), seconds=seconds)


def relevant_of(row: Mapping[str, Any], path: Path) -> dict[str, float]:
    """The grades of a question's right passages."""
    relevant = row.get("relevant") or ({row["document"]: 1} if row.get("document") else None)
    if not isinstance(relevant, Mapping):
        raise BadRequest(str(path), row.get("id"), 'a question with "document" or "relevant": {id: grade}')
    return {str(id): float(grade) for id, grade in relevant.items()}


def read_rows(path: Path, keys: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The rows of a JSON-lines file; every row has the keys, others are kept.

    Raises:
        BadRequest: no such file, or a line that does not fit; names the line.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest("file", str(path), f"a readable JSON-lines file ({error})") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise BadRequest(f"{path}:{number}", line[:80], f"one JSON object a line ({error})") from error
        missing = [key for key in keys if not isinstance(row, dict) or key not in row]
        if missing:
            raise BadRequest(f"{path}:{number}", line[:80], f"an object with {', '.join(keys)}")
        yield row


def write_rows(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    """Write a JSON-lines file, whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    draft.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    draft.replace(path)
