"""PlanningCase: a request with its right plan, whichever set it comes from. Knows no tensor."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.artifact import ArtifactKind, kind_of, unread
from orchestrator.controller.planner.writing import is_silent
from orchestrator.controller.training.targets import Filled, filled_by
from orchestrator.evaluation.plans import card_of_row
from orchestrator.evaluation.retrieval import read_rows
from orchestrator.types import ExpertCard, Request

__all__ = [
    "Call",
    "Filled",
    "PlanningCase",
    "own_card_cases",
    "shared_card_cases",
    "shuffled",
    "with_cards",
    "with_distractors",
]


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


def shuffled(case: PlanningCase, chosen: random.Random) -> PlanningCase:
    """The case with its experts in any order, each called once; what an input takes from a call that stands behind now
    is not told.

    With attachments the order stays, since what reads a file comes before what reads the text in it.
    """
    order = list({call.card: number for number, call in reversed(list(enumerate(case.calls)))}.values())
    if case.attachments:
        order.sort()
    else:
        chosen.shuffle(order)
    place = {case.calls[before].card: number for number, before in enumerate(order)}
    now = {before: place[call.card] for before, call in enumerate(case.calls)}

    def moved(filled: Filled, number: int) -> Filled:
        steps = tuple(sorted({now[step] for step in filled.steps}))
        return dataclasses.replace(filled, steps=steps) if all(step < number for step in steps) else Filled()

    calls = (
        Call(case.calls[i].card, {name: moved(filled, number) for name, filled in case.calls[i].inputs.items()})
        for number, i in enumerate(order)
    )
    return dataclasses.replace(case, calls=tuple(calls))


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
            port = next(iter(by_name[expert].inputs), None)
            if port is not None:
                source = feeds.get(expert)
                is_fed = source in names and names.index(source) < len(calls)
                # One expert alone is told the whole request; what each of several is told no row says.
                told = Filled() if len(names) > 1 or is_silent(port) else Filled(spans=((0, len(row["request"])),))
                inputs[port.name] = Filled(steps=(names.index(str(source)),)) if is_fed else told
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
            inputs: dict[str, Filled] = {}
            for port in card.inputs:
                accepted = (node.get("accepts") or {}).get(port.name)
                seen = used.get((card.name, port.name), 0)
                taken = [span for earlier in inputs.values() for span in earlier.spans]
                filled = filled_by(str(row["request"]), port, accepted, seen, taken)
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


def request_of(case: PlanningCase) -> Request:
    """The case's request, with attachments of its kinds."""
    return Request(text=case.request, artifacts=tuple(unread(kind) for kind in case.attachments))


def with_distractors(
    case: PlanningCase, pool: Sequence[ExpertCard], num_cards: int, chosen: random.Random
) -> PlanningCase:
    """The case among `num_cards` cards, in random order; its calls follow their cards."""
    by_name = {card.name: card for card in chosen.sample(pool, min(len(pool), num_cards))}
    for card in case.cards:
        by_name.pop(card.name, None)
    cards = [*case.cards, *list(by_name.values())[: max(0, num_cards - len(case.cards))]]
    order = list(range(len(cards)))
    chosen.shuffle(order)
    return with_cards(dataclasses.replace(case, cards=tuple(cards)), order)


def with_cards(case: PlanningCase, order: Sequence[int]) -> PlanningCase:
    """The case with those of its cards, in that order; its calls follow them."""
    moved = {old: new for new, old in enumerate(order)}
    cards = tuple(case.cards[old] for old in order)
    return dataclasses.replace(
        case, cards=cards, calls=tuple(Call(moved[call.card], call.inputs) for call in case.calls)
    )
