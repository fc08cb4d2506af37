"""The converter on questions as people ask them; the wanted values are the definitions of the units."""

import pytest
from baton_unit_converter import convert_units
from baton_unit_converter.units import all_units, readable, units_named

from orchestrator.errors import BadRequest


@pytest.mark.parametrize(
    ("question", "given", "converted"),
    [
        ("How many kilometres are 5 miles?", "5 miles", "8.04672 kilometres"),
        ("Convert 72 degrees Fahrenheit to Celsius", "72 degrees Fahrenheit", "22.2222 degrees Celsius"),
        ("What is 180 lbs in kg?", "180 pounds", "81.6466 kilograms"),
        ("How many litres is a gallon?", "1 US gallon", "3.78541 litres"),
        ("convert 3ft to cm", "3 feet", "91.44 centimetres"),
        ("-40 °C in °F", "-40 degrees Celsius", "-40 degrees Fahrenheit"),
        ("How far is 26.2 miles in km?", "26.2 miles", "42.1648 kilometres"),
        ("I drive 1,000 miles a week, what is that in metres?", "1,000 miles", "1,609,344 metres"),
        ("100 km/h in mph please", "100 kilometres per hour", "62.1371 miles per hour"),
        ("Is 250 square feet more than 20 square metres?", "250 square feet", "23.2258 square metres"),
        ("How many inches are 2 metres?", "2 metres", "78.7402 inches"),
    ],
)
def test_english_questions(question, given, converted):
    found = convert_units(question)
    assert (found["given"], found["converted"]) == (given, converted)


@pytest.mark.parametrize(
    ("question", "given", "converted"),
    [
        ("5英里是多少公里?", "5 英里", "8.04672 公里"),
        ("把华氏72度换算成摄氏度", "72 华氏度", "22.2222 摄氏度"),
        ("180磅等于多少公斤?", "180 磅", "81.6466 公斤"),
        ("一加仑是多少升?", "1 美制加仑", "3.78541 升"),
        ("3斤是多少克", "3 斤", "1,500 克"),
        ("10亩有多少平方米?", "10 亩", "6,666.67 平方米"),
    ],
)
def test_chinese_questions(question, given, converted):
    found = convert_units(question)
    assert (found["given_zh"], found["converted_zh"]) == (given, converted)


@pytest.mark.parametrize(
    ("question", "legal"),
    [
        ("How long is a piece of string?", "a number and its unit"),
        ("What are 5 miles?", "a second unit"),
        ("5 miles in kilograms", "two units of one kind"),
        ("-500 °C in °F", "below absolute zero"),
    ],
)
def test_what_cannot_be_converted_is_said(question, legal):
    with pytest.raises(BadRequest, match=legal):
        convert_units(question)


def test_every_unit_is_found_by_every_name():
    for unit in all_units():
        for name in (*unit.names, *unit.zh):
            assert [found for _, _, found in units_named(f"12 {name}")] == [unit], name


def test_there_and_back_is_the_same():
    for unit in all_units():
        for other in all_units():
            if unit.dimension == other.dimension:
                found = convert_units(f"300 {unit.names[0]} in {other.names[0]}") if unit != other else None
                if found:
                    back = (found["value"] * other.factor + other.offset - unit.offset) / unit.factor
                    assert back == pytest.approx(300)


def test_numbers_are_readable():
    values = (0, 1, 0.5, 12.0, 1234.5, 1609344, 0.00012345678)
    assert [readable(value) for value in values] == ["0", "1", "0.5", "12", "1,234.5", "1,609,344", "0.000123457"]
