"""Coordination: like items that commas and "and" put side by side, such as "5, 10 and 15" or "Berlin and Madrid".

An expert that takes one of them is asked once for each. Knows no card. Pure.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

Place = tuple[int, int]  # code points

_NUMBER = re.compile(
    r"(?<![A-Za-z\d_./-])[$€£¥]?[-+−]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?![A-Za-z\d_/-]|\.\d)"
)
_BETWEEN = re.compile(
    r"(?P<unit>\s?[A-Za-z°]{1,12}|[%％])?\s*(?:"
    r"[,，、]|(?P<last>(?:,\s*)?\band\b|&|[和与及]|以及)"
    r")\s*(?:(?:in|for|of|at|from|on|the)\s+)?"
)


def coordinated(text: str, names: Iterable[Place], quotes: Iterable[Place]) -> list[tuple[Place, ...]]:
    """The items of each coordination, in the order of the text.

    A place with a comma of its own is one item where the "and" shows it: "Bonn, Germany and Rome, Italy" are two.

    Args:
        text: of the request.
        names: runs of words with a capital.
        quotes: what stands in quotes, without them.
    """
    quoted = [(start - 1, end + 1) for start, end in quotes]
    numbers = _outside([match.span() for match in _NUMBER.finditer(text)], quoted)
    others = _outside(_outside(names, quoted), numbers)
    of_quotes = [tuple((start + 1, end - 1) for start, end in group) for group in _groups(text, quoted)]
    of_numbers, of_names = _groups(text, numbers), _groups(text, others, has_units=False)
    return sorted([*of_quotes, *of_numbers, *of_names])


def _outside(places: Iterable[Place], others: Sequence[Place]) -> list[Place]:
    return [place for place in places if not any(place[0] < end and start < place[1] for start, end in others)]


def _groups(text: str, places: Sequence[Place], *, has_units: bool = True) -> Iterable[tuple[Place, ...]]:
    """Runs of places between which nothing but a comma or "and" stands, and the unit that all of them have."""
    ranked = sorted(places)
    run, joins, unit = ranked[:1], list[bool](), None  # joins: whether "and" stands before an item
    for before, place in itertools.pairwise(ranked):
        match = _BETWEEN.fullmatch(text, before[1], place[0])
        if match is not None and match["unit"] and not has_units:
            match = None
        if match is None or (joins and match["unit"] != unit):
            yield from _items(run, joins)
            run, joins = ([place], []) if match is None else ([before], [])
        if match is not None:
            unit = match["unit"]
            joins.append(match["last"] is not None)
            run.append(place)
    yield from _items(run, joins)


def _items(run: Sequence[Place], joins: Sequence[bool]) -> Iterable[tuple[Place, ...]]:
    if joins and joins[-1] and not any(joins[:-1]):
        yield tuple(run)
    elif len(run) == 4 and joins == [False, True, False]:
        yield (run[0][0], run[1][1]), (run[2][0], run[3][1])
