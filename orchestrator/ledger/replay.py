"""replay: runs a recorded plan again and compares the outputs' hashes. Plans nothing anew."""

from __future__ import annotations

import asyncio
import functools

from orchestrator.engine.local import LocalEngine
from orchestrator.engine.scheduler import run_plan
from orchestrator.errors import UnknownRun
from orchestrator.ledger.traces import Trace
from orchestrator.types import StepResult, Value


class ReplayedStep(Value):
    """One step, then and now."""

    step: str
    expert: str
    is_same: bool
    before: dict[str, tuple[str, ...]]
    now: dict[str, tuple[str, ...]]


class ReplayReport(Value):
    """Whether a recorded run gives the same outputs again."""

    run_id: str
    is_same: bool
    steps: tuple[ReplayedStep, ...]


def replay(trace: Trace, engine: LocalEngine) -> ReplayReport:
    """Run the trace's plan on its recorded attachments; blocks.

    Raises:
        UnknownRun: the run has no plan to run again.
    """
    if trace.plan is None or not trace.results:
        raise UnknownRun(f"run {trace.id} ran no step, so there is nothing to replay")
    submit = functools.partial(engine.submit, trace.request)
    results = asyncio.run(run_plan(trace.plan, submit, deadline_s=trace.request.budget.deadline_s))
    steps = tuple(
        ReplayedStep(
            step=before.step,
            expert=before.expert,
            is_same=_hashes(before) == _hashes(results[before.step]),
            before=_hashes(before),
            now=_hashes(results[before.step]),
        )
        for before in trace.results
    )
    return ReplayReport(run_id=trace.id, is_same=all(step.is_same for step in steps), steps=steps)


def _hashes(result: StepResult) -> dict[str, tuple[str, ...]]:
    return {port: tuple(item.sha256 for item in result.items(port)) for port in result.outputs}
