"""Writing: a plan as the row of symbols that the planner writes, and what the grammar allows at each place. Pure.

Knows memories by their layout only, not what stands in them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from orchestrator.artifact import ARTIFACT_CLASSES
from orchestrator.controller.planner.marks import Marks, Ranges
from orchestrator.controller.planner.moments import formats_of
from orchestrator.controller.planner.names import about_port
from orchestrator.controller.planner.symbols import Layout, Slot, Special
from orchestrator.controller.planner.values import LISTS, NUMBERS
from orchestrator.controller.wording import wording
from orchestrator.engine.bindings import is_compatible
from orchestrator.types import ExpertCard, Port

MAX_PORTS = 12
_DECIMAL = re.compile(r"\d\.\d")
_UNMARKED = Marks()
_NUMBERED = re.compile(  # what a port of words speaks of that may be a bare number
    r"\b(?:numbers?|nos?|ids?|identif\w*|codes?|zip|post(?:al)?|phone|tel|contact|dates?|times?|years?|ages?|versions?|isbn"
    r"|passwords?|pins?|tokens?|account|docket|case|serial|flight|room|gate|page|chapter|model|durations?|periods?|hours?"
    r"|days?|months?|sizes?|ranges?|coordinates?|latitude|longitude|digits?|amounts?|prices?|values?|rates?|percent\w*"
    r"|formula|expression|equation|function|ip|binary|hex|decade|century)\b|[号码年月日时岁数]|日期|时间|金额"
)


@dataclass(frozen=True)
class Scene:
    """What a request offers."""

    cards: tuple[ExpertCard, ...]
    attachments: tuple[str, ...]
    options: tuple[str, ...]
    num_tokens: int
    max_steps: int
    firsts: tuple[int, ...]  # tokens that begin a word
    lasts: frozenset[int]  # tokens that end one
    marks: Marks = _UNMARKED

    @property
    def layout(self) -> Layout:
        return Layout(len(self.attachments), self.max_steps, len(self.options), len(self.cards), self.num_tokens)


def experts_possible(scene: Scene, written: Sequence[int], fits: Sequence[tuple[bool, ...]]) -> list[int]:
    """What may stand there of this request.

    With files attached, no expert that waits for a file of another kind; without, any may stand there, and the missing
    file is asked for. No expert twice whose second call could say nothing else than the first.

    Args:
        scene: what the request offers.
        written: the cards of the steps so far, positions in the scene.
        fits: of each card there, from `fits_of`.
    """
    cards = scene.layout.cards
    allowed = [
        symbol
        for symbol in experts_allowed(scene, len(written))
        if symbol - cards not in written or fits[symbol - cards][2] or _takes_values(scene.cards[symbol - cards])
    ]
    if not scene.attachments:
        return allowed
    able = [symbol for symbol in allowed if symbol < cards or not fits[symbol - cards][0]]
    return able if len(able) > 1 else allowed


def words_in(text: str, offsets: Sequence[tuple[int, int]]) -> tuple[tuple[int, ...], frozenset[int]]:
    """Tokens that begin a word, and tokens that end one: a span holds whole words, numbers and signs.

    Args:
        text: of the request.
        offsets: of its tokens, in code points.
    """
    firsts, lasts = [], set()
    for i, (start, end) in enumerate(offsets):
        if i == 0 or offsets[i - 1][1] < start or not _is_inside(text, start):
            firsts.append(i)
        if i == len(offsets) - 1 or offsets[i + 1][0] > end or not _is_inside(text, end):
            lasts.add(i)
    return tuple(firsts), frozenset(lasts)


def _is_inside(text: str, at: int) -> bool:
    """Whether a word or a number goes on over the place."""
    if not 0 < at < len(text):  # one sign may be several tokens that all begin and end with it
        return False
    before, after = text[at - 1], text[at]
    if not (before.isascii() and after.isascii()):
        return False
    if "." in (before, after) and _DECIMAL.match(text, at - 1 if after == "." else at - 2):
        return True
    return (before.isalpha() and after.isalpha()) or (before.isdigit() and after.isdigit())


def is_silent(port: Port) -> bool:
    """Whether a port says nothing of what it takes: text that is called input. It reads what the step before gave."""
    return port.kind == "text" and port.name == "input" and not port.description


def options_of(cards: Sequence[ExpertCard]) -> tuple[str, ...]:
    """Every option of the cards' enumerations, once, in order."""
    found = dict.fromkeys(str(o) for card in cards for port in card.inputs[:MAX_PORTS] for o in port.enum)
    return tuple(found)


def fits_of(scene: Scene, written: Sequence[int], used: Collection[int]) -> list[tuple[bool, bool, bool, bool]]:
    """Of each card: whether it lacks an input that nothing gives so far; whether it can read an earlier step; whether
    it can read an attachment that no step has read, since people attach files for a reason; and whether it works on
    nothing but a text while the only texts are those that the attachments hold.

    Args:
        scene: what the request offers.
        written: the cards of the steps so far, positions in the scene.
        used: positions of the attachments that they read.
    """
    made = _made(scene, written)
    given = {*scene.attachments, *made, "text"}  # a text may stand in the request itself
    unread = {kind for i, kind in enumerate(scene.attachments) if i not in used}
    has_text = not scene.attachments or bool(scene.marks.quotes)
    has_text = has_text or bool((made | set(scene.attachments)) & {"text", "string", "labels"})
    fits = []
    for card in scene.cards:
        needed = [port.kind for port in card.inputs if port.required]
        lacks = not all(_can_fill(given, kind) for kind in needed if kind in ARTIFACT_CLASSES)
        reads_file = any(_can_fill(unread, kind) for kind in needed)
        awaits_text = not has_text and _needs_text(card) and not any(_can_fill(scene.attachments, k) for k in needed)
        fits.append((lacks, any(_can_fill(made, kind) for kind in needed), reads_file, awaits_text))
    return fits


def _takes_values(card: ExpertCard) -> bool:
    """Whether a request says what a call of the card is about."""
    ports = card.inputs[:MAX_PORTS]
    return any(not is_silent(port) and (takes_words(port) or port.kind not in ARTIFACT_CLASSES) for port in ports)


def _needs_text(card: ExpertCard) -> bool:
    return any(port.kind == "text" and port.required and not is_silent(port) for port in card.inputs)


def _made(scene: Scene, written: Sequence[int]) -> set[str]:
    """Kinds of what the steps so far give."""
    return {output.kind for card in written for output in scene.cards[card].outputs}


def _can_fill(kinds: Collection[str], wanted: str) -> bool:
    """Whether something of these kinds may fill a port of that kind."""
    return any(is_compatible(kind, wanted) for kind in kinds)  # type: ignore[arg-type]


def experts_allowed(scene: Scene, num_written: int) -> list[int]:
    """What may stand where a step or the end is expected."""
    layout = scene.layout
    cards = list(range(layout.cards, layout.cards + layout.num_cards)) if num_written < scene.max_steps else []
    return [Special.DECLINE if num_written == 0 else Special.END, *cards]


def values_allowed(
    scene: Scene, port: Port, written: Sequence[int], num_spans: int = 0, taken: Collection[int] = ()
) -> list[int]:
    """What may fill a port; typed links, attachments, options and spans of the right form are the only ones there are.

    Args:
        scene: what the request offers.
        port: to be filled.
        written: the cards of the steps so far, positions in the scene.
        num_spans: of a list port, how many items were written.
        taken: symbols of the tokens that fill other ports of the same call; one value is not two.
    """
    layout = scene.layout
    if num_spans:
        return [Special.OMIT, *(() if scene.marks.lists else _firsts(scene, port))]
    if is_silent(port) and written and _can_fill(_made(scene, written[-1:]), port.kind):
        return [layout.steps + len(written) - 1]
    references = references_to(scene, port, written)
    if is_silent(port) and references:
        return references
    spans = _firsts(scene, port)
    if port.kind in LISTS:  # which begins with the first of its items
        later = {layout.tokens + first for group in scene.marks.coordinated for first, _ in group[1:]}
        spans = [symbol for symbol in spans if symbol not in later] or spans
    if fills_alone(port):
        spans = [symbol for symbol in spans if symbol not in taken]
    allowed: list[int] = [*references, *spans]
    is_given = (references and port.kind in ARTIFACT_CLASSES) or (spans and _ranges_for(scene, port))
    if not port.required:
        allowed.append(Special.OMIT)
    elif not is_given:
        allowed.append(Special.MISSING)
    if port.required and port.default is not None:
        allowed.append(Special.OMIT)
    if port.kind == "boolean":
        allowed.extend((Special.TRUE, Special.FALSE))
    if port.enum:
        own = {str(option) for option in port.enum}
        allowed.extend(layout.options + i for i, option in enumerate(scene.options) if option in own)
    return sorted(set(allowed))


def takes_words(port: Port) -> bool:
    """Whether words of the request may fill a port."""
    return not port.enum and port.kind != "boolean" and (port.kind not in ARTIFACT_CLASSES or port.kind == "text")


def fills_alone(port: Port) -> bool:
    """Whether what fills the port fills no other port of the same call: numbers, lists and names do, whole clauses do
    not."""
    return port.kind in NUMBERS or port.kind in LISTS or (port.kind == "string" and not _takes_clauses(port))


def _takes_clauses(port: Port) -> bool:
    return port.name in wording().whole_clause_ports and port.kind in ("string", "text", "any")


def references_to(scene: Scene, port: Port, written: Sequence[int]) -> list[int]:
    """Attachments and earlier steps that fit a port."""
    layout = scene.layout
    fits = [i for i, kind in enumerate(scene.attachments) if is_compatible(kind, port.kind) and port.kind != "any"]  # type: ignore[arg-type]
    allowed = [layout.attachments + i for i in fits]
    if len(fits) > 1:
        allowed.append(Special.FILES)
    for step, card in enumerate(written):
        if _can_fill(_made(scene, [card]), port.kind):
            allowed.append(layout.steps + step)
    return allowed


def _ranges_for(scene: Scene, port: Port) -> Ranges:
    """The marked parts of a request that alone may fill a port; none where any words may."""
    marks = scene.marks
    if _takes_clauses(port):
        return marks.clauses
    if port.kind == "text":
        return marks.quotes
    if port.kind == "string" and any("%d" in form for form in formats_of(port.name, port.description)):
        return marks.dates
    return (marks.lists or marks.items) if port.kind in LISTS else ()


def _firsts(scene: Scene, port: Port) -> list[int]:
    """The tokens with which a span that fills a port may begin."""
    if not takes_words(port):
        return []
    tokens = scene.layout.tokens
    ranges = _ranges_for(scene, port)
    if ranges:
        return sorted({tokens + first for first, _ in ranges})
    if port.kind not in NUMBERS:
        marks = scene.marks
        barred = marks.within | _inside(marks.quotes) | {begin - 1 for begin, _ in marks.quotes}
        if _takes_names(port):
            barred |= marks.leading
            if port.kind == "string" and not _NUMBERED.search(about_port(port.name, port.description).lower()):
                barred |= marks.lone
        return [tokens + token for token in scene.firsts if token not in barred]
    own = next((card for card in scene.cards if any(one is port for one in card.inputs)), None)
    numbers = scene.marks.numbers_for(port, own.inputs if own is not None else ())
    return [tokens + token for token in scene.firsts if numbers is None or token in numbers]


def _takes_names(port: Port) -> bool:
    """Whether a few words fill the port, and neither a text nor a whole clause."""
    return (port.kind == "string" and not _takes_clauses(port)) or port.kind in LISTS


def _inside(quotes: Ranges) -> set[int]:
    """Tokens of quotes but the first ones."""
    return {token for begin, end in quotes for token in range(begin + 1, end + 1)}


def steps_allowed(scene: Scene, port: Port, written: Sequence[int], linked: Sequence[int]) -> list[int]:
    """What may follow the steps that a port is linked to already: further ones, or OMIT; nothing where none is left."""
    if is_silent(port):
        return []
    others = [
        scene.layout.steps + step
        for step, card in enumerate(written)
        if step not in linked and any(is_compatible(output.kind, port.kind) for output in scene.cards[card].outputs)
    ]
    return [int(Special.OMIT), *others] if others else []


def lasts_allowed(scene: Scene, first: int, port: Port | None = None, max_tokens: int = 48) -> list[int]:
    """The tokens with which a span that begins at symbol `first` and fills a port may end."""
    tokens = scene.layout.tokens
    ranges = _ranges_for(scene, port) if port is not None else ()
    if ranges:
        begins = first - tokens
        runs_on = port is not None and port.kind != "text" and _takes_clauses(port)
        return sorted({tokens + last for start, last in ranges if start == begins or (runs_on and start > begins)})
    end = min(scene.layout.size, first + max_tokens)
    if port is not None and port.kind in LISTS and (last := last_number(scene, first)) is not None:
        return [last]
    if port is not None and port.kind in NUMBERS:
        return _number_lasts(scene, first, end)
    lasts = scene.lasts
    if port is not None:
        quoted = [last for begin, last in scene.marks.quotes if begin == first - tokens]
        if quoted:
            return [tokens + last for last in quoted]
        lasts = lasts - scene.marks.broken - {token - 1 for token in _inside(scene.marks.quotes)}
        if _takes_names(port):
            lasts = lasts - scene.marks.trailing
    return [symbol for symbol in range(first, end) if symbol - tokens in lasts] or [first]


def last_number(scene: Scene, first: int) -> int | None:
    """The end of the coordinated numbers of which symbol `first` begins the first one; None where there are none."""
    at = first - scene.layout.tokens
    if at not in (scene.marks.numbers or ()):
        return None
    return next((scene.layout.tokens + group[-1][1] for group in scene.marks.coordinated if group[0][0] == at), None)


def _number_lasts(scene: Scene, first: int, end: int) -> list[int]:
    """Where a number may end that begins at symbol `first`: as a whole, with words behind it, before the next one."""
    tokens = scene.layout.tokens
    whole = next((tokens + last for begin, last in scene.marks.wholes if begin == first - tokens), first)
    end = min([end, *(tokens + token for token in scene.marks.numbers or () if tokens + token > whole)])
    ends = scene.lasts - scene.marks.trailing
    return [symbol for symbol in range(whole, end) if symbol == whole or symbol - tokens in ends]


@dataclass(frozen=True)
class Place:
    """One place in a plan.

    Args:
        slot: what is written.
        port: that it fills, positions of card and port.
        allowed: symbols.
        target: the right one; None where the data does not say, and the place teaches nothing.
        before: the symbol before, -1 at the beginning.
        num_steps: that stand before it.
        spent: tokens of the spans before it, symbols.
        own: of those the ones of the same call.
        earlier: last token of the value that the same port had in the call of the card before; -1 where there is none.
    """

    slot: Slot
    port: tuple[int, int] | None
    allowed: list[int]
    target: int | None
    before: int = -1
    num_steps: int = 0
    spent: tuple[int, ...] = ()
    own: tuple[int, ...] = ()
    earlier: int = -1
