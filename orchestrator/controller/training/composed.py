"""Composed cases: single requests joined into one that needs several experts, and plain ports in place of typed ones.

Knows cases; not where they come from.
"""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Sequence

from orchestrator.controller.planner.segments import segments_of
from orchestrator.controller.planner.words import word_stems
from orchestrator.controller.training.cases import Call, Filled, PlanningCase
from orchestrator.language import has_chinese
from orchestrator.types import ExpertCard, Port

# What joins two requests; `{b}` begins in lower case where it does not open a sentence.
_JOINS = {
    "en": (
        ", and {b}", ", then {b}", " and then {b}", ". Then {b}", ". Also, {b}", ". After that, {b}", ". {B}", ". {B}",
        "; {b}", " and {b}", ". Once that is done, {b}", ", and also {b}", ". Next, {b}", ". Additionally, {b}",
        ". Finally, {b}", ", as well as this: {b}", "\n{B}", ". And {b}", ". I would also like to know this: {b}",
        ". By the way, {b}", ". While you're at it, {b}",
    ),
    "zh": (
        "，然后{b}", "。然后{b}", "，再{b}", "。另外，{b}", "。{b}", "；{b}", "，并且{b}", "。接着{b}", "。最后{b}",
        "，顺便{b}",
    ),
}  # fmt: skip
_REFERRING = {
    "en": (". With the result, {b}", ". Use that to do this: {b}", ". Based on this, {b}", ", and from the output {b}"),
    "zh": ("。用这个结果，{b}", "。根据结果{b}", "，把结果拿来{b}"),
}
_AGAIN = {  # what joins the values of further calls of the same expert
    "en": (
        ", and also {t}", ". Do the same for {t}", ", then for {t}", " and {t}", ", as well as {t}", ", and {t}",
        ". Also {t}", ", then {t}", "; and {t}", ". Then the same with {t}", ". How about {t}",
    ),
    "zh": ("，还有{t}", "。{t}也一样", "，以及{t}", "和{t}", "，再来{t}", "。另外{t}"),
}  # fmt: skip
_POLITE = re.compile(
    r"(?:(?:hi|hello|hey)\b[,!. ]*)?(?:please |(?:can|could|would|will) you (?:please )?(?:help me (?:to )?)?"
    r"|i(?:'d| would)? (?:want|need|like) to |i(?:'m| am) (?:looking for|interested in) |i need )",
    re.IGNORECASE,
)  # what is said once, however many things are asked for
_SENTENCES = re.compile(r"(?<=[.!?])\s+")
_SHORTEST = 8  # code points of a request
_OPENINGS = {
    "en": ("", "", "", "First, ", "Please ", "Hi! ", "I have two wishes. "),
    "zh": ("", "", "首先，", "请", "麻烦"),
}


def joined(said: Sequence[str], refers: Sequence[bool], chosen: random.Random) -> tuple[str, list[tuple[int, int]]]:
    """Requests as one text, and where each of them stands in it.

    Args:
        said: the requests, in one language.
        refers: whether each speaks of the result before it.
        chosen: of the words between them.
    """
    language = "zh" if has_chinese(said[0]) else "en"
    text = chosen.choice(_OPENINGS[language]) if chosen.random() < 0.3 else ""
    places: list[tuple[int, int]] = []
    for number, one in enumerate(said):
        body = one.strip()
        if number < len(said) - 1 and chosen.random() < 0.8:
            body = body.rstrip(".。!！ ")
        opens = False
        if number:
            join = chosen.choice((_REFERRING if refers[number] else _JOINS)[language])
            opens = "{B}" in join
            if text[-1:] in "?？!！" and join[0] in ".。,，;；":
                join = join[1:] if language == "zh" else " " + join[1:].strip()
            text += join.split("{")[0]
        body = body if opens or not text else _lowered(body)
        places.append((len(text), len(text) + len(body)))
        text += body
    return text, places


def composed(parts: Sequence[PlanningCase], chosen: random.Random) -> PlanningCase:
    """Cases of one call each as one case, in the order of the text.

    A later part may speak of the result before it; then its text input reads the step before.
    """
    refers = [i > 0 and _text_port(part) is not None and chosen.random() < 0.2 for i, part in enumerate(parts)]
    text, places = joined([part.request for part in parts], refers, chosen)
    cards: dict[str, ExpertCard] = {}
    calls: list[Call] = []
    for part, is_referring, (start, end) in zip(parts, refers, places, strict=True):
        for call in part.calls:
            card = part.cards[call.card]
            position = list(cards).index(card.name) if card.name in cards else len(cards)
            cards.setdefault(card.name, card)
            lead = len(part.request) - len(part.request.lstrip())
            inputs = {name: _moved(filled, start - lead, end) for name, filled in call.inputs.items()}
            port = _text_port(part)
            if port is not None and (is_referring or not inputs.get(port.name, Filled()).is_known):
                inputs[port.name] = Filled(steps=(len(calls) - 1,)) if is_referring else Filled(spans=((start, end),))
            calls.append(Call(position, inputs))
    return PlanningCase(
        "+".join(part.id for part in parts), text, tuple(cards.values()), tuple(calls), source="composed"
    )


def repeated(variants: Sequence[PlanningCase], chosen: random.Random) -> PlanningCase:
    """The same request with several values as one that says everything but the values once.

    Args:
        variants: cases of one call each that differ in their values alone, which stand in the request.
        chosen: of the words between them.
    """
    variants = list({_said(variant): variant for variant in variants}.values())
    first = variants[0]
    language = "zh" if has_chinese(first.request) else "en"
    text = first.request.rstrip(".?!。？！ ")
    ending = first.request[len(text) :]
    calls = [first.calls[0]]
    for number, variant in enumerate(variants[1:], start=2):
        spans = [span for filled in variant.calls[0].inputs.values() for span in filled.spans]
        begin, end = min(start for start, _ in spans), max(end for _, end in spans)
        join = ", {t}" if number < len(variants) and language == "en" else chosen.choice(_AGAIN[language])
        lead, rest = join.split("{t}")
        text += lead
        by = len(text) - begin
        text += variant.request[begin:end] + rest
        inputs = {name: _moved(filled, by, len(text)) for name, filled in variant.calls[0].inputs.items()}
        calls.append(Call(first.calls[0].card, inputs))
    return dataclasses.replace(first, request=text + ending, calls=tuple(calls))


def _said(case: PlanningCase) -> tuple[str, ...]:
    """The values of a case as they stand in its request."""
    return tuple(case.request[start:end] for filled in case.calls[0].inputs.values() for start, end in filled.spans)


def related(first: PlanningCase, others: Sequence[PlanningCase]) -> PlanningCase:
    """The one of several cases for another expert whose request speaks most of the same; the first where none does."""
    own = word_stems(first.request)

    def alike(other: PlanningCase) -> float:
        said = word_stems(other.request)
        is_other = other.cards[0].name != first.cards[0].name
        return len(own & said) / max(1, len(own | said)) if is_other else -1.0

    return max(others, key=alike)


def abridged(case: PlanningCase, *, is_first: bool) -> PlanningCase:
    """The case as people say it who ask for several things in one go: the longest sentence of its first segment.

    Where values stand in the request it stays as it is.

    Args:
        case: of one call.
        is_first: whether it will open a request; else what asks politely is left out.
    """
    whole = (0, len(case.request))
    if any(span != whole for filled in case.calls[0].inputs.values() for span in filled.spans):
        return case
    start, end = segments_of(case.request)[0]
    text = max(_SENTENCES.split(case.request[start:end]), key=len).strip(" \n\"'.!?,;")
    if not is_first:
        text = _POLITE.sub("", text, count=1)
    if len(text) < _SHORTEST:
        return case
    inputs = {
        name: dataclasses.replace(filled, spans=((0, len(text)),)) if filled.spans else filled
        for name, filled in case.calls[0].inputs.items()
    }
    return dataclasses.replace(case, request=text, calls=(dataclasses.replace(case.calls[0], inputs=inputs),))


def is_composable(case: PlanningCase) -> bool:
    """Whether a case is one call without attachments, over cards that lose nothing among others."""
    return len(case.calls) == 1 and not case.attachments and _SHORTEST <= len(case.request) <= 220


def plain(case: PlanningCase) -> PlanningCase:
    """The case with ports that say nothing, as of tools known by a sentence alone: each step reads the one before."""
    calls: list[Call] = []
    for call in case.calls:
        if all(call.card != earlier.card for earlier in calls):
            calls.append(Call(call.card, {"input": Filled(steps=(len(calls) - 1,)) if calls else Filled()}))
    return dataclasses.replace(case, cards=tuple(plain_card(card) for card in case.cards), calls=tuple(calls))


def plain_card(card: ExpertCard) -> ExpertCard:
    """The card with one text port in and one out."""
    ports = {"inputs": (Port(name="input", kind="text"),), "outputs": (Port(name="output", kind="text"),)}
    return card.model_copy(update=ports)


def _text_port(case: PlanningCase) -> Port | None:
    """The port of a case's card that takes words, where it is the only one."""
    ports = case.cards[case.calls[0].card].inputs
    return ports[0] if len(ports) == 1 and ports[0].kind in ("text", "string") and not ports[0].enum else None


def _moved(filled: Filled, by: int, end: int) -> Filled:
    if not filled.spans:
        return filled
    spans = tuple((a + by, b + by) for a, b in filled.spans)
    return dataclasses.replace(filled, spans=spans) if all(b <= end for _, b in spans) else Filled()


def _lowered(text: str) -> str:
    """The text as it goes on within a sentence: "Find" becomes "find", "I", "NBA" and names after one stay."""
    first = re.match(r"[A-Z][a-z]+\b|A\b", text)
    return text[0].lower() + text[1:] if first else text
