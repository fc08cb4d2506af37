"""Examples: planning cases as places with targets, ready to be put into tensors. Knows no weight."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

from orchestrator.controller.planner.marks import Marks, marks_of
from orchestrator.controller.planner.symbols import Layout, Slot, Special
from orchestrator.controller.planner.values import LISTS
from orchestrator.controller.planner.writing import (
    MAX_PORTS,
    Place,
    Scene,
    experts_allowed,
    lasts_allowed,
    options_of,
    steps_allowed,
    values_allowed,
    words_in,
)
from orchestrator.controller.training.cases import Filled, PlanningCase
from orchestrator.types import Port

Offsets = Sequence[tuple[int, int]]


def scene_of(case: PlanningCase, offsets: Offsets, max_steps: int) -> Scene:
    """What the case's request offers."""
    firsts, lasts, marks = _marked(case.request, tuple(offsets))
    return Scene(case.cards, case.attachments, options_of(case.cards), len(offsets), max_steps, firsts, lasts, marks)


@functools.lru_cache(maxsize=50_000)
def _marked(text: str, offsets: tuple[tuple[int, int], ...]) -> tuple[tuple[int, ...], frozenset[int], Marks]:
    """Tokens that begin a word, tokens that end one, and the marks of a request; the same ones are drawn often."""
    firsts, lasts = words_in(text, offsets)
    return firsts, lasts, marks_of(text[: offsets[-1][1] if offsets else 0], offsets, firsts)


def places_of(case: PlanningCase, scene: Scene, offsets: Offsets) -> list[Place]:
    """The case's plan as places in order, the right symbol as the target of each; without those that have no choice.

    Args:
        case: request, cards and calls.
        scene: from `scene_of`.
        offsets: of the request's tokens, in code points.
    """
    layout = scene.layout
    places: list[Place] = []
    calls = case.calls[: scene.max_steps]
    for number, call in enumerate(calls):
        places.append(Place(Slot.EXPERT, None, experts_allowed(scene, number), layout.cards + call.card))
        written = [earlier.card for earlier in calls[:number]]
        for position, port in enumerate(case.cards[call.card].inputs[:MAX_PORTS]):
            filled = call.inputs.get(port.name, Filled(is_omitted=not port.required))
            places.extend(_filled(scene, (call.card, position), port, filled, written, offsets))
    end = Special.END if calls else Special.DECLINE
    places.append(Place(Slot.EXPERT, None, experts_allowed(scene, len(calls)), int(end)))
    return _in_a_row(places, layout)


def _in_a_row(places: Sequence[Place], layout: Layout) -> list[Place]:
    """The places with what was written before each."""
    row: list[Place] = []
    before, num_steps, spent, own = -1, 0, [], []  # type: int, int, list[int], list[int]
    ends: dict[tuple[int, int], int] = {}  # of the values of each port in earlier calls
    now: dict[tuple[int, int], int] = {}  # and in this one
    for place in places:
        if place.slot == Slot.EXPERT:
            ends, now, own = {**ends, **now}, {}, []
        if len(place.allowed) > 1 or place.slot == Slot.EXPERT:
            earlier = ends.get(place.port, -1) if place.port is not None else -1
            row.append(
                dataclasses.replace(
                    place, before=before, num_steps=num_steps, spent=tuple(spent), own=tuple(own), earlier=earlier
                )
            )
        written = place.allowed[0] if len(place.allowed) == 1 else place.target
        if place.slot == Slot.EXPERT:
            num_steps += 1
        elif place.slot == Slot.LAST and written is not None and before >= layout.tokens:
            filled = range(before, written + 1)
            spent.extend(filled)
            own.extend(filled)
            if place.port is not None:
                now[place.port] = written
        before = -1 if written is None else written
    return row


def _filled(
    scene: Scene, at: tuple[int, int], port: Port, filled: Filled, written: list[int], offsets: Offsets
) -> list[Place]:
    layout = scene.layout
    allowed = values_allowed(scene, port, written)
    if filled.spans:
        found = [tokens_of(span, offsets) for span in filled.spans]
        if any(one is None for one in found) or port.enum or port.kind == "boolean":
            return [Place(Slot.VALUE, at, allowed, None)]
        places = []
        for number, one in enumerate(found):
            assert one is not None
            first, last = layout.tokens + one[0], layout.tokens + one[1]
            many = values_allowed(scene, port, written, number)
            ends = lasts_allowed(scene, first, port)
            places.append(Place(Slot.VALUE, at, many, first if first in many else None))
            places.append(Place(Slot.LAST, at, ends, last if last in ends else None))
            if port.kind not in LISTS:
                return places
        places.append(Place(Slot.VALUE, at, values_allowed(scene, port, written, len(found)), int(Special.OMIT)))
        return places
    if filled.steps:
        first = layout.steps + filled.steps[0]
        if first not in allowed:
            return [Place(Slot.VALUE, at, allowed, None)]
        places = [Place(Slot.VALUE, at, allowed, first)]
        for number in range(1, len(filled.steps) + 1):
            others = steps_allowed(scene, port, written, filled.steps[:number])
            if not others:
                break
            wanted = layout.steps + filled.steps[number] if number < len(filled.steps) else int(Special.OMIT)
            places.append(Place(Slot.VALUE, at, others, wanted if wanted in others else None))
        return places
    target = _symbol(scene, filled)
    return [Place(Slot.VALUE, at, allowed, target if target in allowed else None)]


def _symbol(scene: Scene, filled: Filled) -> int | None:
    layout = scene.layout
    if filled.is_omitted:
        return int(Special.OMIT)
    if filled.is_missing:
        return int(Special.MISSING)
    if filled.boolean is not None:
        return int(Special.TRUE if filled.boolean else Special.FALSE)
    if filled.all_files:
        return int(Special.FILES)
    if filled.attachment is not None:
        return layout.attachments + filled.attachment
    if filled.option is not None and filled.option in scene.options:
        return layout.options + scene.options.index(filled.option)
    return None


def tokens_of(span: tuple[int, int], offsets: Offsets) -> tuple[int, int] | None:
    """First and last token that a span of characters touches; None where it was cut off."""
    touched = [i for i, (start, end) in enumerate(offsets) if start < span[1] and end > span[0] and end > start]
    return (touched[0], touched[-1]) if touched else None
