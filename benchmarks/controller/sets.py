"""Sets: the public sets of a folder as parts to be scored, each with the weights that never saw its cases.

Knows no system and no measure.
"""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.controller.splits import NUM_FOLDS, TOOLE_SEEDS, fold_of, fold_of_plan, held_out_experts, toole_seed
from orchestrator.evaluation.plans import card_of_row
from orchestrator.evaluation.plans import experts_of as names_of
from orchestrator.evaluation.retrieval import read_rows
from orchestrator.types import ExpertCard

SHIPPED: tuple[str, ...] = ()
TWINS = Path(__file__).parents[1] / "twins"
_SEED = 3
_KINDS = ("random", "plans")
_TRAINING_PER_CASE = 50  # that a limited run copies from at most


@dataclass(frozen=True)
class Case:
    """A row of a set, and the cards to plan over; the cases of a set share one tuple of them."""

    row: Mapping[str, Any]
    cards: tuple[ExpertCard, ...]

    @property
    def experts(self) -> tuple[str, ...]:
        """The experts of the right plan, in order."""
        return tuple(names_of(self.row["nodes"]))


@dataclass(frozen=True)
class Part:
    """Cases that the same weights may be scored on.

    Args:
        label: "fold 1", or "" where there is one part.
        weights: held-out weights of which any will do, the first choice first; SHIPPED: those of the package.
        cases: to be scored.
        training: what a system that copies may copy from.
    """

    label: str
    weights: tuple[str, ...]
    cases: tuple[Case, ...]
    training: tuple[Case, ...] = ()


@dataclass(frozen=True)
class Experiment:
    """A set in its parts.

    Args:
        name: of the set, as the table says it.
        parts: scored apart, told together.
        num_experts: that systems take which cannot tell how many are needed.
        is_routed: whether semantic-router can do it: one request, one route.
    """

    name: str
    parts: tuple[Part, ...]
    num_experts: int = 1
    is_routed: bool = False


class Sets:
    """The sets of a folder, read when they are asked for.

    Args:
        folder: holds toole/, clinc150/, ultratool/ and bfcl/ in the formats of docs/evaluation.md.
        limit: cases of a part that are scored at most, drawn at random; None is all.
    """

    def __init__(self, folder: Path, limit: int | None = None) -> None:
        self.folder, self.limit = folder, limit
        self.experiment = functools.cache(self._experiment)
        self._cases = functools.cache(self._read)

    def lacks(self, name: str) -> Path | None:
        """The file that an experiment needs and that is not there."""
        return next((path for path in map(self._path, _FILES[name.split("/")[0]]) if not path.is_file()), None)

    def toole_experts(self) -> tuple[str, ...]:
        """ToolE's experts in the order of its cards; none where the set is not there."""
        cases = () if self.lacks("toole") else self.cases("toole/cases.jsonl")
        return tuple(card.name for case in cases[:1] for card in case.cards)

    def _experiment(self, name: str) -> Experiment:
        """An experiment of EXPERIMENTS, "bfcl/GROUP" or "held-back/SET"; no more than `limit` cases a part."""
        kind, _, own = name.partition("/")
        found = GROUPED[kind](self, own) if kind in GROUPED else EXPERIMENTS[name](self)
        parts = (
            replace(part, cases=self._drawn(part.cases), training=self._drawn(part.training, _TRAINING_PER_CASE))
            for part in found.parts
        )
        return replace(found, parts=tuple(parts))

    def _drawn(self, cases: tuple[Case, ...], per_limit: int = 1) -> tuple[Case, ...]:
        if self.limit is None or len(cases) <= self.limit * per_limit:
            return cases
        kept = sorted(random.Random(_SEED).sample(range(len(cases)), self.limit * per_limit))
        return tuple(cases[position] for position in kept)

    def _path(self, name: str) -> Path:
        return TWINS / name.removeprefix("twins/") if name.startswith("twins/") else self.folder / name

    def _read(self, name: str) -> tuple[Case, ...]:
        """The cases of a file whose experts are all among the cards."""
        path = self._path(name)
        rows = list(read_rows(path, ("id", "request", "nodes")))
        if (path.parent / "cards.jsonl").is_file():
            shared = tuple(card_of_row(row, path) for row in read_rows(path.parent / "cards.jsonl", ("name",)))
            cases = [Case(row, shared) for row in rows]
        else:
            cases = [Case(row, tuple(card_of_row(card, path) for card in row["cards"])) for row in rows]
        return tuple(case for case in cases if {card.name for card in case.cards}.issuperset(case.experts))

    @functools.cached_property
    def held_back(self) -> Mapping[str, frozenset[str]]:
        """Ids of the cases of each set that the shipped weights never saw: those of the same seed and number."""
        from orchestrator.controller.compact import WEIGHTS
        from orchestrator.controller.training.sources import training_data

        facts = json.loads((WEIGHTS / "training.json").read_text("utf-8"))
        data = training_data(self.folder, num_synthetic=facts["schedule"]["num_synthetic"], seed=facts["seed"])
        return {name: frozenset(case.id for case in cases) for name, cases in data.held_back.items()}

    def cases(self, name: str) -> tuple[Case, ...]:
        """The cases of a file, "toole/cases.jsonl"."""
        return self._cases(name)


def _left_out(sets: Sets) -> Experiment:
    cases = sets.cases("ultratool/cases.jsonl")
    return Experiment("ultratool-left-out", (Part("", ("no-ultratool",), cases),), num_experts=2)


def _in_folds(name: str, kind: str, sets: Sets) -> Experiment:
    cases = sets.cases("ultratool/cases.jsonl")
    folds = [fold_of(str(c.row["id"])) if kind == "random" else fold_of_plan(c.experts) for c in cases]
    parts = []
    for number in range(1, NUM_FOLDS + 1):
        own = tuple(case for case, fold in zip(cases, folds, strict=True) if fold == number)
        others = tuple(case for case, fold in zip(cases, folds, strict=True) if fold != number)
        parts.append(Part(f"fold {number}", (f"{kind}-{number}",), own, others))
    return Experiment(name, tuple(parts), num_experts=2)


def _unseen(sets: Sets) -> Experiment:
    cases = sets.cases("toole/cases.jsonl")
    parts = []
    for seed in TOOLE_SEEDS:
        held_out = held_out_experts(sets.toole_experts(), seed)
        numbers = [number for number in range(1, NUM_FOLDS + 1) if toole_seed(number) == seed]
        weights = [f"{kind}-{number}" for kind in _KINDS for number in numbers]
        if seed == 1:
            weights.append("no-ultratool")
        own = tuple(case for case in cases if not held_out.isdisjoint(case.experts))
        parts.append(Part(f"seed {seed}", tuple(weights), own))
    return Experiment("toole-unseen", tuple(parts), is_routed=True)


def _multi(sets: Sets) -> Experiment:
    part = Part("", SHIPPED, sets.cases("toole/multi.jsonl"), sets.cases("toole/cases.jsonl"))
    return Experiment("toole-multi", (part,), num_experts=2, is_routed=True)


def _clinc(sets: Sets) -> Experiment:
    cases = sets.cases("clinc150/cases.jsonl")
    on_cards = {example for case in cases[:1] for card in case.cards for example in card.examples}
    kept = tuple(case for case in cases if case.row["request"] not in on_cards)
    return Experiment("clinc", (Part("", SHIPPED, kept),), is_routed=True)


def _bfcl(sets: Sets, group: str) -> Experiment:
    cases = [case for case in sets.cases("bfcl/cases.jsonl") if case.row.get("group") == group]
    parts = []
    for number in range(1, NUM_FOLDS + 1):
        weights = tuple(f"{kind}-{number}" for kind in _KINDS) + (("no-ultratool",) if number == 1 else ())
        own = tuple(case for case in cases if fold_of(str(case.row["id"])) == number)
        parts.append(Part(f"fifth {number}", weights, own))
    return Experiment(f"bfcl/{group}", tuple(parts))


def _held_back(sets: Sets, name: str) -> Experiment:
    """Cases whose experts and plans training saw, in other requests; they calibrate the confidence, too."""
    every = [case for case in sets.cases(f"{name}/cases.jsonl") if case.experts]
    is_own = [str(case.row["id"]) in sets.held_back[name] for case in every]
    own = tuple(case for case, held in zip(every, is_own, strict=True) if held)
    others = tuple(case for case, held in zip(every, is_own, strict=True) if not held)
    copied = () if name == "bfcl" else others  # each of its cases has experts of its own
    return Experiment(
        f"held-back/{name}", (Part("", SHIPPED, own, copied),), num_experts=2 if name == "ultratool" else 1
    )


def _twins(language: str, sets: Sets) -> Experiment:
    cases = sets.cases(f"twins/cases.{language}.jsonl")
    return Experiment(f"twins-{language}", (Part("", SHIPPED, cases),), num_experts=2)


EXPERIMENTS: Mapping[str, Callable[[Sets], Experiment]] = {
    "ultratool-left-out": _left_out,
    "ultratool-unseen-plans": functools.partial(_in_folds, "ultratool-unseen-plans", "plans"),
    "ultratool-random": functools.partial(_in_folds, "ultratool-random", "random"),
    "toole-unseen": _unseen,
    "toole-multi": _multi,
    "clinc": _clinc,
    "twins-en": functools.partial(_twins, "en"),
    "twins-zh": functools.partial(_twins, "zh"),
}
GROUPED: Mapping[str, Callable[[Sets, str], Experiment]] = {"bfcl": _bfcl, "held-back": _held_back}
_ULTRATOOL, _TOOLE = ("ultratool/cards.jsonl", "ultratool/cases.jsonl"), ("toole/cards.jsonl", "toole/cases.jsonl")
_FILES: Mapping[str, tuple[str, ...]] = {
    "ultratool": _ULTRATOOL,
    "ultratool-left-out": _ULTRATOOL,
    "ultratool-unseen-plans": _ULTRATOOL,
    "ultratool-random": _ULTRATOOL,
    "toole": _TOOLE,
    "toole-unseen": _TOOLE,
    "toole-multi": (*_TOOLE, "toole/multi.jsonl"),
    "clinc": ("clinc150/cards.jsonl", "clinc150/cases.jsonl"),
    "bfcl": ("bfcl/cases.jsonl",),
    "held-back": (*_ULTRATOOL, *_TOOLE, "bfcl/cases.jsonl"),
    "twins-en": ("twins/cards.jsonl", "twins/cases.en.jsonl"),
    "twins-zh": ("twins/cards.jsonl", "twins/cases.zh.jsonl"),
}
