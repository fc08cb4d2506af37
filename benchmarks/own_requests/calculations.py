"""Experts of an office, a team's own and registered by the benchmark: they reckon with what the request says.

Knows no request. Some cards bring sentences, examples or a Chinese description, and some bring none, as people write.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection
from typing import Annotated

from orchestrator import Json, Labels, Text, expert

MINUTES_A_DAY = 24 * 60
ROMAN = (
    *((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL")),
    *((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")),
)
ANIMALS = "鼠牛虎兔龙蛇马羊猴鸡狗猪"
ANIMALS_ENGLISH = (
    "rat", "ox", "tiger", "rabbit", "dragon", "snake", "horse", "goat", "monkey", "rooster", "dog", "pig",
)  # fmt: skip
# Hours from UTC in winter, by every spelling that is understood.
OFFSETS_HOURS = {
    **dict.fromkeys(("london", "lisbon", "伦敦", "里斯本"), 0),
    **dict.fromkeys(("paris", "berlin", "madrid", "rome", "巴黎", "柏林", "马德里", "罗马"), 1),
    **dict.fromkeys(("cairo", "helsinki", "开罗", "赫尔辛基"), 2),
    **dict.fromkeys(("dubai", "迪拜"), 4),
    **dict.fromkeys(("beijing", "shanghai", "singapore", "北京", "上海", "新加坡"), 8),
    **dict.fromkeys(("tokyo", "seoul", "东京", "首尔"), 9),
    **dict.fromkeys(("new york", "toronto", "纽约", "多伦多"), -5),
    **dict.fromkeys(("los angeles", "vancouver", "洛杉矶", "温哥华"), -8),
}
# Dimension and size in its base unit (metre, kilogram, litre), by every spelling that is understood.
UNITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("m", "metre", "meter", "米"), ("length", 1.0)),
    **dict.fromkeys(("km", "kilometre", "kilometer", "公里", "千米"), ("length", 1000.0)),
    **dict.fromkeys(("cm", "centimetre", "centimeter", "厘米"), ("length", 0.01)),
    **dict.fromkeys(("mile", "mi", "英里"), ("length", 1609.344)),
    **dict.fromkeys(("inch", "inches", "in", "英寸"), ("length", 0.0254)),
    **dict.fromkeys(("foot", "feet", "ft", "英尺"), ("length", 0.3048)),
    **dict.fromkeys(("kg", "kilo", "kilogram", "公斤", "千克"), ("mass", 1.0)),
    **dict.fromkeys(("g", "gram", "克"), ("mass", 0.001)),
    **dict.fromkeys(("lb", "lbs", "pound", "磅"), ("mass", 0.45359237)),
    **dict.fromkeys(("oz", "ounce", "盎司"), ("mass", 0.028349523125)),
    **dict.fromkeys(("l", "litre", "liter", "升"), ("volume", 1.0)),
    **dict.fromkeys(("gallon", "gal", "加仑"), ("volume", 3.785411784)),
}
CELSIUS, FAHRENHEIT = ("c", "°c", "celsius", "摄氏度", "摄氏"), ("f", "°f", "fahrenheit", "华氏度", "华氏")
TARIFF_EUR = {  # for the parcel, and for every kilogram
    **dict.fromkeys(("germany", "德国"), (4.9, 0.8)),
    **dict.fromkeys(("norway", "挪威"), (11.5, 2.2)),
    **dict.fromkeys(("france", "法国"), (9.0, 1.4)),
    **dict.fromkeys(("japan", "日本"), (18.0, 6.5)),
    **dict.fromkeys(("china", "中国"), (16.0, 6.0)),
    **dict.fromkeys(("canada", "加拿大"), (17.0, 5.5)),
}


@expert(
    task="finance",
    examples=("What do I pay a month for a loan of 10,000 at 5 % over 36 months?", "贷款每个月要还多少钱？"),
    says={
        "en": ("The instalment is {monthly_payment:.2f} a month, the interest in all {total_interest:.2f}.",),
        "zh": ("每月还款{monthly_payment:.2f}，利息合计{total_interest:.2f}。",),
    },
)
def loan_instalment(
    amount: Annotated[float, "the sum borrowed"],
    annual_rate_percent: Annotated[float, "interest a year in percent"],
    months: Annotated[int, "number of monthly payments"],
) -> Json:
    """Monthly instalment of an annuity loan from the sum, the yearly interest rate and the number of months."""
    rate = annual_rate_percent / 1200
    monthly = amount / months if rate == 0 else amount * rate / (1 - (1 + rate) ** -months)
    return Json({"monthly_payment": round(monthly, 2), "total_interest": round(monthly * months - amount, 2)})


@expert(task="health")
def body_mass_index(
    weight_kg: Annotated[float, "body weight in kilograms"], height_cm: Annotated[float, "body height in centimetres"]
) -> Json:
    """Body mass index (BMI) of an adult from weight and height, and its class by the WHO."""
    index = weight_kg / (height_cm / 100) ** 2
    word = next(
        (w for limit, w in ((18.5, "underweight"), (25, "normal"), (30, "overweight")) if index < limit), "obese"
    )
    return Json({"bmi": round(index, 2), "class": word})


@expert(
    title="time zones",
    examples=("When it is 14:00 in Berlin, what time is it in Tokyo?", "北京时间上午9点是纽约几点？"),
    says={"en": ("It is {time} in {to_city}.",), "zh": ("{to_city}时间是{time}。",)},
)
def city_time(
    time: Annotated[str, "clock time such as 14:30"],
    from_city: Annotated[str, "city where this time is given"],
    to_city: Annotated[str, "city whose time is wanted"],
) -> Json:
    """Convert a clock time from one city to another, in winter time."""
    found = re.search(r"(\d{1,2})(?:[:：点时h](\d{2}))?", time)
    if found is None:
        raise ValueError(f"{time!r} is no clock time")
    hour, minute = int(found[1]), int(found[2] or 0)
    if re.search(r"下午|晚上|\bp\.?m", time, re.IGNORECASE) and hour < 12:
        hour += 12
    shift_hours = OFFSETS_HOURS[_known(to_city, OFFSETS_HOURS)] - OFFSETS_HOURS[_known(from_city, OFFSETS_HOURS)]
    minutes = (hour * 60 + minute + shift_hours * 60) % MINUTES_A_DAY
    return Json({"time": f"{minutes // 60:02}:{minutes % 60:02}"})


@expert(
    says={
        "en": ("{value} {from_unit} = {converted} {to_unit}.",),
        "zh": ("{value}{from_unit} = {converted}{to_unit}。",),
    }
)
def unit_conversion(
    value: Annotated[float, "the quantity to convert"],
    from_unit: Annotated[str, "its unit"],
    to_unit: Annotated[str, "the unit wanted"],
) -> Json:
    """Convert lengths, weights, volumes and temperatures between units, such as miles, pounds and Fahrenheit."""
    source, target = from_unit.strip().lower(), to_unit.strip().lower()
    if _is(source, FAHRENHEIT) and _is(target, CELSIUS):
        return Json({"converted": round((value - 32) / 1.8, 2)})
    if _is(source, CELSIUS) and _is(target, FAHRENHEIT):
        return Json({"converted": round(value * 1.8 + 32, 2)})
    (dimension, size), (wanted, base) = UNITS[_known(source, UNITS)], UNITS[_known(target, UNITS)]
    if dimension != wanted:
        raise ValueError(f"{from_unit} is a {dimension}, {to_unit} is a {wanted}")
    return Json({"converted": round(value * size / base, 3)})


@expert(examples=("Write 14 in Roman numerals",))
def roman_numerals(number: Annotated[int, "1 to 3999"]) -> Text:
    """Writes a whole number in Roman numerals."""
    if not 1 <= number <= 3999:
        raise ValueError("Roman numerals run from 1 to 3999")
    letters, rest = "", number
    for value, letter in ROMAN:
        letters += letter * (rest // value)
        rest %= value
    return Text(letters)


@expert(
    "isbn_check",
    title="ISBN check",
    examples=("Is 9783161484100 a correct ISBN?", "检查这个国际标准书号是否正确"),
)
def isbn_check(isbn: Annotated[Text, "the ISBN, with or without hyphens"]) -> Labels:
    """Check the check digit of a book's ISBN: valid or invalid."""
    found = re.search(r"(?:\d[ -]?){12}\d|(?:\d[ -]?){9}[\dXx]", isbn.text)
    code = re.sub(r"[ -]", "", found[0]).upper() if found else ""
    digits = [10 if c == "X" else int(c) for c in code]
    if len(digits) == 13:
        is_valid = sum(d * (3 if i % 2 else 1) for i, d in enumerate(digits)) % 10 == 0
    else:
        is_valid = len(digits) == 10 and sum(d * (10 - i) for i, d in enumerate(digits)) % 11 == 0
    return Labels({"valid": float(is_valid), "invalid": float(not is_valid)})


@expert(
    title="parcel prices",
    task="logistics",
    says={"en": ("The parcel costs {price_eur:.2f} euros.",), "zh": ("邮费为{price_eur:.2f}欧元。",)},
)
def parcel_price(
    weight_kg: Annotated[float, "weight of the parcel in kilograms"],
    destination: Annotated[str, "country that the parcel goes to"],
) -> Json:
    """Postage of a parcel by weight and country of destination."""
    base, each_kg = TARIFF_EUR[_known(destination, TARIFF_EUR)]
    return Json({"price_eur": round(base + each_kg * weight_kg, 2)})


@expert(
    examples=("How many working days lie between 1 June and 20 June 2025?",),
    says={
        "en": ("There are {days} working days, the first and the last day included.",),
        "zh": ("共有{days}个工作日。",),
    },
)
def working_days(
    start: Annotated[str, "first day, such as 2025-03-03"], end: Annotated[str, "last day, such as 2025-03-21"]
) -> Json:
    """Count the working days (Monday to Friday) between two dates, both included."""
    import numpy

    last = _date(end) + datetime.timedelta(days=1)
    return Json({"days": int(numpy.busday_count(_date(start), last))})


@expert(examples=("1990年出生的人属什么？", "What is my Chinese zodiac animal?"))
def chinese_zodiac(year: Annotated[int, "出生年份"]) -> Text:
    """根据出生年份查询十二生肖（属相）。"""
    position = (year - 4) % 12
    return Text(f"{ANIMALS[position]} ({ANIMALS_ENGLISH[position]})")


def _known(spelling: str, table: Collection[str]) -> str:
    """The table's key for a spelling: as it stands, or without a plural's ending."""
    wanted = spelling.strip(" .?？。").lower()
    for candidate in (wanted, wanted.removesuffix("s"), wanted.removesuffix("es")):
        if candidate in table:
            return candidate
    raise ValueError(f"{spelling!r} is not among {', '.join(list(table)[:8])} ...")


def _is(spelling: str, names: tuple[str, ...]) -> bool:
    return spelling.removeprefix("degrees ").removeprefix("degree ") in names


def _date(written: str) -> datetime.date:
    """A day as people write it: 2025-03-03, 3 March 2025, 2025年3月3日."""
    import pandas

    if found := re.search(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})", written):
        return datetime.date(int(found[1]), int(found[2]), int(found[3]))
    day: datetime.date = pandas.to_datetime(written).date()
    return day


CALCULATIONS = (
    loan_instalment,
    body_mass_index,
    city_time,
    unit_conversion,
    roman_numerals,
    isbn_check,
    parcel_price,
    working_days,
    chinese_zodiac,
)
