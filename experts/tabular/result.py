"""Running a Query on a table: plain pandas, no code of the question's. Knows no words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from experts.tabular.column import Column, month_number
from experts.tabular.query import Grouping, Query
from experts.tabular.sheet import Sheet
from orchestrator.errors import BadRequest

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Result:
    """What a query gave.

    `items` are (label, value) of groups or rows, in the order to say them; `value` is the single answer where there is
    one. `row_label` names the row of a highest or lowest value; `is_tie` says that several groups share it.
    """

    value: Any
    items: tuple[tuple[str, Any], ...] = ()
    num_rows: int = 0
    num_groups: int = 0
    row_label: str = ""
    is_single_row: bool = False
    whole: float | None = None


def run(sheet: Sheet, query: Query) -> Result:
    """The answer of a query.

    Raises:
        BadRequest: no row meets the conditions, or the column is empty there.
    """
    import pandas

    mask = pandas.Series(True, index=sheet.frame.index)
    for condition in query.conditions:
        mask &= condition.mask(sheet).fillna(False).astype(bool)
    num_rows = int(mask.sum())
    if query.aggregate in ("count", "distinct", "list") and not query.by and not query.order:
        return _counted(query, mask, num_rows)
    if query.aggregate == "share":
        return _share(query, mask, num_rows)
    cells = query.measure.values[mask] if query.measure else pandas.Series(1.0, index=sheet.frame.index)[mask]
    cells = cells.dropna()
    if cells.empty:
        what = " and ".join(condition.written or condition.column for condition in query.conditions) or "the column"
        raise BadRequest(
            "question",
            what,
            "about rows that are there; none meets its conditions",
            "Check the spelling, or drop a condition.",
        )
    if query.by is not None:
        return _grouped(query, cells)
    value = _aggregate(cells, query)
    label = _row_label(sheet, query, cells) if query.aggregate in ("max", "min") else ""
    return Result(value, num_rows=len(cells), row_label=label, is_single_row=len(cells) == 1)


def group_keys(grouping: Grouping, index: pd.Index) -> pd.Series:
    """The group of each row as text; ISO dates for periods."""
    cells = grouping.column.values.loc[index]
    if grouping.column.kind == "date":
        formats = {"day": "%Y-%m-%d", "": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}
        if grouping.time_unit in formats:
            return cells.dt.strftime(formats[grouping.time_unit])
        if grouping.time_unit == "quarter":
            return cells.dt.year.astype("Int64").astype(str) + "-Q" + cells.dt.quarter.astype("Int64").astype(str)
        return cells.dt.strftime("%G-W%V")
    if grouping.column.kind in ("year", "number", "identifier") and cells.dtype == float:
        return cells.map(lambda cell: f"{cell:g}", na_action="ignore")
    return cells.astype("string")


def in_natural_order(labels: list[str], grouping: Grouping) -> list[str] | None:
    """Dates, years and names of months in the order of time; None for other labels."""
    if grouping.column.kind in ("date", "year"):
        return sorted(labels)
    if all(month_number(label) for label in labels):
        return sorted(labels, key=lambda label: month_number(label) or 0)
    return None


def _counted(query: Query, mask: pd.Series, num_rows: int) -> Result:
    if query.aggregate == "count" or query.measure is None:
        return Result(num_rows, num_rows=num_rows)
    cells = query.measure.values[mask].dropna()
    names = [_written(query.measure, cell) for cell in dict.fromkeys(cells.tolist())]
    value: Any = len(names) if query.aggregate == "distinct" else names[0] if len(names) == 1 else None
    return Result(value, tuple((name, None) for name in names), num_rows, len(names))


def _share(query: Query, mask: pd.Series, num_rows: int) -> Result:
    cells = (
        query.measure.values.fillna(0) if query.measure is not None and query.measure.kind == "number" else mask * 0 + 1
    )
    whole = float(cells.sum())
    if query.by is not None:
        parts = cells[mask].groupby(group_keys(query.by, cells[mask].index)).sum()
        items = tuple(
            (str(label), 100 * float(part) / whole) for label, part in parts.sort_values(ascending=False).items()
        )
        return Result(None, items, num_rows, len(items), whole=whole)
    if not query.conditions or not whole:
        raise BadRequest(
            "question",
            "a share",
            "a condition that says which part is meant",
            "Say, for example: share of revenue per region.",
        )
    return Result(_plain(100 * cells[mask].sum() / whole), num_rows=num_rows, whole=whole)


def _grouped(query: Query, cells: pd.Series) -> Result:
    assert query.by is not None
    keys = group_keys(query.by, cells.index)
    cells = cells[keys.notna()]
    groups = cells.groupby(keys[keys.notna()])
    aggregate = {"count": "size", "distinct": "nunique"}.get(query.aggregate, query.aggregate)
    values = groups.agg("size" if aggregate == "size" else aggregate)
    is_single_row = bool((groups.size() == 1).all())
    if query.order:
        values = values.sort_values(ascending=query.order == "min", kind="stable")
        best = values.iloc[0]
        tied = values[values == best]
        chosen = tied if query.num == 1 else values.head(query.num)
    else:
        natural = in_natural_order([str(label) for label in values.index], query.by)
        chosen = values.loc[natural] if natural else values.sort_values(ascending=False, kind="stable")
    items = tuple((str(label), _spoken(query.measure, value)) for label, value in chosen.items())
    value = items[0][1] if len({item[1] for item in items}) == 1 and query.order else None
    return Result(value, items, len(cells), len(values), is_single_row=is_single_row)


def _aggregate(cells: pd.Series, query: Query) -> Any:
    return _spoken(query.measure, cells.agg(query.aggregate))


def _spoken(measure: Column | None, value: Any) -> Any:
    return _written(measure, value) if measure is not None and measure.kind == "date" else _plain(value)


def _row_label(sheet: Sheet, query: Query, cells: pd.Series) -> str:
    """What names the row of the extreme: its first label column, identifier or date."""
    row = cells.idxmax() if query.aggregate == "max" else cells.idxmin()
    named = [c for c in sheet.columns if c.kind in ("text", "identifier")] or [*sheet.labels, *sheet.dates]
    best = next((column for column in named if column is not query.measure), None)
    return _written(best, best.values.loc[row]) if best is not None and best.values.notna().loc[row] else ""


def _written(column: Column, cell: Any) -> str:
    if column.kind == "date":
        return str(cell.strftime("%Y-%m" if column.months_only else "%Y-%m-%d"))
    return (
        f"{cell:g}"
        if isinstance(cell, float) and abs(cell) < 1e6
        else str(int(cell))
        if isinstance(cell, float)
        else str(cell)
    )


def _plain(value: Any) -> Any:
    """A Python number, whole where it is, without the noise of binary fractions."""
    number = round(float(value), 6)
    return int(number) if number.is_integer() else number
