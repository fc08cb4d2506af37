"""Evidence: the sentences of passages that answer a question, best first. Knows no answer and no expert.

A sentence is scored by how many of the question's words it and its surroundings cover, weighed by rarity, by the
similarity of their embeddings where the encoder reads the language, and by whether it holds the kind of thing that is
asked for (a number, a date, a name).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestrator.composer.phrasing import phrases
from orchestrator.embedding import Encoder
from orchestrator.language import content_words, has_chinese, language_of, sentences
from orchestrator.types import Passage

_IDENTIFIER = re.compile(
    r"(?<![A-Za-z0-9])(?=[A-Za-z0-9\-]*\d)(?=[A-Za-z0-9\-]*[A-Za-z])[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*(?![A-Za-z0-9])"
)
_BEGINS_BACKWARD = re.compile(r"^(?:(?:It|This|These|They|He|She|That|Its|Their|Such)\b|它|他|她|该|此|这)")
_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|long|old|often|far|high|heavy|large|big|deep)\b"
    r"|\bwhat (?:year|percentage|number|price|temperature|pressure|amount)\b"
    r"|\bwhen\b|多少|几|多久|多长|何时|什么时候|哪一年|哪年|多大|多高",
    re.IGNORECASE,
)
_ASKS_NAME = re.compile(r"\bwho(?:m|se)?\b|\bwhere\b|谁|哪里|何处|在哪", re.IGNORECASE)
_HAS_NUMBER = re.compile(
    r"\d|[一二三四五六七八九十百千万两]+(?:个|年|月|日|天|次|倍|元|米|公里|人)|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    r"|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|half|dozen)\b",
    re.IGNORECASE,
)
_HAS_NAME = re.compile(r"(?<=\s)[A-Z][\w’'-]+|[\u4e00-\u9fff]{2,}")


@dataclass(frozen=True)
class Evidence:
    """A sentence (two where the first only points back) of a passage: offsets in the document's stored text."""

    passage: Passage
    start: int
    end: int
    text: str
    score: float


def evidence_for(
    question: str,
    passages: Sequence[Passage],
    load_encoder: Callable[[], Encoder],
    *,
    context: str = "",
) -> list[Evidence]:
    """The passages' sentences by how well each answers the question, best first.

    Args:
        question: as the person put it.
        passages: best first.
        load_encoder: the text encoder; used for questions without Chinese characters.
        context: what experts read (a label, a transcript); its identifiers must stand in the surroundings.
    """
    candidates = [(passage, *span) for passage in passages for span in _windows(passage.text)]
    if not candidates:
        return []
    texts = [passage.text[start:end] for passage, start, end in candidates]
    around = {id(p): f"{p.title} {p.text}".lower() for p in passages}
    read = [i for i in dict.fromkeys(_identifiers(context)) if any(i in text for text in around.values())]
    question = resolved(question, read)
    asked = Counter(content_words(question))
    bags = [set(content_words(text)) for text in texts]
    surroundings = {key: set(content_words(text)) for key, text in around.items()}
    rarity = _rarity(asked, [*surroundings.values(), *bags])
    similar = _similarities(question, texts, load_encoder)
    identifiers = _identifiers(question)
    lowered = [text.lower() for text in texts]
    rare = {word for word in identifiers if sum(word in text for text in lowered) <= 2}
    found = []
    rows = zip(candidates, texts, lowered, bags, similar, strict=True)
    for (passage, start, end), text, lower, bag, cosine in rows:
        inside = _coverage(rarity, bag)
        near = _coverage(rarity, surroundings[id(passage)])
        score = 0.40 * inside + 0.20 * near + 0.40 * (inside if cosine is None else cosine)
        score += _kind_bonus(question, text)
        score += _identifier_bonus(identifiers, rare, lower, around[id(passage)])
        score = min(max(score, 0.0), 1.0)
        found.append(Evidence(passage, passage.start + start, passage.start + end, text, score))
    return sorted(found, key=lambda e: -e.score)


def resolved(question: str, read: Sequence[str]) -> str:
    """The question without "this document says", and with what was read in place of "the device on this photo"."""
    words = phrases()["pointing"]
    named = " ".join(read).upper()
    bare = re.sub(words["said"], " ", question, flags=re.IGNORECASE)
    bare = re.sub(words["place"], " ", bare, flags=re.IGNORECASE)
    if named:
        pointed = re.sub(words["thing"], f" {named} ", bare, count=1, flags=re.IGNORECASE)
        bare = pointed if pointed != bare else f"{bare.rstrip(' ?？')} {named}?"
    return bare.strip() if content_words(bare) else question


def _identifiers(text: str) -> list[str]:
    """Model numbers, part numbers and codes, in lower case."""
    return [word.lower() for word in _IDENTIFIER.findall(text)]


def _identifier_bonus(identifiers: Sequence[str], rare: set[str], text: str, around: str) -> float:
    """What asks for a code or a model must speak of it: in the sentence, best as its subject, or at least nearby."""
    if not identifiers:
        return 0.0
    bonus = 0.15 * sum(word in around for word in identifiers) / len(identifiers) - 0.15
    inside = [word for word in identifiers if word in text]
    if inside and bonus > -0.15:
        bonus += 0.05
        if any(text.find(word) <= 24 for word in inside):
            bonus += 0.04
        if rare.intersection(inside):
            bonus += 0.10  # hardly any other sentence names it
    return bonus


def answering(ranked: Sequence[Evidence], question: str) -> list[Evidence]:
    """The one or two sentences that answer; none where the best one's score is too low."""
    thresholds = phrases()["thresholds"]
    floor = thresholds["answer_zh" if has_chinese(question) else "answer_en"]
    if not ranked or ranked[0].score < floor:
        return []
    best = ranked[0]
    for other in ranked[1:]:
        overlaps = other.passage == best.passage and other.start < best.end and best.start < other.end
        is_alike = _is_sentence(other.text) or not _is_sentence(best.text)
        if other.score >= best.score * thresholds["second"] and is_alike and not overlaps and other.text != best.text:
            return [best, other]
    return [best]


def _windows(text: str) -> list[tuple[int, int]]:
    """Offsets of single sentences; one that begins by pointing back takes the sentence before it along."""
    spans = sentences(text)
    windows = []
    for i, (start, end) in enumerate(spans):
        if i > 0 and _BEGINS_BACKWARD.match(text[start:end]) and end - spans[i - 1][0] <= 500:
            start = spans[i - 1][0]
        if not _is_heading(text[start:end]):
            windows.append((start, end))
    return windows


def _is_sentence(text: str) -> bool:
    return re.search(r"[.!?。！？；][\"”’」)）\]*_]*$", text) is not None


def _is_heading(text: str) -> bool:
    """Whether a piece says nothing alone: a heading, or a few words that end and hold nothing."""
    is_short = len(content_words(text)) < 5 and not _is_sentence(text) and not re.search(r"[:：;；]\s*\S|\d", text)
    return text.lstrip().startswith("#") or is_short or re.search(r"\w", text) is None


def _rarity(asked: Counter[str], bags: Sequence[set[str]]) -> dict[str, float]:
    """Weight of each word of the question: the rarer among the candidates, the more it says."""
    return {word: math.log(1 + len(bags) / (1 + sum(word in bag for bag in bags))) for word in asked}


def _coverage(weights: dict[str, float], bag: set[str]) -> float:
    total = sum(weights.values())
    if not total:
        return 0.0
    return sum(weight for word, weight in weights.items() if word in bag or _stem_in(word, bag)) / total


def _stem_in(word: str, bag: set[str]) -> bool:
    """Whether another form of an English word stands in the bag ("lasts" for "last", "months" for "month")."""
    return (
        len(word) >= 4
        and word.isascii()
        and any(
            other[: max(4, len(word) - 2)] == word[: max(4, len(word) - 2)] and abs(len(other) - len(word)) <= 3
            for other in bag
            if other[:1] == word[:1]
        )
    )


def _similarities(question: str, texts: Sequence[str], load_encoder: Callable[[], Encoder]) -> list[float] | list[None]:
    if language_of(question) == "zh" or has_chinese(question):
        return [None] * len(texts)
    encoder = load_encoder()
    vectors = encoder.encode([question, *texts])  # (1 + N, D)
    return [float(value) for value in vectors[1:] @ vectors[0]]


def _kind_bonus(question: str, text: str) -> float:
    if _ASKS_NUMBER.search(question):
        return 0.06 if _HAS_NUMBER.search(text) else -0.10
    if _ASKS_NAME.search(question):
        return 0.03 if _HAS_NAME.search(text) else -0.05
    return 0.0
