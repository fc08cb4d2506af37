"""Embedded cases: requests over given cards, made of their example requests and labelled by the rules.

The rules know how Baton's own experts go together (what reads a document, what a question of one asks); whatever they
plan otherwise than the examples say is thrown away. Knows no expert, only cards.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from orchestrator.artifact import ARTIFACT_CLASSES, ArtifactKind, unread
from orchestrator.controller.rules import RuleController
from orchestrator.controller.training.cases import Call, Filled, PlanningCase
from orchestrator.controller.training.composed import joined
from orchestrator.language import has_chinese
from orchestrator.types import Attachment, Binding, Collection, ExpertCard, Literally, Output, Plan, Port, Request, Span

_NUM_PARTS = (1, 1, 1, 2, 2, 3)
_READABLE: tuple[ArtifactKind, ...] = ("text", "text", "text", "file", "image", "audio")  # what a text may come from


def embedded_cases(cards: Sequence[ExpertCard], rules: RuleController, num: int, seed: int) -> Iterator[PlanningCase]:
    """Cases over the cards; fewer than `num`, as those are left out that the rules plan otherwise.

    Args:
        cards: with example requests.
        rules: label the requests.
        num: requests to try.
        seed: of every choice.
    """
    chosen = random.Random(seed)
    able = [card for card in cards if card.examples]
    for number in range(num):
        language = chosen.choice(("en", "zh"))
        parts: list[tuple[ExpertCard, str]] = []
        for card in chosen.sample(able, min(len(able), chosen.choice(_NUM_PARTS))):
            said = [example for example in card.examples if has_chinese(example) == (language == "zh")]
            if said:
                parts.append((card, chosen.choice(said)))
        if not parts:
            continue
        text, _ = joined([said for _, said in parts], [False] * len(parts), chosen)
        kinds = _attached([card for card, _ in parts], chosen)
        plan = rules.planned(Request(text=text, artifacts=tuple(unread(kind) for kind in kinds)), cards)
        asked = [step.expert for step in plan.steps if step.asked]
        if asked != [card.name for card, _ in parts] or plan.status == "abstained":
            continue
        used = {said for _, said in parts}
        shown = tuple(
            card.model_copy(update={"examples": tuple(e for e in card.examples if e not in used)}) for card in cards
        )
        yield case_of(f"embedded-{seed}-{number}", text, kinds, plan, shown)


def case_of(id: str, text: str, kinds: Sequence[ArtifactKind], plan: Plan, cards: Sequence[ExpertCard]) -> PlanningCase:
    """A plan as a case that teaches it."""
    position = {card.name: i for i, card in enumerate(cards)}
    place = {step.id: number for number, step in enumerate(plan.steps)}
    calls = []
    for step in plan.steps:
        card = cards[position[step.expert]]
        inputs = {port.name: _filled(step.inputs.get(port.name), port, text, place) for port in card.inputs}
        calls.append(Call(position[step.expert], inputs))
    return PlanningCase(id, text, tuple(cards), tuple(calls), tuple(kinds), "embedded")


def _attached(cards: Sequence[ExpertCard], chosen: random.Random) -> list[ArtifactKind]:
    """Kinds of attachments that the cards can work on, rarely none."""
    if chosen.random() < 0.08:
        return []
    kinds: list[ArtifactKind] = []
    for card in cards:
        for port in card.inputs:
            if port.kind not in ARTIFACT_CLASSES or (kinds and chosen.random() < 0.7):
                continue
            if not port.required and chosen.random() < 0.5:
                continue
            kind = chosen.choice(_READABLE) if port.kind == "text" else port.kind
            if kind not in kinds:
                kinds.append(kind)  # type: ignore[arg-type]
    if len(kinds) == 1 and chosen.random() < 0.15:
        kinds.append(kinds[0])
    return kinds


def _filled(binding: Binding | None, port: Port, text: str, place: dict[str, int]) -> Filled:
    match binding:
        case None:
            return Filled(is_missing=True) if port.required else Filled(is_omitted=True)
        case Span():
            return Filled(spans=((binding.start, binding.end),))
        case Attachment():
            return Filled(attachment=binding.index)
        case Output():
            return Filled(steps=(place[binding.step],))
        case Literally():
            return _said(binding.value, text)
        case Collection():
            if all(isinstance(item, Attachment) for item in binding.items):
                return Filled(all_files=True)
            steps = tuple(place[item.step] for item in binding.items if isinstance(item, Output))
            return Filled(steps=steps) if len(steps) == len(binding.items) else Filled()


def _said(value: object, text: str) -> Filled:
    """Where a value stands in the text; unknown where it does not stand there as it is."""
    items = value if isinstance(value, list) else [value]
    spans = []
    begin = 0
    for item in items:
        found = text.find(str(item), begin)
        if isinstance(item, bool) or found < 0:
            return Filled()
        begin = found + len(str(item))
        spans.append((found, begin))
    return Filled(spans=tuple(spans))
