from collections.abc import Callable

from experts.tabular import table_profile
from orchestrator.artifact import Table


def test_profile_of_a_sales_table(tables: dict[str, Table]) -> None:
    [prediction] = table_profile.predict([{"table": tables["sales"]}])
    facts = prediction.outputs["json"].value
    assert (facts["rows"], facts["columns"]) == ("6 rows", "7 columns")
    assert facts["column_names"][:3] == ["date", "region", "product"]
    assert facts["ranges"] == [
        "units from 3 to 20 (mean 10.4)",
        "revenue from €310.25 to €1,500 (mean €881.79)",
        "Unit price from €1.50 to €4 (mean €2.67)",
        "Discount from 0% to 10% (mean 3%)",
    ]
    assert facts["periods_zh"] == ["date从2024-01-05到2024-03-09"]
    assert facts["common"][0] == "region: North (3), South (2) and East (1)"
    assert facts["missing"] == ["units (1)"]
    assert facts["num_total_rows_left_out"] == 1
    assert "complete" not in facts


def test_columns_in_detail(tables: dict[str, Table]) -> None:
    profiles = {p["name"]: p for p in table_profile(tables["sales"]).value["columns_profiled"]}
    assert profiles["region"] == {
        "name": "region",
        "kind": "category",
        "unit": "",
        "num_missing": 0,
        "num_distinct": 3,
        "top": [{"value": "North", "count": 3}, {"value": "South", "count": 2}, {"value": "East", "count": 1}],
    }
    assert profiles["units"] == {
        "name": "units",
        "kind": "number",
        "unit": "",
        "num_missing": 1,
        "num_distinct": 5,
        "min": 3.0,
        "max": 20.0,
        "mean": 10.4,
        "median": 10.0,
        "sum": 52.0,
    }


def test_whole_table_and_repeated_rows_are_said(table_of: Callable[..., Table]) -> None:
    facts = table_profile(table_of("a,b\n1,x\n1,x\n2,y\n")).value
    assert facts["complete"] == "No values are missing."
    assert facts["duplicates"] == "1 row repeats another one."
    assert facts["num_duplicate_rows"] == 1


def test_empty_rows_and_columns_are_left_out(table_of: Callable[..., Table]) -> None:
    facts = table_profile(table_of("a,b,c\n1,,x\n,,\n2,,y\n")).value
    assert (facts["num_rows"], facts["column_names"]) == (2, ["a", "c"])
