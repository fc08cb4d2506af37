"""Profile of a table: its size, its columns, what is missing, and the range or the commonest values of each.

Knows no question.
"""

from __future__ import annotations

from typing import Any

from experts.tabular.column import Column
from experts.tabular.phrasing import joined, number
from experts.tabular.sheet import Sheet, read_sheet
from orchestrator import Json, Table
from orchestrator.expert import expert
from orchestrator.types import Language

NUM_TOP = 5
NUM_SPOKEN_TOP = 3


@expert(
    title="Table profile",
    task="tabular-analysis",
    licence="Apache-2.0",
    openness="open-tooling",
    author="The Baton authors",
    limits="Describes one sheet, the first of a workbook; a column whose cells mix kinds counts as text.",
    examples=(
        "Describe this table",
        "What columns does the spreadsheet have?",
        "Give me an overview of the CSV file",
        "How many rows and columns are in this data set?",
        "Are there missing values in the data?",
        "Summarize the statistics of this table",
        "这个表格有哪些列?",
        "描述一下这份数据",
        "表格里有缺失值吗?",
    ),
    says={
        "en": (
            "The table has {rows} and {columns}: {column_names}.",
            "In numbers: {ranges}.",
            "The dates are: {periods}.",
            "The commonest values are: {common}.",
            "Values are missing in {missing}.",
            "{complete}",
            "{duplicates}",
        ),
        "zh": (
            "该表格共有{num_rows}行、{num_columns}列：{column_names}。",
            "数值列：{ranges_zh}。",
            "日期列：{periods_zh}。",
            "最常见的取值：{common_zh}。",
            "有缺失值的列：{missing_zh}。",
            "{complete_zh}",
            "{duplicates_zh}",
        ),
    },
)
def table_profile(table: Table) -> Json:
    """Describe a table, CSV file or spreadsheet: rows, columns, kinds of values, missing values, minimum, maximum and
    mean of numbers, commonest values of categories.
    """
    sheet = read_sheet(table)
    profiles = [profile_of(column) for column in sheet.columns]
    facts: dict[str, Any] = {
        "num_rows": sheet.num_rows,
        "num_columns": len(sheet.columns),
        "rows": f"{sheet.num_rows:,} {'row' if sheet.num_rows == 1 else 'rows'}",
        "columns_profiled": profiles,
        "columns": f"{len(sheet.columns)} {'column' if len(sheet.columns) == 1 else 'columns'}",
        "column_names": [column.name for column in sheet.columns],
        "num_missing": sum(profile["num_missing"] for profile in profiles),
        "num_duplicate_rows": int(sheet.frame.duplicated().sum()),
        "num_total_rows_left_out": sheet.num_total_rows,
    }
    return Json(facts | _sentences(sheet, profiles, facts["num_duplicate_rows"]))


def profile_of(column: Column) -> dict[str, Any]:
    """Name, kind, unit, num_missing, num_distinct; then min, max, mean, median, sum, or first, last, or top values."""
    cells = column.values.dropna()
    profile: dict[str, Any] = {
        "name": column.name,
        "kind": column.kind,
        "unit": column.unit,
        "num_missing": int(column.values.isna().sum()),
        "num_distinct": int(cells.nunique()),
    }
    if cells.empty:
        return profile
    if column.kind == "number":
        for name in ("min", "max", "mean", "median", "sum"):
            profile[name] = round(float(cells.agg(name)), 6)
    elif column.kind == "date":
        profile |= {"first": f"{cells.min():%Y-%m-%d}", "last": f"{cells.max():%Y-%m-%d}"}
    elif column.kind == "year":
        profile |= {"min": int(cells.min()), "max": int(cells.max())}
    elif column.is_label:
        counts = cells.astype(str).value_counts().head(NUM_TOP)
        profile["top"] = [{"value": str(value), "count": int(count)} for value, count in counts.items()]
    return profile


def _sentences(sheet: Sheet, profiles: list[dict[str, Any]], num_duplicates: int) -> dict[str, Any]:
    """Lists and sentences that the card's templates name; Chinese ones end in _zh."""
    numeric = [(c, p) for c, p in zip(sheet.columns, profiles, strict=True) if "mean" in p]
    dated = [p for p in profiles if "first" in p]
    common = [p for p in profiles if p["kind"] == "category" and p.get("top")]
    missing = [p for p in profiles if p["num_missing"]]
    facts: dict[str, Any] = {
        "ranges": [_range(c, p, "{name} from {low} to {high} (mean {mean})") for c, p in numeric],
        "ranges_zh": [_range(c, p, "{name}从{low}到{high}（平均{mean}）") for c, p in numeric],
        "periods": [f"{p['name']} from {p['first']} to {p['last']}" for p in dated],
        "periods_zh": [f"{p['name']}从{p['first']}到{p['last']}" for p in dated],
        "common": [f"{p['name']}: {_top(p, 'en')}" for p in common],
        "common_zh": [f"{p['name']}：{_top(p, 'zh')}" for p in common],
        "missing": [f"{p['name']} ({p['num_missing']})" for p in missing],
        "missing_zh": [f"{p['name']}（{p['num_missing']}个）" for p in missing],
    }
    if not missing:
        facts |= {"complete": "No values are missing.", "complete_zh": "没有缺失值。"}
    if num_duplicates:
        verb = "row repeats another one" if num_duplicates == 1 else "rows repeat another one"
        facts["duplicates"] = f"{num_duplicates} {verb}."
        facts["duplicates_zh"] = f"有{num_duplicates}行与其他行重复。"
    return facts


def _range(column: Column, profile: dict[str, Any], template: str) -> str:
    low, high, mean = (number(profile[key], column.unit) for key in ("min", "max", "mean"))
    return template.format(name=column.spoken_name, low=low, high=high, mean=mean)


def _top(profile: dict[str, Any], language: Language) -> str:
    template = "{value} ({count})" if language == "en" else "{value}（{count}）"
    return joined([template.format(**item) for item in profile["top"][:NUM_SPOKEN_TOP]], language)
