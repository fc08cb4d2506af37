"""Periods in a question: years, quarters, months and days, as half-open intervals. Knows no table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from experts.tabular.mention import QuestionText
from experts.tabular.wordlist import word_list
from experts.text.entities import find

_QUARTER = re.compile(
    r"\b[Qq]([1-4])(?:\s+(?:of\s+)?(\d{4}))?\b|\b(first|second|third|fourth)\s+quarter(?:\s+(?:of\s+)?(\d{4}))?"
    r"|(?:(\d{4})年)?第?([一二三四1-4])季度"
)
_QUARTER_NUMBERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "一": 1, "二": 2, "三": 3, "四": 4}
_YEAR = re.compile(r"(?<![\d.,])((?:18|19|20|21)\d{2})(?![\d.,]\d|\d|%)")


@dataclass(frozen=True)
class Period:
    """A stretch of time as written at `start:end` of the question; without a year it is months of any year."""

    start: int
    end: int
    first: datetime | None = None
    after: datetime | None = None
    months: tuple[int, ...] = ()


def periods(question: QuestionText) -> list[Period]:
    """All periods of the question in its order; no two overlap."""
    found = [*_quarters(question.text), *_dates(question.text), *_years(question.text), *_month_names(question)]
    kept: list[Period] = []
    for period in found:
        if all(period.end <= other.start or period.start >= other.end for other in kept):
            kept.append(period)
    return sorted(kept, key=lambda period: period.start)


def _quarters(text: str) -> list[Period]:
    found = []
    for match in _QUARTER.finditer(text):
        latin, latin_year, word, word_year, chinese_year, chinese = match.groups()
        written = latin or (word or chinese or "").lower()
        number = int(written) if written.isdigit() else _QUARTER_NUMBERS[written]
        year = latin_year or word_year or chinese_year
        months = tuple(range(3 * number - 2, 3 * number + 1))
        if year:
            first = datetime(int(year), months[0], 1)
            found.append(Period(match.start(), match.end(), first, _next_month(int(year), months[-1])))
        else:
            found.append(Period(match.start(), match.end(), months=months))
    return found


def _dates(text: str) -> list[Period]:
    found = []
    for entity in find(text):
        if entity.kind != "date" or not entity.value or entity.value.startswith("--"):
            continue
        numbers = [int(part) for part in entity.value.split("-")]
        year, month, day = [*numbers, 1, 1][:3]
        first = datetime(year, month, day)
        if len(numbers) == 1:
            after = datetime(first.year + 1, 1, 1)
        elif len(numbers) == 2:
            after = _next_month(first.year, first.month)
        else:
            after = datetime.fromordinal(first.toordinal() + 1)
        found.append(Period(entity.start, entity.end, first, after))
    return found


def _years(text: str) -> list[Period]:
    return [
        Period(m.start(1), m.end(1), datetime(int(m[1]), 1, 1), datetime(int(m[1]) + 1, 1, 1))
        for m in _YEAR.finditer(text)
    ]


def _month_names(question: QuestionText) -> list[Period]:
    found = []
    for name, number in word_list("cells")["months"].items():
        for start, end in question.spans(name):
            # "may" and "march" are also verbs.
            written = question.text[start:end]
            if written.lower() == name and (written != name or not name.isascii()):
                found.append(Period(start, end, months=(number,)))
    return sorted(found, key=lambda period: period.start - period.end)


def _next_month(year: int, month: int) -> datetime:
    return datetime(year + month // 12, month % 12 + 1, 1)
