"""Key phrases: what a text is about, in its own words. Knows no other expert."""

from __future__ import annotations

import functools
import re
from collections import Counter
from typing import Annotated, Any

from experts.text.centrality import diverse
from experts.text.content import checked_count, content_of
from experts.text.wordlist import word_list
from orchestrator import Json, Text
from orchestrator.embedding import encoder
from orchestrator.expert import Outcome, expert
from orchestrator.language import STOP_WORDS, language_of

_TOKEN = re.compile(r"[^\W_]+(?:[-'’./][^\W_]+)*|[^\w\s]")


@expert(
    title="Key phrases",
    task="feature-extraction",
    licence="Apache-2.0",
    openness="open-model",
    author="The Baton authors; MiniLM by sentence-transformers; jieba by Sun Junyi",
    model="sentence-transformers/all-MiniLM-L6-v2",
    training_data="MiniLM: over one billion English sentence pairs; jieba: word counts of a Chinese news corpus",
    limits="It knows no grammar: a phrase is a run of words without stop words; Chinese keywords are ranked by TF-IDF.",
    examples=(
        "What are the key phrases of this text?",
        "Extract the keywords from the article",
        "Which terms is this document about?",
        "List the main topics mentioned in the report",
        "Give me tags for this blog post",
        "提取这篇文章的关键词",
        "这段文字的关键短语有哪些?",
        "给这份报告打上标签",
    ),
    says={
        "en": ("The key phrases are {phrases}.", "{nothing_found}"),
        "zh": ("关键词是{phrases}。", "{nothing_found_zh}"),
    },
)
class KeyPhrases:
    """Extract key phrases and keywords: the terms and topics that a text is about, best first."""

    def load(self, device: str) -> None:
        encoder()

    def __call__(self, text: Text, num_phrases: Annotated[int, "how many at most, 1 to 30"] = 6) -> Json:
        """Keys `phrases` (list, best first), `scores` (same order, in [0, 1]) and `num_phrases`.

        Raises:
            BadRequest: the text is empty, num_phrases out of range.
        """
        characters = content_of(text)
        settings = word_list("key_phrases")
        num = checked_count("num_phrases", num_phrases, settings["max_num_phrases"])
        rank = _chinese if language_of(characters) == "zh" else _english
        found = rank(characters, num)
        best = max(found.values(), default=1.0)
        facts: dict[str, Any] = {
            "phrases": list(found),
            "scores": [round(score / best, 3) for score in found.values()],
            "num_phrases": len(found),
            "nothing_found": None if found else "No key phrase stands out in the text.",
            "nothing_found_zh": None if found else "文中没有突出的关键词。",
        }
        return Outcome(Json(facts), settings["confidence"] if found else 0.2)  # type: ignore[return-value]


def _english(text: str, num: int) -> dict[str, float]:
    """Phrases with scores by likeness to the text (as KeyBERT, Grootendorst 2020), frequency and length; diverse."""
    settings = word_list("key_phrases")
    counts = candidates(text)
    chosen = sorted(counts, key=lambda phrase: -counts[phrase] * len(phrase.split()))[: settings["max_encoded"]]
    if not chosen:
        return {}
    vectors = encoder().encode([*chosen, text])
    scores = settings["likeness_weight"] * (vectors[:-1] @ vectors[-1])  # (N, D) @ (D,) -> (N,)
    for position, phrase in enumerate(chosen):
        scores[position] += settings["count_weight"] * (1 - 1 / counts[phrase])
        scores[position] += settings["words_weight"] * (len(phrase.split()) - 1)
    order = diverse(scores, vectors[:-1], 2 * num, settings["relevance"])
    kept: dict[str, float] = {}
    for position in order:
        phrase = chosen[position]
        if not any(_repeats(phrase, other) for other in kept):
            kept[phrase] = float(max(scores[position], 0.0))
    return dict(sorted(list(kept.items())[:num], key=lambda item: -item[1]))


def candidates(text: str) -> Counter[str]:
    """Runs of one to three words without stop words or punctuation, as first written, with how often each stands.

    The candidates of RAKE (Rose et al., 2010), their sub-runs included.
    """
    settings = word_list("key_phrases")
    runs: list[list[str]] = [[]]
    for token in _TOKEN.findall(text):
        if token.lower() in _breaks() or not token[0].isalpha():
            runs.append([])
        else:
            runs[-1].append(token)
    written: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for run in runs:
        for size in range(1, settings["max_words"] + 1):
            for first in range(len(run) - size + 1):
                words = run[first : first + size]
                if len(words[-1]) > 2 and not any(_is_weak(words[edge]) for edge in (0, -1)):
                    phrase = written.setdefault(" ".join(words).lower(), " ".join(words))
                    counts[phrase] += 1
    return counts


def _repeats(phrase: str, other: str) -> bool:
    words = set(phrase.lower().split())
    return 2 * len(words & set(other.lower().split())) > len(words)


def _is_weak(word: str) -> bool:
    return word.islower() and word.endswith(tuple(word_list("key_phrases")["weak_endings"]))


@functools.cache
def _breaks() -> frozenset[str]:
    return STOP_WORDS | frozenset(word_list("key_phrases")["english_breaks"].split())


def _chinese(text: str, num: int) -> dict[str, float]:
    """Words with TF-IDF weights by jieba's own table."""
    parts = tuple(word_list("key_phrases")["chinese_parts"])
    kept: dict[str, float] = {}
    for word, weight in _chinese_ranker().extract_tags(text, topK=2 * num, withWeight=True, allowPOS=parts):
        if not any(word in other or other in word for other in kept):
            kept[str(word)] = float(weight)
    return dict(list(kept.items())[:num])


@functools.cache
def _chinese_ranker() -> Any:
    import logging

    import jieba
    from jieba.analyse import TFIDF

    jieba.setLogLevel(logging.WARNING)
    return TFIDF()
