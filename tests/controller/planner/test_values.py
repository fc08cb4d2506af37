"""Spans of a request as values."""

from __future__ import annotations

from datetime import date

import pytest

from orchestrator.controller.planner.moments import formats_of, told_by
from orchestrator.controller.planner.values import number_of, value_of, values_of
from orchestrator.types import Port

WEDNESDAY = date(2024, 5, 15)


def port(description: str = "", kind: str = "string", name: str = "p") -> Port:
    return Port(name=name, kind=kind, description=description)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5),
        ("-3.25", -3.25),
        ("- 3x", -3),
        ("1,200,000", 1_200_000),
        ("$1,250.50", 1250.5),
        ("3 million", 3_000_000),
        ("1.267 billion", 1_267_000_000),
        ("5k", 5000),
        ("$1.2M", 1_200_000),
        ("2 1/2", 2.5),
        ("14th century", 14),
        ("twenty five", 25),
        ("twenty-first", 21),
        ("two hundred and six", 206),
        ("three thousand four hundred", 3400),
        ("half", 0.5),
        ("half a million", 500_000),
        ("one and a half", 1.5),
        ("one point five", 1.5),
        ("two dozen", 24),
        ("a couple", 2),
        ("three quarters", 0.75),
        ("minus five", -5),
        ("a lager", None),
        ("三百二十", 320),
        ("十五", 15),
        ("两万三千", 23000),
        ("3万", 30000),
        ("3.5万", 35000),
        ("二零二四", 2024),
        ("一点五", 1.5),
        ("四分之三", 0.75),
        ("none", None),
        ("没有", None),
    ],
)
def test_numbers(text, number):
    assert number_of(text) == number


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("5.6", "integer", 6),
        ("20%", "float", 0.2),
        ("twenty percent", "float", 0.2),
        ("百分之二十", "float", 0.2),
        ("Paris,", "string", "Paris"),
        ("“good morning”", "string", "good morning"),
        ("'it's late?'", "string", "it's late?"),
        ("Hello, World!", "string", "Hello, World!"),
        ("soon", "integer", "soon"),
        ("'a: 1'", "text", "a: 1"),
    ],
)
def test_values(text, kind, value):
    assert value_of(text, Port(name="p", kind=kind)) == value


@pytest.mark.parametrize(
    ("text", "name", "description", "kind", "value"),
    [
        ("5 km", "distance_m", "", "float", 5000),
        ("5 km", "distance_km", "", "float", 5),
        ("5 km", "distance", "", "float", 5),
        ("6ft 2in", "height", "Height in inches", "integer", 74),
        ("5'10\"", "height", "Height in centimeters", "float", 177.8),
        ("2 hours", "length", "Length of the track in seconds.", "integer", 7200),
        ("1 hour 30 minutes", "minutes", "duration in minutes", "integer", 90),
        ("week", "days", "number of days", "integer", 7),
        ("一个半小时", "duration", "时长（分钟）", "integer", 90),
        ("2公里", "distance", "距离（米）", "integer", 2000),
        ("72°F", "temperature", "in degrees Celsius", "float", 22.22222222),
        ("quarterly", "periods", "how often interest is compounded per year", "integer", 4),
        ("20%", "rate", "rate in percentage", "float", 20),
        ("20%", "rate", "the rate as a decimal, not a percentage", "float", 0.2),
        ("ironing services", "service", "1 represents cleaning, 2 for ironing", "integer", 2),
    ],
)
def test_quantities_in_the_unit_of_the_port(text, name, description, kind, value):
    assert value_of(text, port(description, kind, name)) == value


@pytest.mark.parametrize(
    ("text", "description", "value"),
    [
        ("March 17, 1915", "in MM/DD/YYYY format", "03/17/1915"),
        ("the 10th of march 2023", "YYYY-MM-DD", "2023-03-10"),
        ("20/3/2024 at 9:00", "'YYYY-MM-DD HH:mm:ss'", "2024-03-20 09:00:00"),
        ("May 3 2024", "such as '2023-01-31'", "2024-05-03"),
        ("tomorrow", "YYYY-MM-DD", "2024-05-16"),
        ("2024-05-16T08:00:00Z", "in ISO-8601 format (e.g., 'YYYY-MM-DDTHH:MM:SSZ')", "2024-05-16T08:00:00Z"),
        ("half past seven in the evening", "time in HH:MM", "19:30"),
        ("half past seven", "time in HH:MM", "07:30"),
        ("quarter to nine", "HH:MM", "08:45"),
        ("11PM", "'YYYY-MM-DD HH:MM:SS', 'HH:MM:SS', 'HH:MM', or 'HH:MM AM/PM'", "23:00"),
        ("4:30 in the afternoon", "24-hour format (HH:MM)", "16:30"),
        ("明天下午三点半", "YYYY-MM-DD HH:MM", "2024-05-16 15:30"),
        ("下周五", "YYYY-MM-DD", "2024-05-24"),
        ("3月5号", "YYYY-MM-DD", "2025-03-05"),
        ("2023年4月3日", "YYYY/MM/DD", "2023/04/03"),
        ("next Friday", "when it is", "next Friday"),
        ("a red bicycle", "YYYY-MM-DD", "a red bicycle"),
    ],
)
def test_moments_in_the_format_of_the_port(text, description, value):
    assert value_of(text, port(description), WEDNESDAY) == value


def test_relative_dates_stay_text_without_a_day_to_count_from():
    assert value_of("tomorrow", port("YYYY-MM-DD")) == "tomorrow"
    assert value_of("March 4th", port("YYYY-MM-DD")) == "March 4th"


def test_a_request_may_say_what_day_today_is_and_which_year_it_means():
    assert told_by("from 2023 April 4th to April 8th") == (None, 2023)
    assert value_of("April 8th", port("YYYY-MM-DD"), WEDNESDAY, "from 2023 April 4th to April 8th") == "2023-04-08"
    assert value_of("tomorrow", port("YYYY-MM-DD"), None, "Rain tomorrow? Today is April 4th, 2023.") == "2023-04-05"
    assert value_of("明天", port("YYYY-MM-DD"), None, "今天是2023年4月30日，明天呢") == "2023-05-01"


def test_formats_are_read_off_the_description():
    assert formats_of("date", "format DD-MM-YYYY") == ("%d-%m-%Y",)
    assert formats_of("time", "such as '10:00 AM'") == ("%I:%M %p",)
    assert formats_of("note", "a few words") == ()


@pytest.mark.parametrize(
    ("text", "description", "value"),
    [
        ("Oslo", "such as 'Oslo, Norway'", "Oslo, Norway"),
        ("Boise", "The city and state, e.g. Boise, ID", "Boise, ID"),
        ("Playstation", "The platform, e.g. Xbox, Playstation, PC.", "Playstation"),
        ("Boise, Idaho", "city and two-letter state", "Boise, ID"),
        ("US dollars", "The currency to convert from", "USD"),
        ("Japanese Yen", "currency", "JPY"),
        ("人民币", "货币", "CNY"),
        ("Spanish", "language code", "es"),
        ("heart", "Can be 'spades' or 'hearts'", "hearts"),
        ("electric", "'gas' refers to a gasoline car and 'EV' refers to an electric car", "EV"),
        ("10♥", "cards like '10♠'", "10♥"),
        ("x squared", "The function to draw", "x**2"),
    ],
)
def test_names_as_the_port_calls_them(text, description, value):
    assert value_of(text, port(description)) == value


@pytest.mark.parametrize(
    ("texts", "kind", "description", "value"),
    [
        (["[1, 2, 3]"], "array", "", [1, 2, 3]),
        (["3, -4 and 5.5"], "array", "", [3, -4, 5.5]),
        (["1,200, 3,400"], "array", "", [1200, 3400]),
        (["[[1,2],[3,4]]"], "array", "", [[1, 2], [3, 4]]),
        (["(3,4)"], "tuple", "", [3, 4]),
        (["apples, rice and bread"], "array", "", ["apples", "rice", "bread"]),
        (["苹果、香蕉和梨"], "array", "", ["苹果", "香蕉", "梨"]),
        (["salt and pepper"], "array", "", ["salt and pepper"]),
        (["salt", "pepper"], "array", "", ["salt", "pepper"]),
        (["2nd", "3"], "array", "floors", [2, 3]),
        (["five", "six"], "array", "quantities", [5, 6]),
        (["40"], "array", "sizes, e.g. ['S', 'M']", ["40"]),
        (["Math - 85, English - 90"], "dict", "", {"Math": 85, "English": 90}),
        (['{"a": [1, 2]}'], "dict", "", {"a": [1, 2]}),
        (["$500,000 to $800,000"], "dict", "price range", {"min": 500_000, "max": 800_000}),
        (["7"], "integer", "", 7),
    ],
)
def test_lists_and_dictionaries(texts, kind, description, value):
    assert values_of(texts, port(description, kind)) == value


@pytest.mark.parametrize("kind", ["integer", "float", "string", "array", "dict", "text"])
@pytest.mark.parametrize(
    "text",
    ["", "9" * 400, "1e999", "1/0", "-", "[[", "(1,", "25:61pm", "0000-00-00", "13/32/2023", "零点", "分之", "😀"],
)
def test_odd_spans_are_read_as_something(text, kind):
    values_of([text], port("YYYY-MM-DD HH:MM, in meters, range", kind, "date"), WEDNESDAY, text)
    assert values_of([text, "b"], port("", "array"), WEDNESDAY)[1] == "b"
