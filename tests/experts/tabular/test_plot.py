from collections.abc import Callable

import numpy
import pytest

from experts.tabular import table_plot
from experts.tabular.chart import chart_of
from experts.tabular.sheet import read_sheet
from orchestrator.artifact import Table
from orchestrator.errors import BadRequest

CHARTS = [
    ("sales", "Plot the revenue per month", ("line", "date", "revenue", "sum")),
    ("sales", "bar chart of revenue by region", ("bar", "region", "revenue", "sum")),
    ("sales", "scatter plot of units against revenue", ("scatter", "revenue", "units", "")),
    ("sales", "histogram of revenue", ("histogram", "revenue", "", "count")),
    ("sales", "line chart of revenue in the North", ("line", "date", "revenue", "")),
    ("staff", "Plot average salary by department", ("bar", "Department", "Salary", "mean")),
    ("staff", "number of employees per department", ("bar", "Department", "", "count")),
    ("tickets", "show tickets per status", ("bar", "status", "", "count")),
    ("chinese", "用柱状图比较各地区的数量", ("bar", "地区", "数量", "sum")),
    ("chinese", "画出每月销售额的折线图", ("line", "日期", "销售额", "sum")),
    ("chinese", "", ("line", "日期", "销售额", "")),
]


@pytest.mark.parametrize(("name", "request_text", "chosen"), CHARTS)
def test_chart_is_chosen_by_words_and_columns(
    tables: dict[str, Table], name: str, request_text: str, chosen: tuple[str, ...]
) -> None:
    chart = chart_of(read_sheet(tables[name]), request_text)
    assert (chart.kind, chart.x, chart.y, chart.aggregate) == chosen


def test_repeated_labels_are_summed_and_said(tables: dict[str, Table]) -> None:
    [prediction] = table_plot.predict([{"table": tables["sales"], "request": "bar chart of revenue by region"}])
    facts = prediction.outputs["plot"].value
    assert facts["points"] == [
        {"label": "North", "value": 1960.75},
        {"label": "South", "value": 1830.0},
        {"label": "East", "value": 1500.0},
    ]
    assert facts["description"] == "The bar chart shows the total revenue by region."
    assert facts["highlight"] == "It is highest for North (€1,960.75) and lowest for East (€1,500)."
    assert facts["description_zh"] == "柱状图显示了按region统计的revenue的总和。"


def test_bars_of_the_picture_are_as_high_as_the_numbers(table_of: Callable[..., Table]) -> None:
    table = table_of("item,amount\nfirst,100\nsecond,50\nthird,25\n")
    picture = numpy.asarray(table_plot(table, "bar chart").image.convert("RGB")).astype(int)  # (H, W, 3)
    is_bar = abs(picture - numpy.array([0x2A, 0x6F, 0x97])).max(axis=2) < 8
    heights = is_bar.sum(axis=0)  # (W,)
    runs = numpy.split(heights, numpy.flatnonzero(numpy.diff((heights > 20).astype(int))) + 1)
    bars = [numpy.median(run) for run in runs if run.max() > 20]
    assert len(bars) == 3
    assert [bar / bars[0] for bar in bars] == pytest.approx([1, 0.5, 0.25], abs=0.02)


@pytest.mark.parametrize("request_text", ["", "scatter plot", "histogram of 数量", "按月画折线图"])
def test_chinese_tables_draw_without_missing_characters(
    tables: dict[str, Table], request_text: str, recwarn: pytest.WarningsRecorder
) -> None:
    image = table_plot(tables["chinese"], request_text).image
    assert image.size == (880, 528)
    assert not [warning for warning in recwarn if "missing from font" in str(warning.message)]


def test_without_a_chinese_font_labels_become_numbers(
    tables: dict[str, Table], monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    monkeypatch.setattr("experts.tabular.plot.chinese_font", lambda: None)
    table_plot(tables["chinese"], "用柱状图比较各地区的数量")
    assert not [warning for warning in recwarn if "missing from font" in str(warning.message)]


def test_many_categories_keep_the_largest(table_of: Callable[..., Table]) -> None:
    rows = "\n".join(f"item {n},{n}" for n in range(1, 31))
    chart = chart_of(read_sheet(table_of(f"item,amount\n{rows}\n")), "bar chart of amount per item")
    assert (len(chart.labels), chart.num_left_out, chart.labels[0]) == (20, 10, "item 30")


def test_months_stand_in_the_order_of_the_year(table_of: Callable[..., Table]) -> None:
    table = table_of("month,rain\nMarch,3\nJanuary,9\nFebruary,5\n")
    assert chart_of(read_sheet(table), "").labels == ("January", "February", "March")


@pytest.mark.parametrize(
    ("name", "request_text", "legal"),
    [
        ("sales", "plot the salary", "it has nothing called salary"),
        ("sales", "plot revenue in 2019", "about rows that are there"),
        ("german", "scatter plot", "two numeric columns"),
    ],
)
def test_chart_that_cannot_be_drawn_is_refused(
    tables: dict[str, Table], name: str, request_text: str, legal: str
) -> None:
    with pytest.raises(BadRequest, match=legal):
        table_plot(tables[name], request_text)


def test_table_without_numbers_counts_its_categories(table_of: Callable[..., Table]) -> None:
    chart = chart_of(read_sheet(table_of("colour\nred\nblue\nred\n")), "")
    assert (chart.kind, chart.aggregate, chart.labels, chart.numbers_y) == ("bar", "count", ("red", "blue"), (2.0, 1.0))
