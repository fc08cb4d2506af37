"""Held-out weights: training them, and finding them again for the cases that they never saw. Knows no measure."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.controller.sets import Sets
from benchmarks.controller.splits import Holdout, holdout
from orchestrator.errors import BadRequest

DEFAULT_FOLDER = Path(__file__).parents[1] / "weights"
_FACTS = "holdout.json"
_SEED = 0


def folder_of(weights: Path, name: str) -> Path:
    """Where the held-out weights of a name lie."""
    return weights / "heldout" / name


def train(
    name: str, data: Path, weights: Path, schedule: str, progress: Callable[[str], None], *, shares_reader: bool = False
) -> Path:
    """Train weights that never see the cases of a split. A run that was killed goes on where it was.

    Args:
        name: of the split, one of NAMES.
        data: holds the sets.
        weights: gets heldout/NAME.
        schedule: of `baton controller train`.
        progress: called with a line now and then.
        shares_reader: take the reader of no-ultratool, which saw less still, and train the planner alone.
    Raises:
        BadRequest: no such split or schedule; the folder holds weights of another split; no reader to share.
    """
    from orchestrator.controller.training.cases import PlanningCase
    from orchestrator.controller.training.sources import training_data
    from orchestrator.controller.training.train import SCHEDULES, train_planner
    from orchestrator.orchestrator import embedded_cards

    if schedule not in SCHEDULES:
        raise BadRequest("schedule", schedule, f"one of {', '.join(SCHEDULES)}")
    held = holdout(name, Sets(data).toole_experts())
    folder = folder_of(weights, name)
    if folder.is_dir() and any(folder.iterdir()) and not is_of(folder, held):
        raise BadRequest("weights-folder", str(folder), "empty, or weights of the same split", "Move it away.")

    least = holdout("no-ultratool", Sets(data).toole_experts())
    if shares_reader and (held.number != least.number or not is_of(folder_of(weights, least.name), least)):
        raise BadRequest("shared-reader", name, f"a split of number {least.number}, after no-ultratool was trained")

    def is_used(case: PlanningCase) -> bool:
        return held.is_used(case.source, case.id, [case.cards[call.card].name for call in case.calls])

    chosen = SCHEDULES[schedule]
    found = training_data(
        data,
        num_synthetic=chosen.num_synthetic,
        seed=_SEED,
        without=held.without,
        is_used=is_used,
        embedded=embedded_cards(),
    )
    if "toole" in found.cards:  # an expert that is held out is not even a wrong choice
        cards = {**found.cards, "toole": [card for card in found.cards["toole"] if card.name not in held.experts]}
        found = dataclasses.replace(found, cards=cards)
    declare(folder, held)
    reader_from = folder_of(weights, least.name) if shares_reader else None
    return train_planner(found, folder, chosen, seed=_SEED, reader_from=reader_from, progress=progress)


def declare(folder: Path, held: Holdout) -> None:
    """Write beside weights what they never see; only weights that say so are scored."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _FACTS).write_text(json.dumps({"name": held.name, "split": held.digest}), encoding="utf-8")


def is_of(folder: Path, held: Holdout) -> bool:
    """Whether the weights in a folder were trained on that split."""
    try:
        return bool(json.loads((folder / _FACTS).read_text("utf-8"))["split"] == held.digest)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def existing(weights: Path, names: Sequence[str], toole_experts: Sequence[str]) -> Path | None:
    """The first of the held-out weights that is there, whole, and of the split that these sets have."""
    for name in names:
        folder = folder_of(weights, name)
        if (folder / "model.safetensors").is_file() and is_of(folder, holdout(name, toole_experts)):
            return folder
    return None
