"""A chart: what is drawn of a table, chosen from the words of a request and the kinds of the columns. Draws nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from experts.tabular.column import Column
from experts.tabular.condition_reading import read_conditions
from experts.tabular.mention import Mention, QuestionText, find_mentions
from experts.tabular.query import Grouping, TimeUnit
from experts.tabular.query_reading import is_additive
from experts.tabular.result import group_keys, in_natural_order
from experts.tabular.sheet import Sheet
from experts.tabular.unknown import nearest_column, unknown_words
from experts.tabular.wordlist import word_list
from orchestrator.errors import BadRequest

if TYPE_CHECKING:
    import pandas as pd

ChartKind = Literal["line", "bar", "scatter", "histogram"]


@dataclass(frozen=True)
class Chart:
    """What is drawn: labels or numbers on the x axis, numbers on the y axis.

    `aggregate` says how rows of one label were brought together, empty where each label stands once; `num_left_out` how
    many labels a bar chart does not show.
    """

    kind: ChartKind
    x: str
    y: str
    labels: tuple[str, ...]
    numbers_x: tuple[float, ...]
    numbers_y: tuple[float, ...]
    unit: str = ""
    aggregate: Literal["", "sum", "mean", "count"] = ""
    time_unit: TimeUnit = ""
    num_left_out: int = 0


def chart_of(sheet: Sheet, request: str) -> Chart:
    """The chart that the request asks for, or that suits the table where it does not say.

    Raises:
        BadRequest: a column is asked for that is not there, the kind does not fit, or no row is left.
    """
    question = QuestionText.of(request)
    mentions = find_mentions(sheet, question)
    found = read_conditions(sheet, question, mentions)
    kind = _named_kind(question)
    rows = sheet.frame.index
    for condition in found.conditions:
        rows = rows.intersection(sheet.frame.index[condition.mask(sheet).fillna(False).astype(bool)])
    named = _named_columns(sheet, question, mentions, found.covered)
    measures = [c for c in named if c.kind == "number"] or list(sheet.measures)
    if len(rows) == 0:
        raise BadRequest(
            "request", request, "about rows that are there; none meets its conditions", "Drop a condition."
        )
    if kind == "histogram" or (kind is None and not named and not _axes(sheet) and len(measures) == 1):
        return _histogram(_first(measures, sheet, request), rows)
    if kind == "scatter" or (kind is None and sum(c.kind == "number" for c in named) == 2 and len(named) == 2):
        return _scatter(measures, sheet, request, rows, swap="vs" in request or "against" in request)
    axis = _axis(sheet, named, mentions, kind)
    if axis is None:
        only = _first(measures, sheet, request)
        return _scatter(measures, sheet, request, rows) if len(measures) > 1 else _histogram(only, rows)
    wants_count = any(m.role == "operation" and m.word == "count" for m in mentions)
    counted = [c for c in named if c.kind in ("identifier", "text") and c is not axis.column]
    is_count = (wants_count or bool(counted)) and not any(c.kind == "number" for c in named)
    measure = None if is_count else next(iter(measures), None)
    wants_mean = any(m.role == "operation" and m.word == "mean" for m in mentions)
    return _grouped(axis, measure, rows, kind, wants_mean)


def _named_kind(question: QuestionText) -> ChartKind | None:
    found = [
        (span, kind)
        for kind, words in word_list("chart")["kinds"].items()
        for word in words
        for span in question.spans(word)
    ]
    return min(found, key=lambda item: (item[0][0], -item[0][1]))[1] if found else None


def _named_columns(
    sheet: Sheet, question: QuestionText, mentions: Sequence[Mention], covered: Sequence[tuple[int, int]]
) -> list[Column]:
    """Columns that the request names; a word near to a column's name in meaning counts.

    Raises:
        BadRequest: a word stands for no column, and no numeric column is named.
    """
    named = [sheet.column(m.column) for m in mentions if m.role == "column"]
    lists = word_list("chart")
    known = [span for words in lists["kinds"].values() for word in words for span in question.spans(word)]
    known += [span for word in lists["ignored"]["words"].split() for span in question.spans(word)]
    unknown = unknown_words(question, [*covered, *known, *((m.start, m.end) for m in mentions)])
    if unknown and not any(column.kind == "number" for column in named):
        nearest, _, _ = nearest_column(sheet.columns, unknown)
        if nearest is None:
            raise BadRequest(
                "request",
                question.text,
                f"a request on columns of the table; it has nothing called {', '.join(unknown)}",
                f"The columns are: {', '.join(column.name for column in sheet.columns)}.",
            )
        named.append(nearest)
    return list({column.name: column for column in named}.values())


def _axes(sheet: Sheet) -> list[Column]:
    """Columns that can stand on the x axis, dates first, then categories, then other words."""
    order = ("date", "year", "category", "boolean", "text")
    return sorted((c for c in sheet.columns if c.kind in order), key=lambda c: order.index(c.kind))


def _axis(
    sheet: Sheet, named: Sequence[Column], mentions: Sequence[Mention], kind: ChartKind | None
) -> Grouping | None:
    units = [m.word for m in mentions if m.role == "time"]
    if units and sheet.dates:
        return Grouping(sheet.dates[0], units[0])  # type: ignore[arg-type]
    candidates = [c for c in named if c.kind != "number"]
    # "tickets per status" has the axis behind "per"; without that word a category is likelier than a name.
    grouped = [m.column for m, before in zip(mentions[1:], mentions, strict=False) if before.role == "group"]
    candidates.sort(key=lambda c: (c.name not in grouped, c.kind in ("identifier", "text")))
    candidates = candidates or _axes(sheet)
    if kind == "bar" and not any(c.kind != "number" for c in named):
        candidates = [c for c in candidates if c.is_label] or candidates
    if not candidates:
        return None
    column = candidates[0]
    if column.kind != "date":
        return Grouping(column)
    num_days = (column.values.max() - column.values.min()).days
    return Grouping(column, "month" if column.months_only or num_days > word_list("chart")["max_days"] else "day")


def _grouped(axis: Grouping, measure: Column | None, rows: pd.Index, kind: ChartKind | None, wants_mean: bool) -> Chart:
    keys = group_keys(axis, rows).dropna()
    cells = measure.values.loc[keys.index].dropna() if measure else keys.map(lambda _: 1.0).astype(float)
    if cells.empty:
        raise BadRequest("request", axis.name, "columns with values", "Choose another column.")
    groups = cells.groupby(keys.loc[cells.index])
    repeated = bool((groups.size() > 1).any())
    how: Literal["sum", "mean"] = "mean" if wants_mean or (measure and not is_additive(measure)) else "sum"
    values = groups.agg(how)
    order = in_natural_order([str(label) for label in values.index], axis)
    values = values.loc[order] if order else values.sort_values(ascending=False, kind="stable")
    chosen: ChartKind = "line" if kind == "line" or (kind is None and axis.column.kind in ("date", "year")) else "bar"
    limit = word_list("chart")["max_bars"] if chosen == "bar" and not order else len(values)
    kept = values.head(limit)
    return Chart(
        kind=chosen,
        x=axis.column.name,
        y=measure.name if measure else "",
        labels=tuple(str(label) for label in kept.index),
        numbers_x=(),
        numbers_y=tuple(float(value) for value in kept),
        unit=measure.unit if measure else "",
        aggregate="count" if measure is None else how if repeated else "",
        time_unit=axis.time_unit,
        num_left_out=len(values) - len(kept),
    )


def _scatter(measures: Sequence[Column], sheet: Sheet, request: str, rows: pd.Index, swap: bool = False) -> Chart:
    columns = list({column.name: column for column in [*measures, *sheet.measures]}.values())[:2]
    if len(columns) < 2:
        raise BadRequest("request", request, "two numeric columns for a scatter plot", "Ask for a bar chart instead.")
    # "price against age" names y first.
    first, second = reversed(columns) if swap else columns
    both = first.values.loc[rows].notna() & second.values.loc[rows].notna()
    pairs = rows[both]
    return Chart(
        kind="scatter",
        x=first.name,
        y=second.name,
        labels=(),
        numbers_x=tuple(first.values.loc[pairs].tolist()),
        numbers_y=tuple(second.values.loc[pairs].tolist()),
        unit=second.unit,
    )


def _histogram(column: Column, rows: pd.Index) -> Chart:
    numbers = tuple(column.values.loc[rows].dropna().tolist())
    return Chart("histogram", column.name, "", (), numbers, (), column.unit, "count")


def _first(measures: Sequence[Column], sheet: Sheet, request: str) -> Column:
    if not measures:
        raise BadRequest(
            "request",
            request,
            "a chart of a numeric column; the table has none",
            f"The columns are: {', '.join(column.name for column in sheet.columns)}.",
        )
    return measures[0]
