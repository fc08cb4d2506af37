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
from orchestrator.controller.planner.modeling import Planner
from orchestrator.controller.planner.reading import MAX_PORT_TOKENS, Reader, port_text
from orchestrator.controller.planner.vectors import Vectors
from orchestrator.controller.planner.weights import load_reader, save_planner
from orchestrator.controller.training.calibration_phase import calibrate
from orchestrator.controller.training.checkpoint import Checkpoint
from orchestrator.controller.training.chinese import dictionary_twins, give_meanings, meanings, vocabulary
from orchestrator.controller.training.neighbours import Neighbours
from orchestrator.controller.training.plan_phase import train_plans
from orchestrator.controller.training.retrieval_phase import train_retrieval
from orchestrator.controller.training.sources import TrainingData
from orchestrator.controller.training.tuning import tuned_cards

CHECKPOINTS = "checkpoints"
_NUM_TWINS, _NUM_PARALLEL, _NUM_WORDS = 28, 24, 48  # of a batch


@dataclass(frozen=True)
class Schedule:
    """How long to train: batches of both phases, and synthetic requests to draw from."""

    retrieval_steps: int
    plan_steps: int
    num_synthetic: int


SCHEDULES = {
    "full": Schedule(700, 3000, 6000),  # about an hour on two cores, by the time of a batch
    "short": Schedule(600, 2000, 6000),  # somewhat less: for folds and ablations
    "tiny": Schedule(2, 4, 60),  # seconds, to see that it runs
}


def train_planner(
    data: TrainingData,
    folder: Path,
    schedule: Schedule,
    *,
    seed: int = 0,
    reader_from: Path | None = None,
    progress: Callable[[str], None] = print,
) -> Path:
    """Train reader and planner, write them to a folder. A run that was killed goes on from its last checkpoint.

    Args:
        data: from `training_data`.
        folder: gets config.json, model.safetensors, reader.safetensors, words.txt, known.safetensors, calibration.json,
            training.json.
        schedule: how long.
        seed: of weights and choices.
        reader_from: weights whose reader is taken as it is; then the planner alone is trained.
        progress: called with a line now and then.
    """
    torch.manual_seed(seed)
    began = time.monotonic()
    sizes = {name: len(cases) for name, cases in data.cases.items()}
    facts: dict[str, Any] = {"schedule": asdict(schedule), "seed": seed, "sets": sizes}
    if reader_from is None:
        reader = trained_reader(data, folder, schedule, facts, seed, progress)
    else:
        reader = load_reader(reader_from)
    # A row of the embeddings is a word by its place alone: a checkpoint of another list must not be gone on with.
    facts["words"] = _digest(reader.words)
    vectors = read(data, reader, folder / CHECKPOINTS / "vectors.pt", progress)
    known = tuned_cards(data, vectors, seed=seed, progress=progress)
    model = Planner(PlannerConfig())

    neighbours = Neighbours(data.pools, vectors)
    train_plans(
        model,
        vectors,
        lambda chosen: data.among(data.case(chosen), neighbours.near, chosen),
        known,
        num_steps=schedule.plan_steps,
        seed=seed,
        checkpoint=Checkpoint(folder / CHECKPOINTS / "plans.pt", facts),
        progress=progress,
    )
    save_planner(folder, reader, model, known.every)
    facts["held_back"] = calibrate(data, folder, seed=seed, progress=progress)
    facts["seconds"] = round(time.monotonic() - began)
    (folder / "training.json").write_text(json.dumps(facts, indent=2), encoding="utf-8")
    return folder


def trained_reader(
    data: TrainingData,
    folder: Path,
    schedule: Schedule,
    facts: dict[str, Any],
    seed: int,
    progress: Callable[[str], None],
) -> Reader:
    """A reader of requests and cards in both languages; the arguments are those of `train_planner`."""
    known = meanings()
    words = vocabulary(known, [chinese for _, chinese in (*data.twins, *data.parallel)])
    reader = Reader(words)
    give_meanings(reader, known)
    train_retrieval(
        reader,
        data.case,
        [(data.twins, _NUM_TWINS), (data.parallel, _NUM_PARALLEL), (dictionary_twins(known, words), _NUM_WORDS)],
        num_steps=schedule.retrieval_steps,
        seed=seed,
        checkpoint=Checkpoint(folder / CHECKPOINTS / "retrieval.pt", {**facts, "words": _digest(words)}),
        progress=progress,
    )
    return reader.eval()


def _digest(words: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def read(data: TrainingData, reader: Reader, kept: Path, progress: Callable[[str], None]) -> Vectors:
    """Everything that the second phase looks at, read once and kept."""
    vectors = Vectors(reader)
    if vectors.recall(kept):
        return vectors
    for name, cases in data.cases.items():
        every = [*cases, *data.held_back.get(name, ())]
        vectors.prepare((case.request for case in every), PlannerConfig().max_request_tokens)
        cards = [*(card for case in every for card in case.cards), *data.cards.get(name, ())]
        vectors.cards(cards)
        ports = [port for card in cards for port in card.inputs]
        vectors.means([port_text(port) for port in ports], MAX_PORT_TOKENS)
        vectors.means([str(option) for port in ports for option in port.enum], MAX_PORT_TOKENS)
        progress(f"read {name}: {len(every)} cases")
    kept.parent.mkdir(parents=True, exist_ok=True)
    vectors.keep(kept)
    return vectors
