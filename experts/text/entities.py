"""Entities and numbers by rules: addresses, dates, times, amounts, quantities, identifiers, names.

Knows no model: its patterns and word lists stand in entities.toml.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from experts.text.content import content_of
from experts.text.entity import Entity, value_of
from experts.text.numeral import PLAIN
from experts.text.wordlist import word_list
from orchestrator import Json, Text
from orchestrator.expert import Outcome, expert
from orchestrator.language import has_chinese

_CAPITALISED = re.compile(r"\b[A-ZÄÖÜÀ-Þ][\w'’-]*(?:\.(?=\s[A-Z]))?")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;\n\"“(•]\s*|[-*]\s+)$")
# A pattern that matched is right nearly always; a name is a guess from capital letters.
CONFIDENCE_PATTERNS, CONFIDENCE_NAMES, CONFIDENCE_NOTHING = 0.85, 0.6, 0.5


@expert(
    "entities",
    title="Entities and numbers",
    task="token-classification",
    licence="Apache-2.0",
    openness="open-tooling",
    author="The Baton authors; Chinese names by jieba, Sun Junyi",
    limits="Rules, no model: names are runs of capitalised words (in Chinese, what jieba tags as names), so people,"
    " places and companies are not told apart and some are missed.",
    examples=(
        "Which dates and amounts are mentioned in this letter?",
        "Extract all phone numbers and e-mail addresses",
        "What is the model number in the text?",
        "Find the names, places and numbers in this report",
        "How much money does the contract mention?",
        "List every percentage and quantity in the article",
        "提取文中的日期和金额",
        "找出这段文字里的电话号码和邮箱",
        "这份合同里提到了哪些人名和数字?",
        "文本中的型号是什么?",
    ),
    says={
        "en": (
            "The text mentions the dates {dates}.",
            "It gives the times {times}.",
            "The amounts of money are {amounts}.",
            "The percentages are {percentages}.",
            "The quantities are {quantities}.",
            "The identifiers are {identifiers}.",
            "The e-mail addresses are {emails}.",
            "The web addresses are {urls}.",
            "The phone numbers are {phones}.",
            "Other numbers are {numbers}.",
            "The names are {names}.",
            "{nothing_found}",
        ),
        "zh": (
            "文中提到的日期有{dates}。",
            "提到的时间有{times}。",
            "金额有{amounts}。",
            "百分比有{percentages}。",
            "数量有{quantities}。",
            "编号或型号有{identifiers}。",
            "电子邮箱有{emails}。",
            "网址有{urls}。",
            "电话号码有{phones}。",
            "其他数字有{numbers}。",
            "名称有{names}。",
            "{nothing_found_zh}",
        ),
    },
)
def entities(text: Text) -> Json:
    """Find dates, times, amounts of money, percentages, quantities, phone numbers, e-mail addresses, identifiers such
    as model numbers, other numbers and names in a text.
    """
    found = find(content_of(text))
    facts: dict[str, Any] = {"entities": [entity.as_dict() for entity in found], "num_entities": len(found)}
    for kind, key in word_list("entities")["keys"].items():
        facts[key] = list(dict.fromkeys(entity.text for entity in found if entity.kind == kind))
    if not found:
        facts["nothing_found"] = "No dates, amounts, numbers or names were found in the text."
        facts["nothing_found_zh"] = "文中没有找到日期、金额、数字或名称。"
    confidence = CONFIDENCE_PATTERNS if found else CONFIDENCE_NOTHING
    if any(entity.kind == "name" for entity in found):
        confidence = CONFIDENCE_NAMES
    return Outcome(Json(facts), confidence)  # type: ignore[return-value]


def find(text: str) -> list[Entity]:
    """All entities of a text in its order; no two overlap."""
    taken = [False] * len(text)
    found: list[Entity] = []
    for kind in word_list("entities")["order"]:
        for entity in _names(text) if kind == "name" else _of_kind(text, kind):
            if not any(taken[entity.start : entity.end]):
                taken[entity.start : entity.end] = [True] * (entity.end - entity.start)
                found.append(entity)
    return sorted(found, key=lambda entity: entity.start)


def _of_kind(text: str, kind: str) -> list[Entity]:
    found = []
    for pattern in _patterns()[kind]:
        for match in pattern.finditer(text):
            possible, value = value_of(kind, match)
            if possible:
                found.append(Entity(match.group(), kind, match.start(), match.end(), value))
    return found


@functools.cache
def _patterns() -> dict[str, list[re.Pattern[str]]]:
    lists = word_list("entities")

    def choice(words: list[str]) -> str:
        return "(?:" + "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) + ")"

    months = [form for month in lists["months"] for form in (month.capitalize(), month.upper())]
    symbols = [name for name in lists["currencies"] if not name[0].isalpha() or name == "US$"]
    parts = {
        "NUMBER": PLAIN.pattern,
        "MONTH": choice(months),
        "SYMBOL": choice(symbols),
        "WORD": choice([name for name in lists["currencies"] if name not in symbols]),
        "SCALE": "(?:" + "|".join(sorted(word_list("numeral")["scales"], key=len, reverse=True)) + ")",
        "UNIT": choice(list(lists["units"])),
    }

    def compiled(pattern: str) -> re.Pattern[str]:
        # ASCII: a Chinese character beside a number must count as its border, not as a part of its word.
        return re.compile(re.sub("|".join(parts), lambda match: parts[match.group()], pattern), re.ASCII)

    return {kind: [compiled(pattern) for pattern in patterns] for kind, patterns in lists["patterns"].items()}


def _names(text: str) -> list[Entity]:
    return (_chinese_names(text) if has_chinese(text) else []) + _capitalised_names(text)


def _capitalised_names(text: str) -> list[Entity]:
    """Runs of capitalised words; a single word counts only where it does not merely begin a sentence."""
    not_names = frozenset(word_list("entities")["names"]["not_names"].split())
    link = re.compile(r"\s(?:(?:" + "|".join(map(re.escape, word_list("entities")["names"]["links"])) + r")\s)?")
    runs: list[tuple[int, int]] = []
    for match in _CAPITALISED.finditer(text):
        if match.group().lower() in not_names or any(character.isdigit() for character in match.group()):
            continue
        if runs and link.fullmatch(text, runs[-1][1], match.start()):
            runs[-1] = (runs[-1][0], match.end())
        else:
            runs.append((match.start(), match.end()))
    inside = {text[a:b] for a, b in runs if not _SENTENCE_START.search(text[max(0, a - 4) : a])}
    found = []
    for start, end in runs:
        name = text[start:end].removesuffix("'s").removesuffix("’s").rstrip(".")
        if len(name) > 1 and (" " in name or text[start:end] in inside):
            found.append(Entity(name, "name", start, start + len(name), name))
    return found


def _chinese_names(text: str) -> list[Entity]:
    """People, places and organisations as jieba tags them."""
    parts = frozenset(word_list("entities")["names"]["chinese_parts"])
    found, position = [], 0
    for word, tag in _tagger().cut(text):
        if tag in parts and len(word) > 1 and has_chinese(word):
            found.append(Entity(word, "name", position, position + len(word), word))
        position += len(word)
    return found


@functools.cache
def _tagger() -> Any:
    import logging

    import jieba
    import jieba.posseg

    jieba.setLogLevel(logging.WARNING)
    return jieba.posseg.POSTokenizer()
