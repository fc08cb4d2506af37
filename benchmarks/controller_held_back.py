"""How right are the shipped weights on cases of their training sets that training held back?

    python -m benchmarks.controller_held_back --data DIR

`baton controller train` never shows six cases in a hundred of each set to the model; seed and share make them the same
ones again. They calibrate the confidence, so calibration error is not told here. Beside it, on the same cases: plain
MiniLM similarity (best card, or the best two where plans have two steps and more), and the plan of the nearest request
that was trained on. Experts and plans of these cases occur in training, so this says nothing of new domains; the
held-out trainings of `python -m benchmarks.controller` do. The last line is one JSON document.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from orchestrator.controller.compact import WEIGHTS, CompactController
from orchestrator.controller.training.cases import PlanningCase, request_of
from orchestrator.controller.training.sources import TrainingData, training_data
from orchestrator.embedding import encoder
from orchestrator.evaluation.metrics import estimate, set_f1
from orchestrator.types import ExpertCard

Written = tuple[list[str], set[tuple[str, str]]]  # experts in order, links
System = Callable[[PlanningCase, Sequence[ExpertCard]], Written]


def main() -> None:
    """Print a table and the JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    facts = json.loads((WEIGHTS / "training.json").read_text("utf-8"))
    data = training_data(arguments.data, num_synthetic=facts["schedule"]["num_synthetic"], seed=facts["seed"])
    rows = [row for name in ("ultratool", "toole", "bfcl") if name in data.held_back for row in scored(data, name)]
    for row in rows:
        interval = f"[{row['low']:.3f}, {row['high']:.3f}]"
        print(f"{row['set']:10} {row['system']:24} {row['measure']:12} {row['value']:.3f} {interval}")
    print(json.dumps({"benchmark": "controller_held_back", "versions": {"torch": version("torch")}, "rows": rows}))


def scored(data: TrainingData, name: str) -> list[dict[str, Any]]:
    """Every system's scores on one set."""
    cases = [case for case in data.held_back[name] if case.calls]
    systems: dict[str, System] = {"Baton": baton(CompactController()), "MiniLM similarity": similarity(name)}
    if name in data.cards:
        systems["nearest training plan"] = nearest(data.cases[name])
    rows = []
    for system, plan in systems.items():
        written = [plan(case, data.cards.get(name, case.cards)) for case in cases]
        right = [truth(case) for case in cases]
        measures = {
            "node F1": [set_f1(w[0], r[0]) for w, r in zip(written, right, strict=True)],
            "link F1": [set_f1(list(w[1]), list(r[1])) for w, r in zip(written, right, strict=True)],
            "first right": [float(w[0][:1] == r[0][:1]) for w, r in zip(written, right, strict=True)],
        }
        for measure, values in measures.items():
            found = estimate(values)
            row = {"set": name, "system": system, "measure": measure, "cases": len(cases)}
            rows.append({**row, "value": found.value, "low": found.low, "high": found.high})
    return rows


def truth(case: PlanningCase) -> Written:
    """The case's experts and links."""
    names = [case.cards[call.card].name for call in case.calls]
    links = {
        (names[step], names[i]) for i, call in enumerate(case.calls) for f in call.inputs.values() for step in f.steps
    }
    return names, links


def baton(controller: CompactController) -> System:
    """The shipped controller."""

    def plan(case: PlanningCase, cards: Sequence[ExpertCard]) -> Written:
        steps, _ = controller.transcript(request_of(case), cards).steps()
        names = {step.id: step.expert for step in steps}
        return list(names.values()), {(names[need], step.expert) for step in steps for need in step.needs}

    return plan


def similarity(name: str) -> System:
    """The best card, or the best two in a chain."""
    num = 2 if name == "ultratool" else 1
    vectors: dict[str, Any] = {}

    def plan(case: PlanningCase, cards: Sequence[ExpertCard]) -> Written:
        texts = [f"{card.spoken_name}: {card.description}" for card in cards]
        fresh = [text for text in dict.fromkeys(texts) if text not in vectors]
        if fresh:
            vectors.update(zip(fresh, encoder().encode(fresh), strict=True))
        request = encoder().encode([case.request])[0]
        order = sorted(range(len(cards)), key=lambda i: -float(vectors[texts[i]] @ request))[:num]
        names = [cards[i].name for i in order]
        return names, set(itertools.pairwise(names))

    return plan


def nearest(trained: Sequence[PlanningCase]) -> System:
    """The plan of the training request that is most alike."""
    import numpy

    vectors = numpy.stack(list(encoder().encode([case.request for case in trained])))

    def plan(case: PlanningCase, cards: Sequence[ExpertCard]) -> Written:
        return truth(trained[int((vectors @ encoder().encode([case.request])[0]).argmax())])

    return plan


if __name__ == "__main__":
    main()
