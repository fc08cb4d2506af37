"""Query: what a question asks of a table, as a value that can be checked and run. Knows no words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from experts.tabular.column import Column
from experts.tabular.condition import Condition

Aggregate = Literal["sum", "mean", "median", "max", "min", "count", "distinct", "share", "list"]
TimeUnit = Literal["", "day", "week", "month", "quarter", "year"]


@dataclass(frozen=True)
class Grouping:
    """Rows that belong together: equal cells of a column, or for dates the same day, week, month, quarter or year."""

    column: Column
    time_unit: TimeUnit = ""

    @property
    def name(self) -> str:
        return f"{self.column.name} ({self.time_unit})" if self.time_unit else self.column.name


@dataclass(frozen=True)
class Query:
    """The aggregate of a measure over the rows that meet all conditions, in groups where `by` says so.

    `order` picks the group (or, without one, the row) of the highest or lowest value, `num` how many of them.
    """

    aggregate: Aggregate
    measure: Column | None = None
    by: Grouping | None = None
    order: Literal["", "max", "min"] = ""
    num: int = 1
    conditions: tuple[Condition, ...] = ()
    noun: str = ""
    is_assumed: bool = False
    unknown_words: tuple[str, ...] = ()
    confidence: float = 1.0

    @property
    def operation(self) -> str:
        """highest, lowest, top, bottom, or the aggregate, with `group` where there is one value a group."""
        if self.order:
            many = {"max": "top", "min": "bottom"}[self.order]
            return many if self.num > 1 else {"max": "highest", "min": "lowest"}[self.order]
        names = {"max": "highest", "min": "lowest"}
        return names.get(self.aggregate, self.aggregate)

    def as_dict(self) -> dict[str, Any]:
        return {
            "operation": self.operation,
            "aggregate": self.aggregate,
            "column": self.measure.name if self.measure else None,
            "group": self.by.name if self.by else None,
            "filters": [condition.as_dict() for condition in self.conditions],
            "unknown_words": list(self.unknown_words),
        }
