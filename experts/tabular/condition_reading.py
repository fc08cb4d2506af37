"""Conditions in a question: named values, compared numbers and periods. Knows the table, not the operation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from experts.tabular.column import Column, month_number
from experts.tabular.condition import Condition, Relation
from experts.tabular.mention import Mention, QuestionText, concepts_of
from experts.tabular.period import Period, periods
from experts.tabular.sheet import Sheet
from experts.tabular.wordlist import word_list
from experts.text.numeral import PLAIN, parse_number
from experts.text.wordlist import word_list as text_word_list
from orchestrator.errors import BadRequest

_NEGATION_REACH = 14  # characters between a negation and the value that it negates
_BETWEEN = re.compile(r"\bbetween\s*$|介于\s*$|在\s*$|\bfrom\s*$|从\s*$", re.I)
_AND = re.compile(r"\s*(?:and|to|-|–|和|到|至|与)\s*", re.I)


@dataclass
class Found:
    """What was read so far: conditions, the spans that they cover, and the columns that they use."""

    conditions: list[Condition] = field(default_factory=list)
    covered: list[tuple[int, int]] = field(default_factory=list)

    def add(self, condition: Condition, *spans: tuple[int, int]) -> None:
        self.conditions.append(condition)
        self.covered.extend(spans)


def read_conditions(sheet: Sheet, question: QuestionText, mentions: Sequence[Mention]) -> Found:
    """All conditions of the question.

    Raises:
        BadRequest: a period is asked for, and the table has no dates.
    """
    found = Found()
    _read_values(question, mentions, found)
    read_periods = [p for p in periods(question) if not _touches(p.start, p.end, found.covered)]
    _read_numbers(sheet, question, mentions, read_periods, found)
    _read_periods(sheet, question, mentions, read_periods, found)
    return found


def _read_values(question: QuestionText, mentions: Sequence[Mention], found: Found) -> None:
    """One condition for the values of a column; several values of one column are alternatives."""
    by_column: dict[tuple[str, bool], list[Mention]] = {}
    for mention in mentions:
        if mention.role == "value":
            negations = [
                other
                for other in mentions
                if other.role == "negation" and 0 <= mention.start - other.end <= _NEGATION_REACH
            ]
            by_column.setdefault((mention.column, bool(negations)), []).append(mention)
            found.covered += [(negation.start, negation.end) for negation in negations]
    for (column, negated), values in by_column.items():
        distinct = tuple(dict.fromkeys(mention.value for mention in values))
        relation: Relation = "is_not" if negated else "is"
        written = ", ".join(dict.fromkeys(mention.word for mention in values))
        found.add(Condition(column, relation, distinct, written), *((m.start, m.end) for m in values))


def _read_numbers(
    sheet: Sheet, question: QuestionText, mentions: Sequence[Mention], taken: Sequence[Period], found: Found
) -> None:
    for start, end, number, written in numbers(question.text):
        if _touches(start, end, found.covered):
            continue
        before = [m for m in mentions if m.role == "comparison" and 0 <= start - m.end <= 3 and "after" not in m.word]
        behind = [m for m in mentions if m.role == "comparison" and 0 <= m.start - end <= 3 and "after" in m.word]
        relation: Relation | None = None
        if behind:
            relation = "at_least" if behind[0].word == "after_at_least" else "at_most"
        elif before:
            relation = before[-1].word  # type: ignore[assignment]
        is_period = any(period.start <= start < period.end for period in taken)
        if relation is None or (is_period and sheet.dates and not _numeric_before(sheet, mentions, start)):
            if not is_period:
                _read_between(sheet, question, mentions, start, end, number, found)
            continue
        column = _by_adjective(sheet, question, before[-1:]) or _compared(sheet, mentions, start, end)
        spans = [(start, end), *((m.start, m.end) for m in (*before[-1:], *behind[:1]))]
        found.add(Condition(column.name, relation, (number,), written), *spans)


def _read_between(
    sheet: Sheet, question: QuestionText, mentions: Sequence[Mention], start: int, end: int, low: float, found: Found
) -> None:
    opening = _BETWEEN.search(question.text, 0, start)
    joint = _AND.match(question.text, end)
    if not opening or not joint:
        return
    for second_start, second_end, high, written in numbers(question.text):
        if second_start == joint.end():
            column = _compared(sheet, mentions, opening.start(), second_end)
            condition = Condition(column.name, "between", (low, high), f"{question.text[start:end]}–{written}")
            found.add(condition, (opening.start(), second_end))


def _numeric_before(sheet: Sheet, mentions: Sequence[Mention], position: int) -> bool:
    named = [m for m in mentions if m.role == "column" and m.end <= position and position - m.end < 20]
    return bool(named) and sheet.column(named[-1].column).kind == "number"


def _by_adjective(sheet: Sheet, question: QuestionText, comparison: Sequence[Mention]) -> Column | None:
    """The column that "older than" or "cheaper than" speaks of."""
    if not comparison:
        return None
    written = question.text[comparison[0].start : comparison[0].end].lower()
    concept = word_list("glossary")["comparison_concepts"].get(written)
    return next((column for column in sheet.measures if concept in concepts_of(column)), None)


def _compared(sheet: Sheet, mentions: Sequence[Mention], start: int, end: int) -> Column:
    """The numeric column that a number is compared with: named right behind it, else the last one before it.

    Raises:
        BadRequest: none is named and the table has several, or none.
    """
    named = [m for m in mentions if m.role == "column" and sheet.column(m.column).kind in ("number", "year")]
    behind = [m for m in named if 0 <= m.start - end <= 4]
    ahead = [m for m in named if m.end <= start]
    if behind or ahead:
        nearest = ahead[-1] if ahead and (not behind or start - ahead[-1].end <= 22) else behind[0]
        return sheet.column(nearest.column)
    if named:
        return sheet.column(named[0].column)
    if len(sheet.measures) == 1:
        return sheet.measures[0]
    raise BadRequest(
        "question",
        "a comparison with a number",
        "a comparison that names its column",
        f"Say which column is meant: {', '.join(column.name for column in sheet.measures) or 'none is numeric'}.",
    )


def _read_periods(
    sheet: Sheet, question: QuestionText, mentions: Sequence[Mention], read: Sequence[Period], found: Found
) -> None:
    read = [period for period in read if not _touches(period.start, period.end, found.covered)]
    skip = False
    for position, period in enumerate(read):
        if skip:
            skip = False
            continue
        following = read[position + 1] if position + 1 < len(read) else None
        opening = _BETWEEN.search(question.text, 0, period.start)
        joined = following and opening and _AND.fullmatch(question.text, period.end, following.start)
        if following and opening and joined and period.first and following.after:
            skip = True
            whole = Period(opening.start(), following.end, period.first, following.after)
            _add_period(sheet, question, mentions, whole, "", found)
        else:
            direction, span = _direction(question, period)
            found.covered += span
            _add_period(sheet, question, mentions, period, direction, found)


def _direction(question: QuestionText, period: Period) -> tuple[str, list[tuple[int, int]]]:
    """before, after, since, until with its place, or empty where the period itself is meant."""
    for name, words in word_list("glossary")["dates"].items():
        for word in words:
            for start, end in question.spans(word):
                chinese_behind = not word.isascii() and 0 <= start - period.end <= 1
                if 0 <= period.start - end <= 2 or chinese_behind:
                    return str(name), [(start, end)]
    return "", []


def _add_period(
    sheet: Sheet,
    question: QuestionText,
    mentions: Sequence[Mention],
    period: Period,
    direction: str,
    found: Found,
) -> None:
    span, written = (period.start, period.end), question.text[period.start : period.end]
    named = [m.column for m in mentions if m.role == "column"]
    dates = sorted(sheet.dates, key=lambda column: column.name not in named)
    month_columns = [c for c in sheet.labels if c.values.dropna().map(month_number).notna().all()]
    if period.months and not dates and month_columns:
        cells = month_columns[0].values.dropna()
        values = tuple(cells[cells.map(month_number).isin(period.months)].unique())
        found.add(Condition(month_columns[0].name, "is", values, written), span)
        return
    years = [column for column in sheet.columns if column.kind == "year"]
    if not dates and years and period.first and period.after:
        relation = {"before": "below", "after": "above", "since": "at_least", "until": "at_most"}.get(direction)
        low, high = period.first.year, period.after.year - (period.after.month == 1)
        values = (low,) if relation else (low, high)
        found.add(Condition(years[0].name, relation or "between", values, written), span)  # type: ignore[arg-type]
        return
    if not dates:
        raise BadRequest(
            "question",
            written,
            "a question on columns that the table has; none of them holds dates",
            f"The columns are: {', '.join(column.name for column in sheet.columns)}.",
        )
    if period.months:
        found.add(Condition(dates[0].name, "month", period.months, written), span)
        return
    first, after = period.first, period.after
    ends = {"before": (None, first), "after": (after, None), "since": (first, None), "until": (None, after)}
    found.add(Condition(dates[0].name, "period", ends.get(direction, (first, after)), written), span)


def numbers(text: str) -> list[tuple[int, int, float, str]]:
    """Start, end, value and spelling of every number, its currency and scale (3 million, 5万) included."""
    scales = text_word_list("numeral")["scales"]
    scale = "|".join(sorted(map(re.escape, scales), key=len, reverse=True))
    pattern = re.compile(rf"(?:[€$£¥￥]\s?)?(?P<number>{PLAIN.pattern})(?:\s?(?P<scale>{scale})(?![A-Za-z]))?", re.I)
    found = []
    for match in pattern.finditer(text):
        value = parse_number(match["number"])
        before = text[match.start() - 1 : match.start()]
        if value is not None and not (before.isascii() and before.isalnum()):
            value *= scales.get((match["scale"] or "").lower(), 1)
            found.append((match.start(), match.end(), value, match.group().strip()))
    return found


def _touches(start: int, end: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start < b and end > a for a, b in spans)
