"""run_plan: starts each step the moment what it needs is there. Knows no expert and no device, only `submit`.

State of a run, with an example of two steps a -> b:
    waiting   {"b": 1}          how many needs of a step are still open
    readers   {"a": ["b"]}      which steps wait for a step
    results   {"a": StepResult} what came back so far, failures included
    finished  Queue of ids      completions, in the order in which they happened; an error of `emit` among them
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from orchestrator.errors import BatonError, StepFailed, StepSkipped, StepTimeout
from orchestrator.types import ErrorInfo, Event, Plan, Step, StepDone, StepResult, StepStarted

Submit = Callable[[Step, Mapping[str, StepResult]], Awaitable[StepResult]]
Emit = Callable[[Event], None]


async def run_plan(
    plan: Plan, submit: Submit, *, deadline_s: float | None = None, emit: Emit | None = None
) -> dict[str, StepResult]:
    """Run every step of the plan and give its result, in the plan's order.

    A failed step is data: nothing is raised for it, and only the steps that need it are skipped.

    Args:
        plan: steps, each behind those that it needs.
        submit: runs one step; gets the results so far, of which it reads those that the step needs.
        deadline_s: seconds from now after which every running step ends as StepTimeout.
        emit: called with StepStarted and StepDone as they happen.
    Raises:
        asyncio.CancelledError: the caller cancelled; every running step was cancelled first.
        Exception: whatever `emit` raises (a ledger whose disk is full); running steps were cancelled likewise.
    """
    loop = asyncio.get_running_loop()
    deadline = None if deadline_s is None else loop.time() + deadline_s
    began = loop.time()
    waiting = {step.id: len(step.needs) for step in plan.steps}
    readers: dict[str, list[Step]] = {step.id: [] for step in plan.steps}
    for step in plan.steps:
        for need in step.needs:
            readers[need].append(step)
    results: dict[str, StepResult] = {}
    finished: asyncio.Queue[str | Exception] = asyncio.Queue()
    tasks: set[asyncio.Task[None]] = set()

    def start(step: Step) -> None:
        failed = next((need for need in sorted(step.needs) if results[need].status != "done"), None)
        if failed is not None:
            settle(_skipped(step, failed))
            return
        if emit is not None:
            emit(StepStarted(step=step.id, expert=step.expert))
        task = loop.create_task(run(step))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def run(step: Step) -> None:
        started_s = loop.time() - began
        result = await _guarded(step, submit, results, deadline)
        timing = {"started_s": started_s, "duration_s": loop.time() - began - started_s}
        try:
            settle(result.model_copy(update=timing))
        except Exception as error:  # would be lost in this task, and the loop below would wait for ever
            finished.put_nowait(error)

    def settle(result: StepResult) -> None:
        results[result.step] = result
        if emit is not None:
            emit(StepDone(result=result))
        finished.put_nowait(result.step)

    try:
        for step in plan.steps:
            if not step.needs:
                start(step)
        for _ in plan.steps:
            completed = await finished.get()
            if isinstance(completed, Exception):
                raise completed
            for reader in readers[completed]:
                waiting[reader.id] -= 1
                if waiting[reader.id] == 0:
                    start(reader)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return {step.id: results[step.id] for step in plan.steps}


async def _guarded(step: Step, submit: Submit, results: Mapping[str, StepResult], deadline: float | None) -> StepResult:
    try:
        async with asyncio.timeout_at(deadline) as limit:
            return await submit(step, results)
    except BatonError as error:
        return failed_result(step, error)
    except (Exception, asyncio.CancelledError) as error:
        task = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
            raise  # the run's caller stopped it; otherwise something inside the step cancelled itself
        if limit.expired():
            return failed_result(step, StepTimeout(step.id, step.expert, f"{step.expert} did not finish in time"))
        cause = StepFailed(step.id, step.expert, f"{step.expert} failed: {type(error).__name__}: {error}")
        return failed_result(step, cause)


def failed_result(step: Step, error: BatonError, expert: str | None = None) -> StepResult:
    """An error as the result of a step."""
    return StepResult(
        step=step.id,
        expert=expert or step.expert,
        status="skipped" if isinstance(error, StepSkipped) else "failed",
        error=ErrorInfo.of(error),
    )


def _skipped(step: Step, need: str) -> StepResult:
    error = StepSkipped(
        step.id, step.expert, f"skipped, because step {need} gave nothing", "Look at that step's error and mend it."
    )
    return failed_result(step, error)
