"""Bench: every system on every case of an experiment, planned once and remembered. Knows no measure."""

from __future__ import annotations

import contextlib
import functools
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from benchmarks.controller.heldout import existing
from benchmarks.controller.score import OURS
from benchmarks.controller.sets import SHIPPED, Case, Experiment, Part, Sets
from benchmarks.controller.systems import (
    Baton,
    NearestPlan,
    SemanticRouter,
    Similarity,
    System,
    TextVectors,
    controller_from,
)
from orchestrator.controller.controller import Controller
from orchestrator.evaluation.plans import PlannedCase

Results = Mapping[str, list[tuple[Case, PlannedCase]]]  # {"fold 1": [(case, plan), ...]}, by part


@dataclass(frozen=True)
class Planned:
    """What the systems planned for an experiment.

    Args:
        results: by system, then by part.
        skipped: systems that did not run, and why.
        note: which weights were measured, and on how many parts.
    """

    results: Mapping[str, Results]
    skipped: Mapping[str, str]
    note: str


class Bench:
    """Plans experiments. Use it in a `with` block.

    Args:
        sets: read from a folder.
        weights: holds heldout/NAME.
        progress: called with a line now and then.
    """

    def __init__(self, sets: Sets, weights: Path, progress: Callable[[str], None]) -> None:
        self.sets, self._weights, self._progress = sets, weights, progress
        self._closing = contextlib.ExitStack()
        self.planned = functools.cache(self._planned)
        self.shipped = functools.cache(self._shipped)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    @functools.cached_property
    def vectors(self) -> TextVectors:
        """What the peers read with."""
        return TextVectors()

    def _shipped(self) -> Controller:
        """The controller that an Orchestrator without settings has."""
        from orchestrator import Orchestrator

        home = self._closing.enter_context(tempfile.TemporaryDirectory(prefix="baton-bench-"))
        return self._closing.enter_context(Orchestrator({}, home=home)).controller

    def baton(self, part: Part) -> Baton | None:
        """Our controller with weights that may be scored on a part; None where there are none."""
        if part.weights == SHIPPED:
            return self._closing.enter_context(contextlib.closing(Baton(self.shipped())))
        folder = existing(self._weights, part.weights, self.sets.toole_experts())
        if folder is None:
            return None
        return self._closing.enter_context(contextlib.closing(Baton(controller_from(folder))))

    def _planned(self, name: str) -> Planned:
        """Every system on an experiment, case by case in turn."""
        experiment = self.sets.experiment(name)
        ours = {part.label: self.baton(part) for part in experiment.parts}
        measured = [part for part in experiment.parts if ours[part.label] is not None]
        results: dict[str, dict[str, list[tuple[Case, PlannedCase]]]] = {}
        skipped: dict[str, str] = {}
        if not measured:
            first = experiment.parts[0].weights[0]
            skipped[OURS] = f"not run: no weights that never saw these cases (--train {first})"
        for part in measured or experiment.parts:
            self._progress(f"{name} {part.label}: {len(part.cases)} cases")
            systems = self._peers(experiment, part, skipped)
            baton = ours[part.label]
            for system in [baton, *systems] if baton is not None else systems:
                results.setdefault(system.name, {})[part.label] = []
            for case in part.cases:
                for system in [baton, *systems] if baton is not None else systems:
                    results[system.name][part.label].append((case, system.plan(case)))
        return Planned(results, skipped, _note(experiment, measured, ours))

    def _peers(self, experiment: Experiment, part: Part, skipped: dict[str, str]) -> list[System]:
        if not part.cases:
            return []
        self.vectors.of([str(case.row["request"]) for case in part.cases])
        systems: list[System] = [Similarity(self.vectors, experiment.num_experts)]
        if part.training:
            systems.append(NearestPlan(self.vectors, part.training, experiment.num_experts))
        if experiment.is_routed:
            try:
                systems.append(SemanticRouter(self.vectors, part.cases[0].cards, experiment.num_experts))
            except ImportError as error:
                skipped[SemanticRouter.name] = f"not run: {error}"
        return systems


def _note(experiment: Experiment, measured: list[Part], ours: Mapping[str, Baton | None]) -> str:
    controllers = {baton.controller.name for baton in ours.values() if baton is not None}
    if not controllers:
        return ""
    if experiment.parts[0].weights == SHIPPED:
        return f"shipped: {', '.join(controllers)}"
    kind = experiment.parts[0].label.split(" ")[0]
    return f"{len(measured)} of {len(experiment.parts)} {kind}s" if kind else "held out"
