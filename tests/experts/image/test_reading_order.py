"""The order of recognised lines, as whole values."""

from __future__ import annotations

from experts.image.reading_order import Line, in_reading_order, joined


def line(text: str, left: float, top: float, right: float, bottom: float) -> Line:
    return Line(text, 1.0, left, top, right, bottom)


def test_no_line_is_no_row() -> None:
    assert in_reading_order([]) == []
    assert joined([]) == ""


def test_pieces_of_a_row_are_ordered_though_their_heights_differ() -> None:
    pieces = [
        line("EUR", 300, 12, 350, 30),
        line("Total", 10, 10, 80, 34),
        line("12", 200, 8, 240, 32),
        line("Thanks", 10, 60, 90, 84),
    ]
    assert joined(in_reading_order(pieces)) == "Total 12 EUR\nThanks"


def test_slanted_lines_above_each_other_stay_apart() -> None:
    pieces = [line("CHARENTES", 390, 3, 453, 31), line("CENTRE", 382, 0, 446, 22)]
    assert joined(in_reading_order(pieces)) == "CENTRE\nCHARENTES"


def test_short_pieces_are_no_columns() -> None:
    pieces = [
        line(f"{side}{row}", 10 if side == "a" else 400, 40 * row, 60 if side == "a" else 450, 40 * row + 20)
        for row in range(4)
        for side in "ba"
    ]
    assert joined(in_reading_order(pieces)) == "a0 b0\na1 b1\na2 b2\na3 b3"


def test_chinese_columns_count_as_running_text() -> None:
    pieces = [
        line(text, left, 40 * row, left + 200, 40 * row + 20)
        for left, texts in (
            (10, ("今天天气很好", "我们去公园吧", "下午四点回来")),
            (400, ("火车晚点了", "请在站台等候", "谢谢您的理解")),
        )
        for row, text in enumerate(texts)
    ]
    assert (
        joined(in_reading_order(pieces[::-1]))
        == "今天天气很好\n我们去公园吧\n下午四点回来\n火车晚点了\n请在站台等候\n谢谢您的理解"
    )
