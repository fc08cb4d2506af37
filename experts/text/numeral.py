"""Numbers as people write them, as floats: 1,200.50, 1.200,50, 1'200, 三百五十. Knows neither texts nor tables."""

from __future__ import annotations

import re
from typing import Literal

from experts.text.wordlist import word_list

Decimal = Literal[".", ","]

# Digits with separators of thousands (comma, point, apostrophe, narrow or no-break space) and a decimal part.
PLAIN = re.compile(r"[-+−]?(?:\d{1,3}(?:[,.'’\u00a0\u202f ]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?|[.,]\d+)")
CHINESE = re.compile(r"[〇零一二两三四五六七八九十百千万亿]+")
_GROUPED = re.compile(r"[-+]?\d{1,3}(?:([,.'])\d{3})(?:\1\d{3})*")


def parse_number(text: str, decimal: Decimal | None = None) -> float | None:
    """The number that the text is, or None where it is none.

    Args:
        text: digits with or without sign and separators, or Chinese numerals; white space around is ignored.
        decimal: the decimal separator where it is known; None reads "1,200" and "1.200,5" as groups of thousands and
            "1.200" as a decimal number.
    """
    text = text.strip().replace("−", "-").replace("’", "'")
    if CHINESE.fullmatch(text):
        return chinese_number(text)
    if not PLAIN.fullmatch(text):
        return None
    text = re.sub(r"[\u00a0\u202f ]", "", text)
    separator = decimal or decimal_of(text) or "."
    grouping = "," if separator == "." else "."
    try:
        return float(text.replace(grouping, "").replace("'", "").replace(separator, "."))
    except ValueError:
        return None


def decimal_of(text: str) -> Decimal | None:
    """The decimal separator that a written number shows, None where it could be either or has none."""
    last_point, last_comma = text.rfind("."), text.rfind(",")
    if last_point >= 0 and last_comma >= 0:
        return "." if last_point > last_comma else ","
    mark = "." if last_point >= 0 else "," if last_comma >= 0 else ""
    if not mark:
        return None
    other: Decimal = "," if mark == "." else "."
    if text.count(mark) > 1:
        return other
    if _GROUPED.fullmatch(text):
        # "1,200" and "1.200" are the ambiguous form: a comma of groups is the commoner reading, so is a decimal point.
        return None if mark == "." else "."
    return "." if mark == "." else ","


def chinese_number(text: str) -> float | None:
    """The value of Chinese numerals: 三百五十 is 350, 二〇二四 is 2024, 两万 is 20000; None where it is none."""
    lists = word_list("numeral")
    digits, units, myriads = lists["chinese_digits"], lists["chinese_units"], lists["chinese_myriads"]
    if all(character in digits for character in text):
        return float("".join(str(digits[character]) for character in text)) if text else None
    total, section, digit, unit = 0, 0, 0, 1
    for character in text:
        if character in digits:
            digit = digits[character]
            # 三千五 is 3500, but 三千零五 is 3005.
            unit = unit if digit else 1
        elif character in units:
            unit = units[character]
            section += (digit or 1) * unit
            digit = 0
        elif character in myriads:
            unit = myriads[character]
            total = (total + section + digit or 1) * unit
            section = digit = 0
        else:
            return None
    return float(total + section + digit * max(1, unit // 10 if unit > 10 else 1))
