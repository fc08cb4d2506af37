"""Held-out weights: training them, and finding them again for the cases that they never saw. Knows no measure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.controller.sets import Sets
from benchmarks.controller.splits import NAMES, Holdout, PublicSets, holdout
from orchestrator.errors import BadRequest

DEFAULT_FOLDER = Path(__file__).parents[1] / "weights"
_FACTS = "holdout.json"


def folder_of(weights: Path, name: str) -> Path:
    """Where the held-out weights of a name lie."""
    return weights / "heldout" / name


def train(name: str, data: Path, weights: Path, schedule: str, progress: Callable[[str], None]) -> Path:
    """Train weights that never see the cases of a split. A run that was killed goes on where it was.

    Args:
        name: of the split, one of NAMES.
        data: holds the sets.
        weights: gets heldout/NAME.
        schedule: of `baton controller train`.
        progress: called with a line now and then.
    Raises:
        BadRequest: no such split or schedule; the folder holds weights of another split.
    """
    from orchestrator.controller.training.cases import PlanningCase
    from orchestrator.controller.training.sources import training_data
    from orchestrator.controller.training.train import SCHEDULES, train_planner

    if schedule not in SCHEDULES:
        raise BadRequest("schedule", schedule, f"one of {', '.join(SCHEDULES)}")
    sets = Sets(data).public()
    held = holdout(name, sets)
    folder = folder_of(weights, name)
    if folder.is_dir() and any(folder.iterdir()) and not is_of(folder, held):
        raise BadRequest("weights-folder", str(folder), "empty, or weights of the same split", "Move it away.")

    def is_used(case: PlanningCase) -> bool:
        return held.is_used(case.source, case.id, (case.cards[call.card].name for call in case.calls))

    chosen, seed = SCHEDULES[schedule], NAMES.index(name)
    found = training_data(data, num_synthetic=chosen.num_synthetic, seed=seed, without=held.sets, is_used=is_used)
    if "toole" in found.cards:  # an expert that is held out is not even a wrong choice
        found.cards["toole"] = [card for card in found.cards["toole"] if card.name not in held.toole_experts]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _FACTS).write_text(json.dumps({"name": name, "split": digest(held), "schedule": schedule}), "utf-8")
    return train_planner(found, folder, chosen, seed=seed, progress=progress)


def digest(held: Holdout) -> str:
    """The split in one value, to tell whether weights were trained on it."""
    parts = [sorted(part) for part in (held.sets, held.ultratool, held.toole_experts, held.bfcl)]
    return hashlib.sha256(json.dumps([held.name, *parts]).encode()).hexdigest()


def is_of(folder: Path, held: Holdout) -> bool:
    """Whether the weights in a folder were trained on that split."""
    try:
        return bool(json.loads((folder / _FACTS).read_text("utf-8"))["split"] == digest(held))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def existing(weights: Path, names: Sequence[str], sets: PublicSets) -> Path | None:
    """The first of the held-out weights that is there, whole, and of the split that these sets have."""
    for name in names:
        folder = folder_of(weights, name)
        if (folder / "model.safetensors").is_file() and is_of(folder, holdout(name, sets)):
            return folder
    return None
