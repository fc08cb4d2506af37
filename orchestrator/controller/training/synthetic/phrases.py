"""Texts whose parts are marked, so that offsets are right however a text was put together. Knows no plan."""

from __future__ import annotations

import functools
import re
from collections.abc import Hashable, Iterable, Mapping
from typing import NamedTuple

_FIELD = re.compile(r"\{(\w+)\}")
_VOWEL = re.compile(r"[aeiou]", re.I)
_DOUBLED = re.compile(r"(?:^|[^aeiou])[aeiou][bdgmnpt]$")
_GERUNDS = {"be": "being", "see": "seeing", "log": "logging", "edit": "editing", "visit": "visiting", "open": "opening"}
_STEM_END = {"verify": "verifying", "dub": "dubbing", "control": "controlling", "cancel": "cancelling"}


class Mark(NamedTuple):
    """The beginning or the end of a marked part."""

    key: Hashable
    opens: bool


Phrase = list[str | Mark]


def marked(key: Hashable, inside: str | Phrase) -> Phrase:
    """The part between two marks."""
    return [Mark(key, True), *([inside] if isinstance(inside, str) else inside), Mark(key, False)]


@functools.lru_cache(maxsize=65536)
def template_parts(template: str) -> tuple[tuple[str, str], ...]:
    """The template as pairs of literal text and the field behind it ("" behind the last)."""
    pieces = _FIELD.split(template)
    return tuple((pieces[i], pieces[i + 1] if i + 1 < len(pieces) else "") for i in range(0, len(pieces), 2))


@functools.lru_cache(maxsize=65536)
def fields_of(template: str) -> frozenset[str]:
    """Names of the template's fields."""
    return frozenset(name for _, name in template_parts(template) if name)


def filled(template: str, fields: Mapping[str, Phrase]) -> Phrase:
    """The template with its fields put in; a field that is not given stays empty."""
    phrase: Phrase = []
    for literal, name in template_parts(template):
        if literal:
            phrase.append(literal)
        if name:
            phrase.extend(fields.get(name, ()))
    return phrase


def flat(phrase: Iterable[str | Mark]) -> tuple[str, dict[Hashable, tuple[int, int]]]:
    """The text, and the half-open offsets of each key's first marked part."""
    text: list[str] = []
    spans: dict[Hashable, tuple[int, int]] = {}
    opened: dict[Hashable, int] = {}
    length = 0
    for item in phrase:
        if isinstance(item, str):
            text.append(item)
            length += len(item)
        elif item.opens:
            opened.setdefault(item.key, length)
        elif item.key not in spans:
            spans[item.key] = (opened[item.key], length)
    return "".join(text), spans


def text_of(phrase: Iterable[str | Mark]) -> str:
    """The text without its marks."""
    return "".join(item for item in phrase if isinstance(item, str))


def capitalised(phrase: Phrase) -> Phrase:
    """The phrase with its first letter in upper case, unless it begins with a marked value or a file name."""
    for i, item in enumerate(phrase):
        if isinstance(item, str):
            if item and "." not in item.strip(".,;:!? "):
                return [*phrase[:i], item[0].upper() + item[1:], *phrase[i + 1 :]]
            if item:
                return (
                    phrase if "." in item.split(" ")[0] else [*phrase[:i], item[0].upper() + item[1:], *phrase[i + 1 :]]
                )
    return phrase


def joined(phrases: list[Phrase], separator: str, last: str) -> Phrase:
    """The phrases one behind another: `a, b and c`."""
    result: Phrase = []
    for i, phrase in enumerate(phrases):
        if i:
            result.append(last if i == len(phrases) - 1 else separator)
        result.extend(phrase)
    return result


def gerund(verb: str) -> str:
    """The -ing form of an English verb: book, booking; trim, trimming; move, moving."""
    known = _GERUNDS.get(verb) or _STEM_END.get(verb)
    if known:
        return known
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return verb[:-1] + "ing"
    if _DOUBLED.search(verb) and len(_VOWEL.findall(verb)) == 1:
        return verb + verb[-1] + "ing"
    return verb + "ing"


def as_gerund(clause: Phrase) -> Phrase:
    """An imperative clause with its first verb in the -ing form."""
    for i, item in enumerate(clause):
        if isinstance(item, str) and item.strip():
            verb, space, rest = item.partition(" ")
            return [*clause[:i], gerund(verb) + space + rest, *clause[i + 1 :]]
    return clause


def with_article(noun: str) -> str:
    """A noun with `a` or `an`."""
    an = noun[:1].lower() in "aeio" or (noun[:1] in "uU" and not noun.lower().startswith(("uni", "us", "eu")))
    return f"{'an' if an else 'a'} {noun}"


def plural(noun: str) -> str:
    """The regular plural of an English noun."""
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"
