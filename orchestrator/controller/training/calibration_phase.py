"""The third phase of training: how sure the plans may be, from cases held back. Trains no weight of the planner."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orchestrator.controller.compact import CompactController
from orchestrator.controller.planner.calibration import Calibration, fitted
from orchestrator.controller.planner.plans import Transcript
from orchestrator.controller.planner.weights import CALIBRATION_FILE
from orchestrator.controller.training.cases import PlanningCase, request_of
from orchestrator.controller.training.sources import TrainingData
from orchestrator.errors import BadRequest

_NUM_CASES = 350  # of each set


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
    chosen = random.Random(seed)
    rows: list[tuple[tuple[float, ...], bool, float, bool]] = []
    scores: dict[str, Any] = {}
    for name in data.held_back:
        trials = data.trials(name, _NUM_CASES, chosen)
        planned = [controller.transcript(request_of(case), cards) for case, cards in trials]
        right = [matches_case(transcript, case) for transcript, (case, _) in zip(planned, trials, strict=True)]
        rows += [
            (transcript.features, was_right, transcript.written.declined, bool(case.calls))
            for transcript, was_right, (case, _) in zip(planned, right, trials, strict=True)
        ]
        servable = [was_right for was_right, (case, _) in zip(right, trials, strict=True) if case.calls]
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
