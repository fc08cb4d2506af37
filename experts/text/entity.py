"""An entity in a text, and the normal form of what was written. Knows no pattern and no expert."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from experts.text.numeral import parse_number
from experts.text.wordlist import word_list

_AFTERNOON = ("p", "下午", "晚上")
_CENTURY = 2000


@dataclass(frozen=True)
class Entity:
    """A part of a text, `text[start:end]`, with its kind and its value in a normal form.

    The value is a float for numbers and percentages, {"amount", "currency"} for money, {"amount", "unit"} for
    quantities, ISO 8601 for dates and times (--05-03 where the year is not said), else None or the text itself.
    """

    text: str
    kind: str
    start: int
    end: int
    value: Any = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def value_of(kind: str, match: re.Match[str]) -> tuple[bool, Any]:
    """Whether the match can be of the kind at all, and its value."""
    parts = {name: part for name, part in match.groupdict().items() if part}
    if kind == "date":
        value = _date(parts)
        return value is not None, value or None
    if kind == "time":
        time = _time(parts)
        return time is not None, time
    if kind in ("money", "quantity", "percentage", "number"):
        return _amount(kind, match.group(), parts)
    return True, re.sub(r"[^\d+]", "", match.group()) if kind == "phone" else match.group()


def _amount(kind: str, whole: str, parts: Mapping[str, str]) -> tuple[bool, Any]:
    lists = word_list("entities")
    written = parts.get("amount") or (whole.removesuffix(parts["scale"]) if "scale" in parts else whole)
    amount = parse_number(written)
    if amount is None:
        return False, None
    amount *= word_list("numeral")["scales"].get(parts.get("scale", "").lower(), 1)
    if kind == "money":
        currency = parts["currency"]
        return True, {
            "amount": amount,
            "currency": lists["currencies"].get(currency) or lists["currencies"][currency.lower()],
        }
    if kind == "quantity":
        return True, {"amount": amount, "unit": lists["units"][parts["unit"]]}
    return True, amount


def _date(parts: Mapping[str, str]) -> str | None:
    """ISO 8601; empty where day and month cannot be told apart, None where no such day exists."""
    year = _whole(parts.get("year"))
    month, day = _whole(parts.get("month")), _whole(parts.get("day"))
    if "month_name" in parts:
        month = word_list("entities")["months"][parts["month_name"].lower()]
    if "first" in parts:
        first, second = int(parts["first"]), int(parts["second"])
        if first <= 12 and second <= 12 and first != second:
            return ""
        day, month = (first, second) if first > 12 else (second, first)
    if year is not None and year < 100:
        year += _CENTURY
    if month is not None and not 1 <= month <= 12:
        return None
    # 2000 was a leap year: 29 February may stand without its year.
    if month is not None and day is not None and not 1 <= day <= calendar.monthrange(year or 2000, month)[1]:
        return None
    return "-".join(
        [f"{year:04d}" if year is not None else "-"]
        + ([f"{month:02d}"] if month is not None else [])
        + ([f"{day:02d}"] if day is not None else [])
    )


def _time(parts: Mapping[str, str]) -> str | None:
    hour, minute = _whole(parts.get("hour")), _whole(parts.get("minute")) or 0
    if "thirty" in parts:
        minute = 30
    if hour is None or hour > 24 or minute > 59:
        return None
    half = parts.get("half", "").lower()
    if half.startswith(_AFTERNOON) and hour < 12:
        hour += 12
    elif half.startswith("a") and hour == 12:
        hour = 0
    return f"{hour:02d}:{minute:02d}" + (f":{int(parts['second']):02d}" if "second" in parts else "")


def _whole(text: str | None) -> int | None:
    number = parse_number(text) if text else None
    return None if number is None else int(number)
