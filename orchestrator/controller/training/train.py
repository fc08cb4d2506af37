"""train_planner: the whole schedule, from public sets and the synthetic grammar to a folder of weights.

Knows no controller that will use them.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from orchestrator.controller.planner.configuration import PlannerConfig
from orchestrator.controller.planner.memory import candidates, matches_of
from orchestrator.controller.planner.modeling import PlannerModel
from orchestrator.controller.planner.reading import MAX_PORT_TOKENS, Reader, port_text
from orchestrator.controller.planner.vectors import Vectors
from orchestrator.controller.planner.weights import save_planner
from orchestrator.controller.training.calibration_phase import calibrate
from orchestrator.controller.training.cases import PlanningCase
from orchestrator.controller.training.checkpoint import Checkpoint
from orchestrator.controller.training.chinese import dictionary_twins, give_meanings, meanings, vocabulary
from orchestrator.controller.training.plan_phase import train_plans
from orchestrator.controller.training.retrieval_phase import train_retrieval
from orchestrator.controller.training.sources import MAX_CARDS, TrainingData
from orchestrator.types import ExpertCard

CHECKPOINTS = "checkpoints"


@dataclass(frozen=True)
class Schedule:
    """How long to train: batches of both phases, and synthetic requests to draw from."""

    retrieval_steps: int
    plan_steps: int
    num_synthetic: int


SCHEDULES = {
    "full": Schedule(700, 3300, 6000),  # within an hour on two cores
    "short": Schedule(280, 1200, 2500),  # a quarter of that: for folds and ablations
    "tiny": Schedule(2, 4, 60),  # seconds, to see that it runs
}


def train_planner(
    data: TrainingData,
    folder: Path,
    schedule: Schedule,
    *,
    seed: int = 0,
    progress: Callable[[str], None] = print,
) -> Path:
    """Train reader and planner, write them to a folder. A run that was killed goes on from its last checkpoint.

    Args:
        data: from `training_data`.
        folder: gets config.json, model.safetensors, reader.safetensors and training.json.
        schedule: how long.
        seed: of weights and choices.
        progress: called with a line now and then.
    """
    torch.manual_seed(seed)
    began = time.monotonic()
    sizes = {name: len(cases) for name, cases in data.cases.items()}
    known = meanings()
    words = vocabulary(known, [chinese for _, chinese in data.twins])
    # A row of the embeddings is a word by its place alone: a checkpoint of another list must not be gone on with.
    listed = hashlib.sha256("\n".join(words).encode()).hexdigest()
    facts: dict[str, Any] = {"schedule": asdict(schedule), "seed": seed, "sets": sizes, "words": listed}
    reader = Reader(words)
    give_meanings(reader, known)
    train_retrieval(
        reader,
        data.case,
        data.twins,
        dictionary_twins(known, words),
        num_steps=schedule.retrieval_steps,
        seed=seed,
        checkpoint=Checkpoint(folder / CHECKPOINTS / "retrieval.pt", facts),
        progress=progress,
    )
    reader.eval()
    vectors = read(data, reader, progress)
    model = PlannerModel(PlannerConfig())

    common = {name: vectors.cards(cards) for name, cards in data.cards.items()}

    def near(case: PlanningCase, name: str) -> Sequence[ExpertCard]:
        request = vectors.request(case.request, model.config.max_request_tokens)
        found = matches_of(request.states.float(), request.mean.float(), common[name])
        return [data.cards[name][i] for i in candidates(found, MAX_CARDS)]

    train_plans(
        model,
        vectors,
        lambda chosen: data.among(data.case(chosen), near, chosen),
        num_steps=schedule.plan_steps,
        seed=seed,
        checkpoint=Checkpoint(folder / CHECKPOINTS / "plans.pt", facts),
        progress=progress,
    )
    save_planner(folder, reader, model)
    facts["held_back"] = calibrate(data, folder, seed=seed, progress=progress)
    facts["seconds"] = round(time.monotonic() - began)
    (folder / "training.json").write_text(json.dumps(facts, indent=2), encoding="utf-8")
    return folder


def read(data: TrainingData, reader: Reader, progress: Callable[[str], None]) -> Vectors:
    """Everything that the second phase looks at, read once."""
    vectors = Vectors(reader)
    for name, cases in data.cases.items():
        every = [*cases, *data.held_back.get(name, ())]
        vectors.prepare((case.request for case in every), PlannerConfig().max_request_tokens)
        cards = [*(card for case in every for card in case.cards), *data.cards.get(name, ())]
        vectors.cards(cards)
        ports = [port for card in cards for port in card.inputs]
        vectors.means([port_text(port) for port in ports], MAX_PORT_TOKENS)
        vectors.means([str(option) for port in ports for option in port.enum], MAX_PORT_TOKENS)
        progress(f"read {name}: {len(every)} cases")
    return vectors
