"""Items: lists and dictionaries that stand in a text, bracketed, JSON-like or in plain words. Knows no port. Pure."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_QUOTED = re.compile(r"\"([^\"]*)\"|(?<!\w)'((?:[^']|(?<=\w)'(?=\w))*)'|“([^”]*)”|‘([^’]*)’|「([^」]*)」|《([^》]*)》")
_SPLIT = re.compile(r"\s*(?:[,;，；、\n]|\s+(?:and|or|then|&)\s+(?=\S))\s*(?:(?:and|or|then|以及|还有|和|与|及)\s*)?")
_SPLIT_CHINESE = re.compile(r"\s*(?:[,;，；、\n]|和|与|及|以及|还有)\s*")
_PLAIN_NUMBER = re.compile(r"[-+−]?(?:\d{1,300}(?:\.\d+)?|\.\d+)")
_ONE = r"[-+−]?\$?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d{1,300}(?!\d))(?:\.\d+)?(?![\w.]*[A-Za-z])"
NUMBER_LISTS = re.compile(
    rf"(?<![\w.]){_ONE}(?:\s*(?:,|，|、|;|\band\b|\bor\b|和|与|\s)\s*(?:\band\b|\bor\b|和)?\s*{_ONE})+"
)
_PAIR = re.compile(
    r"[\"']?([A-Za-z\u4e00-\u9fff][\w .'\u4e00-\u9fff]*?)[\"']?\s*(?::|=|：|\s[-–]\s|\bis\b|\bas\b)\s*(.+)"
)


def literal_of(text: str) -> Any:
    """A bracketed list or dictionary in JSON or Python's syntax; None where it is none of them."""
    text = text.strip()
    if len(text) < 2 or _BRACKETS.get(text[0]) != text[-1]:
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            value = read(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
        return _as_list(value) if isinstance(value, (list, dict, tuple)) else None
    return None


def _as_list(value: Any) -> Any:
    return [_as_list(item) for item in value] if isinstance(value, (list, tuple)) else value


def plain_number(text: str) -> int | float | None:
    """A text that is a number and nothing else, as it is written: 5 is an integer and 5.0 is not."""
    text = text.strip().replace("−", "-")
    if _PLAIN_NUMBER.fullmatch(text) is None:
        return None
    return float(text) if "." in text else int(text)


def numbers_in(text: str) -> list[int | float] | None:
    """Two or more numbers between commas, "and" or blanks, and nothing else; None for any other text."""
    inner = text.strip().strip("[](){}").strip()
    if NUMBER_LISTS.fullmatch(inner) is None:
        return None
    is_grouped = re.search(r"\d,\s|\d\s+\d|and|、", inner) is not None  # "1,200, 3,400": a comma inside is a thousand
    one = r"([-+−]?)\$?(\d{1,3}(?:,\d{3})+(?!\d)|\d+)(\.\d+)?" if is_grouped else r"([-+−]?)\$?(\d+)(\.\d+)?"
    numbers = [f"{whole.replace(',', '')}{part}" for _, whole, part in re.findall(one, inner)]
    signs = [sign for sign, _, _ in re.findall(one, inner)]
    values = [float(number) if "." in number else int(number) for number in numbers]
    return [-value if sign and sign in "-−" else value for value, sign in zip(values, signs, strict=True)]


def words_in(text: str) -> list[str] | None:
    """Items of "a, b and c", of quoted or of bracketed items; None where the text may well be one item."""
    stripped = text.strip()
    is_bracketed = bool(stripped) and stripped[0] in "[(" and _BRACKETS[stripped[0]] == stripped[-1]
    inner = stripped[1:-1].strip() if is_bracketed else stripped
    quoted = ["".join(groups) for groups in _QUOTED.findall(inner)]
    rest = _QUOTED.sub("", inner)
    if (len(quoted) > 1 or (quoted and is_bracketed)) and not re.sub(
        r"[\s,;，；、]|\band\b|\bor\b|和|与|及|以及", "", rest
    ):
        return quoted
    split = _SPLIT_CHINESE if re.search("[\u4e00-\u9fff]", inner) else _SPLIT
    parts = [part.strip() for part in split.split(inner) if part.strip()]
    is_list = is_bracketed or len(parts) > 2 or (len(parts) == 2 and "、" in inner)
    return parts if parts and is_list else None


def pairs_in(text: str) -> dict[str, Any] | None:
    """A dictionary of "Math - 85, English - 90" or "name: Ann; age = 30"; None where a part is no pair."""
    found: dict[str, Any] = {}
    for part in re.split(r"\s*[,;，；、\n]\s*(?:and\s+|和)?|\s+and\s+", text.strip().strip("{}").strip()):
        if not part:
            continue
        match = _PAIR.fullmatch(part.strip())
        if match is None:
            return None
        value = match.group(2).strip().strip("\"'“”")
        number = plain_number(value)
        found[match.group(1).strip()] = value if number is None else number
    return found or None
