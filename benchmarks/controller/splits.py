"""Splits: what each held-out training never saw. Pure functions of names and ids; knows no weights and no score.

Every split depends on the seed and on the ids alone, not on the order of a file, so that weights which were trained
today are scored on the same cases tomorrow.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.errors import BadRequest

NUM_FOLDS = 5
NUM_HELD_OUT = 30  # experts of ToolE
TOOLE_SEEDS = (1, 2, 3)
_SEED = 11

Plan = tuple[str, ...]  # the names of a plan's experts, in order


@dataclass(frozen=True)
class PublicSets:
    """What the splits need of the sets: ids, plans and experts.

    Args:
        ultratool: each case's plan, by id.
        toole: the experts of each case, by id.
        bfcl: each case's group, by id.
    """

    ultratool: Mapping[str, Plan]
    toole: Mapping[str, Plan]
    bfcl: Mapping[str, str]


@dataclass(frozen=True)
class Holdout:
    """What the weights of one name must not see.

    Args:
        name: the folder of the weights.
        sets: left out altogether.
        ultratool: ids.
        toole_seed: which experts of ToolE are held out.
        toole_experts: their names.
        bfcl: ids.
    """

    name: str
    sets: frozenset[str]
    ultratool: frozenset[str]
    toole_seed: int
    toole_experts: frozenset[str]
    bfcl: frozenset[str]

    def is_used(self, source: str, id: str, experts: Iterable[str]) -> bool:
        """Whether training may see a case.

        Args:
            source: as in `PlanningCase.source`, "bfcl/multiple".
            id: of the case.
            experts: names of the cards that it needs.
        """
        name = source.split("/")[0]
        if name in self.sets:
            return False
        if name == "toole":
            return self.toole_experts.isdisjoint(experts)
        return id not in {"ultratool": self.ultratool, "bfcl": self.bfcl}.get(name, frozenset())


NAMES = (
    "no-ultratool",
    *(f"random-{number}" for number in range(1, NUM_FOLDS + 1)),
    *(f"plans-{number}" for number in range(1, NUM_FOLDS + 1)),
)


def holdout(name: str, sets: PublicSets) -> Holdout:
    """The split of that name.

    Raises:
        BadRequest: no such name.
    """
    if name not in NAMES:
        raise BadRequest("train", name, f"one of {', '.join(NAMES)}")
    kind, _, digit = name.partition("-")
    number = 1 if kind == "no" else int(digit)
    ultratool: frozenset[str] = frozenset()
    if kind == "random":
        ultratool = random_folds(sets.ultratool)[number - 1]
    elif kind == "plans":
        ultratool = grouped_folds(sets.ultratool)[number - 1]
    seed = toole_seed(number)
    return Holdout(
        name=name,
        sets=frozenset({"ultratool"}) if kind == "no" else frozenset(),
        ultratool=ultratool,
        toole_seed=seed,
        toole_experts=held_out_experts(experts_of(sets.toole), seed),
        bfcl=fifths(sets.bfcl)[number - 1],
    )


def toole_seed(number: int) -> int:
    """The seed of ToolE's held-out experts that goes with a fold."""
    return (number - 1) % len(TOOLE_SEEDS) + 1


def experts_of(plans: Mapping[str, Plan]) -> list[str]:
    """Every expert that a plan names, sorted."""
    return sorted({name for plan in plans.values() for name in plan})


def held_out_experts(names: Sequence[str], seed: int, num: int = NUM_HELD_OUT) -> frozenset[str]:
    """`num` of the names at random, or half of them where there are fewer than twice as many."""
    return frozenset(random.Random(seed).sample(sorted(names), min(num, len(names) // 2)))


def random_folds(ids: Iterable[str], num_folds: int = NUM_FOLDS) -> tuple[frozenset[str], ...]:
    """The ids in folds at random; sizes differ by one at most."""
    shuffled = sorted(ids)
    random.Random(_SEED).shuffle(shuffled)
    return tuple(frozenset(shuffled[first::num_folds]) for first in range(num_folds))


def grouped_folds(plans: Mapping[str, Plan], num_folds: int = NUM_FOLDS) -> tuple[frozenset[str], ...]:
    """The ids in folds that share no plan: whole plans at random, the commonest first, each to the smallest fold."""
    by_plan: dict[Plan, list[str]] = {}
    for id in sorted(plans):
        by_plan.setdefault(plans[id], []).append(id)
    shuffled = [by_plan[plan] for plan in sorted(by_plan)]
    random.Random(_SEED).shuffle(shuffled)
    folds: list[set[str]] = [set() for _ in range(num_folds)]
    for ids in sorted(shuffled, key=len, reverse=True):
        min(folds, key=len).update(ids)
    return tuple(map(frozenset, folds))


def fifths(groups: Mapping[str, str], num_folds: int = NUM_FOLDS) -> tuple[frozenset[str], ...]:
    """The ids in folds at random within each group, so that every fold holds a fifth of every group."""
    by_group: dict[str, list[str]] = {}
    for id, group in groups.items():
        by_group.setdefault(group, []).append(id)
    folds = [random_folds(ids, num_folds) for _, ids in sorted(by_group.items())]
    return tuple(frozenset().union(*(of_group[number] for of_group in folds)) for number in range(num_folds))
