"""Parallel texts: English and Chinese sentences that say the same, from a set translated by people. Knows no reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from orchestrator.evaluation.retrieval import read_rows

_SENTENCE_ENDS = {"en": re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"“])"), "zh": re.compile(r"(?<=[。！？])")}
_MIN_CHARACTERS = 4


def parallel_texts(folder: Path) -> list[tuple[str, str]]:
    """Questions, and the sentences of those passages that have as many in both languages, paired.

    Args:
        folder: holds questions.en.jsonl, questions.zh.jsonl, passages.en.jsonl and passages.zh.jsonl, as XQuAD does.
    """
    asked = {language: _by_id(folder / f"questions.{language}.jsonl", "question") for language in _SENTENCE_ENDS}
    told = {language: _by_id(folder / f"passages.{language}.jsonl", "text") for language in _SENTENCE_ENDS}
    pairs = [(asked["en"][id], asked["zh"][id]) for id in asked["en"] if id in asked["zh"]]
    for id in told["en"]:
        if id in told["zh"]:
            english, chinese = (list(_sentences(told[language][id], language)) for language in ("en", "zh"))
            if len(english) == len(chinese):
                pairs += zip(english, chinese, strict=True)
    return pairs


def _by_id(path: Path, field: str) -> dict[str, str]:
    return {str(row["id"]): str(row[field]) for row in read_rows(path, ("id", field))}


def _sentences(text: str, language: str) -> Iterator[str]:
    found = (sentence.strip() for sentence in _SENTENCE_ENDS[language].split(text))
    return (sentence for sentence in found if len(sentence) >= _MIN_CHARACTERS)
