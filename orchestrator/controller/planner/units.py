"""Units: quantities in the unit that a port names, English and Chinese. Knows no request. Pure."""

from __future__ import annotations

import functools
import re

from orchestrator.controller.planner.names import about_port
from orchestrator.controller.planner.numbers import NUMBER_WORDS, number_of

# Factors to the first unit of each dimension: the SI brochure and NIST SP 811, appendix B; a year has 365 days.
_TABLE = """
length   1         m meter meters metre metres 米 公尺
length   1000      km kilometer kilometers kilometre kilometres 公里 千米
length   0.01      cm centimeter centimeters centimetre centimetres 厘米 公分
length   0.001     mm millimeter millimeters millimetre millimetres 毫米
length   1609.344  mi mile miles 英里
length   0.9144    yd yard yards 码
length   0.3048    ft foot feet 英尺
length   0.0254    inch inches 英寸
mass     1         kg kgs kilogram kilograms kilo kilos 公斤 千克
mass     0.001     g gram grams 克
mass     0.000001  mg milligram milligrams 毫克
mass     1000      tonne tonnes 吨
mass     0.45359237 lb lbs pound pounds 磅
mass     0.028349523125 oz ounce ounces 盎司
mass     0.5       斤
time     1         s sec secs second seconds 秒 秒钟
time     0.001     ms millisecond milliseconds 毫秒
time     60        min mins minute minutes 分钟 分
time     3600      h hr hrs hour hours 小时 钟头
time     86400     day days 天 日
time     604800    week weeks 周 星期
time     1209600   fortnight fortnights
time     2592000   month months 个月 月
time     31536000  year years yr yrs 年
time     315360000 decade decades
time     3153600000 century centuries 世纪
volume   1         l liter liters litre litres 升
volume   0.001     ml milliliter milliliters millilitre millilitres 毫升
volume   3.785411784 gallon gallons 加仑
data     1         byte bytes 字节
data     1e3       kb kilobyte kilobytes
data     1e6       mb megabyte megabytes
data     1e9       gb gigabyte gigabytes
data     1e12      tb terabyte terabytes
frequency 1        hz hertz 赫兹
frequency 1e3      khz kilohertz
frequency 1e6      mhz megahertz
power    1         w watt watts 瓦
power    1e3       kw kilowatt kilowatts 千瓦
power    1e6       megawatt megawatts 兆瓦
angle    1         degree degrees
"""
_UNITS = {
    word: (row.split()[0], float(row.split()[1])) for row in _TABLE.strip().splitlines() for word in row.split()[2:]
}
_SHORT = {"m", "g", "h", "s", "l", "w", "mi", "min", "ms"}  # words that mean other things too: only behind "in" or "("
_CHINESE = "|".join(sorted((word for word in _UNITS if not word.isascii()), key=len, reverse=True))
_ENGLISH = "|".join(sorted((word for word in _UNITS if word.isascii()), key=len, reverse=True))
_QUANTITY = re.compile(
    r"([-+]?\d[\d.,]*(?:\s*(?:thousand|million|billion|dozen)\b|万|亿)?"
    rf"|(?:(?!{_CHINESE})[零一二两三四五六七八九十百千万亿半点个])+|\b(?:[a-z]+[\s-]+){{0,5}}?)"
    rf"\s*-?\s*({_CHINESE}|(?:{_ENGLISH}|in)\b|[\"'′″])"
)
_HALF_MORE = re.compile(r"\s*(?:半|and a half)")
_TEMPERATURES = re.compile(
    r"°\s*([cf])\b|\b(celsius|fahrenheit|kelvin)\b|(摄氏|华氏)|(?<=\d)\s*([cf])\b", re.IGNORECASE
)
_TIMES_A_YEAR = {
    "annually": 1, "yearly": 1, "annual": 1, "semiannually": 2, "quarterly": 4, "monthly": 12, "weekly": 52,
    "daily": 365, "每年": 1, "每季度": 4, "每月": 12, "每周": 52, "每天": 365,
}  # fmt: skip
_TIMES_A_YEAR |= {"semi-annually": 2, "half-yearly": 2, "biannually": 2}
QUANTITY_WORDS = NUMBER_WORDS | frozenset(_UNITS) | frozenset(_TIMES_A_YEAR)
_COUNTS_TIMES = re.compile(r"number of times|compound|per (?:year|annum)|frequency", re.IGNORECASE)


@functools.lru_cache(maxsize=4096)
def units_named(name: str, description: str) -> tuple[str, ...]:
    """The units that a port's name and description speak of, as written there, each once."""
    parts = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower().split("_")
    found = [part for part in parts[:-1] if part in _UNITS and part not in _SHORT]
    found += [parts[-1]] if parts[-1] in _UNITS and len(parts) > 1 else []
    words = description.lower()
    for match in re.finditer(rf"(?:(\bin |\()\s*)?(\b[a-z]+\b|{_CHINESE})", words):
        word = match.group(2)
        if word in _UNITS and (word not in _SHORT or match.group(1)):
            found.append(word)
    return tuple(dict.fromkeys(found))


def quantity_of(text: str, name: str, description: str) -> float | None:
    """A quantity in the port's unit; None where the text has no unit or the port names none that fits.

    "5 km" for `distance_m` is 5000, "2 hours" for "minutes" 120, "5ft 10in" for "inches" 70, 一个半小时 for minutes 90.
    """
    lowered = text.lower().strip()
    if lowered in _TIMES_A_YEAR and _COUNTS_TIMES.search(about_port(name, description)):
        return float(_TIMES_A_YEAR[lowered])
    temperature = _temperature(lowered, about_port(name, description).lower())
    if temperature is not None:
        return temperature
    wanted: dict[str, set[float]] = {}
    for unit in units_named(name, description):
        dimension, factor = _UNITS[unit]
        wanted.setdefault(dimension, set()).add(factor)
    parts = [part for part in _parts(lowered) if len(wanted.get(part[0], ())) == 1]
    if not parts or len({dimension for dimension, _ in parts}) > 1:
        return None
    (factor,) = wanted[parts[0][0]]
    return float(f"{sum(size for _, size in parts) / factor:.10g}")


def _parts(lowered: str) -> list[tuple[str, float]]:
    """Dimensions and sizes, in the first unit of each, of the quantities in a text."""
    parts: list[tuple[str, float]] = []
    for match in _QUANTITY.finditer(lowered):
        amount, word = match.groups()
        word = {"'": "feet", "′": "feet", '"': "inches", "″": "inches", "in": "inches"}.get(word, word)
        is_counted = amount[:1].isdigit() or amount[:1] in ("-", "+")
        if (word == "second" and not amount.strip()) or (match.group(2) in ("in", "'", '"') and not is_counted):
            continue
        number = number_of(amount, is_meters=True) if amount.strip() else 1.0
        if number is None:
            number = 1.0  # "the next week", "past decade"
        if _HALF_MORE.match(lowered[match.end() :]):
            number += 0.5
        dimension, factor = _UNITS[word]
        parts.append((dimension, number * factor))
    return parts


def _temperature(lowered: str, port: str) -> float | None:
    """Degrees of one scale in another, where the text names one and the port exactly one other."""
    given = _TEMPERATURES.search(lowered)
    wanted = {scale for scale in ("celsius", "fahrenheit", "kelvin") if scale in port}
    number = number_of(lowered)
    if given is None or len(wanted) != 1 or number is None:
        return None
    (to,) = wanted
    mark = next(group for group in given.groups() if group)
    of = {"c": "celsius", "f": "fahrenheit", "摄氏": "celsius", "华氏": "fahrenheit"}.get(mark, mark)
    celsius = {"celsius": number, "fahrenheit": (number - 32) / 1.8, "kelvin": number - 273.15}[of]
    return float(f"{ {'celsius': celsius, 'fahrenheit': celsius * 1.8 + 32, 'kelvin': celsius + 273.15}[to]:.10g}")


def has_metres(text: str, name: str, description: str) -> bool:
    """Whether an "m" behind digits is more likely metres or minutes than a million."""
    port = f"{name} {description}".lower()
    return not re.search(
        r"[$€£¥]|\b(?:usd|revenue|income|amount|price|budget|value|shares?|population|cost)\b", f"{text} {port}"
    )
