"""Values that requests name, spoken in English and Chinese and normalised as a port wants them. Knows no expert."""

from __future__ import annotations

import datetime
import functools
import string
import tomllib
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

_FOLDER = Path(__file__).parent
_TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_DIGITS = "零一二三四五六七八九"
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_CURRENCIES = [
    ("${}", "{}美元"), ("{} dollars", "{}美元"), ("€{}", "{}欧元"), ("{} euros", "{}欧元"), ("{} yuan", "{}元"),
    ("¥{}", "¥{}"), ("{} pounds", "{}英镑"), ("RMB {}", "{}块钱"),
]  # fmt: skip


class Spoken(NamedTuple):
    """A value in words: English, Chinese, and what it means where that is not the words themselves.

    `unit` is the canonical unit of a measure; `lead` English and Chinese words around the value that are no part of it.
    """

    en: str
    zh: str
    value: Any = None
    unit: str = ""
    unit_en: str = ""
    unit_zh: str = ""


@functools.cache
def pools() -> dict[str, tuple[tuple[str, str], ...]]:
    """The pools of names, (English, Chinese) pairs."""
    data = tomllib.loads((_FOLDER / "pools.toml").read_text("utf-8"))
    return {name: tuple(_pair(entry) for entry in row.split(", ")) for name, row in data.items()}


def _pair(entry: str) -> tuple[str, str]:
    en, _, zh = entry.rpartition("/")
    return (
        (en, zh) if en and (en == zh or any("\u4e00" <= character <= "\u9fff" for character in zh)) else (entry, entry)
    )


def number_word(number: int) -> str:
    """An English number below a hundred in words."""
    if number < 20:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")


def chinese_number(number: int, before_noun: bool = False) -> str:
    """A Chinese number below a hundred in characters; 两 for a two that counts something."""
    if number == 2 and before_noun:
        return "两"
    if number < 10:
        return _DIGITS[number]
    tens, ones = divmod(number, 10)
    return ("" if tens == 1 else _DIGITS[tens]) + "十" + (_DIGITS[ones] if ones else "")


def spoken(generator: str, form: str, rng: Random) -> Spoken:
    """A value of a slot.

    Args:
        generator: as in slots.toml, such as `pool:city`, `int:1:12`, `date`.
        form: how the port wants it: `text`, `number`, `iso`, `clock`, `fraction`, `percent`, `minutes`, `enum`,
            `boolean`, `list`, or `unit:NAME` for a measure whose unit is fixed.
    """
    kind, _, detail = generator.partition(":")
    return _MAKERS[kind](detail, form, rng)


def _pool(detail: str, form: str, rng: Random) -> Spoken:
    return Spoken(*rng.choice(pools()[detail]))


def _int(detail: str, form: str, rng: Random) -> Spoken:
    bounds = detail.split(" ")[0].split(":")
    low, high = int(bounds[0]), int(bounds[1])
    number = rng.randint(low, high)
    if high > 100:
        number = round(number, -1) or number
    if number < 100 and rng.random() < 0.35:
        return Spoken(number_word(number), chinese_number(number, True), number)
    return Spoken(str(number), str(number), number)


def _money(detail: str, form: str, rng: Random) -> Spoken:
    number = rng.choice(
        [5, 10, 20, 50, 80, 100, 250, 500, 999, 1200, 1500, 2400, 3000, 5000, 8000, 12000, 45000, 100000]
    )
    number = number if rng.random() < 0.6 else rng.randint(3, 9000)
    en, zh = rng.choice(_CURRENCIES)
    shown = f"{number:,}" if number > 999 and rng.random() < 0.4 else str(number)
    shown_zh = shown
    if number >= 10000 and number % 10000 == 0 and rng.random() < 0.7:
        shown_zh = f"{number // 10000}万"
    if number >= 1000 and number % 1000 == 0 and rng.random() < 0.15:
        shown = f"{number // 1000}k"
    return Spoken(en.format(shown), zh.format(shown_zh), number)


def _percent(detail: str, form: str, rng: Random) -> Spoken:
    number = rng.choice([1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7.5, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 75])
    value = round(number / 100, 6) if form == "fraction" else number
    if number == int(number) and rng.random() < 0.3:
        word = number_word(int(number))
        return Spoken(f"{word} percent", f"百分之{chinese_number(int(number))}", value)
    shown = f"{number:g}"
    return Spoken(rng.choice([f"{shown}%", f"{shown} %", f"{shown} percent"]), f"{shown}%", value)


def _fraction(detail: str, form: str, rng: Random) -> Spoken:
    number = rng.choice([0.3, 0.5, 0.6, 0.75, 0.8, 0.9, 0.95])
    return Spoken(f"{number:g}", f"{number:g}", number)


def _date(detail: str, form: str, rng: Random) -> Spoken:
    if form == "text" and rng.random() < 0.5:
        return _pool("relative_date", form, rng)
    day = datetime.date(2024, 1, 1) + datetime.timedelta(days=rng.randrange(1400))
    month = _MONTHS[day.month - 1]
    zh = f"{day.year}年{day.month}月{day.day}日"
    if form == "text" and rng.random() < 0.6:
        return Spoken(rng.choice([f"{day.day} {month}", f"{month} {day.day}", f"{month} {_ordinal(day.day)}"]), zh[5:])
    en = [
        f"{day.day} {month} {day.year}", f"{month} {day.day}, {day.year}", day.isoformat(), f"{day:%Y/%m/%d}",
        f"{month[:3]} {day.day}, {day.year}", f"the {_ordinal(day.day)} of {month} {day.year}",
    ]  # fmt: skip
    value = day.isoformat() if form == "iso" else None
    return Spoken(rng.choice(en), rng.choice([zh, zh, day.isoformat(), zh.replace("日", "号")]), value)


def _ordinal(number: int) -> str:
    suffix = "th" if 10 < number % 100 < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def _time(detail: str, form: str, rng: Random) -> Spoken:
    hour, minute = rng.randint(6, 22), rng.choice([0, 0, 15, 30, 30, 45, 10, 50])
    value = f"{hour:02d}:{minute:02d}" if form == "clock" else None
    half, hour12 = ("am" if hour < 12 else "pm"), (hour - 1) % 12 + 1
    en = [f"{hour12}{f':{minute:02d}' if minute else ''} {half}", f"{hour:02d}:{minute:02d}"]
    if minute in (0, 30):
        day_part = "in the morning" if hour < 12 else "in the afternoon" if hour < 18 else "in the evening"
        en.append(f"{'half past ' if minute else ''}{number_word(hour12)} {day_part}")
    part = "早上" if hour < 9 else "上午" if hour < 12 else "中午" if hour == 12 else "下午" if hour < 18 else "晚上"
    said = chinese_number(hour12, True) if rng.random() < 0.5 else str(hour12)
    minutes = chinese_number(minute) if minute and not said.isdigit() else str(minute)
    zh = f"{part}{said}点" + ("半" if minute == 30 else f"{minutes}分" if minute else "")
    return Spoken(rng.choice(en), zh if rng.random() < 0.8 else f"{hour:02d}:{minute:02d}", value)


def _duration(detail: str, form: str, rng: Random) -> Spoken:
    minutes = rng.choice([5, 10, 15, 20, 30, 40, 45, 60, 90, 120, 180])
    en, zh = [f"{minutes} minutes", f"{minutes} min"], [f"{minutes}分钟"]
    if minutes % 60 == 0:
        hours = minutes // 60
        en, zh = (
            [f"{number_word(hours)} hour{'s' * (hours > 1)}"],
            [f"{chinese_number(hours, True)}个小时", f"{hours}小时"],
        )
    if minutes == 30:
        en, zh = [*en, "half an hour"], [*zh, "半小时"]
    if minutes == 90:
        en, zh = [*en, "an hour and a half"], [*zh, "一个半小时"]
    return Spoken(rng.choice(en), rng.choice(zh), minutes if form == "minutes" else None)


def _measure(detail: str, form: str, rng: Random) -> Spoken:
    units = [unit.split("=") for unit in detail.split(",")]
    wanted = form.removeprefix("unit:") if form.startswith("unit:") else rng.choice(units)[0]
    name, en, zh = next(unit for unit in units if unit[0] == wanted)
    if name in ("celsius", "fahrenheit"):
        number: float = rng.choice([4, 16, 18.5, 20, 21, 22.5, 24, 60, 75, 180])
    else:
        number = rng.choice([0.5, 1.5, 2, 2.5, 3, 5, 8, 10, 12, 15, 20, 25, 40, 50, 75, 80, 100, 120, 250, 500])
    word = f"{number:g}"
    if number == int(number) and number < 21 and rng.random() < 0.2:
        return Spoken(number_word(int(number)), chinese_number(int(number), True), number, name, f" {en}", zh)
    short = {"celsius": "°C", "fahrenheit": "°F", "m2": "m²", "kmh": "km/h", "ms": "m/s"}.get(name, name)
    said = rng.choice([f" {en}", f" {short}", short])
    return Spoken(word, word, number, name, said, zh)


def _enum(detail: str, form: str, rng: Random) -> Spoken:
    name, phrases = rng.choice([option.split("=", 1) for option in detail.split(";")])
    en, zh = phrases.split("=")
    return Spoken(rng.choice(en.split(",")), zh, name)


def _bool(detail: str, form: str, rng: Random) -> Spoken:
    english, chinese = detail.split(":")
    value = rng.random() < 0.65
    side = 0 if value else 1
    return Spoken(
        rng.choice(english.split("/")[side].split(",")), rng.choice(chinese.split("/")[side].split(",")), value
    )


def _list(detail: str, form: str, rng: Random) -> Spoken:
    count = rng.randint(2, 4)
    if detail == "number":
        numbers = [rng.randint(1, 99) for _ in range(count + 1)]
        shown = [str(number) for number in numbers]
        return Spoken(", ".join(shown[:-1]) + rng.choice([", ", " and "]) + shown[-1], "、".join(shown), numbers)
    entries = rng.sample(pools()[detail], count)
    en, zh = [entry[0] for entry in entries], [entry[1] for entry in entries]
    return Spoken(
        ", ".join(en[:-1]) + " and " + en[-1], "、".join(zh[:-1]) + rng.choice(["、", "和"]) + zh[-1], (en, zh)
    )


def _id(detail: str, form: str, rng: Random) -> Spoken:
    letters = "".join(rng.choices(string.ascii_uppercase, k=2))
    number = rng.randrange(10 ** rng.randint(2, 6), 10**7)
    code = rng.choice(
        [
            f"{letters}{number}",
            f"{letters}-{number}",
            f"#{number}",
            f"{number}",
            f"{letters[0]}{number % 1000}-{number % 97:02d}",
        ]
    )
    return Spoken(code, code)


def _email(detail: str, form: str, rng: Random) -> Spoken:
    name = rng.choice(["ana.costa", "chen.jie", "info", "tom_b", "li.na", "priya87", "office", "j.weiss", "sunyue"])
    address = f"{name}@{rng.choice(['example.com', 'mail.org', 'northwind.net', 'orbis.edu', 'post.cn'])}"
    return Spoken(address, address)


def _phone(detail: str, form: str, rng: Random) -> Spoken:
    tail = f"{rng.randrange(10**8):08d}"
    number = rng.choice([f"138{tail}", f"+49 30 {tail[:6]}", f"555-{tail[:4]}", f"+1 {tail[:3]} {tail[3:]}"])
    return Spoken(number, number)


def _year(detail: str, form: str, rng: Random) -> Spoken:
    year = rng.randint(1990, 2027) if rng.random() < 0.8 else rng.randint(1400, 1990)
    return Spoken(str(year), str(year), year)


_MAKERS = {
    "pool": _pool, "quote": _pool, "int": _int, "money": _money, "percent": _percent, "fraction": _fraction,
    "date": _date, "time": _time, "duration": _duration, "measure": _measure, "enum": _enum, "bool": _bool,
    "list": _list, "id": _id, "email": _email, "phone": _phone, "year": _year,
}  # fmt: skip
