"""Sources: where training draws its cases from, and how often from each. Knows no tensor and no weight.

Public sets lie in a folder; synthetic requests come from the grammar; composed ones join single requests. A part of
every set is held back to calibrate with.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.artifact import ARTIFACT_CLASSES
from orchestrator.controller.rules import RuleController
from orchestrator.controller.training.cases import (
    Call,
    PlanningCase,
    own_card_cases,
    shared_card_cases,
    with_distractors,
)
from orchestrator.controller.training.composed import composed, is_composable, plain, plain_card
from orchestrator.controller.training.embedded import embedded_cases
from orchestrator.controller.training.invented import invented_cases, twin_texts
from orchestrator.controller.training.synthetic import synthetic_cases
from orchestrator.embedding import encoder
from orchestrator.errors import BadRequest
from orchestrator.registry.card_index import CardIndex
from orchestrator.types import ExpertCard

SHARED_CARD_SETS = ("ultratool", "toole")
OWN_CARD_SETS = ("bfcl",)
MAX_CARDS = 24  # that one case is shown
_HELD_BACK = 0.06  # of every set, to calibrate with
_WEIGHTS = {
    "synthetic": 0.37,
    "composed": 0.13,
    "toole": 0.08,
    "ultratool": 0.18,
    "bfcl": 0.1,
    "embedded": 0.1,
    "declined": 0.04,
}
_NUM_EMBEDDED = 1800  # requests over Baton's own experts to try
_NUM_OTHERS, _NUM_EXAMPLES = 5, 3  # of a synthetic case's cards those kept that it does not need, and examples of each

Near = Callable[[PlanningCase, str], Sequence[ExpertCard]]


@dataclass
class TrainingData:
    """Cases by set, the common cards of the sets that have them, and cases held back.

    Args:
        cases: to train on.
        cards: for each set with a common list of cards that list.
        held_back: to calibrate with, never trained on.
        twins: English and Chinese texts that say the same.
        embedded: cards of the experts that come with Baton.
    """

    cases: dict[str, list[PlanningCase]] = field(default_factory=dict)
    cards: dict[str, list[ExpertCard]] = field(default_factory=dict)
    held_back: dict[str, list[PlanningCase]] = field(default_factory=dict)
    twins: list[tuple[str, str]] = field(default_factory=list)
    embedded: tuple[ExpertCard, ...] = ()

    def __post_init__(self) -> None:
        self._by_expert = {name: _by_expert(cases) for name, cases in self.cases.items() if name in self.cards}
        self._single = {
            name: [case for case in cases if is_composable(case)]
            for name, cases in self.cases.items()
            if name in ("toole", "bfcl")
        }
        self._requests = {"toole": _requests(self.cases["toole"])} if "toole" in self.cases else {}
        self._invented = [card for case in self.cases.get("synthetic", ()) for card in case.cards]
        self._weights = {
            name: weight
            for name, weight in _WEIGHTS.items()
            if self.cases.get(name) or (name == "composed" and any(self._single.values()))
        }

    def case(self, chosen: random.Random) -> PlanningCase:
        """A case with its own cards; the experts of one set are equally likely."""
        name = chosen.choices(list(self._weights), list(self._weights.values()))[0]
        if name == "composed":
            sets = [cases for cases in self._single.values() if cases]
            own = [chosen.choice(sets) for _ in range(chosen.choice((2, 2, 2, 3, 3, 4)))]
            case = composed([chosen.choice(cases) for cases in own], chosen)
            return plain(case) if chosen.random() < 0.35 else case
        balanced = name in self._by_expert and chosen.random() < 0.5
        case = chosen.choice(chosen.choice(self._by_expert[name]) if balanced else self.cases[name])
        if name in self._requests and chosen.random() < 0.4:
            cards = tuple(self._exemplified(card, name, case.request, chosen) for card in case.cards)
            return dataclasses.replace(case, cards=cards)
        return plain(case) if name == "synthetic" and case.calls and chosen.random() < 0.2 else case

    def among(self, case: PlanningCase, near: Near, chosen: random.Random) -> PlanningCase:
        """The case among other cards: those of its set that are most like it, or any."""
        name = case.source.split("/")[0]
        is_of_values = all(_is_of_values(case.cards[call.card]) for call in case.calls)
        stands_beside = bool(self.embedded) and is_of_values and chosen.random() < 0.2  # a team's experts do
        if name in OWN_CARD_SETS:
            return with_distractors(case, self.embedded if stands_beside else (), MAX_CARDS, chosen)
        num = chosen.randint(4, MAX_CARDS)
        if name in self.cards:
            pool = near(case, name)[:num] if chosen.random() < 0.6 else self.cards[name]
            if any(card.examples for card in case.cards):
                pool = [
                    self._exemplified(card, name, case.request, chosen)
                    for card in chosen.sample(pool, min(len(pool), num))
                ]
            return with_distractors(case, pool, num, chosen)
        if name in ("embedded", "declined"):
            needed = list(dict.fromkeys(call.card for call in case.calls))
            own = dataclasses.replace(
                case,
                cards=tuple(case.cards[i] for i in needed),
                calls=tuple(Call(needed.index(call.card), call.inputs) for call in case.calls),
            )
            return with_distractors(own, case.cards, chosen.randint(8, MAX_CARDS), chosen)
        if stands_beside:
            others = list(self.embedded)
        elif name == "synthetic":
            others = chosen.sample(self._invented, min(len(self._invented), MAX_CARDS // 2))
            num = min(num, len(case.cards) + len(others))
        else:
            others = [
                card for cards in self.cards.values() for card in chosen.sample(cards, min(len(cards), MAX_CARDS))
            ]
        if case.cards and case.cards[0] == plain_card(case.cards[0]):
            others = [plain_card(card) for card in others]
        return with_distractors(case, others, num, chosen)

    def _exemplified(self, card: ExpertCard, name: str, but: str, chosen: random.Random) -> ExpertCard:
        """The card with some requests of its cases as examples, as users write them on theirs."""
        requests = self._requests[name].get(card.name, ())
        examples = chosen.sample(requests, min(len(requests), chosen.randint(1, 10)))
        return card.model_copy(update={"examples": tuple(example for example in examples if example != but)})


def training_data(
    folder: Path | None,
    *,
    num_synthetic: int,
    seed: int,
    without: frozenset[str] = frozenset(),
    is_used: Callable[[PlanningCase], bool] = lambda case: True,
    embedded: Sequence[ExpertCard] = (),
) -> TrainingData:
    """The sets that lie in a folder, and synthetic requests.

    Args:
        folder: holds ultratool/, toole/, bfcl/ in the formats of docs/evaluation.md; None is synthetic ones alone.
        num_synthetic: requests of the grammar.
        seed: of the grammar and of what is held back.
        without: sets to leave out, to measure on them.
        is_used: which cases may be seen at all, to measure on the others.
        embedded: cards of the experts that come with Baton, with example requests.
    Raises:
        BadRequest: the folder is there, but holds none of the sets.
    """
    cases: dict[str, list[PlanningCase]] = {}
    cards: dict[str, list[ExpertCard]] = {}
    for name in SHARED_CARD_SETS:
        if folder is not None and name not in without and (folder / name / "cases.jsonl").is_file():
            cards[name], cases[name] = shared_card_cases(folder / name, name)
    for name in OWN_CARD_SETS:
        if folder is not None and name not in without and (folder / name / "cases.jsonl").is_file():
            cases[name] = own_card_cases(folder / name / "cases.jsonl", name)
    if folder is not None and not cases and not without:
        raise BadRequest("data", str(folder), f"a folder with one of {', '.join((*SHARED_CARD_SETS, *OWN_CARD_SETS))}")
    twins: list[tuple[str, str]] = []
    chosen = random.Random(seed)
    if num_synthetic:
        invented = list(synthetic_cases(num_synthetic, seed))
        cases["synthetic"] = [_trimmed(case, chosen) for case in invented_cases(invented)]
        twins = twin_texts(invented)
    if embedded:
        rules = RuleController(CardIndex(encoder))
        cases["embedded"] = list(embedded_cases(embedded, rules, min(_NUM_EMBEDDED, num_synthetic), seed))
        cases["declined"] = [
            dataclasses.replace(case, cards=tuple(embedded), calls=(), source="declined")
            for case in cases.get("synthetic", ())
            if case.calls and not case.attachments and all(_is_of_values(case.cards[call.card]) for call in case.calls)
        ]
    used: dict[str, list[PlanningCase]] = {}
    held_back: dict[str, list[PlanningCase]] = {}
    for name, every in cases.items():
        shuffled = [case for case in every if is_used(case)]
        chosen.shuffle(shuffled)
        num = round(_HELD_BACK * len(shuffled))
        held_back[name], used[name] = shuffled[:num], shuffled[num:]
    return TrainingData(used, cards, held_back, twins, tuple(embedded))


def _is_of_values(card: ExpertCard) -> bool:
    """Whether a card takes values alone, so that no expert on texts or media can do its work."""
    return not any(port.kind in ARTIFACT_CLASSES for port in card.inputs)


def _trimmed(case: PlanningCase, chosen: random.Random) -> PlanningCase:
    """The case with few of the cards that it does not need: each of them has to be read once."""
    needed = {call.card for call in case.calls}
    others = [i for i in range(len(case.cards)) if i not in needed]
    kept = sorted(needed | set(chosen.sample(others, min(len(others), _NUM_OTHERS))))
    moved = {old: new for new, old in enumerate(kept)}
    cards = tuple(case.cards[i].model_copy(update={"examples": case.cards[i].examples[:_NUM_EXAMPLES]}) for i in kept)
    return dataclasses.replace(
        case, cards=cards, calls=tuple(Call(moved[call.card], call.inputs) for call in case.calls)
    )


def _requests(cases: Sequence[PlanningCase]) -> dict[str, list[str]]:
    """The requests for one expert alone, by its name."""
    found: dict[str, list[str]] = {}
    for case in cases:
        if len(case.calls) == 1:
            found.setdefault(case.cards[0].name, []).append(case.request)
    return found


def _by_expert(cases: Sequence[PlanningCase]) -> list[list[PlanningCase]]:
    found: dict[str, list[PlanningCase]] = {}
    for case in cases:
        for call in case.calls:
            found.setdefault(case.cards[call.card].name, []).append(case)
    return list(found.values())
