"""Is the right passage found first? Baton's search beside plain BM25, question by question in one run.

    python -m benchmarks.retrieval --data DIR      # DIR holds passages.LANG.jsonl and questions.LANG.jsonl

Made for XQuAD (Artetxe et al. 2020, CC BY-SA 4.0) in the formats of docs/evaluation.md. The peer is bm25s with white
space and punctuation as word borders, and once with the same segmentation of Chinese as ours. The last line is one JSON
document. Needs the extra `bench`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from orchestrator.evaluation.metrics import Estimate, estimate, percentile
from orchestrator.evaluation.retrieval import read_rows, relevant_of
from orchestrator.language import words
from orchestrator.library.library import Library

Search = Callable[[str], str]


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
        first, speed = row["right_first"], row["p50_s"]
        interval = f"[{first['low']:.3f}, {first['high']:.3f}]"
        print(f"{row['language']}  {row['system']:34} {first['value']:.3f} {interval}  {speed['value'] * 1e3:7.1f} ms")
    versions = {name: version(name) for name in ("bm25s", "faiss-cpu", "torch")}
    print(
        json.dumps({"benchmark": "retrieval", "versions": {"python": sys.version.split()[0], **versions}, "rows": rows})
    )


def measured(data: Path, language: str) -> list[dict[str, Any]]:
    """The systems' scores on one language; they take turns on every question."""
    passages = list(read_rows(data / f"passages.{language}.jsonl", ("id", "text")))
    path = data / f"questions.{language}.jsonl"
    questions = list(read_rows(path, ("id", "question")))
    with tempfile.TemporaryDirectory() as home, Library(Path(home)) as library:
        systems: dict[str, Search] = {
            "Baton": baton(library, passages),
            "BM25 (bm25s), words by spaces": bm25(passages, lambda text: re.findall(r"\w+", text.lower())),
            "BM25 (bm25s), Chinese segmented": bm25(passages, words),
        }
        hits: dict[str, list[float]] = {name: [] for name in systems}
        seconds: dict[str, list[float]] = {name: [] for name in systems}
        for search in systems.values():
            search(str(questions[0]["question"]))
        for row in questions:
            relevant = relevant_of(row, path)
            for name, search in systems.items():
                started = time.perf_counter()
                found = search(str(row["question"]))
                seconds[name].append(time.perf_counter() - started)
                hits[name].append(float(relevant.get(found, 0) > 0))
    return [
        {
            "language": language,
            "system": name,
            "right_first": dumped(estimate(hits[name])),
            "p50_s": dumped(percentile(seconds[name], 50)),
        }
        for name in systems
    ]


def baton(library: Library, passages: list[dict[str, Any]]) -> Search:
    """Our search over a library of the passages; gives the id of the first."""
    added = library.add_texts((str(p["id"]), str(p.get("title", "")), str(p["text"])) for p in passages)
    ids = {document.id: document.uri for document in added}
    return lambda question: ids[library.search(question, 1)[0].document]


def bm25(passages: list[dict[str, Any]], tokens: Callable[[str], list[str]]) -> Search:
    """Plain BM25 over title and text; gives the id of the first."""
    import bm25s

    index = bm25s.BM25()
    index.index([tokens(f"{p.get('title', '')} {p['text']}") for p in passages], show_progress=False)

    def search(question: str) -> str:
        positions, _ = index.retrieve([tokens(question)], k=1, show_progress=False)
        return str(passages[int(positions[0][0])]["id"])

    return search


def dumped(value: Estimate) -> dict[str, float]:
    """An estimate for the JSON document."""
    return value.model_dump()


if __name__ == "__main__":
    main()
