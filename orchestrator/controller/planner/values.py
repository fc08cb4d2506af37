"""Values: what spans of a request mean for a port: numbers, quantities, dates, names, lists. Knows no tensor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from orchestrator.controller.planner.items import literal_of, numbers_in, pairs_in, plain_number, words_in
from orchestrator.controller.planner.moments import formats_of, moment_in, told_by
from orchestrator.controller.planner.names import about_port, called, number_named
from orchestrator.controller.planner.numbers import number_of
from orchestrator.controller.planner.units import has_metres, quantity_of
from orchestrator.types import Port

__all__ = ["number_of", "value_of", "values_of"]

When = tuple[date | None, int | None]  # today, and the year that the request names
LISTS = ("array", "tuple")
NUMBERS = ("integer", "float")
MAX_CHARACTERS = 1000  # longer texts are read as text: no span of a plan is longer
_QUOTES = {"'": "'", '"': '"', "“": "”", "‘": "’", "「": "」", "《": "》", "`": "`"}
_SHARE = re.compile(r"%|％|\bper ?cent\b|百分之", re.IGNORECASE)
_TAKES_PERCENT = re.compile(r"percent|\bpct\b|百分", re.IGNORECASE)
_TAKES_FRACTION = re.compile(r"decimal|fraction|between 0 and 1|0 to 1|sum to 1|小数", re.IGNORECASE)
_TAKES_WORDS = re.compile(
    r"\[\s*['\"]|\b(?:array|list) of (?:strings|names|words|queries)\b|\(as strings\)", re.IGNORECASE
)
_FORMULA = re.compile(r"\b(?:function|func|expression|equation|polynomial|formula)\b", re.IGNORECASE)


def value_of(text: str, port: Port, today: date | None = None, request: str = "") -> Any:
    """The value that a span stands for; the text itself where the port takes text or nothing else fits.

    Args:
        text: a span of the request.
        port: kind, name, description and default decide what is read.
        today: what "tomorrow" and dates without a year count from; they stay text without it.
        request: the whole text; it may say what day today is, and name the year that a date leaves out.
    """
    bare = _unquoted(text)
    if len(text) > MAX_CHARACTERS:
        return bare
    if port.kind in ("integer", "float"):
        number = _number(text.strip(), port)
        return bare if number is None else number
    if port.kind == "dict":
        return _dict(text.strip(), port)
    if port.kind not in ("string", *LISTS):
        return bare
    said, year = told_by(request) if request else (None, None)
    when = (said or today, year)
    return _string(bare, port, when) if port.kind == "string" else _list(text.strip(), port, when)


def values_of(texts: Sequence[str], port: Port, today: date | None = None, request: str = "") -> Any:
    """The value of all the spans that fill one port; a list for ports that take lists.

    A single span may hold the whole list, "[1, 2, 3]" or "apples, rice and bread"; of several, each is one item.
    """
    if port.kind not in LISTS:
        return value_of(texts[0], port, today, request)
    if len(texts) > 1:
        said, year = told_by(request) if request else (None, None)
        return [_item(text, port, (said or today, year)) for text in texts]
    value = value_of(texts[0], port, today, request)
    return value if isinstance(value, list) else [value]


def _unquoted(text: str) -> str:
    text = text.strip()
    end = text.rstrip(",，;；:：.。")
    for one in (text, end):
        if len(one) > 1 and _QUOTES.get(one[0]) == one[-1] and one[0] not in one[1:-1]:
            return one[1:-1].strip()
    bare = end.strip('"“”').strip()
    return bare.strip("'‘’") if bare.count("'") != 1 or not bare.endswith("'") else bare[:-1]


def _number(text: str, port: Port) -> int | float | None:
    about = about_port(port.name, port.description)
    number = quantity_of(text, port.name, port.description)
    if number is None:
        number = number_of(text, is_meters=has_metres(text, port.name, port.description))
    if number is None:
        return number_named(text, port.description) if port.kind == "integer" else None
    if port.kind == "integer":
        return round(number)
    if not _SHARE.search(text) or "分之" in text:
        return (
            number * 100
            if "百分之" in text and _TAKES_PERCENT.search(about) and not _TAKES_FRACTION.search(about)
            else number
        )
    takes_percent = _TAKES_PERCENT.search(about) and not _TAKES_FRACTION.search(about)
    return number if takes_percent else float(f"{number / 100:.12g}")


def _string(text: str, port: Port, when: When) -> str:
    formats = formats_of(port.name, port.description)
    if formats and (moment := moment_in(text, formats, *when)) is not None:
        return moment
    if (name := called(text, port.name, port.description)) is not None:
        return name
    if _FORMULA.search(about_port(port.name, port.description)):
        text = re.sub(r"\s+squared\b", "**2", re.sub(r"\s+cubed\b", "**3", text))
    return text


def _list(text: str, port: Port, when: When) -> Any:
    """A list where the text holds several items, otherwise its only item."""
    literal = literal_of(text)
    if isinstance(literal, list):
        return literal
    inner = text.strip("()[] ") if numbers_in(text) else text
    if (numbers := numbers_in(inner)) is not None:
        return numbers
    words = words_in(text)
    return [_item(word, port, when) for word in words] if words is not None else _item(text, port, when)


def _item(text: str, port: Port, when: When) -> Any:
    """One item of a list: the number, or what a port of strings would take."""
    bare = _unquoted(text)
    if bare.startswith(("[", "{", "(")) and (literal := literal_of(bare)) is not None:
        return literal
    if text.strip()[:1] in _QUOTES or _TAKES_WORDS.search(port.description):
        return _string(bare, port, when)
    if (number := plain_number(bare.lstrip("$€£¥").replace(",", ""))) is not None:
        return number
    if _SHARE.search(bare) and (share := _number(bare, port.model_copy(update={"kind": "float"}))) is not None:
        return share
    if re.search(
        r"number|quantit|count|amount|scores?|values|数量|数字", f"{port.name} {port.description}", re.IGNORECASE
    ) and (
        (counted := number_of(bare)) is not None
        and re.fullmatch(r"[a-z -]+|[一二两三四五六七八九十百千万半]+", bare.lower())
    ):
        return int(counted) if counted == int(counted) else counted
    ordinal = re.fullmatch(r"(\d+)(?:st|nd|rd|th)", bare)
    return int(ordinal.group(1)) if ordinal else _string(bare, port, when)


def _dict(text: str, port: Port) -> Any:
    literal = literal_of(text)
    if isinstance(literal, dict):
        return literal
    if re.search(r"\brange\b|\bmin", f"{port.name} {port.description}", re.IGNORECASE):
        ends = re.split(r"\s*(?:to|and|-|–|到|至)\s*", text)
        numbers = [number_of(end) for end in ends]
        if len(numbers) == 2 and None not in numbers:
            return {"min": numbers[0], "max": numbers[1]}
    pairs = pairs_in(text)
    return text if pairs is None else pairs
