"""Swapping: the same request with other values, so that training learns where values stand and not which they are.

Knows cases; not where they come from.
"""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Mapping, Sequence

from orchestrator.controller.training.cases import Call, PlanningCase
from orchestrator.language import has_chinese

Span = tuple[int, int]
Values = Mapping[str, Sequence[str]]  # by the name of the port that takes them

_LONGEST = 40  # code points of a value; a longer one is told about by what stands around it
_YEARS = range(1900, 2100)


def values_by_port(cases: Sequence[PlanningCase]) -> dict[str, list[str]]:
    """What stands in the requests for string ports of each name, each text once."""
    found: dict[str, dict[str, None]] = {}
    for case in cases:
        for call in case.calls:
            for port in case.cards[call.card].inputs:
                filled = call.inputs.get(port.name)
                for start, end in filled.spans if filled is not None and port.kind == "string" else ():
                    if end - start <= _LONGEST:
                        found.setdefault(port.name, {}).setdefault(case.request[start:end])
    return {name: list(texts) for name, texts in found.items()}


def swapped(case: PlanningCase, values: Values, chosen: random.Random) -> PlanningCase:
    """The case with other numbers, and with other texts that ports of the same name take.

    Args:
        case: its spans go along.
        values: from `values_by_port`.
        chosen: of the values.
    """
    names = {
        span: name for call in case.calls for name, filled in call.inputs.items() for span in filled.spans
    }  # a span that fills several ports is swapped once
    spans = [span for span in sorted(names) if not any(_overlap(span, other) for other in names if other != span)]
    text, moved, at = "", dict[Span, Span](), 0
    shifts: list[tuple[int, int]] = []  # from where on, by how much
    for span in spans:
        text += case.request[at : span[0]]
        new = _other(case.request[slice(*span)], values.get(names[span], ()), chosen)
        moved[span] = (len(text), len(text) + len(new))
        text += new
        at = span[1]
        shifts.append((at, len(text) - at))
    text += case.request[at:]
    for span in names.keys() - moved.keys():
        moved[span] = (_shifted(span[0], shifts), _shifted(span[1], shifts))
    calls = tuple(
        Call(
            call.card,
            {
                name: dataclasses.replace(filled, spans=tuple(moved[span] for span in filled.spans))
                for name, filled in call.inputs.items()
            },
        )
        for call in case.calls
    )
    return dataclasses.replace(case, request=text, calls=calls)


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _shifted(at: int, shifts: Sequence[tuple[int, int]]) -> int:
    return at + next((by for begin, by in reversed(shifts) if begin <= at), 0)


def _other(text: str, values: Sequence[str], chosen: random.Random) -> str:
    """Another value of the same form; the same where there is none."""
    if re.fullmatch(r"\d{1,6}(?:\.\d{1,4})?", text):
        if text.isdigit() and int(text) in _YEARS:
            return str(chosen.choice(_YEARS))
        digits = "".join(character if character == "." else chosen.choice("0123456789") for character in text)
        return f"{chosen.choice('123456789')}{digits[1:]}"
    alike = [value for value in values if value != text and _form(value) == _form(text)]
    return chosen.choice(alike) if alike and len(text) <= _LONGEST else text


def _form(text: str) -> tuple[bool, bool, bool]:
    """What a text has to share with another to stand in its place."""
    return text[:1].isupper(), any(character.isdigit() for character in text), has_chinese(text)
