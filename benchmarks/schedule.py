"""How close to the critical path does the scheduler come? Beside a level-by-level runner and dask, in one run.

    python -m benchmarks.schedule

Random layered graphs of steps that sleep 50 to 200 ms, each under two random renamings. Wall time over critical path:
1 is the best that there is. The systems take turns on every graph. Needs the extra `bench`; dask is left out where it
is not installed. The last line is one JSON document.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from orchestrator.engine.scheduler import run_plan
from orchestrator.evaluation.metrics import percentile
from orchestrator.types import Plan, Step, StepResult

NUM_GRAPHS = 12
SEED = 11
Graph = dict[str, tuple[float, tuple[str, ...]]]  # {"a": (0.05, ()), "b": (0.1, ("a",))}: seconds and needs


def main() -> None:
    """Run every graph through every system, print a table and the JSON document."""
    random.seed(SEED)
    systems: dict[str, Callable[[Graph], Awaitable[None]]] = {"Baton": with_baton, "level by level": by_levels}
    try:
        import dask.threaded  # noqa: F401

        systems["dask (threads)"] = with_dask
    except ImportError:
        print("dask is not installed: left out", file=sys.stderr)
    ratios: dict[str, list[float]] = {name: [] for name in systems}
    for _ in range(NUM_GRAPHS):
        graph = layered()
        for renamed in (graph, renaming(graph), renaming(graph)):
            for name, run in systems.items():
                started = time.perf_counter()
                asyncio.run(run(renamed))
                ratios[name].append((time.perf_counter() - started) / critical_path_s(renamed))
    rows = []
    for name, values in ratios.items():
        middle, worst = percentile(values, 50), max(values)
        rows.append({"system": name, "median": middle.model_dump(), "worst": worst})
        print(f"{name:16} median {middle.value:.3f} [{middle.low:.3f}, {middle.high:.3f}]  worst {worst:.3f}")
    print(json.dumps({"benchmark": "schedule", "num_graphs": NUM_GRAPHS, "seed": SEED, "rows": rows}))


def layered() -> Graph:
    """Three to five layers of two to five steps, each step with one or two needs in the layer before."""
    graph: Graph = {}
    before: list[str] = []
    for layer in range(random.randint(3, 5)):
        names = [f"s{layer}_{position}" for position in range(random.randint(2, 5))]
        for name in names:
            needs = random.sample(before, min(len(before), random.randint(1, 2)))
            graph[name] = (min(0.2, random.lognormvariate(-2.4, 0.5) + 0.05), tuple(needs))
        before = names
    return graph


def renaming(graph: Graph) -> Graph:
    """The same graph under shuffled names."""
    names = list(graph)
    new = dict(zip(names, random.sample([f"n{i}" for i in range(len(names))], len(names)), strict=True))
    return {new[name]: (seconds, tuple(new[need] for need in needs)) for name, (seconds, needs) in graph.items()}


def critical_path_s(graph: Graph) -> float:
    """Seconds of the longest chain."""
    ends: dict[str, float] = {}

    def end(name: str) -> float:
        if name not in ends:
            seconds, needs = graph[name]
            ends[name] = seconds + max(map(end, needs), default=0.0)
        return ends[name]

    return max(map(end, graph))


async def with_baton(graph: Graph) -> None:
    """run_plan with steps that sleep."""
    plan = Plan(
        status="planned", steps=tuple(Step(id=n, expert="sleep", after=needs) for n, (_, needs) in graph.items())
    )

    async def submit(step: Step, results: Mapping[str, StepResult]) -> StepResult:
        await asyncio.sleep(graph[step.id][0])
        return StepResult(step=step.id, expert="sleep", status="done")

    results = await run_plan(plan, submit)
    assert all(result.status == "done" for result in results.values())


async def by_levels(graph: Graph) -> None:
    """Every level waits for the slowest step of the one before, as several frameworks do."""
    done: set[str] = set()
    while len(done) < len(graph):
        ready = [name for name, (_, needs) in graph.items() if name not in done and done.issuperset(needs)]
        await asyncio.gather(*(asyncio.sleep(graph[name][0]) for name in ready))
        done.update(ready)


async def with_dask(graph: Graph) -> None:
    """dask's threaded scheduler with as many threads as steps."""
    import dask.threaded

    def step(seconds: float, *needs: Any) -> None:
        time.sleep(seconds)

    tasks = {name: (step, seconds, *needs) for name, (seconds, needs) in graph.items()}
    await asyncio.to_thread(dask.threaded.get, tasks, list(graph), num_workers=len(graph))


if __name__ == "__main__":
    main()
