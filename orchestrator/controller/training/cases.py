"""PlanningCase: a request with its right plan, whichever set it comes from. Knows no tensor."""

from __future__ import annotations

import contextlib
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.artifact import ArtifactKind, kind_of
from orchestrator.evaluation.plans import card_of_row
from orchestrator.evaluation.retrieval import read_rows
from orchestrator.types import ExpertCard, Port

Spans = tuple[tuple[int, int], ...]


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


@dataclass(frozen=True)
class Call:
    """One call of the plan: the card's position among the case's cards, and how its inputs are filled."""

    card: int
    inputs: Mapping[str, Filled]


@dataclass(frozen=True)
class PlanningCase:
    """A request with its right plan. No call: declining is right."""

    id: str
    request: str
    cards: tuple[ExpertCard, ...]
    calls: tuple[Call, ...]
    attachments: tuple[ArtifactKind, ...] = ()
    source: str = ""
    twin: str = ""


def shared_card_cases(
    folder: Path, name: str, file: str = "cases.jsonl"
) -> tuple[list[ExpertCard], list[PlanningCase]]:
    """Cards and cases of a set whose cases share one list of cards; each case holds the cards that it needs."""
    cards = [card_of_row(row, folder) for row in read_rows(folder / "cards.jsonl", ("name",))]
    by_name = {card.name: card for card in cards}
    cases = []
    for row in read_rows(folder / file, ("id", "request", "nodes")):
        names = [str(node["expert"]) for node in row["nodes"]]
        if any(expert not in by_name for expert in names):
            continue
        own = list(dict.fromkeys(names))
        feeds = {str(link["target"]): str(link["source"]) for link in row.get("links", ())}
        calls: list[Call] = []
        for expert in names:
            inputs: dict[str, Filled] = {}
            first = by_name[expert].inputs[0].name if by_name[expert].inputs else None
            if first is not None:
                source = feeds.get(expert)
                is_fed = source in names and names.index(source) < len(calls)
                inputs[first] = Filled(steps=(names.index(str(source)),)) if is_fed else Filled()
            calls.append(Call(own.index(expert), inputs))
        cases.append(
            PlanningCase(str(row["id"]), str(row["request"]), tuple(by_name[n] for n in own), tuple(calls), source=name)
        )
    return cards, cases


def own_card_cases(path: Path, name: str) -> list[PlanningCase]:
    """Cases of a set in which every case brings its own cards and the values that its arguments may have."""
    cases = []
    for row in read_rows(path, ("id", "request", "nodes", "cards")):
        cards = tuple(card_of_row(card, path) for card in row["cards"])
        names = [card.name for card in cards]
        if any(node["expert"] not in names for node in row["nodes"]):
            continue
        calls = []
        used: dict[tuple[str, str], int] = {}
        for node in row["nodes"]:
            card = cards[names.index(node["expert"])]
            inputs = {}
            for port in card.inputs:
                accepted = (node.get("accepts") or {}).get(port.name)
                seen = used.get((card.name, port.name), 0)
                filled = filled_by(str(row["request"]), port, accepted, seen)
                if filled.spans:
                    used[card.name, port.name] = filled.spans[-1][1]
                inputs[port.name] = filled
            calls.append(Call(names.index(node["expert"]), inputs))
        cases.append(
            PlanningCase(
                str(row["id"]),
                str(row["request"]),
                cards,
                tuple(calls),
                tuple(kind_of(file) for file in row.get("files", ())),
                f"{name}/{row.get('group', '')}",
            )
        )
    return cases


def filled_by(request: str, port: Port, accepted: Sequence[Any] | None, begin: int = 0) -> Filled:
    """Where an accepted value stands in the request; unknown where it does not.

    Args:
        begin: where the same port's value of an earlier call ended; what stands behind it is tried first.
    """
    if accepted is None:
        return Filled(is_omitted=True)
    values = [value for value in accepted if value != ""]
    for value in values:
        if port.kind == "boolean" and isinstance(value, bool):
            return Filled(is_omitted=True) if "" in accepted and value == port.default else Filled(boolean=value)
        if port.enum and value in port.enum:
            if "" in accepted and not place_of(request, value):
                return Filled(is_omitted=True)
            return Filled(option=str(value))
        if isinstance(value, list) and value:
            places = [place_of(request, item) for item in value]
            if all(places):
                return Filled(spans=tuple(place for place in places if place))
        elif place := place_of(request, value, begin) or place_of(request, value):
            return Filled(spans=(place,))
    return Filled(is_omitted=True) if "" in accepted else Filled()


_NUMBER_WORDS = {
    1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten",
    11: "eleven", 12: "twelve", 15: "fifteen", 20: "twenty", 30: "thirty", 50: "fifty", 100: "hundred",
}  # fmt: skip


def place_of(request: str, value: Any, begin: int = 0) -> tuple[int, int] | None:
    """Offsets of a value in the request, by its usual ways of being written."""
    for form in _forms(value):
        match = re.compile(rf"(?<![\w.]){re.escape(form)}(?![\w]|\.\d)", re.IGNORECASE).search(request, begin)
        if match is not None:
            return match.span()
    return None


def _forms(value: Any) -> Iterator[str]:
    if isinstance(value, (bool, dict, list)):
        return
    if isinstance(value, (int, float)):
        yield f"{value:g}"
        yield str(value)
        with contextlib.suppress(ValueError, OverflowError):
            yield f"{value:,}"
            if value in _NUMBER_WORDS:
                yield _NUMBER_WORDS[int(value)]
        if isinstance(value, float) and 0 < value < 1:
            yield f"{value * 100:g}%"
            yield f"{value * 100:g}"
        return
    text = str(value)
    if text.strip():
        yield text
        yield text.replace("_", " ")
        head = text.split(",")[0]
        if head != text and len(head) > 2:
            yield head


def with_distractors(
    case: PlanningCase, pool: Sequence[ExpertCard], num_cards: int, chosen: random.Random
) -> PlanningCase:
    """The case among `num_cards` cards, in random order; its calls follow their cards."""
    names = {card.name for card in case.cards}
    others = [card for card in chosen.sample(pool, min(len(pool), num_cards)) if card.name not in names]
    cards = [*case.cards, *others[: max(0, num_cards - len(case.cards))]]
    order = list(range(len(cards)))
    chosen.shuffle(order)
    moved = {old: new for new, old in enumerate(order)}
    return PlanningCase(
        case.id,
        case.request,
        tuple(cards[old] for old in order),
        tuple(Call(moved[call.card], call.inputs) for call in case.calls),
        case.attachments,
        case.source,
        case.twin,
    )
