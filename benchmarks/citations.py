"""When an answer is given, does its citation hold the answer? And is the rest refused?

    python -m benchmarks.citations --data DIR      # DIR holds passages.LANG.jsonl and questions.LANG.jsonl

Made for XQuAD in the formats of docs/evaluation.md. The peer, in the same run, is what most systems do: cite the first
sentence of the best BM25 passage, always answering. The thresholds of the composer were chosen by hand before this was
run on the second half of the questions, which alone is reported. The last line is one JSON document.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.retrieval import bm25, dumped
from orchestrator.evaluation.citations import CitationsReport, evaluate_citations
from orchestrator.evaluation.metrics import estimate
from orchestrator.evaluation.retrieval import read_rows, write_rows
from orchestrator.language import sentences, words

MEASURES = ("answered", "exact_citations", "right_passage", "citation_holds_answer", "text_holds_answer")


def main() -> None:
    """Run both languages, print a table and the JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--languages", nargs="+", default=["en", "zh"])
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for language in arguments.languages:
        rows.extend(measured(arguments.data, language))
    for row in rows:
        value = row["value"]
        print(f"{row['language']}  {row['measure']:40} {value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}]")
    print(json.dumps({"benchmark": "citations", "rows": rows}))


def measured(data: Path, language: str) -> list[dict[str, Any]]:
    """Our measures with and without the right passage, and the peer's."""
    passages = data / f"passages.{language}.jsonl"
    asked = list(read_rows(data / f"questions.{language}.jsonl", ("id", "question")))
    asked = asked[len(asked) // 2 :]
    with tempfile.TemporaryDirectory() as folder:
        questions = Path(folder) / "questions.jsonl"
        write_rows(questions, iter(asked))
        present = evaluate_citations(passages, questions)
        withheld = evaluate_citations(passages, questions, withhold=True)
    rows = [(f"Baton: {name}", getattr(present, name)) for name in MEASURES]
    rows.append(("Baton: refused, passage withheld", refused(withheld)))
    rows.append(("first sentence of BM25: holds answer", peer(list(read_rows(passages, ("id", "text"))), asked)))
    return [{"language": language, "measure": name, "value": dumped(value)} for name, value in rows]


def refused(report: CitationsReport) -> Any:
    """The share of questions that were not answered."""
    return report.refused


def peer(passages: list[dict[str, Any]], asked: list[dict[str, Any]]) -> Any:
    """How often the first sentence of the best BM25 passage holds the gold answer."""
    search = bm25(passages, words)
    texts = {str(p["id"]): str(p["text"]) for p in passages}
    held = []
    for row in asked:
        text = texts[search(str(row["question"]))]
        start, end = sentences(text)[0]
        held.append(float(any(str(gold["text"]) in text[start:end] for gold in row.get("answers", ()))))
    return estimate(held)


if __name__ == "__main__":
    main()
