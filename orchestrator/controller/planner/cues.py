"""Cues: words of a request that tell which port is filled by what stands beside them. Pure."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Sequence

from orchestrator.controller.planner.names import spaced, stem
from orchestrator.controller.planner.words import FUNCTION_WORDS
from orchestrator.types import Port

Place = tuple[int, int]  # code points

_DECAY = 24.0  # code points, about four words
_BESIDE = 3  # code points between a preposition and what it stands before
_STOPS = FUNCTION_WORDS | {  # and what every port says of itself
    "example", "default", "optional", "value", "values", "string", "number", "integer", "list", "array", "format",
    "name", "type", "input", "given", "specified", "provided",
}  # fmt: skip
_BREAKS = r"[,，;；。、]|\.\s|\band\b"
_WAYS = (  # what a port's name says of a direction, and the words before what fills it
    (frozenset(("from", "start", "origin", "source", "departure", "begin")), r"\b(?:from|starting|leaving)\b|[从由自]"),
    (
        frozenset(("to", "end", "destination", "target", "arrival", "finish", "until")),
        r"\b(?:to|into|until|till|towards?)\b|[到至成为]",
    ),
)


def cues_of(request: str, port: Port, places: Sequence[Place]) -> list[tuple[float, float, float]]:
    """Of each place how near the port's own words stand, whether it is one of them, and whether a preposition stands
    before it that the port asks for.

    Args:
        request: the text.
        port: to be filled.
        places: in the request.
    """
    said, ways = _said(request, port), [_matches(request, way) for way in _ways(port.name)]
    own = {place for found, _ in said for place in found}
    return [(_nearness(request, said, place), float(place in own), _led_by(ways, place)) for place in places]


def cue(request: str, port: Port, place: Place) -> float:
    """How near the port's own words stand to a place: the name's weigh more, each falls off with its distance."""
    return _nearness(request, _said(request, port), place)


def _said(request: str, port: Port) -> list[tuple[tuple[Place, ...], float]]:
    """Where the port's words stand in the request, and their weights."""
    words = ((_occurrences(request, word), weight) for word, weight in _cue_words(port.name, port.description))
    return [(found, weight) for found, weight in words if found]


def _nearness(request: str, said: Sequence[tuple[tuple[Place, ...], float]], place: Place) -> float:
    total = 0.0
    for found, weight in said:
        nearest = min((_distance(request, at, place) for at in found if at != place), default=None)
        if nearest is not None:
            total += weight * math.exp(-nearest / _DECAY)
    return total


def _led_by(ways: Sequence[Sequence[Place]], place: Place) -> float:
    """1 where a preposition of these ways stands just before the place, else 0."""
    return float(any(0 <= place[0] - end <= _BESIDE for found in ways for _, end in found))


@functools.lru_cache(maxsize=4096)
def _ways(name: str) -> tuple[str, ...]:
    words = set(spaced(name).lower().split())
    return tuple(pattern for names, pattern in _WAYS if words & names)


@functools.lru_cache(maxsize=65536)
def _matches(request: str, pattern: str) -> tuple[Place, ...]:
    return tuple(match.span() for match in re.finditer(pattern, request, re.IGNORECASE))


@functools.lru_cache(maxsize=4096)
def _cue_words(name: str, description: str) -> tuple[tuple[str, float], ...]:
    """The port's words and their weights: those of its name 1, those of its description 0.3."""
    weights: dict[str, float] = {}
    for text, weight in ((spaced(name), 1.0), (description, 0.3)):
        for word in re.findall(r"[A-Za-z]+|\d+", text.lower()):
            if word not in _STOPS:
                weights.setdefault(stem(word), weight)
        for run in re.findall("[\u4e00-\u9fff]{2,}", text):
            for i in range(len(run) - 1):
                weights.setdefault(run[i : i + 2], weight)
    return tuple(weights.items())


@functools.lru_cache(maxsize=65536)
def _occurrences(request: str, word: str) -> tuple[Place, ...]:
    """Where a word stands, with up to three letters behind it that may be an ending."""
    if not word.isascii():
        return _matches(request, re.escape(word))
    longest = len(word) + (3 if len(word) > 1 else 0)
    return tuple(place for text, place in _words(request) if len(text) <= longest and text.startswith(word))


@functools.lru_cache(maxsize=4096)
def _words(request: str) -> tuple[tuple[str, Place], ...]:
    return tuple((match.group().lower(), match.span()) for match in re.finditer(r"[A-Za-z]+|\d+", request))


def _distance(request: str, one: Place, other: Place) -> int:
    """Code points between two places, and twelve more across a comma or "and"; 0 where they touch."""
    begin, end = (one[1], other[0]) if one[1] <= other[0] else (other[1], one[0])
    is_across = any(begin <= at and after <= end for at, after in _matches(request, _BREAKS))
    return max(0, end - begin) + (int(_DECAY / 2) if is_across else 0)
