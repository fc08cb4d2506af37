"""train_planner: the whole schedule, from public sets and the synthetic grammar to a folder of weights.

Knows no controller that will use them.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch

from orchestrator.controller.planner.configuration import PlannerConfig
from orchestrator.controller.planner.modeling import PlannerModel
from orchestrator.controller.planner.reading import MAX_CARD_TOKENS, Reader, card_text, common_characters
from orchestrator.controller.planner.vectors import Vectors
from orchestrator.controller.planner.weights import save_planner
from orchestrator.controller.training.cases import (
    PlanningCase,
    own_card_cases,
    shared_card_cases,
    with_distractors,
)
from orchestrator.controller.training.invented import invented_cases, twin_texts
from orchestrator.controller.training.plan_phase import train_plans
from orchestrator.controller.training.retrieval_phase import REQUEST_TOKENS, train_retrieval
from orchestrator.controller.training.synthetic import synthetic_cases
from orchestrator.errors import BadRequest
from orchestrator.types import ExpertCard

SHARED_CARD_SETS = ("ultratool", "toole")
OWN_CARD_SETS = ("bfcl",)


@dataclass
class TrainingData:
    """Cases by set, and for each set with a common list of cards that list."""

    cases: dict[str, list[PlanningCase]] = field(default_factory=dict)
    cards: dict[str, list[ExpertCard]] = field(default_factory=dict)
    twins: list[tuple[str, str]] = field(default_factory=list)

    def draw(self, chosen: random.Random) -> PlanningCase:
        """A case of a random set: half of them synthetic, each among a random choice of cards."""
        names = [name for name in self.cases if name != "synthetic"]
        is_synthetic = "synthetic" in self.cases and (not names or chosen.random() < 0.55)
        name = "synthetic" if is_synthetic else chosen.choice(names)
        case = chosen.choice(self.cases[name])
        if name in self.cards:
            return with_distractors(case, self.cards[name], chosen.randint(3, 24), chosen)
        return with_distractors(case, (), 0, chosen)


def training_data(
    folder: Path | None, *, num_synthetic: int, seed: int, without: frozenset[str] = frozenset()
) -> TrainingData:
    """The sets that lie in a folder, and synthetic requests.

    Args:
        folder: holds ultratool/, toole/, bfcl/ in the formats of docs/evaluation.md; None is synthetic ones alone.
        num_synthetic: requests of the grammar.
        seed: of the grammar.
        without: sets to leave out, to measure on them.
    Raises:
        BadRequest: the folder is there, but holds none of the sets.
    """
    data = TrainingData()
    for name in SHARED_CARD_SETS:
        if folder is not None and name not in without and (folder / name / "cases.jsonl").is_file():
            data.cards[name], data.cases[name] = shared_card_cases(folder / name, name)
    for name in OWN_CARD_SETS:
        if folder is not None and name not in without and (folder / name / "cases.jsonl").is_file():
            data.cases[name] = own_card_cases(folder / name / "cases.jsonl", name)
    if folder is not None and not data.cases and not without:
        raise BadRequest("data", str(folder), f"a folder with one of {', '.join((*SHARED_CARD_SETS, *OWN_CARD_SETS))}")
    if num_synthetic:
        invented = list(synthetic_cases(num_synthetic, seed))
        data.cases["synthetic"] = list(invented_cases(invented))
        data.twins = twin_texts(invented)
    return data


def train_planner(
    data: TrainingData,
    folder: Path,
    *,
    seconds: float = 3000.0,
    retrieval_share: float = 0.4,
    seed: int = 0,
    num_characters: int = 3000,
    progress: Callable[[str], None] = print,
) -> Path:
    """Train reader and planner, write them to a folder.

    Args:
        data: from `training_data`.
        folder: gets config.json, model.safetensors and reader.safetensors.
        seconds: for both phases together; reading the cases once comes on top.
        retrieval_share: of the seconds for the first phase; 0 leaves the encoder as it is.
        seed: of weights and choices.
        num_characters: Chinese characters that the vocabulary grows by.
        progress: called with a line now and then.
    """
    torch.manual_seed(seed)
    began = time.monotonic()
    reader = Reader(common_characters(num_characters))
    train_retrieval(reader, data.draw, data.twins, seconds=retrieval_share * seconds, seed=seed, progress=progress)
    vectors = Vectors(reader)
    for name, cases in data.cases.items():
        vectors.prepare((case.request for case in cases), REQUEST_TOKENS)
        vectors.means([card_text(card) for case in cases for card in case.cards], MAX_CARD_TOKENS)
        progress(f"read {name}: {len(cases)} cases, {time.monotonic() - began:.0f} s")
    model = PlannerModel(PlannerConfig())
    train_plans(model, vectors, data.draw, seconds=(1 - retrieval_share) * seconds, seed=seed, progress=progress)
    save_planner(folder, reader, model, num_characters=num_characters)
    facts = {
        "sets": {name: len(cases) for name, cases in data.cases.items()},
        "seconds": round(time.monotonic() - began),
        "seed": seed,
    }
    (folder / "training.json").write_text(json.dumps(facts, indent=2), encoding="utf-8")
    return folder
