"""Moments: dates and times in the format that a port asks for, English and Chinese. Knows the day only where told."""

from __future__ import annotations

import contextlib
import functools
import re
from datetime import date, datetime, time, timedelta
from typing import Any

from orchestrator.controller.planner.numbers import number_of

_FORMAT = re.compile(
    r"\b(?:YYYY|MM|DD|yyyy|mm|dd|Mmm)(?:[-/.](?:YYYY|YY|MM|DD|yyyy|yy|mm|dd)){1,2}"
    r"(?:(?:T| )HH:(?:MM|mm)(?::(?:SS|ss))?)?Z?|\bHH:(?:MM|mm)(?::(?:SS|ss))?(?:\s?(?:AM/PM|am/pm))?"
)
_EXAMPLE_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?Z?)?")
_EXAMPLE_SLASHED = re.compile(r"\b(\d{2})/(\d{2})/\d{4}\b")
_EXAMPLE_TIME = re.compile(r"\b\d{1,2}:\d{2}(:\d{2})?(\s?[AP]M)?\b")
_SPEAKS_OF_ISO = re.compile(r"\bISO[- ]?8601\b|\b24[- ]?hour", re.IGNORECASE)
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATE = re.compile(
    rf"\b\d{{4}}-\d{{1,2}}-\d{{1,2}}\b|\b\d{{1,2}}/\d{{1,2}}/\d{{2,4}}\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{_MONTHS})[a-z]*\.?(?:,? \d{{4}})?\b"
    rf"|\b(?:{_MONTHS})[a-z]*\.? \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?\b"
    r"|(?:\d{4}年)?\d{1,2}月\d{1,2}[日号]?",
    re.IGNORECASE,
)
_TOLD_BY_TODAY = re.compile(
    r"\b(?:today|tomorrow|yesterday|tonight|next|last|this|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b"
    r"|今天|明天|后天|昨天|今晚|[上下本这]个?(?:周|星期|月|年)|周[一二三四五六日天]",
    re.IGNORECASE,
)
_IS_DATED = re.compile(
    rf"\d{{1,4}}[-/.]\d{{1,2}}|\b(?:{_MONTHS})[a-z]*\b|day\b|\btomorrow\b|\btonight\b|\b(?:week|month|year)\b|[年月日号天周]"
    r"|星期|礼拜",
    re.IGNORECASE,
)
_NAMES_MONTH = re.compile(rf"\b(?:{_MONTHS})[a-z]*\b\.?\s*\d|\d\w*(?: of)? (?:{_MONTHS})|月", re.IGNORECASE)
_TODAY = re.compile(
    r"\btoday(?: is|'s date is|:)\s*(?:\w+day,? )?([\w ,./-]{6,24}\d)|今天是\s*([\d年月日号./-]{6,12})", re.IGNORECASE
)
_YEAR = re.compile(r"(?<![\d.,$€£¥#])((?:19|20)\d{2})(?![\d,%]|\.\d{3})")
_HOURS = r"(\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_PARTS_OF_DAY = r"(?:\s*(?:in the|at|this)?\s*(a\.?m\b\.?|p\.?m\b\.?|morning|afternoon|evening|night))"
_CLOCK = re.compile(
    rf"(?:\bat\s+)?(?:\b(half past|quarter past|quarter to|(?:\d+|ten|twenty|five)\s+(?:minutes\s+)?(?:past|to))\s+)?"
    rf"\b{_HOURS}(?::(\d{{2}})(?::(\d{{2}}))?)?(?:\s*o'?clock)?{_PARTS_OF_DAY}?(?![\d/-])",
    re.IGNORECASE,
)
_CHINESE_CLOCK = re.compile(
    r"(凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里)?\s*([零一二两三四五六七八九十\d]{1,3})\s*(?:点|时|:|：)钟?"
    r"(半|[一三]刻|[零一二三四五六七八九十\d]{1,3})?分?"
)
_CHINESE_DAYS = {
    "大前天": -3,
    "前天": -2,
    "昨天": -1,
    "今天": 0,
    "今晚": 0,
    "明天": 1,
    "明晚": 1,
    "大后天": 3,
    "后天": 2,
}
_CHINESE_WEEKDAY = re.compile("(上|这|本|下)?(?:个)?(?:周|星期|礼拜)([一二三四五六日天])")
_NUMERAL = r"[零〇一二三四五六七八九十\d]"
_CHINESE_DATE = re.compile(rf"(?:({_NUMERAL}{{2,4}})年)?\s*({_NUMERAL}{{1,3}})月(?:\s*({_NUMERAL}{{1,3}})[日号]?)?")
_BASES = (datetime(1904, 1, 1), datetime(1910, 7, 15))  # whatever depends on the day differs between them


def dates_in(text: str) -> list[tuple[int, int]]:
    """Offsets of the dates that are written out; none where one is told by the day it is today."""
    return [] if _TOLD_BY_TODAY.search(text) else [match.span() for match in _DATE.finditer(text)]


@functools.lru_cache(maxsize=4096)
def formats_of(name: str, description: str) -> tuple[str, ...]:
    """The formats of dates and times that a port speaks of, as `strftime` takes them; none where it speaks of none."""
    found = [_strftime(match.group()) for match in _FORMAT.finditer(description)]
    if not found:
        for match in _EXAMPLE_DATE.finditer(description):
            text = re.sub(r"\d{2}:\d{2}:\d{2}", "HH:mm:SS", match.group())
            found.append(_strftime(re.sub(r"\d{2}:\d{2}", "HH:mm", re.sub(r"\d{4}-\d{2}-\d{2}", "YYYY-MM-DD", text))))
        for match in _EXAMPLE_SLASHED.finditer(description):
            found.append("%d/%m/%Y" if int(match.group(1)) > 12 else "%m/%d/%Y")
    if not found and (timed := _EXAMPLE_TIME.search(description)) is not None and "time" in f"{name} {description}":
        seconds = ":%S" if timed.group(1) else ""
        found.append(f"%I:%M{seconds} %p" if timed.group(2) else f"%H:%M{seconds}")
    if not found and _SPEAKS_OF_ISO.search(description):
        found.append("%H:%M" if "hour" in description and "date" not in description.lower() else "%Y-%m-%d")
    return tuple(dict.fromkeys(found))


def _strftime(text: str) -> str:
    text = re.sub(r"HH:(?:MM|mm)", "%H:%M", text)
    if "AM/PM" in text or "am/pm" in text:
        text = re.sub(r"\s?(?:AM/PM|am/pm)", " %p", text.replace("%H", "%I"))
    for old, new in (("YYYY", "%Y"), ("YY", "%y"), ("DD", "%d"), ("SS", "%S")):
        text = re.sub(f"(?<!%){old}", new, text, flags=re.IGNORECASE)
    return re.sub(r"(?<!%)MM", "%m", text, flags=re.IGNORECASE)


def moment_in(text: str, formats: tuple[str, ...], today: date | None = None, year: int | None = None) -> str | None:
    """The moment that a text names, in the first of the formats that fits it; None where it names none.

    Args:
        text: "March 17, 1915", "20/3/2024 at 9:00", "half past seven", 明天下午三点半.
        formats: from `formats_of`.
        today: what relative dates and dates without a year count from (the next such day); they are not read without.
        year: of dates that name none, where the request names one elsewhere.
    """
    if not formats or not 1 < len(text) < 60 or re.fullmatch(r"[\d.]+", text.strip()):
        return None
    for one in formats:
        with contextlib.suppress(ValueError):
            datetime.strptime(text, one)
            return text
    if year is not None and not re.search(r"\d{4}|年", text) and _NAMES_MONTH.search(text):
        text = f"{year}年{text}" if "月" in text else f"{text}, {year}"
    clock, rest = _clock(text)
    day = _day(rest, today) if _IS_DATED.search(rest) else None
    if clock is None and day is None:
        return None
    if day is None:
        timed = [one for one in formats if "%d" not in one]
        if not timed or re.search(r"\w{3}", re.sub(r"\b(?:at|the|in|around|about|by)\b", "", rest)):
            return None
        chosen = min(timed, key=lambda one: ("%p" in one, "%S" in one))
        day = date(1904, 1, 1)
    else:
        dated = [one for one in formats if "%d" in one]
        if not dated:
            return None
        chosen = next((one for one in dated if ("%H" in one) == (clock is not None)), dated[0])
    return datetime.combine(day, clock or time()).strftime(chosen)


@functools.lru_cache(maxsize=1024)
def told_by(request: str) -> tuple[date | None, int | None]:
    """What a request says of today, "today is 2023.10.1", and the one year that it names; None where it does not."""
    years = {int(year) for year in _YEAR.findall(request)}
    said = _TODAY.search(request)
    today = _day((said.group(1) or said.group(2)).strip(), None) if said is not None else None
    return today, years.pop() if len(years) == 1 else None


def _clock(text: str) -> tuple[time | None, str]:
    """The time of day in a text, and the rest of it."""
    named = re.search(r"\b(?:at\s+)?(noon|midday|midnight)\b|(正午|午夜)", text, re.IGNORECASE)
    if named is not None:
        is_night = (named.group(1) or named.group(2)).lower() in ("midnight", "午夜")
        return time(0 if is_night else 12), text[: named.start()] + text[named.end() :]
    if (chinese := _CHINESE_CLOCK.search(text)) is not None and re.search("[\u4e00-\u9fff]", chinese.group()):
        part, hours, minutes = chinese.groups()
        minute = {"半": 30, "一刻": 15, "三刻": 45}.get(minutes or "", int(number_of(minutes) or 0) if minutes else 0)
        found = _time(int(number_of(hours) or 0), minute, part in ("下午", "傍晚", "晚上", "夜里"), False)
        return found, text[: chinese.start()] + text[chinese.end() :]
    for match in _CLOCK.finditer(text):
        past, hours, minutes, seconds, part = match.groups()
        if not (past or minutes or part or "clock" in match.group().lower() or match.group().lower().startswith("at ")):
            continue
        shift = 0
        if past:
            shift = (
                30
                if past.lower().startswith("half")
                else 15
                if past.lower().startswith("quarter")
                else int(number_of(past) or 0)
            )
            shift = -shift if past.lower().endswith("to") else shift
        part = (part or "").lower()
        found = _time(
            int(number_of(hours) or 0),
            int(minutes or 0),
            part[:1] in ("p", "e", "n") or part == "afternoon",
            part[:1] == "a" and part != "afternoon",
        )
        if found is not None:
            moved = datetime.combine(date(1904, 1, 2), found) + timedelta(minutes=shift, seconds=int(seconds or 0))
            return moved.time(), text[: match.start()] + " " + text[match.end() :]
    return None, text


def _time(hour: int, minute: int, is_later: bool, is_morning: bool) -> time | None:
    if is_later and hour < 12:
        hour += 12
    if is_morning and hour == 12:
        hour = 0
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _day(text: str, today: date | None) -> date | None:
    if re.search("[\u4e00-\u9fff]", text):
        return _chinese_day(text, today)
    text = re.sub(
        r"\b(?:on|the|of|from|until|till|by|at|starting|this|coming)\b|[,\"']", " ", text, flags=re.IGNORECASE
    )
    text = " ".join(text.split())
    if not text:
        return None
    if today is not None:
        return _parsed(text, datetime.combine(today, time()))
    first, second = (_parsed(text, base) for base in _BASES)
    return first if first == second else None


@functools.lru_cache(maxsize=8192)
def _parsed(text: str, base: datetime) -> date | None:
    order = "DMY" if re.match(r"(?:1[3-9]|2\d|3[01])[-/.]", text) else "MDY"
    found = _parser(base, order).get_date_data(text)
    return found.date_obj.date() if found.date_obj is not None and found.period == "day" else None


@functools.lru_cache(maxsize=8)
def _parser(base: datetime, order: str) -> Any:
    from dateparser.date import DateDataParser

    settings = {"RELATIVE_BASE": base, "PREFER_DATES_FROM": "future", "DATE_ORDER": order, "NORMALIZE": True}
    return DateDataParser(languages=["en"], settings=settings)


def _chinese_day(text: str, today: date | None) -> date | None:
    if (match := _CHINESE_DATE.search(text)) is not None and match.group(3):
        year, month, day = (int(number_of(part) or 0) if part else None for part in match.groups())
        if year is not None or today is not None:
            try:
                found = date(year if year is not None else today.year, month or 1, day or 1)  # type: ignore[union-attr]
            except ValueError:
                return None
            return found.replace(year=found.year + 1) if year is None and today and found < today else found
        return None
    if today is None:
        return None
    if (week := _CHINESE_WEEKDAY.search(text)) is not None:
        ahead = "一二三四五六日".index(week.group(2).replace("天", "日")) - today.weekday()
        ahead += {"上": -7, "下": 7}.get(week.group(1) or "", 0)
        return today + timedelta(days=ahead + 7 if week.group(1) is None and ahead < 0 else ahead)
    for word, days in _CHINESE_DAYS.items():
        if word in text:
            return today + timedelta(days=days)
    return None
