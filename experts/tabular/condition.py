"""A condition on the rows of a table: a cell equals a value, a number is large enough, a date lies in a period.

Knows how it is checked, not how it is read from a question.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from experts.tabular.sheet import Sheet

if TYPE_CHECKING:
    import pandas as pd

Relation = Literal["is", "is_not", "above", "at_least", "below", "at_most", "equal", "between", "period", "month"]


@dataclass(frozen=True)
class Condition:
    """`column relation values`; several values of `is` and `is_not` are alternatives.

    `between` takes the smallest and the largest number, `period` the first instant and the first one after it (either
    may be None), `month` numbers of months.
    """

    column: str
    relation: Relation
    values: tuple[Any, ...]
    written: str = ""

    def mask(self, sheet: Sheet) -> pd.Series:
        """True for each row that meets it; a missing cell meets none."""
        cells = sheet.column(self.column).values
        match self.relation:
            case "is":
                return cells.isin(self.values)
            case "is_not":
                return cells.notna() & ~cells.isin(self.values)
            case "above":
                return cells > self.values[0]
            case "at_least":
                return cells >= self.values[0]
            case "below":
                return cells < self.values[0]
            case "at_most":
                return cells <= self.values[0]
            case "equal":
                return cells == self.values[0]
            case "between":
                return cells.between(*self.values)
            case "month":
                return cells.dt.month.isin(self.values)
        start, end = self.values
        mask = cells.notna()
        if start is not None:
            mask &= cells >= start
        if end is not None:
            mask &= cells < end
        return mask

    def as_dict(self) -> dict[str, Any]:
        values = [value if isinstance(value, (str, int, float, type(None))) else str(value) for value in self.values]
        return {"column": self.column, "relation": self.relation, "values": values}
