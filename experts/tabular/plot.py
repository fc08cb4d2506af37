"""Plots of a table with matplotlib: bar, line, scatter and histogram as a picture, and a sentence on what it shows.

Knows the chart that is to be drawn, not how it was chosen.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from experts.tabular.chart import Chart, chart_of
from experts.tabular.phrasing import number
from experts.tabular.sheet import read_sheet
from experts.tabular.wordlist import word_list
from orchestrator import Image, Json, Table
from orchestrator.expert import expert
from orchestrator.language import has_chinese, language_of
from orchestrator.types import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from PIL.Image import Image as PillowImage


class Plot(NamedTuple):
    """A drawn chart."""

    image: Annotated[Image, "the chart as PNG"]
    plot: Annotated[Json, "kind, x, y, aggregate, points, highest and lowest label, sentences"]


@expert(
    title="Table plot",
    task="table-to-image",
    licence="Apache-2.0",
    openness="open-tooling",
    author="The Baton authors; drawn by matplotlib",
    limits="One series a chart: bar, line, scatter or histogram; of more than twenty categories the largest twenty are"
    " drawn, and without an installed Chinese font Chinese labels become numbers.",
    examples=(
        "Plot the revenue per month",
        "Draw a bar chart of sales by region",
        "Make a line chart of the temperature over time from this CSV",
        "Show the distribution of ages as a histogram",
        "Scatter plot of price against weight",
        "Visualize this spreadsheet",
        "画出每月销售额的折线图",
        "用柱状图比较各地区的数量",
        "把这个表格画成图表",
    ),
    says={"en": ("{description}", "{highlight}"), "zh": ("{description_zh}", "{highlight_zh}")},
)
def table_plot(table: Table, request: Annotated[str, "what to draw; empty chooses by the columns"] = "") -> Plot:
    """Draw a chart of a table, CSV file or spreadsheet as a picture: bar, line, scatter or histogram."""
    chart = chart_of(read_sheet(table), request)
    language = language_of(request or chart.x + chart.y)
    return Plot(drawn(chart, language), Json(facts_of(chart)))  # type: ignore[arg-type]


def drawn(chart: Chart, language: Language = "en") -> PillowImage:
    """The chart as a picture, drawn without a display; its words are English where no Chinese font is installed."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image as Pillow

    settings = word_list("chart")
    font = chinese_font()
    with matplotlib.rc_context({"font.family": ["DejaVu Sans", *([font] if font else [])]}):
        figure = Figure((settings["width_inches"], settings["height_inches"]), settings["dots_per_inch"])
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        _draw(axes, chart, settings["colour"])
        title = _title_zh(chart) if language == "zh" and font else _title(chart)
        axes.set_title(_safe(title[0].upper() + title[1:], "Chart"))
        axes.set_xlabel(_safe(chart.x, "x"))
        axes.set_ylabel(_safe(_y_label(chart, language if font else "en"), "y"))
        axes.grid(visible=True, axis="both" if chart.kind == "scatter" else "y", alpha=0.3)
        axes.set_axisbelow(True)
        figure.tight_layout()
        canvas.draw()
        return Pillow.frombuffer("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba())).convert("RGB")


def _draw(axes: Axes, chart: Chart, colour: str) -> None:
    labels = [_safe(label, f"{position}") for position, label in enumerate(chart.labels, start=1)]
    positions = range(len(labels))
    if chart.kind == "histogram":
        axes.hist(chart.numbers_x, bins=word_list("chart")["num_bins"], color=colour, edgecolor="white")
        return
    if chart.kind == "scatter":
        axes.scatter(chart.numbers_x, chart.numbers_y, color=colour, alpha=0.8)
        return
    if chart.kind == "line":
        axes.plot(positions, chart.numbers_y, color=colour, marker="o" if len(labels) <= 40 else "")
    else:
        axes.bar(positions, chart.numbers_y, color=colour)
    step = max(1, len(labels) // 20)
    is_long = sum(len(label) for label in labels[::step]) > 70
    axes.set_xticks(list(positions)[::step], labels[::step])
    if is_long:
        for tick in axes.get_xticklabels():
            tick.set(rotation=35, horizontalalignment="right")


def _y_label(chart: Chart, language: Language) -> str:
    words = word_list("chart")["y_labels"][language]
    if chart.aggregate == "count":
        return str(words["count"])
    unit = f" ({chart.unit})" if chart.unit and chart.unit not in chart.y else ""
    return str(words.get(chart.aggregate, "{y}")).format(y=chart.y) + unit


def facts_of(chart: Chart) -> dict[str, Any]:
    """The chart as data, with what it shows in a sentence of each language."""
    names = word_list("chart")["names"]
    facts: dict[str, Any] = {
        "kind": chart.kind,
        "x": chart.x,
        "y": chart.y,
        "aggregate": chart.aggregate,
        "time_unit": chart.time_unit,
        "num_points": len(chart.labels) or len(chart.numbers_x),
        "num_left_out": chart.num_left_out,
        "points": [{"label": a, "value": b} for a, b in zip(chart.labels, chart.numbers_y, strict=True)]
        if chart.labels
        else [],
        "description": f"The {names['en'][chart.kind]} shows {_title(chart)}.",
        "description_zh": f"{names['zh'][chart.kind]}显示了{_title_zh(chart)}。",
    }
    if chart.labels:
        facts |= _extremes(chart)
    if chart.kind == "scatter" and (correlation := _correlation(chart)) is not None:
        facts["correlation"] = correlation
        facts["highlight"] = f"The correlation of the two is {correlation:.2f}."
        facts["highlight_zh"] = f"两者的相关系数为{correlation:.2f}。"
    return facts


def _extremes(chart: Chart) -> dict[str, Any]:
    high, low = (chart.numbers_y.index(pick(chart.numbers_y)) for pick in (max, min))
    facts: dict[str, Any] = {"highest_label": chart.labels[high], "lowest_label": chart.labels[low]}
    if high != low:
        highest, lowest = number(chart.numbers_y[high], chart.unit), number(chart.numbers_y[low], chart.unit)
        facts["highlight"] = (
            f"It is highest for {chart.labels[high]} ({highest}) and lowest for {chart.labels[low]} ({lowest})."
        )
        facts["highlight_zh"] = f"{chart.labels[high]}最高（{highest}），{chart.labels[low]}最低（{lowest}）。"
    return facts


def _correlation(chart: Chart) -> float | None:
    """Pearson's r; None for fewer than three points or a constant column."""
    import numpy

    x, y = numpy.array(chart.numbers_x), numpy.array(chart.numbers_y)
    if len(x) < 3 or x.std() == 0 or y.std() == 0:
        return None
    return round(float(numpy.corrcoef(x, y)[0, 1]), 4)


def _title(chart: Chart) -> str:
    if chart.kind == "histogram":
        return f"the distribution of {chart.x}"
    if chart.kind == "scatter":
        return f"{chart.y} against {chart.x}"
    what = {"sum": f"the total {chart.y}", "mean": f"the average {chart.y}", "count": "the number of rows"}
    return f"{what.get(chart.aggregate, chart.y)} by {chart.time_unit or chart.x}"


def _title_zh(chart: Chart) -> str:
    if chart.kind == "histogram":
        return f"{chart.x}的分布"
    if chart.kind == "scatter":
        return f"{chart.y}与{chart.x}的关系"
    units = {"day": "日", "week": "周", "month": "月", "quarter": "季度", "year": "年"}
    what = {"sum": f"{chart.y}的总和", "mean": f"{chart.y}的平均值", "count": "行数"}
    return f"按{units.get(chart.time_unit, chart.x)}统计的{what.get(chart.aggregate, chart.y)}"


def _safe(text: str, instead: str) -> str:
    """The text, or something plain where no installed font can draw its Chinese characters."""
    return instead if has_chinese(text) and chinese_font() is None else text


@functools.cache
def chinese_font() -> str | None:
    """An installed font that holds Chinese characters."""
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return next((name for name in word_list("chart")["chinese_fonts"] if name in installed), None)
