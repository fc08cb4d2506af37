import pytest

from experts.text.numeral import parse_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,200.50", 1200.5),
        ("1.200,50", 1200.5),
        ("1'200", 1200),
        ("12 000", 12000),
        ("1.234.567", 1234567),
        ("1.200", 1.2),
        ("1,5", 1.5),
        ("−3", -3),
        (".5", 0.5),
        ("三百五十", 350),
        ("三千五", 3500),
        ("三千零五", 3005),
        ("一万两千", 12000),
        ("三万五", 35000),
        ("两亿", 2e8),
        ("十五", 15),
        ("二〇二四", 2024),
        ("1.2.3", None),
        ("abc", None),
        ("", None),
    ],
)
def test_numbers_as_people_write_them(text: str, number: float | None) -> None:
    assert parse_number(text) == number


def test_known_decimal_separator_decides_the_ambiguous_form() -> None:
    assert [parse_number("1.200", mark) for mark in (".", ",")] == [1.2, 1200]
