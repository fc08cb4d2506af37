"""Mentions: where a question names a column, a cell's value or a word of the glossary. Knows no operation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from experts.tabular.column import Column
from experts.tabular.sheet import Sheet
from experts.tabular.wordlist import word_list
from orchestrator.language import STOP_WORDS, has_chinese

# Letters and digits of one script: a Chinese run is no part of a Latin word beside it.
_TOKEN = re.compile(r"[㐀-䶿一-鿿]|[^\W_㐀-䶿一-鿿]+|[<>=≤≥]+")
EXACT, PART, SYNONYM = 1.0, 0.8, 0.7
_ROLE_ORDER = (
    "value",
    "column",
    "superlative",
    "comparison",
    "negation",
    "operation",
    "asker",
    "group",
    "which",
    "time",
)


@dataclass(frozen=True)
class Mention:
    """A part of the question, `text[start:end]`, and what it stands for."""

    start: int
    end: int
    role: str
    word: str = ""
    column: str = ""
    score: float = EXACT
    value: Any = field(default=None, compare=False)


def stem(word: str) -> str:
    """An English word without the ending of its plural."""
    word = word.lower()
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


@dataclass(frozen=True)
class QuestionText:
    """A question with its tokens: stem, start and end of each."""

    text: str
    tokens: tuple[tuple[str, int, int], ...]

    @classmethod
    def of(cls, text: str) -> QuestionText:
        return cls(text, tuple((stem(m.group()), m.start(), m.end()) for m in _TOKEN.finditer(text)))

    def spans(self, alias: str) -> list[tuple[int, int]]:
        """Where the words of `alias` stand in a row, whatever their case and number."""
        wanted = [stem(m.group()) for m in _TOKEN.finditer(alias)]
        found = []
        for first in range(len(self.tokens) - len(wanted) + 1 if wanted else 0):
            row = self.tokens[first : first + len(wanted)]
            if [token for token, _, _ in row] == wanted:
                found.append((row[0][1], row[-1][2]))
        return found


def find_mentions(sheet: Sheet, question: QuestionText) -> list[Mention]:
    """Every mention that does not overlap a longer or better one, in the question's order."""
    found: list[Mention] = []
    for column in sheet.columns:
        for alias, score in column_aliases(column):
            found += [Mention(a, b, "column", alias, column.name, score) for a, b in question.spans(alias)]
        if column.is_label or column.kind == "identifier":
            found += [m for m in _values(column, question) if not _is_year(sheet, m)]
    found += _glossary_mentions(question)
    return without_overlaps(found)


def _is_year(sheet: Sheet, mention: Mention) -> bool:
    """Whether "2024" more likely means the year of a date than an order of that number."""
    limits = word_list("cells")
    has_years = bool(sheet.dates) or any(column.kind == "year" for column in sheet.columns)
    return has_years and mention.word.isdigit() and limits["years_from"] <= int(mention.word) <= limits["years_to"]


def without_overlaps(mentions: Sequence[Mention]) -> list[Mention]:
    """The longest first, then the best score, then the more specific role."""
    kept: list[Mention] = []
    order = sorted(mentions, key=lambda m: (m.start - m.end, -m.score, _ROLE_ORDER.index(m.role)))
    for mention in order:
        if all(mention.end <= other.start or mention.start >= other.end for other in kept):
            kept.append(mention)
    return sorted(kept, key=lambda m: m.start)


def column_aliases(column: Column) -> list[tuple[str, float]]:
    """Words that may name the column, with how surely."""
    own = column.spoken_name
    aliases = {own: EXACT, column.name: EXACT}
    for part in own.split():
        if part.lower() not in STOP_WORDS and len(part) > 2:
            aliases.setdefault(part, PART)
    for concept in concepts_of(column):
        for word in word_list("glossary")["concepts"][concept]:
            aliases.setdefault(word, SYNONYM)
    return list(aliases.items())


def concepts_of(column: Column) -> list[str]:
    """The concepts of the glossary that the column's name stands for, the last word of the name first."""
    name = column.spoken_name.lower()
    name_stems = [stem(part) for part in name.split()]
    found: dict[str, int] = {}
    for concept, words in word_list("glossary")["concepts"].items():
        for word in words:
            if has_chinese(word):
                position = name.rfind(word) if len(word) > 1 or name == word else -1
            else:
                position = name_stems.index(stem(word)) if stem(word) in name_stems else -1
            if position >= 0:
                found[concept] = max(found.get(concept, -1), position)
    return sorted(found, key=lambda concept: -found[concept])


def _values(column: Column, question: QuestionText) -> Iterable[Mention]:
    limit = word_list("glossary")["limits"]["max_values"]
    if column.kind == "boolean":
        return
    for value in column.values.dropna().unique()[:limit]:
        written = str(int(value)) if isinstance(value, float) else str(value)
        for start, end in question.spans(written):
            # "IT" is a department where it stands in capitals, otherwise a pronoun.
            if written.lower() not in STOP_WORDS or question.text[start:end] == written:
                yield Mention(start, end, "value", written, column.name, EXACT, value)


def _glossary_mentions(question: QuestionText) -> Iterable[Mention]:
    glossary = word_list("glossary")
    for name, words in glossary["operations"].items():
        yield from _of_words(question, words, "operation", name)
    for superlative in glossary["superlatives"]:
        word = f"{superlative['operation']} {superlative['concept']}"
        yield from _of_words(question, superlative["words"], "superlative", word)
    for role, section in (("asker", "askers"), ("time", "time_units"), ("comparison", "comparisons")):
        for name, words in glossary[section].items():
            yield from _of_words(question, words, role, name)
    yield from _of_words(question, glossary["groups"]["before"], "group", "each")
    yield from _of_words(question, glossary["groups"]["which"], "which", "which")
    yield from _of_words(question, glossary["negations"]["words"], "negation", "not")


def _of_words(question: QuestionText, words: Sequence[str], role: str, word: str) -> Iterable[Mention]:
    for alias in words:
        for start, end in question.spans(alias):
            yield Mention(start, end, role, word, score=0.75)
