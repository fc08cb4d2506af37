"""Splits: what each held-out training never saw. Pure functions of names and ids; knows no weights and no score.

A case's fold hangs on the case alone, not on the others or their order, so that weights which were trained today are
scored on the same cases tomorrow, also where a set has grown.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from orchestrator.errors import BadRequest

NUM_FOLDS = 5
NUM_HELD_OUT = 30  # experts of ToolE
TOOLE_SEEDS = (1, 2, 3)

Kind = Literal["no", "random", "plans"]
NAMES = (
    "no-ultratool",
    *(f"random-{number}" for number in range(1, NUM_FOLDS + 1)),
    *(f"plans-{number}" for number in range(1, NUM_FOLDS + 1)),
)


def fold_of(key: str, num_folds: int = NUM_FOLDS) -> int:
    """The fold that a key falls in, 1 to num_folds, as good as at random."""
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % num_folds + 1


def fold_of_plan(experts: Iterable[str]) -> int:
    """The fold of every case whose plan names these experts in this order."""
    return fold_of(">".join(experts))


def toole_seed(number: int) -> int:
    """The seed of ToolE's held-out experts that goes with a fold."""
    return (number - 1) % len(TOOLE_SEEDS) + 1


def held_out_experts(names: Sequence[str], seed: int, num: int = NUM_HELD_OUT) -> frozenset[str]:
    """`num` of the names at random, half of them at most; the names stand in the order of cards.jsonl."""
    return frozenset(random.Random(seed).sample(list(names), min(num, len(names) // 2)))


@dataclass(frozen=True)
class Holdout:
    """What the weights of one name must not see.

    Args:
        name: the folder of the weights, one of NAMES.
        kind: how UltraTool is split: left out altogether, at random, or by plan.
        number: of the fold.
        experts: of ToolE, held out.
    """

    name: str
    kind: Kind
    number: int
    experts: frozenset[str]

    @property
    def without(self) -> frozenset[str]:
        """Sets that are left out altogether."""
        return frozenset({"ultratool"}) if self.kind == "no" else frozenset()

    def is_used(self, source: str, id: str, experts: Sequence[str]) -> bool:
        """Whether training may see a case.

        Args:
            source: as in `PlanningCase.source`, "bfcl/multiple".
            id: of the case.
            experts: of its plan, in order.
        """
        match source.split("/")[0]:
            case "toole":
                return self.experts.isdisjoint(experts)
            case "bfcl":
                return fold_of(id) != self.number
            case "ultratool":
                own = fold_of(id) if self.kind == "random" else fold_of_plan(experts)
                return self.kind != "no" and own != self.number
        return True

    @property
    def digest(self) -> str:
        """The split in one value, to tell whether weights were trained on it."""
        return hashlib.sha256("\n".join([self.name, str(NUM_FOLDS), *sorted(self.experts)]).encode()).hexdigest()


def holdout(name: str, toole_experts: Sequence[str]) -> Holdout:
    """The split of that name.

    Args:
        name: one of NAMES.
        toole_experts: all of ToolE's, in the order of its cards.jsonl.
    Raises:
        BadRequest: no such name.
    """
    if name not in NAMES:
        raise BadRequest("train", name, f"one of {', '.join(NAMES)}")
    kind, _, digit = name.partition("-")
    number = 1 if kind == "no" else int(digit)
    return Holdout(name, kind, number, held_out_experts(toole_experts, toole_seed(number)))  # type: ignore[arg-type]
