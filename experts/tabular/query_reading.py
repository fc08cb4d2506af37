"""From a question to a Query: operations, the measure, the groups and what was not understood. Runs nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from experts.tabular.column import Column
from experts.tabular.condition_reading import read_conditions
from experts.tabular.mention import PART, Mention, QuestionText, concepts_of, find_mentions
from experts.tabular.query import Aggregate, Grouping, Query, TimeUnit
from experts.tabular.sheet import Sheet
from experts.tabular.unknown import check_unknown, nearest_column, unknown_words
from experts.tabular.wordlist import word_list
from orchestrator.errors import BadRequest
from orchestrator.language import has_chinese

_GAP = re.compile(r"\s*(?:the|a|of|of the|product's|个)?\s*", re.I)
_COUNT_NOUN = re.compile(
    r"(?:how many|number of|count of|count)\s+(?:the\s+|different\s+|distinct\s+|unique\s+)?([a-z]+)", re.I
)
# Operations that win over another one in the same question: "total number of different", "total average".
_STRONG = ("distinct", "share", "mean", "median")
_MANY = re.compile(r"\b(?:most|fewest|least)\b(?!\s+(?:expensive|recent))|最多|最少", re.I)
_TOP = re.compile(
    r"\b(?:top|bottom|first|last|best|worst|highest|lowest|largest|smallest)\s+(\d+|three|five|ten|two|four)\b"
    r"|\b(\d+|three|five|ten|two|four)\s+(?:[a-z]+\s+)?(?:highest|lowest|largest|smallest|best|worst|most|cheapest|biggest)\b"
    r"|(?:前|后|最[高低大小多少好差]的?)\s?(\d+|[一二两三四五六七八九十]+)\s?[个名位种家]?"
)
_TOP_LOW = re.compile(
    r"\b(?:bottom|worst|lowest|smallest|cheapest|fewest)\b|最低|最小|最少|最差|后\s?[\d一二两三四五]", re.I
)


def read_query(sheet: Sheet, text: str) -> Query:
    """The query that the question stands for.

    Raises:
        BadRequest: a column, a value or a period is asked for that the table does not have, or nothing is asked.
    """
    question = QuestionText.of(text)
    mentions = find_mentions(sheet, question)
    found = read_conditions(sheet, question, mentions)
    free = [m for m in mentions if not any(m.start < b and m.end > a for a, b in found.covered)]
    condition_columns = {condition.column for condition in found.conditions}
    reader = _Reader(sheet, question, free, condition_columns)
    num_span, num = reader.number_of_groups()
    covered = [*found.covered, *num_span, *((m.start, m.end) for m in free)]
    unknown = unknown_words(question, covered)
    query = reader.query(unknown)
    check_unknown(sheet, question, query.unknown_words, mentions)
    limits = word_list("glossary")["limits"]
    confidence = query.confidence * limits["base_confidence"]
    confidence *= limits["unknown_word_factor"] ** len(query.unknown_words)
    if query.is_assumed:
        confidence *= limits["assumed_factor"]
    return replace(query, conditions=tuple(found.conditions), num=num, confidence=round(confidence, 3))


@dataclass
class _Reader:
    """One question on the way to its query."""

    sheet: Sheet
    question: QuestionText
    mentions: Sequence[Mention]
    condition_columns: set[str]

    def number_of_groups(self) -> tuple[list[tuple[int, int]], int]:
        """The N of "top N" with its place; 1 where none is named."""
        from experts.text.numeral import parse_number
        from experts.text.wordlist import word_list as text_word_list

        match = _TOP.search(self.question.text)
        if not match:
            return [], 1
        written = next(group for group in match.groups() if group)
        number = parse_number(written) or text_word_list("numeral")["english_words"].get(written.lower(), 1)
        return [match.span()], max(1, int(number))

    def query(self, unknown: tuple[str, ...]) -> Query:
        order, aggregate = self._operations()
        by, is_group = self._grouping()
        measure, factor, unknown = self._measure(order, aggregate, unknown)
        if by is None and order and (asked := self._asked_label(measure)):
            by = asked
        if by and measure and by.column is measure:
            by = None
        query = Query("sum", measure, by, order, unknown_words=unknown, confidence=factor)
        if aggregate in ("count", "distinct"):
            return self._counting(query, aggregate)
        if aggregate == "share":
            return replace(query, aggregate="share", order="")
        if order:
            return self._ordered(query, aggregate, is_group)
        asks_which = by is not None and not is_group and any(m.role == "which" for m in self.mentions)
        if asks_which and aggregate in ("", "list"):
            return self._listing(query, "list")
        if measure is None or measure.kind == "date":
            return self._listing(query, aggregate)
        if aggregate in ("sum", "mean", "median"):
            return replace(query, aggregate=aggregate)
        return replace(
            query, aggregate=_default_aggregate(measure), is_assumed=not self.condition_columns and by is None
        )

    def _operations(self) -> tuple[Any, Any]:
        """Whether the highest or lowest is asked for, and the other operation; both empty where none is named."""
        order, aggregate = "", ""
        for mention in self.mentions:
            if mention.role == "superlative":
                order = order or mention.word.split()[0]
            elif mention.role == "operation" and mention.word in ("max", "min"):
                order = order or mention.word
            elif mention.role == "operation" and (not aggregate or mention.word in _STRONG):
                aggregate = mention.word
        if _TOP.search(self.question.text):
            order = "min" if _TOP_LOW.search(self.question.text) else "max"
        return order, aggregate

    def _grouping(self) -> tuple[Grouping | None, bool]:
        """What the answer is grouped by, and whether a word such as "per" says so."""
        for position, mention in enumerate(self.mentions):
            grouping = self._as_grouping(mention)
            if grouping is None:
                continue
            before = self.mentions[position - 1] if position else None
            touching = before is not None and _GAP.fullmatch(self.question.text, before.end, mention.start)
            written = self.question.text[mention.start : mention.end].lower()
            if mention.role == "time" and (written.endswith("ly") or written in ("annual",) or written[0] in "每各按"):
                return grouping, True
            if before is not None and touching and before.role == "group":
                return grouping, True
            if before is not None and touching and before.role == "which":
                return grouping, False
        for mention in self.mentions:
            is_label = mention.role == "column" and self.sheet.column(mention.column).is_label
            if is_label and mention.column not in self.condition_columns:
                return Grouping(self.sheet.column(mention.column)), False
        return None, False

    def _as_grouping(self, mention: Mention) -> Grouping | None:
        if mention.role == "column":
            column = self.sheet.column(mention.column)
            if column.kind == "date":
                return Grouping(column, _natural_unit(column))
            return None if column.kind == "number" else Grouping(column)
        if mention.role == "time":
            unit: TimeUnit = mention.word  # type: ignore[assignment]
            if self.sheet.dates:
                return Grouping(self.sheet.dates[0], unit)
            named = [c for c in self.sheet.columns if c.kind in ("year", "category", "text") and unit in concepts_of(c)]
            return Grouping(named[0]) if named else None
        return None

    def _measure(
        self, order: str, aggregate: str, unknown: tuple[str, ...]
    ) -> tuple[Column | None, float, tuple[str, ...]]:
        """The column that is computed on, how sure that is, and the words that are still unknown."""
        limits = word_list("glossary")["limits"]
        named = [m for m in self.mentions if m.role == "column" and m.column not in self.condition_columns]
        named += [m for m in self.mentions if m.role == "column" and m.column in self.condition_columns]
        # A word of its own name counts more than a synonym, a long synonym more than a short one.
        for mention in sorted(named, key=lambda m: (-m.score, (m.start - m.end) * (m.score < PART), m.start)):
            column = self.sheet.column(mention.column)
            if column.kind == "number" and not (column.name in self.condition_columns and aggregate == "count"):
                rivals = {
                    other.column
                    for other in self._all_aliases(mention)
                    if other.score == mention.score and other.column != column.name
                }
                factor = 1.0 if mention.score >= PART else 0.95
                return column, factor * (limits["ambiguous_factor"] if rivals else 1.0), unknown
        for mention in self.mentions:
            if mention.role == "superlative":
                concept = mention.word.split()[1]
                for column in self.sheet.columns:
                    dated = concept == "date" and column.kind == "date"
                    if dated or (column.kind == "number" and concept in concepts_of(column)):
                        return column, 1.0, unknown
        for mention in named:
            if order and self.sheet.column(mention.column).kind == "date":
                return self.sheet.column(mention.column), 0.9, unknown
        needs = bool(order) or aggregate in ("sum", "mean", "median")
        if needs and unknown:
            nearest, used, likeness = nearest_column(self.sheet.measures, unknown)
            if nearest is not None:
                return nearest, likeness, tuple(word for word in unknown if word not in used)
        if needs and not unknown and len(self.sheet.measures) == 1 and not _MANY.search(self.question.text):
            return self.sheet.measures[0], limits["assumed_factor"], unknown
        return None, 1.0, unknown

    def _all_aliases(self, mention: Mention) -> list[Mention]:
        """Mentions of other numeric columns by the very same words."""
        from experts.tabular.mention import column_aliases

        written = self.question.text[mention.start : mention.end]
        return [
            replace(mention, column=column.name, score=score)
            for column in self.sheet.measures
            for alias, score in column_aliases(column)
            if QuestionText.of(written).spans(alias) == [(0, len(written))]
        ]

    def _asked_label(self, measure: Column | None) -> Grouping | None:
        """The column that who, where or when asks for."""
        for mention in self.mentions:
            if mention.role != "asker":
                continue
            if mention.word == "date" and self.sheet.dates:
                return Grouping(self.sheet.dates[0], _natural_unit(self.sheet.dates[0]))
            wanted = ("city", "place", "region", "country") if mention.word == "place" else (mention.word, "customer")
            for concept in wanted:
                for column in self.sheet.labels:
                    if concept in concepts_of(column):
                        return Grouping(column)
        return None

    def _counting(self, query: Query, aggregate: Aggregate) -> Query:
        """Of a numeric column its sum ("how many units"), of a label its different values, else rows."""
        match = _COUNT_NOUN.search(self.question.text)
        noun = match[1] if match and match[1].lower() in query.unknown_words else ""
        unknown = tuple(word for word in query.unknown_words if word != noun.lower())
        if query.measure is not None and query.measure.kind == "number" and aggregate == "count":
            return replace(query, aggregate="sum")
        position = next((m.end for m in self.mentions if m.role == "operation" and m.word in ("count", "distinct")), 0)
        labels = [
            self.sheet.column(m.column)
            for m in self.mentions
            if m.role == "column" and self.sheet.column(m.column).kind != "number" and m.start - position <= 12
        ]
        counted = next((c for c in labels if not query.by or c is not query.by.column or not self._is_grouped()), None)
        if counted is not None and counted.kind != "date" and counted.name not in self.condition_columns:
            by = query.by if query.by and query.by.column is not counted and self._is_grouped() else None
            counted_query = replace(query, by=by, order="", noun=self._noun(counted), unknown_words=unknown)
            if counted.kind == "identifier" and counted.values.is_unique:
                return replace(counted_query, aggregate="count", measure=None)
            return replace(counted_query, aggregate="distinct", measure=counted)
        by = query.by if self._is_grouped() or query.order else None
        return replace(query, aggregate="count", measure=None, by=by, noun=noun, unknown_words=unknown)

    def _is_grouped(self) -> bool:
        return self._grouping()[1]

    def _ordered(self, query: Query, aggregate: Any, is_group: bool) -> Query:
        order: Any = query.order
        if query.measure is None:
            if query.by and _MANY.search(self.question.text):
                names = [m.column for m in self.mentions if m.role == "column" and m.column != query.by.column.name]
                noun = self._noun(self.sheet.column(names[0])) if names else " ".join(query.unknown_words)
                assumed = bool(query.unknown_words)
                return replace(query, aggregate="count", noun=noun, is_assumed=assumed, unknown_words=())
            raise _no_measure(self.sheet, self.question, query.unknown_words)
        if is_group and self.number_of_groups()[1] == 1:
            return replace(query, aggregate=order, order="")
        if query.measure.kind == "date" or query.by is None:
            return replace(query, aggregate=order)
        if aggregate in ("sum", "mean", "median"):
            return replace(query, aggregate=aggregate)
        return replace(query, aggregate="sum" if is_additive(query.measure) else order)

    def _listing(self, query: Query, aggregate: str) -> Query:
        if aggregate in ("sum", "mean", "median"):
            raise _no_measure(self.sheet, self.question, query.unknown_words)
        column = query.by.column if query.by else query.measure
        if column is None:
            named = [m.column for m in self.mentions if m.role == "column" and m.column not in self.condition_columns]
            asked = self._asked_label(None)
            column = self.sheet.column(named[0]) if named else asked.column if asked else None
        if column is None and (aggregate == "list" or any(m.role == "which" for m in self.mentions)):
            column, _, _ = nearest_column(self.sheet.labels, query.unknown_words)
        if column is None:
            raise _no_measure(self.sheet, self.question, query.unknown_words)
        return replace(query, aggregate="list", measure=column, by=None, noun=self._noun(column))

    def _noun(self, column: Column) -> str:
        """The question's own English word for a column's things ("tickets" for ticket_id), else empty."""
        for mention in self.mentions:
            written = self.question.text[mention.start : mention.end].lower()
            if mention.role == "column" and mention.column == column.name and written.isascii():
                return written
        return ""


def is_additive(column: Column) -> bool:
    """Whether the sum of the column's cells means something: of amounts, not of prices, ages or percentages."""
    measures = word_list("glossary")["measures"]
    name = column.spoken_name.lower()
    words = [
        word for word in measures["not_additive_words"] if (word in name if has_chinese(word) else word in name.split())
    ]
    not_additive = set(concepts_of(column)) & set(measures["not_additive"])
    return not words and not not_additive and column.unit != "%"


def _default_aggregate(column: Column) -> Aggregate:
    return "sum" if is_additive(column) else "mean"


def _natural_unit(column: Column) -> TimeUnit:
    return "month" if column.months_only else "day"


def _no_measure(sheet: Sheet, question: QuestionText, unknown: Sequence[str]) -> BadRequest:
    names = ", ".join(column.name for column in sheet.columns)
    reason = f"; nothing in it is called {', '.join(unknown)}" if unknown else ""
    return BadRequest(
        "question",
        question.text,
        f"a question on the columns of the table{reason}",
        f"The columns are: {names}. Ask for the highest, lowest, sum, mean, median or number of one of them, or for one"
        " value per another column.",
    )
