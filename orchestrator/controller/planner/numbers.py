"""Numbers: digits, scales, fractions and words, English and Chinese, as a float. Knows no port and no unit. Pure."""

from __future__ import annotations

import math
import re

_DIGITS = r"\d{1,3}(?:[,，]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_NUMBER = re.compile(rf"(?<![\w.])[-+−]?(?:{_DIGITS})(?:e[-+]?\d+)?|[-+−]?(?:{_DIGITS})", re.IGNORECASE)
_FRACTION = re.compile(r"(?:(\d{1,15})\s+)?(\d{1,15})\s*/\s*(\d{1,15})")
_CHINESE_FRACTION = re.compile(r"(.+?)分之(.+)")
_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "once": 1, "twice": 2, "thrice": 3,
    "single": 1,
}  # fmt: skip
_ARTICLES = ("a", "an")
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16,
    "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30, "fortieth": 40,
    "fiftieth": 50, "hundredth": 100, "thousandth": 1000,
}  # fmt: skip
_PARTS = {"half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fifth": 5, "fifths": 5}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12}
_SUFFIXES = {
    **_SCALES, "hundreds": 100, "thousands": 1000, "millions": 10**6, "billions": 10**9, "k": 1000, "m": 10**6,
    "mn": 10**6, "mil": 10**6, "b": 10**9, "bn": 10**9, "tn": 10**12, "lakh": 10**5, "crore": 10**7,
}  # fmt: skip
_CHINESE_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0, "俩": 2}
_CHINESE_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
_CHINESE_RUN = re.compile("[零〇一二两俩三四五六七八九十百千万亿点半]+")
_SPACED_SIGN = re.compile(r"^[-−]\s+(?=[\d.])")
NUMBER_WORDS = frozenset((*_WORDS, *_ARTICLES, "couple", "pair", *_ORDINALS, *_PARTS, *_SCALES, "minus", "negative"))
_SUFFIX = re.compile(r"\s*([a-z]+|[百千万亿]+)")


def number_of(text: str, *, is_meters: bool = False) -> float | None:
    """The first number of a text in digits or words, English or Chinese; None where there is none.

    Args:
        is_meters: an "m" behind the digits is a unit, and not a million.
    """
    lowered = _SPACED_SIGN.sub("-", text.lower().strip())
    if (share := _CHINESE_FRACTION.search(text)) is not None:
        below, above = number_of(share.group(1)), number_of(share.group(2))
        return above / below if above is not None and below else None
    if (fraction := _FRACTION.fullmatch(lowered)) is not None and float(fraction.group(3)):
        whole, above, below = (float(part or 0) for part in fraction.groups())
        return whole + above / below
    match = _NUMBER.search(lowered)
    if match is not None:
        number: float | None = _digits(match, lowered, is_meters)
    else:
        number = _english(lowered) if re.search("[a-z]", lowered) else _chinese(text)
    return number if number is not None and math.isfinite(number) else None


def _digits(match: re.Match[str], lowered: str, is_meters: bool) -> float:
    number = float(re.sub("[,，]", "", match.group()).replace("−", "-"))
    rest = lowered[match.end() :]
    if (suffix := _SUFFIX.match(rest)) is None:
        return number
    word = suffix.group(1)
    if not word.isascii():
        for scale in word:
            number *= _CHINESE_SCALES[scale]
    elif word in _SUFFIXES and not (word in ("m", "b") and (is_meters or rest[0] == " ")):
        number *= _SUFFIXES[word]
    return float(f"{number:.12g}")


def _english(text: str) -> float | None:
    if re.search(r"\b(?:minus|negative)\b", text):
        positive = _english(re.sub(r"\b(?:minus|negative)\b", "", text))
        return None if positive is None else -positive
    words = re.findall(r"[a-z]+", text)
    total, current, found = 0.0, 0.0, False
    for i, word in enumerate(words):
        before, after = words[i - 1] if i else "", words[i + 1] if i + 1 < len(words) else ""
        if word in _ARTICLES:
            if not after or (not found and (after in _SCALES or after in _PARTS)):
                current, found = 1.0, True
        elif word == "point" and found:
            digits = "".join(str(_WORDS[w]) for w in words[i + 1 :] if _WORDS.get(w, 10) < 10)
            return total + current + float(f"0.{digits or 0}")
        elif word in _PARTS and (word[0] in "hq" or before in _WORDS or before in _ARTICLES):
            share = 1 / _PARTS[word]
            current = current + share if "and" in words[:i] else (current or 1) * share
            found = True
        elif word in ("couple", "pair"):
            current, found = 2.0, True
        elif word in _WORDS or word in _ORDINALS:
            current, found = current + _WORDS.get(word, _ORDINALS.get(word, 0)), True
        elif word in _SCALES:
            current, found = (current if found else 1.0) * _SCALES[word], True
            if _SCALES[word] >= 1000:
                total, current = total + current, 0.0
        elif found and word not in ("and", "of"):
            break
    return total + current if found else None


def _chinese(text: str) -> float | None:
    match = _CHINESE_RUN.search(text)
    if match is None:
        return None
    whole, _, decimals = match.group().partition("点")
    half = 0.5 if "半" in whole or re.match("[个年小]?[时月]?半", text[match.end() :]) else 0.0
    value = _chinese_whole(whole.replace("半", "")) if whole.replace("半", "") else 0.0
    digits = "".join(str(_CHINESE_DIGITS[c]) for c in decimals if c in _CHINESE_DIGITS)
    return value + half + (float(f"0.{digits}") if digits else 0.0)


def _chinese_whole(text: str) -> float:
    if len(text) > 1 and all(character in _CHINESE_DIGITS for character in text):
        return float("".join(str(_CHINESE_DIGITS[character]) for character in text))  # read digit by digit: 二零二四
    total, section, digit = 0, 0, 0
    for character in text:
        if character in _CHINESE_DIGITS:
            digit = _CHINESE_DIGITS[character]
        else:
            scale = _CHINESE_SCALES[character]
            if scale >= 10**4:
                total, section, digit = (total + section + digit) * scale, 0, 0
            else:
                section, digit = section + max(digit, 1) * scale, 0
    return float(total + section + digit)
