from collections.abc import Callable
from pathlib import Path

import pandas
import pytest

from experts.tabular.column import read_column
from experts.tabular.sheet import read_sheet
from orchestrator.artifact import Table
from orchestrator.errors import BadRequest


def test_kinds_and_units_of_columns(tables: dict[str, Table]) -> None:
    sheet = read_sheet(tables["sales"])
    assert [(c.spoken_name, c.kind, c.unit) for c in sheet.columns] == [
        ("date", "date", ""),
        ("region", "category", ""),
        ("product", "category", ""),
        ("units", "number", ""),
        ("revenue", "number", "€"),
        ("Unit price", "number", "€"),
        ("Discount", "number", "%"),
    ]


def test_row_of_totals_is_left_out(tables: dict[str, Table]) -> None:
    sheet = read_sheet(tables["sales"])
    assert (sheet.num_rows, sheet.num_total_rows) == (6, 1)
    assert sheet.column("revenue").values.sum() == pytest.approx(5290.75)


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1.200,50 €", "990,00 €"], [1200.5, 990]),
        (["€1.200", "€12.500"], [1200, 12500]),
        (["$1,200.50", "-$3.00", "($7)"], [1200.5, -3, -7]),
        (["12 %", "3,5 %"], [12, 3.5]),
        (["1'200", "3'400.5"], [1200, 3400.5]),
        (["3 kg", "2.5 kg", "n/a"], [3, 2.5, None]),
        (["1,5", "2,25"], [1.5, 2.25]),
    ],
)
def test_numbers_with_separators_currencies_and_units(cells: list[str], numbers: list[float | None]) -> None:
    column = read_column("x", pandas.Series(cells))
    assert column.kind == "number"
    assert [None if pandas.isna(value) else value for value in column.values] == numbers


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["2024-02-01", "2024-12-31"], "2024-02-01"),
        (["01.02.2024", "31.12.2024"], "2024-02-01"),
        (["01/02/2024", "31/12/2024"], "2024-02-01"),
        (["02/01/2024", "12/31/2024"], "2024-02-01"),
        (["2024年2月1日", "2024年12月31日"], "2024-02-01"),
        (["Feb 2024", "Mar 2024"], "2024-02-01"),
        (["2024-02-01 08:30", "2024-02-02 09:00"], "2024-02-01"),
    ],
)
def test_dates_of_several_countries(cells: list[str], first: str) -> None:
    column = read_column("when", pandas.Series(cells))
    assert column.kind == "date"
    assert f"{column.values[0]:%Y-%m-%d}" == first


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("postcode", ["01067", "10115", "80331"], "text"),
        ("order_id", [1, 2, 3], "identifier"),
        ("year", [2022, 2023, 2024], "year"),
        ("active", ["yes", "no", "yes"], "boolean"),
        ("month", ["January", "January", "February", "February"], "category"),
    ],
)
def test_digits_are_not_always_numbers(name: str, cells: list[object], kind: str) -> None:
    assert read_column(name, pandas.Series(cells)).kind == kind


def test_spreadsheet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    pandas.DataFrame({"Stadt": ["Bonn", "Ulm"], "Einwohner": [336000, 129000]}).to_excel(path, index=False)
    sheet = read_sheet(Table.from_path(path))  # type: ignore[arg-type]
    assert [(c.name, c.kind, c.values.tolist()) for c in sheet.columns] == [
        ("Stadt", "text", ["Bonn", "Ulm"]),
        ("Einwohner", "number", [336000.0, 129000.0]),
    ]


def test_table_with_only_a_header_is_refused(table_of: Callable[..., Table]) -> None:
    with pytest.raises(BadRequest, match="a table with a row or more"):
        read_sheet(table_of("a,b,c\n"))
