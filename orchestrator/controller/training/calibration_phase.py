"""The third phase of training: how sure the plans may be, from cases held back. Trains no weight of the planner."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from orchestrator.controller.compact import CompactController
from orchestrator.controller.planner.calibration import Calibration, fitted
from orchestrator.controller.planner.memory import CardVectors
from orchestrator.controller.planner.plans import Transcript
from orchestrator.controller.planner.vectors import Vectors
from orchestrator.controller.planner.weights import CALIBRATION_FILE
from orchestrator.controller.training.cases import PlanningCase, request_of
from orchestrator.controller.training.plan_phase import blurred
from orchestrator.controller.training.sources import TrainingData
from orchestrator.errors import BadRequest
from orchestrator.types import ExpertCard

_NUM_CASES = 350  # of each set

Outcome = tuple[tuple[float, ...], bool, float, bool]  # features, whether right, declined, whether servable


def calibrate(
    data: TrainingData, folder: Path, *, seed: int, progress: Callable[[str], None] = print
) -> dict[str, Any]:
    """Plan the cases held back, fit the calibration to the outcomes, write it to the folder.

    Args:
        data: whose `held_back` cases count; those of sets with common cards are planned over all of them.
        folder: of the weights.
        seed: of the choice of cases.
        progress: called with a line for each set.
    Returns:
        Of each set the number of cases, and the shares of right plans and of right sets of experts.
    """
    controller = CompactController(folder)
    stranger = CompactController.of(
        replace(controller.weights, vectors=StrangeVectors(controller.weights.vectors.reader))
    )
    torch.manual_seed(seed)
    chosen = random.Random(seed)
    rows: list[Outcome] = []
    scores: dict[str, Any] = {}
    for name in (*data.held_back, "composed"):
        trials = data.trials(name, _NUM_CASES, chosen)
        found = [_outcome(controller, case, cards) for case, cards in trials]
        rows += found
        if name in data.cards or name == "composed":  # most cards that people bring are none that training knew
            rows += [_outcome(stranger, case, cards) for case, cards in trials]
        servable = [was_right for _, was_right, _, is_servable in found if is_servable]
        scores[name] = {"cases": len(servable), "right": round(sum(servable) / max(1, len(servable)), 3)}
        progress(f"held back of {name}: {scores[name]}")
    try:
        features, is_right, declined, is_servable = zip(*rows, strict=True)
        calibration = fitted(features, is_right, declined, is_servable)
    except (BadRequest, ValueError) as error:  # a run to try things out; its confidences mean nothing
        progress(f"not calibrated: {error}")
        calibration = Calibration()
    (folder / CALIBRATION_FILE).write_text(calibration.model_dump_json(indent=2), encoding="utf-8")
    return scores


def _outcome(controller: CompactController, case: PlanningCase, cards: Sequence[ExpertCard]) -> Outcome:
    transcript = controller.transcript(request_of(case), cards)
    return transcript.features, matches_case(transcript, case), transcript.written.declined, bool(case.calls)


class StrangeVectors(Vectors):
    """Vectors of cards as a reader sees them that was trained on none."""

    def cards(self, cards: Sequence[ExpertCard], known: Mapping[str, Tensor] | None = None) -> CardVectors:
        return blurred(super().cards(cards, known))


def matches_case(transcript: Transcript, case: PlanningCase) -> bool:
    """Whether experts and links are the case's."""
    steps, _ = transcript.steps()
    experts = {step.id: step.expert for step in steps}
    links = Counter((experts[need], step.expert) for step in steps for need in step.needs)
    names = [case.cards[call.card].name for call in case.calls]
    wanted = Counter(
        (names[source], names[target])
        for target, call in enumerate(case.calls)
        for source in {step for filled in call.inputs.values() for step in filled.steps}
    )
    return Counter(experts.values()) == Counter(names) and links == wanted
