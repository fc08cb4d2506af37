"""replay: runs a recorded plan again and compares what comes out. Plans nothing anew.

Outputs are compared by sha256. Recordings that differ in their bytes are compared by length as well, because speech
synthesis is not exact to the bit: espeak-ng gave 3.38 to 3.40 seconds for one sentence said five times.
"""

from __future__ import annotations

import asyncio
import functools
from typing import Literal

from pydantic import Field

from orchestrator.artifact import Artifact, Audio
from orchestrator.engine.local import LocalEngine
from orchestrator.engine.scheduler import run_plan
from orchestrator.errors import BadRequest, UnknownRun
from orchestrator.ledger.traces import Trace
from orchestrator.types import StepResult, Value

_AGREEMENTS = ("same", "alike", "different")
_TOLERANCE = 0.02  # of the length of a recording


class ReplayedStep(Value):
    """One step, then and now."""

    step: str
    expert: str
    agreement: Literal["same", "alike", "different"] = Field(
        description='"alike": recordings of the same length within 2 %, but not the same bytes'
    )
    before: dict[str, tuple[str, ...]]
    now: dict[str, tuple[str, ...]]


class ReplayReport(Value):
    """Whether a recorded run gives the same outputs again, as far as its experts repeat themselves at all."""

    run_id: str
    agreement: Literal["same", "alike", "different"] = Field(description="the least of the steps'")
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
    steps = tuple(_compared(before, results[before.step]) for before in trace.results)
    least = max((step.agreement for step in steps), key=_AGREEMENTS.index)
    return ReplayReport(run_id=trace.id, agreement=least, steps=steps)


def _compared(before: StepResult, now: StepResult) -> ReplayedStep:
    then, today = _hashes(before), _hashes(now)
    agreement: Literal["same", "alike", "different"] = "same" if then == today else "different"
    if then != today and {k: len(v) for k, v in then.items()} == {k: len(v) for k, v in today.items()}:
        pairs = [pair for port in then for pair in zip(before.items(port), now.items(port), strict=True)]
        agreement = "alike" if all(_are_alike(*pair) for pair in pairs) else "different"
    return ReplayedStep(step=before.step, expert=before.expert, agreement=agreement, before=then, now=today)


def _are_alike(before: Artifact, now: Artifact) -> bool:
    """Whether two outputs have the same bytes, or are recordings of one length."""
    if not (isinstance(before, Audio) and isinstance(now, Audio)):
        return before == now
    try:
        lengths_s = [len(samples) / rate_hz for samples, rate_hz in (before.samples(), now.samples())]
    except BadRequest:  # the recorded bytes are gone
        return before == now
    return abs(lengths_s[0] - lengths_s[1]) <= _TOLERANCE * max(lengths_s)


def _hashes(result: StepResult) -> dict[str, tuple[str, ...]]:
    return {port: tuple(item.sha256 for item in result.items(port)) for port in result.outputs}
