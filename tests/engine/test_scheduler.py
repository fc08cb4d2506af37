"""The scheduler on a table of graph shapes: when steps start, and what failures, deadlines and cancellation leave."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from orchestrator.artifact import Text
from orchestrator.engine.scheduler import run_plan
from orchestrator.errors import BadRequest, PlanCycle, StepFailed, StorageFull
from orchestrator.types import ErrorInfo, Event, Literally, Output, Plan, Step, StepDone, StepResult, StepStarted

UNIT_S = 0.06

# Shape: each step with the units of time that it takes and the steps that it needs.
SHAPES: dict[str, dict[str, tuple[int, str]]] = {
    "nothing": {},
    "single": {"a": (1, "")},
    "pair": {"a": (1, ""), "b": (1, "a")},
    "chain of four": {"a": (1, ""), "b": (1, "a"), "c": (1, "b"), "d": (1, "c")},
    "independent": {"a": (2, ""), "b": (2, ""), "c": (2, "")},
    "fan out": {"a": (1, ""), "b": (1, "a"), "c": (2, "a"), "d": (1, "a")},
    "fan in": {"a": (1, ""), "b": (2, ""), "c": (1, ""), "d": (1, "a b c")},
    "fan out and in": {"a": (1, ""), "b": (1, "a"), "c": (2, "a"), "d": (1, "b c")},
    "diamond": {"a": (1, ""), "b": (2, "a"), "c": (1, "a"), "d": (1, "b c")},
    "two diamonds": {
        "a": (1, ""), "b": (1, "a"), "c": (2, "a"), "d": (1, "b c"), "e": (2, "d"), "f": (1, "d"), "g": (1, "e f"),
    },
    "chains of unequal length": {"a": (3, ""), "b": (1, ""), "c": (1, "b"), "d": (1, "c"), "e": (1, "a d")},
    "slow head, quick tail": {"a": (4, ""), "b": (1, ""), "c": (1, "b"), "d": (1, "c"), "e": (1, "d")},
    "zigzag": {"a": (1, ""), "b": (3, ""), "c": (3, "a"), "d": (1, "a b"), "e": (1, "c d")},
    "ladder": {"a": (1, ""), "b": (2, ""), "c": (2, "a"), "d": (1, "b"), "e": (1, "a c"), "f": (1, "b d")},
    "shortcut": {"a": (1, ""), "b": (1, "a"), "c": (1, "a b")},
    "long way and short way": {"a": (1, ""), "b": (2, "a"), "c": (2, "b"), "d": (1, "a"), "e": (1, "c d")},
    "two islands": {"a": (1, ""), "b": (2, "a"), "x": (2, ""), "y": (1, "x")},
    "wide layer": {**{f"w{i}": (1 + i % 3, "") for i in range(12)}, "z": (1, " ".join(f"w{i}" for i in range(12)))},
    "tree": {"a": (1, ""), "b": (1, "a"), "c": (2, "a"), "d": (1, "b"), "e": (1, "b"), "f": (1, "c"), "g": (1, "c")},
    "upside-down tree": {"a": (1, ""), "b": (2, ""), "c": (1, ""), "d": (2, ""), "e": (1, "a b"), "f": (1, "c d"),
                         "g": (1, "e f")},
    "uneven layers": {"a": (1, ""), "b": (4, ""), "c": (4, "a"), "d": (1, "b"), "e": (1, "d")},
    "all before all": {"a": (1, ""), "b": (1, "a"), "c": (1, "a b"), "d": (1, "a b c"), "e": (1, "a b c d")},
}  # fmt: skip

every_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))


def needs_of(shape: Mapping[str, tuple[int, str]], name: str) -> list[str]:
    return shape[name][1].split()


def plan_of(shape: Mapping[str, tuple[int, str]]) -> Plan:
    """Every other need is a link, every other one `after`."""
    steps = []
    for name in shape:
        needs = needs_of(shape, name)
        links = {f"in{i}": Output(step=need, port="text") for i, need in enumerate(needs[::2])}
        steps.append(Step(id=name, expert=f"expert_{name}", inputs=links, after=tuple(needs[1::2])))
    return Plan(status="planned", steps=tuple(steps))


def earliest(shape: Mapping[str, tuple[int, str]]) -> dict[str, int]:
    """The unit of time at which each step can start at the earliest."""
    starts: dict[str, int] = {}
    for name in shape:
        starts[name] = max((starts[need] + shape[need][0] for need in needs_of(shape, name)), default=0)
    return starts


def downstream(shape: Mapping[str, tuple[int, str]], failed: str) -> set[str]:
    """The steps that cannot run where `failed` gives nothing."""
    lost = {failed}
    for name in shape:
        if lost & set(needs_of(shape, name)):
            lost.add(name)
    return lost - {failed}


def done(step: Step) -> StepResult:
    return StepResult(step=step.id, expert=step.expert, status="done", outputs={"text": Text(f"of {step.id}")})


class Sleeping:
    """A submit that takes as long as the shape says, or raises where told to."""

    def __init__(self, shape: Mapping[str, tuple[int, str]], unit_s: float, failing: str = "") -> None:
        self.shape, self.unit_s, self.failing = shape, unit_s, failing
        self.seen: dict[str, set[str]] = {}
        self.cancelled: set[str] = set()

    async def __call__(self, step: Step, results: Mapping[str, StepResult]) -> StepResult:
        self.seen[step.id] = {need for need in step.needs if results[need].status == "done"}
        try:
            await asyncio.sleep(self.shape[step.id][0] * self.unit_s)
        except asyncio.CancelledError:
            self.cancelled.add(step.id)
            raise
        if step.id == self.failing:
            raise StepFailed(step.id, step.expert, "it broke", "Mend it.")
        return done(step)


@every_shape
async def test_every_step_starts_the_moment_its_needs_are_done(shape: dict[str, tuple[int, str]]) -> None:
    submit = Sleeping(shape, UNIT_S)
    results = await run_plan(plan_of(shape), submit)
    starts = earliest(shape)
    assert list(results) == [step.id for step in plan_of(shape).steps]
    assert submit.seen == {name: set(needs_of(shape, name)) for name in shape}
    for name, result in results.items():
        late_s = result.started_s - starts[name] * UNIT_S
        assert -0.01 < late_s < 0.15 * starts[name] * UNIT_S + 0.04, f"{name} started {late_s:.3f} s late"
    wall_s = max((r.started_s + r.duration_s for r in results.values()), default=0.0)
    critical_s = max((starts[name] + shape[name][0] for name in shape), default=0) * UNIT_S
    assert wall_s <= 1.15 * critical_s + 0.02


@every_shape
async def test_names_of_steps_change_nothing(shape: dict[str, tuple[int, str]]) -> None:
    new_names = {name: f"{chr(ord('z') - i)}{i}" for i, name in enumerate(shape)}
    renamed = {
        new_names[name]: (units, " ".join(new_names[need] for need in needs.split()))
        for name, (units, needs) in shape.items()
    }
    results = await run_plan(plan_of(shape), Sleeping(shape, 0.0))
    others = await run_plan(plan_of(renamed), Sleeping(renamed, 0.0))
    assert [new_names[name] for name in results] == list(others)
    assert {r.status for r in others.values()} == {r.status for r in results.values()}


@every_shape
async def test_a_failure_costs_only_what_depends_on_it(shape: dict[str, tuple[int, str]]) -> None:
    for failing in shape:
        results = await run_plan(plan_of(shape), Sleeping(shape, 0.0, failing))
        lost = downstream(shape, failing)
        statuses = {name: result.status for name, result in results.items()}
        assert statuses == {
            name: "failed" if name == failing else "skipped" if name in lost else "done" for name in shape
        }
        assert results[failing].error == ErrorInfo(type="StepFailed", message="it broke", remedy="Mend it.")
        for name in lost:
            error = results[name].error
            assert error is not None
            culprit = error.message.removeprefix("skipped, because step ").removesuffix(" gave nothing")
            assert error.type == "StepSkipped"
            assert culprit in (lost | {failing}) & set(needs_of(shape, name))


async def test_completions_in_any_order_give_the_same_results() -> None:
    shape = SHAPES["fan in"]
    plan = plan_of(shape)
    for order in (["a", "b", "c"], ["c", "b", "a"], ["b", "c", "a"]):
        gates = {name: asyncio.Event() for name in shape}

        async def submit(step: Step, results: Mapping[str, StepResult], gates: dict = gates) -> StepResult:
            await gates[step.id].wait()
            return done(step)

        gates["d"].set()
        run = asyncio.create_task(run_plan(plan, submit))
        for name in order:
            assert not run.done()
            gates[name].set()
            await asyncio.sleep(0.001)
        results = await run
        assert {k: r.outputs for k, r in results.items()} == {k: {"text": Text(f"of {k}")} for k in shape}


async def test_what_passes_the_deadline_is_a_timeout_and_the_rest_stays() -> None:
    shape = {"quick": (1, ""), "slow": (100, ""), "behind": (1, "slow"), "late": (100, "quick")}
    submit = Sleeping(shape, 0.02)
    results = await run_plan(plan_of(shape), submit, deadline_s=0.2)
    assert {name: (r.status, r.error.type if r.error else None) for name, r in results.items()} == {
        "quick": ("done", None),
        "slow": ("failed", "StepTimeout"),
        "behind": ("skipped", "StepSkipped"),
        "late": ("failed", "StepTimeout"),
    }
    assert submit.cancelled == {"slow", "late"}


async def test_a_timeout_inside_a_step_is_its_own_failure() -> None:
    async def submit(step: Step, results: Mapping[str, StepResult]) -> StepResult:
        raise TimeoutError("the socket gave up")

    results = await run_plan(plan_of(SHAPES["single"]), submit, deadline_s=10)
    assert results["a"].error is not None
    assert (results["a"].error.type, results["a"].error.message) == (
        "StepFailed",
        "expert_a failed: TimeoutError: the socket gave up",
    )


@pytest.mark.parametrize(
    "error", [ValueError("no"), KeyError("no"), asyncio.CancelledError("no"), BadRequest("k", 0, "1")]
)
async def test_whatever_a_step_raises_ends_the_step_and_not_the_run(error: BaseException) -> None:
    async def submit(step: Step, results: Mapping[str, StepResult]) -> StepResult:
        if step.id == "a":
            raise error
        return done(step)

    results = await asyncio.wait_for(run_plan(plan_of(SHAPES["independent"]), submit), 5)
    assert [r.status for r in results.values()] == ["failed", "done", "done"]


async def test_cancelling_the_run_cancels_every_running_step() -> None:
    shape = {"a": (0, ""), "b": (100, "a"), "c": (100, ""), "d": (1, "b c")}
    submit = Sleeping(shape, 1.0)
    run = asyncio.create_task(run_plan(plan_of(shape), submit))
    await asyncio.sleep(0.05)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert submit.cancelled == {"b", "c"}
    assert set(submit.seen) == {"a", "b", "c"}


async def test_an_emit_that_raises_stops_the_run_instead_of_hanging_it() -> None:
    shape = {"a": (1, ""), "b": (100, ""), "c": (1, "a")}
    submit = Sleeping(shape, 0.02)

    def emit(event: Event) -> None:
        if isinstance(event, StepDone):
            raise StorageFull("no space left")

    with pytest.raises(StorageFull):
        await asyncio.wait_for(run_plan(plan_of(shape), submit, emit=emit), 5)
    assert submit.cancelled == {"b"}


async def test_events_tell_the_whole_run() -> None:
    shape = {"a": (0, ""), "b": (0, "a"), "c": (0, "b")}
    events: list[Event] = []
    results = await run_plan(plan_of(shape), Sleeping(shape, 0.0, failing="b"), emit=events.append)
    assert events == [
        StepStarted(step="a", expert="expert_a"),
        StepDone(result=results["a"]),
        StepStarted(step="b", expert="expert_b"),
        StepDone(result=results["b"]),
        StepDone(result=results["c"]),
    ]


async def test_a_thousand_steps_pass_quickly() -> None:
    shape = {f"s{i}": (0, f"s{i - 1}" if i else "") for i in range(1000)}

    async def submit(step: Step, results: Mapping[str, StepResult]) -> StepResult:
        return done(step)

    loop = asyncio.get_running_loop()
    began = loop.time()
    results = await run_plan(plan_of(shape), submit)
    assert len(results) == 1000
    assert loop.time() - began < 3.0


@pytest.mark.parametrize(
    ("needs", "circle"),
    [
        ({"a": "a"}, {"a"}),
        ({"a": "b", "b": "a"}, {"a", "b"}),
        ({"a": "", "b": "a d", "c": "b", "d": "c"}, {"b", "c", "d"}),
        ({"a": "b", "b": "a", "behind": "a"}, {"a", "b"}),
    ],
)
def test_a_circle_is_refused_and_named_when_the_plan_is_made(needs: dict[str, str], circle: set[str]) -> None:
    with pytest.raises(PlanCycle) as caught:
        plan_of({name: (0, wanted) for name, wanted in needs.items()})
    assert set(caught.value.steps) == circle
    assert caught.value.steps[0] == caught.value.steps[-1]


def test_a_literal_makes_no_need() -> None:
    step = Step(id="a", expert="e", inputs={"x": Literally(value={"step": "b", "output": "text"})})
    assert step.needs == frozenset()
