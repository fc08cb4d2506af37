"""Marks: what stands out in a request, as ranges of tokens: its numbers, quotes, clauses and lists. Knows no card.

They narrow the grammar: a port for a number takes words that hold one, a quoted text is taken whole, and a port that
wants a question takes a whole clause.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestrator.controller.clauses import clauses_of, file_names_in, marked_quotes
from orchestrator.controller.planner.coordination import coordinated
from orchestrator.controller.planner.moments import dates_in
from orchestrator.controller.planner.names import about_port, stems
from orchestrator.controller.planner.numbers import number_of
from orchestrator.controller.planner.segments import segments_of
from orchestrator.controller.planner.words import FUNCTION_WORDS
from orchestrator.types import Port

Ranges = tuple[tuple[int, int], ...]
_ARTICLES = ("a", "an", "A", "An")
_BEHIND = re.compile(r"[$€£¥]?[-+]?\d[\d.,]*\s?(?:(?P<share>%|％|per ?cent\b)|(?P<word>[A-Za-z]+))", re.IGNORECASE)
_GOES_ON = re.compile(r"\d(?:\.\d|,\d{3}(?!\d)|[十百千万亿])")
_WHOLE = re.compile(r"[$€£¥]?[-+−]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)*(?:\s?[十百千万亿]+)?")
_LONE = re.compile(r"[-+]?\d[\d.,]*(?![\w%％])(?:\s+(?P<word>[A-Za-z]+))?")
_DETERMINERS = frozenset(("a", "an", "the", "this", "that", "my", "your", "our", "his", "her", "their", "its"))
_CHINESE_FUNCTION_WORDS = frozenset((
    "是", "的", "了", "吗", "呢", "吧", "和", "与", "或", "把", "将", "被", "就", "也", "都", "还", "请", "请问",
    "这个", "那个", "谁", "哪", "哪个", "哪些", "哪里", "什么", "多少", "怎么", "怎样", "如何", "有没有", "是否",
))  # fmt: skip
_NEVER_FIRST = (
    _CHINESE_FUNCTION_WORDS
    | (FUNCTION_WORDS - _DETERMINERS)
    | {"when", "where", "while", "because", "there"}
    | set(",.;:!?)%，。；：！？、）'\"“”‘’")
)
_NEVER_LAST = _CHINESE_FUNCTION_WORDS | FUNCTION_WORDS | set(",;:!?(，。；：！？、（'\"“”‘’")
_FRACTION = re.compile(r"[$€£¥]?[-+]?\d+\.\d")
# With a digit on one side, or a hyphen within a word: "01-01-1980" and "gluten-free", not "grams/mole".
_SIGNED = r"(?:[-/.:@_](?:(?<=\d.)(?=[A-Za-z\d])|(?=\d))|(?<=[a-z])-(?=[a-z]))"
_LONG_WORD = re.compile(rf"(?:[A-Za-z]\.)+[A-Za-z]\b|[A-Za-z\d]+(?:{_SIGNED}[A-Za-z\d]+)*")
_TERM = r"\(?(?:\d*\.?\d*[A-Za-z](?:\^\d+|[²³])?|\d+(?:\.\d+)?)(?![A-Za-z])\)?"
_FORMULA = re.compile(rf"(?<![\w'’]){_TERM}(?:\s*[-+*/^]\s*{_TERM})+")  # "3x^2 - 2x + 1"
_ADDRESS = re.compile(r"https?://[^\s'\"<>]+|[\w.+-]+@[\w-]+\.[\w.-]+")
_CAPITAL = r"[A-Z][\w'’&-]*(?:\.[A-Z]\w*)*"
_NAME = re.compile(
    rf"(?<!\w)(?P<first>{_CAPITAL})(?:\s+(?:(?:of|the|de|van|von|da|di)\s+){{0,2}}{_CAPITAL})*(?:\s+\d+\b)?"
)
_OPENS = re.compile(r"(?:^|[.!?。！？:：\n])[\s\"'“‘(]*$")
_BRACKETED = re.compile(r"\[(?:[^\[\]]|\[[^\[\]]*\])+\]")
_LONGEST_ITEM = 40  # code points; a longer one is a clause with a comma in it
_WRAPPED = re.compile(r"\s*[\"“]([^\"“”]{20,})[\"”]\s*")
_SPEAKS_OF_SHARES = re.compile(
    r"per ?cent|\bpct\b|\b(?:rate|ratio|share|interest|discount|tax|tip)\b|率|百分|折扣", re.IGNORECASE
)


@dataclass(frozen=True)
class Marks:
    """Ranges of tokens, first and last; no mark, no limit.

    Args:
        numbers: tokens that a number may begin with; None where nobody looked.
        quotes: what stands in quotes.
        clauses: single instructions and questions.
        items: of a list such as "billing, delivery or praise".
        dates: that are written out, where none is told by the day it is today.
        shares: tokens that begin a number of percent.
        counted: tokens that begin a number, and the word behind each: "24 months".
        fractions: tokens that begin a number that is no whole one.
        within: tokens that begin inside a longer word or a formula, such as the number in "2022/AL25".
        broken: tokens that end inside one.
        names: runs of words with a capital.
        lists: in brackets, each as a whole.
        leading: function words and signs that no value begins with: "of", "?".
        trailing: those that none ends with: "the", "?".
        wholes: tokens that begin a number in digits, and the last one of each: the 000 of 12,000, the 万 of 30万.
        lone: tokens that begin a number behind which nothing stands that it could be a part of, such as "10 Downing".
        coordinated: items of each coordination, such as "5, 10 and 15".
        segments: that each may ask for another thing.
        aside: tokens of quotes, file names and addresses, which say nothing of what is to be done.
    """

    numbers: frozenset[int] | None = None
    quotes: Ranges = ()
    clauses: Ranges = ()
    items: Ranges = ()
    dates: Ranges = ()
    shares: frozenset[int] = frozenset()
    counted: tuple[tuple[int, str], ...] = ()
    fractions: frozenset[int] = frozenset()
    within: frozenset[int] = frozenset()
    broken: frozenset[int] = frozenset()
    names: Ranges = ()
    lists: Ranges = ()
    leading: frozenset[int] = frozenset()
    trailing: frozenset[int] = frozenset()
    wholes: tuple[tuple[int, int], ...] = ()
    lone: frozenset[int] = frozenset()
    coordinated: tuple[Ranges, ...] = ()
    segments: Ranges = ()
    aside: frozenset[int] = frozenset()

    def numbers_for(self, port: Port, others: Iterable[Port] = ()) -> frozenset[int] | None:
        """The tokens with which a number for the port may begin; None where nobody looked.

        A number before a word of another port's name is that port's; one of percent goes to what speaks of shares and,
        where there are others, to nothing else.

        Args:
            port: to be filled.
            others: of the same call.
        """
        if self.numbers is None:
            return None
        of_others = frozenset[int]().union(*(self._counted_by(other) for other in others if other.name != port.name))
        of_others -= self._counted_by(port)
        if port.kind == "integer":
            of_others |= self.fractions
        if _SPEAKS_OF_SHARES.search(about_port(port.name, port.description)):
            return self.shares or self.numbers - of_others
        return self.numbers - of_others - self.shares or self.numbers

    def _counted_by(self, port: Port) -> frozenset[int]:
        own = stems(port.name)
        return frozenset(token for token, word in self.counted if stems(word)[0] in own)


def marks_of(text: str, offsets: Sequence[tuple[int, int]], firsts: Sequence[int]) -> Marks:
    """The marks of a request.

    Args:
        text: of the request.
        offsets: of its tokens, in code points.
        firsts: tokens that begin a word.
    """
    text = _unwrapped(text)
    clauses = clauses_of(text)
    named = file_names_in(text)
    files = {file.piece.text for file in named}  # a file's name in quotes is no text
    said = (quote for clause in clauses for quote in clause.quotes)
    quotes = [(quote.start, quote.end) for quote in said if quote.text not in files]
    items: list[tuple[int, int]] = []
    for clause in clauses:
        begin = clause.piece.start
        for item in clause.items if max(map(len, clause.items), default=0) <= _LONGEST_ITEM else ():
            found = text.find(item, begin)
            if found >= 0:
                begin = found + len(item)
                items.append((found, begin))
    borders = [offsets[token][0] for token in firsts] + [len(text)]
    words = zip(firsts, borders, borders[1:], strict=False)
    numbers = {
        token: start for token, start, end in words if _holds_number(text[start:end]) and not _goes_on(text, start)
    }
    plain = {token: text[slice(*offsets[token])] for token in firsts}
    names = list(_names_in(text))
    formulas = [match for match in _FORMULA.finditer(text) if re.search("[A-Za-z]", match.group())]
    long_words = [*_LONG_WORD.finditer(text), *formulas]
    joined = {at for match in long_words for at in range(match.start() + 1, match.end())}
    aside = [(one.start, one.end) for one in (*marked_quotes(text), *(file.piece for file in named))]
    aside += [match.span() for match in _ADDRESS.finditer(text)]
    behind = {token: match for token, start in numbers.items() if (match := _BEHIND.match(text, start)) is not None}
    return Marks(
        frozenset(numbers),
        _ranges(quotes, offsets),
        _ranges(((clause.asked.start, clause.asked.end) for clause in clauses), offsets),
        _ranges(items, offsets),
        _ranges(dates_in(text), offsets),
        frozenset(token for token, match in behind.items() if match["share"]),
        tuple((token, match["word"]) for token, match in behind.items() if match["word"]),
        frozenset(token for token, start in numbers.items() if _FRACTION.match(text, start)),
        frozenset(token for token, (start, _) in enumerate(offsets) if start in joined),
        frozenset(token for token, (_, end) in enumerate(offsets) if end in joined),
        _ranges(names, offsets),
        _ranges((match.span() for match in _BRACKETED.finditer(text)), offsets),
        frozenset(token for token, word in plain.items() if word in _NEVER_FIRST),
        frozenset(token for token, word in plain.items() if word in _NEVER_LAST),
        _ranges((match.span() for start in numbers.values() if (match := _WHOLE.match(text, start))), offsets),
        frozenset(token for token, start in numbers.items() if _is_lone(text, start)),
        tuple(_ranges(group, offsets) for group in coordinated(text, names, quotes)),
        _ranges(segments_of(text), offsets),
        frozenset(token for first, last in _ranges(aside, offsets) for token in range(first, last + 1)),
    )


def _is_lone(text: str, at: int) -> bool:
    match = _LONE.match(text, at)
    return match is not None and (match["word"] or "and") in FUNCTION_WORDS


def _unwrapped(text: str) -> str:
    """The text without quotation marks around the whole of it, as long as it was: such a quote marks nothing."""
    match = _WRAPPED.fullmatch(text)
    return text if match is None else f"{' ' * match.start(1)}{match[1]}{' ' * (len(text) - match.end(1))}"


def _names_in(text: str) -> Iterable[tuple[int, int]]:
    """Runs of words with a capital: "Treaty of Tordesillas", "Windows 10"; without the word that opens a sentence."""
    for match in _NAME.finditer(text):
        start, end = match.span()
        if _OPENS.search(text, 0, start):
            start = match.end("first")
            while start < end and not text[start].isupper():
                start += 1
        if text[start:end].endswith(("'s", "’s")):
            end -= 2
        if start < end and text[start:end] != "I":
            yield start, end


def _goes_on(text: str, at: int) -> bool:
    """Whether what stands there is a part of a number that began before it: the 000 of 12,000."""
    begin = at - 2 if text[at - 1 : at] in (".", ",") else at - 1
    return begin >= 0 and (found := _GOES_ON.match(text, begin)) is not None and found.end() > at


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
