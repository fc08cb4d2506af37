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
    PlanningCase,
    own_card_cases,
    shared_card_cases,
    with_cards,
    with_distractors,
)
from orchestrator.controller.training.composed import (
    abridged,
    composed,
    is_composable,
    plain,
    plain_card,
    related,
    repeated,
)
from orchestrator.controller.training.embedded import embedded_cases
from orchestrator.controller.training.invented import invented_cases, twin_texts
from orchestrator.controller.training.parallel import parallel_texts
from orchestrator.controller.training.swapping import swapped, values_by_port
from orchestrator.controller.training.synthetic import synthetic_cases
from orchestrator.embedding import encoder
from orchestrator.errors import BadRequest
from orchestrator.registry.card_index import CardIndex
from orchestrator.types import ExpertCard

SHARED_CARD_SETS = ("ultratool", "toole")
OWN_CARD_SETS = ("bfcl",)
PARALLEL_SET = "xquad"
MAX_CARDS = 24  # that one case is shown
_HELD_BACK = 0.06  # of every set, to calibrate with
_WEIGHTS = {
    "synthetic": 0.28,
    "composed": 0.23,
    "toole": 0.10,
    "ultratool": 0.16,
    "bfcl": 0.13,
    "embedded": 0.08,
    "declined": 0.02,
}
_EXEMPLIFIED, _WITHHELD, _WITHHELD_IN_TRIALS = 0.5, 0.12, 0.1  # shares of the single requests over common cards
_BALANCED = 0.25  # share of cases whose expert is drawn first, so that rare ones are learnt as well as common ones
_REPEATED = 0.4  # share of the composed cases that call an expert several times
_OF_ONE_SET = 0.5  # share of the composed cases
_ABRIDGED, _RELATED = 0.6, 0.5  # shares of the composed cases, and of the parts of one set
_NUM_TO_RELATE = 30  # requests of which the one most related is taken
_NUM_SWAPPED = 3  # of each case that brings its own cards, with other values
_NUM_PASSED_OVER = 3  # of the cards most like a request: they may serve it where its own card is withheld
_NUM_EMBEDDED = 1800  # requests over Baton's own experts to try
_NUM_OTHERS, _NUM_EXAMPLES = 5, 3  # of a synthetic case's cards those kept that it does not need, and examples of each

Near = Callable[
    [PlanningCase, str, random.Random], Sequence[ExpertCard]
]  # cards of a pool most like a case's request, best first


@dataclass
class TrainingData:
    """Cases by set, the common cards of the sets that have them, and cases held back.

    Args:
        cases: to train on.
        cards: for each set with a common list of cards that list.
        held_back: to calibrate with, never trained on.
        twins: English and Chinese requests of the grammar that say the same.
        parallel: English and Chinese sentences that say the same, translated by people.
        embedded: cards of the experts that come with Baton.
    """

    cases: dict[str, list[PlanningCase]] = field(default_factory=dict)
    cards: dict[str, list[ExpertCard]] = field(default_factory=dict)
    held_back: dict[str, list[PlanningCase]] = field(default_factory=dict)
    twins: list[tuple[str, str]] = field(default_factory=list)
    parallel: list[tuple[str, str]] = field(default_factory=list)
    embedded: tuple[ExpertCard, ...] = ()

    def __post_init__(self) -> None:
        self._by_expert = {name: _by_expert(cases) for name, cases in self.cases.items() if name in self.cards}
        self._single = {
            name: [case for case in cases if is_composable(case)]
            for name, cases in self.cases.items()
            if name in ("toole", "bfcl")
        }
        self._variants = _variants([case for name in OWN_CARD_SETS for case in self._single.get(name, ())])
        self._requests = {"toole": _requests(self.cases["toole"])} if "toole" in self.cases else {}
        own = ("synthetic", *OWN_CARD_SETS)  # those whose cases bring their own cards
        every = {name: [card for case in self.cases.get(name, ()) for card in case.cards] for name in own}
        self.pools = {**self.cards, **{name: _distinct(cards) for name, cards in every.items() if cards}}
        self._weights = {
            name: weight
            for name, weight in _WEIGHTS.items()
            if self.cases.get(name) or (name == "composed" and any(self._single.values()))
        }

    def case(self, chosen: random.Random) -> PlanningCase:
        """A case with its own cards; the experts of one set are equally likely."""
        name = chosen.choices(list(self._weights), list(self._weights.values()))[0]
        if name == "composed":
            return self._composed(chosen)
        balanced = name in self._by_expert and chosen.random() < _BALANCED
        case = chosen.choice(chosen.choice(self._by_expert[name]) if balanced else self.cases[name])
        if name in self._requests and chosen.random() < _EXEMPLIFIED:
            cards = tuple(self._exemplified(card, name, case.request, chosen) for card in case.cards)
            return dataclasses.replace(case, cards=cards)
        return plain(case) if name == "synthetic" and case.calls and chosen.random() < 0.2 else case

    def _composed(self, chosen: random.Random) -> PlanningCase:
        """Single requests joined; those of one set alone stay among the cards of that set."""
        sets = {name: cases for name, cases in self._single.items() if cases}
        num = chosen.choice((2, 2, 2, 3, 3, 4))
        own = chosen.choice([name for name in sets if name in self.cards] or [""])
        if own and chosen.random() < _OF_ONE_SET:
            parts = self._abridged(self._parts(sets[own], min(num, 3), chosen), chosen)
            return dataclasses.replace(composed(parts, chosen), source=own)
        parts = self._abridged([chosen.choice(sets[chosen.choice(list(sets))]) for _ in range(num)], chosen)
        if self._variants and chosen.random() < _REPEATED:
            variants = chosen.choice(self._variants)
            again = repeated(chosen.sample(variants, min(len(variants), chosen.choice((2, 2, 3)))), chosen)
            parts = [again, *parts[: chosen.choice((0, 0, 1, 2))]]
            chosen.shuffle(parts)
        case = composed(parts, chosen)
        return plain(case) if chosen.random() < 0.35 else case

    def _parts(self, cases: Sequence[PlanningCase], num: int, chosen: random.Random) -> list[PlanningCase]:
        """Cases of one set, those behind the first often on the same matter."""
        parts = [chosen.choice(cases)]
        while len(parts) < num:
            few = chosen.sample(cases, min(len(cases), _NUM_TO_RELATE if chosen.random() < _RELATED else 1))
            parts.append(related(parts[0], few))
        return parts

    def _abridged(self, parts: Sequence[PlanningCase], chosen: random.Random) -> list[PlanningCase]:
        """The parts as people say them in one go, or as they are."""
        if chosen.random() >= _ABRIDGED:
            return list(parts)
        return [abridged(part, is_first=number == 0) for number, part in enumerate(parts)]

    def among(self, case: PlanningCase, near: Near, chosen: random.Random) -> PlanningCase:
        """The case among other cards: those of its set that are most like it, or any."""
        name = case.source.split("/")[0]
        is_of_values = all(_is_of_values(case.cards[call.card]) for call in case.calls)
        stands_beside = bool(self.embedded) and is_of_values and chosen.random() < 0.2  # a team's experts do
        if name in OWN_CARD_SETS:
            return with_distractors(case, self.embedded if stands_beside else (), MAX_CARDS, chosen)
        num = chosen.randint(4, MAX_CARDS)
        if name in self.cards:
            is_withheld = name in self._requests and chosen.random() < _WITHHELD
            pool: Sequence[ExpertCard] = self.cards[name]
            if chosen.random() < 0.6:
                pool = near(case, name, chosen)[_NUM_PASSED_OVER if is_withheld else 0 :][:num]
            if any(card.examples for card in case.cards):
                pool = [
                    self._exemplified(card, name, case.request, chosen)
                    for card in chosen.sample(pool, min(len(pool), num))
                ]
            return with_distractors(withheld(case) if is_withheld else case, _but(pool, case.cards), num, chosen)
        if name in ("embedded", "declined"):
            own = with_cards(case, list(dict.fromkeys(call.card for call in case.calls)))
            return with_distractors(own, case.cards, chosen.randint(8, MAX_CARDS), chosen)
        if stands_beside:
            others = list(self.embedded)
        else:
            others = []
            for one in ["synthetic"] if name == "synthetic" else [one for one in self.pools if one != "synthetic"]:
                few = near(case, one, chosen) if chosen.random() < 0.6 else self.pools[one]
                others += chosen.sample(few, min(len(few), MAX_CARDS // 2))
            num = min(num, len(case.cards) + len(others))
        if case.cards and case.cards[0] == plain_card(case.cards[0]):
            others = [plain_card(card) for card in others]
        return with_distractors(case, others, num, chosen)

    def trials(self, name: str, num: int, chosen: random.Random) -> list[tuple[PlanningCase, Sequence[ExpertCard]]]:
        """Cases held back, and the cards to plan each over: all of the set where it has common ones.

        Of single requests half see cards with examples, and a part does without the card that it needs.
        """
        if name == "composed":
            return self._composed_trials(num, chosen)
        every = [case for case in self.held_back[name] if case.request.strip()]
        cases = chosen.sample(every, min(len(every), num))
        if name not in self._requests:
            return [(case, self.cards.get(name, case.cards)) for case in cases if case.cards]
        exemplified = [self._exemplified(card, name, "", chosen) for card in self.cards[name]]
        found: list[tuple[PlanningCase, Sequence[ExpertCard]]] = []
        for case in cases:
            cards = exemplified if chosen.random() < _EXEMPLIFIED else self.cards[name]
            is_withheld = chosen.random() < _WITHHELD_IN_TRIALS
            found.append((withheld(case), _but(cards, case.cards)) if is_withheld else (case, cards))
        return found

    def _composed_trials(self, num: int, chosen: random.Random) -> list[tuple[PlanningCase, Sequence[ExpertCard]]]:
        """Single requests held back, joined as in training."""
        held = TrainingData(self.held_back, self.cards)
        trials: list[tuple[PlanningCase, Sequence[ExpertCard]]] = []
        for _ in range(num if any(held._single.values()) else 0):
            case = held._composed(chosen)
            if case.source not in self.cards:
                others = [card for cards in held.pools.values() for card in chosen.sample(cards, min(len(cards), 12))]
                if case.cards[0] == plain_card(case.cards[0]):
                    others = [plain_card(card) for card in others]
                case = with_distractors(case, others, MAX_CARDS, chosen)
            trials.append((case, self.cards.get(case.source, case.cards)))
        return trials

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
        folder: holds ultratool/, toole/, bfcl/, xquad/ in the formats of docs/evaluation.md; None is synthetic ones
            alone.
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
        if name in OWN_CARD_SETS:
            values = values_by_port(used[name])
            valued = [
                case for case in used[name] if any(one.spans for call in case.calls for one in call.inputs.values())
            ]
            used[name] = used[name] + [swapped(case, values, chosen) for case in valued for _ in range(_NUM_SWAPPED)]
    is_parallel = folder is not None and PARALLEL_SET not in without and (folder / PARALLEL_SET).is_dir()
    parallel = parallel_texts(folder / PARALLEL_SET) if folder is not None and is_parallel else []
    return TrainingData(used, cards, held_back, twins, parallel, tuple(embedded))


def withheld(case: PlanningCase) -> PlanningCase:
    """The case without the cards that it needs; declining is right."""
    return dataclasses.replace(case, cards=(), calls=())


def _but(cards: Sequence[ExpertCard], others: Sequence[ExpertCard]) -> list[ExpertCard]:
    """The cards that are not called like one of the others."""
    names = {card.name for card in others}
    return [card for card in cards if card.name not in names]


def _distinct(cards: Sequence[ExpertCard]) -> list[ExpertCard]:
    """The cards, of several that say the same the first."""
    return list({(card.name, card.description): card for card in cards}.values())


def _is_of_values(card: ExpertCard) -> bool:
    """Whether a card takes values alone, so that no expert on texts or media can do its work."""
    return not any(port.kind in ARTIFACT_CLASSES for port in card.inputs)


def _trimmed(case: PlanningCase, chosen: random.Random) -> PlanningCase:
    """The case with few of the cards that it does not need: each of them has to be read once."""
    needed = {call.card for call in case.calls}
    others = [i for i in range(len(case.cards)) if i not in needed]
    kept = sorted(needed | set(chosen.sample(others, min(len(others), _NUM_OTHERS))))
    few = [card.model_copy(update={"examples": card.examples[:_NUM_EXAMPLES]}) for card in case.cards]
    return with_cards(dataclasses.replace(case, cards=tuple(few)), kept)


def _requests(cases: Sequence[PlanningCase]) -> dict[str, list[str]]:
    """The requests for one expert alone, by its name."""
    found: dict[str, list[str]] = {}
    for case in cases:
        if len(case.calls) == 1:
            found.setdefault(case.cards[0].name, []).append(case.request)
    return found


def _variants(cases: Sequence[PlanningCase]) -> list[list[PlanningCase]]:
    """Cases that differ in their values alone, together; those that have values, and others of their kind."""
    found: dict[str, list[PlanningCase]] = {}
    for case in cases:
        if any(filled.spans for filled in case.calls[0].inputs.values()):
            found.setdefault(case.id, []).append(case)
    return [variants for variants in found.values() if len(variants) > 1]


def _by_expert(cases: Sequence[PlanningCase]) -> list[list[PlanningCase]]:
    found: dict[str, list[PlanningCase]] = {}
    for case in cases:
        for call in case.calls:
            found.setdefault(case.cards[call.card].name, []).append(case)
    return list(found.values())
