"""A table as people mean it: typed columns, without rows that sum up the others. Knows no question."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from experts.tabular.column import Column, read_column
from experts.tabular.wordlist import word_list

if TYPE_CHECKING:
    import pandas as pd

    from orchestrator import Table


@dataclass(frozen=True)
class Sheet:
    """The columns of a table, and what was left out of it."""

    columns: tuple[Column, ...]
    frame: pd.DataFrame = field(compare=False)
    num_total_rows: int = 0
    name: str = ""

    @property
    def num_rows(self) -> int:
        return len(self.frame)

    @property
    def measures(self) -> tuple[Column, ...]:
        """Columns that can be summed or averaged."""
        return tuple(column for column in self.columns if column.kind == "number")

    @property
    def labels(self) -> tuple[Column, ...]:
        """Columns that name things."""
        return tuple(column for column in self.columns if column.is_label)

    @property
    def dates(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.kind == "date")

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


def read_sheet(table: Table) -> Sheet:
    """The table with typed columns; empty rows, empty columns and rows of totals are left out.

    Raises:
        BadRequest: the file is no table or has no row.
    """
    frame = table.frame().dropna(how="all").dropna(axis="columns", how="all")
    is_total = _is_total_row(frame)
    kept = frame[~is_total].reset_index(drop=True)
    columns = tuple(read_column(str(name), kept.iloc[:, i]) for i, name in enumerate(kept.columns))
    return Sheet(columns, kept, int(is_total.sum()), table.name)


def _is_total_row(frame: pd.DataFrame) -> pd.Series:
    """Rows whose first cell says total; none where that would leave nothing."""
    first = frame.iloc[:, 0].astype("string").str.strip().str.lower().str.rstrip(":：").fillna("")
    is_total = first.isin(word_list("cells")["totals"]).astype(bool)
    return is_total if len(frame) > int(is_total.sum()) else is_total & False
