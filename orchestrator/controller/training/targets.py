"""Targets: where an accepted value stands in a request, so that what training points at is what inference can use.

Knows no tensor and no token: spans are code points. Every span given here reads as an accepted value.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.controller.planner.cues import cue
from orchestrator.controller.planner.items import NUMBER_LISTS, literal_of
from orchestrator.controller.planner.names import numbers_named, same_stems
from orchestrator.controller.planner.units import QUANTITY_WORDS
from orchestrator.controller.planner.values import LISTS, value_of, values_of
from orchestrator.evaluation.plans import accepts
from orchestrator.types import Port

Place = tuple[int, int]
Spans = tuple[Place, ...]

MAX_WORDS = 12  # of a span that says a value in other words
MAX_ITEMS = 12  # of a list written item by item
NEAR = 0.5  # a word of the port's name about four words away
_BEHIND = 1.5  # what stands behind the same port's value of an earlier call
_TAKEN = 2.0  # what fills another port of the same call
_WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?|(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|[\u4e00-\u9fff]|[^\w\s]")
_SEPARATORS = r"[\s,./\-_*^'\"‘’“”]*"
_ARTICLES = frozenset(("a", "an", "i"))


@dataclass(frozen=True)
class Filled:
    """How an input is filled: exactly one of the fields is set, or none where the set does not say."""

    spans: Spans = ()
    steps: tuple[int, ...] = ()
    attachment: int | None = None
    all_files: bool = False
    option: str | None = None
    boolean: bool | None = None
    is_omitted: bool = False
    is_missing: bool = False

    @property
    def is_known(self) -> bool:
        return self != Filled()


def filled_by(
    request: str, port: Port, accepted: Sequence[Any] | None, begin: int = 0, taken: Collection[Place] = ()
) -> Filled:
    """How an accepted value is written; unknown where the request does not hold it.

    Args:
        request: the text.
        port: to be filled.
        accepted: right values; "" among them: the port may be left out. None: it must be.
        begin: where the same port's value of an earlier call ended; what stands behind it is preferred.
        taken: spans that fill other ports of the same call; others are preferred.
    Returns:
        The smallest spans whose value (`values_of`) is accepted, of several those nearest to the port's own words.
        Left out where it may be and the value, or for a number a word of the port near it, does not stand there.
    """
    if accepted is None:
        return Filled(is_omitted=True)
    may_omit = "" in accepted
    values = [value for value in accepted if value != ""]
    left_out = Filled(is_omitted=True) if may_omit else Filled()
    if port.kind == "boolean":
        stated = next((value for value in values if isinstance(value, bool)), None)
        return left_out if may_omit or stated is None else Filled(boolean=stated)
    if port.enum:
        options = [option for option in port.enum if _fits(option, port, values)]
        said = next((option for option in options if _says(request, str(option))), None)
        if may_omit or not options:
            return Filled(option=str(said)) if said is not None else left_out
        return Filled(option=str(said if said is not None else options[0]))
    chosen = _chosen(request, port, values, begin, taken)
    if chosen is None or (may_omit and _is_slight(request, chosen) and cue(request, port, chosen[0]) < NEAR):
        return left_out
    return Filled(spans=chosen)


def place_of(request: str, value: Any, begin: int = 0) -> Place | None:
    """Offsets of a value in the request as it is written, but for case and punctuation; the first behind `begin`."""
    return next((place for place in _verbatim(request, str(value)) if place[0] >= begin), None)


def _fits(value: Any, port: Port, values: Sequence[Any]) -> bool:
    return accepts({port.name: value}, {port.name: values})


def _says(request: str, option: str) -> bool:
    """Whether an option stands in the request, in its own or in another form of its words."""
    if place_of(request, option) is not None:
        return True
    words = [match.span() for match in _WORD.finditer(request)]
    num = len(_WORD.findall(option.replace("_", " ")))
    ends = zip(words, words[num - 1 :], strict=False)
    return num > 0 and len(option) > 3 and any(same_stems(request[a[0] : b[1]], option) for a, b in ends)


def _is_slight(request: str, spans: Spans) -> bool:
    """Whether what was found may stand there by chance: a number, a word of three letters, "none"."""
    text = "".join(request[start:end] for start, end in spans)
    return len(text) < 4 or text.lower() == "none" or not re.search(r"[A-Za-z]{4}|[\u4e00-\u9fff]{2}", text)


def _chosen(request: str, port: Port, values: Sequence[Any], begin: int, taken: Collection[Place]) -> Spans | None:
    def rank(spans: Spans) -> tuple[float, float]:
        first = spans[0]
        score = cue(request, port, first) + (_BEHIND if first[0] >= begin else 0.0)
        is_taken = any(first[0] < end and start < first[1] for start, end in taken)
        return score - (_TAKEN if is_taken else 0.0), -first[0]

    ways = _list_places if port.kind in LISTS else _places
    for found in ways(request, port, values, begin):
        if found:
            return max(found, key=rank)
    return None


def _places(request: str, port: Port, values: Sequence[Any], begin: int) -> Iterator[list[Spans]]:
    """Places of one value, the surest ways of finding it first."""
    if port.kind == "dict":
        yield _bracketed(request, port, values)
        yield [
            (place,)
            for value in values
            for place in _dict_place(request, value)
            if _reads(request, place, port, values)
        ]
        return
    if port.kind not in ("integer", "float"):
        for value in values:
            if isinstance(value, str):
                places = _verbatim(request, value)
                yield [(place,) for place in places if _reads(request, place, port, values)]
    yield [(place,) for place in _said_otherwise(request, port, values)]


def _list_places(request: str, port: Port, values: Sequence[Any], begin: int) -> Iterator[list[Spans]]:
    numbers = [match.span() for match in NUMBER_LISTS.finditer(request)]
    yield [(place,) for place in numbers if _reads(request, place, port, values)]
    yield _bracketed(request, port, values)
    for value in values:
        if isinstance(value, list) and 0 < len(value) <= MAX_ITEMS:
            yield _item_by_item(request, port, value, values, begin)
    for value in values:
        if isinstance(value, list) and len(value) > 1:
            ends = [place for item in (value[0], value[-1]) for place in _verbatim(request, str(item))]
            whole = [(a[0], b[1]) for a in ends for b in ends if a[1] <= b[0]]
            yield [(place,) for place in whole if _reads(request, place, port, values)]


def _item_by_item(request: str, port: Port, value: list[Any], values: Sequence[Any], begin: int) -> list[Spans]:
    """Each item's own span, in order where the request keeps it; nothing where an item is not found."""
    spans: list[Place] = []
    at = begin
    for item in value:
        places = [place for place in _verbatim(request, str(item)) if place not in spans]
        places = places or [place for place in _said_otherwise(request, port, [item]) if place not in spans]
        if not places:
            return []
        place = next((one for one in places if one[0] >= at), max(places, key=lambda one: cue(request, port, one)))
        spans.append(place)
        at = place[1]
    read = values_of([request[start:end] for start, end in spans], port, request=request)
    return [tuple(spans)] if _fits(read, port, values) else []


def _bracketed(request: str, port: Port, values: Sequence[Any]) -> list[Spans]:
    """Lists and dictionaries in brackets, from each opening bracket to the one that closes it."""
    found: list[Spans] = []
    for start, character in enumerate(request):
        if character not in "[{(":
            continue
        for end in range(start + 1, min(len(request), start + 600)):
            if request[end] in "]})" and literal_of(request[start : end + 1]) is not None:
                if _reads(request, (start, end + 1), port, values):
                    found.append(((start, end + 1),))
                break
    return found


def _dict_place(request: str, value: Any) -> list[Place]:
    """From the first key or value of a dictionary to the last."""
    if not isinstance(value, Mapping) or not value:
        return []
    places: list[Place] = []
    for key, alternatives in value.items():
        for text in (key, *(alternatives if isinstance(alternatives, list) else [alternatives])):
            places.extend(_verbatim(request, str(text))[:1])
            if isinstance(text, (int, float)) and not isinstance(text, bool):
                places.extend(_verbatim(request, f"{text:,}")[:1])
    return [(min(start for start, _ in places), max(end for _, end in places))] if places else []


def _reads(request: str, place: Place, port: Port, values: Sequence[Any]) -> bool:
    return _fits(values_of([request[slice(*place)]], port, request=request), port, values)


@functools.lru_cache(maxsize=8192)
def _verbatim(request: str, text: str) -> tuple[Place, ...]:
    """Where a text stands, but for case, blanks and the punctuation that comparing forgives."""
    runs = re.findall(r"[^\s,./\-_*^'\"‘’“”]+", text)
    if not runs:
        return ()
    begin = r"(?<![A-Za-z0-9.])" if runs[0][0].isascii() else ""
    end = r"(?![A-Za-z0-9]|\.\d)" if runs[-1][-1].isascii() else ""
    sign = r"[-−]" if re.match(r"-\s*\d", text) else ""
    pattern = begin + sign + _SEPARATORS.join(map(re.escape, runs)) + end
    return tuple(match.span() for match in re.finditer(pattern, request, re.IGNORECASE))


def _said_otherwise(request: str, port: Port, values: Sequence[Any]) -> list[Place]:
    """The smallest spans whose value is accepted; those that say it alone before those that need the rest.

    A percent sign goes with its number where that is accepted too.
    """
    words = [match.span() for match in _WORD.finditer(request)][:400]
    is_number = port.kind in ("integer", "float") and not numbers_named(port.description)
    may_begin = _begins_number if is_number else _begins_any
    found: list[Place] = []
    for rest in ("",) if is_number else ("", request):
        for i, (start, first_end) in enumerate(words):
            if may_begin(request[start:first_end].lower()):
                found.extend(_first_that_reads(request, start, words[i : i + MAX_WORDS], port, values, rest))
        if found:
            break
    smallest = [a for a in found if not any(b != a and a[0] <= b[0] and b[1] <= a[1] for b in found)]
    return [_with_percent(request, place, port, values) for place in smallest]


def _first_that_reads(
    request: str, start: int, words: Sequence[Place], port: Port, values: Sequence[Any], rest: str
) -> list[Place]:
    """The shortest span from `start` that is not the value as it is written, but means it."""
    for _, end in words:
        text = request[start:end]
        value = value_of(text, port, request=rest)
        if value != text and text.lower() not in _ARTICLES and _fits(value, port, values):
            return [(start, end)]
    return []


def _begins_any(word: str) -> bool:
    return word[0] not in ",.;:!?)]}"


def _begins_number(word: str) -> bool:
    return word in QUANTITY_WORDS or word[0] in "-−+$€£¥.'" or word[0].isdigit() or not word.isascii()


def _with_percent(request: str, place: Place, port: Port, values: Sequence[Any]) -> Place:
    sign = re.match(r"\s*(?:%|％|per ?cent\b)", request[place[1] :], re.IGNORECASE)
    if sign is None:
        return place
    longer = (place[0], place[1] + sign.end())
    return longer if _fits(value_of(request[slice(*longer)], port, request=request), port, values) else place
