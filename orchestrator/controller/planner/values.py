"""Values: what a span of the request means for a port: numbers, booleans, plain text. Pure."""

from __future__ import annotations

import re
from typing import Any

from orchestrator.types import Port

_NUMBER = re.compile(r"[-+]?\d+(?:[,，]\d{3})*(?:\.\d+)?")
_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "half": 0.5, "a": 1, "an": 1, "once": 1, "twice": 2,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "k": 1000, "dozen": 12}
_CHINESE_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2}
_CHINESE_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}


def value_of(text: str, port: Port) -> Any:
    """The value that a span stands for; the text itself where the port takes text or nothing else fits."""
    text = text.strip().strip("\"'“”‘’").rstrip(".,;:!?。，；：！？")
    if port.kind in ("integer", "float"):
        number = number_of(text)
        if number is None:
            return text
        if port.kind == "integer":
            return round(number)
        is_share = "%" in text or "percent" in text.lower() or "百分之" in text
        return number / 100 if is_share else number
    return text


def number_of(text: str) -> float | None:
    """A number in digits or words, English or Chinese; None where there is none."""
    lowered = text.lower()
    match = _NUMBER.search(lowered)
    if match is not None:
        number = float(match.group().replace(",", "").replace("，", ""))
        rest = lowered[match.end() :].strip()
        for word, scale in (_SCALES | {"万": 10**4, "亿": 10**8, "千": 1000, "百": 100}).items():
            if re.match(rf"{word}\b", rest) if word.isascii() else rest.startswith(word):
                return number * scale
        return number
    return _english(lowered) if re.search("[a-z]", lowered) else _chinese(text)


def _english(text: str) -> float | None:
    total, current, found = 0.0, 0.0, False
    for word in re.findall(r"[a-z]+", text):
        if word in _WORDS:
            current, found = current + _WORDS[word], True
        elif word in _SCALES:
            current, found = max(current, 1) * _SCALES[word], True
            if _SCALES[word] >= 1000:
                total, current = total + current, 0.0
    return total + current if found else None


def _chinese(text: str) -> float | None:
    total, section, digit, found = 0, 0, 0, False
    for character in text:
        if character in _CHINESE_DIGITS:
            digit, found = _CHINESE_DIGITS[character], True
        elif character in _CHINESE_SCALES:
            scale, found = _CHINESE_SCALES[character], True
            if scale >= 10**4:
                total, section, digit = total + (section + digit) * scale, 0, 0
            else:
                section, digit = section + max(digit, 1) * scale, 0
    return float(total + section + digit) if found else None
