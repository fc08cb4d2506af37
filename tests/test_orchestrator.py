"""The wiring: what a run leaves in the ledger whatever happens, and what the lists of experts admit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.artifact import Json
from orchestrator.errors import BadRequest, StorageFull
from orchestrator.expert import Expert
from orchestrator.orchestrator import Orchestrator
from orchestrator.types import (
    AnswerReady,
    Budget,
    Literally,
    Plan,
    PlanReady,
    Request,
    Span,
    Step,
    StepDone,
    StepStarted,
)

ONLY_OURS = {"experts": {"allow": ["waits", "fails"]}}


def plan_of(*experts: str, **fields: Any) -> Plan:
    steps = tuple(Step(id=f"s{i}", expert=name, **fields) for i, name in enumerate(experts))
    return Plan(status="planned", confidence=0.8, steps=steps)


@pytest.mark.parametrize(
    ("lists", "is_there"), [({"allow": ["waits"]}, False), ({"deny": ["library_search"]}, False), ({}, True)]
)
def test_the_lists_of_experts_reach_the_library_too(lists: dict[str, Any], is_there: bool, home: Path) -> None:
    with Orchestrator({"experts": lists}) as baton:
        assert ("library_search" in [card.name for card in baton.registry.cards]) is is_there


def test_a_run_goes_from_request_to_answer_and_into_the_ledger(
    home: Path, slow_expert: Callable[..., Expert], queued_controller: Any
) -> None:
    plan = plan_of("waits", inputs={"text": Span(start=0, end=5)})
    controller = queued_controller(plan)
    with Orchestrator(ONLY_OURS, controller=controller) as baton:
        baton.register(slow_expert("waits", 0.01, says={"en": ("It says {result}.",)}))
        answer = baton.run("hello there")
        trace = baton.traces.get(answer.trace_id)
    assert (answer.status, answer.text) == ("answered", "It says HELLO. [1]")
    assert answer.steps[0].outputs == {"result": Json("HELLO")}
    ((asked, shortlist),) = controller.asked
    assert (asked.text, [card.name for card in shortlist.cards]) == ("hello there", ["waits"])
    assert (trace.status, trace.request, trace.plan, trace.results, trace.answer) == (
        "answered",
        asked,
        plan,
        answer.steps,
        answer,
    )


def test_events_come_in_order(home: Path, slow_expert: Callable[..., Expert], queued_controller: Any) -> None:
    async def watched(baton: Orchestrator) -> list[type]:
        return [type(event) async for event in baton.stream("hello")]

    with Orchestrator(ONLY_OURS, controller=queued_controller(plan_of("waits"))) as baton:
        baton.register(slow_expert("waits", 0.01, says={"en": ("It says {result}.",)}))
        kinds = asyncio.run(watched(baton))
    assert [kind for kind in kinds if kind.__name__ != "Token"] == [PlanReady, StepStarted, StepDone, AnswerReady]


@pytest.mark.parametrize("error", [RuntimeError("broke"), BadRequest("k", 0, "1"), StorageFull("full")])
def test_a_run_that_raises_ends_in_the_ledger(error: Exception, home: Path) -> None:
    class Breaking:
        name = "breaking"

        async def plan(self, request: Request, shortlist: Any) -> Plan:
            raise error

    with Orchestrator(ONLY_OURS, controller=Breaking()) as baton:
        with pytest.raises(type(error)):
            baton.run("hello")
        (trace,) = baton.traces.latest()
    assert (trace.status, trace.answer) == ("failed", None)
    assert trace.duration_s is not None


def test_too_many_steps_are_refused(home: Path, slow_expert: Callable[..., Expert], queued_controller: Any) -> None:
    with Orchestrator(ONLY_OURS, controller=queued_controller(plan_of("waits", "waits"))) as baton:
        baton.register(slow_expert("waits", 0.01))
        with pytest.raises(BadRequest, match=r"budget\.max_steps is 2"):
            baton.run("hello", budget=Budget(max_steps=1))
        assert [trace.status for trace in baton.traces.latest()] == ["failed"]


def test_a_stopped_stream_cancels_the_run(
    home: Path, slow_expert: Callable[..., Expert], queued_controller: Any
) -> None:
    async def stopped(baton: Orchestrator) -> None:
        events = baton.stream("hello")
        async for event in events:
            if isinstance(event, StepStarted):
                break
        await events.aclose()
        await asyncio.sleep(0.05)

    with Orchestrator(ONLY_OURS, controller=queued_controller(plan_of("waits"))) as baton:
        baton.register(slow_expert("waits", 0.5))
        asyncio.run(stopped(baton))
        (trace,) = baton.traces.latest()
    assert (trace.status, trace.answer, trace.results) == ("cancelled", None, ())


def test_the_deadline_of_the_request_holds(
    home: Path, slow_expert: Callable[..., Expert], queued_controller: Any
) -> None:
    with Orchestrator(ONLY_OURS, controller=queued_controller(plan_of("waits"))) as baton:
        baton.register(slow_expert("waits", 2.0))
        began = time.perf_counter()
        answer = baton.run("hello", budget=Budget(deadline_s=0.2))
    assert time.perf_counter() - began < 1.5
    assert (answer.status, answer.error.type if answer.error else None) == ("failed", "StepTimeout")


def test_one_failure_leaves_the_rest_of_the_answer(
    home: Path, slow_expert: Callable[..., Expert], failing_expert: Callable[..., Expert], queued_controller: Any
) -> None:
    with Orchestrator(ONLY_OURS, controller=queued_controller(plan_of("waits", "fails"))) as baton:
        baton.register(slow_expert("waits", 0.0, says={"en": ("It says {result}.",)}))
        baton.register(failing_expert("fails", SystemExit(3)))
        answer = baton.run("hello")
    assert (answer.status, [step.status for step in answer.steps]) == ("partial", ["done", "failed"])
    assert (
        answer.text == "It says DONE. [1] Fails could not do this: fails failed: SystemExit: 3. Look at the message; "
        "`baton doctor` shows what is installed. [2]"
    )


def test_it_runs_inside_a_running_loop(home: Path, slow_expert: Callable[..., Expert], queued_controller: Any) -> None:
    async def inside(baton: Orchestrator) -> str:
        return baton.run("hello").status

    literal = {"text": Literally(value="x")}
    with Orchestrator(ONLY_OURS, controller=queued_controller(plan_of("waits", inputs=literal))) as baton:
        baton.register(slow_expert("waits", 0.0))
        assert asyncio.run(inside(baton)) == "answered"


@pytest.mark.parametrize(
    ("text", "files", "refused"),
    [
        ("", (), ("text", "", "a request in words")),
        (" \n", (), ("text", " \n", "a request in words")),
        ("x" * 200_001, (), ("text", "200001 characters", "at most 200000 characters")),
        ("read", ("/nowhere/sign.png",), ("files", "/nowhere/sign.png", "a file that exists")),
    ],
)
def test_a_request_that_is_none_is_refused(
    text: str, files: tuple[str, ...], refused: tuple[str, str, str], home: Path
) -> None:
    with Orchestrator(ONLY_OURS) as baton, pytest.raises(BadRequest) as caught:
        baton.run(text, files)
    assert (caught.value.field, caught.value.value, caught.value.legal) == refused
