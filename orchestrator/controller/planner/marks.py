"""Marks: what stands out in a request, as ranges of tokens: its numbers, quotes, clauses and lists. Knows no card.

They narrow the grammar: a port for a number takes words that hold one, a quoted text is taken whole, and a port that
wants a question takes a whole clause.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestrator.controller.clauses import clauses_of
from orchestrator.controller.planner.numbers import number_of

Ranges = tuple[tuple[int, int], ...]
_ARTICLES = ("a", "an", "A", "An")


@dataclass(frozen=True)
class Marks:
    """Ranges of tokens, first and last; no mark, no limit.

    Args:
        numbers: tokens that a number may begin with; None where nobody looked.
        quotes: what stands in quotes.
        clauses: single instructions and questions.
        items: of a list such as "billing, delivery or praise".
    """

    numbers: frozenset[int] | None = None
    quotes: Ranges = ()
    clauses: Ranges = ()
    items: Ranges = ()


def marks_of(text: str, offsets: Sequence[tuple[int, int]], firsts: Sequence[int]) -> Marks:
    """The marks of a request.

    Args:
        text: of the request.
        offsets: of its tokens, in code points.
        firsts: tokens that begin a word.
    """
    clauses = clauses_of(text)
    quotes = [(quote.start, quote.end) for clause in clauses for quote in clause.quotes]
    items: list[tuple[int, int]] = []
    for clause in clauses:
        begin = clause.piece.start
        for item in clause.items:
            found = text.find(item, begin)
            if found >= 0:
                begin = found + len(item)
                items.append((found, begin))
    borders = [offsets[token][0] for token in firsts] + [len(text)]
    words = zip(firsts, borders, borders[1:], strict=False)
    numbers = {token for token, start, end in words if _holds_number(text[start:end])}
    return Marks(
        frozenset(numbers),
        _ranges(quotes, offsets),
        _ranges(((clause.piece.start, clause.piece.end) for clause in clauses), offsets),
        _ranges(items, offsets),
    )


def _holds_number(word: str) -> bool:
    bare = word.strip()
    return bool(bare) and bare not in _ARTICLES and (bare[0] in "$€£¥-+−." or number_of(bare) is not None)


def _ranges(spans: Iterable[tuple[int, int]], offsets: Sequence[tuple[int, int]]) -> Ranges:
    """First and last tokens of spans of characters; those that hold no token are left out."""
    found = []
    for start, end in spans:
        inside = [i for i, (a, b) in enumerate(offsets) if a >= start and b <= end and b > a]
        if inside:
            found.append((inside[0], inside[-1]))
    return tuple(dict.fromkeys(found))
